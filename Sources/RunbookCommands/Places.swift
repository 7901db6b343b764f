internal import Glibc
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel

/// Where things live on this machine, from the environment.
struct Places {
    let environment: [String: String]

    init(_ environment: [String: String] = Places.currentEnvironment) { self.environment = environment }

    static var currentEnvironment: [String: String] {
        var found: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let sign = text.firstIndex(of: "=") {
                found[String(text[..<sign])] = String(text[text.index(after: sign)...])
            }
            next += 1
        }
        return found
    }

    private func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// The home folder of whoever runs the program.
    var userHome: String {
        if let home = value("HOME") { return home }
        return LocalUser.current?.home ?? "/"
    }

    /// `$BLACKSTART_HOME`, else `blackstart` in the state folder of the XDG rules.
    var home: String {
        if let home = value("BLACKSTART_HOME") { return Self.absolute(home) }
        return "\(value("XDG_STATE_HOME") ?? "\(userHome)/.local/state")/blackstart"
    }

    /// Keys, lists and runs lie there: who else could change them would sign in our place.
    func checkHome() throws(CommandFailure) {
        for folder in [home, "\(home)/keys", "\(home)/runs"] { try Self.check(folder) }
    }

    private static func check(_ folder: String) throws(CommandFailure) {
        var facts = stat()
        guard stat(folder, &facts) == 0 else { return }
        let shown = TerminalText.shown(folder)
        guard facts.st_uid == geteuid() || facts.st_uid == 0 else {
            throw CommandFailure(
                .usage,
                "`\(shown)` belongs to another user (uid \(facts.st_uid)), who can change the keys and runs in it",
                hint: "run it as that user, or name a folder of your own in BLACKSTART_HOME")
        }
        guard facts.st_mode & 0o022 == 0 else {
            throw CommandFailure(
                .usage, "`\(shown)` can be changed by others, and with it the keys and runs in it",
                hint: "type: chmod go-w \(ShellWord.typed(folder))")
        }
    }

    func runs(_ flag: String?) -> String { flag.map(Self.absolute) ?? "\(home)/runs" }

    var noColor: Bool { value("NO_COLOR") != nil || value("TERM") == "dumb" }

    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return "\(String(cString: folder))/\(path)"
    }

    /// The last part of a path, without what follows a dot.
    static func name(of path: String) -> String {
        let last = path.split(separator: "/").last.map(String.init) ?? path
        return last.split(separator: ".").first.map(String.init) ?? last
    }

    /// The folder that a file stands in.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
