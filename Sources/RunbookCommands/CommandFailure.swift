internal import Glibc
internal import RunbookJournal
package import RunbookModel
internal import Synchronization

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

/// Data goes to stdout, messages to stderr.
enum Terminal {
    /// Whether a runner of GitHub reads along: it takes lines of a certain form as commands.
    static let isForGitHub = Atomic(false)

    static func out(_ text: String) { write(harmless(text), to: STDOUT_FILENO) }
    static func message(_ text: String) { write(harmless(text), to: STDERR_FILENO) }
    /// Lines that the runner is to obey.
    static func commands(_ text: String) { write(text, to: STDOUT_FILENO) }

    private static func harmless(_ text: String) -> String {
        isForGitHub.load(ordering: .relaxed) ? GitHubAnnotation.harmless(text) : text
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            // Nobody reads any more: the run goes on, its journal is what counts.
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }

    static var hasTerminalOut: Bool { isatty(STDOUT_FILENO) == 1 }
    static var hasTerminalIn: Bool { isatty(STDIN_FILENO) == 1 }

    /// Lines of the terminal, 24 where there is none.
    static var rows: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0 else { return 24 }
        return Int(size.ws_row)
    }

    /// Columns of the terminal, 80 where there is none; never under 20.
    static var columns: Int { columns(of: STDOUT_FILENO) ?? 80 }

    /// Columns of the terminal that messages go to; nil where they go elsewhere.
    static var messageColumns: Int? { columns(of: STDERR_FILENO) }

    private static func columns(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return max(20, Int(size.ws_col))
    }
}
