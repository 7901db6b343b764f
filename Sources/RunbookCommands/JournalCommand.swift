package import ArgumentParser
internal import Glibc
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan

/// `journal show|verify|export|add`: the record of a run.
package struct JournalCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "journal", abstract: "Read, verify and export the signed journal of a run, and add to it.",
        subcommands: [JournalShow.self, JournalVerify.self, JournalExport.self, JournalAdd.self])

    package init() {}

    /// The journal that a person means: the name of a run, a folder, or a file. Without a `/` it is the run first, then a
    /// file; a folder wants a `/`.
    static func path(_ name: String?, _ runs: String) throws(CommandFailure) -> String {
        if let name, RecordedRun.isPath(name) || access(RunFolder("\(runs)/\(name)").journal, F_OK) != 0 {
            var facts = stat()
            if stat(name, &facts) == 0 {
                guard facts.st_mode & S_IFMT == S_IFDIR else { return name }
                if RecordedRun.isPath(name) { return "\(name)/\(JournalReader.fileName)" }
            }
        }
        return try RecordedRun.find(name, runs: runs).journal
    }
}

package struct JournalShow: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what a journal says, line by line.")

    @Argument(help: ArgumentHelp("The run, its folder, or a journal file; the newest run.", valueName: "run"))
    package var name: String?

    @Option(
        help: ArgumentHelp(
            "Only lines about these steps, separated by commas; * and ? as in file names.", valueName: "steps"))
    package var step: [String] = []

    @Option(
        help: ArgumentHelp(
            "Only lines about these hosts, separated by commas; * and ? as in file names.", valueName: "hosts"))
    package var host: [String] = []

    @Option(
        help: ArgumentHelp(
            "Only what these people did, separated by commas; * and ? as in file names.", valueName: "people"))
    package var by: [String] = []

    @Flag(name: [.short, .long], help: "Go on as lines are written, until the session ends.")
    package var follow = false

    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var console: ConsoleOptions

    package init() {}

    private static let lookAgain: useconds_t = 250_000

    private static func size(of path: String) -> Int {
        var facts = stat()
        return stat(path, &facts) == 0 ? Int(facts.st_size) : -1
    }

    package func run() throws {
        try console.check(.text, .json)
        let places = Places()
        let path = try JournalCommand.path(name, places.runs(runs.runDir))
        let filter = EntryFilter(step: step, host: host, by: by)
        let recorded = try? RecordedRun.read(RunFolder(Places.folder(of: path)), places)
        let journal = JournalText(narrator: recorded.map { Narrator(plan: $0.plan) }, isVerbose: console.verbose)
        var shown = 0
        while true {
            let bytes = try RecordedRun.bytes(of: path)
            let reading = JournalReader.read(bytes)
            let broken = reading.broken ?? RecordedRun.unsound(bytes)
            if broken == nil, console.isJSON, filter.isOpen, !follow {
                return Terminal.out(JSONText.printable(bytes))
            }
            let sound = broken.map { $0.line - 1 } ?? reading.entries.count
            for (entry, line) in zip(reading.entries, reading.lines(of: bytes)).prefix(sound).dropFirst(shown)
            where filter.admits(entry) {
                Terminal.out(console.isJSON ? JSONText.printable(line) : journal.text(entry))
            }
            shown = sound
            if let broken {
                throw CommandFailure.broken(broken, path, hint: "above is what stands before that line")
            }
            if follow, !reading.isClosed, JournalReader.writer(of: Places.folder(of: path)) != nil {
                repeat {
                    usleep(Self.lookAgain)
                } while Self.size(of: path) == bytes.count
                    && JournalReader.writer(of: Places.folder(of: path)) != nil
                continue
            }
            if reading.unterminatedBytes > 0, !console.isJSON {
                Terminal.out("\(reading.unterminatedBytes) bytes of a line that was never finished follow\n")
            }
            return
        }
    }
}

/// What a person wants to see of a journal.
struct EntryFilter {
    let step: [String]
    let host: [String]
    let by: [String]

    init(step: [String], host: [String], by: [String]) {
        (self.step, self.host, self.by) = (SiteOptions.words(step), SiteOptions.words(host), SiteOptions.words(by))
    }

    var isOpen: Bool { step.isEmpty && host.isEmpty && by.isEmpty }

    func admits(_ entry: JournalEntry) -> Bool {
        func fits(_ patterns: [String], _ key: String) -> Bool {
            if patterns.isEmpty { return true }
            guard let value = entry.fields[key]?.string else { return false }
            return patterns.contains { Glob.matches($0, value) }
        }
        return fits(step, "step") && fits(host, "host") && fits(by, "by")
    }
}

/// The entries of a journal in words.
struct JournalText {
    let narrator: Narrator?
    let isVerbose: Bool

    func text(_ entry: JournalEntry) -> String {
        var lines: [Narration] = []
        switch entry.type {
        case LineTypes.runOpen, LineTypes.sessionOpen:
            let by = TerminalText.shown(entry.fields["by"]?.string ?? "someone")
            let what = entry.type == LineTypes.runOpen ? "The run begins" : "The run is taken up again"
            let mode = entry.fields["mode"]?.string.flatMap(RunOpening.Mode.init).map { "\($0.word). " } ?? ""
            lines = [Narration(word: "", text: "\(mode)\(TimeText.date(entry.timestamp)). \(what), by \(by).")]
            if let beside = Beside(entry.fields) {
                let others = TerminalText.shown(beside.runs.joined(separator: ", "))
                lines[0].text += " Beside \(others): \(TerminalText.shown(beside.reason))"
            }
        case LineTypes.seal:
            let covers = entry.fields["covers"]?.integer ?? 0
            lines = [Narration(word: "", text: "Sealed up to line \(covers).", weight: .detail)]
        case LineTypes.recovered:
            lines = [
                Narration(
                    word: "",
                    text: "\(entry.fields["cut"]?.integer ?? 0) bytes of a line that was never finished were cut.")
            ]
        case LineTypes.witness:
            let covers = entry.fields["covers"]?.integer ?? 0
            let host = TerminalText.shown(entry.fields["host"]?.string ?? "")
            lines = [Narration(word: "", text: "\(host) keeps a copy up to line \(covers).", weight: .detail)]
        case LineTypes.handWork:
            let word = { (key: String) in TerminalText.shown(entry.fields[key]?.string ?? "") }
            let step = entry.fields["step"] == nil ? "" : "\(word("step")): "
            let end = entry.fields["end"] == nil ? "" : " (\(word("end")))"
            lines = [
                Narration(
                    word: "BY-HAND",
                    text: "\(step)\(word("what"))\(end). Done \(word("when")), by \(word("by")); entered afterwards.")
            ]
        case LineTypes.drill: lines = [Narration(word: "DRILL", text: drill(entry))]
        case LineTypes.runClose:
            lines = [Narration(word: "", text: "The session ends: \(entry.fields["outcome"]?.string ?? "").")]
        default:
            if let record = try? Record(entry) {
                lines = narrator?.lines(record) ?? [plain(entry)]
                if case .attemptEnded(let end) = record { lines += files(end) }
            }
        }
        let shown = lines.filter { isVerbose || $0.weight != .detail }
        return shown.map { line in
            let head =
                "\("\(entry.sequence)".leftPadded(5))  \(TimeText.clock(entry.timestamp))  \(line.word.padded(9)) "
            return Wrapping.lines(head + line.text, columns: 100, indent: 31).joined(separator: "\n") + "\n"
        }.joined()
    }

    private func drill(_ entry: JournalEntry) -> String {
        func words(_ key: String, _ separator: String) -> String {
            TerminalText.shown((entry.fields[key]?.string ?? "").replacing("\n", with: separator))
        }
        let isThere = entry.fields["author"]?.string == "present"
        var text =
            "This was a drill of \(words("took_part", ", ")); the author of the runbook was \(isThere ? "" : "not ")there."
        let confused = words("confused", "; ")
        if !confused.isEmpty { text += " What confused people: \(confused)." }
        let note = words("note", " ")
        if !note.isEmpty { text += " Note: \(note)." }
        return text + " Declared by \(words("by", " "))."
    }

    /// Without the runbook beside it, a line still says what it is about.
    private func plain(_ entry: JournalEntry) -> Narration {
        let names = ["step", "host", "state", "choice", "reason", "name", "outcome"]
        let words = names.compactMap { name in entry.fields[name]?.string.map { "\(name) \(TerminalText.shown($0))" } }
        return Narration(word: "", text: "\(entry.type)  \(words.joined(separator: ", "))")
    }

    private func files(_ end: AttemptEnd) -> [Narration] {
        [("stdout", end.stdout), ("stderr", end.stderr)].compactMap { name, digest in
            guard let digest, digest.bytes > 0 else { return nil }
            return Narration(
                word: "", text: "    \(name): outputs/\(digest.sha256)-\(digest.bytes)", weight: .detail)
        }
    }
}
