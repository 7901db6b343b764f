internal import RunbookModel
internal import RunbookTransport

/// An HTTP answer as far as it has come. Its head is read once, however small the pieces are in which it comes.
struct HTTPAnswer {
    private(set) var status: Int?
    private var heard = HostBytes(limitBytes: Limits.checkOutputBytes + headBytes)
    /// Where the head of the answer begins: behind interim ones.
    private var headAt = 0
    private var bodyAt: Int?
    private var length = Length.untilClosed

    /// How the body tells where it ends.
    private enum Length: Hashable {
        case bytes(Int)
        case chunked
        /// HTTP/1.0: the connection is closed.
        case untilClosed
        /// The head contradicts itself, or can't be read.
        case unknown
    }

    /// Room for the head, beside what is kept of any check: a body that fits is read to its end.
    private static let headBytes = 64 << 10

    private var bytes: [UInt8] { heard.bytes }

    /// More came than is kept.
    var isOver: Bool { heard.isOver }

    /// All that the head promised is there: nothing more has to be read.
    var isWhole: Bool {
        guard let bodyAt else { return false }
        switch length {
        case .bytes(let count): return bytes.count - bodyAt >= count
        // Whether that is the last chunk is found out once, at the end.
        case .chunked: return bytes.count - bodyAt >= 5 && bytes.suffix(5).elementsEqual("0\r\n\r\n".utf8)
        case .untilClosed, .unknown: return false
        }
    }

    mutating func take(_ more: ArraySlice<UInt8>) {
        var from = max(headAt, bytes.count - 3)
        heard.take(more)
        while bodyAt == nil, let end = Self.headEnd(bytes, from) {
            let head = bytes[headAt..<end.lowerBound]
            if Self.isInterim(head) {
                // The answer itself comes after it.
                headAt = end.upperBound
                from = headAt
                continue
            }
            bodyAt = end.upperBound
            readHead(String(decoding: head, as: UTF8.self).split(whereSeparator: \.isNewline))
        }
    }

    /// `100 Continue` and its like say nothing about the page. 101 is the last word of HTTP.
    private static func isInterim(_ head: ArraySlice<UInt8>) -> Bool {
        let words = String(decoding: head.prefix(32), as: UTF8.self).split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let code = Int(words[1].prefix(3)) else { return false }
        return (100...199).contains(code) && code != 101
    }

    /// What it says to a check. `isClosed`: the server has closed the connection in order; else it broke, or enough was
    /// read.
    func answer(isClosed: Bool) -> ProbeAnswer {
        if bytes.isEmpty { return ProbeAnswer(.unreached("the connection was closed without an answer")) }
        guard let bodyAt, let status else {
            let isCut = bodyAt == nil && bytes.starts(with: "HTTP/1.".utf8)
            return ProbeAnswer(.unreached(isCut ? "the page broke off in its head" : "the answer is not HTTP"))
        }
        var body = bytes[bodyAt...]
        var isCut: Bool
        switch length {
        case .bytes(let count):
            isCut = body.count < count
            body = body.prefix(count)
        case .chunked:
            let (joined, isWhole) = Self.joined(body)
            body = joined[...]
            isCut = !isWhole
        case .untilClosed: isCut = !isClosed
        case .unknown: isCut = true
        }
        isCut = isCut || isOver || body.count > Limits.checkOutputBytes
        return ProbeAnswer(
            .http(status: status, ""), stdout: Array(body.prefix(Limits.checkOutputBytes)), isCut: isCut)
    }

    private mutating func readHead(_ lines: [Substring]) {
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let code = Int(words[1]), (100...599).contains(code)
        else { return }
        status = code
        for line in lines.dropFirst() {
            let pair = line.split(separator: ":", maxSplits: 1)
            guard let name = pair.first?.lowercased() else { continue }
            let value = pair.count == 2 ? pair[1].filter { $0 != " " && $0 != "\t" }.lowercased() : ""
            switch name {
            case "transfer-encoding": length = value == "chunked" && length != .unknown ? .chunked : .unknown
            case "content-length":
                let given = Int(value).flatMap { $0 >= 0 ? Length.bytes($0) : nil } ?? .unknown
                // The chunks count where both are given; two lengths that differ are no length.
                if length == .chunked || length == given { continue }
                length = length == .untilClosed ? given : .unknown
            default: continue
            }
        }
        if code < 200 || code == 204 || code == 304 { length = .bytes(0) }
    }

    /// The text of the chunks, and whether the last one is there.
    private static func joined(_ chunks: ArraySlice<UInt8>) -> (text: [UInt8], isWhole: Bool) {
        var text: [UInt8] = []
        var rest = chunks
        while let end = rest.firstIndex(of: 0x0A) {
            let digits = rest[..<end].prefix { $0 != 0x3B && $0 != 0x0D && $0 != 0x20 }
            guard digits.count <= 8, let count = Int(String(decoding: digits, as: UTF8.self), radix: 16), count >= 0
            else { return (text, false) }
            if count == 0 { return (text, true) }
            rest = rest[(end + 1)...]
            text += rest.prefix(count)
            guard rest.count > count else { return (text, false) }
            rest = rest.dropFirst(count)
            // The line end after a chunk.
            if rest.first == 0x0D { rest = rest.dropFirst() }
            guard rest.first == 0x0A else { return (text, false) }
            rest = rest.dropFirst()
        }
        return (text, false)
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
