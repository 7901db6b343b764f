internal import Glibc
internal import RunbookModel
internal import RunbookTransport

/// What all links of a transport share.
struct LinkServices: Sendable {
    var ring: KeyRing
    var options: SSHOptions
    var loop: EventLoop
    var handshakes: Handshakes
    var pool: IdlePool
}

/// The way to one host: one connection, made when it is needed and again when it broke, with a few channels at once.
actor HostLink: ScriptRunner {
    /// Under the usual MaxSessions of 10.
    private static let channelsAtOnce = 8
    /// A server that drops a handshake is asked again, so often and after so long at first.
    private static let handshakeTries = 5
    private static let firstPause = 200.0

    private let host: Host
    /// The host that leads there.
    private let jump: HostLink?
    private let services: LinkServices
    private var loop: EventLoop { services.loop }
    private var options: SSHOptions { services.options }
    private let channels: Gate
    private var connection: SSHConnection?
    /// The attempt to connect that everybody waits for.
    private var connecting: Task<Result<SSHConnection, TransportFailure>, Never>?
    private var jobs = 0
    private var wasReached = false
    private var isEnded = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { services.loop.asUnownedSerialExecutor() }

    init(_ host: Host, through jump: HostLink?, _ services: LinkServices) {
        self.host = host
        self.jump = jump
        self.services = services
        channels = Gate(loop: services.loop, limit: Self.channelsAtOnce)
    }

    // MARK: Commands

    func run(
        _ job: ScriptJob, output: @escaping @Sendable (OutputChunk) -> Bool
    ) async throws(TransportFailure) -> SessionEnd {
        await channels.enter()
        await begin()
        let result = await attempt(job, output)
        await finish()
        await channels.leave()
        return try result.get()
    }

    private func attempt(
        _ job: ScriptJob, _ output: @escaping @Sendable (OutputChunk) -> Bool
    ) async -> Result<SessionEnd, TransportFailure> {
        let sent = SentMark()
        return await using { connection async throws(ConnectionFault) in
            let deadline = EventLoop.now() + Self.nanoseconds(job.deadline)
            return try await connection.execute(
                job.command, environment: job.environment, input: job.input, deadline: deadline,
                sent: { sent.set() }, output: output)
        } wasSent: {
            sent.isSet
        }
    }

    /// A connection of its own for somebody else: a descriptor that leads to a port which this host reaches.
    func tunnel(to address: String, port: Int) async throws(TransportFailure) -> Int32 {
        await begin()
        let limit = Self.nanoseconds(options.connectTimeout)
        let result = await using { connection async throws(ConnectionFault) in
            try await connection.tunnel(to: address, port: port, deadline: EventLoop.now() + limit)
        } wasSent: {
            false
        }
        await finish()
        do throws(TransportFailure) { return try result.get() } catch {
            let why = error.isDeadline ? "it did not open the way in time" : error.message
            throw TransportFailure(
                error.kind == .lost ? .unreachable : error.kind, sent: false, "through \(host.name): \(why)")
        }
    }

    /// Does `body` over a connection that stands. One that broke while nobody looked shows at the first use, before
    /// anything is sent: then once more.
    private func using<Value: Sendable>(
        _ body: (SSHConnection) async throws(ConnectionFault) -> Value, wasSent: () -> Bool
    ) async -> Result<Value, TransportFailure> {
        var mayBeStale = true
        while true {
            let standing: (connection: SSHConnection, isNew: Bool)
            switch await connected() {
            case .success(let found): standing = found
            case .failure(let failure): return .failure(failure)
            }
            do throws(ConnectionFault) { return .success(try await body(standing.connection)) } catch {
                switch error {
                case .deadline: return .failure(.deadline)
                case .refused(let why): return .failure(TransportFailure(.lost, sent: wasSent(), why))
                case .lost(let why):
                    await forget(standing.connection)
                    if !wasSent(), !standing.isNew, mayBeStale {
                        mayBeStale = false
                        continue
                    }
                    return .failure(TransportFailure(.lost, sent: wasSent(), why))
                }
            }
        }
    }

    private func begin() async {
        jobs += 1
        if jobs == 1 { await services.pool.works(self) }
    }

    private func finish() async {
        jobs -= 1
        if jobs == 0, connection != nil { await services.pool.rests(self) }
    }

    // MARK: The connection

    private func connected() async -> Result<(SSHConnection, Bool), TransportFailure> {
        if isEnded { return .failure(TransportFailure(.unreachable, sent: false, "the run is over")) }
        if let connection {
            if await !connection.isLost { return .success((connection, false)) }
            await forget(connection)
        }
        let task = connecting ?? Task(executorPreference: loop) { await self.connect() }
        connecting = task
        let result = await task.value
        return result.map { ($0, true) }
    }

    private func connect() async -> Result<SSHConnection, TransportFailure> {
        let giveUp = EventLoop.now() + Self.nanoseconds(options.connectTimeout)
        var result = await reach()
        var pause = Self.firstPause
        var tries = 1
        // Something answered and let go again: a server that has too many handshakes under way does that.
        while case .failure(let failure) = result, failure.kind == .lost, tries < Self.handshakeTries, !isEnded {
            let jittered = pause * Double.random(in: 0.5...1.5)
            guard EventLoop.now() + UInt64(jittered * 1_000_000) < giveUp else { break }
            await loop.sleep(.milliseconds(Int64(jittered)))
            pause *= 2
            tries += 1
            result = await reach()
        }
        connecting = nil
        switch result {
        case .success(let made):
            if isEnded {
                await made.end()
                return .failure(TransportFailure(.unreachable, sent: false, "the run is over"))
            }
            wasReached = true
            connection = made
            await services.pool.opened()
        case .failure(let failure):
            // A network that is gone may come back; a host that refuses has spoken.
            if wasReached, failure.kind == .unreachable, failure.message != Dial.refused.message {
                result = .failure(
                    TransportFailure(.lost, sent: false, "the way to the host is gone: \(failure.message)"))
            }
        }
        return result
    }

    /// One try to connect and to log in.
    private func reach() async -> Result<SSHConnection, TransportFailure> {
        let limit = Self.nanoseconds(options.connectTimeout)
        // The way there first: who waits for it holds up nobody else's handshake.
        var way: Int32?
        if let jump {
            do throws(TransportFailure) { way = try await jump.tunnel(to: host.address, port: host.port) } catch {
                return .failure(error)
            }
        }
        let place = jump.map { "through \($0.host.name)" } ?? "\(host.address) \(host.port)"
        await services.handshakes.enter(place)
        let made = SSHConnection(
            loop: loop, silence: SSHConnection.Silence(limit: Self.nanoseconds(options.silenceLimit)))
        let result: Result<SSHConnection, TransportFailure>
        do throws(TransportFailure) {
            let descriptor: Int32
            let deadline = EventLoop.now() + limit
            if let way {
                descriptor = way
            } else {
                descriptor = try await Dial.connect(
                    host.addresses + [host.address], host.port, deadline: deadline, loop: loop)
            }
            try await made.connect(descriptor, services.ring.login(to: host, options), deadline: deadline)
            result = .success(made)
        } catch { result = .failure(error) }
        await services.handshakes.leave(place)
        return result
    }

    private func forget(_ lost: SSHConnection) async {
        if connection === lost {
            connection = nil
            await services.pool.closed()
        }
        await lost.end()
    }

    /// Lets go of a connection that nobody uses.
    func rest() async {
        guard jobs == 0, let connection else { return }
        guard await connection.users == 0, jobs == 0, self.connection === connection else { return }
        await forget(connection)
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
