internal import CLibssh
internal import Glibc
internal import RunbookTransport

/// Opens TCP connections without ever blocking the loop.
enum Dial {
    /// The head start of an address before the next one is tried beside it (RFC 8305).
    private static let headStart: UInt64 = 250_000_000

    /// A connected descriptor, non-blocking, or why there is none. Literal addresses come first: a name is only looked up
    /// where none of them answers.
    static func connect(
        _ addresses: [String], _ port: Int, deadline: UInt64, loop: EventLoop,
        isolation: isolated (any Actor) = #isolation
    ) async throws(WayFailure) -> Int32 {
        let literals = addresses.compactMap { SocketAddress(literal: $0, port: port) }
        let names = addresses.filter { SocketAddress(literal: $0, port: port) == nil }
        var last = WayFailure(TransportFailure(.unreachable, sent: false, "no address"), .answered)
        // One address that refuses says nothing about what another one leads to.
        var isRefused = true
        if !literals.isEmpty {
            let now = EventLoop.now()
            let half = now + (max(deadline, now) - now) / 2
            do throws(WayFailure) {
                return try await race(
                    literals, deadline: names.isEmpty ? deadline : half, loop: loop, isolation: isolation)
            } catch {
                last = error
                isRefused = error.isRefusal
            }
        }
        for name in names {
            let places = await Resolver.places(name, port: port, deadline: deadline, loop: loop, isolation: isolation)
            if places.isEmpty {
                if literals.isEmpty {
                    let why = "the name \(name) can't be resolved; write its address"
                    last = WayFailure(TransportFailure(.unreachable, sent: false, why), .gone)
                }
                continue
            }
            do throws(WayFailure) {
                return try await race(alternating(places), deadline: deadline, loop: loop, isolation: isolation)
            } catch {
                last = error
                isRefused = isRefused && error.isRefusal
            }
        }
        last.isRefusal = last.isRefusal && isRefused
        throw last
    }

    /// IPv6 and IPv4 by turns, each in the order that was given, beginning with the family that was given first.
    static func alternating(_ places: [SocketAddress]) -> [SocketAddress] {
        guard let family = places.first?.family else { return [] }
        var first = places.filter { $0.family == family }[...]
        var second = places.filter { $0.family != family }[...]
        var order: [SocketAddress] = []
        while !first.isEmpty || !second.isEmpty {
            if let next = first.popFirst() { order.append(next) }
            if let next = second.popFirst() { order.append(next) }
        }
        return order
    }

    /// The first of `places` that takes the connection. Each has a head start before the next one.
    private static func race(
        _ places: [SocketAddress], deadline: UInt64, loop: EventLoop, isolation: isolated (any Actor)
    ) async throws(WayFailure) -> Int32 {
        var waiting = places[...]
        var open: [Int32] = []
        var last = failure(ETIMEDOUT)
        var isRefused = true
        defer {
            for descriptor in open {
                loop.forget(descriptor)
                close(descriptor)
            }
        }
        while true {
            if let place = waiting.popFirst() {
                switch begin(place) {
                case .connected(let descriptor): return tuned(descriptor)
                case .begun(let descriptor): open.append(descriptor)
                case .failed(let code):
                    last = failure(code)
                    isRefused = isRefused && last.isRefusal
                    continue
                }
            }
            guard !open.isEmpty else {
                last.isRefusal = last.isRefusal && isRefused
                throw last
            }
            let now = EventLoop.now()
            guard now < deadline else { throw failure(ETIMEDOUT) }
            let until = waiting.isEmpty ? deadline : min(deadline, now + headStart)
            _ = await loop.waitAny(open, .writing, deadline: until, isolation: isolation)
            for descriptor in open {
                guard let code = outcome(descriptor) else { continue }
                open.removeAll { $0 == descriptor }
                if code == 0 { return tuned(descriptor) }
                last = failure(code)
                isRefused = isRefused && last.isRefusal
                loop.forget(descriptor)
                close(descriptor)
            }
        }
    }

    private enum Beginning {
        case connected(Int32)
        case begun(Int32)
        case failed(Int32)
    }

    private static func begin(_ place: SocketAddress) -> Beginning {
        let descriptor = socket(
            place.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .failed(errno) }
        let code = place.withPointer { Glibc.connect(descriptor, $0, $1) }
        if code == 0 { return .connected(descriptor) }
        if errno == EINPROGRESS { return .begun(descriptor) }
        let error = errno
        close(descriptor)
        return .failed(error)
    }

    /// 0: connected; nil: not yet decided.
    private static func outcome(_ descriptor: Int32) -> Int32? {
        var look = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&look, 1, 0) > 0 else { return nil }
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
        return error
    }

    /// Small packets leave at once, and a peer that is gone is noticed by the system as well.
    private static func tuned(_ descriptor: Int32) -> Int32 {
        func set(_ level: Int32, _ option: Int32, _ value: Int32) {
            var value = value
            setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
        }
        let tcp = Int32(IPPROTO_TCP)
        set(tcp, TCP_NODELAY, 1)
        set(tcp, TCP_USER_TIMEOUT, 15_000)
        set(SOL_SOCKET, SO_KEEPALIVE, 1)
        set(tcp, TCP_KEEPIDLE, 15)
        set(tcp, TCP_KEEPINTVL, 5)
        set(tcp, TCP_KEEPCNT, 3)
        return descriptor
    }

    static func failure(_ code: Int32) -> WayFailure {
        var failure = WayFailure(
            TransportFailure(.unreachable, sent: false, String(cString: strerror(code))),
            code == ECONNREFUSED ? .answered : .passing)
        failure.isRefusal = code == ECONNREFUSED
        return failure
    }
}
