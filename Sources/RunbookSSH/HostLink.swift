internal import RunbookModel
internal import RunbookTransport

/// Lets so many through at a time.
actor Gate {
    private let loop: EventLoop
    private var free: Int
    private var queue: [CheckedContinuation<Void, Never>] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EventLoop, limit: Int) {
        self.loop = loop
        free = max(1, limit)
    }

    func enter() async {
        if free > 0 {
            free -= 1
            return
        }
        await withCheckedContinuation { queue.append($0) }
    }

    func leave() {
        if queue.isEmpty { free += 1 } else { queue.removeFirst().resume() }
    }
}

/// The way to one host: one connection, made when it is needed and again when it broke, with a few channels at once.
actor HostLink: ScriptRunner {
    /// Under the usual MaxSessions of 10.
    private static let channelsAtOnce = 8

    private let host: Host
    private let ring: KeyRing
    private let options: SSHOptions
    private let loop: EventLoop
    private let handshakes: Gate
    private let channels: Gate
    private var connection: SSHConnection?
    /// The attempt to connect that everybody waits for.
    private var connecting: Task<Result<SSHConnection, TransportFailure>, Never>?
    private var isEnded = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(_ host: Host, ring: KeyRing, options: SSHOptions, loop: EventLoop, gate: Gate) {
        self.host = host
        self.ring = ring
        self.options = options
        self.loop = loop
        handshakes = gate
        channels = Gate(loop: loop, limit: Self.channelsAtOnce)
    }

    func run(
        _ job: ScriptJob, output: @escaping @Sendable (OutputChunk) -> Bool
    ) async throws(TransportFailure) -> SessionEnd {
        await channels.enter()
        let result = await attempt(job, output)
        await channels.leave()
        return try result.get()
    }

    private func attempt(
        _ job: ScriptJob, _ output: @escaping @Sendable (OutputChunk) -> Bool
    ) async -> Result<SessionEnd, TransportFailure> {
        // A connection that broke while nobody looked shows at the first use, before anything is sent: once more.
        for round in 0..<2 {
            let standing: (connection: SSHConnection, isNew: Bool)
            switch await connected() {
            case .success(let found): standing = found
            case .failure(let failure): return .failure(failure)
            }
            let sent = SentMark()
            let deadline = EventLoop.now() + Self.nanoseconds(job.deadline)
            do throws(ConnectionFault) {
                return .success(
                    try await standing.connection.execute(
                        job.command, environment: job.environment, input: job.input, deadline: deadline,
                        sent: { sent.set() }, output: output))
            } catch {
                switch error {
                case .deadline: return .failure(.deadline)
                case .lost(let why):
                    await forget(standing.connection)
                    if !sent.isSet, !standing.isNew, round == 0 { continue }
                    return .failure(TransportFailure(.lost, sent: sent.isSet, why))
                }
            }
        }
        return .failure(TransportFailure(.lost, sent: false, "the connection broke again and again"))
    }

    private func connected() async -> Result<(SSHConnection, Bool), TransportFailure> {
        if isEnded { return .failure(TransportFailure(.unreachable, sent: false, "the run is over")) }
        if let connection {
            if await !connection.isLost { return .success((connection, false)) }
            await forget(connection)
        }
        let task = connecting ?? Task { await connect() }
        connecting = task
        let result = await task.value
        return result.map { ($0, true) }
    }

    private func connect() async -> Result<SSHConnection, TransportFailure> {
        await handshakes.enter()
        let limit = Self.nanoseconds(options.silenceLimit)
        let made = SSHConnection(
            loop: loop, silence: SSHConnection.Silence(limit: limit, probe: limit / 3))
        let login = ring.login(to: host, options)
        var result: Result<SSHConnection, TransportFailure>
        do throws(TransportFailure) {
            try await made.connect(login, deadline: EventLoop.now() + Self.nanoseconds(options.connectTimeout))
            connection = made
            result = .success(made)
        } catch { result = .failure(error) }
        await handshakes.leave()
        connecting = nil
        if isEnded { await made.end() }
        return result
    }

    private func forget(_ lost: SSHConnection) async {
        if connection === lost { connection = nil }
        await lost.end()
    }

    func end() async {
        isEnded = true
        if let connection { await forget(connection) }
    }

    static func nanoseconds(_ duration: Duration) -> UInt64 {
        let milliseconds = min(max(0, duration.wholeMilliseconds), 400 * 86_400_000)
        return UInt64(milliseconds) * 1_000_000
    }
}

/// Whether a byte of a command may have left.
private final class SentMark: Sendable {
    private let mark = LoopLock(false)

    var isSet: Bool { mark.withLock { $0 } }

    func set() { mark.withLock { $0 = true } }
}
