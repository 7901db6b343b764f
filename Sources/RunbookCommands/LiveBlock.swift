internal import RunbookModel

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

    /// How much of what a task prints is kept to be looked at while it runs.
    package static let tailBytes = 2_048

    /// What a host was told to do, and the last three lines of what came of it so far.
    package static func details(_ command: String, _ tail: [UInt8], _ columns: Int) -> [String] {
        let printed = TerminalText.shown(bytes: tail, lines: true).split(separator: "\n").suffix(3)
        let lines =
            ["$ \(TerminalText.shown(command))"]
            + (printed.isEmpty ? ["(it has printed nothing)"] : printed.map { "| \($0)" })
        return lines.map { String("      \($0)".unicodeScalars.prefix(columns)) }
    }

    /// The keys, and what each does just now.
    package static func keys(isPaused: Bool, _ hasDetails: Bool, _ columns: Int) -> String {
        let pause = isPaused ? "PAUSED   p go on" : "p pause"
        let text = " \(pause)   d \(hasDetails ? "no details" : "details")   q stop safely"
        return String(text.unicodeScalars.prefix(columns))
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
