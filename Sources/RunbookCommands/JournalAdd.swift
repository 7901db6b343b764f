package import ArgumentParser
internal import RunbookEngine
internal import RunbookFormat
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

/// `journal add RUN --what TEXT`: enters what somebody did by hand while no controller ran, as such and under their name.
package struct JournalAdd: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Enter work that was done by hand while the controller was down.",
        discussion: """
            The entry says that it was made afterwards, and who did the work signs it: with `--key`, or with \
            `ssh-keygen -Y sign -n blackstart-by-hand` over what `--statement` prints. With `--done`, the step counts as done \
            when the run is resumed; where it has a `verify`, that is looked at again.
            """)

    @Argument(help: ArgumentHelp("The run, or its folder.", valueName: "run"))
    package var name: String

    @Option(help: "What was done, in a line.")
    package var what: String

    @Option(help: "When it was done, as who did it says, for example \"03:40 to 03:55\".")
    package var when: String

    @Option(help: "The step that it was done for.")
    package var step: String?

    @Option(help: "The host of the step; all of its hosts.")
    package var host: String?

    @Flag(help: "The step is done by it.")
    package var done = false

    @Flag(help: "It was tried, and the step failed.")
    package var failed = false

    @Option(
        help: "The private key of who did it, or a public one whose other half an agent holds; else the operator's.")
    package var key: String?

    @Flag(help: "Print what is to be signed, and enter nothing.")
    package var statement = false

    @Option(help: "A signature that `ssh-keygen -Y sign -n blackstart-by-hand` made, instead of a key.")
    package var signature: String?

    @Option(name: .customLong("as"), help: "Whose signature it is: the name among the allowed signers.")
    package var signer: String?

    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var trust: TrustOptions

    package init() {}

    private static let textBytes = 4 << 10

    package func run() throws {
        let places = Places()
        let folder = try RecordedRun.find(name, runs: places.runs(runs.runDir))
        let recorded = try RecordedRun.read(folder, places)
        let work = try work(recorded)
        _ = try settlements(recorded, by: "")
        if statement { return Terminal.out(work.statement) }
        let asks = Terminal.hasTerminalIn
        let (by, signed) = try signed(work, places, asks: asks)
        let own = try Operator.key(runs, places, useAgent: true, asks: asks)
        let trust = try SiteTrust.of(self.trust, recorded.plan.inventory, places)
        let now = SystemClock().now()
        try trust?.admit(own, Seal.namespace, at: now.wall)
        try trust?.admit(by, signed.publicKey, HandWork.namespace, at: now.wall)
        let journal: JournalWriter
        var refusal: CommandFailure?
        var drafts = [work.draft(by: by, signed)]
        do {
            (journal, _) = try JournalWriter.resume(
                folder: folder.path, opening: Draft(type: LineTypes.sessionOpen, fields: [:]), operator: own,
                trust: trust?.enforced, uptime: now.uptime, wall: now.wall
            ) { entries, _ in
                do throws(CommandFailure) {
                    drafts += try settlements(try recorded.with(entries), by: by).flatMap(\.drafts)
                } catch { refusal = error }
                return refusal == nil
            }
        } catch { throw refusal ?? Operator.failure(error, run: folder.called(in: places.runs(nil)), trust) }
        do {
            try journal.append(drafts, uptime: now.uptime, wall: now.wall, closing: true)
        } catch { throw CommandFailure(.programFailed, error.message) }
        journal.close()
        let about = work.step.map { " for the step \($0)" } ?? ""
        Terminal.out("Entered: work by hand\(about) of run \(recorded.opening.run), done by \(by).\n")
        if let code = HeadCode(head: journal.head) { Terminal.out("The journal's code is now: \(code.text)\n") }
    }

    private func work(_ recorded: RecordedRun) throws(CommandFailure) -> HandWork {
        for (text, name) in [(what, "what"), (when, "when")] {
            guard !text.isEmpty, text.utf8.count <= Self.textBytes, !text.contains(where: \.isNewline) else {
                throw CommandFailure(.usage, "`--\(name)` has to be a line of at most \(Self.textBytes) bytes")
            }
        }
        guard !(done && failed) else { throw CommandFailure(.usage, "`--done` or `--failed`, not both") }
        if step == nil, host != nil || done || failed {
            throw CommandFailure(.usage, "`--host`, `--done` and `--failed` are about a step: name it with `--step`")
        }
        let plan = recorded.plan
        if let step {
            let ids = plan.runbook.steps.map(\.id)
            guard ids.contains(step) else {
                throw CommandFailure(
                    .usage, "run `\(recorded.opening.run)` has no step `\(TerminalText.shown(step))`",
                    hint: Nearest.hint(step, ids))
            }
            if let host, plan.index[TaskID(step: step, host: host)] == nil {
                throw CommandFailure(
                    .usage, "the step `\(step)` has no host `\(TerminalText.shown(host))`",
                    hint: "its hosts: "
                        + plan.tasks.filter { $0.id.step == step }.compactMap(\.id.host).joined(separator: ", "))
            }
        }
        return HandWork(
            run: recorded.opening.run, mark: recorded.opening.mark, step: step, host: host, when: when, what: what,
            end: done ? .done : failed ? .failed : nil)
    }

    /// What becomes of the tasks of the step.
    private func settlements(_ recorded: RecordedRun, by: String) throws(CommandFailure) -> [Record] {
        let (plan, state) = (recorded.plan, recorded.state)
        guard recorded.opening.mode == .live else {
            throw CommandFailure(.usage, "run `\(recorded.opening.run)` was a dry run: nobody worked at its hosts")
        }
        guard done || failed, let step else { return [] }
        if let outcome = state.closed, outcome.isFinal {
            throw CommandFailure(
                .usage, "run `\(recorded.opening.run)` is over: \(outcome.rawValue)",
                hint: "without `--done` or `--failed` it is entered all the same")
        }
        var records: [Record] = []
        for task in plan.tasks.indices {
            let id = plan.tasks[task].id
            guard id.step == step, host == nil || id.host == host else { continue }
            if let settled = state.tasks[task].settlement, [.ok, .already, .skipped].contains(settled.state) {
                throw CommandFailure(.usage, "\(id) is \(settled.state.rawValue) already")
            }
            guard state.tasks[task].open == nil else {
                throw CommandFailure(
                    .usage, "\(id) was under way when the controller went down, and its host knows what became of it",
                    hint: "enter the work without `--done`; `blackstart resume` asks the host, and then you")
            }
            records.append(
                .taskSettled(
                    TaskSettlement(
                        task: id, state: done ? .ok : .failed, reason: "by hand, \(when): \(what)", by: by)))
        }
        return records
    }

    private func signed(
        _ work: HandWork, _ places: Places, asks: Bool
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
            guard work.isSigned(read) else {
                throw CommandFailure(
                    .usage, "the signature is not one over this work",
                    hint: "sign what the same command prints with `--statement`, with -n \(HandWork.namespace)")
            }
            return (signer, read)
        }
        guard signer == nil else { throw CommandFailure(.usage, "`--as` goes with `--signature`") }
        var options = runs
        if let key { options.operatorKey = key }
        let own = try Operator.key(options, places, useAgent: true, asks: asks)
        do { return (own.principal, try work.signed(by: own)) } catch {
            throw CommandFailure(.programFailed, "can't sign: \(error.message)")
        }
    }
}
