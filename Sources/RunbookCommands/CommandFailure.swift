internal import RunbookJournal
package import RunbookModel

/// Why a command ends without having done its work: what to say, and the exit code.
package struct CommandFailure: Error, Sendable {
    package var code: ExitStatusCode
    /// What happened: lower case, no full stop.
    package var message: String
    /// What to do next.
    package var hint: String?
    /// Faults of files, printed before the message.
    package var diagnostics: [Diagnostic] = []

    package init(_ code: ExitStatusCode, _ message: String, hint: String? = nil, diagnostics: [Diagnostic] = []) {
        self.code = code
        self.message = message
        self.hint = hint
        self.diagnostics = diagnostics
    }

    /// All of it as it is shown on stderr, a line each.
    package var rendered: String { rendered(columns: nil) }

    /// - Parameter columns: of the terminal that it is read on; nil where it goes into a file or to a program.
    package func rendered(columns: Int?) -> String {
        var lines = diagnostics.map(\.rendered)
        func add(_ text: String) {
            lines += columns.map { Wrapping.lines(text, columns: $0, indent: 2) } ?? [text]
        }
        if !message.isEmpty { add("blackstart: error: \(message)") }
        if let hint { add("blackstart: hint: \(hint)") }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension CommandFailure {
    /// A journal that can't be relied on: the first line that is wrong, and what came of it.
    static func broken(_ broken: JournalBroken, _ path: String, consequence: String = "", hint: String) -> Self {
        CommandFailure(
            .journalBroken,
            "\(TerminalText.shown(path)):\(broken.line): the journal is broken\(consequence): \(broken.reason.message)",
            hint: hint)
    }
}

/// The exit codes that are no outcome of a run; see the table in the documentation.
package enum ExitStatusCode: Int32, Sendable {
    case programFailed = 1
    case findings = 2
    case waiting = 5
    case journalBroken = 7
    case usage = 64
    case invalidFile = 65
}
