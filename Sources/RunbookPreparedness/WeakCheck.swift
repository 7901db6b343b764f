internal import RunbookModel

/// Commands whose exit status is the answer to a question, as far as a few words tell. Of any other command it only says
/// that it could be run: `qm status 100` exits with 0 for a guest that is stopped.
enum WeakCheck {
    /// By the first word, which words have to follow for its status to mean something; none: it always does.
    private static let predicates: [String: [[String]]] = [
        "test": [], "[": [], "[[": [], "grep": [], "egrep": [], "fgrep": [], "zgrep": [], "cmp": [], "diff": [],
        "pgrep": [], "pidof": [], "mountpoint": [], "findmnt": [], "getent": [], "nc": [["-z"]], "ncat": [["-z"]],
        "ping": [], "ping6": [], "id": [], "which": [], "type": [], "fuser": [], "sha256sum": [["-c"], ["--check"]],
        "md5sum": [["-c"], ["--check"]], "curl": [["-f"], ["--fail"], ["--fail-with-body"]],
        "wget": [["--spider"]], "command": [["-v"]],
        "systemctl": [["is-active"], ["is-enabled"], ["is-system-running"], ["is-failed"], ["status"]],
        "service": [["status"]], "rc-service": [["status"]], "initctl": [],
        "pg_isready": [], "pg_ctl": [["status"]], "mysqladmin": [["ping"]], "mariadb-admin": [["ping"]],
        "chronyc": [["waitsync"]], "cryptsetup": [["status"]], "mdadm": [["--test"], ["-t"]],
        "kubectl": [["wait"], ["rollout"]], "etcdctl": [["health"]], "rabbitmq-diagnostics": [],
        "apachectl": [["configtest"], ["-t"]], "nginx": [["-t"]], "named-checkconf": [], "dcdiag": [],
        "drbdadm": [["wait-connect"], ["wait-sync"]],
    ]

    /// Words that run another command and pass its status on.
    private static let prefixes: Set<String> = ["sudo", "doas", "timeout", "nice", "env", "nohup", "time", "chroot"]

    /// What is weak about a check: its command as a person wrote it; nil where its answer means something.
    static func command(of check: Check) -> String? {
        guard case .run(let template) = check.probe, check.exit == nil, check.equals == nil, check.contains == nil,
            check.matches == nil, !isPredicate(template.source)
        else { return nil }
        return template.source
    }

    /// Whether a shell's status for `text` is that of a predicate: of its last list, in every alternative of `||` at least
    /// one part of `&&`, and of a pipe its last command. A script that says `exit` itself has decided.
    static func isPredicate(_ text: String) -> Bool {
        let words = text.split { " \t\n;|&(){}".contains($0) }
        if words.contains("exit") { return true }
        let lists = text.split { $0.isNewline || $0 == ";" }.map { trimmed($0) }
        let ends: Set<String> = ["fi", "done", "esac", "}", ")"]
        guard let last = lists.last(where: { !$0.isEmpty && !ends.contains($0) && !$0.hasPrefix("#") }) else {
            return false
        }
        return parts(last, "||").allSatisfy { alternative in
            parts(alternative, "&&").contains { part in parts(part, "|").last.map(isPredicateCommand) ?? false }
        }
    }

    private static func isPredicateCommand(_ text: String) -> Bool {
        var words = text.split { " \t(){}".contains($0) }.map { String($0) }[...]
        while let word = words.first {
            let isAssignment = word.contains("=") && !word.hasPrefix("-") && !word.hasPrefix("=")
            if word == "!" || word == "then" || word == "else" || word == "do" || isAssignment {
                words.removeFirst()
            } else if prefixes.contains(name(word)) {
                words.removeFirst()
                // Its own options, and the value of one that has a value, or a time.
                while let option = words.first, option.hasPrefix("-") || option.first?.isNumber == true {
                    words.removeFirst()
                    if ["-u", "-g", "-n"].contains(option), let value = words.first, option != "-n",
                        !value.hasPrefix("-")
                    {
                        words.removeFirst()
                    }
                }
            } else {
                break
            }
        }
        guard let first = words.first else { return false }
        let command = name(first)
        // Plugins of monitoring say by their status alone how it is.
        if command.hasPrefix("check_") { return true }
        guard let wanted = predicates[command] else { return false }
        let rest = words.dropFirst().map { unquoted($0) }
        return wanted.isEmpty
            || wanted.contains { sequence in
                sequence.allSatisfy { word in
                    rest.contains { $0 == word || (word.count == 2 && word.hasPrefix("-") && isAmong(word, $0)) }
                }
            }
    }

    /// `-f` among the letters of `-fsS`.
    private static func isAmong(_ option: String, _ word: String) -> Bool {
        word.hasPrefix("-") && !word.hasPrefix("--") && option.last.map(word.contains) ?? false
    }

    private static func name(_ word: String) -> String {
        unquoted(word).split(separator: "/").last.map(String.init) ?? word
    }

    private static func unquoted(_ word: String) -> String { word.filter { $0 != "\"" && $0 != "'" } }

    private static func parts(_ text: String, _ separator: String) -> [String] {
        text.split(separator: separator).map { trimmed($0) }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }

}
