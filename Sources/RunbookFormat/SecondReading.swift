internal import RunbookModel

/// Finds expressions in text that another interpreter reads after the shell: `sh -c`, `ssh`, `awk` and their like. There a
/// value is no longer one word but part of a program.
///
/// A value of the step's `env` that an expression gives counts too, wherever the shell itself puts it into such a text.
struct SecondReading {
    private struct Reader {
        /// The words that it reads as a program.
        var words: Range<Int>
        var name: String
        var hint: String
    }

    private let findings: Findings
    private let template: Template
    /// Variables that hold what an expression stands for.
    private var tainted: Set<String>
    /// Those, and the places, whose value another step has left: a host or a person chose it.
    private var foreign: Set<String>
    private let foreignPlaces: Set<SourcePlace>

    static func check(_ step: Step, _ findings: Findings) {
        let given = step.environment.filter { pair in
            pair.value.references.contains { $0.path.first != "secrets" }
        }.map(\.name)
        let foreign = step.environment.filter { $0.value.references.contains(where: isForeign) }.map(\.name)
        for template in step.commands where !given.isEmpty || !template.references.isEmpty {
            var reading = SecondReading(
                findings: findings, template: template, tainted: Set(given), foreign: Set(foreign),
                foreignPlaces: Set(template.references.filter(isForeign).map(\.place)))
            reading.check()
        }
    }

    private static func isForeign(_ reference: Template.Reference) -> Bool { reference.path.first == "steps" }

    private mutating func check() {
        /// What flows through the pipe into the next command, by its text.
        var flowing: [Int: CommandWords.Word] = [:]
        for command in CommandWords(template).commands {
            spread(command)
            for assignment in Assignment.all(in: command.words) { tell(assignment) }
            let piped = flowing.removeValue(forKey: command.level)
            for reader in Self.readers(of: command.words) {
                for word in command.words[reader.words] { tell(word, reader) }
            }
            if let reader = Self.readerOfInput(command.words) {
                if let piped { tell(piped, reader) }
                tell(CommandWords.Word(names: command.input), reader)
            }
            if command.isPiped {
                var all = piped ?? CommandWords.Word()
                for word in command.words {
                    all.values += word.values
                    all.names.formUnion(word.names)
                }
                flowing[command.level] = all
            }
        }
    }

    /// What variables hold after the command: `x=VALUE`, `for x in VALUE`.
    private mutating func spread(_ command: CommandWords.Command) {
        let words = command.words
        for word in words where isTainted(word) {
            let name = word.text.prefix { $0.unicodeScalars.allSatisfy(CommandWords.isNameScalar) }
            guard !name.isEmpty, word.text.dropFirst(name.count).first == "=" else { continue }
            tainted.insert(String(name))
            if isForeign(word) { foreign.insert(String(name)) }
        }
        if words.count > 3, words[0].text == "for", words[3...].contains(where: isTainted) {
            tainted.insert(words[1].text)
            if words[3...].contains(where: isForeign) { foreign.insert(words[1].text) }
        }
    }

    private func isForeign(_ word: CommandWords.Word) -> Bool {
        !foreignPlaces.isDisjoint(with: word.values) || !word.names.isDisjoint(with: foreign)
    }

    /// What a host or a person chose becomes no variable that programs may obey, no name of one, and no command.
    private func tell(_ assignment: Assignment) {
        guard isForeign(assignment.word) else { return }
        let place = assignment.word.values.first { foreignPlaces.contains($0) } ?? template.place
        guard !findings.has(at: place) else { return }
        switch assignment.use {
        case .value(let name):
            guard !CodeVariable.isOwn(name) else { return }
            findings.add(at: place, CodeVariable.foreignFault(name), hint: CodeVariable.foreignHint(name))
        case .name(let command):
            findings.add(
                at: place, "a value of another step can't stand where `\(command)` takes the name of a variable",
                hint: "write the name out: `\(command) name=VALUE`")
        case .command(let command):
            findings.add(
                at: place,
                "a value of another step can't be the command\(command.map { " that `\($0)` runs" } ?? "")",
                hint: "write the command out, and give it the value as an argument")
        }
    }

    private func isTainted(_ word: CommandWords.Word) -> Bool {
        !word.values.isEmpty || !word.names.isDisjoint(with: tainted)
    }

    private func tell(_ word: CommandWords.Word, _ reader: Reader) {
        for place in word.values where !findings.has(at: place) {
            findings.add(
                at: place, "an expression can't stand in what `\(reader.name)` reads as a program", hint: reader.hint)
        }
        guard word.values.isEmpty, let name = word.names.intersection(tainted).sorted().first else { return }
        findings.add(
            at: template.place,
            "`$\(name)` holds the value of an expression, and can't stand in what `\(reader.name)` reads as a program",
            hint: reader.hint)
    }

    // MARK: Readers

    private static let evaluators: Set<String> = ["eval", "let", "trap", "alias"]
    private static let shells: Set<String> = [
        "sh", "bash", "dash", "ash", "ksh", "ksh93", "mksh", "zsh", "yash", "rbash", "fish", "csh", "tcsh",
    ]
    /// With the letters of the options whose argument is a program.
    private static let languages: [String: String] = [
        "python": "c", "perl": "eE", "ruby": "e", "node": "ep", "php": "rBRE", "lua": "e", "expect": "c", "psql": "c",
        "mysql": "e", "mariadb": "e",
    ]
    private static let others: Set<String> = ["su", "runuser", "script", "flock"]
    private static let remotes: Set<String> = ["ssh", "autossh", "rsh"]
    private static let inputs: Set<String> = ["at", "batch", "crontab", "psql", "mysql", "mariadb"]
    /// Options of ssh with an argument.
    private static let remoteOptions = Set("BbcDEeFIiJLlmOoPpQRSWw")

    private static let shellHint = "give the value behind the text: `sh -c 'echo \"$1\"' sh ${{ vars.NAME }}`"
    private static let languageHint = "give the value behind the text, and let it read its arguments"
    private static let awkHint = "write `awk -v NAME=${{ vars.NAME }}`, and NAME in the program"
    private static let remoteHint = "make it a step of that host, with `hosts` or `delegate_to`"

    private static func base(_ word: CommandWords.Word) -> String {
        String(word.text.split(separator: "/").last ?? "")
    }

    private static func readers(of words: [CommandWords.Word]) -> [Reader] {
        var readers: [Reader] = []
        func add(_ range: Range<Int>, _ name: String, _ hint: String) {
            let range = range.clamped(to: words.indices)
            if !range.isEmpty { readers.append(Reader(words: range, name: name, hint: hint)) }
        }
        for (index, word) in words.enumerated() {
            let name = base(word)
            let language = languages.first { name.hasPrefix($0.key) && isVersion(name.dropFirst($0.key.count)) }
            if evaluators.contains(name) {
                add(index + 1..<words.count, name, "leave out `\(name)`")
            } else if shells.contains(name) {
                if let code = code(words, after: index, letters: "c", mayBeJoined: false) {
                    add(code, "\(name) -c", shellHint)
                }
            } else if let language {
                if let code = code(words, after: index, letters: language.value, mayBeJoined: true) {
                    add(code, name, languageHint)
                }
            } else if others.contains(name) {
                for place in words.indices where place > index && isCommandOption(words[place].text) {
                    add(place..<place + 2, "\(name) -c", "write `sudo -u USER COMMAND`: it takes words as they are")
                }
            } else if remotes.contains(name) {
                add(behindHost(words, after: index), name, remoteHint)
            } else if name == "watch" {
                add(index + 1..<words.count, name, shellHint)
            } else if name == "awk" || name.hasSuffix("awk") {
                add(program(words, after: index, options: "Fvf", files: "f", texts: "e"), name, awkHint)
            } else if name == "sed" || name == "gsed" {
                add(program(words, after: index, options: "lf", files: "f", texts: "e"), name, awkHint)
            }
            // `--to-command=`, `ProxyCommand=`, `--rsh=`
            if let equals = word.text.firstIndex(of: "="), isNameOfCommand(word.text[..<equals]) {
                add(index..<index + 1, String(word.text[...equals]), "write the command out")
            }
        }
        return readers
    }

    private static func isVersion(_ text: Substring) -> Bool { text.allSatisfy { $0.isNumber || $0 == "." } }

    private static func isNameOfCommand(_ name: Substring) -> Bool {
        let name = name.lowercased()
        return name.hasSuffix("command")
            || ["--rsh", "--use-compress-program", "--checkpoint-action", "--rsync-path"].contains(name)
    }

    private static func isCommandOption(_ text: String) -> Bool {
        text == "--command" || text.hasPrefix("--command=")
            || (text.hasPrefix("-") && !text.hasPrefix("--") && text.contains("c"))
    }

    /// The word that options of such letters are followed by.
    private static func code(
        _ words: [CommandWords.Word], after index: Int, letters: String, mayBeJoined: Bool
    ) -> Range<Int>? {
        var at = index + 1
        var takesCode = false
        while at < words.count {
            let text = words[at].text
            guard text.hasPrefix("-") || (text.hasPrefix("+") && !mayBeJoined), text.utf8.count > 1 else { break }
            if !text.hasPrefix("--"), let found = text.firstIndex(where: letters.contains) {
                if mayBeJoined, text.index(after: found) < text.endIndex { return at..<at + 1 }
                takesCode = true
                if mayBeJoined { return at + 1..<at + 2 }
            } else if text == "--eval" || text == "--command" || text == "--execute" {
                return at + 1..<at + 2
            } else if text.hasPrefix("--"), text.contains("=") {
                if ["--eval=", "--command=", "--execute="].contains(where: text.hasPrefix) { return at..<at + 1 }
            } else if text == "-o" || text == "+o" {
                at += 1
            }
            at += 1
        }
        return takesCode ? at..<at + 1 : nil
    }

    private static func behindHost(_ words: [CommandWords.Word], after index: Int) -> Range<Int> {
        var at = index + 1
        while at < words.count, words[at].text.hasPrefix("-") {
            let text = words[at].text
            at += text.count == 2 && text.last.map(remoteOptions.contains) == true ? 2 : 1
        }
        return min(at + 1, words.count)..<words.count
    }

    /// The first word that is no option, or what follows an option for texts; none where the program is in a file.
    private static func program(
        _ words: [CommandWords.Word], after index: Int, options: String, files: String, texts: String
    ) -> Range<Int> {
        var at = index + 1
        while at < words.count, words[at].text.hasPrefix("-"), words[at].text.count > 1 {
            let text = words[at].text
            let letter = text.dropFirst().first
            if text.hasPrefix("--file") || (letter.map(files.contains) == true) { return 0..<0 }
            if text.hasPrefix("--expression") || text.hasPrefix("--source") || text.last.map(texts.contains) == true {
                return at..<at + 2
            }
            at += text.count == 2 && letter.map(options.contains) == true ? 2 : 1
        }
        return at..<at + 1
    }

    /// What reads its input as a program.
    private static func readerOfInput(_ words: [CommandWords.Word]) -> Reader? {
        for (index, word) in words.enumerated() {
            let name = base(word)
            let rest = words[(index + 1)...]
            let isShell = shells.contains(name) && rest.allSatisfy { $0.text.hasPrefix("-") && !$0.text.contains("c") }
            let isRemote = remotes.contains(name) && behindHost(words, after: index).isEmpty
            if isShell || isRemote || inputs.contains(name) {
                return Reader(words: 0..<0, name: name, hint: isRemote ? remoteHint : shellHint)
            }
        }
        return nil
    }
}
