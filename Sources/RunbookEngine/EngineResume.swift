internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

// The first moves of a session: what was in flight is settled and what was done is looked at again, before anything
// new starts.

extension Engine {
    mutating func begin() {
        for task in plan.tasks.indices {
            let known = state.tasks[task]
            if known.open != nil {
                review(task)
            } else if let settlement = known.settlement {
                reviewSettled(task, settlement)
            }
        }
    }

    private mutating func review(_ task: Int) {
        work[task].recheck = true
        unsettled += 1
        enqueue(task)
    }

    private mutating func reviewSettled(_ task: Int, _ settlement: TaskSettlement) {
        let undoing = state.rollback != nil && !state.rollbackEnded
        switch settlement.state {
        case .failed where !settlement.tolerated && !undoing:
            record(
                .taskSettled(
                    TaskSettlement(
                        task: plan.tasks[task].id, state: .pending, reason: "to be tried again in a new session")))
        case .unclear where !undoing: review(task)
        case .ok where !undoing && plan.step(of: task).verify != nil: review(task)
        case .already where !undoing && plan.step(of: task).verify != nil: review(task)
        case .ok, .already, .failed, .unclear, .skipped, .pending, .yourTurn, .running, .undone: break
        }
    }

    /// Looks once at a task that an earlier session left behind.
    mutating func recheck(_ task: Int) {
        if state.tasks[task].open != nil { return inspect(task) }
        guard let settlement = state.tasks[task].settlement else { return rest(task) }
        if settlement.state == .unclear { return settleUnknown(task, settlement.reason) }
        guard let check = plan.step(of: task).verify else { return rest(task) }
        probe(task, .rechecking, check)
    }

    mutating func rechecked(_ task: Int, _ reply: HostReply) {
        guard let check = plan.step(of: task).verify else { return rest(task) }
        switch verdict(task, check, reply) {
        case .passed: rest(task)
        case .failed(let why):
            work[task].lastReason = "it was done, but no longer holds: \(why)"
            ask(task, .lapsed, work[task].lastReason, [.retry, .skip, .rollback, .stop])
        }
    }

    /// All that was in flight is settled: on with the run, or with the rollback that was under way.
    mutating func endSettling() {
        if state.rollback != nil, !state.rollbackEnded {
            mode = .undoing
            return queueUndos()
        }
        mode = .forward
        for task in plan.tasks.indices where isReady(task) { enqueue(task) }
    }
}
