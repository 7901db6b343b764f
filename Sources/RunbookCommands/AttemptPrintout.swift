internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel

/// What attempts printed, read back from a run's folder.
enum AttemptPrintout {
    /// Shown of one stream, at most.
    static let shownBytes = 64 << 10

    /// The command of the last attempt of a task and what it printed, safe to show; says so where there is none.
    static func text(of task: TaskID, in folder: RunFolder) -> String {
        guard let (intent, end) = last(task, folder) else { return "  The journal can't be read just now.\n" }
        let command = intent.map { "  Command    \(TerminalText.shown($0.command, lines: true))\n" } ?? ""
        guard let end else { return command + "  It has printed nothing: no attempt has ended yet.\n" }
        return command + stream("stdout", end.stdout, folder) + stream("stderr", end.stderr, folder)
    }

    /// The last line that the last attempt printed; nil where there is none.
    static func lastWords(of task: TaskID, in folder: RunFolder) -> String? {
        guard let end = last(task, folder)?.end else { return nil }
        let words = Narrator.lastWords(end.tail)
        return words.isEmpty ? nil : words
    }

    private static func last(
        _ task: TaskID, _ folder: RunFolder
    ) -> (intent: AttemptIntent?, end: AttemptEnd?)? {
        guard let records = RecordedRun.records(folder) else { return nil }
        var intent: AttemptIntent?
        var end: AttemptEnd?
        for record in records {
            switch record {
            case .attemptIntended(let found) where found.attempt.task == task: (intent, end) = (found, nil)
            case .attemptEnded(let found) where found.attempt.task == task: end = found
            default: break
            }
        }
        return (intent, end)
    }

    private static func stream(_ name: String, _ digest: OutputDigest?, _ folder: RunFolder) -> String {
        guard let digest, digest.bytes > 0 else { return "  \(name): nothing\n" }
        let path = "\(folder.outputs)/\(digest.sha256)-\(digest.bytes)"
        let limit = Limits.outputKeptBytes
        let whole = try? SystemCalls.contents(of: path, limitBytes: limit)
        guard let bytes = whole ?? (try? SystemCalls.contents(of: "\(path).tail", limitBytes: limit)) else {
            return "  \(name): \(digest.bytes) bytes, whose file is missing\n"
        }
        let isCut = bytes.count > shownBytes || whole == nil
        let shown = TerminalText.shown(bytes: bytes.suffix(shownBytes), lines: true)
        let head = "  \(name), \(digest.bytes) bytes\(isCut ? ", the end of it" : ""):\n"
        return head + shown.split(separator: "\n").map { "    \($0)\n" }.joined()
    }
}
