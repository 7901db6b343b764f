/// Whole numbers as other programs write them. The sign is read with the digits: the lowest number has no opposite.
enum WholeNumber {
    /// nil where `digits` holds anything else than digits, or the number is beyond 64 bits.
    static func read(_ digits: Substring, radix: Int, isNegative: Bool) -> Int64? {
        guard let first = digits.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: "+") else { return nil }
        return Int64((isNegative ? "-" : "") + digits, radix: radix)
    }
}
