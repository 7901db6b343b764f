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
            the code on paper or what hosts know is not of it; with `--hosts`, with 4 where one could not be asked. `verify-journal.sh` beside every journal says the same with sh, sha256sum \
            and ssh-keygen.
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
        switch JournalVerifier.verify(bytes, trust: trust?.signers, approvals: approvals(path, trust, places)) {
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
            let words = VerdictText(report: report, path: path, trust: trust?.path, witness: witness)
            let comparison = wanted.map { ($0, $0.compare(bytes)) }
            Terminal.out(console.isJSON ? words.json(comparison) : words.text(comparison))
            if let (code, found) = comparison, let failure = words.failure(code, found) { throw failure }
            if let objection = witness?.objection {
                throw CommandFailure(
                    .journalBroken, "\(TerminalText.shown(path)): \(objection)",
                    hint: "the journal is sound in itself; look for the copy that the host has heard of")
            }
            if witness?.hasUnasked == true { throw ExitCode(4) }
        }
    }

    /// Who may approve, by the runbook and the inventory that lie beside the journal and are those it began with.
    private func approvals(_ path: String, _ trust: TrustedSigners?, _ places: Places) -> ApprovalBasis {
        let recorded = try? RecordedRun.read(RunFolder(Places.folder(of: path)), places)
        return ApprovalBasis(terms: recorded?.plan.approvalTerms, signers: trust?.signers)
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

/// What a journal that stands proves, in plain words.
struct VerdictText {
    let report: JournalReport
    let path: String
    /// Where the allowed signers are listed; nil: there are none.
    let trust: String?
    /// What hosts know; nil: they were not asked.
    var witness: HostWitness?

    func text(_ comparison: (HeadCode, HeadCode.Comparison)?) -> String {
        var lines = ["\(TerminalText.shown(path)): unbroken."]
        lines.append(
            "  Run       \(report.run), \(Count.of(report.lines, "line")), \(Count.of(report.sessions.count, "session"))"
        )
        lines.append(
            "  Proven    lines 1 to \(report.sealedThrough) are as they were written, in their order, and none of them is missing"
        )
        for session in report.sessions {
            lines.append(
                "  Signed by \(TerminalText.shown(session.by))  \(session.fingerprint)  (from line \(session.sequence) on)"
            )
        }
        for approval in report.approvals {
            lines.append(
                "  \(approval.isApproved ? "Approved" : "Refused ")  \(TerminalText.shown(approval.step)), by \(TerminalText.shown(approval.by))  \(approval.fingerprint)  (line \(approval.sequence))"
            )
        }
        for hand in report.hands {
            let what = hand.work.step.map {
                "\(TerminalText.shown($0))\(hand.work.host.map { "@\(TerminalText.shown($0))" } ?? "")"
            }
            lines.append(
                "  By hand   \(what.map { "\($0), " } ?? "")by \(TerminalText.shown(hand.by))  \(hand.fingerprint)  (line \(hand.sequence)): \(TerminalText.shown(hand.work.what)) (\(TerminalText.shown(hand.work.when)))"
            )
        }
        for drill in report.drills {
            let who = drill.note.tookPart.map { TerminalText.shown($0) }.joined(separator: ", ")
            lines.append(
                "  Drill     \(who) took part, the author was \(drill.note.isAuthorPresent ? "there" : "not there"); declared by \(TerminalText.shown(drill.by))  \(drill.fingerprint)  (line \(drill.sequence))"
            )
        }
        for witness in report.witnesses {
            let known = witness.isAllowed.map { $0 ? ", among the allowed signers" : ", NOT among the allowed signers" }
            lines.append(
                "  Witness   \(TerminalText.shown(witness.host)) keeps lines 1 to \(witness.through)  \(witness.key.fingerprint)\(known ?? "")"
            )
        }
        lines.append(
            trust.map { "  Trust     every signer is among the allowed signers in \(TerminalText.shown($0))" }
                ?? "  Trust     NOT CHECKED: there is no allowed_signers file; compare the fingerprint above")
        lines.append(
            report.isClosed
                ? "  Closed    yes: the last session ended, and nothing can have been added since"
                : "  Closed    no: a session is under way, or was killed; its newest lines could be missing")
        let unsealed = report.unsealedLines
        if unsealed > 0 {
            let which = unsealed == 1 ? "line \(report.lines)" : "lines \(report.sealedThrough + 1) to \(report.lines)"
            lines.append(
                "  Not       \(which): chained, not signed yet; whoever holds the file could have written \(unsealed == 1 ? "it" : "them")"
            )
        }
        lines.append(
            "  Not       whether it was cut at a seal and goes on elsewhere: hold the head against paper or hosts; and not the clock: order comes from the lines, times are this machine's word"
        )
        for line in witness?.lines ?? [] { lines.append("  Hosts     \(line)") }
        lines.append("  Head      \(report.head)")
        if let code = HeadCode(head: report.head) { lines.append("  On paper  \(code.text)") }
        if let (code, found) = comparison { lines.append("  Your code \(words(code, found))") }
        return lines.flatMap { Wrapping.lines($0, columns: 100, indent: 12) }.joined(separator: "\n") + "\n"
    }

    private func words(_ code: HeadCode, _ found: HeadCode.Comparison) -> String {
        switch found {
        case .found(0):
            "\(code.text) is this journal's head: nothing was changed, cut or added since it was written down"
        case .found(let after):
            "\(code.text) is that of line \(code.sequence): nothing up to there was changed; \(Count.of(after, "line")) came after"
        case .cut(let lines):
            "\(code.text) is that of a line \(code.sequence), and this journal has \(lines): it was cut, or is an older copy"
        case .other:
            "\(code.text) is not that of line \(code.sequence) here: this is another journal, or a rewritten one"
        }
    }

    func failure(_ code: HeadCode, _ found: HeadCode.Comparison) -> CommandFailure? {
        if case .found = found { return nil }
        return CommandFailure(
            .journalBroken, "\(TerminalText.shown(path)): \(words(code, found))",
            hint: "the journal is sound in itself; look for the copy that the paper speaks of")
    }

    func json(_ comparison: (HeadCode, HeadCode.Comparison)?) -> String {
        var pairs: [(String, JournalValue)] = [
            (
                "ok",
                .boolean(witness?.objection == nil && comparison.map { failure($0.0, $0.1) == nil } ?? true)
            ), ("run", .string(report.run)),
            ("lines", .integer(Int64(report.lines))), ("sealed", .integer(Int64(report.sealedThrough))),
            ("closed", .boolean(report.isClosed)), ("head", .string(report.head)),
            ("code", .string(HeadCode(head: report.head)?.text ?? "")),
            ("trusted", .boolean(report.trust == .checked)),
            (
                "sessions",
                .array(
                    report.sessions.map {
                        .object([
                            "by": .string($0.by), "key": .string($0.fingerprint), "seq": .integer(Int64($0.sequence)),
                        ])
                    })
            ),
        ]
        pairs.append(
            (
                "approvals",
                .array(
                    report.approvals.map {
                        .object([
                            "step": .string($0.step), "by": .string($0.by), "key": .string($0.fingerprint),
                            "approved": .boolean($0.isApproved), "seq": .integer(Int64($0.sequence)),
                        ])
                    })
            ))
        pairs.append(
            (
                "by_hand",
                .array(
                    report.hands.map { hand in
                        var members: JournalFields = [
                            "by": .string(hand.by), "key": .string(hand.fingerprint),
                            "seq": .integer(Int64(hand.sequence)),
                            "what": .string(hand.work.what), "when": .string(hand.work.when),
                        ]
                        members["step"] = hand.work.step.map(JournalValue.string)
                        members["host"] = hand.work.host.map(JournalValue.string)
                        return .object(members)
                    })
            ))
        pairs.append(
            (
                "drills",
                .array(
                    report.drills.map { drill in
                        .object([
                            "by": .string(drill.by), "key": .string(drill.fingerprint),
                            "seq": .integer(Int64(drill.sequence)),
                            "took_part": .array(drill.note.tookPart.map(JournalValue.string)),
                            "author_present": .boolean(drill.note.isAuthorPresent),
                            "confused": .array(drill.note.confused.map(JournalValue.string)),
                            "note": .string(drill.note.note),
                        ])
                    })
            ))
        pairs.append(
            (
                "witnesses",
                .array(
                    report.witnesses.map {
                        .object([
                            "host": .string($0.host), "key": .string($0.key.fingerprint),
                            "lines": .integer(Int64($0.through)),
                        ])
                    })
            ))
        if let witness { pairs.append(("hosts", witness.json)) }
        if let (code, found) = comparison { pairs.append(("reason", .string(words(code, found)))) }
        return JSONText.line(pairs)
    }
}
