import RunbookEngine
import RunbookJournal
import RunbookModel
import RunbookPlan
import RunbookSimulation
import RunbookTransport

let place = SourcePlace(path: "r.yaml", line: 1, column: 1)

func named(_ name: String) -> Named { Named(name, at: place) }
func text(_ text: String) -> Template { Template(literal: text, at: place) }

/// A step that starts service `id` on its hosts; `change` makes it what a test needs.
func step(_ id: String, needs: [String] = [], on hosts: [String] = ["a"], change: (inout Step) -> Void = { _ in })
    -> Step
{
    var step = Step(id: id, name: id, action: .run(text("start \(id)")), at: place)
    step.needs = needs.map(named)
    step.hosts = hosts.map(named)
    step.delay = .seconds(1)
    change(&step)
    return step
}

func check(_ command: String, retries: Int = 0, equals: String? = nil) -> Check {
    var check = Check(.run(text(command)), at: place)
    check.retries = retries
    check.delay = .seconds(1)
    check.equals = equals.map(text)
    return check
}

extension Step {
    /// Verified by `is ID`, undone by `stop ID`.
    mutating func verifiedAndUndone() {
        verify = check("is \(id)")
        undo = .run(text("stop \(id)"), timeout: .seconds(60), verify: nil)
    }
}

func checkpoint(_ name: String, needs: [String]) -> Step {
    var step = Step(id: "cp-\(name)", name: name, action: .checkpoint(name), at: place)
    step.needs = needs.map(named)
    return step
}

/// A site where each step's service can be started, looked at and stopped on every host; `special` answers come first.
func site(
    _ steps: [Step], special: [Answer] = [], faults: [Fault] = [], operatorLines: [OperatorLine] = []
) -> Fixture {
    var fixture = Fixture(path: "f.yaml", name: "site", clock: 1_768_446_000_000, seed: 1)
    var host = FixtureHost(pattern: "*", at: place)
    host.boot = .seconds(30)
    host.answers = special
    for step in steps {
        let on = StateValue(key: step.id, value: "on")
        host.answers += [
            answer("start \(step.id)", takes: 3) { $0.set = [on] },
            answer("stop \(step.id)", takes: 2) { $0.set = [StateValue(key: step.id, value: nil)] },
            answer("is \(step.id)") { $0.when = [on] },
            answer("is \(step.id)") { $0.exit = 1 },
        ]
    }
    fixture.hosts = [host]
    fixture.faults = faults
    fixture.operatorLines = operatorLines
    return fixture
}

func answer(_ command: String, takes: Int = 0, change: (inout Answer) -> Void = { _ in }) -> Answer {
    var answer = Answer(.run(command), at: place)
    answer.takes = .seconds(takes)
    change(&answer)
    return answer
}

func chooses(_ step: String, _ choices: Choice..., reason: String? = nil) -> OperatorLine {
    var line = OperatorLine(step: named(step))
    line.choose = choices.map { OperatorChoice($0) }
    line.reason = reason
    return line
}

func plan(_ steps: [Step], hosts: [String] = ["a", "b", "c"], receipts: Bool = true) throws -> Plan {
    var runbook = Runbook(path: "r.yaml", name: "r", inventory: "i.yaml")
    runbook.steps = steps
    var inventory = Inventory(path: "i.yaml", name: "i")
    inventory.hosts = hosts.enumerated().map { number, name in
        var host = Host(name: name, address: "10.0.0.\(number + 1)", at: place)
        host.receipts = receipts
        return host
    }
    return try Planner.plan(
        PlanSource(runbook: runbook, runbookBytes: [1], inventory: inventory, inventoryBytes: [2]))
}

/// Records in memory, which survive the controller. Can kill it: right after the `crashAt`th append, or before it.
final class MemoryStorage: RunStorage {
    struct State {
        var records: [Record] = []
        var batches: [[Record]] = []
        var crashAt: Int?
        var losesLast = false
        var appends = 0
        var seals = 0
        /// What attempts printed to stdout, as a disk keeps it.
        var kept: [OutputDigest: [UInt8]] = [:]
        /// The sessions so far, as the journal tells of them.
        var sessions: Set<String> = []
    }

    let state = Lock(State())

    func append(_ records: [Record], at moment: Moment, closing: Bool) throws(StorageFault) {
        try state.withLock { (state: inout State) throws(StorageFault) in
            state.appends += 1
            let crashes = state.appends == state.crashAt
            if crashes, state.losesLast { throw .crashed }
            state.records += records
            state.batches.append(records)
            if closing { state.seals += 1 }
            if crashes { throw .crashed }
        }
    }

    func seal() throws(StorageFault) { state.withLock { $0.seals += 1 } }
    func sealIfDue(at moment: Moment) throws(StorageFault) {}
    var head: String { "\(state.withLock { $0.records.count }):00" }
    var runsOnReserve: Bool { false }
    func freeReserve() -> Bool { false }
    func output(of attempt: ReceiptID) throws(StorageFault) -> any OutputSink {
        MemorySink { text in self.state.withLock { $0.kept[MemorySink.digest(text)] = text } }
    }
    func text(of output: OutputDigest) -> [UInt8]? { state.withLock { $0.kept[output] } }
    var records: [Record] { state.withLock { $0.records } }
}

final class MemorySink: OutputSink {
    private let chunks = Lock<[OutputChunk]>([])
    private let onKeep: @Sendable ([UInt8]) -> Void

    init(onKeep: @escaping @Sendable ([UInt8]) -> Void) { self.onKeep = onKeep }

    /// A text stands for its own hash.
    static func digest(_ text: [UInt8]) -> OutputDigest {
        OutputDigest(bytes: Int64(text.count), sha256: String(decoding: text, as: UTF8.self))
    }

    func take(_ chunk: OutputChunk) { chunks.withLock { $0.append(chunk) } }
    private func text(_ stream: OutputChunk.Stream) -> [UInt8] {
        chunks.withLock { $0.filter { $0.stream == stream }.flatMap(\.bytes) }
    }
    func summary() -> OutputSummary {
        OutputSummary(
            stdout: Self.digest(text(.stdout)), stderr: Self.digest(text(.stderr)),
            tail: chunks.withLock { $0.flatMap(\.bytes) }, text: text(.stdout))
    }
    func keep() throws(StorageFault) { onKeep(text(.stdout)) }
    func discard() {}
}

struct SilentObserver: RunObserver {
    func recorded(_ records: [Record], by engine: borrowing Engine, at moment: Moment) {}
    func printed(_ chunk: OutputChunk, by task: TaskID) {}
}

/// One run on a simulated site, session after session.
struct SimulatedRun {
    let plan: Plan
    let world: SimulatedWorld
    let storage = MemoryStorage()

    init(_ plan: Plan, _ fixture: Fixture) {
        self.plan = plan
        world = SimulatedWorld(fixture, hosts: plan.inventory.hosts)
    }

    init(_ steps: [Step], special: [Answer] = [], faults: [Fault] = [], operatorLines: [OperatorLine] = []) throws {
        self.init(
            try RunbookEngineTests.plan(steps),
            site(steps, special: special, faults: faults, operatorLines: operatorLines))
    }

    /// A copy of the run's folder, as it is now, in other hands on the same site.
    func forked() -> SimulatedRun {
        let copy = SimulatedRun(plan: plan, world: world)
        let (records, sessions) = storage.state.withLock { ($0.records, $0.sessions) }
        copy.storage.state.withLock { ($0.records, $0.sessions) = (records, sessions) }
        return copy
    }

    private init(plan: Plan, world: SimulatedWorld) {
        self.plan = plan
        self.world = world
    }

    /// The state that the records tell, as a resume reads it.
    var folded: RunState {
        var state = RunState(tasks: plan.tasks.count, approvals: .rehearsal)
        for record in storage.records { state.evolve(record, plan) }
        return state
    }

    /// Plays one session; nil when it was killed.
    func session(_ first: Event = .began, crashAt: Int? = nil, losesLast: Bool = false) async throws -> Outcome? {
        let mark = String(UInt64.random(in: 0 ... .max), radix: 16)
        let earlier = storage.state.withLock { state in
            state.appends = 0
            state.crashAt = crashAt
            state.losesLast = losesLast
            defer { state.sessions.insert(mark) }
            return state.sessions
        }
        let clock = world.openSession()
        let conductor = Conductor(
            Conductor.Parts(
                transport: SimulatedTransport(clock), storage: storage, clock: clock, desk: SimulatedDesk(clock),
                observer: SilentObserver()))
        let engine = Engine(
            plan: plan,
            run: RunFacts(
                id: "r1", by: "tester", mark: "m1", isRehearsal: true, session: RunningSession(mark, after: earlier)),
            state: folded)
        do throws(ConductorFault) {
            return try await conductor.run(engine, first: first).outcome
        } catch {
            guard error == .storage(.crashed) else { throw error }
            world.crash(clock)
            return nil
        }
    }

    func word(_ task: String) -> StepState? {
        plan.tasks.firstIndex { $0.id.description == task }.map { folded.word($0) }
    }

    var words: [String: StepState] {
        var words: [String: StepState] = [:]
        for index in plan.tasks.indices { words[plan.tasks[index].id.description] = folded.word(index) }
        return words
    }

    /// `start db@a`, in the order of their start.
    var ran: [String] { world.ran.map { "\($0.command)@\($0.host)" } }
}
