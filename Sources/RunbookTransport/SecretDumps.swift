// How the tools that dump bytes show a secret.

extension SecretNeedle {
    /// `xxd`, `hexdump -C`, `od -tx1`; `hexdump` and `od -x` with the bytes of each word turned round; `od`, `od -b`, `od -c`.
    static func dumps(_ secret: [UInt8]) -> Set<SecretNeedle> {
        guard secret.count >= 4 else { return [] }
        var needles: Set<SecretNeedle> = []
        for digits in ["0123456789abcdef", "0123456789ABCDEF"] {
            let digits = Array(digits.utf8)
            func hex(_ byte: UInt8) -> [UInt8] { [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
            needles.insert(SecretNeedle(secret.flatMap(hex), .dump(unit: 2)))
            for words in words(secret) {
                needles.insert(SecretNeedle(words.flatMap { hex($0.high) + hex($0.low) }, .dump(unit: 4)))
            }
        }
        func octal(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).reversed().map { UInt8(0x30 + (value >> (3 * $0)) & 7) }
        }
        needles.insert(SecretNeedle(secret.flatMap { octal(Int($0), 3) }, .dump(unit: 3)))
        for words in words(secret) {
            needles.insert(
                SecretNeedle(words.flatMap { octal(Int($0.high) << 8 | Int($0.low), 6) }, .dump(unit: 6)))
        }
        for size in [1, 2, 4, 8] {
            for words in words(secret, of: size) { needles.formUnion(numbers(words, of: size)) }
        }
        // Letters with blanks between them are a common sight where they are few.
        if secret.count >= 8 { needles.insert(SecretNeedle(secret, .dump(unit: 1))) }
        return needles
    }

    /// Whole words of two bytes, where the secret begins at an even place and at an odd one.
    private static func words(_ secret: [UInt8]) -> [[(high: UInt8, low: UInt8)]] {
        [0, 1].map { start in
            stride(from: start, to: secret.count - 1, by: 2).map { (secret[$0 + 1], secret[$0]) }
        }.filter { !$0.isEmpty }
    }

    /// `od -tu1`, `-td2`, `-tx4`, `-to8`, and lists of numbers as programs print them.
    private static func numbers(_ words: [UInt64], of size: Int) -> [SecretNeedle] {
        let bits = 8 * size
        func signed(_ word: UInt64) -> Int64 { Int64(bitPattern: word << (64 - bits)) >> (64 - bits) }
        func list(_ texts: [String]) -> SecretNeedle {
            SecretNeedle(Array(texts.joined(separator: " ").utf8), .numbers)
        }
        func padded(_ word: UInt64, _ radix: Int, _ count: Int) -> [UInt8] {
            let digits = String(word, radix: radix)
            return Array((String(repeating: "0", count: max(0, count - digits.count)) + digits).utf8)
        }
        var needles = [list(words.map { String($0) }), list(words.map { String(signed($0)) })]
        if size > 2 {
            needles.append(SecretNeedle(words.flatMap { padded($0, 16, 2 * size) }, .dump(unit: 2 * size)))
            let octal = (bits + 2) / 3
            needles.append(SecretNeedle(words.flatMap { padded($0, 8, octal) }, .dump(unit: octal)))
        }
        return needles
    }

    /// Whole words of so many bytes, the lowest first, wherever in a word the secret begins; none where they hold less than
    /// four bytes of it.
    private static func words(_ secret: [UInt8], of size: Int) -> [[UInt64]] {
        (0..<size).map { start in
            stride(from: start, to: secret.count - size + 1, by: size).map { at in
                secret[at..<at + size].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            }
        }.filter { $0.count * size >= 4 }
    }
}
