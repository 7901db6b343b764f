package import ArgumentParser
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

/// `resume [RUN]`: goes on with a run that was interrupted, or with its interrupted rollback.
package struct ResumeCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Go on with a run that was interrupted.")

    @Argument(help: ArgumentHelp("The run, or its folder; the newest that is not over.", valueName: "run"))
    package var name: String?

    @Option(name: [.customShort("j"), .long], help: "Tasks at once, at most.")
    package var maxParallel: Int?

    @Flag(help: "Give up the rollback that is under way, and go on with the run from what stands now.")
    package var forward = false

    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var other: BesideOptions
    @OptionGroup package var trust: TrustOptions
    @OptionGroup package var answers: AnswerOptions
    @OptionGroup package var console: ConsoleOptions

    package init() {}

    package func run() async throws {
        try console.check(.text, .json, .junit, .github)
        let places = Places()
        let folder = try RecordedRun.choose(
            name, runs: places.runs(runs.runDir), isAsked: answers.converses(console) && !answers.yes,
            what: "run to resume", RecordedRun.isResumable)
        let outcome = try await Resumption(
            places: places, folder: folder, runs: runs, trust: trust, answers: answers, console: console,
            maxParallel: try Limit.tasksAtOnce(maxParallel), beside: try other.word()
        ).play { (recorded) throws(CommandFailure) in
            // What is over is only sealed, and what is rolling back has to come to its end.
            if recorded.state.closed?.isFinal != true, recorded.state.goal == nil || forward {
                try UnfilledDraft.refuse(recorded)
            }
            return try RollbackConsent(recorded: recorded, answers: answers, console: console)
                .goOn(forward: forward, isNamed: name != nil)
        }
        throw ExitCode(outcome.exitCode)
    }
}

/// `rollback [RUN] [--to CHECKPOINT]`: takes back what was done since a checkpoint.
package struct RollbackCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Undo what was done since a checkpoint, in reverse order.")

    @Argument(help: ArgumentHelp("The run, or its folder; the newest that was not rolled back.", valueName: "run"))
    package var name: String?

    @Option(help: "The checkpoint to go back to, or start; without it a person is asked.")
    package var to: String?

    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var other: BesideOptions
    @OptionGroup package var trust: TrustOptions
    @OptionGroup package var answers: AnswerOptions
    @OptionGroup package var console: ConsoleOptions

    package init() {}

    package func run() async throws {
        try console.check(.text, .json, .junit, .github)
        let places = Places()
        let folder = try RecordedRun.choose(
            name, runs: places.runs(runs.runDir), isAsked: answers.converses(console) && !answers.yes,
            what: "run to roll back", RecordedRun.isReversible)
        let resumption = Resumption(
            places: places, folder: folder, runs: runs, trust: trust, answers: answers, console: console,
            beside: try other.word())
        let target = to
        let outcome = try await resumption.play { (recorded) throws(CommandFailure) in
            try RollbackConsent(recorded: recorded, answers: answers, console: console).begin(target)
        }
        throw ExitCode(outcome.exitCode)
    }
}

/// Another session of a run that stands in a folder.
struct Resumption {
    let places: Places
    let folder: RunFolder
    let runs: RunsOptions
    let trust: TrustOptions
    let answers: AnswerOptions
    let console: ConsoleOptions
    var maxParallel: Int?
    /// What this session may do although other runs are not over.
    var beside: Beside?

    /// `first` sees what is recorded and tells how the session begins; `by` of a rollback is filled in here.
    func play(_ first: (RecordedRun) throws(CommandFailure) -> Event) async throws(CommandFailure) -> Outcome {
        let seen = try RecordedRun.read(folder, places, maxParallel: maxParallel)
        guard seen.opening.mode.hasHosts else {
            throw CommandFailure(
                .usage, "run `\(seen.opening.run)` was a dry run; there are no hosts to go on with",
                hint: "`blackstart dry-run` plays it again")
        }
        let prepared = try answers.answers(for: seen.plan)
        var event = try first(seen)
        let isRollback = if case .rollbackRequested = event { true } else { false }
        let unsealed = Self.unsealed(seen, isRollback: isRollback)
        if unsealed == nil { try Self.refuseIfOver(seen, isRollback: isRollback) }
        let claims = StoreClaims(runs: places.runs(runs.runDir))
        let allowed = seen.beside + (beside?.runs ?? [])
        if unsealed == nil, seen.state.closed?.isFinal == true {
            // It had given up its claims.
            try claims.admit(seen.plan, mark: seen.opening.mark, beside: allowed, places)
        }
        let key = try Operator.key(runs, places, useAgent: true, asks: answers.asks(console))
        let trust = try SiteTrust.of(self.trust, frozen: seen.plan.inventory, places)
        try trust?.admit(key, Seal.namespace, at: SystemClock().now().wall)
        if let unsealed { return try seal(seen, unsealed, key, trust) }
        let logins = try LoginSecrets(seen.plan, places, asks: answers.asks(console))
        let vault = try SecretSources(plan: seen.plan, places: places, asks: answers.asks(console))
            .vault(beside: logins)
        let transport = LiveTransport.make(seen.plan, places, logins)
        if case .rollbackRequested(let target, _) = event {
            event = .rollbackRequested(target: target, by: key.principal)
        }
        if case .forwardRequested = event { event = .forwardRequested(by: key.principal) }
        try await askWitnesses(seen, transport)
        let (journal, recorded) = try open(seen, key, trust, isRollback: isRollback)
        let run = recorded.opening.run
        // The mark of a run begins the names of files on its hosts.
        let running = RunningSession(
            journal.session, after: SessionMark.all(in: recorded.entries),
            isLast: beside?.runs.contains(run) ?? false)
        let state = recorded.waiting(at: SystemClock().now().wall)
        // Clocks may be wrong: a run that seems to begin later than now has only begun.
        let began = Duration.milliseconds(max(0, SystemClock().now().wall - recorded.opening.began))
        if !console.isData, !console.quiet {
            Terminal.out(ResumeText(recorded: recorded, event: event, began: began).text)
        }
        let session = RunSession(
            plan: recorded.plan, folder: folder, called: called,
            facts: RunFacts(
                id: run, by: key.principal, mark: recorded.opening.mark,
                session: Principal.isRunName(recorded.opening.mark) ? running : nil),
            mode: recorded.opening.mode, journal: journal, state: state, vault: vault, trust: trust,
            console: console,
            noColor: places.noColor, opening: recorded.opening,
            hold: StoreClaims.claim(recorded.opening, by: recorded.opening.by, since: recorded.opening.began).map {
                SiteHold(claim: $0, beside: allowed.filter { $0 != run }, over: claims.over)
            }, began: began)
        return try await session.live(
            event, transport: transport, answers: prepared, noInput: answers.noInput, key: key)
    }

    /// Opens the journal for this session, and reads it again now that nobody else writes it.
    private func open(
        _ seen: RecordedRun, _ key: any OperatorKey, _ trust: SiteTrust?, isRollback: Bool
    ) throws(CommandFailure) -> (JournalWriter, RecordedRun) {
        let now = SystemClock().now()
        var recorded = seen
        var refusal: CommandFailure?
        let stated = SiteTrust.stated(trust)
        if let last = StatedSigners.last(in: seen.entries), !last.isSame(as: stated) {
            Terminal.message(
                "blackstart: warning: this session goes by other allowed signers than the one before. Now: \(stated.words); "
                    + "before: \(last.words). It is on record; who verifies with the site's own list sees what counts\n"
            )
        }
        do {
            let (journal, _) = try JournalWriter.resume(
                folder: folder.path,
                opening: Draft(
                    type: LineTypes.sessionOpen, fields: stated.fields.merging(beside?.fields ?? JournalFields())),
                operator: key, trust: SiteTrust.sessions(trust, key),
                approvals: SiteTrust.approvals(trust, seen.plan), uptime: now.uptime, wall: now.wall
            ) { entries, report in
                do throws(CommandFailure) {
                    if entries.count != seen.entries.count {
                        // What was agreed to was shown as the run stood then.
                        guard !isRollback, !seen.state.isTurningBack else { throw Self.wentOn(seen) }
                        recorded = try seen.with(entries)
                        try Self.refuseIfOver(recorded, isRollback: isRollback)
                    }
                } catch { refusal = error }
                if refusal == nil { Operator.warnOfStrangers(report, places, at: now.wall) }
                return refusal == nil
            }
            return (journal, recorded)
        } catch { throw refusal ?? Operator.failure(error, run: called, trust) }
    }

    /// How a run ended that is over, and whose last words a power loss has left without their seal; nil of others.
    private static func unsealed(_ recorded: RecordedRun, isRollback: Bool) -> Outcome? {
        guard !isRollback, let outcome = recorded.state.closed, outcome.isFinal,
            !JournalReading(entries: recorded.entries).isClosed
        else { return nil }
        return outcome
    }

    /// Nothing is left to do but to sign what stands.
    private func seal(
        _ seen: RecordedRun, _ outcome: Outcome, _ key: any OperatorKey, _ trust: SiteTrust?
    ) throws(CommandFailure) -> Outcome {
        let now = SystemClock().now()
        do {
            let (journal, _) = try JournalWriter.resume(
                folder: folder.path, opening: Draft(type: LineTypes.sessionOpen, fields: [:]), operator: key,
                trust: SiteTrust.sessions(trust, key),
                approvals: SiteTrust.approvals(trust, seen.plan), uptime: now.uptime, wall: now.wall
            ) { entries, _ in entries.count == seen.entries.count }
            // The end of the run stays the last thing that is said of it.
            try journal.append(Record.closed(outcome).drafts, uptime: now.uptime, wall: now.wall, closing: true)
            journal.close()
        } catch { throw Operator.failure(error, run: called, trust) }
        if !console.isData {
            Terminal.out(
                "Run \(seen.opening.run) was over (\(outcome.rawValue)), and its last lines had no seal yet: now they have.\n"
            )
        }
        return outcome
    }

    /// A witness that keeps more of this run than there is here has seen it go on: whoever resumes an older copy would do
    /// again what was done. One that does not answer is passed over: in a blackout it may be dark as well.
    private func askWitnesses(_ seen: RecordedRun, _ transport: any Transport) async throws(CommandFailure) {
        guard !seen.plan.inventory.witnesses.isEmpty else { return }
        let journal = try RecordedRun.bytes(of: folder.journal)
        let run = seen.opening.run
        let found = HostWitness(testimonies: await HostWitness.copies(seen.plan, run, journal, transport))
        guard let objection = found.objection else {
            for line in found.unasked {
                Terminal.message("blackstart: warning: witness \(line): whether this copy is the newest is not known\n")
            }
            return
        }
        await transport.close()
        throw CommandFailure(
            .journalBroken, "\(TerminalText.shown(folder.journal)): \(objection), so nothing was started",
            hint: "look for the newest copy: `blackstart witness fetch` gets that of a witness")
    }

    private static func wentOn(_ seen: RecordedRun) -> CommandFailure {
        CommandFailure(
            .usage, "run `\(seen.opening.run)` went on meanwhile, so nothing was undone",
            hint:
                "look at it again: `blackstart status \(seen.opening.run)`, then `blackstart rollback \(seen.opening.run)`"
        )
    }

    static func refuseIfOver(_ recorded: RecordedRun, isRollback: Bool) throws(CommandFailure) {
        guard let outcome = recorded.state.closed, outcome.isFinal, !isRollback || outcome == .rolledBack else {
            return
        }
        throw CommandFailure(
            .usage, "run `\(recorded.opening.run)` is over: \(outcome.rawValue)",
            hint: "`blackstart run` begins a new one")
    }

    /// What a person calls this run: its name, or its folder where it is not among all the others.
    private var called: String { folder.called(in: places.runs(nil)) }
}

/// What a resume finds, said before it goes on.
struct ResumeText {
    let recorded: RecordedRun
    let event: Event
    /// How long ago the run began.
    var began = Duration.zero

    var text: String {
        let plan = recorded.plan
        let state = recorded.state
        let steps = StepStates.of(plan, state)
        let done = steps.count { [.ok, .already, .skipped].contains($0.state) }
        let remaining = plan.tasks.indices.filter { !state.isThrough($0) }.map { plan.remaining[$0] }.max() ?? 0
        // Estimates are in the site's own time, which in a lab goes faster.
        let left = remaining / Int64(plan.inventory.labSpeed)
        let undoing: Bool
        switch event {
        case .rollbackRequested: undoing = true
        case .forwardRequested: undoing = false
        default: undoing = state.isTurningBack
        }
        var lines = Wrapping.lines("Run \(recorded.opening.run) \(ended).", columns: 80, indent: 2)
        lines.append("  Journal   \(Count.of(recorded.entries.count, "entry", "entries")), unbroken.")
        lines += changed
        lines.append(
            "  Done      \(done) of \(Count.of(steps.count, "step")).\(undoing ? "" : " Their checks are asked again now.")"
        )
        lines += unknown
        if !undoing {
            let count = Count.of(steps.count - done, "step")
            lines += Wrapping.lines(
                "  Left      \(count), about \(DurationText.words(.milliseconds(left))).\(objective)", columns: 80,
                indent: 12)
        }
        if let goal = state.goal, undoing {
            lines.append("  Rollback  \(RollingBack.words(goal)), and it goes on.")
        }
        return lines.joined(separator: "\n") + "\n\n"
    }

    /// A run keeps its own copy of its files. Who has just mended one of them has to hear that it does not count here.
    private var changed: [String] {
        guard let frozen = try? recorded.folder.frozen() else { return [] }
        let files = [
            (recorded.opening.runbook, frozen.runbook, Limits.runbookBytes),
            (recorded.opening.inventory, frozen.inventory, Limits.inventoryBytes),
        ]
        let others = files.filter { path, bytes, limit in
            guard let now = try? SystemCalls.contents(of: path, limitBytes: limit) else { return false }
            return now != bytes
        }.map { TerminalText.shown($0.0) }
        if others.isEmpty { return ["  Files     unchanged since it began."] }
        return Wrapping.lines(
            "  Files     CHANGED since it began: \(others.joined(separator: ", ")). "
                + "The run goes on with its own copies; only a new run takes the change.", columns: 80, indent: 12)
    }

    private var objective: String {
        guard let rto = recorded.plan.runbook.rto else { return "" }
        let left = Objective.left(rto, recorded.plan, since: began)
        return "  RTO \(DurationText.words(rto)): "
            + (left > .zero ? "\(DurationText.words(left)) left." : "missed by \(DurationText.words(.zero - left)).")
    }

    private var ended: String {
        let state = recorded.state
        if let halted = state.halted, state.closed != nil { return "was stopped: \(TerminalText.shown(halted))" }
        return state.closed.map { "ended as \($0.rawValue)" } ?? "was interrupted: this program was killed"
    }

    /// What was in flight, which the hosts can tell about; and what even they could not.
    private var unknown: [String] {
        let (plan, state) = (recorded.plan, recorded.state)
        let flying = plan.tasks.indices.filter { state.tasks[$0].open != nil }
        let unclear = plan.tasks.indices.filter { state.tasks[$0].settlement?.state == .unclear }
        let names = { (tasks: [Int]) in tasks.map { plan.tasks[$0].id.description }.joined(separator: ", ") }
        var lines: [String] = []
        if flying.isEmpty {
            lines.append("  In flight nothing.")
        } else {
            lines += Wrapping.lines(
                "  In flight \(names(flying)). The hosts are asked what became of \(flying.count == 1 ? "it" : "them").",
                columns: 80, indent: 12)
        }
        if !unclear.isEmpty {
            lines += Wrapping.lines(
                "  Unclear   \(names(unclear)). Nobody knows whether \(unclear.count == 1 ? "it" : "they") ran: look for "
                    + "yourself.", columns: 80, indent: 12)
        }
        return lines
    }
}
