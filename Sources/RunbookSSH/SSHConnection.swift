internal import CLibssh
internal import Glibc
internal import RunbookModel
internal import RunbookTransport

/// What ends a command over SSH, besides its answer.
enum ConnectionFault: Error, Hashable {
    /// The host does not open another channel; the connection stands.
    case refused(String)
    /// The connection broke, or the peer has been silent for too long.
    case lost(String)
    /// The time that was given is over; the connection stands.
    case deadline
    /// The host sent more than is kept of it.
    case flooded(limitBytes: Int)
}

/// How a command in a session ended.
enum SessionEnd: Hashable, Sendable {
    case exited(Int)
    case signalled(String)
    /// The channel closed without a word about it.
    case silent
}

/// One SSH connection to one host. All of it runs on its loop's thread: libssh sessions are for one thread at a time.
actor SSHConnection {
    struct Silence {
        /// A peer that has sent no byte for so long is gone.
        var limit: UInt64
        /// After so long without a byte it is asked for a sign of life.
        var probe: UInt64

        init(limit: UInt64) {
            self.limit = limit
            probe = limit / 3
        }

        /// Nobody waits for an answer: it is asked less often.
        var whileIdle: Silence { Silence(limit: 3 * limit) }
    }

    let loop: EventLoop
    private let silence: Silence
    private(set) var session: ssh_session?
    private(set) var descriptor: Int32 = -1
    private let counters = ByteCounters()
    private var seenBytes: UInt64 = 0
    /// From when silence counts.
    private var heardAt: UInt64 = 0
    private var lastByteAt: UInt64 = 0
    /// Whether the system gathers what is sent into as few packets as can be, until ``flush()``.
    private var isGathering = false
    private var flushedBytes: UInt64 = 0
    private var isProbing = false
    private(set) var isLost = false
    /// Commands and tunnels under way.
    private(set) var users = 0
    private var isWatched = false
    /// A shell that has answered, and waits for the next question. The session frees its channel.
    var restingShell: CommandChannel?
    /// Whether the server has not yet refused a variable.
    var takesEnvironment = true

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EventLoop, silence: Silence) {
        self.loop = loop
        self.silence = silence
    }

    // MARK: Connecting

    /// Makes `descriptor`, which is connected, a session: checks the host's key, and logs in. Nothing of a command is sent
    /// before both stand. Takes the descriptor over in any case.
    func connect(_ descriptor: Int32, _ login: Login, deadline: UInt64) async throws(TransportFailure) {
        let session = try begin(descriptor, login)
        do throws(TransportFailure) {
            try await exchange(session, deadline)
            try checkKey(login, session)
            try await authenticate(login, session, deadline)
        } catch {
            drop()
            throw error
        }
    }

    /// The key that the peer shows to anybody. Nobody logs in, and the connection is over after it.
    func look(_ descriptor: Int32, _ login: Login, deadline: UInt64) async throws(TransportFailure) -> ShownKey {
        let session = try begin(descriptor, login)
        defer { drop() }
        try await exchange(session, deadline)
        return try shownKey(session)
    }

    private func begin(_ descriptor: Int32, _ login: Login) throws(TransportFailure) -> ssh_session {
        self.descriptor = descriptor
        guard let session = ssh_new() else {
            drop()
            throw TransportFailure(.unreachable, sent: false, "no memory for a session")
        }
        self.session = session
        ssh_set_counters(session, counters.pointer, counters.packets)
        heardAt = EventLoop.now()
        setOptions(login, session)
        gather(true)
        return session
    }

    /// A path that can't be.
    private static let nowhere = "/dev/null/none"

    private func setOptions(_ login: Login, _ session: ssh_session) {
        func set<Value: BitwiseCopyable>(_ option: ssh_options_e, _ value: Value) {
            var value = value
            ssh_options_set(session, option, &value)
        }
        // Without this, ~/.ssh/config is parsed for each session, and may spawn a shell.
        set(SSH_OPTIONS_PROCESS_CONFIG, false)
        ssh_options_set(session, SSH_OPTIONS_HOST, login.address)
        set(SSH_OPTIONS_PORT, UInt32(clamping: login.port))
        ssh_options_set(session, SSH_OPTIONS_USER, login.user)
        // Host keys are checked by us, against a table that is read once.
        ssh_options_set(session, SSH_OPTIONS_KNOWNHOSTS, Self.nowhere)
        ssh_options_set(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, Self.nowhere)
        // Else the list of users is read for each session, to find a folder that nothing is read from.
        ssh_options_set(session, SSH_OPTIONS_SSH_DIR, Self.nowhere)
        func also(_ kind: SSHAlgorithms.Kind, _ options: ssh_options_e...) {
            // libssh's own choice is as good, but for ciphers.
            guard kind == .ciphers || !login.algorithms[kind].isEmpty else { return }
            let names = login.algorithms.offered(kind).joined(separator: ",")
            for option in options { ssh_options_set(session, option, names) }
        }
        also(.kex, SSH_OPTIONS_KEY_EXCHANGE)
        also(.ciphers, SSH_OPTIONS_CIPHERS_C_S, SSH_OPTIONS_CIPHERS_S_C)
        also(.macs, SSH_OPTIONS_HMAC_C_S, SSH_OPTIONS_HMAC_S_C)
        also(.userKeys, SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES)
        ssh_options_set(session, SSH_OPTIONS_HOSTKEYS, login.hostKeyTypes)
        if let agent = login.agent { ssh_options_set(session, SSH_OPTIONS_IDENTITY_AGENT, agent) }
        set(SSH_OPTIONS_FD, descriptor)
        ssh_set_blocking(session, 0)
    }

    /// A server speaks first, mostly: our own first words then leave together, in answer to it. For one that waits to be
    /// spoken to (a port that several protocols share), so long.
    private static let listensFirst: UInt64 = 500_000_000

    private func exchange(_ session: ssh_session, _ deadline: UInt64) async throws(TransportFailure) {
        _ = await loop.wait(descriptor, .reading, deadline: min(deadline, EventLoop.now() + Self.listensFirst))
        guard self.session != nil, !isLost else {
            throw TransportFailure(.lost, sent: false, "the connection is gone")
        }
        while true {
            let code = ssh_connect(session)
            // libssh leaves the descriptor blocking once it has connected.
            let flags = fcntl(descriptor, F_GETFL)
            if flags & O_NONBLOCK == 0 { _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
            if code == SSH_OK { return }
            guard code == SSH_AGAIN else {
                let why = words(session)
                // Both sides have said what they can, and will say the same next time.
                let isFinal = why.contains("kex error")
                throw TransportFailure(
                    isFinal ? .unsuitable : .lost, sent: false,
                    "no SSH connection: \(why)\(isFinal ? "; `algorithms` in the inventory allows older ones" : "")")
            }
            try await patience(session, deadline, "the host did not finish the SSH handshake in time")
        }
    }

    func patience(
        _ session: ssh_session, _ deadline: UInt64, _ sentence: String
    ) async throws(TransportFailure) {
        do throws(ConnectionFault) {
            try await activity(session, deadline)
        } catch {
            switch error {
            // Something answered there: the network may be at fault, and come back.
            case .deadline: throw TransportFailure(.lost, sent: false, sentence)
            case .lost(let why), .refused(let why): throw TransportFailure(.lost, sent: false, why)
            case .flooded(let limitBytes):
                throw TransportFailure(.unsuitable, sent: false, TransportFailure.flood(limitBytes))
            }
        }
    }

    func until(
        _ session: ssh_session, _ deadline: UInt64, _ step: () -> Int32
    ) async throws(ConnectionFault) {
        while true {
            let code = step()
            if code == SSH_OK { return }
            guard code == SSH_AGAIN else {
                throw ssh_is_connected(session) == 0 ? lose(words(session)) : .refused(words(session))
            }
            try await activity(session, deadline)
        }
    }

    /// Of answers that the host's own questions bring up, and that it does not take.
    private static let waitingBytes: UInt64 = 4 << 20

    /// Takes in what has come, without waiting.
    func pump(_ session: ssh_session) throws(ConnectionFault) {
        guard self.session != nil else { throw .lost("the connection is gone") }
        // It says OK also when it has just found the socket closed, and closed it on our side too.
        let code = ssh_execute_message_callbacks(session)
        notice()
        // A host that asks and asks, and takes no answer.
        if counters.waitingBytes > Self.waitingBytes { throw lose("the host asks without taking answers") }
        if code == SSH_ERROR || ssh_is_connected(session) == 0 { throw lose(words(session)) }
    }

    /// Packets may be for another channel: whoever waits on this session looks again when any byte has come.
    private func notice() {
        guard counters.pointer.pointee.in_bytes != seenBytes else { return }
        seenBytes = counters.pointer.pointee.in_bytes
        heardAt = EventLoop.now()
        lastByteAt = heardAt
        isProbing = false
        loop.wake(descriptor)
    }

    /// Until something moves on the socket, the deadline passes, or the peer has been silent for too long.
    ///
    /// - Parameter flushes: whether what was sent has to leave before.
    func activity(_ session: ssh_session, _ deadline: UInt64, flushes: Bool = true) async throws(ConnectionFault) {
        notice()
        // Also where bytes keep coming, and nobody ever has to wait for one.
        if EventLoop.now() >= deadline { throw .deadline }
        let wantsWrite = ssh_get_poll_flags(session) & SSH_WRITE_PENDING != 0
        if wantsWrite {
            // Mostly the socket takes more at once, and libssh only wants to be told so.
            ssh_execute_message_callbacks(session)
            let moved = counters.pointer.pointee.in_bytes != seenBytes
            if moved || ssh_get_poll_flags(session) & SSH_WRITE_PENDING == 0 { return notice() }
        }
        if flushes { flush() }
        let silence = users > 0 || isWatched == false ? silence : silence.whileIdle
        let next = isProbing ? heardAt + silence.limit : heardAt + silence.probe
        let wakeup = await loop.wait(
            descriptor, wantsWrite ? [.reading, .writing] : .reading, deadline: min(deadline, next))
        guard self.session != nil, !isLost else { throw .lost("the connection is gone") }
        if wakeup == .closed { throw lose(words(session)) }
        guard wakeup == .timedOut else { return }
        let now = EventLoop.now()
        if now >= heardAt + silence.limit {
            throw lose("the host has not sent a byte for \(silence.limit / 1_000_000_000) s")
        }
        if now >= deadline { throw .deadline }
        if now >= heardAt + silence.probe, !isProbing {
            isProbing = true
            // Every second call sends nothing.
            ssh_send_keepalive(session)
            ssh_send_keepalive(session)
        }
    }

    /// Not while somebody else sends in our place.
    func gather(_ isOn: Bool) {
        var value: Int32 = isOn ? 1 : 0
        let code = setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_CORK, &value, socklen_t(MemoryLayout<Int32>.size))
        isGathering = isOn && code == 0
    }

    /// What was sent leaves: before anybody waits.
    func flush() {
        guard isGathering, counters.pointer.pointee.out_bytes != flushedBytes else { return }
        flushedBytes = counters.pointer.pointee.out_bytes
        gather(false)
        gather(true)
    }

    func wasHeard(within time: UInt64) -> Bool { EventLoop.now() < lastByteAt + time }

    func lose(_ why: String) -> ConnectionFault {
        isLost = true
        loop.wake(descriptor)
        return .lost(why)
    }

    func words(_ session: ssh_session) -> String {
        guard let text = ssh_get_error(UnsafeMutableRawPointer(session)) else { return "the connection broke" }
        let words = String(cString: text)
        return words.isEmpty ? "the connection broke" : TerminalText.shown(String(words.prefix(300)))
    }

    // MARK: Who uses it

    /// A command or a tunnel begins to use it.
    func enter() {
        users += 1
        guard users == 1 else { return }
        // Silence counts from now: nobody listened for an answer before.
        heardAt = EventLoop.now()
        isProbing = false
        loop.wake(descriptor)
    }

    /// What was sent last, that a channel is closed, nobody waits for: it goes with the next word, or when the system lets
    /// it go (200 ms after it was gathered).
    func leave() {
        users -= 1
        if users == 0 { watch() }
    }

    /// Listens while nobody uses it: answers the host's own questions, and hears that it is gone.
    private func watch() {
        guard !isWatched, !isLost else { return }
        isWatched = true
        Task(executorPreference: loop) { await self.listen() }
    }

    private func listen() async {
        while users == 0, let session, !isLost {
            do {
                try await activity(session, .max, flushes: false)
                try pump(session)
            } catch { break }
        }
        isWatched = false
        if isLost, users == 0 { drop() }
    }

    // MARK: The end

    /// Ends the connection. Calls under way hear that it is gone.
    func end() { drop() }

    /// Forgets the session without freeing it: another thread has it.
    func abandon() {
        isLost = true
        if descriptor >= 0 { loop.forget(descriptor) }
        session = nil
        descriptor = -1
        counters.leak()
    }

    private func drop() {
        isLost = true
        if descriptor >= 0 { loop.forget(descriptor) }
        if let session {
            // Closes the descriptor. `ssh_disconnect` before it would let go of one that was given to it, without closing.
            ssh_free(session)
        } else if descriptor >= 0 {
            close(descriptor)
        }
        session = nil
        restingShell = nil
        descriptor = -1
    }
}

/// Where libssh counts the bytes of a session: an address that stays as long as the session lives.
private final class ByteCounters {
    /// Of the socket.
    let pointer: UnsafeMutablePointer<ssh_counter_struct>
    /// Of the packets' payloads, counted when they are queued.
    let packets: UnsafeMutablePointer<ssh_counter_struct>

    init() {
        pointer = .allocate(capacity: 1)
        pointer.initialize(to: ssh_counter_struct())
        packets = .allocate(capacity: 1)
        packets.initialize(to: ssh_counter_struct())
    }

    /// At least so many bytes are queued and not sent. A packet is 20 bytes longer than its payload, at least.
    var waitingBytes: UInt64 {
        let queued = packets.pointee.out_bytes &+ 20 &* packets.pointee.out_packets
        return queued > pointer.pointee.out_bytes ? queued &- pointer.pointee.out_bytes : 0
    }

    private var isLeft = false

    /// A session that another thread frees goes on counting there.
    func leak() { isLeft = true }

    deinit {
        if isLeft { return }
        pointer.deinitialize(count: 1)
        pointer.deallocate()
        packets.deinitialize(count: 1)
        packets.deallocate()
    }
}
