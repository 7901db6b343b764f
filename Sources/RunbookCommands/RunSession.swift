internal import Dispatch
internal import Glibc
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport
internal import Synchronization

/// One session of a run, with a person, a terminal and signals around it.
struct RunSession {
    let plan: Plan
    let folder: RunFolder
    /// What a person types for this run.
    let called: String
    let facts: RunFacts
    let mode: RunOpening.Mode
    let journal: JournalWriter
    var state: RunState?
    var vault = SecretVault([:])
    /// Where a fixture of what hosts answer goes; nil means that none is wanted.
    var recordFolder: String?
    let console: ConsoleOptions
    let noColor: Bool
    /// How long ago the run began, its earlier sessions and the time between them included.
    var began = Duration.zero

    var style: Console.Style {
        var style = Console.Style()
        let isTerminal = Terminal.hasTerminalOut
        style.columns = isTerminal ? Terminal.columns : 80
        style.isVerbose = console.verbose
        style.isQuiet = console.quiet
        style.hasColor = isTerminal && !noColor && !console.noColor
        style.isLive = console.progress == .tty || (console.progress == .auto && isTerminal && !isDumb)
        style.due = plan.runbook.rto.map { Objective.left($0, plan, since: began) }
        return style
    }

    private var isDumb: Bool { Places().environment["TERM"] == "dumb" }

    /// What happens around the conductor in a live session: a desk, signals, a screen.
    func live(
        _ first: Event, transport: any Transport, answers: [PreparedAnswer], noInput: Bool
    ) async throws(CommandFailure) -> Outcome {
        let clock = SystemClock(speed: plan.inventory.labSpeed)
        let screen = console.isData ? nil : Console(plan, style: style, clock: clock)
        let observer: any RunObserver = screen ?? dataObserver
        var desk: any OperatorDesk = EmptyDesk(clock: clock)
        if !noInput, Terminal.hasTerminalIn, let screen {
            let questions = QuestionText(plan: plan, folder: folder, facts: facts, columns: style.columns)
            desk = TerminalDesk(questions, console: screen, by: facts.by)
        }
        let signers = try? AllowedSigners(path: OperatorKeyStore.allowedSignersPath(home: Places().home))
        desk = ApprovalDesk(
            folder, plan: plan, facts: facts, signers: signers,
            audience: noInput ? .nobody : Terminal.hasTerminalIn && screen != nil ? .atHand : .elsewhere, clock: clock,
            next: desk)
        let storage = JournaledRun(journal: journal, outputs: folder.outputs)
        let hidden: any Transport = vault.isEmpty ? transport : VaultTransport(vault, next: transport)
        let recording = recordFolder.map { _ in Recording(plan, clock: clock) }
        let began = clock.now().wall
        let conductor = Conductor(
            Conductor.Parts(
                transport: recording.map { RecordingTransport(recording: $0, next: hidden) } ?? hidden,
                storage: storage,
                clock: clock,
                desk: PreparedDesk(answers, by: facts.by, clock: clock, next: desk), observer: observer))
        let signals = Signals(say: { text in
            // Beside the block, or its next drawing would take it away.
            if let screen { screen.say(text) } else { Terminal.message(text) }
        }) {
            conductor.post(.haltRequested(reason: $0))
        }
        defer { signals.end() }
        let end: SessionEnd
        do {
            end = try await conductor.run(Engine(plan: plan, run: facts, state: state), first: first)
        } catch {
            screen?.finish()
            throw Self.failure(error, called)
        }
        screen?.finish()
        journal.close()
        report(end)
        if let recording, let recordFolder {
            let records = RecordedRun.records(folder) ?? []
            try RecordFolder.write(recording.fixture(records, end, began: began), to: recordFolder)
        }
        return end.outcome
    }

    /// Who is told where no person is.
    var dataObserver: any RunObserver {
        console.isJSON ? JSONConsole(run: facts.id, plan: plan, mode: mode) : SilentObserver()
    }

    func report(_ end: SessionEnd) {
        if console.output == .junit {
            Terminal.out(JUnitReport(plan: plan, state: end.engine.state, run: facts.id, uptime: end.uptime).text)
        } else if console.isJSON {
            Terminal.out(
                JSONConsole.summary(run: facts.id, outcome: end.outcome, plan: plan, state: end.engine.state))
        } else {
            Terminal.out(
                RunReport(
                    plan: plan, state: end.engine.state, outcome: end.outcome, run: called, columns: style.columns,
                    uptime: end.uptime, isRehearsal: mode == .dryRun
                ).text)
            if console.output == .github { Terminal.out(GitHubAnnotation.lines(plan, end.engine.state)) }
        }
    }

    static func failure(_ fault: ConductorFault, _ run: String) -> CommandFailure {
        switch fault {
        case .storage(.failed(let why)):
            CommandFailure(
                .programFailed, "the run can't be written down any more, so it stops: \(why)",
                hint: "make room or mend the disk, then `blackstart resume \(run)`")
        case .storage(.crashed): CommandFailure(.programFailed, "the run was killed by its own rehearsal")
        case .stalled:
            CommandFailure(
                .programFailed, "the run stands still with nothing to wait for; this is a fault of blackstart",
                hint: "`blackstart resume \(run)` goes on")
        }
    }
}

/// The recovery time objective of a run.
enum Objective {
    /// What is left of it, less than nothing where it is missed. In a lab the site's time goes faster, and so does this.
    static func left(_ objective: Duration, _ plan: Plan, since began: Duration) -> Duration {
        objective / plan.inventory.labSpeed - began
    }
}

/// Ctrl-C and a lost terminal: the first one stops after what is in flight, the second one leaves at once.
private struct Signals {
    private final class Count: Sendable {
        private let value = Mutex(0)

        func next() -> Int {
            value.withLock { value in
                value += 1
                return value
            }
        }
    }

    private var sources: [any DispatchSourceSignal] = []

    /// - Parameter say: tells the person at the terminal.
    init(say: @escaping @Sendable (String) -> Void, _ halt: @escaping @Sendable (String) -> Void) {
        let queue = DispatchQueue(label: "blackstart.signals")
        let count = Count()
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if count.next() > 1 { _exit(Outcome.interrupted.exitCode) }
                if number != SIGHUP {
                    say("\nStopping: what is in flight ends first. Once more to leave at once.\n")
                }
                halt(number == SIGHUP ? "the terminal went away" : "stopped on request")
            }
            source.resume()
            sources.append(source)
        }
    }

    func end() {
        for source in sources { source.cancel() }
    }
}
