internal import Glibc
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

/// One site, one run, in a folder of runs: each run in it that is not over claims the machines of its plan. Its journal is
/// the claim, so that none is ever left behind.
struct StoreClaims {
    /// Runs that are not over.
    private(set) var open: [(folder: RunFolder, mode: RunOpening.Mode)] = []
    /// Names of the claims, on hosts, of runs that are over.
    private(set) var over: Set<String> = []

    /// All runs in the folder `runs`.
    init(runs: String) {
        for folder in RunFolder.all(in: runs) {
            guard let bytes = try? JournalReader.contents(of: folder.journal) else { continue }
            let entries = JournalReader.read(bytes).entries
            guard let opening = try? RunOpening(entries), opening.mode.hasHosts else { continue }
            if RecordedRun.outcome(entries).flatMap(Outcome.init)?.isFinal == true {
                over.insert(SiteClaim(run: opening.run, mark: opening.mark, by: "", from: "", since: nil).name)
            } else {
                open.append((folder, opening.mode))
            }
        }
    }

    /// Throws where another run that is not over is about machines of this one, and nobody has said that it may go beside.
    /// A lab is no part of the site: its runs and live ones are about other machines, whatever those are called.
    func admit(_ plan: Plan, mark: String, beside: [String], _ places: Places) throws(CommandFailure) {
        let wanted = Machines(of: plan)
        guard !wanted.names.isEmpty else { return }
        let mode = RunBanner.mode(plan)
        for (folder, other) in open where other == mode && !beside.contains(folder.name) {
            // What can't be read any more may be about any machine.
            guard let other = try? RecordedRun.read(folder, places) else {
                throw Self.refusal("run `\(folder.name)`, whose files can't be read now, is not over", folder.name)
            }
            guard other.opening.mark != mark, !beside.contains(other.opening.run) else { continue }
            let shared = wanted.shared(with: Machines(of: other.plan))
            guard !shared.isEmpty else { continue }
            throw Self.refusal(Self.words(other, shared, folder), folder.name)
        }
    }

    private static func words(_ other: RecordedRun, _ shared: [String], _ folder: RunFolder) -> String {
        let more = shared.count > 3 ? " and \(shared.count - 3) more" : ""
        let hosts = shared.prefix(3).map { TerminalText.shown($0) }.joined(separator: ", ") + more
        let state =
            JournalReader.writer(of: folder.path).map { "is under way as process \($0)" }
            ?? "is not over (\(other.state.closed?.rawValue ?? Outcome.interrupted.rawValue))"
        return "run `\(folder.name)`, begun by \(TerminalText.shown(other.opening.by)) on this machine at "
            + "\(TimeText.date(other.opening.began)), \(state) and is about \(hosts) as well"
    }

    private static func refusal(_ what: String, _ name: String) -> CommandFailure {
        CommandFailure(
            .usage, "\(what); nothing was started",
            hint: "`blackstart resume \(name)` goes on with it; "
                + "`--beside \(name) --reason \"two words or more\"` lets this one act beside it")
    }

    /// Only one run at a time is begun in a folder of runs: of two, the second one sees the first. The kernel ends this
    /// with the process.
    static func alone<Value>(
        in runs: String, _ body: () throws(CommandFailure) -> Value
    ) throws(CommandFailure) -> Value {
        let descriptor: Int32
        do throws(SystemError) {
            try SystemCalls.makeFolders(runs)
            descriptor = try SystemCalls.open("\(runs)/.beginning", O_RDWR | O_CREAT)
        } catch {
            throw CommandFailure(
                .programFailed, "can't use the folder of runs `\(TerminalText.shown(runs))`: \(error.words)")
        }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
        return try body()
    }

    /// What a run says of itself to hosts.
    static func claim(_ opening: RunOpening, by: String, since: Int64) -> SiteClaim? {
        // It becomes the name of a file.
        guard Principal.isRunName(opening.mark) else { return nil }
        return SiteClaim(run: opening.run, mark: opening.mark, by: by, from: machine, since: since / 1_000)
    }

    /// The name of this machine; empty where it has none.
    private static var machine: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// The machines that a run may change.
private struct Machines {
    /// Each with the name that the plan has for it, in the order of the plan.
    private(set) var names: [(address: String, name: String)] = []

    init(of plan: Plan) {
        var seen: Set<String> = []
        for task in plan.tasks.indices where plan.step(of: task).actsSomewhere {
            let host = plan.machine(of: task) ?? (plan.machineName(of: task) == nil ? plan.host(of: task) : nil)
            guard let name = host?.name ?? plan.machineName(of: task) else { continue }
            let via = host?.via.flatMap { plan.inventory.host($0.name) }.map { " via \($0.address):\($0.port)" } ?? ""
            let address = host.map { "\($0.address.lowercased()):\($0.port)\(via)" } ?? Host.localName
            if seen.insert(address).inserted { names.append((address, name)) }
        }
    }

    func shared(with other: Machines) -> [String] {
        let others = Set(other.names.map(\.address))
        return names.filter { others.contains($0.address) }.map(\.name)
    }
}

extension Step {
    /// Whether it, or its undo, changes something, by itself or by a person's hand.
    fileprivate var actsSomewhere: Bool {
        switch action {
        case .run, .script, .copy, .reboot, .manual: return true
        case .waitFor, .approval, .checkpoint: break
        }
        switch undo {
        case .run, .script, .restore: return true
        case .nothing, nil: return false
        }
    }
}
