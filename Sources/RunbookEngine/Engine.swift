internal import RunbookJournal
package import RunbookModel
package import RunbookPlan
package import RunbookTransport

// The life of a task (VerdictTests has the rows):
//
//   pending ─begin→ skipCheck ─passes→ ALREADY
//                      │ does not
//                      ▼
//                  contacting ─facts→ [intent] submitted ─exit 0→ verifying ─passes→ OK
//                      │                  │   │               │ not, tries left → pausing → verifying
//                      │ no answer        │   │ other exit    ▼ no tries left
//                      └──────────────────┼───┴──────→ attempt failed ─retries left→ pausing → skipCheck
//                                         │                   └ none left → on_failure: asking, FAILED, rollback
//                        connection lost  ▼
//                                     inspecting ─ended→ as above        ─alive→ submitted (attached)
//                                         │ absent → fencing ─fenced→ never ran → next attempt
//                                         │ dead   → marking ─lost→ unknown
//                        deadline → killing ─ended→ timed out, failed    ─not→ unknown
//   unknown ─its host, asked again by a later session, tells→ as above
//   unknown ─verify passes→ OK, ─idempotent→ next attempt, else asking(unclear) → UNCLEAR until a person knows
//
// OK and ALREADY come after gathering, where the step has outputs to read.
// Before the action: `when` false → SKIPPED; `danger` → asking(danger) → confirmed, or SKIPPED.
// reboot: exit 0 or unknown → rebooting ⇄ pausing until a new boot id (verifying), or its time is over (failed).
// wait_for: waitingFor ⇄ pausing until it passes (OK) or its tries are used up (failed).
// manual: skipCheck → asking(manual) → done → verifying → OK.   checkpoint: OK at once, sealed.
// undo: undoCheck (failed or unclear tasks: is its effect there?) → contacting → submitted → confirming → UNDONE.

/// What happens to the engine.
package enum Event: Sendable {
    /// The session begins. On a fresh state it starts; on a folded one it first settles what was in flight.
    /// A session that is there to roll back begins with `rollbackRequested` instead.
    case began
    case replied(task: Int, token: Int, HostReply, output: AttemptOutput?)
    case elapsed(task: Int, token: Int)
    /// What an attempt printed, read again; nil where it is not kept.
    case recalled(task: Int, token: Int, [UInt8]?)
    /// The next task of a staggered step may start.
    case released(step: Int)
    case answered(task: Int, token: Int, OperatorReply)
    /// Start nothing new until it comes again.
    case pauseToggled
    /// Finish what is in flight, start nothing new.
    case haltRequested(reason: String)
    /// Roll back to a checkpoint, or to the start; nil means the last checkpoint reached.
    case rollbackRequested(target: String?, by: String)
    /// The session gives up the rollback that was under way, and goes on with the run from what stands now.
    case forwardRequested(by: String)
    /// Nothing but time going by: the journal may have to be sealed.
    case tick
}

/// What an attempt printed, as far as it was read when it ended.
package struct AttemptOutput: Hashable, Sendable {
    package var stdout: OutputDigest
    package var stderr: OutputDigest
    package var tail: [UInt8]
    /// The last of what it printed to stdout, at most ``Limits/outputSearchedBytes``.
    package var text: [UInt8]
    /// Whether stars stand in stdout where a secret was.
    package var isMasked: Bool
    package var milliseconds: Int64
    /// Whether the host had no room for all of it, as far as it can tell.
    package var isCut = false

    package init(
        stdout: OutputDigest, stderr: OutputDigest, tail: [UInt8], text: [UInt8] = [], isMasked: Bool = false,
        milliseconds: Int64
    ) {
        self.text = text
        self.isMasked = isMasked
        self.stdout = stdout
        self.stderr = stderr
        self.tail = tail
        self.milliseconds = milliseconds
    }
}

/// What the engine wants done. Replies come back as events with the same task and token.
package enum Effect: Hashable, Sendable {
    case send(task: Int, token: Int, HostRequest)
    case wait(task: Int, token: Int, Duration)
    /// `released` is to come for this step after so long.
    case hold(step: Int, Duration)
    case ask(task: Int, token: Int, Question)
    case withdraw(TaskID)
    /// Read again what an attempt of an earlier session printed to stdout.
    case recall(task: Int, token: Int, OutputDigest)
    /// Let the host forget what an attempt printed; nobody waits for the answer.
    case tidy(HostRequest)
    /// Sign the journal up to here.
    case seal
    case finish(Outcome)
}

/// Records are made durable first; only then are the effects carried out.
package struct Decision: Sendable {
    package var records: [Record] = []
    package var effects: [Effect] = []

    package init() {}
}

/// Decides, and never does: no clock, no I/O, no unordered iteration. Same state and events, same decisions.
package struct Engine: Sendable {
    package let plan: Plan
    package let run: RunFacts
    /// nil where nothing is claimed: on a fixture.
    let hold: SiteHold?
    package internal(set) var state: RunState
    var work: [Work]
    var mode = Mode.settling
    /// Tasks whose state from before this session is still being looked at; nothing starts until there are none.
    var unsettled = 0
    var queue: [Int] = []
    var activePerHost: [RunbookPlan.Machine: Int] = [:]
    /// For each lock the tasks that took it; see ``isLocking(_:)``.
    var locks: [String: Set<Int>] = [:]
    /// Steps of which the next task has to wait a little after the one before.
    var held: Set<Int> = []
    /// Slots of the run in use.
    var active = 0
    /// Tasks whose phase is not idle; for those who watch.
    var underWay: Set<Int> = []
    /// Tasks with something under way, a pause included, an open question not.
    var busy = 0
    var asking = 0
    var isBegun = false
    var unreachableFailure = false
    /// Tasks whose undo is still to come, and how many of them each step has.
    var undosLeft: Set<Int> = []
    var undosLeftOfStep: [Int: Int] = [:]
    /// For each step the steps that have to be undone before it.
    var undoBlockers: [Int: Set<Int>] = [:]
    /// What each step still waits for.
    var needs: NeedsMet
    /// Hosts that have nothing of this run that its journal does not know.
    var compared: Set<String> = []
    /// Hosts on which the session has taken its turn, or could not.
    var visited: Set<String> = []
    /// What earlier sessions have asked a person, by task: who began this one may have seen it.
    var askedBefore: [Int: Set<QuestionKind>] = [:]
    /// Who has given up the rollback under way, until that is on record.
    var abandonedBy: String?
    var decision = Decision()

    package init(plan: Plan, run: RunFacts, state: RunState? = nil, hold: SiteHold? = nil) {
        self.hold = hold
        self.plan = plan
        self.run = run
        let state = state ?? RunState(tasks: plan.tasks.count, approvals: run.isRehearsal ? .rehearsal : .signature)
        self.state = state
        work = Array(repeating: Work(), count: plan.tasks.count)
        needs = NeedsMet(plan, state)
        for task in plan.tasks.indices where self.state.tasks[task].mayStillRun { takeLocks(task) }
    }

    /// What the session is about just now.
    enum Mode: Hashable, Sendable {
        case settling
        case forward
        /// In-flight work ends, nothing new starts, then the session is over.
        case halting(Outcome)
        /// In-flight work ends, then the rollback begins.
        case draining
        case undoing
        case finished
    }
}

extension Engine {
    /// Takes one event and says what to write down and what to do.
    package mutating func handle(_ event: Event) -> Decision {
        decision = Decision()
        guard mode != .finished else { return decision }
        switch event {
        case .began: begin()
        case .replied(let task, let token, let reply, let output):
            guard isCurrent(task, token) else { break }
            replied(task, reply, output)
        case .elapsed(let task, let token):
            if approvalTimeIsOver(task, token) {
                approvalTimedOut(task)
                break
            }
            guard isCurrent(task, token) else { break }
            if case .pausing(let next) = work[task].phase { resumeFromPause(task, next) }
        case .recalled(let task, let token, let text):
            guard isCurrent(task, token) else { break }
            recalled(task, text)
        case .answered(let task, let token, let reply):
            guard isCurrent(task, token), case .asking(let kind) = work[task].phase else { break }
            answered(task, kind, reply)
        case .released(let step): held.remove(step)
        case .pauseToggled: togglePause()
        case .haltRequested(let reason): halt(.interrupted, reason: reason)
        case .tick: break
        case .forwardRequested(let by): requestForward(by: by)
        case .rollbackRequested(let target, let by):
            begin(forRollback: true)
            requestRollback(target, by: by, confirmed: true)
        }
        advance()
        return decision
    }

    private func isCurrent(_ task: Int, _ token: Int) -> Bool {
        work.indices.contains(task) && work[task].token == token
    }

    mutating func record(_ record: Record) {
        var decidedAnew: [Int] = []
        if case .attemptIntended(let intent) = record, intent.attempt.kind == .action,
            let task = plan.index[intent.attempt.task]
        {
            decidedAnew = state.decided(by: task, plan)
        }
        state.evolve(record, plan)
        decision.records.append(record)
        for task in decidedAnew { needs.update(task, plan, state) }
        switch record {
        case .taskSettled(let settlement): keepNeeds(settlement.task)
        // What is on record of an undo that was given up makes its step unclear.
        case .attemptEnded(let end): keepNeeds(end.attempt.task)
        case .attemptReopened(let attempt): keepNeeds(attempt.task)
        case .undoSettled(let settlement): keepNeeds(settlement.task)
        // Many tasks at once are pending again.
        case .rollbackEnded, .rollbackAbandoned: needs = NeedsMet(plan, state)
        case .hostSeen, .attemptIntended, .notChecked, .asked, .answered, .valueRead, .checkpointReached,
            .rollbackDecided, .rollbackBegun, .paused, .wentOn, .halted, .closed:
            break
        }
    }

    private mutating func keepNeeds(_ id: TaskID) {
        if let task = plan.index[id] { needs.update(task, plan, state) }
    }

    /// Sends a request about `task` and moves it to `phase`.
    mutating func send(_ task: Int, _ phase: Phase, _ operation: HostRequest.Operation) {
        // The reader refuses such a runbook; a command without a host must not find its way to this machine all the same.
        guard let host = target(of: operation, task) else {
            return attemptFailed(task, "the step has no host to run a command on")
        }
        move(task, phase)
        var request = HostRequest(host: host, task: plan.tasks[task].id, operation)
        if case .attach = operation { request.isWithheld = isWithheld(task) }
        decision.effects.append(.send(task: task, token: work[task].token, request))
    }

    /// What this machine asks for itself is about the host; all else goes to where the task's commands run.
    private func target(of operation: HostRequest.Operation, _ task: Int) -> String? {
        if case .probe(let probe) = operation, probe.isAskedFromHere {
            return plan.host(of: task)?.name ?? Host.localName
        }
        return plan.machineName(of: task)
    }

    mutating func pause(_ task: Int, _ delay: Duration, then next: Phase) {
        move(task, .pausing(then: next))
        decision.effects.append(.wait(task: task, token: work[task].token, delay))
    }

    /// Changes phase; whatever was under way under the old token no longer counts.
    mutating func move(_ task: Int, _ phase: Phase) {
        count(work[task].phase, -1)
        count(phase, 1)
        work[task].token += 1
        work[task].phase = phase
        if phase == .idle { underWay.remove(task) } else { underWay.insert(task) }
    }

    private mutating func count(_ phase: Phase, _ change: Int) {
        switch phase {
        case .idle: break
        case .asking: asking += change
        default: busy += change
        }
    }

    /// Whether something new may go to a host: not while the session is coming to its end.
    var startsNew: Bool {
        switch mode {
        case .settling, .forward, .undoing: true
        case .halting, .draining, .finished: false
        }
    }

    func scope(_ task: Int) -> Scope { Scope(plan, task: task, run: run, left: state.values) }

    func environment(_ task: Int) -> [EnvironmentPair] {
        let scope = scope(task)
        return plan.step(of: task).environment.map { EnvironmentPair(name: $0.name, scope.hidden($0.value)) }
    }

    /// The right to act as root, where the step or its host wants it.
    func privilege(_ task: Int) -> Privilege? {
        switch plan.step(of: task).become {
        case .no: nil
        case .yes: Privilege(password: nil)
        case .withPassword(let template): Privilege(password: scope(task).hidden(template))
        case nil: plan.machine(of: task)?.become == true ? Privilege(password: nil) : nil
        }
    }

    func receipt(_ name: AttemptName) -> ReceiptID {
        ReceiptID(run: run.id, task: name.task, kind: name.kind, number: name.number)
    }

    func keepsReceipts(_ task: Int) -> Bool { plan.machine(of: task)?.receipts ?? true }
}

extension Scope {
    /// The text with each value in place, and with secrets by their names.
    func hidden(_ template: Template) -> HiddenText {
        HiddenText(
            template.segments.map { segment in
                switch segment {
                case .literal(let text): .plain(text)
                case .reference(let reference) where reference.path.first == "secrets":
                    .secret(reference.path.last ?? "")
                case .reference(let reference): .plain(value(reference))
                }
            })
    }
}
