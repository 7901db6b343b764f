internal import RunbookModel

/// The one way a string stands in a journal line: quotes, backslashes and invisible characters escaped, nothing else.
enum CanonicalText {
    /// Whether `scalar` is written as `\uXXXX`: controls, line separators, zero-width and bidirectional marks. All of
    /// them lie in the basic plane, so there are no surrogate pairs.
    @inline(__always)
    static func isEscaped(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0...0x1F, 0x7F...0x9F, 0x200B...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    /// Appends `text` in quotes.
    static func append(_ text: String, to line: inout LineSink) {
        line.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            let bytes = LineBytes(utf8)
            var at = 0
            while at < bytes.count {
                let plain = at..<endOfPlain(bytes, from: at)
                line.append(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: utf8[plain])))
                at = plain.upperBound
                guard at < bytes.count else { break }
                at += appendOther(utf8, at, to: &line)
            }
        }
        line.append(UInt8(ascii: "\""))
    }

    /// `text` in quotes, at most as much of it as a line holds.
    static func quoted(_ text: String) -> [UInt8] {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Limits.lineBytes) { room in
            var line = LineSink(room)
            append(text, to: &line)
            return Array(line.bytes)
        }
    }

    /// Appends the character at `at` of valid UTF-8, which is not plain; returns its length.
    private static func appendOther(_ utf8: UnsafeBufferPointer<UInt8>, _ at: Int, to line: inout LineSink) -> Int {
        let first = utf8[at]
        let length =
            switch first {
            case 0..<0x80: 1
            case 0..<0xE0: 2
            case 0..<0xF0: 3
            default: 4
            }
        var scalar = UInt32(length == 1 ? first : first & (0x7F >> UInt8(length)))
        for byte in utf8[(at + 1)..<(at + length)] { scalar = scalar << 6 | UInt32(byte & 0x3F) }
        switch first {
        case UInt8(ascii: "\""): line.append(#"\""#)
        case UInt8(ascii: "\\"): line.append(#"\\"#)
        default:
            if isEscaped(scalar) {
                line.append(#"\u"#)
                for shift in [12, 8, 4, 0] as [UInt32] {
                    line.append(Hex.character(UInt8(truncatingIfNeeded: scalar >> shift & 15)))
                }
            } else {
                line.append(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: utf8[at..<(at + length)])))
            }
        }
        return length
    }

    /// Where, from `start` on, the first byte stands that does not stand for itself wherever it is: that is no printable
    /// ASCII, or a quote or a backslash. Eight bytes at once.
    @inline(__always)
    static func endOfPlain(_ bytes: LineBytes, from start: Int) -> Int {
        var at = start
        let (ones, tops): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        while at + 8 <= bytes.count {
            let word = bytes.word(at: at)
            let (quote, backslash, delete) = (word ^ ones &* 0x22, word ^ ones &* 0x5C, word ^ ones &* 0x7F)
            // A byte's top bit is set where it is below 0x20, one of those three, or no ASCII; and maybe in bytes after.
            let others = word | (word &- ones &* 0x20) | (quote &- ones) | (backslash &- ones) | (delete &- ones)
            guard others & tops == 0 else { return at + (others & tops).trailingZeroBitCount / 8 }
            at += 8
        }
        while at < bytes.count, isPlain(bytes[at]) { at += 1 }
        return at
    }

    @inline(__always)
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// `[a-z0-9_.]`, at least one.
    static func isKey(_ key: String) -> Bool {
        var key = key
        return !key.isEmpty && key.withUTF8 { $0.allSatisfy(isKeyByte) }
    }

    @inline(__always)
    static func isKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }
}
