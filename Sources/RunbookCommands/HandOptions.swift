package import ArgumentParser
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

/// Whose signature stands under what is entered afterwards.
package struct HandOptions: ParsableArguments {
    @Option(
        help:
            "The private key of whose word it is, or a public one whose other half an agent holds; else the operator's."
    )
    package var key: String?

    @Flag(help: "Print what is to be signed, and enter nothing.")
    package var statement = false

    @Option(help: "A signature that `ssh-keygen -Y sign -n blackstart-by-hand` made, instead of a key.")
    package var signature: String?

    @Option(name: .customLong("as"), help: "Whose signature it is: the name among the allowed signers.")
    package var signer: String?

    package init() {}

    /// Enters it in a session of its own. `more` gives the lines that go with it, from what the journal holds once nobody
    /// else writes to it. Returns who signed, and where the journal stands then.
    func enter(
        _ note: some SignedByHand, into recorded: RecordedRun, _ runs: RunsOptions, _ trust: TrustOptions,
        _ places: Places, more: (RecordedRun, _ by: String) throws(CommandFailure) -> [Draft]
    ) throws(CommandFailure) -> (by: String, head: String) {
        let asks = Terminal.hasTerminalIn
        let (by, signed) = try signed(note, runs, places, asks: asks)
        let own = try Operator.key(runs, places, useAgent: true, asks: asks)
        let trust = try SiteTrust.of(trust, frozen: recorded.plan.inventory, places)
        let now = SystemClock().now()
        try trust?.admit(own, Seal.namespace, at: now.wall)
        try trust?.admit(by, signed.publicKey, HandWork.namespace, at: now.wall)
        let journal: JournalWriter
        var refusal: CommandFailure?
        var drafts = [note.draft(by: by, signed)]
        do {
            (journal, _) = try JournalWriter.resume(
                folder: recorded.folder.path, opening: Draft(type: LineTypes.sessionOpen, fields: [:]), operator: own,
                trust: SiteTrust.sessions(trust, own),
                approvals: SiteTrust.approvals(trust, recorded.plan), uptime: now.uptime, wall: now.wall
            ) { entries, _ in
                do throws(CommandFailure) {
                    drafts += try more(try recorded.with(entries), by)
                } catch { refusal = error }
                return refusal == nil
            }
        } catch {
            throw refusal ?? Operator.failure(error, run: recorded.folder.called(in: places.runs(nil)), trust)
        }
        do {
            try journal.append(drafts, uptime: now.uptime, wall: now.wall, closing: true)
        } catch { throw CommandFailure(.programFailed, error.message) }
        journal.close()
        return (by, journal.head)
    }

    private func signed(
        _ note: some SignedByHand, _ runs: RunsOptions, _ places: Places, asks: Bool
    ) throws(CommandFailure) -> (by: String, SSHSIG) {
        if let signature {
            guard key == nil, let signer else {
                throw CommandFailure(.usage, "`--signature` goes with `--as NAME`, and without `--key`")
            }
            guard Principal.isValid(signer) else {
                throw CommandFailure(.usage, "`\(TerminalText.shown(signer))` is no name of a signer")
            }
            guard let bytes = try? SystemCalls.contents(of: signature, limitBytes: ApprovalFiles.limitBytes),
                let read = try? SSHSIG(armoured: bytes)
            else {
                throw CommandFailure(.usage, "`\(TerminalText.shown(signature))` is no signature of ssh-keygen")
            }
            guard note.isSigned(read) else {
                throw CommandFailure(
                    .usage, "the signature is not one over this",
                    hint: "sign what the same command prints with `--statement`, with -n \(HandWork.namespace)")
            }
            return (signer, read)
        }
        guard signer == nil else { throw CommandFailure(.usage, "`--as` goes with `--signature`") }
        var options = runs
        if let key { options.operatorKey = key }
        let own = try Operator.key(options, places, useAgent: true, asks: asks)
        do { return (own.principal, try note.signed(by: own)) } catch {
            throw CommandFailure(.programFailed, "can't sign: \(error.message)")
        }
    }
}
