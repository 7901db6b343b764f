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
    /// A way that may come back is tried again, after so long at first, for so many times what one try may take.
    private static let firstPause = 200.0
    private static let longestPause = 5_000.0
    private static let patience: UInt64 = 2

    let host: Host
    /// The host that leads there.
    let jump: HostLink?
    let services: LinkServices
    private var loop: EventLoop { services.loop }
    private var options: SSHOptions { services.options }
    private let channels: Gate
    private var connection: SSHConnection?
    /// The attempt to connect that everybody waits for.
    private var connecting: Task<Result<SSHConnection, WayFailure>, Never>?
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
        _ job: ScriptJob, output: @escaping @Sendable (OutputChunk) -> Hearing
    ) async throws(TransportFailure) -> SessionEnd {
        await channels.enter()
        await begin()
        let result = await attempt(job, output)
        await finish()
        await channels.leave()
        do throws(WayFailure) { return try result.get() } catch { throw error.failure }
    }

    private func attempt(
        _ job: ScriptJob, _ output: @escaping @Sendable (OutputChunk) -> Hearing
    ) async -> Result<SessionEnd, WayFailure> {
        let sent = SentMark()
        return await using { connection async throws(ConnectionFault) in
            let deadline = EventLoop.now() + Self.nanoseconds(job.deadline)
            return try await connection.execute(job, deadline: deadline, sent: { sent.set() }, output: output)
        } wasSent: {
            sent.isSet
        }
    }

    /// A connection of its own for somebody else: a descriptor that leads to a port which this host reaches.
    func tunnel(to address: String, port: Int) async throws(WayFailure) -> Int32 {
        await begin()
        let limit = Self.nanoseconds(options.connectTimeout)
        let result = await using { connection async throws(ConnectionFault) in
            try await connection.tunnel(to: address, port: port, deadline: EventLoop.now() + limit)
        } wasSent: {
            false
        }
        await finish()
        do throws(WayFailure) { return try result.get() } catch {
            let why = error.failure.isDeadline ? "it did not open the way in time" : error.failure.message
            let kind = error.failure.kind == .lost ? .unreachable : error.failure.kind
            var failure = WayFailure(
                TransportFailure(
                    kind, sent: false, isLasting: error.failure.isLasting, "through \(host.name): \(why)"),
                error.outlook)
            // A jump host that refuses its own login port says nothing about who is behind it.
            failure.isRefusal = error.isRefusal && error.failure.kind == .lost
            throw failure
        }
    }

    /// Does `body` over a connection that stands. One that broke while nobody looked shows at the first use, before
    /// anything is sent: then once more.
    private func using<Value: Sendable>(
        _ body: (SSHConnection) async throws(ConnectionFault) -> Value, wasSent: () -> Bool
    ) async -> Result<Value, WayFailure> {
        var mayBeStale = true
        while true {
            let standing: (connection: SSHConnection, isNew: Bool)
            switch await connected() {
            case .success(let found): standing = found
            case .failure(let failure): return .failure(failure)
            }
            do throws(ConnectionFault) { return .success(try await body(standing.connection)) } catch {
                switch error {
                case .deadline: return .failure(WayFailure(.deadline, .passing))
                case .refused(let why):
                    var failure = WayFailure(TransportFailure(.lost, sent: wasSent(), why), .of(refusal: why))
                    failure.isRefusal = why.contains("Connection refused")
                    return .failure(failure)
                case .flooded(let limitBytes):
                    await forget(standing.connection)
                    let why = TransportFailure.flood(limitBytes)
                    return .failure(WayFailure(TransportFailure(.unsuitable, sent: wasSent(), why), .answered))
                case .lost(let why):
                    await forget(standing.connection)
                    if !wasSent(), !standing.isNew, mayBeStale {
                        mayBeStale = false
                        continue
                    }
                    return .failure(WayFailure(TransportFailure(.lost, sent: wasSent(), why), .passing))
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

    private func connected() async -> Result<(SSHConnection, Bool), WayFailure> {
        if isEnded { return .failure(.runIsOver) }
        if let connection {
            if await !connection.isLost { return .success((connection, false)) }
            await forget(connection)
        }
        let task = connecting ?? Task(executorPreference: loop) { await self.connect() }
        connecting = task
        let result = await task.value
        return result.map { ($0, true) }
    }

    private func connect() async -> Result<SSHConnection, WayFailure> {
        let giveUp = EventLoop.now() + Self.patience * Self.nanoseconds(options.connectTimeout)
        var result = await reach()
        var pause = Self.firstPause
        while case .failure(let failure) = result, failure.outlook == .passing, !isEnded {
            let jittered = pause * Double.random(in: 0.5...1.5)
            guard EventLoop.now() + UInt64(jittered * 1_000_000) < giveUp else { break }
            await loop.sleep(.milliseconds(Int64(jittered)))
            pause = min(2 * pause, Self.longestPause)
            result = await reach()
        }
        connecting = nil
        switch result {
        case .success(let made):
            if isEnded {
                await made.end()
                return .failure(.runIsOver)
            }
            wasReached = true
            connection = made
            await services.pool.opened()
            return .success(made)
        case .failure(var way):
            if way.outlook == .passing { way.outlook = .gone }
            // Who was reached before may be so again: the question is worth asking as long as the step may take.
            if wasReached, way.outlook == .gone, way.failure.kind == .unreachable {
                way.failure = TransportFailure(
                    .lost, sent: false, "the way to the host is gone: \(way.failure.message)")
            }
            return .failure(way)
        }
    }

    /// One try to connect and to log in.
    private func reach() async -> Result<SSHConnection, WayFailure> {
        var login = services.ring.login(to: host, options)
        let result = await reach(login)
        // A fingerprint does not tell which kind of key it is of, and a server with several shows the best first.
        guard case .fingerprint = login.known, case .failure(let way) = result, way.failure.kind == .hostKey else {
            return result
        }
        for kind in Self.keyKinds {
            login.wantedHostKeys = kind
            let other = await reach(login)
            if case .success = other { return other }
        }
        return result
    }

    private func reach(_ login: Login) async -> Result<SSHConnection, WayFailure> {
        await handshake(host.addresses + [host.address]) {
            (made, descriptor, deadline) async throws(TransportFailure) in
            try await made.connect(descriptor, login, deadline: deadline)
            return made
        }
    }

    /// One try to speak to a server at `addresses`, within the limits for handshakes.
    func handshake<Value: Sendable>(
        _ addresses: [String], _ body: (SSHConnection, Int32, UInt64) async throws(TransportFailure) -> Value
    ) async -> Result<Value, WayFailure> {
        let place = jump.map { "through \($0.host.name)" } ?? "\(host.address) \(host.port)"
        let descriptor: Int32
        // Who waits for the way there holds up nobody else's handshake.
        if let jump {
            do throws(WayFailure) {
                descriptor = try await jump.tunnel(to: addresses.last ?? host.address, port: host.port)
            } catch {
                return .failure(error)
            }
            await services.handshakes.enter(place)
        } else {
            await services.handshakes.enter(place)
            do throws(WayFailure) {
                descriptor = try await Dial.connect(addresses, host.port, deadline: deadline, loop: loop)
            } catch {
                await services.handshakes.leave(place)
                return .failure(error)
            }
        }
        await services.handshakes.begin()
        let made = SSHConnection(
            loop: loop, silence: SSHConnection.Silence(limit: Self.nanoseconds(options.silenceLimit)))
        let result: Result<Value, WayFailure>
        do throws(TransportFailure) {
            result = .success(try await body(made, descriptor, deadline))
        } catch {
            // Something answered and let go again: a server with too many handshakes under way, or a bad network.
            result = .failure(WayFailure(error, error.kind == .lost ? .passing : .answered))
        }
        await services.handshakes.end()
        await services.handshakes.leave(place)
        return result
    }

    private var deadline: UInt64 { EventLoop.now() + Self.nanoseconds(options.connectTimeout) }

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

/// Why there is no way to a host, and what is to be expected of another try.
struct WayFailure: Error, Hashable {
    enum Outlook: Hashable, Sendable {
        /// It may work soon.
        case passing
        /// Nothing answers, and soon nothing will.
        case gone
        /// The host, or one that leads there, has given its answer.
        case answered

        /// What a host on the way says of the one behind it (RFC 4254, 5.1): that it does not take the connection, or that
        /// there is no way to it just now.
        static func of(refusal why: String) -> Outlook {
            let words = ["timed out", "No route to host", "unreachable"]
            return words.contains { why.contains($0) } ? .passing : .answered
        }
    }

    var failure: TransportFailure
    var outlook: Outlook
    /// The machine at the very end refused: it is there, and nothing listens. Nobody else's word counts as that.
    var isRefusal = false

    static let runIsOver = WayFailure(TransportFailure(.unreachable, sent: false, "the run is over"), .answered)

    init(_ failure: TransportFailure, _ outlook: Outlook) {
        self.failure = failure
        self.outlook = outlook
    }
}
