internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookTransport

/// What a journal that stands proves, in plain words.
struct VerdictText {
    let report: JournalReport
    let path: String
    /// Where the allowed signers are listed; nil: there are none.
    let trust: String?
    let runbook: RunbookBeside
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
        lines.append("  Mode      \(mode)")
        if report.mode != LineTypes.rehearsal { lines.append("  Runbook   \(runbook.words(report.stated))") }
        for session in report.sessions {
            lines.append(
                "  Signed by \(TerminalText.shown(session.by))  \(session.fingerprint)  (from line \(session.sequence) on)"
            )
        }
        lines += lists
        for approval in report.approvals {
            lines.append(
                "  \(approval.isApproved ? "Approved" : "Refused ")  \(TerminalText.shown(approval.step)), by \(TerminalText.shown(approval.by))  \(approval.fingerprint)  (line \(approval.sequence))"
            )
        }
        for unasked in report.stated?.unasked ?? [] { lines.append("  Not asked \(TerminalText.shown(unasked))") }
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
                ?? "  Trust     NOT CHECKED: there is no allowed_signers file. What is proven is that nobody but the holders of the keys above wrote it, not who they are: compare the fingerprints"
        )
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

    /// By whose word each session went, once where the next one goes by the same.
    private var lists: [String] {
        var last: StatedSigners?
        return report.sessions.compactMap { session in
            guard let list = session.list, last.map({ !list.isSame(as: $0) }) ?? true else { return nil }
            let isFirst = last == nil
            last = list
            return
                "  Went by   \(list.words)\(isFirst ? "" : ": ANOTHER LIST than before")  (from line \(session.sequence) on)"
        }
    }

    private var mode: String {
        switch RunOpening.Mode(rawValue: report.mode) {
        case .live: "live: on real hosts"
        case .lab: "lab: on the hosts of a lab"
        case .dryRun: "DRY RUN: a fixture answered, no host did, and approvals are not signed"
        case nil: "unknown: \(TerminalText.shown(report.mode))"
        }
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
                .boolean(
                    runbook.failure == nil && witness?.objection == nil
                        && comparison.map { failure($0.0, $0.1) == nil } ?? true)
            ), ("run", .string(report.run)), ("mode", .string(report.mode)), ("runbook", .string(runbook.word)),
            ("approvals_stated", .boolean(report.stated != nil)),
            ("approvals_unasked", .array((report.stated?.unasked ?? []).map(JournalValue.string))),
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
