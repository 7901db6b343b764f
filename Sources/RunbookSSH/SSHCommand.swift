internal import CLibssh
internal import RunbookTransport

// One command in a channel of its own.

extension SSHConnection {
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
        enter()
        let sink = ChannelSink()
        sink.attach(channel)
        defer {
            leave()
            // Ending the session frees its channels.
            if self.session != nil {
                sink.detach(channel)
                ssh_channel_free(channel)
            }
        }
        try await until(session, deadline) { ssh_channel_open_session(channel) }
        for pair in environment where takesEnvironment {
            do {
                try await until(session, deadline) { ssh_channel_request_env(channel, pair.name, pair.value) }
            } catch {
                guard self.session != nil, !isLost, error != .deadline else { throw error }
                // A server that accepts none says so once; nothing depends on it.
                takesEnvironment = false
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
}
