/// A word of a command that sets a variable, names one, or is the command itself.
struct Assignment {
    enum Use {
        /// `NAME=VALUE`, where the shell or a command like `env` takes it for an assignment.
        case value(of: String)
        /// The word names the variable, by this command.
        case name(command: String)
        /// The word is what runs: by itself, or by this command.
        case command(by: String?)
    }

    let word: CommandWords.Word
    let use: Use

    private static let keywords: Set<String> = [
        "if", "then", "else", "elif", "while", "until", "do", "!", "{", "}", "time", "coproc",
    ]
    private static let declarers: Set<String> = [
        "export", "readonly", "typeset", "declare", "local", "integer", "float", "nameref", "set", "unset", "read",
        "getopts",
        "setenv", "mapfile", "readarray",
    ]
    /// What runs the rest of its words, with the letters of its options that have an argument.
    private static let starters: [String: String] = [
        "env": "uCS", "sudo": "ugCcDhpRrTtU", "doas": "uCL", "exec": "a", "command": "", "builtin": "", "nohup": "",
        "setsid": "", "xargs": "adEIiLlnPs",
    ]
    /// They run what stands behind `--`.
    private static let wrappers: Set<String> = [
        "kubectl", "oc", "nsenter", "unshare", "systemd-run", "chroot", "docker", "podman", "lxc", "pct", "runuser",
        "timeout", "nice", "ionice", "setpriv", "stdbuf", "strace", "flock", "ip",
    ]

    /// Those of one command, in their order.
    static func all(in words: [CommandWords.Word]) -> [Assignment] {
        var found: [Assignment] = []
        var at = 0
        while at < words.count, keywords.contains(words[at].text) { at += 1 }
        /// What has started the command that begins here.
        var starter: String?
        while at < words.count {
            let word = words[at]
            if let name = name(assignedBy: word) {
                found.append(Assignment(word: word, use: .value(of: name)))
                at += 1
                continue
            }
            if isValue(word) {
                found.append(Assignment(word: word, use: .command(by: starter)))
                return found
            }
            let command = String(word.text.split(separator: "/").last ?? "")
            guard let options = starters[command] else {
                return found + rest(words[at...].dropFirst(), of: command)
            }
            starter = command
            at = behindOptions(words, from: at + 1, options)
        }
        return found
    }

    private static func rest(_ words: ArraySlice<CommandWords.Word>, of command: String) -> [Assignment] {
        if declarers.contains(command) {
            return words.compactMap { word in
                if let name = name(assignedBy: word) { return Assignment(word: word, use: .value(of: name)) }
                return isValue(word) ? Assignment(word: word, use: .name(command: command)) : nil
            }
        }
        guard wrappers.contains(command), let dashes = words.firstIndex(where: { $0.text == "--" }) else { return [] }
        let behind = Array(words[(dashes + 1)...])
        return all(in: behind).map { assignment in
            if case .command(nil) = assignment.use {
                Assignment(word: assignment.word, use: .command(by: command))
            } else {
                assignment
            }
        }
    }

    private static func behindOptions(_ words: [CommandWords.Word], from start: Int, _ letters: String) -> Int {
        var at = start
        while at < words.count, words[at].text.hasPrefix("-"), words[at].text != "-" {
            let text = words[at].text
            at += 1
            if text == "--" { break }
            if text.count == 2, let letter = text.last, letters.contains(letter) { at += 1 }
        }
        return at
    }

    /// Whether it begins with what nobody can see when the runbook is read.
    private static func isValue(_ word: CommandWords.Word) -> Bool { word.text.unicodeScalars.first == "\u{1}" }

    private static func name(assignedBy word: CommandWords.Word) -> String? {
        guard let equals = word.text.firstIndex(of: "="), equals != word.text.startIndex else { return nil }
        let name = word.text[..<equals]
        return name.unicodeScalars.allSatisfy(CommandWords.isNameScalar) ? String(name) : nil
    }
}
