/// The lines of the block at the bottom of a terminal, in however many columns there are.
package enum LiveBlock {
    /// What is under way and how: the step's name is cut where it must be, never its host or what it does.
    package static func line(_ name: String, _ text: String, _ elapsed: String, _ columns: Int) -> String {
        let room = max(0, columns - elapsed.count - 2 - text.unicodeScalars.count)
        var shown = name
        if name.unicodeScalars.count > room {
            let host = name.last("  ", after: 4).map { String(name[$0...]) } ?? ""
            let kept = max(0, room - host.unicodeScalars.count - 3)
            shown = String(name.unicodeScalars.prefix(kept)) + "..." + host
        }
        return String("\(shown)\(text)".unicodeScalars.prefix(max(0, columns - elapsed.count - 1)))
            .padded(max(0, columns - elapsed.count)) + elapsed
    }

    /// A bar and facts: closer together where they would not fit, then without the bar, then without the last facts.
    package static func progress(_ through: Int, _ total: Int, _ facts: [String], _ columns: Int) -> String {
        var facts = facts
        for (width, gap) in [(20, "   "), (20, "  "), (10, "  "), (0, "  ")] {
            let filled = total == 0 ? width : through * width / total
            let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
            let text = (width == 0 ? "" : "[\(bar)] ") + facts.joined(separator: gap)
            if text.unicodeScalars.count <= columns { return text }
        }
        while facts.count > 1, facts.joined(separator: "  ").unicodeScalars.count > columns { facts.removeLast() }
        return String(facts.joined(separator: "  ").unicodeScalars.prefix(columns))
    }
}

extension String {
    /// Where the last `text` after the first `count` characters begins.
    fileprivate func last(_ text: String, after count: Int) -> Index? {
        ranges(of: text).last { distance(from: startIndex, to: $0.lowerBound) >= count }?.lowerBound
    }
}
