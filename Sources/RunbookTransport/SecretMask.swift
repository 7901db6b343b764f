internal import RunbookModel

/// Finds secrets in what hosts say, also as base64 and base32, hexadecimal, in URLs, in JSON, in XML and in shell quotes,
/// with any of their characters escaped or colours between them, and backwards, and puts as many stars in their place:
/// lengths and offsets stay what they were. Base64 may be broken into lines, and dumps (of `xxd`, `od`, `hexdump`) into
/// bytes, words, numbers and rows. What is compressed, encrypted or encoded twice is not found.
package struct SecretMask: Sendable {
    /// By their first byte; longest first.
    private let needles: [[SecretNeedle]]
    private let longest: Int

    package init(_ secrets: some Sequence<String>) {
        var forms: Set<SecretNeedle> = []
        for secret in secrets {
            for text in [secret] + Self.lines(secret) {
                let bytes = Array(text.utf8)
                for form in Self.forms(bytes) { forms.insert(SecretNeedle(form, .solid)) }
                // As Windows writes text, and as its shell takes commands.
                for form in Self.wide(text) { forms.insert(SecretNeedle(form, .solid)) }
                for form in Self.base64Forms(Self.wide(text).first ?? []) { forms.insert(SecretNeedle(form, .wrapped)) }
                for form in Self.base64Forms(bytes) { forms.insert(SecretNeedle(form, .wrapped)) }
                for form in Self.base32Forms(bytes) { forms.insert(SecretNeedle(form, .wrapped)) }
                forms.formUnion(SecretNeedle.dumps(bytes))
                if !bytes.isEmpty { forms.insert(SecretNeedle(bytes, .escaped)) }
            }
        }
        var needles = Array(repeating: [SecretNeedle](), count: 256)
        for form in forms.sorted(by: SecretNeedle.isBefore) {
            for first in form.starts { needles[Int(first)].append(form) }
        }
        self.needles = needles
        longest = forms.map(\.bytes.count).max() ?? 0
    }

    package var isEmpty: Bool { longest == 0 }

    /// A secret of several lines may come line by line; what is short would hide too much.
    private static func lines(_ secret: String) -> [String] {
        let lines = secret.utf8.split(separator: 0x0A).map { String(Substring($0)) }
        return lines.count > 1 ? lines.filter { $0.utf8.count >= 8 } : []
    }

    // MARK: Forms

    private static func forms(_ secret: [UInt8]) -> Set<[UInt8]> {
        guard !secret.isEmpty else { return [] }
        var forms: Set<[UInt8]> = [secret, secret.reversed()]
        forms.insert(Array(String(String(decoding: secret, as: UTF8.self).reversed()).utf8))
        for digits in ["0123456789abcdef", "0123456789ABCDEF"] {
            let digits = Array(digits.utf8)
            func hex(_ byte: UInt8) -> [UInt8] { [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
            // As URLs have it: all but what needs no sign; with the blank as a plus too.
            forms.insert(secret.flatMap { isUnreserved($0) ? [$0] : [0x25] + hex($0) })
            forms.insert(secret.flatMap { isUnreserved($0) ? [$0] : $0 == 0x20 ? [0x2B] : [0x25] + hex($0) })
            forms.formUnion(json(secret, hex))
        }
        forms.insert(escaped(secret, [0x26: "&amp;", 0x3C: "&lt;", 0x3E: "&gt;", 0x22: "&quot;", 0x27: "&#39;"]))
        forms.insert(escaped(secret, [0x26: "&amp;", 0x3C: "&lt;", 0x3E: "&gt;"]))
        for quoted in ["'\\''", "'\"'\"'", "''"] { forms.insert(escaped(secret, [0x27: quoted])) }
        forms.insert(escaped(secret, [0x22: "\"\""]))
        return forms.filter { $0.count >= min(4, secret.count) }
    }

    /// UTF-16, the lower byte first and last.
    private static func wide(_ text: String) -> [[UInt8]] {
        let units = text.utf16.map { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        return units.isEmpty ? [] : [units.flatMap { $0 }, units.flatMap { $0.reversed() }]
    }

    /// Of the alphabet with `+` and `/`, and of the one for URLs.
    private static func base64Forms(_ secret: [UInt8]) -> Set<[UInt8]> {
        let base = base64(secret)
        return base.union(base.map { $0.map { $0 == 0x2B ? 0x2D : $0 == 0x2F ? 0x5F : $0 } })
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }

    private static func escaped(_ secret: [UInt8], _ signs: [UInt8: String]) -> [UInt8] {
        secret.flatMap { byte in signs[byte].map { Array($0.utf8) } ?? [byte] }
    }

    /// Inside a JSON string: with and without a sign before the slash, beyond ASCII as it is or as numbers.
    private static func json(_ secret: [UInt8], _ hex: (UInt8) -> [UInt8]) -> Set<[UInt8]> {
        func number(_ unit: UInt16) -> [UInt8] {
            [0x5C, 0x75] + hex(UInt8(unit >> 8)) + hex(UInt8(unit & 0xFF))
        }
        var forms: Set<[UInt8]> = []
        for (slash, ascii) in [(false, false), (true, false), (false, true), (true, true)] {
            var form: [UInt8] = []
            for scalar in String(decoding: secret, as: UTF8.self).unicodeScalars {
                switch scalar {
                case "\"": form += [0x5C, 0x22]
                case "\\": form += [0x5C, 0x5C]
                case "/": form += slash ? [0x5C, 0x2F] : [0x2F]
                case "\n": form += [0x5C, 0x6E]
                case "\r": form += [0x5C, 0x72]
                case "\t": form += [0x5C, 0x74]
                case "\u{08}": form += [0x5C, 0x62]
                case "\u{0C}": form += [0x5C, 0x66]
                case _ where scalar.value < 0x20 || (ascii && scalar.value > 0x7E):
                    form += Character(scalar).utf16.flatMap(number)
                // What some writers keep out of pages.
                case "<", ">", "&": form += ascii ? number(UInt16(scalar.value)) : [UInt8(scalar.value)]
                default: form += Array(Character(scalar).utf8)
                }
            }
            forms.insert(form)
        }
        return forms
    }

    /// What the secret looks like inside base64, by itself and behind one or two other bytes: the characters that depend
    /// on nothing else.
    private static func base64(_ secret: [UInt8]) -> Set<[UInt8]> {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var forms: Set<[UInt8]> = []
        for before in 0...2 {
            let bytes = Array(repeating: UInt8(0), count: before) + secret
            var characters: [UInt8] = []
            for start in stride(from: 0, to: bytes.count, by: 3) {
                let group = (0..<3).map { bytes.indices.contains(start + $0) ? UInt32(bytes[start + $0]) : 0 }
                let word = group[0] << 16 | group[1] << 8 | group[2]
                characters += [18, 12, 6, 0].map { letters[Int(word >> $0 & 63)] }
            }
            let whole = bytes.count * 8 / 6
            let form = Array(characters[[0, 2, 3][before]..<max([0, 2, 3][before], whole)])
            if form.count >= 4 { forms.insert(form) }
        }
        return forms
    }

    /// The same of base32, of its two alphabets and cases, behind up to four other bytes.
    private static func base32Forms(_ secret: [UInt8]) -> Set<[UInt8]> {
        var forms: Set<[UInt8]> = []
        for alphabet in ["ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHIJKLMNOPQRSTUV"] {
            for letters in [Array(alphabet.utf8), Array(alphabet.lowercased().utf8)] {
                for before in 0..<5 {
                    let bits = (Array(repeating: UInt8(0), count: before) + secret).flatMap { byte in
                        (0..<8).map { byte >> (7 - $0) & 1 }
                    }
                    let characters = stride(from: 0, to: bits.count - 4, by: 5).map { at in
                        letters[Int(bits[at..<at + 5].reduce(0) { $0 << 1 | $1 })]
                    }
                    let form = Array(characters.dropFirst((before * 8 + 4) / 5))
                    if form.count >= 5 { forms.insert(form) }
                }
            }
        }
        return forms
    }

    // MARK: Masking

    /// `bytes` with stars, and how many bytes at the end may be the beginning of a secret.
    package func masked(_ bytes: [UInt8]) -> (bytes: [UInt8], open: Int) {
        guard !isEmpty else { return (bytes, 0) }
        var masked = bytes
        var hiddenTo = 0
        var open = bytes.count
        // Whatever may still grow is held back from where it begins.
        var growing = bytes.count
        var found: [Range<Int>] = []
        for at in bytes.indices {
            for needle in needles[Int(bytes[at])] {
                switch needle.match(bytes, at) {
                case .none: continue
                case .partial: open = min(open, at)
                case .whole(let end, let mayGrow):
                    for place in at..<end where needle.kind == .solid || bytes[place] != 0x0A { masked[place] = 0x2A }
                    if mayGrow {
                        growing = min(growing, at)
                        found.append(at..<end)
                    } else {
                        hiddenTo = max(hiddenTo, end)
                        if needle.kind != .solid || growing < bytes.count { found.append(at..<end) }
                    }
                }
            }
        }
        // What is hidden already is not held back, unless it is part of what may still grow.
        var held = max(open, min(hiddenTo, bytes.count))
        if growing < bytes.count {
            held = min(held, growing)
            for range in found.reversed() where range.lowerBound < held && range.upperBound > held {
                held = range.lowerBound
            }
        }
        return (masked, bytes.count - held)
    }

    package func masked(_ text: String) -> String {
        isEmpty ? text : String(decoding: masked(Array(text.utf8)).bytes, as: UTF8.self)
    }
}

/// Masks one stream that comes in pieces: the beginning of what may be a secret waits for the next piece.
package struct MaskedStream: Sendable {
    private let mask: SecretMask
    private var waiting: [UInt8] = []
    /// Whether stars stand for a secret in what was shown so far.
    private(set) var hasMasked = false

    package init(_ mask: SecretMask) { self.mask = mask }

    /// What may be shown now.
    package mutating func take(_ bytes: [UInt8]) -> [UInt8] {
        let (masked, open) = mask.masked(waiting + bytes)
        let shown = Array(masked.dropLast(open))
        let said = waiting + bytes
        if !said.starts(with: shown) { hasMasked = true }
        // As it came: hidden bytes are hidden again.
        waiting = Array(said.suffix(open))
        return shown
    }

    /// The end: nothing more can make a secret of what waits.
    package mutating func end() -> [UInt8] {
        defer { waiting = [] }
        let shown = mask.masked(waiting).bytes
        if shown != waiting { hasMasked = true }
        return shown
    }
}
