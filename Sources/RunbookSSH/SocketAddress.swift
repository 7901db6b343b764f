internal import CLibssh
internal import Glibc

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

    fileprivate init(_ info: addrinfo) {
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

    /// As people write it, without the port.
    var literal: String? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = withPointer {
            getnameinfo($0, $1, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        }
        return code == 0 ? String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}

/// Asks the system's resolver, on a thread of its own: it blocks, and in a blackout for long.
enum Resolver {
    private static let placesAtMost = 8

    /// Empty where there is no answer before `deadline`.
    static func places(
        _ name: String, port: Int, deadline: UInt64, loop: EventLoop, isolation: isolated (any Actor) = #isolation
    ) async -> [SocketAddress] {
        guard let question = Question(name: name, port: port) else { return [] }
        var thread = pthread_t()
        let held = Unmanaged.passRetained(question)
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Question>.fromOpaque(context).takeRetainedValue().ask() }
                return nil
            }, held.toOpaque())
        guard code == 0 else {
            held.release()
            return []
        }
        pthread_detach(thread)
        _ = await loop.wait(question.bell, .reading, deadline: deadline, isolation: isolation)
        loop.forget(question.bell)
        return question.answer.withLock { $0 }
    }

    private final class Question: Sendable {
        let name: String
        let port: Int
        let answer = LoopLock<[SocketAddress]>([])
        /// Can be read once the answer is there. Closed when neither side needs it any more.
        let bell: Int32

        init?(name: String, port: Int) {
            self.name = name
            self.port = port
            bell = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
            if bell < 0 { return nil }
        }

        deinit { close(bell) }

        func ask() {
            var hints = addrinfo()
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            var found: UnsafeMutablePointer<addrinfo>?
            if getaddrinfo(name, String(port), &hints, &found) == 0 {
                var places: [SocketAddress] = []
                var next = found
                while let info = next, places.count < Resolver.placesAtMost {
                    places.append(SocketAddress(info.pointee))
                    next = info.pointee.ai_next
                }
                freeaddrinfo(found)
                answer.withLock { $0 = places }
            }
            var one: UInt64 = 1
            _ = write(bell, &one, 8)
        }
    }
}
