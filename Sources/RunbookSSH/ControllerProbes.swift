internal import Glibc
internal import RunbookModel
internal import RunbookTransport

/// Questions that this machine asks over the network by itself: a host that is dark can't ask them.
actor ControllerProbes {
    private let loop: EventLoop

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EventLoop) { self.loop = loop }

    /// Where a question goes.
    struct Place: Sendable {
        var addresses: [String]
        /// The host that leads there; nil: this machine reaches it.
        var jump: HostLink?
    }

    private func connect(_ place: Place, _ port: Int, _ deadline: UInt64) async throws(WayFailure) -> Int32 {
        if let jump = place.jump, let address = place.addresses.last {
            return try await jump.tunnel(to: address, port: port)
        }
        return try await Dial.connect(place.addresses, port, deadline: deadline, loop: loop)
    }

    /// Whether something accepts there.
    func tcp(_ place: Place, _ port: Int, _ timeout: Duration) async -> ProbeAnswer {
        let deadline = EventLoop.now() + HostLink.nanoseconds(timeout)
        do throws(WayFailure) {
            let descriptor = try await connect(place, port, deadline)
            loop.forget(descriptor)
            close(descriptor)
            return ProbeAnswer(.open(true, ""))
        } catch {
            return ProbeAnswer(
                error.isRefusal ? .open(false, error.failure.message) : .unreached(error.failure.message))
        }
    }

    /// Asks for a page. `place` tells where the host of a URL is.
    func http(_ url: String, _ timeout: Duration, place: @Sendable (String) -> Place) async -> ProbeAnswer {
        guard let target = HTTPTarget(url) else {
            return ProbeAnswer(
                .unasked(url.hasPrefix("https://") ? "https is not supported yet" : "invalid http address \(url)"))
        }
        let deadline = EventLoop.now() + HostLink.nanoseconds(timeout)
        let descriptor: Int32
        do throws(WayFailure) {
            descriptor = try await connect(place(target.host), target.port, deadline)
        } catch {
            return ProbeAnswer(
                error.isRefusal
                    ? .http(status: nil, error.failure.message) : .unreached(error.failure.message))
        }
        defer {
            loop.forget(descriptor)
            close(descriptor)
        }
        var rest = Array(target.request.utf8)[...]
        var page = HTTPAnswer()
        var isClosed = false
        var buffer = [UInt8](repeating: 0, count: 32 << 10)
        while true {
            if !rest.isEmpty {
                let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                if count > 0 {
                    rest = rest.dropFirst(count)
                    continue
                }
            }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 {
                page.take(buffer[..<count])
                if page.isWhole || page.isOver { break }
                continue
            }
            if count == 0 {
                isClosed = true
                break
            }
            if errno != EAGAIN && errno != EINTR { break }
            if EventLoop.now() >= deadline { return ProbeAnswer(.timedOut) }
            _ = await loop.wait(descriptor, rest.isEmpty ? .reading : [.reading, .writing], deadline: deadline)
        }
        return page.answer(isClosed: isClosed)
    }
}

/// `http://host[:port]/path`.
struct HTTPTarget: Hashable {
    var host: String
    var port: Int
    var path: String

    init?(_ url: String) {
        guard url.hasPrefix("http://"), url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        let rest = url.dropFirst(7)
        let place = rest.prefix { $0 != "/" && $0 != "?" }
        let tail = rest.dropFirst(place.count)
        path = tail.isEmpty ? "/" : tail.hasPrefix("/") ? String(tail) : "/\(tail)"
        if place.hasPrefix("["), let end = place.firstIndex(of: "]") {
            host = String(place[place.index(after: place.startIndex)..<end])
            let after = place[place.index(after: end)...]
            guard let port = after.isEmpty ? 80 : after.hasPrefix(":") ? Int(after.dropFirst()) : nil else {
                return nil
            }
            self.port = port
        } else {
            let parts = place.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2, let port = parts.count == 2 ? Int(parts[1]) : 80 else { return nil }
            host = String(parts[0])
            self.port = port
        }
        guard !host.isEmpty, (1...65_535).contains(port) else { return nil }
    }

    var request: String {
        "GET \(path) HTTP/1.0\r\nHost: \(host)\r\nUser-Agent: blackstart\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    }
}
