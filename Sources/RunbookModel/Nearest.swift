/// The known name that a person probably meant.
package enum Nearest {
    /// More edits than this are another word.
    private static let editLimit = 4
    /// Names that are looked at, and bytes of each: what a person means is not far down a list of thousands.
    private static let nameLimit = 2_000
    private static let byteLimit = 64

    /// The name with the fewest edits, at most two or a third of its length, fewer for a short one; the first of equals.
    package static func name(to name: String, in known: some Sequence<String>) -> String? {
        let wanted = Array(name.lowercased().utf8.prefix(byteLimit))
        var best: (name: String, distance: Int)?
        let limit = wanted.count < 2 ? 0 : wanted.count < 4 ? 1 : min(editLimit, max(2, wanted.count / 3))
        for candidate in known.prefix(nameLimit) {
            let closest = min(limit, (best?.distance ?? .max) - 1)
            let other = Array(candidate.utf8.prefix(byteLimit))
            if let distance = distance(wanted, other, atMost: closest) { best = (candidate, distance) }
        }
        return best?.name
    }

    /// Edits between `one` and `other`; nil where they are more than `limit`.
    private static func distance(_ one: [UInt8], _ other: [UInt8], atMost limit: Int) -> Int? {
        guard abs(one.count - other.count) <= limit else { return nil }
        var row = Array(0...other.count)
        for (index, byte) in one.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            var smallest = row[0]
            for column in other.indices {
                let above = row[column + 1]
                row[column + 1] = min(diagonal + (byte == other[column] ? 0 : 1), min(above, row[column]) + 1)
                diagonal = above
                smallest = min(smallest, row[column + 1])
            }
            if smallest > limit { return nil }
        }
        return row[other.count] <= limit ? row[other.count] : nil
    }
}
