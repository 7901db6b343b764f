internal import Glibc
internal import RunbookModel
internal import RunbookTransport

/// Questions that this machine asks over the network by itself: a host that is dark can't ask them.
actor ControllerProbes {
    private let loop: EventLoop

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EventLoop) { self.loop = loop }

    /// Whether something accepts there.
    func tcp(_ address: String, _ port: Int, _ timeout: Duration) async -> ProbeAnswer {
        let deadline = EventLoop.now() + HostLink.nanoseconds(timeout)
        do throws(TransportFailure) {
            let descriptor = try await Dial.connect(address, port, deadline: deadline, loop: loop)
            loop.forget(descriptor)
            close(descriptor)
            return ProbeAnswer(.open(true, ""))
        } catch { return ProbeAnswer(.open(false, error.message)) }
    }

    /// Asks for a page. `address` tells the address of a host that the URL names as the inventory does.
    func http(_ url: String, _ timeout: Duration, address: @Sendable (String) -> String?) async -> ProbeAnswer {
        guard let target = HTTPTarget(url) else {
            return ProbeAnswer(
                .http(
                    status: nil, url.hasPrefix("https://") ? "https is not supported yet" : "\(url) is no http address")
            )
        }
        let deadline = EventLoop.now() + HostLink.nanoseconds(timeout)
        let descriptor: Int32
        do throws(TransportFailure) {
            descriptor = try await Dial.connect(
                address(target.host) ?? target.host, target.port, deadline: deadline, loop: loop)
        } catch { return ProbeAnswer(.http(status: nil, error.message)) }
        defer {
            loop.forget(descriptor)
            close(descriptor)
        }
        var rest = Array(target.request.utf8)[...]
        var answer: [UInt8] = []
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
                answer += buffer[..<count]
                if answer.count > Limits.checkOutputBytes { break }
                if HTTPAnswer(answer).isWhole { break }
                continue
            }
            if count == 0 || (errno != EAGAIN && errno != EINTR) { break }
            if EventLoop.now() >= deadline { return ProbeAnswer(.timedOut) }
            _ = await loop.wait(descriptor, wantsWrite: !rest.isEmpty, deadline: deadline)
        }
        let page = HTTPAnswer(answer)
        guard let status = page.status else { return ProbeAnswer(.http(status: nil, "the answer is no HTTP")) }
        return ProbeAnswer(.http(status: status, ""), stdout: page.body)
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

/// The bytes of an HTTP answer as far as they have come.
struct HTTPAnswer {
    private(set) var status: Int?
    private(set) var body: [UInt8] = []
    /// All the length that the header promised is there.
    private(set) var isWhole = false

    init(_ bytes: [UInt8]) {
        guard let end = Self.headerEnd(bytes) else { return }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(whereSeparator: \.isNewline)
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let code = Int(words[1]), (100...599).contains(code)
        else { return }
        status = code
        body = Array(bytes[end.upperBound...])
        for line in lines.dropFirst() {
            let pair = line.split(separator: ":", maxSplits: 1)
            guard pair.count == 2, pair[0].lowercased() == "content-length" else { continue }
            guard let length = Int(pair[1].filter { $0 != " " }), length >= 0 else { continue }
            isWhole = body.count >= length
        }
    }

    private static func headerEnd(_ bytes: [UInt8]) -> Range<Int>? {
        for index in bytes.indices where bytes[index] == 0x0A {
            if index + 1 < bytes.count, bytes[index + 1] == 0x0A { return index..<(index + 2) }
            if index + 2 < bytes.count, bytes[index + 1] == 0x0D, bytes[index + 2] == 0x0A {
                return index..<(index + 3)
            }
        }
        return nil
    }
}
