package import ArgumentParser
internal import Glibc
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan

/// `journal show|verify`: reads the record of a run.
package struct JournalCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "journal", abstract: "Read and verify the signed journal of a run.",
        subcommands: [JournalShow.self, JournalVerify.self])

    package init() {}

    /// The journal that a person means: a file, a folder, or the name of a run.
    static func path(_ name: String?, _ runs: String) throws(CommandFailure) -> String {
        if let name {
            var facts = stat()
            if stat(name, &facts) == 0 {
                return facts.st_mode & S_IFMT == S_IFDIR ? "\(name)/\(JournalReader.fileName)" : name
            }
        }
        return try RecordedRun.find(name, runs: runs).journal
    }
}

package struct JournalShow: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what a journal says, line by line.")

    @Argument(help: ArgumentHelp("The run, its folder, or a journal file; the newest run.", valueName: "run"))
    package var name: String?

    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var console: ConsoleOptions

    package init() {}

    package func run() throws {
        try console.check(.text, .json)
        let places = Places()
        let path = try JournalCommand.path(name, places.runs(runs.runDir))
        let bytes = try RecordedRun.bytes(of: path)
        if console.isJSON { return Terminal.out(String(decoding: bytes, as: UTF8.self)) }
        let reading = JournalReader.read(bytes)
        let recorded = try? RecordedRun.read(RunFolder(Places.folder(of: path)), places)
        let journal = JournalText(narrator: recorded.map { Narrator(plan: $0.plan) }, isVerbose: console.verbose)
        for entry in reading.entries { Terminal.out(journal.text(entry)) }
        if reading.unterminatedBytes > 0 {
            Terminal.out("\(reading.unterminatedBytes) bytes of a line that was never finished follow\n")
        }
        if let broken = reading.broken {
            throw CommandFailure.broken(broken, path, hint: "above is what stands before that line")
        }
    }
}

/// The entries of a journal in words.
struct JournalText {
    let narrator: Narrator?
    let isVerbose: Bool

    func text(_ entry: JournalEntry) -> String {
        var lines: [Narration] = []
        switch entry.type {
        case LineTypes.runOpen, LineTypes.sessionOpen:
            let by = TerminalText.shown(entry.fields["by"]?.string ?? "someone")
            let what = entry.type == LineTypes.runOpen ? "The run begins" : "The run is taken up again"
            lines = [Narration(word: "", text: "\(TimeText.date(entry.timestamp)). \(what), by \(by).")]
        case LineTypes.seal:
            let covers = entry.fields["covers"]?.integer ?? 0
            lines = [Narration(word: "", text: "Sealed up to line \(covers).", weight: .detail)]
        case LineTypes.recovered:
            lines = [
                Narration(
                    word: "",
                    text: "\(entry.fields["cut"]?.integer ?? 0) bytes of a line that was never finished were cut.")
            ]
        case LineTypes.runClose:
            lines = [Narration(word: "", text: "The session ends: \(entry.fields["outcome"]?.string ?? "").")]
        default:
            if let record = try? Record(entry) {
                lines = narrator?.lines(record) ?? [plain(entry)]
                if case .attemptEnded(let end) = record { lines += files(end) }
            }
        }
        let shown = lines.filter { isVerbose || $0.weight != .detail }
        return shown.map { line in
            let head =
                "\("\(entry.sequence)".leftPadded(5))  \(TimeText.clock(entry.timestamp))  \(line.word.padded(9)) "
            return Wrapping.lines(head + line.text, columns: 100, indent: 31).joined(separator: "\n") + "\n"
        }.joined()
    }

    /// Without the runbook beside it, a line still says what it is about.
    private func plain(_ entry: JournalEntry) -> Narration {
        let names = ["step", "host", "state", "choice", "reason", "name", "outcome"]
        let words = names.compactMap { name in entry.fields[name]?.string.map { "\(name) \(TerminalText.shown($0))" } }
        return Narration(word: "", text: "\(entry.type)  \(words.joined(separator: ", "))")
    }

    private func files(_ end: AttemptEnd) -> [Narration] {
        [("stdout", end.stdout), ("stderr", end.stderr)].compactMap { name, digest in
            guard let digest, digest.bytes > 0 else { return nil }
            return Narration(
                word: "", text: "    \(name): outputs/\(digest.sha256)-\(digest.bytes)", weight: .detail)
        }
    }
}

package struct JournalVerify: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Prove that a journal is whole and who signed it.")

    @Argument(help: ArgumentHelp("The run, its folder, or a journal file; the newest run.", valueName: "run"))
    package var name: String?

    @Option(help: "An OpenSSH allowed_signers file to check the signers against.")
    package var allowedSigners: String?

    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var console: ConsoleOptions

    package init() {}

    package func run() throws {
        try console.check(.text, .json)
        let places = Places()
        let path = try JournalCommand.path(name, places.runs(runs.runDir))
        let bytes = try RecordedRun.bytes(of: path)
        let trust = try trustedSigners(places)
        switch JournalVerifier.verify(bytes, trust: trust) {
        case .failure(let broken):
            if console.isJSON {
                Terminal.out(
                    JSONText.line([
                        ("ok", .boolean(false)), ("line", .integer(Int64(broken.line))),
                        ("reason", .string(broken.reason.message)),
                    ]))
            }
            throw CommandFailure.broken(broken, path, hint: hint(broken))
        case .success(let report): Terminal.out(console.isJSON ? json(report) : text(report, path))
        }
    }

    private func hint(_ broken: JournalBroken) -> String {
        if case .untrusted(let principal, _) = broken.reason {
            return
                "the lines are whole; if you know the key of \(TerminalText.shown(principal)) to be theirs, list it in "
                + "an allowed_signers file"
        }
        return broken.line > 2
            ? "what its seals cover before line \(broken.line) is still proven; look for another copy"
            : "nothing of it is proven; look for another copy"
    }

    private func trustedSigners(_ places: Places) throws(CommandFailure) -> AllowedSigners? {
        let own = OperatorKeyStore.allowedSignersPath(home: places.home)
        guard let path = allowedSigners ?? (access(own, F_OK) == 0 ? own : nil) else { return nil }
        do { return try AllowedSigners(path: path) } catch {
            throw CommandFailure(allowedSigners == nil ? .programFailed : .usage, error.message)
        }
    }

    private func text(_ report: JournalReport, _ path: String) -> String {
        var lines = ["\(TerminalText.shown(path)): unbroken."]
        lines.append(
            "  Run       \(report.run), \(Count.of(report.lines, "line")), \(Count.of(report.sessions.count, "session"))"
        )
        let unsealed = report.unsealedLines
        lines.append(
            "  Sealed    up to line \(report.sealedThrough)"
                + (unsealed == 0
                    ? "" : "; \(unsealed) \(unsealed == 1 ? "line" : "lines") after it are chained, not signed"))
        lines.append(
            report.isClosed
                ? "  Closed    yes: the last session ended, and nothing can have been added since"
                : "  Closed    no: a session is under way, or was killed; its newest lines could be missing")
        for session in report.sessions {
            lines.append(
                "  Signed by \(TerminalText.shown(session.by))  \(session.fingerprint)  (line \(session.sequence))")
        }
        switch report.trust {
        case .checked: lines.append("  Trust     every signer is among the allowed signers")
        case .unchecked:
            lines.append("  Trust     NOT CHECKED: there is no allowed_signers file; compare the fingerprint above")
        }
        lines.append("  Head      \(report.head)")
        return lines.joined(separator: "\n") + "\n"
    }

    private func json(_ report: JournalReport) -> String {
        JSONText.line([
            ("ok", .boolean(true)), ("run", .string(report.run)), ("lines", .integer(Int64(report.lines))),
            ("sealed", .integer(Int64(report.sealedThrough))), ("closed", .boolean(report.isClosed)),
            ("head", .string(report.head)), ("trusted", .boolean(report.trust == .checked)),
            (
                "sessions",
                .array(
                    report.sessions.map {
                        .object([
                            "by": .string($0.by), "key": .string($0.fingerprint), "seq": .integer(Int64($0.sequence)),
                        ])
                    })
            ),
        ])
    }
}
