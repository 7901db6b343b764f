/// One form of a secret, as it is looked for in what hosts say.
struct SecretNeedle: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        /// Byte by byte.
        case solid
        /// White space and line ends may stand between any two characters.
        case wrapped
        /// What dumps put between units of so many characters: blanks, signs, the end of a row and the address of the next.
        case dump(unit: Int)
        /// The same between numbers of any length; a blank stands between two of them here.
        case numbers
        /// Any character as an escape.
        case escaped
    }

    enum Match {
        case none
        /// The bytes end before the secret does.
        case partial
        /// `mayGrow`: the row goes on beyond the bytes, and may show the secret in letters.
        case whole(end: Int, mayGrow: Bool)
    }

    let bytes: [UInt8]
    let kind: Kind
    /// What stands together in a dump.
    private let units: [ArraySlice<UInt8>]

    /// The bytes that it may begin with.
    var starts: Set<UInt8> {
        kind == .escaped ? EscapedSecret(bytes).starts : Set(bytes.prefix(1))
    }

    init(_ bytes: [UInt8], _ kind: Kind) {
        self.bytes = bytes
        self.kind = kind
        switch kind {
        case .dump(let unit):
            units = stride(from: 0, to: bytes.count, by: unit).map { bytes[$0..<min($0 + unit, bytes.count)] }
        case .numbers: units = bytes.split(separator: 0x20)
        case .solid, .wrapped, .escaped: units = []
        }
    }

    /// Longest first.
    static func isBefore(_ a: SecretNeedle, _ b: SecretNeedle) -> Bool {
        if a.bytes.count != b.bytes.count { return a.bytes.count > b.bytes.count }
        if a.bytes != b.bytes { return a.bytes.lexicographicallyPrecedes(b.bytes) }
        return "\(a.kind)" < "\(b.kind)"
    }

    // MARK: Matching

    /// Between two units, and from the end of a secret to the end of its row, in bytes.
    private static let fillerAtMost = 96
    private static let addressAtMost = 24

    func match(_ text: [UInt8], _ start: Int) -> Match {
        switch kind {
        case .solid: return solid(text, start)
        case .wrapped: return wrapped(text, start)
        case .dump(let unit): return dump(text, start, isLetters: unit == 1)
        case .numbers:
            // In the middle of a number no other one begins.
            if start > 0, Self.isDigit(text[start - 1]) { return .none }
            return dump(text, start, isLetters: false)
        case .escaped: return EscapedSecret(bytes).match(text, start)
        }
    }

    private func solid(_ text: [UInt8], _ start: Int) -> Match {
        let end = start + bytes.count
        if end <= text.count {
            return text[start..<end].elementsEqual(bytes) ? .whole(end: end, mayGrow: false) : .none
        }
        return text[start...].elementsEqual(bytes.prefix(text.count - start)) ? .partial : .none
    }

    private func wrapped(_ text: [UInt8], _ start: Int) -> Match {
        var at = start
        for byte in bytes {
            let limit = at + Self.fillerAtMost
            while at < text.count, text[at] != byte, at < limit {
                switch text[at] {
                case 0x20, 0x09, 0x0A, 0x0D: at += 1
                // As JSON writes a line end.
                case 0x5C:
                    guard at + 1 < text.count else { return .partial }
                    guard text[at + 1] == 0x6E || text[at + 1] == 0x72 else { return .none }
                    at += 2
                default: return .none
                }
            }
            guard at < text.count else { return .partial }
            guard text[at] == byte else { return .none }
            at += 1
        }
        return .whole(end: at, mayGrow: false)
    }

    private func dump(_ text: [UInt8], _ start: Int, isLetters: Bool) -> Match {
        var at = start
        var isSpread = false
        for (number, wanted) in units.enumerated() {
            var next = number == 0 ? at : Self.afterBlanks(text, at, wanted)
            if !Self.fits(text, next, wanted), number > 0, !Self.isCut(text, next, wanted) {
                guard let row = Self.nextRow(text, at, wanted) else {
                    // The end of the row, and what follows, is still to come.
                    let isOpen = text.count - at < Self.fillerAtMost && (at == text.count || text[at] == 0x20)
                    return isOpen && !text[at...].contains(0x0A) ? .partial : .none
                }
                next = row
            }
            if Self.isCut(text, next, wanted) { return .partial }
            guard Self.fits(text, next, wanted) else { return .none }
            if number > 0, next > at { isSpread = true }
            if kind == .numbers {
                guard number == 0 || next > at else { return .none }
                // The number may go on.
                guard next + wanted.count < text.count else { return .partial }
                guard !Self.isDigit(text[next + wanted.count]) else { return .none }
            }
            at = next + wanted.count
        }
        // Letters with nothing between them are another needle's.
        guard isSpread else { return isLetters ? .none : .whole(end: at, mayGrow: false) }
        // A row of a dump ends with its letters.
        let limit = min(text.count, at + Self.fillerAtMost)
        guard let end = text[at..<limit].firstIndex(of: 0x0A) else {
            return .whole(end: limit, mayGrow: limit == text.count && at + Self.fillerAtMost > text.count)
        }
        return .whole(end: end, mayGrow: false)
    }

    private static func fits(_ text: [UInt8], _ at: Int, _ wanted: ArraySlice<UInt8>) -> Bool {
        at + wanted.count <= text.count && text[at..<(at + wanted.count)].elementsEqual(wanted)
    }

    /// The bytes end within the unit.
    private static func isCut(_ text: [UInt8], _ at: Int, _ wanted: ArraySlice<UInt8>) -> Bool {
        at + wanted.count > text.count
            && text[min(at, text.count)...].elementsEqual(wanted.prefix(max(0, text.count - at)))
    }

    private static func afterBlanks(_ text: [UInt8], _ start: Int, _ wanted: ArraySlice<UInt8>) -> Int {
        var at = start
        while at < text.count, at < start + 8, !fits(text, at, wanted) {
            switch text[at] {
            case 0x20, 0x09, 0x3A, 0x2D, 0x2C: at += 1
            // `0x68`, `\x68`
            case 0x5C, 0x30:
                let x = at + 1
                guard x < text.count, text[x] == 0x78 else { return at }
                at += 2
            default: return at
            }
        }
        return at
    }

    /// Behind the end of this row, and the address of the next.
    private static func nextRow(_ text: [UInt8], _ start: Int, _ wanted: ArraySlice<UInt8>) -> Int? {
        let limit = min(text.count, start + fillerAtMost)
        guard let end = text[start..<limit].firstIndex(of: 0x0A) else { return nil }
        var at = end + 1
        let digits = min(text.count, at + addressAtMost)
        while at < digits, isHex(text[at]) { at += 1 }
        // Without blanks after them the digits are the row itself.
        guard at == text.count || [0x20, 0x09, 0x3A].contains(text[at]) else { return end + 1 }
        return afterBlanks(text, at, wanted)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isHex(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}
