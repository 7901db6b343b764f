internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

// The first moves of a session: what was in flight is settled and what was done is looked at again, before anything
// new starts.

extension Engine {
    /// A session that is there to roll back only settles what is unknown.
    mutating func begin(forRollback: Bool = false) {
        guard !isBegun else { return }
        isBegun = true
        // A run that was rolled back is over; only its last lines may be missing.
        if state.rollbackEnded { return finish(.rolledBack) }
        noteQuestions()
        // Who begins a session wants it to go on.
        if state.isPaused { record(.wentOn(by: run.by)) }
        let decision = state.rollbackDecided
        reviewAll(forRollback: forRollback)
        // What was decided stays so, whoever was there then.
        guard let decision, !forRollback, abandonedBy == nil else { return }
        if let fault = rollbackFault(decision.target) { return halt(.failed, reason: fault) }
        drain()
    }

    /// What earlier sessions have asked and nobody has answered.
    private mutating func noteQuestions() {
        for (task, known) in state.tasks.enumerated() {
            var kinds: Set<QuestionKind> = []
            if let asked = known.asked { kinds.insert(asked) }
            if known.settlement?.state == .unclear { kinds.insert(.unclear) }
            // Of a rollback that is given up, what became of the undo is asked about the step.
            if known.undo?.state == .failed || known.undo?.state == .unclear { kinds.formUnion([.undo, .unclear]) }
            if !kinds.isEmpty { askedBefore[task] = kinds }
        }
    }

    /// Puts up for a look whatever an earlier session left behind.
    mutating func reviewAll(forRollback: Bool) {
        let undoing = forRollback || state.isTurningBack
        // One task for each host where an earlier session was and nothing else takes this one.
        var visitors: [String: Int] = [:]
        defer { for task in visitors.values.sorted() { review(task) } }
        for task in plan.tasks.indices {
            let known = state.tasks[task]
            if let host = plan.machineName(of: task), visitors[host] == nil, known.actions + known.undos > 0,
                hasToCome(task)
            {
                visitors[host] = task
            }
            if known.open != nil || hasUncheckedUndo(task) || canBeReopened(task) {
                review(task)
            } else if !undoing, known.saidDone != nil, known.settlement == nil || known.settlement?.state == .unclear {
                review(task)
            } else if let last = known.last, known.settlement == nil, last.leavesSomething {
                review(task)
            } else if known.settlement == nil, known.asked == .lapsed {
                if !undoing { review(task) }
            } else if let settlement = known.settlement {
                reviewSettled(task, settlement, undoing)
            }
        }
    }

    mutating func review(_ task: Int) {
        guard !work[task].recheck else { return }
        work[task].recheck = true
        unsettled += 1
        enqueue(task)
    }

    /// What an earlier session left of this task is known now, or is under way by itself.
    mutating func reviewed(_ task: Int) {
        guard work[task].recheck else { return }
        work[task].recheck = false
        unsettled -= 1
    }

    private mutating func reviewSettled(_ task: Int, _ settlement: TaskSettlement, _ undoing: Bool) {
        switch settlement.state {
        case .failed where !settlement.tolerated && !undoing && state.tasks[task].mayStillRun: review(task)
        case .failed where !settlement.tolerated && !undoing:
            record(
                .taskSettled(
                    TaskSettlement(
                        task: plan.tasks[task].id, state: .pending, reason: Self.triedAgain)))
        case .unclear where !undoing: review(task)
        case .ok where !undoing && plan.step(of: task).verify != nil: review(task)
        case .already where !undoing && plan.step(of: task).verify != nil: review(task)
        case .ok, .already, .failed, .unclear, .skipped, .pending, .yourTurn, .running, .undone: break
        }
    }

    /// Looks once at a task that an earlier session left behind.
    mutating func recheck(_ task: Int) {
        if hasToCome(task) { return come(task, isLeftBehind(task) ? .toLook : .toVisit) }
        look(task)
    }

    /// Whether something is to be found out about the task, and not only about its host.
    private func isLeftBehind(_ task: Int) -> Bool {
        let known = state.tasks[task]
        if known.open != nil || hasUncheckedUndo(task) || canBeReopened(task) { return true }
        if let last = known.last, known.settlement == nil, last.leavesSomething { return true }
        guard !state.isTurningBack else { return false }
        switch known.settlement?.state {
        case .ok, .already: return plan.step(of: task).verify != nil
        case .unclear: return true
        case .failed: return known.settlement?.tolerated == false && known.mayStillRun
        case nil: return known.asked == .lapsed || known.saidDone != nil
        case .skipped, .pending, .yourTurn, .running, .undone: return false
        }
    }

    /// What became of what an earlier session left behind.
    mutating func look(_ task: Int) {
        let known = state.tasks[task]
        work[task].checkTries = 0
        if known.open != nil { return inspect(task) }
        if canBeReopened(task) { return reopen(task) }
        if hasUncheckedUndo(task) { return checkUndo(task) }
        guard isLeftBehind(task) else {
            // It has stopped: it can be tried again.
            if mode == .settling, !state.isTurningBack, known.settlement?.state == .failed,
                known.settlement?.tolerated == false
            {
                return putBack(task, Self.triedAgain)
            }
            return rest(task)
        }
        // A person's word stays theirs, whatever happened to the session that heard it.
        if let said = known.saidDone, known.settlement == nil || known.settlement?.state == .unclear {
            return afterHand(task, .byHand(said.reason, by: said.by))
        }
        switch (known.settlement?.state, known.last?.result) {
        case (.failed, _): return leaveUnclear(task, known.settlement?.reason ?? "")
        case (.unclear, _): return settleUnknown(task, known.settlement?.reason ?? "")
        case (nil, .exited) where isReboot(task), (nil, .unknown) where isReboot(task): return awaitReboot(task)
        case (nil, .exited): return verify(task, done: .exited)
        case (nil, .unknown(let why)): return settleUnknown(task, why)
        default: break
        }
        guard let check = plan.step(of: task).verify else { return rest(task) }
        probe(task, .rechecking, check)
    }

    mutating func rechecked(_ task: Int, _ reply: HostReply) {
        guard let check = plan.step(of: task).verify else { return rest(task) }
        switch verdict(task, check, reply) {
        case .holds(let evidence):
            // It had lapsed, and holds again.
            guard state.tasks[task].settlement != nil else { return found(task, evidence) }
            rest(task)
        case .unreached(let why), .unanswered(let why): notChecked(task, check, why)
        case .fails(let refutation):
            // Once may be chance: a network that is just coming back.
            guard work[task].checkTries >= Self.recheckRetries else {
                work[task].checkTries += 1
                return pause(task, min(check.delay, .seconds(2)), then: .rechecking)
            }
            lapse(task, refutation)
        }
    }

    /// Nothing that rests on it may start until a person has decided.
    private mutating func lapse(_ task: Int, _ refutation: Refutation) {
        work[task].lastReason = "it was done, but no longer holds: \(refutation.words)"
        record(
            .taskSettled(TaskSettlement(task: plan.tasks[task].id, state: .pending, reason: work[task].lastReason)))
        ask(task, .lapsed, work[task].lastReason, [.retry, .skip, .rollback, .stop])
    }

    /// Nothing was learnt: what is on record as done stays so, for a host that can't be asked has not undone it. What had
    /// lapsed before stays lapsed.
    private mutating func notChecked(_ task: Int, _ check: Check, _ why: String) {
        guard work[task].checkTries >= Self.recheckRetries else {
            work[task].checkTries += 1
            return pause(task, min(check.delay, .seconds(2)), then: .rechecking)
        }
        guard state.tasks[task].settlement == nil else {
            record(.notChecked(UncheckedTask(task: plan.tasks[task].id, reason: why)))
            return rest(task)
        }
        work[task].lastReason = "it no longer held, and could not be checked again: \(why)"
        ask(task, .lapsed, work[task].lastReason, [.retry, .skip, .rollback, .stop])
    }

    /// All that was in flight is settled: on with the run, or with the rollback that was under way.
    mutating func endSettling() {
        if let by = abandonedBy {
            if busy == 0, asking == 0 { abandonRollback(by: by) }
            return
        }
        if state.isRollingBack {
            mode = .undoing
            return queueUndos()
        }
        mode = .forward
        holdStaggered()
        for step in plan.tasksOfStep.indices { enqueueReady(ofStep: step) }
    }
}

extension Engine {
    /// How often a check of what was done is repeated before it counts as lapsed.
    static let recheckRetries = 2
    private static let triedAgain = "to be tried again in a new session"
}

extension AttemptEnd {
    /// Whether this end still has to lead to something: a success that is not verified yet, or an outcome nobody knows.
    var leavesSomething: Bool {
        switch result {
        case .exited(let code): attempt.kind == .action && code == 0
        case .unknown: attempt.kind == .action
        case .signalled, .neverRan, .timedOut: false
        }
    }
}
