internal import Glibc
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan

/// A run as its folder tells it: opening, plan, and the state that its records fold to.
struct RecordedRun {
    let folder: RunFolder
    let opening: RunOpening
    let entries: [JournalEntry]
    let records: [Record]
    let files: SiteFiles
    let plan: Plan
    let state: RunState

    /// Reads a run. What it began with must be what lies beside its journal.
    static func read(
        _ folder: RunFolder, _ places: Places, maxParallel: Int? = nil
    ) throws(CommandFailure) -> RecordedRun {
        let entries = try entries(folder)
        guard !entries.isEmpty else {
            throw Operator.failure(.neverBegan(path: folder.journal), run: folder.name)
        }
        let opening: RunOpening
        let frozen: (runbook: [UInt8], inventory: [UInt8])
        do {
            opening = try RunOpening(entries)
            frozen = try folder.frozen()
        } catch { throw CommandFailure(.programFailed, error.message) }
        let files = try SiteFiles.frozen(
            folder, runbook: frozen.runbook, path: opening.runbook, inventory: frozen.inventory,
            inventoryPath: opening.inventory, home: places.userHome)
        let plan = try files.plan(opening.overrides, opening.selection, maxParallel: maxParallel)
        guard plan.hash == opening.plan else {
            throw CommandFailure(
                .invalidFile,
                "the runbook or inventory in \(TerminalText.shown(folder.path)) is not the one that run `\(opening.run)` began with",
                hint: "put the copies back that the run made, or begin a new run")
        }
        return try RecordedRun(folder: folder, opening: opening, files: files, plan: plan, entries: entries)
    }

    /// The run as `entries` tell it.
    private init(
        folder: RunFolder, opening: RunOpening, files: SiteFiles, plan: Plan, entries: [JournalEntry]
    ) throws(CommandFailure) {
        do { records = try Record.all(in: entries) } catch {
            throw CommandFailure(
                .journalBroken, "\(TerminalText.shown(folder.journal)):\(error.line): \(error.reason.message)",
                hint:
                    "another version may have written it; `blackstart journal verify \(folder.name)` says what is proven"
            )
        }
        var state = RunState(tasks: plan.tasks.count, approvals: opening.mode.approvals)
        for record in records { state.evolve(record, plan) }
        self.folder = folder
        self.opening = opening
        self.entries = entries
        self.files = files
        self.plan = plan
        self.state = state
    }

    /// The same run with what its journal holds by now.
    func with(_ entries: [JournalEntry]) throws(CommandFailure) -> RecordedRun {
        try RecordedRun(folder: folder, opening: opening, files: files, plan: plan, entries: entries)
    }

    /// The state, and how long each approval has been waited for: a new session does not begin that time anew.
    func waiting(at wall: Int64) -> RunState {
        let ledger = ApprovalLedger(plan.approvalTerms, entries)
        var state = state
        for task in plan.tasks.indices {
            guard let asked = ledger.asked(plan.tasks[task].id.step) else { continue }
            // Clocks may be wrong: what seems to be asked later than now was only just asked.
            let waited = Duration.milliseconds(max(0, wall - asked)) * plan.inventory.labSpeed
            state.tasks[task].waitedForApproval = waited
        }
        return state
    }

    /// The runs beside which it may act, by what was said when it began and when it was taken up again.
    var beside: [String] { words.flatMap(\.runs) }

    /// The same, with the reasons.
    var words: [Beside] {
        entries.filter { [LineTypes.runOpen, LineTypes.sessionOpen].contains($0.type) }.compactMap { Beside($0.fields) }
    }

    /// What the journal of a run says just now, also while it is being written; nil where it can't be read.
    static func records(_ folder: RunFolder) -> [Record]? {
        guard let bytes = try? JournalReader.contents(of: folder.journal),
            let entries = try? JournalReader.entries(bytes)
        else { return nil }
        return try? Record.all(in: entries)
    }

    /// The bytes of a journal.
    static func bytes(of path: String) throws(CommandFailure) -> [UInt8] {
        do {
            return try JournalReader.contents(of: path)
        } catch {
            if case .absent = error { throw CommandFailure(.usage, error.message) }
            throw CommandFailure(.programFailed, error.message)
        }
    }

    /// What the journal of a run says, if it stands. Nothing is told of a run whose journal was changed.
    static func entries(_ folder: RunFolder) throws(CommandFailure) -> [JournalEntry] {
        let bytes = try bytes(of: folder.journal)
        if let broken = unsound(bytes) {
            throw CommandFailure.broken(
                broken, folder.journal, hint: "`blackstart journal verify \(folder.name)` says what stands")
        }
        return JournalReader.read(bytes).entries
    }

    /// Where the chain, the order or a seal of a journal breaks, whoever signed; nil where it stands. The rest of a line that
    /// is being written, or was never finished, is passed over.
    static func unsound(_ bytes: [UInt8]) -> JournalBroken? {
        guard let end = bytes.lastIndex(of: 0x0A) else { return nil }
        let whole = end + 1 == bytes.count ? bytes : Array(bytes[...end])
        if case .failure(let broken) = JournalVerifier.verify(whole) { return broken }
        return nil
    }

    /// Whether a person typed a path: a name of a run has no `/`, so that a folder which happens to stand in the current one
    /// is never taken for a run.
    static func isPath(_ name: String) -> Bool { name.contains("/") || name == "." || name == ".." }

    /// The run that a person means: a name, the path of a folder, or nothing for the newest that fits.
    static func find(
        _ name: String?, runs: String, _ fits: (RunFolder) -> Bool = { _ in true }, what: String = "run"
    ) throws(CommandFailure) -> RunFolder {
        if let name {
            if isPath(name) {
                guard access("\(name)/\(JournalReader.fileName)", F_OK) == 0 else {
                    throw CommandFailure(.usage, "there is no journal in `\(TerminalText.shown(name))`")
                }
                return RunFolder(Places.absolute(name))
            }
            let folder = RunFolder("\(runs)/\(name)")
            guard access(folder.journal, F_OK) == 0 else {
                let names = RunFolder.all(in: runs).map(\.name)
                let near = names.filter { $0.hasPrefix(name) }
                if near.count == 1, let only = near.first { return RunFolder("\(runs)/\(only)") }
                let isHere = access("\(name)/\(JournalReader.fileName)", F_OK) == 0
                throw CommandFailure(
                    .usage, "there is no run `\(TerminalText.shown(name))` in \(TerminalText.shown(runs))",
                    hint: isHere
                        ? "for the folder in the current one, write `./\(TerminalText.shown(name))`"
                        : "`blackstart runs` lists them")
            }
            if access("\(name)/\(JournalReader.fileName)", F_OK) == 0, Places.absolute(name) != folder.path {
                Terminal.message(
                    "blackstart: warning: `\(TerminalText.shown(name))` is the run in \(TerminalText.shown(runs)); the folder "
                        + "of that name here is `./\(TerminalText.shown(name))`\n")
            }
            return folder
        }
        guard let newest = RunFolder.all(in: runs).reversed().first(where: fits) else {
            throw CommandFailure(.usage, "there is no \(what) in \(TerminalText.shown(runs))")
        }
        return newest
    }

    /// The run that something is to be done to. Without a name it is the newest that fits, where a person is asked whether it is
    /// meant; where nobody is, the only one.
    static func choose(
        _ name: String?, runs: String, isAsked: Bool, what: String, _ fits: (RunFolder) -> Bool
    ) throws(CommandFailure) -> RunFolder {
        if name == nil, !isAsked {
            let names = RunFolder.all(in: runs).reversed().filter(fits).map { TerminalText.shown($0.name) }
            if names.count > 1 {
                let more = names.count > 5 ? " and \(names.count - 5) more" : ""
                throw CommandFailure(
                    .usage, "which \(what) is meant: \(names.prefix(5).joined(separator: ", "))\(more)?",
                    hint: "type its name behind the command; `blackstart status NAME` tells of one")
            }
        }
        return try find(name, runs: runs, fits, what: what)
    }

    /// Whether a live run is not over.
    static func isResumable(_ folder: RunFolder) -> Bool {
        guard let bytes = try? JournalReader.contents(of: folder.journal) else { return false }
        let entries = JournalReader.read(bytes).entries
        guard entries.first?.fields["mode"]?.string.flatMap(RunOpening.Mode.init)?.hasHosts == true else {
            return false
        }
        return !(outcome(entries).flatMap(Outcome.init)?.isFinal ?? false)
    }

    /// Whether a live run has anything that a rollback could take back: it began, and was not rolled back.
    static func isReversible(_ folder: RunFolder) -> Bool {
        guard let bytes = try? JournalReader.contents(of: folder.journal) else { return false }
        let entries = JournalReader.read(bytes).entries
        guard entries.first?.fields["mode"]?.string.flatMap(RunOpening.Mode.init)?.hasHosts == true else {
            return false
        }
        return outcome(entries).flatMap(Outcome.init) != .rolledBack
    }

    /// What a run is rolling back to, as its journal has it; nil where it is not.
    static func rollingBack(_ entries: [JournalEntry]) -> String? {
        var (decided, underWay): (String?, String?)
        for entry in entries {
            switch entry.type {
            case LineTypes.rollbackDecided: decided = entry.fields["to"]?.string
            case LineTypes.rollbackBegun: (decided, underWay) = (nil, entry.fields["to"]?.string)
            case LineTypes.rollbackEnded, LineTypes.rollbackAbandoned: (decided, underWay) = (nil, nil)
            case LineTypes.questionAnswered where entry.fields["kind"]?.string == QuestionKind.irreversible.rawValue:
                if entry.fields["choice"]?.string != Choice.rollback.rawValue { decided = nil }
            default: break
            }
        }
        return decided ?? underWay
    }

    /// How the last session ended in which the run went on, as its journal has it; nil where that one was killed, or is under
    /// way. A session in which something was only entered afterwards changes nothing about that.
    static func outcome(_ entries: [JournalEntry]) -> String? {
        let last = entries.last { !LineTypes.own.contains($0.type) && !LineTypes.notes.contains($0.type) }
        return last?.type == LineTypes.runClose ? last?.fields["outcome"]?.string : nil
    }
}
