internal import CLibssh
internal import Glibc
internal import RunbookTransport

// A connection through a host: a direct-tcpip channel, and a socket pair whose other end is somebody's descriptor.

extension SSHConnection {
    private static let pieceBytes = 32 << 10

    /// A descriptor that leads, through the host, to a port of an address that the host reaches. Whoever gets it closes it.
    func tunnel(to address: String, port: Int, deadline: UInt64) async throws(ConnectionFault) -> Int32 {
        guard let session, !isLost, let channel = ssh_channel_new(session) else {
            throw .lost("the connection is gone")
        }
        enter()
        do {
            try await until(session, deadline) {
                ssh_channel_open_forward(channel, address, Int32(clamping: port), "127.0.0.1", 0)
            }
        } catch {
            if self.session != nil { ssh_channel_free(channel) }
            leave()
            throw error
        }
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            let words = String(cString: strerror(errno))
            ssh_channel_free(channel)
            leave()
            throw .refused("no tunnel can be made: \(words)")
        }
        let tunnel = Tunnel(channel: channel, local: ends[0])
        Task(executorPreference: loop) { await self.carry(tunnel) }
        return ends[1]
    }

    /// Both directions of a tunnel, until either side ends it.
    private func carry(_ tunnel: Tunnel) async {
        let up = Task(executorPreference: loop) { await self.carryUp(tunnel) }
        await carryDown(tunnel)
        tunnel.isOver = true
        loop.wake(tunnel.local)
        await up.value
        if session != nil { ssh_channel_free(tunnel.channel) }
        loop.forget(tunnel.local)
        close(tunnel.local)
        leave()
    }

    /// Of what a host sends through a tunnel and nobody has taken yet: over any window that it was given.
    private static let waitingBytes: Int32 = 8 << 20

    /// A host that ignores the window would fill libssh's buffers.
    private func checkWaiting(_ channel: ssh_channel) throws(ConnectionFault) {
        guard session != nil, !isLost else { throw .lost("the connection is gone") }
        for isError in [Int32(0), 1] where ssh_channel_poll(channel, isError) > Self.waitingBytes {
            throw lose(TransportFailure.flood(Int(Self.waitingBytes)))
        }
    }

    private func carryUp(_ tunnel: Tunnel) async {
        let (channel, local) = (tunnel.channel, tunnel.local)
        var buffer = [UInt8](repeating: 0, count: Self.pieceBytes)
        var pending: ArraySlice<UInt8> = []
        while !tunnel.isOver, let session, !isLost {
            if pending.isEmpty {
                let count = read(local, &buffer, buffer.count)
                if count > 0 {
                    pending = buffer[..<count]
                } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                    break
                } else {
                    flush()
                    _ = await loop.wait(local, .reading, deadline: .max)
                }
                continue
            }
            if ssh_get_poll_flags(session) & SSH_WRITE_PENDING == 0, ssh_channel_window_size(channel) > 0 {
                let written = pending.withUnsafeBytes { ssh_channel_write(channel, $0.baseAddress, UInt32($0.count)) }
                guard written >= 0 else { break }
                pending = pending.dropFirst(Int(written))
                if written > 0 { continue }
            }
            do {
                try await activity(session, .max)
                try pump(session)
                try checkWaiting(channel)
            } catch { break }
        }
        tunnel.isOver = true
        loop.wake(descriptor)
    }

    private func carryDown(_ tunnel: Tunnel) async {
        let channel = tunnel.channel
        var buffer = [UInt8](repeating: 0, count: Self.pieceBytes)
        while !tunnel.isOver, let session, !isLost {
            let count = ssh_channel_read_nonblocking(channel, &buffer, UInt32(buffer.count), 0)
            if count > 0 {
                guard await deliver(buffer[..<Int(count)], tunnel) else { break }
                continue
            }
            if ssh_channel_is_eof(channel) != 0 || ssh_channel_is_closed(channel) != 0 || count == SSH_ERROR { break }
            do {
                try await activity(session, .max)
                try pump(session)
                try checkWaiting(channel)
            } catch { break }
        }
    }

    /// How long a side that takes nothing is left alone before it is looked at again.
    private static let look: UInt64 = 1_000_000_000

    private func deliver(_ bytes: ArraySlice<UInt8>, _ tunnel: Tunnel) async -> Bool {
        let local = tunnel.local
        var rest = bytes
        while !rest.isEmpty {
            guard !tunnel.isOver, session != nil else { return false }
            let count = rest.withUnsafeBytes { send(local, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN || errno == EINTR {
                flush()
                _ = await loop.wait(local, .writing, deadline: EventLoop.now() + Self.look)
            } else {
                return false
            }
        }
        return true
    }
}

/// What a tunnel joins. Sendable: see inside.
private final class Tunnel: @unchecked Sendable {
    // Sendable: only methods of the connection touch it, and those run on its loop's thread.
    let channel: ssh_channel
    /// Our end of the socket pair.
    let local: Int32
    /// Whether either side has ended it.
    var isOver = false

    init(channel: ssh_channel, local: Int32) {
        self.channel = channel
        self.local = local
    }
}
