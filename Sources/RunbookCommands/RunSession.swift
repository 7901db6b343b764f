internal import Dispatch
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

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
    /// Who may approve; nil: nobody's signature counts.
    var trust: SiteTrust?
    /// Where a fixture of what hosts answer goes; nil means that none is wanted.
    var recordFolder: String?
    let console: ConsoleOptions
    let noColor: Bool
    /// What was asked for when it began: says how to bring in what is missing at the end.
    var opening: RunOpening?
    /// What its hosts are claimed with.
    var hold: SiteHold?
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
    ///
    /// - Parameter key: of the person at hand: under their approvals.
    func live(
        _ first: Event, transport: any Transport, answers: [PreparedAnswer], noInput: Bool, key: any OperatorKey
    ) async throws(CommandFailure) -> Outcome {
        let clock = SystemClock(speed: plan.inventory.labSpeed)
        var style = style
        let keys = style.isLive && !noInput && !console.isData && Terminal.hasTerminalOut ? KeyReader() : nil
        style.hasKeys = keys != nil
        let screen = console.isData ? nil : Console(plan, style: style, clock: clock)
        let observer: any RunObserver = screen ?? dataObserver
        var desk: any OperatorDesk = EmptyDesk(clock: clock)
        if !noInput, Terminal.hasTerminalIn, let screen {
            let questions = QuestionText(plan: plan, folder: folder, facts: facts, columns: style.columns)
            desk = TerminalDesk(questions, console: screen, by: facts.by, keys: keys)
        }
        let say: @Sendable (String) -> Void = { text in
            // Beside the block, or its next drawing would take it away.
            if let screen { screen.say(text) } else { Terminal.message(text) }
        }
        let prepared = PreparedDesk(answers, by: facts.by, clock: clock, next: desk) {
            say("blackstart: warning: \($0)\n")
        }
        desk = ApprovalDesk(
            folder, plan.approvalTerms, signers: trust?.signers.signers, key: key,
            audience: noInput ? .nobody : Terminal.hasTerminalIn && screen != nil ? .atHand : .elsewhere,
            clock: clock, next: prepared)
        let hidden: any Transport = vault.isEmpty ? transport : VaultTransport(vault, next: transport)
        let witnesses = plan.inventory.witnesses.map(\.name)
        let feed = WitnessFeed(
            run: facts.id, path: folder.journal, journal: journal, witnesses: witnesses, transport: hidden,
            clock: clock
        ) { news in say("blackstart: warning: \(Self.words(news))\n") }
        let storage = JournaledRun(
            journal: journal, outputs: folder.outputs, witnesses: witnesses.isEmpty ? nil : feed)
        let recording = recordFolder.map { _ in Recording(plan, clock: clock) }
        let began = clock.now().wall
        let conductor = Conductor(
            Conductor.Parts(
                transport: recording.map { RecordingTransport(recording: $0, next: hidden) } ?? hidden,
                storage: storage,
                clock: clock,
                desk: desk, observer: observer))
        let stop = StopRequests(say: say) {
            conductor.post(.haltRequested(reason: $0))
        } leave: {
            keys?.end()
        }
        let signals = stop.heedSignals()
        defer {
            for signal in signals { signal.cancel() }
            keys?.end()
        }
        keys?.start { key in
            switch key {
            case UInt8(ascii: "p"), UInt8(ascii: "P"): conductor.post(.pauseToggled)
            case UInt8(ascii: "d"), UInt8(ascii: "D"): screen?.toggleDetails()
            case UInt8(ascii: "q"), UInt8(ascii: "Q"): stop.request(by: .key)
            default: break
            }
        }
        // One who does not read does not hold the run.
        let isJSON = console.isJSON
        Terminal.beginQueue { isJSON ? JSONConsole.lost($0) : Console.lost($0) }
        let end: SessionEnd
        do {
            end = try await conductor.run(Engine(plan: plan, run: facts, state: state, hold: hold), first: first)
        } catch {
            screen?.finish()
            Terminal.endQueue()
            throw Self.failure(error, called)
        }
        screen?.finish()
        journal.close()
        Terminal.endQueue()
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

    private var bringIn: BringIn? {
        guard mode.hasHosts, let opening else { return nil }
        return BringIn(plan: plan, opening: opening, folder: String(Places.absolute("").dropLast()))
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
                    uptime: end.uptime, head: mode.hasHosts ? HeadCode(head: journal.head) : nil,
                    isRehearsal: mode == .dryRun, bringIn: bringIn
                ).text)
            if console.output == .github { Terminal.commands(GitHubAnnotation.lines(plan, end.engine.state)) }
        }
    }

    private static func words(_ news: WitnessFeed.News) -> String {
        switch news {
        case .silent(let host, let why):
            "witness \(TerminalText.shown(host)) does not keep the journal now: \(TerminalText.shown(why)); the run goes on"
        case .back(let host): "witness \(TerminalText.shown(host)) answers again"
        case .forked(let host):
            "witness \(TerminalText.shown(host)) keeps another journal of this run; find out why: "
                + "`blackstart journal verify --hosts`"
        }
    }

    static func failure(_ fault: ConductorFault, _ run: String) -> CommandFailure {
        switch fault {
        case .storage(.failed(let why)), .storage(.full(let why)):
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
