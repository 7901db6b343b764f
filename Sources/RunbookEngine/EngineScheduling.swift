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

    private mutating func startQueued() {
        var held: [Int] = []
        while let task = dequeue() {
            guard mode == .forward || mode == .undoing || work[task].recheck else {
                held.append(task)
                continue
            }
            guard takeSlot(task) else {
                held.append(task)
                if active >= plan.runbook.maxParallel { break }
                continue
            }
            start(task)
        }
        for task in held { enqueue(task) }
    }

    private mutating func start(_ task: Int) {
        if work[task].recheck {
            recheck(task)
        } else if mode == .undoing {
            startUndo(task)
        } else {
            startAction(task)
        }
    }

    /// Takes one of the slots of the run and of the task's host; a person's step needs none.
    private mutating func takeSlot(_ task: Int) -> Bool {
        let host = plan.tasks[task].host ?? -1
        guard active < plan.runbook.maxParallel, activePerHost[host, default: 0] < Limits.tasksPerHost else {
            return false
        }
        active += 1
        activePerHost[host, default: 0] += 1
        work[task].holdsSlot = true
        return true
    }

    mutating func releaseSlot(_ task: Int) {
        guard work[task].holdsSlot else { return }
        work[task].holdsSlot = false
        active -= 1
        activePerHost[plan.tasks[task].host ?? -1, default: 1] -= 1
    }

    /// The task has come to rest: its slot is free, and what waited for it may be ready.
    mutating func rest(_ task: Int) {
        move(task, .idle)
        releaseSlot(task)
        reviewed(task)
        if mode == .forward, state.isThrough(task) { enqueueReadyDependents(of: task) }
    }

    private mutating func enqueueReadyDependents(of task: Int) {
        // Tasks of one step become ready together, when the last of what they need is through.
        for dependent in plan.dependents[task] where isReady(dependent) { enqueue(dependent) }
    }

    func isReady(_ task: Int) -> Bool {
        state.tasks[task].settlement == nil && work[task].phase == .idle && !work[task].recheck
            && plan.needs[task].allSatisfy { state.isThrough($0) }
    }

    mutating func settle(
        _ task: Int, _ settled: StepState, _ reason: String, by: String? = nil, tolerated: Bool = false
    ) {
        record(
            .taskSettled(
                TaskSettlement(
                    task: plan.tasks[task].id, state: settled, reason: reason, by: by, tolerated: tolerated)))
        rest(task)
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

    /// Whether a pause leads back to an attempt that is in flight on a host.
    func mustEnd(_ phase: Phase) -> Bool {
        switch phase {
        case .inspecting, .fencing, .marking, .killing, .submitted, .verifying: true
        default: false
        }
    }

    private mutating func finishIfOver() {
        guard busy == 0, mode != .finished else { return }
        if case .halting(let outcome) = mode { return finish(outcome) }
        guard mode == .forward || mode == .undoing, queue.isEmpty, asking == 0 else { return }
        if mode == .undoing { return finish(.failed) }
        finish(forwardOutcome)
    }

    private var forwardOutcome: Outcome {
        if plan.tasks.indices.allSatisfy({ state.isThrough($0) }) {
            let gaps = state.tasks.contains { $0.settlement?.state == .skipped || $0.settlement?.state == .failed }
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
