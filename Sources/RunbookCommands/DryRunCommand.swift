package import ArgumentParser
internal import RunbookEngine
internal import RunbookFormat
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookSimulation
internal import RunbookTransport

/// `dry-run RUNBOOK --fixture FILE`: the same engine and the same journal on a site that only exists in memory.
package struct DryRunCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "dry-run", abstract: "Rehearse a runbook on a fixture, in no time and without a host.")

    @Argument(help: "The runbook.")
    package var runbook: String

    @Option(name: [.customShort("f"), .long], help: "The fixture: the site that answers.")
    package var fixture: String

    @Option(help: "The name of the run, instead of one made from the time.")
    package var runId: String?

    @Option(name: [.customShort("j"), .long], help: "Tasks at once, at most.")
    package var maxParallel: Int?

    @OptionGroup package var site: SiteOptions
    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var answers: AnswerOptions
    @OptionGroup package var console: ConsoleOptions

    package init() {}

    package func run() async throws {
        try console.check(.text, .json, .junit, .github)
        let places = Places()
        let files = try SiteFiles.read(runbook: runbook, inventory: site.inventory, home: places.userHome)
        let play = try FixtureFile.read(fixture, files)
        let overrides = try site.overrides()
        let plan = try files.plan(overrides, site.selection, maxParallel: try Limit.tasksAtOnce(maxParallel))
        if !console.quiet { UnfilledDraft.warn(plan) }
        let prepared = try answers.answers(for: plan)
        let now = SystemClock().now()
        let store = places.runs(runs.runDir)
        let name = runId ?? RunName.free(at: now.wall, in: store)
        let folder = try Beginning.folder(name, runs: store)
        let key = try Operator.key(runs, places, useAgent: false, asks: answers.asks(console))
        let opening = RunOpening(
            run: name, mark: RunName.mark(), mode: .dryRun, title: plan.runbook.name, plan: plan.hash,
            runbook: Places.absolute(files.runbookPath), inventory: Places.absolute(files.inventoryPath),
            overrides: overrides, selection: site.selection)
        let world = SimulatedWorld(play, hosts: plan.inventory.hosts)
        let journal = try Beginning.journal(
            opening, folder, files, key, Moment(uptime: 0, wall: play.clock))
        if !console.isData, !console.quiet {
            let banner = RunBanner(plan: plan, mode: .dryRun, inventory: files.inventoryPath, now: play.clock)
            Terminal.out(banner.text + PlanText(plan: plan).summary + "Dry run \(name) on \(play.name)\n\n")
        }
        let rehearsal = Rehearsal(
            plan: plan, folder: folder, called: folder.called(in: places.runs(nil)),
            facts: RunFacts(id: name, by: key.principal, mark: opening.mark, isRehearsal: true), world: world, key: key,
            answers: prepared, vault: vault(plan, play), console: console, noColor: places.noColor)
        let end = try await rehearsal.play(journal)
        throw ExitCode(rehearsal.judge(end, play))
    }
}

extension DryRunCommand {
    /// A rehearsal needs no secret: the fixture says what stands for each, or its name does.
    private func vault(_ plan: Plan, _ fixture: Fixture) -> SecretVault {
        var values: [String: String] = [:]
        for secret in plan.runbook.secrets { values[secret.name] = "rehearsal of \(secret.name)" }
        for given in fixture.secrets { values[given.name] = given.value }
        return SecretVault(values)
    }
}

/// A fixture, read and found to fit a runbook.
enum FixtureFile {
    static func read(_ path: String, _ files: SiteFiles) throws(CommandFailure) -> Fixture {
        let bytes = try SiteFiles.contents(of: path, limit: Limits.fixtureBytes)
        let fixture: Fixture
        do { fixture = try FixtureReader.read(bytes: bytes, path: path) } catch {
            throw SiteFiles.invalid(error.diagnostics)
        }
        let faults = FixtureNames.check(fixture, files.runbook, files.inventory, fixtureText: bytes)
        if faults.contains(where: { $0.severity == .error }) { throw SiteFiles.invalid(faults) }
        return fixture
    }
}

/// A run on a fixture, session after session until the fixture no longer kills it.
private struct Rehearsal {
    /// A fixture kills as often as its faults say, and never more often than this.
    static let sessionLimit = 1_000

    let plan: Plan
    let folder: RunFolder
    let called: String
    let facts: RunFacts
    let world: SimulatedWorld
    let key: any OperatorKey
    let answers: [PreparedAnswer]
    let vault: SecretVault
    let console: ConsoleOptions
    let noColor: Bool

    func play(_ first: JournalWriter) async throws(CommandFailure) -> SessionEnd {
        var journal = first
        var state: RunState?
        for _ in 0..<Self.sessionLimit {
            let clock = world.openSession()
            let session = RunSession(
                plan: plan, folder: folder, called: called, facts: facts, mode: .dryRun, journal: journal, state: state,
                console: console, noColor: noColor)
            var style = session.style
            style.isLive = false
            let screen = console.isData ? nil : Console(plan, style: style, clock: clock)
            let observer: any RunObserver = screen ?? session.dataObserver
            let storage = KilledStorage(
                JournaledRun(journal: journal, outputs: folder.outputs), plan: plan, after: world.crashAfterStep)
            let conductor = Conductor(
                Conductor.Parts(
                    transport: vault.isEmpty
                        ? SimulatedTransport(clock) : VaultTransport(vault, next: SimulatedTransport(clock)),
                    storage: storage, clock: clock,
                    desk: PreparedDesk(answers, by: facts.by, clock: clock, next: SimulatedDesk(clock)) {
                        Terminal.message("blackstart: warning: \($0)\n")
                    },
                    observer: observer))
            do {
                let end = try await conductor.run(Engine(plan: plan, run: facts, state: state), first: .began)
                journal.close()
                session.report(end)
                return end
            } catch {
                guard error == .storage(.crashed) else { throw RunSession.failure(error, called) }
            }
            journal.close()
            world.crash(clock)
            if !console.isData { Terminal.out("\nThe run was killed here, as the fixture says. It is resumed:\n\n") }
            let moment = clock.now()
            do {
                let (resumed, entries) = try JournalWriter.resume(
                    folder: folder.path, opening: Draft(type: LineTypes.sessionOpen, fields: [:]), operator: key,
                    uptime: 0, wall: moment.wall)
                journal = resumed
                var folded = RunState(tasks: plan.tasks.count, approvals: .rehearsal)
                for record in try Record.all(in: entries) { folded.evolve(record, plan) }
                state = folded
            } catch let error as JournalFault {
                throw Operator.failure(error, run: folder.name)
            } catch { throw CommandFailure(.programFailed, "the journal can't be read back: \(error)") }
        }
        throw CommandFailure(.programFailed, "the fixture killed the run \(Self.sessionLimit) times")
    }

    /// Compares with what the fixture expects, says what its answers covered, and tells the exit code.
    func judge(_ end: SessionEnd, _ fixture: Fixture) -> Int32 {
        var began: [String] = []
        for record in (try? recorded()) ?? [] {
            switch record {
            case .attemptIntended(let intent) where intent.attempt.kind == .action:
                began.append(intent.attempt.task.step)
            case .asked(let question) where question.kind == .manual: began.append(question.task.step)
            case .taskSettled(let settlement) where !began.contains(settlement.task.step):
                began.append(settlement.task.step)
            default: break
            }
        }
        let coverage = world.coverage
        if !console.isData, !console.quiet {
            Terminal.message("The fixture answered with \(coverage.used) of its \(coverage.total) answers.\n")
            for question in coverage.uncovered {
                Terminal.message(
                    "  no answer for `\(TerminalText.shown(question.text))` on \(question.host)\n")
            }
        }
        guard let expectation = fixture.expectation else { return end.outcome.exitCode }
        let states = Dictionary(
            StepStates.of(plan, end.engine.state).map { ($0.step, $0.state) }, uniquingKeysWith: { one, _ in one })
        let wrong = checkExpectation(
            expectation, outcome: end.outcome.rawValue, began: began, states: states,
            duration: .milliseconds(world.openSession().now().wall - fixture.clock))
        for sentence in wrong { Terminal.message("blackstart: error: \(sentence)\n") }
        return wrong.isEmpty ? end.outcome.exitCode : ExitStatusCode.findings.rawValue
    }

    private func recorded() throws -> [Record] {
        try Record.all(in: try JournalReader.entries(try JournalReader.contents(of: folder.journal)))
    }
}

/// Storage of a run that is to be killed right after a step has ended, as a fixture says.
private struct KilledStorage: RunStorage {
    let storage: JournaledRun
    let plan: Plan
    let after: String?

    init(_ storage: JournaledRun, plan: Plan, after: String?) {
        self.storage = storage
        self.plan = plan
        self.after = after
    }

    func append(_ records: [Record], at moment: Moment, closing: Bool) throws(StorageFault) {
        try storage.append(records, at: moment, closing: closing)
        guard let after else { return }
        for case .taskSettled(let settlement) in records where settlement.task.step == after {
            throw .crashed
        }
    }

    func seal() throws(StorageFault) { try storage.seal() }
    func sealIfDue(at moment: Moment) throws(StorageFault) { try storage.sealIfDue(at: moment) }
    var head: String { storage.head }
    var runsOnReserve: Bool { storage.runsOnReserve }
    func freeReserve() -> Bool { storage.freeReserve() }
    func text(of output: OutputDigest) -> [UInt8]? { storage.text(of: output) }

    func output(of attempt: ReceiptID) throws(StorageFault) -> any OutputSink { try storage.output(of: attempt) }
}
