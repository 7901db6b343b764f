import Glibc

/// A conversation with an ssh-agent over its socket. One connection a request, each with a deadline.
package struct SSHAgent: Sendable {
    /// Listing asks nobody; signing may wait for a person who confirms.
    static let listMilliseconds: Int64 = 3_000
    static let signMilliseconds: Int64 = 60_000
    private static let replyLimitBytes = 256 << 10
    /// An RSA key would sign with SHA-1 otherwise.
    private static let wantsSHA512 = 4

    package struct Identity: Hashable, Sendable {
        package var blob: [UInt8]
        package var comment: String
    }

    package let path: String

    /// `path` is what `SSH_AUTH_SOCK` says.
    package init(path: String) { self.path = path }

    /// The keys that the agent holds, of every type, in its order.
    package func identities() throws(KeyFault) -> [Identity] {
        let reply = try exchange([11], milliseconds: Self.listMilliseconds)
        var reader = SSHWireReader(reply[...])
        guard reader.take(1)?.first == 12, let count = reader.uint32(), count <= 10_000 else { throw .agentMalformed }
        var identities: [Identity] = []
        for _ in 0..<count {
            guard let blob = reader.string(), let comment = reader.string() else { throw .agentMalformed }
            identities.append(Identity(blob: Array(blob), comment: String(decoding: comment, as: UTF8.self)))
        }
        guard reader.isAtEnd else { throw .agentMalformed }
        return identities
    }

    /// The signature of `key` over exactly these bytes, checked.
    package func sign(_ bytes: [UInt8], key: SSHPublicKey) throws(KeyFault) -> [UInt8] {
        let flags = key.kind == .rsa ? Self.wantsSHA512 : 0
        let request = [13] + SSHWire.string(key.blob) + SSHWire.string(bytes) + SSHWire.uint32(flags)
        let reply = try exchange(request, milliseconds: Self.signMilliseconds)
        guard reply != [5] else { throw .agentRefused }
        var reader = SSHWireReader(reply[...])
        guard reader.take(1)?.first == 14, let signature = reader.string(), reader.isAtEnd else {
            throw .agentMalformed
        }
        guard key.isValid(Array(signature), over: bytes) else { throw .agentMalformed }
        return Array(signature)
    }

    private func exchange(_ request: [UInt8], milliseconds: Int64) throws(KeyFault) -> [UInt8] {
        let deadline = SystemCalls.monotonicMilliseconds + milliseconds
        let descriptor = try connected()
        defer { Glibc.close(descriptor) }
        try send(SSHWire.string(request), to: descriptor, deadline: deadline)
        let header = try receive(4, from: descriptor, deadline: deadline)
        let length = header.reduce(0) { $0 << 8 | Int($1) }
        guard (1...Self.replyLimitBytes).contains(length) else { throw .agentMalformed }
        return try receive(length, from: descriptor, deadline: deadline)
    }

    private func connected() throws(KeyFault) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { field in
            guard !name.isEmpty, name.count < field.count else { return false }
            field.copyBytes(from: name)
            return true
        }
        guard fits else { throw .agentUnreachable(path: path, error: SystemError(ENAMETOOLONG)) }
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { throw .agentUnreachable(path: path, error: .last) }
        // A unix socket connects at once or, with a full backlog, says EAGAIN: an agent that busy is as good as none.
        let status = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else {
            let error = SystemError.last
            Glibc.close(descriptor)
            throw .agentUnreachable(path: path, error: error)
        }
        return descriptor
    }

    private func send(_ bytes: [UInt8], to descriptor: Int32, deadline: Int64) throws(KeyFault) {
        var sent = 0
        while sent < bytes.count {
            try wait(for: Int16(POLLOUT), on: descriptor, deadline: deadline)
            let from = sent
            let count = bytes.withUnsafeBytes { raw in
                Glibc.send(descriptor, raw.baseAddress.map { $0 + from }, raw.count - from, Int32(MSG_NOSIGNAL))
            }
            if count < 0 { try tolerate(.last) } else { sent += count }
        }
    }

    private func receive(_ count: Int, from descriptor: Int32, deadline: Int64) throws(KeyFault) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(count, 16 << 10))
        while bytes.count < count {
            try wait(for: Int16(POLLIN), on: descriptor, deadline: deadline)
            let got = recv(descriptor, &chunk, min(chunk.count, count - bytes.count), 0)
            if got == 0 { throw .agentMalformed }
            if got < 0 { try tolerate(.last) } else { bytes.append(contentsOf: chunk[..<got]) }
        }
        return bytes
    }

    /// Returns when the socket is ready (or broken: the next call says how).
    private func wait(for events: Int16, on descriptor: Int32, deadline: Int64) throws(KeyFault) {
        while true {
            let left = deadline - SystemCalls.monotonicMilliseconds
            guard left > 0 else { throw .agentSilent(path: path) }
            var entry = pollfd(fd: descriptor, events: events, revents: 0)
            let ready = poll(&entry, 1, Int32(clamping: left))
            if ready > 0 { return }
            if ready < 0 { try tolerate(.last) }
        }
    }

    private func tolerate(_ error: SystemError) throws(KeyFault) {
        guard error.code == EINTR || error.code == EAGAIN else { throw .agentUnreachable(path: path, error: error) }
    }
}

/// An operator's key, of any kind, that never leaves the ssh-agent or the token behind it.
package struct AgentKey: OperatorKey {
    package let publicKey: SSHPublicKey
    package let principal: String
    private let agent: SSHAgent

    package init(publicKey: SSHPublicKey, principal: String, agent: SSHAgent) {
        self.publicKey = publicKey
        self.principal = principal
        self.agent = agent
    }

    package func sign(_ toBeSigned: [UInt8]) throws(KeyFault) -> [UInt8] { try agent.sign(toBeSigned, key: publicKey) }
}
