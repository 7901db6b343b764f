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

    /// Whether everybody may put another file in its place: its folder is writable for all, and has no sticky bit.
    private static func isReplaceable(_ path: String) -> Bool {
        var (file, folder) = (stat(), stat())
        guard stat(path, &file) == 0, file.st_mode & S_IFMT == S_IFREG, stat(self.folder(of: path), &folder) == 0 else {
            return false
        }
        return folder.st_mode & 0o002 != 0 && folder.st_mode & S_ISVTX == 0
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// What is wrong, with the permissions as `ls` and `chmod` name them.
    package static func objection(_ path: String) -> String? {
        var facts = stat()
        if isExposed(path), stat(path, &facts) == 0 {
            let mode = String(facts.st_mode & 0o777, radix: 8)
            return "\(TerminalText.shown(path)) can be read by others (mode 0\(mode)); `\(remedy(path))` closes it"
        }
        guard isReplaceable(path) else { return nil }
        return "\(TerminalText.shown(path)) can be replaced by everybody; `\(remedy(path))` closes its folder"
    }

    package static func remedy(_ path: String) -> String {
        isExposed(path) || !isReplaceable(path)
            ? "chmod 600 \(ShellWord.typed(path))" : "chmod o-w \(ShellWord.typed(folder(of: path)))"
    }
}
