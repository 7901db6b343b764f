package import RunbookModel
internal import RunbookPattern

/// Checks that pass whatever is there. Of most commands the exit status only says that they could be run: `qm status 100` exits
/// with 0 for a guest that is stopped. A comparison helps only if something else than what it wants could be printed.
package enum WeakCheck {
    /// Why a check means nothing.
    package enum Weakness: Equatable {
        /// Its command exits with 0 whatever it finds; the text as a person wrote it.
        case status(String)
        /// Everything that could be printed fits: the key that says so, as `matches`.
        case comparison(String)
        /// The command prints the same every time.
        case constant(String)
    }

    /// What is weak about a check; nil where its answer means something, as far as a few words tell.
    package static func weakness(of check: Check) -> Weakness? {
        if let key = emptyComparison(check) { return .comparison(key) }
        guard case .run(let template) = check.probe else { return nil }
        let source = template.source
        if check.equals != nil || check.contains != nil || check.matches != nil {
            return printsConstant(source) ? .constant(source) : nil
        }
        return check.exit != nil || isPredicate(source) ? nil : .status(source)
    }

    // MARK: What is printed

    private static func emptyComparison(_ check: Check) -> String? {
        if let text = check.contains, text.source.isEmpty { return "contains" }
        guard let template = check.matches, template.references.isEmpty,
            let pattern = try? Pattern(template.source)
        else { return nil }
        // What fits nothing at all and these fits everything.
        let fitsAll = ["", "0", "inactive (dead)", "error: no such host\n"].allSatisfy {
            (try? pattern.isFound(in: $0)) ?? false
        }
        return fitsAll ? "matches" : nil
    }

    /// `echo active`: only words that stand there.
    private static func printsConstant(_ text: String) -> Bool {
        let lists = ShellSketch(text).lists
        guard lists.count == 1, let pipes = lists.first?.first, lists[0].count == 1, pipes.count == 1 else {
            return false
        }
        return pipes[0].first.map(isEcho) ?? false
    }

    private static func isEcho(_ command: [ShellSketch.Word]) -> Bool {
        guard let first = command.first, ["echo", "printf"].contains(name(first.text)) else { return false }
        return command.allSatisfy(\.isConstant)
    }

    // MARK: What the status says

    /// Whether a shell's status for `text` is that of a predicate: of its last list, in every alternative of `||` at least
    /// one part of `&&`, and of a pipe its last command. A script that exits with another number somewhere has decided itself.
    static func isPredicate(_ text: String) -> Bool { isPredicate(text, depth: 0) }

    /// As many shells in shells are looked into.
    private static let deepest = 4

    private static func isPredicate(_ text: String, depth: Int) -> Bool {
        guard depth < deepest else { return true }
        let lists = ShellSketch(text).lists
        let commands = lists.joined().joined().joined().map { bare($0) }
        if commands.contains(where: decides) { return true }
        if commands.contains(where: { $0.first?.text == "set" && $0.dropFirst().contains { isAmong("-e", $0.text) } }) {
            return lists.contains { isPredicate(list: $0, depth: depth) }
        }
        let ends: Set<String> = ["fi", "done", "esac", "}"]
        let last = lists.lastIndex { list in
            guard let words = onlyWords(list) else { return true }
            // `exit` passes the status on that was there before.
            return !(words.count == 1 && (ends.contains(words[0]) || words[0] == "exit")) && words != ["exit", "$?"]
        }
        guard let last else { return false }
        // A loop that waits ends when what it asks has said so.
        if lists[last...].contains(where: { onlyWords($0) == ["done"] }),
            let loop = lists[...last].last(where: {
                onlyWords($0).map { ["until", "while"].contains($0.first) } ?? false
            })
        {
            return isPredicate(list: loop, depth: depth)
        }
        return isPredicate(list: lists[last], depth: depth)
    }

    /// The words of a list that is one command.
    private static func onlyWords(_ list: [[ShellSketch.Pipe]]) -> [String]? {
        guard list.count == 1, list[0].count == 1, list[0][0].count == 1 else { return nil }
        return list[0][0][0].map(\.text)
    }

    private static func isPredicate(list: [[ShellSketch.Pipe]], depth: Int) -> Bool {
        list.allSatisfy { alternative in
            alternative.contains { pipe in isPredicate(pipe: pipe, depth: depth) }
        }
    }

    private static func isPredicate(pipe: ShellSketch.Pipe, depth: Int) -> Bool {
        guard let last = pipe.last else { return false }
        // What an `echo` prints is known before.
        if pipe.count > 1, isEcho(bare(pipe[pipe.count - 2])) { return false }
        return isPredicate(command: last, depth: depth)
    }

    /// `exit 3`, `exit "$code"`; not `exit 0`.
    private static func decides(_ command: [ShellSketch.Word]) -> Bool {
        guard let first = command.first, ["exit", "return"].contains(first.text), command.count > 1 else {
            return false
        }
        return command[1].text != "0" && command[1].text != "$?"
    }

    /// Without assignments, `!`, the words of a shell's own grammar, and redirections.
    private static func bare(_ command: [ShellSketch.Word]) -> [ShellSketch.Word] {
        let grammar: Set<String> = ["!", "then", "else", "elif", "if", "do", "while", "until", "{"]
        return Array(
            command.drop { word in
                grammar.contains(word.text)
                    || (word.text.contains("=") && !word.text.hasPrefix("-") && word.text != "=")
            }.filter { !$0.text.contains(">") })
    }

    private static func isPredicate(command: [ShellSketch.Word], depth: Int) -> Bool {
        let isNegated = command.contains { $0.text == "!" }
        let words = bare(command)
        guard let first = words.first else { return false }
        let command = name(first.text)
        let rest = words.dropFirst()
        // Plugins of monitoring say by their status alone how it is.
        if command.hasPrefix("check_"), command.utf8.count > 6, !rest.isEmpty || first.text.contains("/") {
            return true
        }
        if let inner = inner(command, rest) { return isPredicate(inner.text, command: inner.words, depth: depth + 1) }
        let arguments = rest.map(\.text)
        switch command {
        case "test", "[", "[[": return isTest(Array(rest))
        case "grep", "egrep", "fgrep", "zgrep":
            let patterns = arguments.filter { !$0.hasPrefix("-") }
            return patterns.first.map { !["", ".", ".*", "^"].contains($0) } ?? true
        case "systemctl":
            if arguments.contains("is-failed") { return isNegated }
        case "id", "findmnt", "which", "type", "ls", "stat", "pgrep", "kinit", "mysql", "mariadb", "psql", "sqlcmd":
            return arguments.contains { !$0.isEmpty }
        case "getent": return arguments.filter { !$0.hasPrefix("-") }.count > 1
        default: break
        }
        guard let wanted = predicates[command] else { return false }
        return wanted.isEmpty
            || wanted.contains { sequence in
                sequence.allSatisfy { word in
                    arguments.contains { $0 == word || (word.count == 2 && word.hasPrefix("-") && isAmong(word, $0)) }
                }
            }
    }

    /// A test of something that could be otherwise: `test 1` and `test -n "$(qm status 100)"` are not.
    private static func isTest(_ words: [ShellSketch.Word]) -> Bool {
        let words = words.filter { !["]", "]]", "!"].contains($0.text) }
        switch words.count {
        case 0: return true
        case 1: return !words[0].isConstant && !words[0].text.hasPrefix("$(") && !words[0].text.hasPrefix("`")
        case 2 where words[0].text == "-n" || words[0].text == "-z":
            return !words[1].isConstant && !words[1].text.hasPrefix("$(") && !words[1].text.hasPrefix("`")
        default: return true
        }
    }

    // MARK: Commands in commands

    /// Words that run another command and pass its status on, and which of their options have a value.
    private static let prefixes: [String: Set<String>] = [
        "sudo": ["-u", "-g", "-h", "-p", "-C", "-T", "-r", "-t", "-U", "-D", "-R"], "doas": ["-u", "-C"],
        "timeout": ["-s", "-k"], "nice": ["-n"], "ionice": ["-c", "-n", "-p"], "env": ["-u", "-C"], "nohup": [],
        "time": ["-f", "-o"],
        "chroot": [], "runuser": ["-u", "-g", "-G"], "setsid": [], "stdbuf": ["-i", "-o", "-e"], "command": [],
        "exec": [],
        "flock": ["-w", "-E"], "nsenter": ["-t"], "ip": [],
    ]
    /// Which have one word of their own before the command that they run.
    private static let named: Set<String> = ["timeout", "chroot", "flock"]

    /// What a command runs in its turn: a text for a shell, or words.
    private static func inner(
        _ command: String, _ rest: ArraySlice<ShellSketch.Word>
    ) -> (text: String?, words: [ShellSketch.Word])? {
        let texts = rest.map(\.text)
        switch command {
        case "sh", "bash", "dash", "ash", "ksh", "zsh", "mksh", "su":
            guard let option = texts.firstIndex(where: { isAmong("-c", $0) || $0 == "--command" }),
                texts.indices.contains(option + 1)
            else { return nil }
            return (texts[option + 1], [])
        case "ssh":
            let words = withoutOptions(rest, valued: Set("bcDEeFIiJLlmOopQRSWw".map { "-\($0)" }))
            return words.count > 1 ? (words.dropFirst().map(\.text).joined(separator: " "), []) : nil
        case "docker", "podman", "kubectl", "crictl", "nerdctl", "pct", "lxc", "incus", "machinectl", "qm":
            guard let verb = texts.firstIndex(of: "exec") else { return nil }
            let after = rest.dropFirst(verb + 1)
            let words = withoutOptions(
                after,
                valued: ["-u", "-e", "-w", "-n", "-c", "--user", "--env", "--workdir", "--namespace", "--container"])
            let command = words.dropFirst().drop { $0.text == "--" }
            return command.isEmpty ? nil : (nil, Array(command))
        case "command" where texts.first == "-v": return nil
        case "ip" where texts.first != "netns": return nil
        case let prefix where prefixes[prefix] != nil:
            var words = withoutOptions(rest, valued: prefixes[prefix] ?? [])
            if prefix == "ip" { words = words.dropFirst(3) }
            if named.contains(prefix) { words = words.dropFirst() }
            return words.isEmpty ? nil : (nil, Array(words))
        default: return nil
        }
    }

    private static func isPredicate(_ text: String?, command: [ShellSketch.Word], depth: Int) -> Bool {
        guard depth < deepest else { return true }
        return text.map { isPredicate($0, depth: depth) } ?? isPredicate(command: command, depth: depth)
    }

    private static func withoutOptions(
        _ words: ArraySlice<ShellSketch.Word>, valued: Set<String>
    ) -> ArraySlice<ShellSketch.Word> {
        var words = words
        while let option = words.first, option.text.hasPrefix("-") {
            words.removeFirst()
            if option.text == "--" { break }
            if valued.contains(option.text) { words = words.dropFirst() }
        }
        return words
    }

    /// By the first word, which words have to follow for its status to mean something; none: it always does.
    private static let predicates: [String: [[String]]] = [
        "cmp": [], "diff": [], "pidof": [], "mountpoint": [], "nc": [["-z"]], "ncat": [["-z"]],
        "ping": [], "ping6": [], "fuser": [], "sha256sum": [["-c"], ["--check"]],
        "md5sum": [["-c"], ["--check"]], "curl": [["-f"], ["--fail"], ["--fail-with-body"]],
        "wget": [["--spider"]], "command": [["-v"]],
        "systemctl": [["is-active"], ["is-enabled"], ["is-system-running"], ["status"]],
        "service": [["status"]], "rc-service": [["status"]], "initctl": [],
        "pg_isready": [], "pg_ctl": [["status"]], "mysqladmin": [["ping"]], "mariadb-admin": [["ping"]],
        "chronyc": [["waitsync"]], "cryptsetup": [["status"]], "mdadm": [["--test"], ["-t"]],
        "kubectl": [["wait"], ["rollout"]], "etcdctl": [["health"]], "rabbitmq-diagnostics": [],
        "apachectl": [["configtest"], ["-t"]], "nginx": [["-t"]], "named-checkconf": [], "dcdiag": [],
        "drbdadm": [["wait-connect"], ["wait-sync"]], "haproxy": [["-c"]], "jq": [["-e"], ["--exit-status"]],
        "ldapwhoami": [], "openssl": [["-verify_return_error"], ["verify"]], "podman": [["healthcheck"]],
    ]

    // MARK: Words

    /// `-f` among the letters of `-fsS`.
    private static func isAmong(_ option: String, _ word: String) -> Bool {
        word.hasPrefix("-") && !word.hasPrefix("--") && option.last.map(word.contains) ?? false
    }

    private static func name(_ word: String) -> String {
        word.split(separator: "/").last.map(String.init) ?? word
    }
}
