internal import CLibssh
internal import RunbookTransport

// One command in a channel of its own, or one question more to a shell that has answered before.

/// A command under way on a host, and what it has said.
final class CommandChannel {
    let channel: ssh_channel
    let sink: ChannelSink

    init(_ channel: ssh_channel) {
        self.channel = channel
        sink = ChannelSink()
        sink.attach(channel)
    }
}

extension SSHConnection {
    /// Runs a job. `output` hands out what it prints, as it comes, and tells whether more is wanted.
    ///
    /// - Parameter sent: told right before the first byte of the command may leave.
    func execute(
        _ job: ScriptJob, deadline: UInt64, sent: @Sendable () -> Void, output: @Sendable (OutputChunk) -> Hearing
    ) async throws(ConnectionFault) -> SessionEnd {
        guard let session, !isLost else { throw .lost("the connection is gone") }
        enter()
        defer { leave() }
        var input = job.input
        var saysMore = true
        let command: CommandChannel
        if job.mayBeAskedOn, let shell = try takeShell(session, mustLive: job.wantsProofOfLife) {
            command = shell
        } else {
            input = job.opening + input
            guard let channel = ssh_channel_new(session) else { throw .lost("no memory for a channel") }
            command = CommandChannel(channel)
            do { saysMore = try await open(command, job, input.isEmpty, session, deadline, sent) } catch {
                release(command)
                throw error
            }
        }
        sent()
        var mayGoOn = false
        defer { if mayGoOn, !command.sink.isClosed { keepShell(command) } else { release(command) } }
        if saysMore { try await write(input, command, session, deadline, isAll: !job.mayBeAskedOn) }
        let sink = command.sink
        while true {
            let isOver = sink.isClosed
            if try Self.hear(sink, output) {
                mayGoOn = job.mayBeAskedOn
                return .silent
            }
            if isOver { break }
            if !sink.isEmpty { continue }
            try await activity(session, deadline)
            do {
                try pump(session)
            } catch {
                // What came before the end is told all the same.
                if try Self.hear(sink, output) { return .silent }
                if sink.isClosed { break }
                throw error
            }
        }
        if let name = sink.signal { return .signalled(name) }
        return sink.status.map { .exited($0) } ?? .silent
    }

    /// Hands on what has come; true where the reply is whole.
    private static func hear(_ sink: ChannelSink, _ output: (OutputChunk) -> Hearing) throws(ConnectionFault) -> Bool {
        for chunk in sink.take() {
            switch output(chunk) {
            case .more: continue
            case .whole: return true
            case .tooMuch(let limitBytes): throw .flooded(limitBytes: limitBytes)
            }
        }
        if sink.isFlooded { throw .flooded(limitBytes: ChannelSink.limitBytes) }
        return false
    }

    /// Starts the command; false where all of its input has been sent: there is none.
    private func open(
        _ command: CommandChannel, _ job: ScriptJob, _ isWhole: Bool, _ session: ssh_session, _ deadline: UInt64,
        _ sent: @Sendable () -> Void
    ) async throws(ConnectionFault) -> Bool {
        let channel = command.channel
        try await until(session, deadline) { ssh_channel_open_session(channel) }
        for pair in job.environment where takesEnvironment {
            do {
                try await until(session, deadline) { ssh_channel_request_env(channel, pair.name, pair.value) }
            } catch {
                guard self.session != nil, !isLost, error != .deadline else { throw error }
                // A server that accepts none says so once; nothing depends on it.
                takesEnvironment = false
            }
        }
        sent()
        var saysMore = true
        try await until(session, deadline) {
            let code = ssh_channel_request_exec(channel, job.command)
            if isWhole, saysMore, code == SSH_AGAIN || code == SSH_OK {
                // It travels with the request.
                ssh_channel_send_eof(channel)
                saysMore = false
            }
            return code
        }
        return saysMore
    }

    private func write(
        _ input: [UInt8], _ command: CommandChannel, _ session: ssh_session, _ deadline: UInt64, isAll: Bool
    ) async throws(ConnectionFault) {
        let (channel, sink) = (command.channel, command.sink)
        var offset = 0
        while offset < input.count, !sink.isClosed {
            if sink.isFlooded { throw .flooded(limitBytes: ChannelSink.limitBytes) }
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
        if isAll, !sink.isClosed { ssh_channel_send_eof(channel) }
    }

    /// Lets go of a channel. Ending the session has freed it already.
    private func release(_ command: CommandChannel) {
        guard session != nil else { return }
        command.sink.detach(command.channel)
        ssh_channel_free(command.channel)
    }

    // MARK: A shell that has answered

    /// A host that was heard within so long is alive; else opening a channel shows it, before anything is sent.
    private static let signOfLife: UInt64 = 1_000_000_000

    private func takeShell(_ session: ssh_session, mustLive: Bool) throws(ConnectionFault) -> CommandChannel? {
        // What has come since: that it was closed, perhaps.
        if restingShell != nil { try pump(session) }
        guard let shell = restingShell, !mustLive || wasHeard(within: Self.signOfLife) else { return nil }
        restingShell = nil
        guard !shell.sink.isClosed, ssh_channel_is_open(shell.channel) != 0, ssh_channel_is_eof(shell.channel) == 0
        else {
            release(shell)
            return nil
        }
        shell.sink.isResting = false
        return shell
    }

    private func keepShell(_ shell: CommandChannel) {
        guard restingShell == nil, session != nil, !isLost else { return release(shell) }
        _ = shell.sink.take()
        shell.sink.isResting = true
        restingShell = shell
    }
}
