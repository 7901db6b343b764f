internal import Dispatch
internal import Glibc
internal import Synchronization

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
        let bytes = Array(text.utf8)
        switch backlog.withLock({ $0.admit(bytes.count) }) {
        case .atOnce: writeAll(bytes, to: descriptor)
        case .dropped: break
        case .queued(let lost):
            queue.async {
                if lost > 0 { writeAll(Array(backlog.withLock { $0.words }(lost).utf8), to: descriptor) }
                writeAll(bytes, to: descriptor)
                backlog.withLock { $0.bytes -= bytes.count }
            }
        }
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                // Whoever has the other end of it made it so.
                var waits = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waits, 1, -1)
                continue
            }
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

// While a run goes on, what it tells is written by a thread of its own: a terminal that is held (Ctrl-S), a pager that stands
// at its first page, a dead login under the terminal read nothing, and no host may wait for them.
extension Terminal {
    /// Bytes that wait for their reader, at most. What is told beyond them is dropped, and how much is said.
    static let backlogLimit = 8 << 20

    private static let queue = DispatchQueue(label: "blackstart.terminal")
    private static let backlog = Mutex(Backlog())

    private struct Backlog {
        enum Admission { case atOnce, queued(afterLosing: Int), dropped }

        var isQueued = false
        var bytes = 0
        var lost = 0
        var words: @Sendable (Int) -> String = { _ in "" }

        mutating func admit(_ count: Int) -> Admission {
            guard isQueued else { return .atOnce }
            guard bytes == 0 || bytes + count <= Terminal.backlogLimit else {
                lost += 1
                return .dropped
            }
            bytes += count
            defer { lost = 0 }
            return .queued(afterLosing: lost)
        }
    }

    /// Whether what was told before still waits for its reader.
    static var isBehind: Bool { backlog.withLock { $0.bytes > 0 } }

    /// From here on nobody waits for who reads.
    ///
    /// - Parameter lost: what to say of so many pieces that were dropped.
    static func beginQueue(lost: @escaping @Sendable (Int) -> String) {
        backlog.withLock { ($0.isQueued, $0.words) = (true, lost) }
    }

    /// Waits until all is written, and goes back to writing at once.
    static func endQueue() {
        queue.sync {}
        let (lost, words) = backlog.withLock { backlog in
            defer { backlog = Backlog() }
            return (backlog.lost, backlog.words)
        }
        if lost > 0 { out(words(lost)) }
    }
}
