/// Sizes as people write them: `64KiB`, `1.5TiB`, `500MiB`.
package enum SizeText {
    private static let units: [(name: String, shift: Int64)] = [
        ("PiB", 50), ("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0),
    ]
    /// The largest size that a file may name: 1024 PiB.
    package static let limit: Int64 = 1 << 60

    /// Bytes; nil where it is no size, or is over ``limit``. At most three digits after the point.
    package static func parse(_ text: String) -> Int64? {
        guard text.utf8.count <= 24, let unit = units.first(where: { text.hasSuffix($0.name) }) else { return nil }
        let parts = text.dropLast(unit.name.count).split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isDigit) }),
            let whole = Int64(parts[0])
        else { return nil }
        let scale = Int64(1) << unit.shift
        let (bytes, overflow) = whole.multipliedReportingOverflow(by: scale)
        guard !overflow, bytes <= limit else { return nil }
        guard parts.count == 2 else { return bytes }
        guard parts[1].utf8.count <= 3, let digits = Int64(parts[1]) else { return nil }
        let divisor: Int64 = [1: 10, 2: 100, 3: 1_000][parts[1].utf8.count] ?? 1
        // The scale is at most 2^50, so that this is less than 2^60.
        let rest = scale / divisor * digits + scale % divisor * digits / divisor
        return bytes + rest <= limit ? bytes + rest : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// `1.5 TiB`, `64 KiB`, `0 B`: with one digit after the point where it is not whole, rounded.
    package static func words(_ bytes: Int64) -> String {
        for unit in units where bytes >= Int64(1) << unit.shift && unit.shift > 0 {
            let scale = Int64(1) << unit.shift
            let (whole, rest) = bytes.quotientAndRemainder(dividingBy: scale)
            let tenths = (rest / (scale / 1_024) * 10 + 512) / 1_024
            if tenths == 0 { return "\(whole) \(unit.name)" }
            return tenths == 10 ? "\(whole + 1) \(unit.name)" : "\(whole).\(tenths) \(unit.name)"
        }
        return "\(max(0, bytes)) B"
    }
}
