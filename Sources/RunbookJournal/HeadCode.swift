/// Where a journal stands, short enough for paper: the number of its last line and 80 bits of that line's SHA-256, as
/// `23-7F3A-09C2-K4TZ-M0QN`. Whoever has it on paper can tell later that the journal was not cut, and not rewritten.
package struct HeadCode: Hashable, Sendable {
    /// Crockford's: no letter that looks like another.
    private static let letters = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    private static let count = 16

    package let sequence: Int
    private let symbols: [UInt8]

    package init(sequence: Int, hash: [UInt8]) {
        self.sequence = sequence
        symbols = (0..<Self.count).map { index in
            var symbol: UInt8 = 0
            for bit in index * 5..<index * 5 + 5 {
                let byte = bit / 8 < hash.count ? hash[bit / 8] : 0
                symbol = symbol << 1 | (byte >> UInt8(7 - bit % 8)) & 1
            }
            return Self.letters[Int(symbol)]
        }
    }

    /// `seq:sha256`, as ``JournalReport/head`` has it; nil where it is no such thing.
    package init?(head: String) {
        let parts = head.split(separator: ":")
        guard parts.count == 2, let sequence = Int(parts[0]), let hash = Hex.decode(parts[1].utf8), hash.count == 32
        else { return nil }
        self.init(sequence: sequence, hash: hash)
    }

    /// As a person types it off paper: small letters, blanks for dashes, O for 0, I and L for 1.
    package init?(typed text: String) {
        let words = text.utf8.split { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: " ") }
        guard let first = words.first, let sequence = Int(String(decoding: first, as: UTF8.self)), sequence > 0 else {
            return nil
        }
        var symbols: [UInt8] = []
        for byte in words.dropFirst().joined() {
            let upper = (0x61...0x7A).contains(byte) ? byte - 0x20 : byte
            switch upper {
            case UInt8(ascii: "O"): symbols.append(UInt8(ascii: "0"))
            case UInt8(ascii: "I"), UInt8(ascii: "L"): symbols.append(UInt8(ascii: "1"))
            case let letter where Self.letters.contains(letter): symbols.append(letter)
            default: return nil
            }
        }
        guard symbols.count == Self.count else { return nil }
        self.sequence = sequence
        self.symbols = symbols
    }

    package var text: String {
        let groups = stride(from: 0, to: Self.count, by: 4).map {
            String(decoding: symbols[$0..<$0 + 4], as: UTF8.self)
        }
        return "\(sequence)-\(groups.joined(separator: "-"))"
    }

    package enum Comparison: Hashable, Sendable {
        /// It is the code of a line of this journal, after which so many follow.
        case found(linesAfter: Int)
        /// The journal ends before that line.
        case cut(lines: Int)
        /// Another line stands there.
        case other
    }

    /// Holds it against the lines of a journal.
    package func compare(_ bytes: [UInt8]) -> Comparison {
        var (line, at) = (0, 0)
        var found: HeadCode?
        while let range = JournalReader.line(of: bytes, from: at) {
            line += 1
            at = range.upperBound
            if line == sequence { found = HeadCode(sequence: line, hash: JournalChain.hash(of: bytes[range])) }
        }
        guard let found else { return .cut(lines: line) }
        return found == self ? .found(linesAfter: line - sequence) : .other
    }
}
