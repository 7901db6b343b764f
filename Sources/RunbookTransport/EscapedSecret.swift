/// A secret with any of its characters written as an escape: `\u0061`, `\x61`, `\141`, `%61`, `=61`, `&#97;`, `&amp;`,
/// `\n`; and with the sequences that colour a terminal between them.
struct EscapedSecret {
    private let secret: [UInt8]

    init(_ secret: [UInt8]) { self.secret = secret }

    /// The bytes that it may begin with.
    var starts: Set<UInt8> {
        var starts: Set<UInt8> = [UInt8(ascii: "\\"), UInt8(ascii: "%"), UInt8(ascii: "="), UInt8(ascii: "&")]
        if let first = secret.first { starts.insert(first) }
        if secret.first == UInt8(ascii: " ") { starts.insert(UInt8(ascii: "+")) }
        if secret.first == UInt8(ascii: "'") { starts.insert(UInt8(ascii: "'")) }
        return starts
    }

    private enum Reading {
        case none
        /// The text ends within it.
        case cut
        case whole(length: Int, bytes: [UInt8])
    }

    /// Of all sequences between two characters, in bytes.
    private static let fillerAtMost = 96

    func match(_ text: [UInt8], _ start: Int) -> SecretNeedle.Match {
        var (at, done) = (start, 0)
        while done < secret.count {
            if done > 0 {
                guard let next = Self.afterFiller(text, at) else { return .partial }
                at = next
            }
            guard at < text.count else { return .partial }
            switch Self.escape(text, at) {
            case .cut: return .partial
            case .whole(let length, let bytes) where secret[done...].starts(with: bytes):
                at += length
                done += bytes.count
            case .none, .whole:
                guard text[at] == secret[done] || (text[at] == 0x2B && secret[done] == 0x20) else { return .none }
                at += 1
                done += 1
            }
        }
        return .whole(end: at, mayGrow: false)
    }

    /// Behind colours and soft line ends; nil where the text ends within one.
    private static func afterFiller(_ text: [UInt8], _ start: Int) -> Int? {
        var at = start
        while at < text.count, at - start < fillerAtMost {
            switch text[at] {
            case 0x1B:
                guard at + 1 < text.count else { return nil }
                guard text[at + 1] == UInt8(ascii: "[") else {
                    at += 2
                    continue
                }
                at += 2
                while at < text.count, (0x20...0x3F).contains(text[at]), at - start < fillerAtMost { at += 1 }
                guard at < text.count else { return nil }
                at += 1
            case UInt8(ascii: "="), UInt8(ascii: "\\"):
                guard at + 1 < text.count else { return at }
                guard text[at + 1] == 0x0A else { return at }
                at += 2
            default: return at
            }
        }
        return at
    }

    // MARK: Escapes

    private static let named: [UInt8: UInt8] = [
        UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09, UInt8(ascii: "b"): 0x08,
        UInt8(ascii: "f"): 0x0C, UInt8(ascii: "v"): 0x0B, UInt8(ascii: "a"): 0x07, UInt8(ascii: "e"): 0x1B,
    ]

    private static func escape(_ text: [UInt8], _ at: Int) -> Reading {
        switch text[at] {
        case UInt8(ascii: "%"), UInt8(ascii: "="):
            return digits(text, at, skip: 1, 2...2, radix: 16).map { [UInt8($0)] }
        case UInt8(ascii: "&"): return entity(text, at)
        case UInt8(ascii: "'"): return shellQuote(text, at)
        case UInt8(ascii: "\\"): break
        default: return .none
        }
        guard at + 1 < text.count else { return .cut }
        switch text[at + 1] {
        case UInt8(ascii: "u"): return unicode(text, at)
        case UInt8(ascii: "U"): return digits(text, at, skip: 2, 8...8, radix: 16).map(scalar)
        case UInt8(ascii: "x"): return digits(text, at, skip: 2, 2...2, radix: 16).map { [UInt8($0)] }
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            return digits(text, at, skip: 1, 3...3, radix: 8).map { [UInt8(truncatingIfNeeded: $0)] }
        case let letter:
            if let byte = named[letter] { return .whole(length: 2, bytes: [byte]) }
            let isLetter = (0x41...0x5A).contains(letter) || (0x61...0x7A).contains(letter)
            return isLetter ? .none : .whole(length: 2, bytes: [letter])
        }
    }

    private enum Number {
        case none
        case cut
        case value(UInt32, length: Int)

        func map(_ bytes: (UInt32) -> [UInt8]) -> Reading {
            switch self {
            case .none: .none
            case .cut: .cut
            case .value(let value, let length): .whole(length: length, bytes: bytes(value))
            }
        }
    }

    private static func digits(_ text: [UInt8], _ at: Int, skip: Int, _ count: ClosedRange<Int>, radix: UInt32)
        -> Number
    {
        var (value, end) = (UInt32(0), at + skip)
        while end < text.count, end - at - skip < count.upperBound,
            let digit = Character(UnicodeScalar(text[end])).hexDigitValue, digit < radix
        {
            value = value &* radix &+ UInt32(digit)
            end += 1
        }
        if end - at - skip >= count.lowerBound { return .value(value, length: end - at) }
        return end >= text.count ? .cut : .none
    }

    private static func scalar(_ value: UInt32) -> [UInt8] {
        UnicodeScalar(value).map { Array(String(Character($0)).utf8) } ?? [0xFF]
    }

    /// `\u0061`, `\ud83d\ude00`, `\u{61}`
    private static func unicode(_ text: [UInt8], _ at: Int) -> Reading {
        if at + 2 < text.count, text[at + 2] == UInt8(ascii: "{") {
            guard case .value(let value, let length) = digits(text, at, skip: 3, 1...6, radix: 16) else {
                return text.count - at < 10 ? .cut : .none
            }
            guard at + length < text.count else { return .cut }
            return text[at + length] == UInt8(ascii: "}") ? .whole(length: length + 1, bytes: scalar(value)) : .none
        }
        guard case .value(let high, let length) = digits(text, at, skip: 2, 4...4, radix: 16) else {
            return text.count - at < 6 ? .cut : .none
        }
        guard (0xD800..<0xDC00).contains(high) else { return .whole(length: length, bytes: scalar(high)) }
        guard at + length + 1 < text.count else { return .cut }
        guard text[at + length] == UInt8(ascii: "\\"), text[at + length + 1] == UInt8(ascii: "u") else { return .none }
        switch digits(text, at + length, skip: 2, 4...4, radix: 16) {
        case .none: return .none
        case .cut: return .cut
        case .value(let low, let more):
            guard (0xDC00..<0xE000).contains(low) else { return .none }
            let value = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
            return .whole(length: length + more, bytes: scalar(value))
        }
    }

    private static let entities: [(name: [UInt8], byte: UInt8)] = [
        (Array("amp;".utf8), 0x26), (Array("lt;".utf8), 0x3C), (Array("gt;".utf8), 0x3E),
        (Array("quot;".utf8), 0x22), (Array("apos;".utf8), 0x27), (Array("nbsp;".utf8), 0x20),
    ]

    private static func entity(_ text: [UInt8], _ at: Int) -> Reading {
        let rest = text[(at + 1)...]
        if rest.first == UInt8(ascii: "#") {
            let isHex = rest.dropFirst().first.map { $0 | 0x20 == UInt8(ascii: "x") } ?? false
            let number = digits(text, at, skip: isHex ? 3 : 2, 1...8, radix: isHex ? 16 : 10)
            guard case .value(let value, let length) = number else { return number.map(scalar) }
            guard at + length < text.count else { return .cut }
            return text[at + length] == UInt8(ascii: ";") ? .whole(length: length + 1, bytes: scalar(value)) : .none
        }
        for (name, byte) in entities {
            if rest.starts(with: name) { return .whole(length: name.count + 1, bytes: [byte]) }
            if rest.count < name.count, name.starts(with: rest) { return .cut }
        }
        return .none
    }

    /// `'\''`
    private static func shellQuote(_ text: [UInt8], _ at: Int) -> Reading {
        text[at...].starts(with: "'\\''".utf8) ? .whole(length: 4, bytes: [0x27]) : .none
    }
}
