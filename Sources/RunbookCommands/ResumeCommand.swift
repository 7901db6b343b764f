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

    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var answers: AnswerOptions
    @OptionGroup package var console: ConsoleOptions

    package init() {}

    package func run() async throws {
        let places = Places()
        let folder = try RecordedRun.find(
            name, runs: places.runs(runs.runDir), RecordedRun.isResumable, what: "run to resume")
        let outcome = try await Resumption(
            places: places, folder: folder, runs: runs, answers: answers, console: console
        ).play { _ in .began }
        throw ExitCode(outcome.exitCode)
    }
}

/// `rollback [RUN] [--to CHECKPOINT]`: takes back what was done since a checkpoint.
package struct RollbackCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Undo what was done since a checkpoint, in reverse order.")

    @Argument(help: ArgumentHelp("The run, or its folder; the newest that is not over.", valueName: "run"))
    package var name: String?

    @Option(help: "The checkpoint to go back to, or start; the last one reached.")
    package var to: String?

    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var answers: AnswerOptions
    @OptionGroup package var console: ConsoleOptions

    package init() {}

    package func run() async throws {
        let places = Places()
        let folder = try RecordedRun.find(name, runs: places.runs(runs.runDir), what: "run to roll back")
        let resumption = Resumption(places: places, folder: folder, runs: runs, answers: answers, console: console)
        let target = to
        let asks = !answers.noInput && Terminal.hasTerminalIn && Terminal.hasTerminalOut && !console.isJSON
        let outcome = try await resumption.play { (recorded) throws(CommandFailure) in
            let engine = Engine(
                plan: recorded.plan, run: RunFacts(id: recorded.opening.run, by: "", mark: recorded.opening.mark),
                state: recorded.state)
            let names = recorded.state.checkpoints.map(\.name)
            let goal = target ?? names.last ?? RollbackPlan.start
            guard engine.isRollbackTarget(goal) else {
                throw CommandFailure(
                    .usage, "run `\(recorded.opening.run)` has not reached a checkpoint `\(TerminalText.shown(goal))`",
                    hint: "it can go back to: \((names + [RollbackPlan.start]).joined(separator: ", "))")
            }
            if asks {
                Terminal.out(RollbackText(recorded: recorded, goal: goal, tasks: engine.tasksSince(goal)).text)
                Terminal.out("Type \(goal) to begin: ")
                guard readLine()?.trimmingSpaces == goal else {
                    throw CommandFailure(.usage, "nothing was undone")
                }
            }
            return .rollbackRequested(target: goal, by: "")
        }
        throw ExitCode(outcome.exitCode)
    }
}

/// What a rollback would do, said before it begins.
struct RollbackText {
    let recorded: RecordedRun
    let goal: String
    let tasks: [Int]

    var text: String {
        let plan = recorded.plan
        let narrator = Narrator(plan: plan)
        var lines = ["Back to \(narrator.point(goal)). Last in, first out:"]
        for task in tasks.reversed() {
            let step = plan.step(of: task)
            let how: String
            switch step.undo {
            case .run(let command, _, _): how = TerminalText.shown(command.source)
            case .nothing: how = "nothing has to be undone"
            case nil: how = step.irreversible.map { "CAN'T BE UNDONE: \($0)" } ?? "has no undo, and stays as it is"
            }
            lines += Wrapping.lines("  \(narrator.name(plan.tasks[task].id))  \(how)", columns: 80, indent: 6)
        }
        if tasks.isEmpty { lines.append("  There is nothing to undo.") }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// Another session of a run that stands in a folder.
struct Resumption {
    let places: Places
    let folder: RunFolder
    let runs: RunsOptions
    let answers: AnswerOptions
    let console: ConsoleOptions

    /// `first` sees what is recorded and tells how the session begins; `by` of a rollback is filled in here.
    func play(_ first: (RecordedRun) throws(CommandFailure) -> Event) async throws(CommandFailure) -> Outcome {
        let recorded = try RecordedRun.read(folder, places)
        guard recorded.opening.mode == .live else {
            throw CommandFailure(
                .usage, "run `\(recorded.opening.run)` was a dry run; there are no hosts to go on with",
                hint: "`blackstart dry-run` plays it again")
        }
        let prepared = try answers.answers()
        var event = try first(recorded)
        let isRollback = if case .rollbackRequested = event { true } else { false }
        if let outcome = recorded.state.closed, outcome.isFinal, !isRollback || outcome == .rolledBack {
            throw CommandFailure(
                .usage, "run `\(recorded.opening.run)` is over: \(outcome.rawValue)",
                hint: "`blackstart run` begins a new one")
        }
        let key = try Operator.key(runs, places, useAgent: true)
        if case .rollbackRequested(let target, _) = event {
            event = .rollbackRequested(target: target, by: key.principal)
        }
        let now = SystemClock().now()
        let journal: JournalWriter
        do {
            journal = try JournalWriter.resume(
                folder: folder.path, opening: Draft(type: LineTypes.sessionOpen, fields: [:]), operator: key,
                uptime: now.uptime, wall: now.wall
            ).0
        } catch { throw Operator.failure(error, run: folder.name) }
        if !console.isJSON, !console.quiet { Terminal.out(ResumeText(recorded: recorded).text) }
        let session = RunSession(
            plan: recorded.plan, folder: folder,
            facts: RunFacts(id: recorded.opening.run, by: key.principal, mark: recorded.opening.mark),
            mode: .live, journal: journal, state: recorded.state, console: console, noColor: places.noColor)
        return try await session.live(
            event, transport: LiveTransport.make(recorded.plan, places), answers: prepared, noInput: answers.noInput)
    }
}

/// What a resume finds, said before it goes on.
struct ResumeText {
    let recorded: RecordedRun

    var text: String {
        let plan = recorded.plan
        let state = recorded.state
        let ended: String
        if let halted = state.halted, state.closed != nil {
            ended = "was stopped: \(TerminalText.shown(halted))"
        } else {
            ended = state.closed.map { "ended as \($0.rawValue)" } ?? "was interrupted: this program was killed"
        }
        let steps = StepStates.of(plan, state)
        let done = steps.count { [.ok, .already, .skipped].contains($0.state) }
        let open = plan.tasks.indices.filter {
            state.tasks[$0].open != nil || state.tasks[$0].settlement?.state == .unclear
        }
        var lines = ["Run \(recorded.opening.run) \(ended)."]
        lines.append("  Journal   \(recorded.entries.count) entries, unbroken. Runbook unchanged.")
        lines.append("  Done      \(done) of \(steps.count) steps. I check them again now.")
        if open.isEmpty {
            lines.append("  Unclear   nothing was in flight.")
        } else {
            let names = open.map { plan.tasks[$0].id.description }
            lines += Wrapping.lines(
                "  Unclear   \(open.count) in flight: \(names.joined(separator: ", ")). I ask the hosts what became of "
                    + "\(open.count == 1 ? "it" : "them").", columns: 80, indent: 12)
        }
        let left = plan.tasks.indices.filter { !state.isThrough($0) }.map { plan.remaining[$0] }.max() ?? 0
        lines.append("  Left      \(steps.count - done) steps, about \(DurationText.words(.milliseconds(left))).")
        if let rollback = state.rollback, !state.rollbackEnded {
            lines.append("  Rollback  to \(Narrator(plan: plan).point(rollback.target)) was under way, and goes on.")
        }
        return lines.joined(separator: "\n") + "\n\n"
    }
}
