internal import Glibc
internal import Synchronization

/// Takes single keys from the terminal while nobody is asked for a line: no Enter, and nothing is shown.
///
/// It never takes a byte while it stands aside, nor while the program is in the background; and it leaves the terminal as
/// it was.
final class KeyReader: Sendable {
    private struct State {
        /// As it was before, and is again afterwards.
        let before: termios
        var isOn = false
        var isOver = false
    }

    private let state: Mutex<State>
    /// A byte here makes the thread look at the state again.
    private let alarm: (read: Int32, write: Int32)

    /// nil where there is no terminal to read from.
    init?() {
        var modes = termios()
        var ends: [Int32] = [-1, -1]
        guard tcgetattr(STDIN_FILENO, &modes) == 0, pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        state = Mutex(State(before: modes))
        alarm = (ends[0], ends[1])
    }

    deinit {
        close(alarm.read)
        close(alarm.write)
    }

    /// `handle` is called for each key, on a thread of its own, until ``end()``.
    func start(_ handle: @escaping @Sendable (UInt8) -> Void) {
        comeBack()
        ThreadBody { [self] in
            while let isListening = state.withLock({ $0.isOver ? nil : $0.isOn }) {
                let isHere = isListening && Self.isInForeground
                var waits = [
                    pollfd(fd: alarm.read, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: isHere ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0),
                ]
                // Now and then: the shell may have had the terminal meanwhile.
                if poll(&waits, 2, isListening ? 500 : -1) == 0 { state.withLock { if $0.isOn { Self.take($0) } } }
                var drained: [UInt8] = Array(repeating: 0, count: 64)
                if waits[0].revents != 0 { _ = read(alarm.read, &drained, drained.count) }
                if waits[1].revents & Int16(POLLIN) != 0 {
                    if let key = next() { handle(key) }
                } else if waits[1].revents != 0 {
                    state.withLock { $0.isOver = true }
                }
            }
        }.start()
    }

    /// A key, unless somebody else has the terminal by now; at the end of the input there are no more.
    private func next() -> UInt8? {
        state.withLock { state in
            guard state.isOn, Self.isInForeground else { return nil }
            var key: UInt8 = 0
            if read(STDIN_FILENO, &key, 1) == 1 {
                guard key == Self.escape else { return key }
                Self.dropSequence()
                return nil
            }
            state.isOver = true
            return nil
        }
    }

    private static let escape: UInt8 = 0x1B
    /// Bytes of the longest sequence that a key sends.
    private static let sequenceBytes = 16

    /// An arrow or a function key sends Esc and letters: they are no keys of their own (Esc O P is F1, and no p). Of what
    /// was typed after the sequence nothing is taken.
    private static func dropSequence() {
        guard let kind = following() else { return }
        switch kind {
        case UInt8(ascii: "O"): _ = following()
        case UInt8(ascii: "["):
            // Parameters, then one byte that ends it.
            for _ in 0..<sequenceBytes { if following().map({ (0x40...0x7E).contains($0) }) ?? true { return } }
        default: break
        }
    }

    /// The next byte of a sequence, which comes at once or not at all.
    private static func following() -> UInt8? {
        var byte: UInt8 = 0
        var wait = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&wait, 1, 20) == 1, wait.revents & Int16(POLLIN) != 0, read(STDIN_FILENO, &byte, 1) == 1 else {
            return nil
        }
        return byte
    }

    /// Somebody is to type a line, and to see it.
    func stepAside() {
        state.withLock { state in
            guard state.isOn else { return }
            state.isOn = false
            Self.giveBack(state)
        }
        wake()
    }

    /// Single keys count again.
    func comeBack() {
        state.withLock { state in
            guard !state.isOver else { return }
            state.isOn = true
            Self.take(state)
        }
        wake()
    }

    /// For good; the terminal is as it was when this comes back.
    func end() {
        state.withLock { state in
            if state.isOn { Self.giveBack(state) }
            state.isOn = false
            state.isOver = true
        }
        wake()
    }

    private func wake() {
        var byte: UInt8 = 0
        _ = write(alarm.write, &byte, 1)
    }

    /// In the background, changing the terminal would stop the program.
    private static var isInForeground: Bool { tcgetpgrp(STDIN_FILENO) == getpgrp() }

    private static func take(_ state: State) {
        guard isInForeground else { return }
        var modes = state.before
        modes.c_lflag &= ~tcflag_t(ICANON | ECHO)
        tcsetattr(STDIN_FILENO, TCSANOW, &modes)
    }

    private static func giveBack(_ state: State) {
        guard isInForeground else { return }
        var modes = state.before
        tcsetattr(STDIN_FILENO, TCSANOW, &modes)
    }
}
