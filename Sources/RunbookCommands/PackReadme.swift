internal import ArgumentParser
internal import Glibc
internal import RunbookModel

/// The page at the top of a pack, for somebody who never saw it and has little time.
struct PackReadme {
    let site: PackSite
    /// nil where it is not in the pack.
    let program: PackProgram?
    /// Seconds since 1970 UTC.
    let made: Int
    let by: String
    /// What it opens with.
    let opens: [String]

    static let name = "README.txt"
    private static let columns = 76

    var text: String {
        var parts = ["EMERGENCY PACK\n\n" + wrapped(what)]
        if !site.elsewhere.isEmpty || !site.keys.isEmpty || !site.secrets.isEmpty { parts.append(before) }
        parts.append(use)
        if !site.fixtures.isEmpty { parts.append(rehearse) }
        parts.append(inside)
        return parts.joined(separator: "\n")
    }

    private var what: String {
        let who = by.isEmpty ? "" : " by \(TerminalText.shown(by))"
        return
            "This folder holds what is needed to bring machines back after an outage: runbooks (what to do, in which order), "
            + "the inventory (which machines there are), and \(program == nil ? "no program: use the one that is there" : "the program that does it"). "
            + "It was made on \(TimeText.date(Int64(made) * 1_000))\(who), with blackstart \(Blackstart.configuration.version) on \(machine). "
            + "Look at that date: what has changed at the site since then is not in here."
    }

    /// The kind of machine that the program is for.
    private var machine: String {
        var facts = utsname()
        guard uname(&facts) == 0 else { return "Linux" }
        return "Linux " + withUnsafeBytes(of: &facts.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private var before: String {
        var text = "BEFORE YOU BEGIN\n\n"
        if !site.keys.isEmpty {
            text += wrapped(
                "The machines let you in with these private keys. They are not in this pack. Get them (the safe, or who is in "
                    + "charge), and put them where they are looked for:")
            text += site.keys.map { "    \(TerminalText.shown($0))\n" }.joined() + "\n"
        }
        if !site.secrets.isEmpty {
            text += wrapped("These secrets are not in this pack either. Have them at hand:")
            text += site.secrets.map { "    \(TerminalText.shown($0))\n" }.joined() + "\n"
        }
        if !site.elsewhere.isEmpty {
            text += wrapped("These files belong elsewhere on this computer. Type in this folder:")
            for file in site.elsewhere {
                let target = word(file.target)
                let folder = word(Places.folder(of: file.target))
                text +=
                    file.isList
                    ? "    mkdir -p \(folder) && cat \(word(file.name)) >> \(target)\n"
                    : "    mkdir -p \(folder) && cp -n \(word(file.name)) \(target)\n"
            }
        }
        return text
    }

    private var use: String {
        var text = "WHAT TO DO\n\n"
        text += wrapped(
            "Open a terminal in this folder. For the runbook that fits what happened, type these, one after the other:")
        for runbook in site.runbooks {
            let files = "\(word(site.place(runbook.path))) -i \(word(site.place(runbook.inventory)))"
            text += "\n  \(TerminalText.shown(runbook.title))\n"
            text += "    \(call) plan \(files)\n        what would happen, and for how long\n"
            text +=
                "    \(call) ready \(files)\n        asks the machines whether it could begin now; changes nothing\n"
            text += "    \(call) run \(files)\n        does it; asks you where a person is needed\n"
        }
        text += "\n" + wrapped("Interrupted? Nothing is lost. Go on with:") + "    \(call) resume\n"
        if let program, !program.libraries.isEmpty {
            text +=
                "\n"
                + wrapped("If the program says that a shared library is missing, put this before each line above:")
                + "    LD_LIBRARY_PATH=\(PackProgram.folder) \(call) --version\n"
        }
        return text
    }

    private var rehearse: String {
        var text = "TO TRY IT WITHOUT A MACHINE\n\n" + wrapped("A fixture plays the site. Nothing is touched:")
        for fixture in site.fixtures {
            let runbook = site.runbooks[fixture.runbook]
            text +=
                "    \(call) dry-run \(word(site.place(runbook.path))) -i \(word(site.place(runbook.inventory))) "
                + "--fixture \(word(fixture.name))\n"
        }
        return text
    }

    private var inside: String {
        var text = "WHAT IS INSIDE\n\n"
        var rows = [("CONTENTS", "every file with its checksum: sha256sum -c CONTENTS")]
        if program != nil {
            rows.append((PackProgram.name, "the program; lib/ has the libraries that it was built with"))
        }
        for runbook in site.runbooks { rows.append((site.place(runbook.path), runbook.title)) }
        for inventory in Set(site.runbooks.map(\.inventory)).sorted() {
            rows.append((site.place(inventory), "the inventory"))
        }
        for fixture in site.fixtures { rows.append((fixture.name, "a site to rehearse on")) }
        for run in site.runs { rows.append(("\(run)/", "a run on record: \(call) journal verify \(run)")) }
        for (name, words) in rows { text += "  \(TerminalText.shown(name))\n      \(TerminalText.shown(words))\n" }
        text += "\n" + wrapped("The pack opens with \(opens.count > 1 ? "any one of these keys:" : "this:")")
        return text + opens.map { "    \($0)\n" }.joined()
    }

    private var call: String { program == nil ? PackProgram.name : "./\(PackProgram.name)" }

    /// For a shell; a `~` at its beginning stays what it is.
    private func word(_ path: String) -> String {
        let isPlain = path.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "/._-~+@:".utf8.contains(byte)
        }
        if isPlain { return path }
        if path.hasPrefix("~/") { return "~/" + quoted(String(path.dropFirst(2))) }
        return quoted(path)
    }

    private func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "'\\''"))'" }

    private func wrapped(_ text: String) -> String {
        Wrapping.lines(text, columns: Self.columns, indent: 0).map { "\($0)\n" }.joined()
    }
}
