internal import CLibssh
internal import Glibc
internal import RunbookTransport

/// Opens TCP connections without ever blocking the loop.
enum Dial {
    /// A connected descriptor, non-blocking, or why there is none.
    static func connect(
        _ address: String, _ port: Int, deadline: UInt64, loop: EventLoop, isolation: isolated (any Actor) = #isolation
    ) async throws(TransportFailure) -> Int32 {
        let places: [SocketAddress]
        if let literal = SocketAddress(literal: address, port: port) {
            places = [literal]
        } else {
            places = await SocketAddress.resolve(address, port: port)
            if places.isEmpty {
                throw TransportFailure(
                    .unreachable, sent: false, "the name \(address) can't be resolved; write its address")
            }
        }
        var last = TransportFailure(.unreachable, sent: false, "no address")
        for place in places {
            do throws(TransportFailure) {
                return try await connect(place, deadline: deadline, loop: loop, isolation: isolation)
            } catch { last = error }
        }
        throw last
    }

    private static func connect(
        _ place: SocketAddress, deadline: UInt64, loop: EventLoop, isolation: isolated (any Actor)
    ) async throws(TransportFailure) -> Int32 {
        let descriptor = socket(
            place.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure(errno) }
        let code = place.withPointer { Glibc.connect(descriptor, $0, $1) }
        if code != 0, errno != EINPROGRESS {
            let error = errno
            close(descriptor)
            throw failure(error)
        }
        if code != 0 {
            let wakeup = await loop.wait(descriptor, wantsWrite: true, deadline: deadline, isolation: isolation)
            var error: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
            if wakeup == .timedOut || error != 0 {
                loop.forget(descriptor)
                close(descriptor)
                throw wakeup == .timedOut ? failure(ETIMEDOUT) : failure(error)
            }
        }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var patience: UInt32 = 15_000
        setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &patience, socklen_t(MemoryLayout<UInt32>.size))
        return descriptor
    }

    static func failure(_ code: Int32) -> TransportFailure {
        TransportFailure(.unreachable, sent: false, String(cString: strerror(code)))
    }
}

/// An IPv4 or IPv6 address with a port.
struct SocketAddress: Sendable {
    private var storage = sockaddr_storage()
    private var length: socklen_t = 0

    var family: Int32 { Int32(storage.ss_family) }

    init?(literal address: String, port: Int) {
        guard let port = in_port_t(exactly: port) else { return nil }
        var four = sockaddr_in()
        if inet_pton(AF_INET, address, &four.sin_addr) == 1 {
            four.sin_family = sa_family_t(AF_INET)
            four.sin_port = port.bigEndian
            store(four)
            return
        }
        // `fe80::1%eth0` names its interface.
        let parts = address.split(separator: "%", maxSplits: 1)
        var six = sockaddr_in6()
        guard let bare = parts.first, inet_pton(AF_INET6, String(bare), &six.sin6_addr) == 1 else { return nil }
        six.sin6_family = sa_family_t(AF_INET6)
        six.sin6_port = port.bigEndian
        if parts.count > 1 { six.sin6_scope_id = if_nametoindex(String(parts[1])) }
        store(six)
    }

    private init(_ info: addrinfo) {
        guard let address = info.ai_addr, Int(info.ai_addrlen) <= MemoryLayout<sockaddr_storage>.size else { return }
        length = info.ai_addrlen
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(info.ai_addrlen)))
        }
    }

    private mutating func store<Address>(_ address: Address) {
        length = socklen_t(MemoryLayout<Address>.size)
        withUnsafeBytes(of: address) { bytes in
            withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: bytes) }
        }
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    /// Asks the system's resolver, on a thread of its own: it blocks, and in a blackout for long.
    static func resolve(_ name: String, port: Int) async -> [SocketAddress] {
        await withCheckedContinuation { continuation in
            let box = ResolverBox(name: name, port: port, continuation: continuation)
            var thread = pthread_t()
            let held = Unmanaged.passRetained(box)
            let code = pthread_create(
                &thread, nil,
                { context in
                    if let context { Unmanaged<ResolverBox>.fromOpaque(context).takeRetainedValue().run() }
                    return nil
                }, held.toOpaque())
            if code == 0 {
                pthread_detach(thread)
            } else {
                held.release()
                continuation.resume(returning: [])
            }
        }
    }

    private final class ResolverBox {
        let name: String
        let port: Int
        let continuation: CheckedContinuation<[SocketAddress], Never>

        init(name: String, port: Int, continuation: CheckedContinuation<[SocketAddress], Never>) {
            self.name = name
            self.port = port
            self.continuation = continuation
        }

        func run() {
            var hints = addrinfo()
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            var found: UnsafeMutablePointer<addrinfo>?
            var places: [SocketAddress] = []
            if getaddrinfo(name, String(port), &hints, &found) == 0 {
                var next = found
                while let info = next, places.count < 8 {
                    places.append(SocketAddress(info.pointee))
                    next = info.pointee.ai_next
                }
                freeaddrinfo(found)
            }
            continuation.resume(returning: places)
        }
    }
}
