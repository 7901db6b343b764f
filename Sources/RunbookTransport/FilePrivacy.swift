internal import Glibc
internal import RunbookModel

/// Whether a file with a secret is private, by the rule that ssh has for keys: a file of our own that its group or others
/// may touch is not. A file of somebody else is theirs to look after; what is not a regular file has no readers.
package enum FilePrivacy {
    package static func isExposed(_ path: String) -> Bool {
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return false }
        return facts.st_uid == geteuid() && facts.st_mode & 0o077 != 0
    }

    /// What is wrong, with the permissions as `ls` and `chmod` name them.
    package static func objection(_ path: String) -> String? {
        var facts = stat()
        guard isExposed(path), stat(path, &facts) == 0 else { return nil }
        let mode = String(facts.st_mode & 0o777, radix: 8)
        return "\(TerminalText.shown(path)) can be read by others (mode 0\(mode)); `\(remedy(path))` closes it"
    }

    package static func remedy(_ path: String) -> String { "chmod 600 \(TerminalText.shown(path))" }
}
