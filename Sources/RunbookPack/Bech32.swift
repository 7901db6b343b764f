/// Bech32 as BIP 173 has it, without its limit on the length.
package enum Bech32 {
    private static let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
    private static let values: [UInt8?] = {
        var values = [UInt8?](repeating: nil, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()
    private static let checksumLength = 6

    private static func polymod(_ values: some Sequence<UInt8>) -> UInt32 {
        let generators: [UInt32] = [0x3B6A_57B2, 0x2650_8E6D, 0x1EA1_19FA, 0x3D42_33DD, 0x2A14_62B3]
        var sum: UInt32 = 1
        for value in values {
            let top = sum >> 25
            sum = (sum & 0x1FF_FFFF) << 5 ^ UInt32(value)
            for (bit, generator) in generators.enumerated() where top >> UInt32(bit) & 1 == 1 { sum ^= generator }
        }
        return sum
    }

    private static func expanded(_ prefix: [UInt8]) -> [UInt8] { prefix.map { $0 >> 5 } + [0] + prefix.map { $0 & 31 } }

    /// - Parameter prefix: the human-readable part, in lower case.
    package static func encode(prefix: String, _ bytes: [UInt8]) -> String {
        var groups: [UInt8] = []
        var held: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            held = held << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                groups.append(UInt8(held >> bits & 31))
            }
            held &= 0xFF
        }
        if bits > 0 { groups.append(UInt8(held << (5 - bits) & 31)) }
        let head = expanded(Array(prefix.utf8))
        let sum = polymod(head + groups + [UInt8](repeating: 0, count: checksumLength)) ^ 1
        for place in (0..<UInt32(checksumLength)).reversed() { groups.append(UInt8(sum >> (5 * place) & 31)) }
        return "\(prefix)1" + String(decoding: groups.map { alphabet[Int($0)] }, as: UTF8.self)
    }

    /// nil unless `text` is what ``encode(prefix:_:)`` writes for some bytes, all in lower or all in upper case. The prefix
    /// comes back as it is written.
    package static func decode(_ text: String) -> (prefix: String, bytes: [UInt8])? {
        let written = Array(text.utf8)
        guard written.allSatisfy({ (33...126).contains($0) }) else { return nil }
        func isUpper(_ character: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(character) }
        let hasUpper = written.contains(where: isUpper)
        let hasLower = written.contains { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
        guard !(hasUpper && hasLower), let one = written.lastIndex(of: UInt8(ascii: "1")), one > 0 else { return nil }
        let lower = written.map { isUpper($0) ? $0 + 32 : $0 }
        var groups: [UInt8] = []
        for character in lower[(one + 1)...] {
            guard let value = values[Int(character)] else { return nil }
            groups.append(value)
        }
        guard groups.count >= checksumLength, polymod(expanded(Array(lower[..<one])) + groups) == 1 else { return nil }
        var bytes: [UInt8] = []
        var held: UInt32 = 0
        var bits: UInt32 = 0
        for group in groups.dropLast(checksumLength) {
            held = held << 5 | UInt32(group)
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(held >> bits & 0xFF))
            }
            held &= 0xFFF
        }
        // What is left over is less than a group, and nothing but zeros.
        guard bits < 5, held & (1 << bits - 1) == 0 else { return nil }
        return (String(decoding: written[..<one], as: UTF8.self), bytes)
    }
}
