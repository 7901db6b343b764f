package import ArgumentParser
internal import Glibc
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookTransport

/// `journal verify`: what a journal, or a proof of one line, proves; by whom; up to where; and what it does not.
package struct JournalVerify: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Prove that a journal is whole and who signed it.",
        discussion: """
            Ends with 0 where it stands, with 7 where it is broken, where a signer is not among the allowed ones, or where \
            the code on paper or what hosts know is not of it; with 65 where the runbook or the inventory in its folder can't \
            be read or is not the one that the run began with; with `--hosts`, with 4 where one could not be asked. \
            `verify-journal.sh` beside every journal says the same of the journal with sh, sha256sum and ssh-keygen.
            """)

    @Argument(help: ArgumentHelp("The run, its folder, or a journal file; the newest run.", valueName: "run"))
    package var name: String?

    @Option(help: "An OpenSSH allowed_signers file to check the signers against.")
    package var allowedSigners: String?

    @Option(help: "Keys that count no more: public keys, one a line, or a list that `ssh-keygen -k` made.")
    package var revoked: String?

    @Option(help: ArgumentHelp("A code of the journal's head, as a report printed it.", valueName: "code"))
    package var head: String?

    @Flag(help: "Ask the hosts what they know of the journal: each command that ran there brought its head.")
    package var hosts = false

    @Option(help: ArgumentHelp("Verify a proof of one line, that `journal export --proof` made.", valueName: "file"))
    package var proof: String?

    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var console: ConsoleOptions

    package init() {}

    package func run() async throws {
        try console.check(.text, .json)
        let places = Places()
        let trust = try TrustedSigners.read(allowedSigners, revoked: revoked, places)
        if let proof {
            guard name == nil, head == nil, !hosts else {
                throw CommandFailure(.usage, "`--proof` stands for itself: leave out the run, `--head` and `--hosts`")
            }
            return try verifyProof(proof, trust)
        }
        let wanted = try head.map { text throws(CommandFailure) in
            guard let code = HeadCode(typed: text) else {
                throw CommandFailure(
                    .usage, "`\(TerminalText.shown(text))` is no code of a journal's head",
                    hint: "it is the number of a line and 16 letters and digits, as 23-7F3A-09C2-K4TZ-M0QN")
            }
            return code
        }
        let path = try JournalCommand.path(name, places.runs(runs.runDir))
        let bytes = try RecordedRun.bytes(of: path)
        let runbook = RunbookBeside(path, places)
        let basis = ApprovalBasis(stated: runbook.stated, signers: trust?.signers)
        switch JournalVerifier.verify(bytes, trust: trust?.signers, approvals: basis) {
        case .failure(let broken):
            if console.isJSON {
                Terminal.out(
                    JSONText.line([
                        ("ok", .boolean(false)), ("line", .integer(Int64(broken.line))),
                        ("reason", .string(broken.reason.message)),
                    ]))
            }
            throw CommandFailure.broken(broken, path, hint: hint(broken))
        case .success(let report):
            let witness = hosts ? try await witness(path, bytes, places) : nil
            let words = VerdictText(
                report: report, path: path, trust: trust?.path, runbook: runbook, witness: witness)
            let comparison = wanted.map { ($0, $0.compare(bytes)) }
            Terminal.out(console.isJSON ? words.json(comparison) : words.text(comparison))
            if let (code, found) = comparison, let failure = words.failure(code, found) { throw failure }
            if let objection = witness?.objection {
                throw CommandFailure(
                    .journalBroken, "\(TerminalText.shown(path)): \(objection)",
                    hint: "the journal is sound in itself; look for the copy that the host has heard of")
            }
            if let failure = runbook.failure { throw failure }
            if witness?.hasUnasked == true { throw ExitCode(4) }
        }
    }

    private func witness(
        _ path: String, _ bytes: [UInt8], _ places: Places
    ) async throws(CommandFailure) -> HostWitness {
        let recorded = try RecordedRun.read(RunFolder(Places.folder(of: path)), places)
        let logins = try LoginSecrets(recorded.plan, places, asks: Terminal.hasTerminalIn && Terminal.hasTerminalOut)
        let transport = LiveTransport.make(recorded.plan, places, logins)
        let witness = await HostWitness.ask(recorded, journal: bytes, transport)
        await transport.close()
        return witness
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

    // MARK: One line

    private func verifyProof(_ path: String, _ trust: TrustedSigners?) throws {
        let bytes: [UInt8]
        do { bytes = try SystemCalls.contents(of: path, limitBytes: InclusionProof.limitBytes) } catch {
            throw CommandFailure(.usage, "can't read `\(TerminalText.shown(path))`: \(error.words)")
        }
        func broken(_ why: String) -> CommandFailure {
            if console.isJSON { Terminal.out(JSONText.line([("ok", .boolean(false)), ("reason", .string(why))])) }
            return CommandFailure(
                .journalBroken, "\(TerminalText.shown(path)): the proof proves nothing: \(why)",
                hint: "ask for it again: `blackstart journal export RUN --proof LINE`")
        }
        guard let text = String(validating: bytes, as: UTF8.self), let proof = InclusionProof(text) else {
            throw broken("it is not as `journal export --proof` writes one")
        }
        let report: InclusionProof.Report
        do { report = try proof.verify(trust: trust?.signers) } catch { throw broken(error.message) }
        Terminal.out(console.isJSON ? Self.json(proof, report) : Self.text(proof, report, path, trust))
    }

    private static func text(
        _ proof: InclusionProof, _ report: InclusionProof.Report, _ path: String, _ trust: TrustedSigners?
    ) -> String {
        let whose =
            trust.map { "who is among the allowed signers in \(TerminalText.shown($0.path))" }
            ?? "by its own word: NOT CHECKED, for there is no allowed_signers file"
        let fields = report.entry.fields.keys.sorted().map { key in
            "            \(key): \(TerminalText.shown(JSONText.value(report.entry.fields[key] ?? .string(""))))"
        }
        let lines =
            [
                "\(TerminalText.shown(path)): proven.",
                "  Line      \(proof.sequence) of run \(proof.run), \(report.entry.type), by its own clock \(TimeText.date(report.entry.timestamp))",
            ] + fields + [
                "  Proven    it stood there, just so, when the run sealed its first \(Count.of(report.lines, "line"))",
                "  By        \(TerminalText.shown(report.by))  \(report.fingerprint), \(whose)",
                "  Not       what stands in the other lines, and whether more came after",
            ]
        return lines.flatMap { Wrapping.lines($0, columns: 100, indent: 12) }.joined(separator: "\n") + "\n"
    }

    private static func json(_ proof: InclusionProof, _ report: InclusionProof.Report) -> String {
        JSONText.line([
            ("ok", .boolean(true)), ("run", .string(proof.run)), ("seq", .integer(Int64(proof.sequence))),
            ("type", .string(report.entry.type)), ("fields", .object(report.entry.fields)),
            ("lines", .integer(Int64(report.lines))), ("by", .string(report.by)), ("key", .string(report.fingerprint)),
            ("trusted", .boolean(report.trust == .checked)),
        ])
    }
}

/// The signers that a person trusts, and where they are listed.
struct TrustedSigners {
    var signers: AllowedSigners
    var path: String

    /// Those of `flag`; else those of the store, if there are any. Keys in `revoked`, or in `revoked_keys` beside the
    /// list, count no more.
    static func read(
        _ flag: String?, revoked: String?, _ places: Places
    ) throws(CommandFailure) -> TrustedSigners? {
        let own = OperatorKeyStore.allowedSignersPath(home: places.home)
        guard let path = flag ?? (access(own, F_OK) == 0 ? own : nil) else {
            if revoked != nil {
                throw CommandFailure(.usage, "`--revoked` takes away from allowed signers, and there is no such file")
            }
            return nil
        }
        let beside = "\(Places.folder(of: path))/revoked_keys"
        do {
            var signers = try AllowedSigners(path: path)
            if let list = revoked ?? (access(beside, F_OK) == 0 ? beside : nil) {
                signers.revoked = try RevokedKeys(path: list)
            }
            return TrustedSigners(signers: signers, path: path)
        } catch {
            throw CommandFailure(flag == nil && revoked == nil ? .programFailed : .usage, error.message)
        }
    }
}

/// The runbook and the inventory in the folder of a journal, which say who may approve.
enum RunbookBeside {
    /// They are those that the run began with.
    case read(StatedApprovals)
    /// The journal is alone.
    case absent
    /// They are there, and say nothing that counts.
    case unread(CommandFailure)

    init(_ journal: String, _ places: Places) {
        let folder = RunFolder(Places.folder(of: journal))
        let copies: [String] = [folder.runbook, folder.inventory]
        guard RunFolder(journal).name == JournalReader.fileName,
            copies.contains(where: { (copy: String) in access(copy, F_OK) == 0 })
        else {
            self = .absent
            return
        }
        do throws(CommandFailure) {
            self = .read(try RecordedRun.read(folder, places).plan.statedApprovals)
        } catch { self = .unread(error) }
    }

    var stated: StatedApprovals? { if case .read(let stated) = self { stated } else { nil } }

    /// What a journal that stands does not make good.
    var failure: CommandFailure? {
        guard case .unread(let failure) = self else { return nil }
        var worded = CommandFailure(
            .invalidFile, failure.message.isEmpty ? "the runbook in the folder can't be read" : failure.message,
            hint: failure.hint, diagnostics: failure.diagnostics)
        if worded.hint == nil { worded.hint = "the journal itself is unbroken; get the folder from another copy" }
        return worded
    }

    /// In a word, for programs.
    var word: String {
        switch self {
        case .read: "checked"
        case .absent: "absent"
        case .unread: "unread"
        }
    }

    /// For a journal whose opening says `stated`.
    func words(_ stated: StatedApprovals?) -> String {
        switch self {
        case .read:
            return stated == nil
                ? "who may approve is as the runbook in the folder says; the journal does not state it"
                : "the one in the folder is the one that the run began with, and who may approve is as it says"
        case .absent, .unread:
            let why = if case .absent = self { "no runbook is in the folder" } else { "see the error below" }
            return stated == nil
                ? "NOT CHECKED: \(why), and the journal does not state who may approve"
                : "NOT CHECKED: \(why); who may approve is as the journal's opening says"
        }
    }
}
