internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel

/// What attempts printed, read back from a run's folder.
enum AttemptPrintout {
    /// Shown of one stream, at most.
    static let shownBytes = 64 << 10

    /// The output of the last ended attempt of a task, safe to show; says so where there is none.
    static func last(of task: TaskID, in folder: RunFolder) -> String {
        guard let bytes = try? JournalReader.contents(of: folder.journal),
            let entries = try? JournalReader.entries(bytes), let records = try? Record.all(in: entries)
        else { return "  The journal can't be read just now.\n" }
        var last: AttemptEnd?
        for case .attemptEnded(let end) in records where end.attempt.task == task { last = end }
        guard let last else { return "  It has printed nothing: no attempt has ended yet.\n" }
        return stream("stdout", last.stdout, folder) + stream("stderr", last.stderr, folder)
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
