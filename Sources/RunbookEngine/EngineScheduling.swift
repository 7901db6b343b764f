internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

// Who may start now, and when the session is over.

extension Engine {
    /// Starts what can start, and finishes when nothing is left that could move by itself.
    mutating func advance() {
        if mode == .settling, unsettled == 0 { endSettling() }
        if startsNew || mode == .draining { startQueued() }
        if mode == .draining, busy == 0, queue.isEmpty { beginRollback() }
        if mode == .undoing { startQueued() }
        // What ended at once may have made way for what was passed over before it.
        while busy == 0, !queue.isEmpty, startsNew, startQueued() {}
        finishIfOver()
    }

    /// Puts a task up for starting. `queue` is a heap by urgency: the longest remaining path first.
    mutating func enqueue(_ task: Int) {
        guard !work[task].isQueued else { return }
        work[task].isQueued = true
        queue.append(task)
        var child = queue.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard isMoreUrgent(queue[child], than: queue[parent]) else { break }
            queue.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func dequeue() -> Int? {
        guard let first = queue.first, let last = queue.popLast() else { return nil }
        work[first].isQueued = false
        guard !queue.isEmpty else { return first }
        queue[0] = last
        var parent = 0
        while true {
            var best = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < queue.count {
                if isMoreUrgent(queue[child], than: queue[best]) { best = child }
            }
            if best == parent { return first }
            queue.swapAt(best, parent)
            parent = best
        }
    }

    private func isMoreUrgent(_ one: Int, than other: Int) -> Bool {
        mode == .undoing ? plan.lessUrgent(one, other) : plan.lessUrgent(other, one)
    }

    /// Says whether anything was started.
    @discardableResult
    private mutating func startQueued() -> Bool {
        var held: [Int] = []
        var hasStarted = false
        while let task = dequeue() {
            let isOpen = (mode == .forward || mode == .undoing) && !state.isPaused
            guard isOpen || work[task].recheck else {
                held.append(task)
                continue
            }
            guard mayBegin(task), takeSlot(task) else {
                held.append(task)
                if active >= plan.runbook.maxParallel { break }
                continue
            }
            start(task)
            hasStarted = true
        }
        for task in held { enqueue(task) }
        return hasStarted
    }

    private mutating func start(_ task: Int) {
        if work[task].recheck {
            recheck(task)
        } else {
            if plan.step(of: task).stagger > .zero {
                held.insert(plan.tasks[task].step)
                work[task].holdsStep = true
            }
            if mode == .undoing { startUndo(task) } else { startAction(task) }
        }
    }

    /// Whether its step lets a task begin now: the one before began long enough ago, no other batch is under way, its own
    /// has come, and not too many of its hosts have failed. Of a task whose turn has come before, only the first two are
    /// asked. Undos go through the batches backwards.
    private func mayBegin(_ task: Int) -> Bool {
        let step = plan.step(of: task)
        let planned = plan.tasks[task]
        guard mode == .forward || mode == .undoing, !work[task].recheck else { return true }
        if held.contains(planned.step) { return false }
        guard plan.tasksOfStep[planned.step].count > 1 else { return true }
        if !step.serial.isEmpty {
            let isBesideOthers = plan.tasksOfStep[planned.step].contains { other in
                plan.tasks[other].batch != planned.batch && isLocking(other)
            }
            if isBesideOthers { return false }
        }
        if mode == .undoing {
            return step.serial.isEmpty
                || !plan.tasksOfStep[planned.step].contains {
                    plan.tasks[$0].batch > planned.batch && undosLeft.contains($0)
                }
        }
        guard !work[task].hasBegun else { return true }
        // Who has failed is asked about.
        if step.serial.isEmpty, asking == 0 { return true }
        var failing = 0
        for other in plan.tasksOfStep[planned.step] where other != task {
            let isFailing = isFailing(other)
            if isFailing { failing += 1 }
            let isBefore = plan.tasks[other].batch < planned.batch
            if isBefore, state.tasks[other].settlement == nil, !isFailing { return false }
        }
        return failing <= step.maxFailures ?? 0
    }

    /// The action of a task begins: the next of its step waits from now on.
    mutating func stagger(_ task: Int) {
        work[task].hasBegun = true
        guard work[task].holdsStep else { return }
        work[task].holdsStep = false
        decision.effects.append(.hold(step: plan.tasks[task].step, plan.step(of: task).stagger))
    }

    /// The action of a task has not begun: the next of its step need not wait.
    private mutating func endStagger(_ task: Int) {
        guard work[task].holdsStep else { return }
        work[task].holdsStep = false
        held.remove(plan.tasks[task].step)
    }

    /// When the last task of a staggered step began in an earlier session is not known: the next one waits from now on.
    mutating func holdStaggered() {
        for (step, tasks) in plan.tasksOfStep.enumerated() where plan.runbook.steps[step].stagger > .zero {
            let isUnderWay = tasks.contains { state.tasks[$0].actions > 0 || state.isThrough($0) }
            guard isUnderWay, tasks.contains(where: { state.tasks[$0].settlement == nil }), held.insert(step).inserted
            else { continue }
            decision.effects.append(.hold(step: step, plan.runbook.steps[step].stagger))
        }
    }

    /// How many hosts of a step have failed without keeping others from starting.
    func toleratedFailures(ofStep step: Int) -> Int {
        plan.tasksOfStep[step].count { task in
            guard let settlement = state.tasks[task].settlement else { return false }
            return settlement.state == .failed && settlement.tolerated
        }
    }

    /// Whether it has failed, or a person has to say what becomes of it.
    private func isFailing(_ task: Int) -> Bool {
        if let settlement = state.tasks[task].settlement {
            return (settlement.state == .failed && !settlement.tolerated) || settlement.state == .unclear
        }
        switch state.tasks[task].asked {
        case .failure, .unclear, .lapsed: return true
        case .manual, .danger, .approval, .undo, .irreversible, nil: return false
        }
    }

    /// Takes one of the slots of the run and of the machine, and the step's locks; a person's step needs none. A task has
    /// one slot at most. What an earlier session left is looked at whoever holds its locks.
    private mutating func takeSlot(_ task: Int) -> Bool {
        let machine = plan.tasks[task].machine
        guard !work[task].holdsSlot, active < plan.runbook.maxParallel,
            machine.map({ activePerHost[$0, default: 0] < Limits.tasksPerHost }) ?? true,
            work[task].recheck || !isLockedOut(task)
        else { return false }
        takeLocks(task)
        active += 1
        if let machine { activePerHost[machine, default: 0] += 1 }
        work[task].holdsSlot = true
        return true
    }

    mutating func releaseSlot(_ task: Int) {
        endStagger(task)
        guard work[task].holdsSlot else { return }
        work[task].holdsSlot = false
        active -= 1
        if let machine = plan.tasks[task].machine { activePerHost[machine, default: 1] -= 1 }
    }

    mutating func takeLocks(_ task: Int) {
        for lock in plan.step(of: task).locks {
            locks[lock] = (locks[lock] ?? []).filter(isLocking).union([task])
        }
    }

    /// Whether a task keeps its locks: it is under way, or its command may still run and nobody has decided about it.
    private func isLocking(_ task: Int) -> Bool { work[task].holdsSlot || state.tasks[task].holdsLocks }

    private func isLockedOut(_ task: Int) -> Bool {
        plan.step(of: task).locks.contains { (locks[$0] ?? []).contains { $0 != task && isLocking($0) } }
    }

    /// The task has come to rest: its slot is free, and what waited for it may be ready.
    mutating func rest(_ task: Int) {
        move(task, .idle)
        releaseSlot(task)
        reviewed(task)
        let met = needs.takeMet()
        if mode == .forward { for step in met { enqueueReady(ofStep: step) } }
    }

    /// Tasks of one step become ready together, when the last of what they need is through.
    mutating func enqueueReady(ofStep step: Int) {
        guard hasAllNeeds(step) else { return }
        for task in plan.tasksOfStep[step] where isStillToDo(task) { enqueue(task) }
    }

    func isReady(_ task: Int) -> Bool { isStillToDo(task) && hasAllNeeds(plan.tasks[task].step) }

    private func isStillToDo(_ task: Int) -> Bool {
        state.tasks[task].settlement == nil && work[task].phase == .idle && !work[task].recheck
    }

    /// Whether all that a step rests on is through, directly and through others.
    func hasAllNeeds(_ step: Int) -> Bool { needs.areMet(step) }

    mutating func settle(
        _ task: Int, _ settled: Unproven, _ reason: String, by: String? = nil, tolerated: Bool = false
    ) {
        record(
            .taskSettled(
                TaskSettlement(
                    task: plan.tasks[task].id, state: settled.word, reason: reason, by: by, tolerated: tolerated)))
        rest(task)
    }

    /// It is done.
    mutating func settle(_ task: Int, _ conclusion: Conclusion) {
        record(
            .taskSettled(
                TaskSettlement(
                    task: plan.tasks[task].id, state: conclusion.word, reason: conclusion.reason,
                    by: conclusion.proof.by)))
        rest(task)
    }

    /// Starts nothing new until it comes again. What is in flight ends, checks are repeated, questions stay open.
    mutating func togglePause() {
        switch mode {
        case .halting, .finished: return
        case .settling, .forward, .draining, .undoing: break
        }
        record(state.isPaused ? .wentOn(by: run.by) : .paused(by: run.by))
    }

    /// Starts nothing new from now on.
    mutating func halt(_ outcome: Outcome, reason: String) {
        switch mode {
        case .halting, .finished: return
        case .settling, .forward, .draining, .undoing: break
        }
        record(.halted(reason: reason))
        decision.effects.append(.seal)
        mode = .halting(outcome)
        clearQueue(keeping: [])
        for task in work.indices {
            switch work[task].phase {
            case .pausing(let next) where !mustEnd(next):
                move(task, .idle)
                releaseSlot(task)
            case .asking:
                decision.effects.append(.withdraw(plan.tasks[task].id))
                move(task, .idle)
            default: break
            }
        }
    }

    /// Empties the queue but for `kept`; what is put out of it is not looked at any more in this session.
    mutating func clearQueue(keeping kept: [Int]) {
        let kept = Set(kept)
        let all = queue
        queue.removeAll()
        for task in all {
            work[task].isQueued = false
            if !kept.contains(task) { reviewed(task) }
        }
        for task in all where kept.contains(task) { enqueue(task) }
    }

    /// Whether a pause leads back to an attempt that is in flight on a host, or has just ended there: a session that comes to
    /// its end still sees what came of it.
    func mustEnd(_ phase: Phase) -> Bool {
        switch phase {
        case .inspecting, .fencing, .marking, .killing, .submitting, .following, .verifying, .rebooting: true
        default: false
        }
    }

    private mutating func finishIfOver() {
        guard busy == 0, mode != .finished else { return }
        if case .halting(let outcome) = mode { return finish(outcome) }
        guard mode == .forward || mode == .undoing, asking == 0, queue.isEmpty || isStuck else { return }
        if mode == .undoing { return finish(.failed) }
        finish(forwardOutcome)
    }

    /// Whether what waits for its turn would wait for ever: nothing is under way that could make way for it.
    private var isStuck: Bool { !state.isPaused && held.isEmpty }

    private var forwardOutcome: Outcome {
        if plan.tasks.indices.allSatisfy({ state.isThrough($0) }) {
            let gaps = state.tasks.contains { known in
                switch known.settlement?.state {
                case .skipped: known.settlement?.tolerated == false
                case .failed: true
                case .ok, .already, .pending, .yourTurn, .running, .undone, .unclear, nil: false
                }
            }
            return gaps ? .succeededWithGaps : .succeeded
        }
        if state.tasks.contains(where: { $0.settlement?.state == .failed && $0.settlement?.tolerated == false }) {
            return .failed
        }
        return .waiting
    }

    mutating func finish(_ outcome: Outcome) {
        var outcome = outcome
        if outcome == .failed, unreachableFailure, !state.anythingStarted { outcome = .unreachable }
        record(.closed(outcome))
        decision.effects.append(.seal)
        decision.effects.append(.finish(outcome))
        mode = .finished
    }
}
