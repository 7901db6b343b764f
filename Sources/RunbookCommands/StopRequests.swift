internal import Dispatch
internal import Glibc
internal import RunbookModel
internal import Synchronization

/// Ctrl-C, `q` and a lost terminal: the first one stops after what is in flight, the second one leaves at once.
final class StopRequests: Sendable {
    enum Source: Sendable {
        case signal, key, lostTerminal
    }

    /// What goes on record where a person wanted it.
    static let reason = "stopped on request"

    private let first = Mutex<ContinuousClock.Instant?>(nil)
    private let say: @Sendable (String) -> Void
    private let halt: @Sendable (String) -> Void
    private let leave: @Sendable () -> Void

    /// - Parameters:
    ///   - say: tells the person at the terminal.
    ///   - halt: starts nothing new from now on, for a reason.
    ///   - leave: what has to be done even when it leaves at once.
    init(
        say: @escaping @Sendable (String) -> Void, halt: @escaping @Sendable (String) -> Void,
        leave: @escaping @Sendable () -> Void
    ) {
        self.say = say
        self.halt = halt
        self.leave = leave
    }

    /// Heeds signals until each of what comes back is cancelled.
    func heedSignals() -> [any DispatchSourceSignal] {
        let queue = DispatchQueue(label: "blackstart.signals")
        return [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { [weak self] in self?.request(by: number == SIGHUP ? .lostTerminal : .signal) }
            source.resume()
            return source
        }
    }

    func request(by source: Source) {
        let first = first.withLock { first in
            defer { if first == nil { first = .now } }
            return first
        }
        if let first {
            // A key that is held down for long comes again and again.
            if source == .key, first.duration(to: .now) < .seconds(1) { return }
            leave()
            _exit(Outcome.interrupted.exitCode)
        }
        if source != .lostTerminal {
            say("\nStopping: what is in flight ends first. Once more to leave at once.\n")
        }
        halt(source == .lostTerminal ? "the terminal went away" : Self.reason)
    }
}
