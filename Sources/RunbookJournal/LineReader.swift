import RunbookModel

/// Reads one line, strictly: every byte has to be the one that the writer would have written. Never traps, whatever the
/// bytes; work and depth are bounded by the line's length.
struct LineReader {
    struct Line {
        var entry: JournalEntry
        var previous: LineHash
    }

    /// Which fields are wanted; all of them are checked in any case.
    enum Fields {
        case all
        /// Of the lines whose fields are part of the proof.
        case proven
        case none
    }

    private let bytes: LineBytes
    /// Where the line feed stands.
    private let end: Int
    private var at = 0

    /// `line` includes its line feed.
    init(_ line: LineBytes) throws(LineFault) {
        guard line.count <= Limits.lineBytes else { throw .tooLong(bytes: line.count) }
        guard line.count > 0, line[line.count - 1] == UInt8(ascii: "\n") else { throw .notTerminated }
        bytes = line
        end = line.count - 1
    }

    static func read(_ line: ArraySlice<UInt8>, keeping fields: Fields) throws(LineFault) -> Line {
        try line.withUnsafeBufferPointer { (bytes) throws(LineFault) in
            var reader = try LineReader(LineBytes(bytes))
            return try reader.line(keeping: fields)
        }
    }

    mutating func line(keeping wanted: Fields) throws(LineFault) -> Line {
        try expect(#"{"prev":""#)
        guard let previous = LineHash(hex: bytes, at: at) else { throw .envelope("prev") }
        at += 2 * LineHash.length
        try expect(#"","seq":"#)
        let sequence = try integer()
        guard sequence >= 1 else { throw .envelope("seq") }
        try expect(#","t":"#)
        let type = try type()
        let keeps =
            switch wanted {
            case .all: true
            case .proven: type.isProven
            case .none: false
            }

        var timestamp: Int64?
        var uptime: Int64?
        var fields = JournalFields()
        var last = at..<at
        while peek() == UInt8(ascii: ",") {
            at += 1
            let key = try key(after: last)
            last = key
            try expect(UInt8(ascii: ":"))
            if isText(key, "ts") {
                timestamp = try time()
            } else if isText(key, "up") {
                let value = try integer()
                guard value >= 0 else { throw .envelope("up") }
                uptime = value
            } else if isEnvelope(key) {
                throw .envelope(text(key))
            } else {
                let value = try value(keeps: keeps, depth: 1)
                if keeps { fields[text(key)] = value }
            }
        }
        try expect(UInt8(ascii: "}"))
        guard at == end else { throw fault(.trailing) }
        guard let timestamp else { throw .envelope("ts") }
        guard let uptime else { throw .envelope("up") }
        let entry = JournalEntry(
            sequence: Int(sequence), type: type.name, timestamp: timestamp, uptime: uptime, fields: fields)
        return Line(entry: entry, previous: previous)
    }

    private mutating func type() throws(LineFault) -> LineTypes.Known {
        let start = at
        _ = try string(keeps: false)
        if let known = LineTypes.known(bytes[start + 1..<at - 1]) { return known }
        at = start
        guard case .string(let name) = try string(keeps: true) else { throw .envelope("t") }
        throw .unknownType(name)
    }

    // MARK: Values

    /// Checks a value; builds it only if it is wanted, so that verifying allocates next to nothing.
    private mutating func value(keeps: Bool, depth: Int) throws(LineFault) -> JournalValue {
        guard depth < LineLimits.depth else { throw fault(.depth) }
        switch peek() {
        case UInt8(ascii: "\""): return try string(keeps: keeps)
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
            return .integer(try integer())
        case UInt8(ascii: "t"):
            try expect("true")
            return .boolean(true)
        case UInt8(ascii: "f"):
            try expect("false")
            return .boolean(false)
        case UInt8(ascii: "["): return try array(keeps: keeps, depth: depth)
        case UInt8(ascii: "{"): return try object(keeps: keeps, depth: depth)
        default: throw fault(.expected("a value"))
        }
    }

    private mutating func array(keeps: Bool, depth: Int) throws(LineFault) -> JournalValue {
        try expect(UInt8(ascii: "["))
        var values: [JournalValue] = []
        if peek() == UInt8(ascii: "]") {
            at += 1
            return .array(values)
        }
        while true {
            let element = try value(keeps: keeps, depth: depth + 1)
            if keeps { values.append(element) }
            if peek() == UInt8(ascii: "]") { break }
            try expect(UInt8(ascii: ","))
        }
        at += 1
        return .array(values)
    }

    private mutating func object(keeps: Bool, depth: Int) throws(LineFault) -> JournalValue {
        try expect(UInt8(ascii: "{"))
        var members = JournalFields()
        if peek() == UInt8(ascii: "}") {
            at += 1
            return .object(members)
        }
        var last = at..<at
        var count = 0
        var encoded: Range<Int>?
        while true {
            let key = try key(after: last)
            last = key
            count += 1
            try expect(UInt8(ascii: ":"))
            let isEncoded = count == 1 && isText(key, "b64")
            let start = at
            let member = try value(keeps: keeps, depth: depth + 1)
            if isEncoded { encoded = start..<at }
            if keeps { members[text(key)] = member }
            if peek() == UInt8(ascii: "}") { break }
            try expect(UInt8(ascii: ","))
        }
        at += 1
        if count == 1, let encoded {
            // Quotes included; a value that is no string starts with something else and is no base64 either.
            guard encoded.count >= 2, bytes[encoded.lowerBound] == UInt8(ascii: "\""),
                let decoded = Base64.decode(bytes[encoded.lowerBound + 1..<encoded.upperBound - 1])
            else {
                at = encoded.lowerBound
                throw fault(.base64)
            }
            return .bytes(decoded)
        }
        return .object(members)
    }

    private mutating func integer() throws(LineFault) -> Int64 {
        let isNegative = peek() == UInt8(ascii: "-")
        if isNegative { at += 1 }
        let start = at
        var magnitude: Int64 = 0
        while let byte = peek(), case UInt8(ascii: "0")...UInt8(ascii: "9") = byte {
            // 2^53 - 1 has 16 digits: nothing overflows before this says no.
            guard at - start < 16 else { throw fault(.number) }
            magnitude = magnitude * 10 + Int64(byte - UInt8(ascii: "0"))
            at += 1
        }
        guard at > start, magnitude <= LineLimits.integer,
            at - start == 1 || bytes[start] != UInt8(ascii: "0"), !(isNegative && magnitude == 0)
        else { throw fault(.number) }
        switch peek() {
        case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): throw fault(.number)
        default: return isNegative ? -magnitude : magnitude
        }
    }

    private mutating func time() throws(LineFault) -> Int64 {
        try expect(UInt8(ascii: "\""))
        guard end - at >= UTCTime.length, let time = UTCTime.milliseconds(bytes[at..<at + UTCTime.length])
        else { throw .envelope("ts") }
        at += UTCTime.length
        try expect(UInt8(ascii: "\""))
        return time
    }

    // MARK: Strings

    private mutating func string(keeps: Bool) throws(LineFault) -> JournalValue {
        try expect(UInt8(ascii: "\""))
        let start = at
        var decoded: [UInt8] = []
        var copied = at
        while true {
            guard let byte = peek() else { throw fault(.expected("the end of a string")) }
            switch byte {
            case UInt8(ascii: "\""):
                let text: String
                if !keeps {
                    text = ""
                } else if copied == start {
                    text = self.text(start..<at)
                } else {
                    decoded.append(contentsOf: bytes[copied..<at])
                    text = String(decoding: decoded, as: UTF8.self)
                }
                at += 1
                return .string(text)
            case UInt8(ascii: "\\"):
                if keeps { decoded.append(contentsOf: bytes[copied..<at]) }
                let scalar = try escape()
                if keeps, let scalar = Unicode.Scalar(scalar) {
                    decoded.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                }
                copied = at
            case 0x20...0x7E: at = CanonicalText.endOfPlain(bytes, from: at)
            case 0...0x7F: throw fault(.control)
            default: try multibyte()
            }
        }
    }

    /// `\"`, `\\`, or `\uXXXX` (lower case) of a character that has to be escaped.
    private mutating func escape() throws(LineFault) -> UInt32 {
        guard end - at >= 2 else { throw fault(.escape) }
        let kind = bytes[at + 1]
        if kind == UInt8(ascii: "\"") || kind == UInt8(ascii: "\\") {
            at += 2
            return UInt32(kind)
        }
        guard kind == UInt8(ascii: "u"), end - at >= 6 else { throw fault(.escape) }
        var scalar: UInt32 = 0
        for index in at + 2..<at + 6 {
            guard let digit = Hex.digit(bytes[index]) else { throw fault(.escape) }
            scalar = scalar << 4 | UInt32(digit)
        }
        guard CanonicalText.isEscaped(scalar) else { throw fault(.escape) }
        at += 6
        return scalar
    }

    /// One character beyond ASCII: shortest form, no surrogate, at most U+10FFFF, none that has to be escaped.
    private mutating func multibyte() throws(LineFault) {
        let first = bytes[at]
        let (length, least): (Int, UInt32)
        switch first {
        case 0xC2...0xDF: (length, least) = (2, 0x80)
        case 0xE0...0xEF: (length, least) = (3, 0x800)
        case 0xF0...0xF4: (length, least) = (4, 0x10000)
        default: throw fault(.utf8)
        }
        guard end - at >= length else { throw fault(.utf8) }
        var scalar = UInt32(first) & (0x7F >> UInt32(length))
        for index in at + 1..<at + length {
            guard bytes[index] & 0xC0 == 0x80 else { throw fault(.utf8) }
            scalar = scalar << 6 | UInt32(bytes[index] & 0x3F)
        }
        guard scalar >= least, scalar <= 0x10FFFF, !(0xD800...0xDFFF).contains(scalar) else { throw fault(.utf8) }
        guard !CanonicalText.isEscaped(scalar) else { throw fault(.escape) }
        at += length
    }

    // MARK: Keys and bytes

    /// The next key, without quotes, which has to come after `last` bytewise (an empty range: the first).
    private mutating func key(after last: Range<Int>) throws(LineFault) -> Range<Int> {
        try expect(UInt8(ascii: "\""))
        let start = at
        var next = at
        while next < end, CanonicalText.isKeyByte(bytes[next]) { next += 1 }
        at = next
        guard at > start, peek() == UInt8(ascii: "\"") else { throw fault(.key) }
        let key = start..<at
        at += 1
        if !last.isEmpty, !isBefore(last, key) {
            throw fault(bytes[last].elementsEqual(bytes[key]) ? .duplicateKey : .keyOrder)
        }
        return key
    }

    private func isBefore(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
        for index in 0..<min(one.count, other.count) {
            let (left, right) = (bytes[one.lowerBound + index], bytes[other.lowerBound + index])
            if left != right { return left < right }
        }
        return one.count < other.count
    }

    private func isEnvelope(_ key: Range<Int>) -> Bool {
        isText(key, "prev") || isText(key, "seq") || isText(key, "t")
    }

    @inline(__always)
    private func peek() -> UInt8? { at < end ? bytes[at] : nil }

    @inline(__always)
    private mutating func expect(_ byte: UInt8) throws(LineFault) {
        guard peek() == byte else { throw fault(.expected("`\(Unicode.Scalar(byte))`")) }
        at += 1
    }

    private mutating func expect(_ text: StaticString) throws(LineFault) {
        let count = text.utf8CodeUnitCount
        guard end - at >= count, isText(at..<at + count, text) else { throw fault(.expected("`\(text)`")) }
        at += count
    }

    @inline(__always)
    private func isText(_ range: Range<Int>, _ text: StaticString) -> Bool {
        text.withUTF8Buffer { wanted in
            guard range.count == wanted.count else { return false }
            for index in 0..<wanted.count where bytes[range.lowerBound + index] != wanted[index] { return false }
            return true
        }
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private func fault(_ syntax: LineFault.Syntax) -> LineFault { .syntax(syntax, offset: at) }
}
