/// The patterns of OpenSSH: `*`, `?`, comma-separated lists, `!` for exceptions.
enum Glob {
    /// Whether a list names `text`: some pattern matches and no `!pattern` does.
    static func list(_ list: String, matches text: String) -> Bool {
        var isNamed = false
        for pattern in list.utf8.split(separator: UInt8(ascii: ",")) {
            if pattern.first == UInt8(ascii: "!") {
                if matches(Array(pattern.dropFirst()), Array(text.utf8)) { return false }
            } else if matches(Array(pattern), Array(text.utf8)) {
                isNamed = true
            }
        }
        return isNamed
    }

    /// Linear memory, at most `pattern.count * text.count` steps.
    private static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var p = 0
        var t = 0
        var star: Int?
        var resume = 0
        while t < text.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                star = p
                resume = t
                p += 1
            } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") || pattern[p] == text[t] {
                p += 1
                t += 1
            } else if let last = star {
                p = last + 1
                resume += 1
                t = resume
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
