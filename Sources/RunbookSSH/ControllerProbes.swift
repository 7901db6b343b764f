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
                .http(
                    status: nil, url.hasPrefix("https://") ? "https is not supported yet" : "\(url) is no http address")
            )
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
            if count == 0 || (errno != EAGAIN && errno != EINTR) { break }
            if EventLoop.now() >= deadline { return ProbeAnswer(.timedOut) }
            _ = await loop.wait(descriptor, rest.isEmpty ? .reading : [.reading, .writing], deadline: deadline)
        }
        // A page that was cut before its status says nothing; words of another protocol do.
        if page.count == 0 { return ProbeAnswer(.unreached("the connection was closed without an answer")) }
        guard let status = page.status else { return ProbeAnswer(.http(status: nil, "the answer is no HTTP")) }
        return ProbeAnswer(.http(status: status, ""), stdout: Array(page.body.prefix(Limits.checkOutputBytes)))
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

/// An HTTP answer as far as it has come. Its head is read once, however small the pieces are in which it comes.
struct HTTPAnswer {
    private(set) var status: Int?
    private var heard = HostBytes(limitBytes: Limits.checkOutputBytes + headBytes)
    private var bodyAt: Int?
    private var length: Int?

    /// Room for the head, beside what is kept of any check.
    private static let headBytes = 64 << 10

    private var bytes: [UInt8] { heard.bytes }

    var count: Int { bytes.count }

    var isOver: Bool { heard.isOver }

    var body: [UInt8] { bodyAt.map { Array(bytes[$0...]) } ?? [] }

    /// All the length that the head promised is there.
    var isWhole: Bool {
        guard let bodyAt, let length else { return false }
        return bytes.count - bodyAt >= length
    }

    mutating func take(_ more: ArraySlice<UInt8>) {
        let from = max(0, bytes.count - 3)
        heard.take(more)
        guard bodyAt == nil, let end = Self.headEnd(bytes, from) else { return }
        bodyAt = end.upperBound
        readHead(String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(whereSeparator: \.isNewline))
    }

    private mutating func readHead(_ lines: [Substring]) {
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let code = Int(words[1]), (100...599).contains(code)
        else { return }
        status = code
        for line in lines.dropFirst() {
            let pair = line.split(separator: ":", maxSplits: 1)
            guard pair.count == 2, pair[0].lowercased() == "content-length",
                let given = Int(pair[1].filter { $0 != " " }), given >= 0
            else { continue }
            length = given
        }
    }

    /// The empty line after the head, looked for from `start` on.
    private static func headEnd(_ bytes: [UInt8], _ start: Int) -> Range<Int>? {
        for index in start..<bytes.count where bytes[index] == 0x0A {
            if index + 1 < bytes.count, bytes[index + 1] == 0x0A { return index..<(index + 2) }
            if index + 2 < bytes.count, bytes[index + 1] == 0x0D, bytes[index + 2] == 0x0A {
                return index..<(index + 3)
            }
        }
        return nil
    }
}
