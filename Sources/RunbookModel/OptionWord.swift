/// Words that programs take for options.
enum OptionWord {
    /// `-x`, `--all`, also `-1`, which `kill` takes for everything; not `-`, or `- ` as lists have it.
    static func isOne(_ value: String) -> Bool {
        let bytes = Array(value.utf8)
        guard bytes.first == UInt8(ascii: "-"), bytes.count > 1 else { return false }
        return bytes[1] != 0x20 && bytes[1] != 0x09 && bytes[1] != 0x0A
    }
}

extension Template {
    /// For each of its references whether the value begins an argument that a command may take for an option.
    ///
    /// It looks at words alone: a quote may hide a `--`, and then a value is refused that might have been given.
    var beginsArgument: [Bool] {
        var command = ""
        var found: [Bool] = []
        for segment in segments {
            switch segment {
            case .reference:
                found.append(Self.isArgument(after: command))
                command += Self.value
            case .literal(let text):
                var isEscaped = false
                for scalar in text.unicodeScalars {
                    if Self.separators.contains(scalar), !isEscaped {
                        command = ""
                    } else {
                        command.unicodeScalars.append(isEscaped && scalar == "\n" ? " " : scalar)
                        if isEscaped, scalar == " " { command += "x" }
                    }
                    isEscaped = scalar == "\\" && !isEscaped
                }
            }
        }
        return found
    }

    private static let separators: Set<Unicode.Scalar> = ["\n", ";", "&", "|", "(", ")"]
    private static let keywords: Set<String> = ["if", "then", "else", "elif", "while", "until", "do", "!", "{", "time"]
    private static let value = "\u{1}"
    /// They take no option that does harm, or are no commands.
    private static let harmless: Set<String> = ["echo", "test", "[", "[[", "case", "for", ":"]
    /// To them a negative number is a group, behind `--` too.
    private static let groups: Set<String> = ["kill"]

    private static func isArgument(after command: String) -> Bool {
        guard let last = command.unicodeScalars.last, last == " " || last == "\t" else { return false }
        let words = command.split { $0 == " " || $0 == "\t" || $0 == "\\" }.map(String.init)
        let own = words.drop { keywords.contains($0) || $0.contains("=") }
        guard let name = own.first, !harmless.contains(name) else { return false }
        // Options come before the format.
        if name == "printf", own.dropFirst().contains(where: { !$0.hasPrefix(value) && !$0.hasPrefix("-") }) {
            return false
        }
        if own.contains(where: groups.contains) { return true }
        // The `--` of another command, as in `env -- rm`, says nothing about this one's options.
        if words.last(where: { !$0.hasPrefix(value) }) == "--" { return false }
        return words.last?.hasSuffix("<") == false && words.last?.hasSuffix(">") == false
    }
}
