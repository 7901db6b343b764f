package import ArgumentParser
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

/// `run RUNBOOK`: the recovery itself.
package struct RunCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Execute a runbook on the real hosts.")

    @Argument(help: "The runbook.")
    package var runbook: String

    @Option(help: "The name of the run, instead of one made from the time.")
    package var runId: String?

    @Option(name: [.customShort("j"), .long], help: "Tasks at once, at most.")
    package var maxParallel: Int?

    @Option(help: "A folder that is made, for a fixture of what the hosts answer: fixture.yaml, to rehearse on.")
    package var record: String?

    @OptionGroup package var site: SiteOptions
    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var other: BesideOptions
    @OptionGroup package var trust: TrustOptions
    @OptionGroup package var answers: AnswerOptions
    @OptionGroup package var console: ConsoleOptions

    package init() {}

    package func run() async throws {
        try console.check(.text, .json, .junit, .github)
        let places = Places()
        let files = try SiteFiles.read(runbook: runbook, inventory: site.inventory, home: places.userHome)
        let overrides = try site.overrides()
        let plan = try files.plan(overrides, site.selection, maxParallel: try Limit.tasksAtOnce(maxParallel))
        try UnfilledDraft.refuse(plan)
        let prepared = try answers.answers(for: plan)
        let clock = SystemClock()
        let now = clock.now()
        let store = places.runs(runs.runDir)
        let name = runId ?? RunName.free(at: now.wall, in: store)
        let folder = try Beginning.folder(name, runs: store)
        let beside = try other.word()
        try StoreClaims(runs: store).admit(plan, mark: "", beside: beside?.runs ?? [], places)
        if let record { try RecordFolder.make(record) }
        let key = try Operator.key(runs, places, useAgent: true, asks: answers.asks(console))
        let trust = try SiteTrust.of(self.trust, plan.inventory, places)
        try trust?.admit(key, Seal.namespace, at: now.wall)
        if let list = plan.inventory.allowedSigners { SiteLists(places).remember(list) }
        let logins = try LoginSecrets(plan, places, asks: answers.asks(console))
        let vault = try SecretSources(plan: plan, places: places, asks: answers.asks(console)).vault(beside: logins)
        let transport = LiveTransport.make(plan, places, logins)
        if !console.isData, !console.quiet {
            let columns = Terminal.hasTerminalOut ? Terminal.columns : 80
            let banner = RunBanner(
                plan: plan, mode: RunBanner.mode(plan), inventory: files.inventoryPath, now: now.wall, columns: columns)
            Terminal.out(banner.text + PlanText(plan: plan, columns: columns).summary + "Run \(name)\n\n")
        }
        if answers.converses(console), !answers.yes {
            let typed = TypedText.ask("Begin? Type the word begin: ", say: Terminal.out) { prompt in
                Terminal.out(prompt)
                return readLine()
            }
            guard typed?.lowercased() == "begin" else { throw CommandFailure(.usage, "nothing was started") }
        } else if !answers.yes, !answers.noInput, RunBanner.mode(plan) == .live {
            throw CommandFailure(
                .usage, "nobody is there to confirm that real machines are meant, so nothing was started",
                hint: "`blackstart run` at a terminal asks; `--no-input` says that nobody is there, and begins")
        }
        var opening = RunOpening(
            run: name, mark: RunName.mark(), mode: RunBanner.mode(plan), title: plan.runbook.name, plan: plan.hash,
            runbook: Places.absolute(files.runbookPath), inventory: Places.absolute(files.inventoryPath),
            overrides: overrides, selection: site.selection, beside: beside)
        opening.approvals = plan.statedApprovals
        opening.signers = SiteTrust.stated(trust)
        // Seen before anything was asked; this has the last word.
        let (journal, over) = try StoreClaims.alone(in: store) { () throws(CommandFailure) in
            // Its own name comes first: a run of that name is to be gone on with, not to be stood beside.
            _ = try Beginning.folder(name, runs: store)
            let claims = StoreClaims(runs: store)
            try claims.admit(plan, mark: opening.mark, beside: beside?.runs ?? [], places)
            return (try Beginning.journal(opening, folder, files, key, now), claims.over)
        }
        let session = RunSession(
            plan: plan, folder: folder, called: folder.called(in: places.runs(nil)),
            facts: RunFacts(
                id: name, by: key.principal, mark: opening.mark, session: RunningSession(journal.session)),
            mode: opening.mode, journal: journal,
            vault: vault, trust: trust, recordFolder: record, console: console, noColor: places.noColor,
            opening: opening,
            hold: StoreClaims.claim(opening, by: key.principal, since: now.wall).map {
                SiteHold(claim: $0, beside: beside?.runs ?? [], over: over)
            })
        let outcome = try await session.live(
            .began, transport: transport, answers: prepared, noInput: answers.noInput, key: key)
        throw ExitCode(outcome.exitCode)
    }
}

enum Limit {
    static func tasksAtOnce(_ wanted: Int?) throws(CommandFailure) -> Int? {
        guard let wanted else { return nil }
        guard (1...Limits.tasksPerRun).contains(wanted) else {
            throw CommandFailure(.usage, "`--max-parallel \(wanted)` is not between 1 and \(Limits.tasksPerRun)")
        }
        return wanted
    }
}

/// The first moments of a run: its folder and its journal.
enum Beginning {
    static func folder(_ name: String, runs: String) throws(CommandFailure) -> RunFolder {
        guard Principal.isRunName(name) else {
            throw CommandFailure(
                .usage, "`\(TerminalText.shown(name))` is no name for a run",
                hint: "use 1 to 100 of A-Z a-z 0-9 . _ -, first a letter or a digit")
        }
        let folder = RunFolder("\(runs)/\(name)")
        // Seen before anything is said to begin; the journal's lock has the last word.
        do { try folder.checkFree() } catch { throw failure(error, folder) }
        return folder
    }

    private static func failure(_ fault: RunFolderFault, _ folder: RunFolder) -> CommandFailure {
        guard case .exists = fault else { return CommandFailure(.programFailed, fault.message) }
        return CommandFailure(.usage, fault.message, hint: "`blackstart resume \(folder.name)` goes on with it")
    }

    static func journal(
        _ opening: RunOpening, _ folder: RunFolder, _ files: SiteFiles, _ key: any OperatorKey, _ now: Moment
    ) throws(CommandFailure) -> JournalWriter {
        do {
            return try JournalWriter.create(
                folder: folder.path, opening: opening.draft, operator: key, uptime: now.uptime, wall: now.wall
            ) { () throws(SystemError) in
                try folder.freeze(
                    runbook: files.runbookBytes, inventory: files.inventoryBytes,
                    included: files.runbook.included.map(\.bytes), files: files.attached)
            }
        } catch {
            switch error {
            // Another run took the name in the meantime.
            case .exists, .locked: throw failure(.exists(folder.name), folder)
            default: throw Operator.failure(error, run: folder.name)
            }
        }
    }
}
