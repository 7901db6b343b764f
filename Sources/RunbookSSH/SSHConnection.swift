internal import CLibssh
internal import Glibc
internal import RunbookModel
internal import RunbookTransport

/// What ends a command over SSH, besides its answer.
enum ConnectionFault: Error, Hashable {
    /// The connection broke, or the peer has been silent for too long.
    case lost(String)
    /// The time that was given is over; the connection stands.
    case deadline
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
    }

    private let loop: EventLoop
    private let silence: Silence
    private var session: ssh_session?
    private var descriptor: Int32 = -1
    private let counters = ByteCounters()
    private var seenBytes: UInt64 = 0
    private var heardAt: UInt64 = 0
    private var isProbing = false
    private(set) var isLost = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EventLoop, silence: Silence) {
        self.loop = loop
        self.silence = silence
    }

    // MARK: Connecting

    /// Connects, checks the host's key, and logs in. Nothing of a command is sent before all three stand.
    func connect(_ login: Login, deadline: UInt64) async throws(TransportFailure) {
        descriptor = try await Dial.connect(login.address, login.port, deadline: deadline, loop: loop)
        guard let session = ssh_new() else {
            drop()
            throw TransportFailure(.unreachable, sent: false, "no memory for a session")
        }
        self.session = session
        ssh_set_counters(session, counters.pointer, nil)
        heardAt = EventLoop.now()
        setOptions(login, session)
        do throws(TransportFailure) {
            try await exchange(session, deadline)
            try checkKey(login, session)
            try await authenticate(login, session, deadline)
        } catch {
            drop()
            throw error
        }
    }

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
        ssh_options_set(session, SSH_OPTIONS_KNOWNHOSTS, "/dev/null")
        ssh_options_set(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null")
        if let types = login.hostKeyTypes { ssh_options_set(session, SSH_OPTIONS_HOSTKEYS, types) }
        if let agent = login.agent { ssh_options_set(session, SSH_OPTIONS_IDENTITY_AGENT, agent) }
        set(SSH_OPTIONS_FD, descriptor)
        ssh_set_blocking(session, 0)
    }

    private func exchange(_ session: ssh_session, _ deadline: UInt64) async throws(TransportFailure) {
        while true {
            let code = ssh_connect(session)
            // libssh leaves the descriptor blocking once it has connected.
            let flags = fcntl(descriptor, F_GETFL)
            if flags & O_NONBLOCK == 0 { _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
            if code == SSH_OK { return }
            guard code == SSH_AGAIN else {
                throw TransportFailure(.lost, sent: false, "no SSH connection: \(words(session))")
            }
            try await patience(session, deadline, "the host did not finish the SSH handshake in time")
        }
    }

    private func patience(
        _ session: ssh_session, _ deadline: UInt64, _ sentence: String
    ) async throws(TransportFailure) {
        do throws(ConnectionFault) {
            try await activity(session, deadline)
        } catch {
            switch error {
            case .deadline: throw TransportFailure(.unreachable, sent: false, sentence)
            case .lost(let why): throw TransportFailure(.lost, sent: false, why)
            }
        }
    }

    private func checkKey(_ login: Login, _ session: ssh_session) throws(TransportFailure) {
        var key: ssh_key?
        guard ssh_get_server_publickey(session, &key) == SSH_OK, let key else {
            throw TransportFailure(.hostKey, sent: false, "the host shows no key")
        }
        defer { ssh_key_free(key) }
        var text: UnsafeMutablePointer<CChar>?
        guard ssh_pki_export_pubkey_base64(key, &text) == SSH_OK, let text else {
            throw TransportFailure(.hostKey, sent: false, "the host's key can't be read")
        }
        let blob = String(cString: text)
        ssh_string_free_char(text)
        let type = ssh_key_type_to_char(ssh_key_type(key)).map { String(cString: $0) } ?? "unknown"
        var hash: UnsafeMutablePointer<UInt8>?
        var length = 0
        guard ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &length) == 0 else {
            throw TransportFailure(.hostKey, sent: false, "the host's key can't be read")
        }
        let print = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, length)
        let fingerprint = print.map { String(cString: $0) } ?? ""
        ssh_clean_pubkey_hash(&hash)
        ssh_string_free_char(print)
        if let objection = HostKeyCheck.objection(
            login.known, blob: blob, type: type, fingerprint: fingerprint)
        {
            throw TransportFailure(.hostKey, sent: false, objection)
        }
    }

    private func authenticate(
        _ login: Login, _ session: ssh_session, _ deadline: UInt64
    ) async throws(TransportFailure) {
        let late = "the host did not let us in in time"
        // A connection that breaks now is no word about the keys.
        func checkConnection() throws(TransportFailure) {
            guard ssh_is_connected(session) == 1 else {
                throw TransportFailure(.lost, sent: false, "the connection broke at the login: \(words(session))")
            }
        }
        var objections = login.objections
        for key in login.keys {
            while true {
                let code = ssh_userauth_publickey(session, nil, key.key)
                if code == SSH_AUTH_SUCCESS.rawValue { return }
                guard code == SSH_AUTH_AGAIN.rawValue else { break }
                try await patience(session, deadline, late)
            }
            try checkConnection()
            objections.append("the key \(key.path) is refused")
        }
        if login.agent != nil {
            while true {
                let code = ssh_userauth_agent(session, nil)
                if code == SSH_AUTH_SUCCESS.rawValue { return }
                guard code == SSH_AUTH_AGAIN.rawValue else { break }
                try await patience(session, deadline, late)
            }
            try checkConnection()
            objections.append("the agent has no key that is let in")
        }
        if objections.isEmpty { objections.append("there is no key to log in with") }
        throw TransportFailure(
            .authentication, sent: false, "\(login.user) is not let in: \(objections.joined(separator: "; "))")
    }

    // MARK: Commands

    /// Runs `command` in a channel of its own. `output` hands out what it prints, as it comes; returning false there
    /// ends the reading: all that matters has been said.
    ///
    /// - Parameter sent: told right before the first byte of the command may leave.
    func execute(
        _ command: String, environment: [EnvironmentPair], input: [UInt8], deadline: UInt64,
        sent: @Sendable () -> Void, output: @Sendable (OutputChunk) -> Bool
    ) async throws(ConnectionFault) -> SessionEnd {
        guard let session, !isLost, let channel = ssh_channel_new(session) else {
            throw .lost("the connection is gone")
        }
        let sink = ChannelSink()
        sink.attach(channel)
        defer {
            // Ending the session frees its channels.
            if self.session != nil {
                sink.detach(channel)
                ssh_channel_free(channel)
            }
        }
        try await until(session, deadline) { ssh_channel_open_session(channel) }
        for pair in environment {
            // A server that accepts no environment refuses; nothing depends on it.
            do {
                try await until(session, deadline) { ssh_channel_request_env(channel, pair.name, pair.value) }
            } catch {
                guard self.session != nil, !isLost, error != .deadline else { throw error }
            }
        }
        sent()
        try await until(session, deadline) { ssh_channel_request_exec(channel, command) }
        try await write(input, channel, session, sink, deadline)
        while true {
            let isOver = sink.isClosed
            for chunk in sink.take() where !output(chunk) { return .silent }
            if isOver { break }
            if !sink.isEmpty { continue }
            try await activity(session, deadline)
            do {
                try pump(session)
            } catch {
                // What came before the end is told all the same.
                for chunk in sink.take() where !output(chunk) { return .silent }
                if sink.isClosed { break }
                throw error
            }
        }
        if let name = sink.signal { return .signalled(name) }
        return sink.status.map { .exited($0) } ?? .silent
    }

    private func write(
        _ input: [UInt8], _ channel: ssh_channel, _ session: ssh_session, _ sink: ChannelSink, _ deadline: UInt64
    ) async throws(ConnectionFault) {
        var offset = 0
        while offset < input.count, !sink.isClosed {
            let isPending = ssh_get_poll_flags(session) & SSH_WRITE_PENDING != 0
            if !isPending, ssh_channel_window_size(channel) > 0 {
                let count = min(32_768, input.count - offset)
                let written = input[offset..<(offset + count)].withUnsafeBytes {
                    ssh_channel_write(channel, $0.baseAddress, UInt32(count))
                }
                guard written >= 0 else { throw lose(words(session)) }
                offset += Int(written)
                if written > 0 { continue }
            }
            try await activity(session, deadline)
            try pump(session)
        }
        if !sink.isClosed { ssh_channel_send_eof(channel) }
    }

    private func until(
        _ session: ssh_session, _ deadline: UInt64, _ step: () -> Int32
    ) async throws(ConnectionFault) {
        while true {
            let code = step()
            if code == SSH_OK { return }
            guard code == SSH_AGAIN else {
                throw ssh_is_connected(session) == 0 ? lose(words(session)) : .lost(words(session))
            }
            try await activity(session, deadline)
        }
    }

    /// Takes in what has come, without waiting.
    private func pump(_ session: ssh_session) throws(ConnectionFault) {
        guard self.session != nil else { throw .lost("the connection is gone") }
        // It says OK also when it has just found the socket closed, and closed it on our side too.
        let code = ssh_execute_message_callbacks(session)
        notice()
        if code == SSH_ERROR || ssh_is_connected(session) == 0 { throw lose(words(session)) }
    }

    /// Packets may be for another channel: whoever waits on this session looks again when any byte has come.
    private func notice() {
        guard counters.pointer.pointee.in_bytes != seenBytes else { return }
        seenBytes = counters.pointer.pointee.in_bytes
        heardAt = EventLoop.now()
        isProbing = false
        loop.wake(descriptor)
    }

    /// Until something moves on the socket, the deadline passes, or the peer has been silent for too long.
    private func activity(_ session: ssh_session, _ deadline: UInt64) async throws(ConnectionFault) {
        notice()
        let wantsWrite = ssh_get_poll_flags(session) & SSH_WRITE_PENDING != 0
        let next = isProbing ? heardAt + silence.limit : heardAt + silence.probe
        let wakeup = await loop.wait(descriptor, wantsWrite: wantsWrite, deadline: min(deadline, next))
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

    private func lose(_ why: String) -> ConnectionFault {
        isLost = true
        loop.wake(descriptor)
        return .lost(why)
    }

    private func words(_ session: ssh_session) -> String {
        guard let text = ssh_get_error(UnsafeMutableRawPointer(session)) else { return "the connection broke" }
        let words = String(cString: text)
        return words.isEmpty ? "the connection broke" : TerminalText.shown(String(words.prefix(300)))
    }

    // MARK: The end

    /// Ends the connection. Calls under way hear that it is gone.
    func end() { drop() }

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
        descriptor = -1
    }
}

/// Where libssh counts the bytes of a session: an address that stays as long as the session lives.
private final class ByteCounters {
    let pointer: UnsafeMutablePointer<ssh_counter_struct>

    init() {
        pointer = .allocate(capacity: 1)
        pointer.initialize(to: ssh_counter_struct())
    }

    deinit {
        pointer.deinitialize(count: 1)
        pointer.deallocate()
    }
}
