/// Lines of at most so many columns.
enum Wrapping {
    /// Breaks `text` at spaces; lines after the first begin with `indent` spaces. Runs of spaces inside a line stay, and
    /// so do words that are longer than a line: a fingerprint in two halves is none.
    static func lines(_ text: String, columns: Int, indent: Int) -> [String] {
        var lines: [String] = []
        var rest = Array(text.unicodeScalars)[...]
        while true {
            let prefix = lines.isEmpty ? 0 : min(indent, max(0, columns - 10))
            let room = max(10, columns - prefix)
            let margin = String(repeating: " ", count: prefix)
            guard rest.count > room, let cut = cut(rest, room) else {
                lines.append(margin + string(rest))
                return lines
            }
            lines.append(margin + string(rest[..<cut]).trimmingEnd)
            rest = rest[cut...].drop { $0 == " " }
        }
    }

    /// The space to break at: the last one within `room` that has a word before it, else the first one after.
    private static func cut(_ rest: ArraySlice<Unicode.Scalar>, _ room: Int) -> Int? {
        guard let word = rest.firstIndex(where: { $0 != " " }) else { return nil }
        return rest.prefix(room + 1).lastIndex(of: " ").flatMap { $0 > word ? $0 : nil }
            ?? rest[word...].firstIndex(of: " ")
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}

extension String {
    fileprivate var trimmingEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }

    /// Filled up with spaces to `width` columns.
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - unicodeScalars.count)) }
}
