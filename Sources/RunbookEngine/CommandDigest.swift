internal import Crypto
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

/// What tells one command from another: its text and its environment.
enum CommandDigest {
    /// Lower-case hex SHA-256, each part with its length in front so that no two commands share one text.
    static func text(_ command: String, _ environment: [EnvironmentPair]) -> String {
        var hasher = SHA256()
        func part(_ text: String) {
            hasher.update(data: Array("\(text.utf8.count):".utf8))
            hasher.update(data: Array(text.utf8))
        }
        part(command)
        for pair in environment {
            part(pair.name)
            part(pair.value)
        }
        return Hex.text(hasher.finalize())
    }

    /// What a receipt is known by: the command, for this run. A run of the same name elsewhere has receipts of the same
    /// names on the same hosts, and its results must not be taken for ours.
    static func receipt(_ digest: String, mark: String) -> String {
        Hex.text(SHA256.hash(data: Array("\(mark):\(digest)".utf8)))
    }

    /// The command as the journal keeps it.
    static func recorded(_ command: String) -> String {
        guard command.utf8.count > Limits.recordedCommandBytes else { return command }
        return String(decoding: command.utf8.prefix(Limits.recordedCommandBytes), as: UTF8.self) + " …"
    }
}
