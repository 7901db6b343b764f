/// A command with its values filled in.
///
/// A value is never part of the text that a shell reads: it travels in a variable of the environment, and the text has
/// `"$BLACKSTART_1"` in its place. However a shell reads the text, the value is data.
package struct ShellCommand: Hashable, Sendable {
    package var text: String
    /// The text with each value quoted in its place, for people, journals and fixtures; nil where that is the text.
    package var label: String?
    package var variables: [NamedValue]

    package init(_ text: String, label: String? = nil, variables: [NamedValue] = []) {
        self.text = text
        self.label = label
        self.variables = variables
    }

    /// By order of appearance, from 1. Names that begin so are refused in `env`.
    package static func variable(_ number: Int) -> String { "BLACKSTART_\(number)" }
}

extension Template {
    /// The text as a shell command.
    package func command(_ value: (Reference) -> String) -> ShellCommand {
        var names: [[String]: String] = [:]
        var variables: [NamedValue] = []
        for reference in references where names[reference.path] == nil {
            let name = ShellCommand.variable(variables.count + 1)
            names[reference.path] = name
            variables.append(NamedValue(name: name, value: value(reference)))
        }
        guard !variables.isEmpty else { return ShellCommand(source) }
        return ShellCommand(
            text { "\"$\(names[$0.path] ?? "")\"" }, label: quoted(value), variables: variables)
    }

    /// The text as a command of what may be no POSIX shell: each value stands in it as it is. To be used only once
    /// ``fault(inShell:beside:isAuthors:_:)`` has none; else the value is quoted.
    package func quoted(_ value: (Reference) -> String) -> String { text { ShellWord.quote(value($0)) } }
}

/// POSIX shell quoting.
package enum ShellWord {
    /// Whether `text` is the same word in any shell, and in what is no shell.
    package static func isPlain(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2C, 0x2D, 0x2E, 0x2F, 0x3A, 0x3D, 0x40, 0x5F: true
                default: false
                }
            }
    }

    /// `text` as one word of a command that a person is told to type: nothing in it runs, or acts on the terminal.
    package static func typed(_ text: String) -> String { quote(TerminalText.shown(text)) }

    /// `text` as exactly one word of a POSIX shell.
    package static func quote(_ text: String) -> String {
        if isPlain(text) { return text }
        var quoted = "'"
        for scalar in text.unicodeScalars {
            if scalar == "'" { quoted += "'\\''" } else { quoted.unicodeScalars.append(scalar) }
        }
        return quoted + "'"
    }
}
