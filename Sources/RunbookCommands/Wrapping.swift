/// Lines of at most so many columns.
enum Wrapping {
    private struct Unit {
        var scalar: Unicode.Scalar
        /// A space at which a line may end.
        var mayBreak: Bool
        /// A space of a command that is longer than a line: the line ends here, with a backslash, so that a shell takes the
        /// next one as its continuation.
        var mustBreak = false
    }

    /// Breaks `text` at spaces; lines after the first begin with `indent` spaces. Runs of spaces inside a line stay, and
    /// so do words that are longer than a line: a fingerprint in two halves is none. A command to type stays on one line;
    /// one that is longer than that is broken between its options alone.
    static func lines(_ text: String, columns: Int, indent: Int) -> [String] {
        let margin = min(indent, max(0, columns - 10))
        var lines: [String] = []
        var rest = units(text, room: max(10, columns - margin))[...]
        while true {
            let prefix = lines.isEmpty ? 0 : margin
            let room = max(10, columns - prefix)
            let space = String(repeating: " ", count: prefix)
            if let forced = rest.firstIndex(where: \.mustBreak),
                forced - rest.startIndex <= room - 2
                    || !rest[..<forced].contains(where: \.mayBreak)
            {
                lines.append(space + string(rest[..<forced]).trimmingEnd + " \\")
                rest = rest[forced...].drop { $0.scalar == " " }
                continue
            }
            guard rest.count > room, let cut = cut(rest, room) else {
                lines.append(space + string(rest))
                return lines
            }
            lines.append(space + string(rest[..<cut]).trimmingEnd)
            rest = rest[cut...].drop { $0.scalar == " " }
        }
    }

    /// The space to break at: the last one within `room` that has a word before it, else the first one after.
    private static func cut(_ rest: ArraySlice<Unit>, _ room: Int) -> Int? {
        guard let word = rest.firstIndex(where: { $0.scalar != " " }) else { return nil }
        return rest.prefix(room + 1).lastIndex(where: \.mayBreak).flatMap { $0 > word ? $0 : nil }
            ?? rest[word...].firstIndex { $0.mayBreak || $0.mustBreak }
    }

    private static func units(_ text: String, room: Int) -> [Unit] {
        var units = text.unicodeScalars.map { Unit(scalar: $0, mayBreak: $0 == " ") }
        for command in commands(units.map(\.scalar)) {
            let isLong = command.count > room
            var isQuoted = false
            for index in command {
                if units[index].scalar == "\"" || units[index].scalar == "'" { isQuoted.toggle() }
                guard units[index].scalar == " " else { continue }
                units[index].mayBreak = false
                let isOption = index + 1 < command.upperBound && units[index + 1].scalar == "-"
                units[index].mustBreak = isLong && isOption && !isQuoted
            }
        }
        return units
    }

    /// Where commands and options to type stand: between backquotes, or after a colon up to a gap or the end.
    private static func commands(_ text: [Unicode.Scalar]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var index = 0
        while index < text.count {
            let rest = text[index...]
            if rest.starts(with: "`blackstart ".unicodeScalars) || rest.starts(with: "`-".unicodeScalars),
                let end = text[(index + 1)...].firstIndex(of: "`")
            {
                found.append(index..<(end + 1))
                index = end + 1
            } else if rest.starts(with: ": blackstart ".unicodeScalars) {
                let begin = index + 2
                let end =
                    text.indices.first { $0 > begin && text[$0...].starts(with: "  ".unicodeScalars) } ?? text.count
                found.append(begin..<end)
                index = end
            } else {
                index += 1
            }
        }
        return found
    }

    private static func string(_ units: ArraySlice<Unit>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: units.map(\.scalar))
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
