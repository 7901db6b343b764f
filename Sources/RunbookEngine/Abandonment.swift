internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

// A rollback that a person gives up: the run goes on from what stands now.
//
//   .forwardRequested ─ what is in flight ends; undos are settled without a question ─→ [rollback.abandoned] ─→ settling
//   as in any session: what is done is looked at again, what is unclear is settled ─→ forward
//
//   The task                              is now
//   undone                                pending
//   its undo failed, is unclear or unchecked   unclear: its own check settles it, else a person
//   left as it is after a try to undo it  unclear
//   not undone yet, or left without a try what it was
//   behind a task that is pending again: a wait, an approval, a checkpoint, what its condition passed over   pending
//   an approval before it                 pending

extension Engine {
    /// Nothing is undone from here on. On record once no undo is in flight any more.
    mutating func requestForward(by: String) {
        guard !isBegun else { return }
        if state.isTurningBack { abandonedBy = by }
        begin()
    }

    /// Whether an undo of it ended, and what came of it was not found out before the session was over.
    func hasUncheckedUndo(_ task: Int) -> Bool {
        let known = state.tasks[task]
        return abandonedBy != nil && known.undo == nil && known.open == nil && known.last?.attempt.kind == .undo
    }

    /// Finds out what came of an undo that ended.
    mutating func checkUndo(_ task: Int) {
        work[task].kind = .undo
        switch state.tasks[task].last?.result {
        case .exited(0): confirmUndo(task)
        case .unknown(let why): settleUnknownUndo(task, why)
        case .exited(let status): settleUndo(task, .failed, "exit status \(status)")
        case .signalled(let name): settleUndo(task, .failed, "ended by signal \(name)")
        case .timedOut: settleUndo(task, .failed, "it did not end in time")
        case .neverRan, nil: rest(task)
        }
    }

    /// Nothing is in flight any more: the rollback is over, and what it left behind is looked at.
    mutating func abandonRollback(by: String) {
        abandonedBy = nil
        record(.rollbackAbandoned(by: by))
        decision.effects.append(.seal)
        reviewAll(forRollback: false)
        if unsettled == 0 { endSettling() }
    }
}

extension RunState {
    mutating func abandonRollback(_ plan: Plan) {
        var again: Set<Int> = []
        for id in rollback?.tasks ?? [] {
            guard let task = plan.index[id] else { continue }
            switch tasks[task].undo?.state {
            case .undone:
                again.insert(task)
                putBack(task, plan)
            case .failed, .unclear: leaveUnclear(task, id, tasks[task].undo?.reason)
            // A person let an undo be that had been tried: how much of it was done is not known.
            case .left: if tasks[task].undos > 0 { leaveUnclear(task, id, tasks[task].undo?.reason) }
            case nil: if mayBeUndone(task) { leaveUnclear(task, id, nil) }
            }
            tasks[task].undo = nil
        }
        rollback = nil
        rollbackDecided = nil
        rollbackEnded = false
        isGivenUp = true
        // Who approved agreed to what stood then: what was undone wants a new approval before it is done again.
        for task in tasks.indices { tasks[task].approvals = ApprovalTally() }
        for undone in again {
            for task in plan.ancestors(ofStep: plan.tasks[undone].id.step) where plan.approvalTerms(task) != nil {
                putBack(task, plan)
            }
        }
        // What only said that they were there says it no longer.
        var seen: Set<Int> = []
        var open = again.flatMap { plan.stepDependents[plan.tasks[$0].step] }
        while let step = open.popLast() {
            guard seen.insert(step).inserted else { continue }
            open += plan.stepDependents[step]
            switch plan.runbook.steps[step].action {
            case .waitFor, .approval, .checkpoint:
                for task in plan.tasksOfStep[step] { putBack(task, plan) }
                checkpoints.removeAll { $0.step == plan.runbook.steps[step].id }
            case .run, .script, .copy, .reboot, .manual:
                // Its condition may hold for what is left this time.
                for task in plan.tasksOfStep[step] where isNotNeeded(task) { putBack(task, plan) }
            }
        }
    }

    /// Whether its own condition has passed it over.
    func isNotNeeded(_ task: Int) -> Bool {
        guard let settlement = tasks[task].settlement else { return false }
        return settlement.state == .skipped && settlement.tolerated
    }

    /// Whether an undo of it was begun of which nothing is known but that.
    private func mayBeUndone(_ task: Int) -> Bool {
        if tasks[task].open?.attempt.kind == .undo { return true }
        guard let last = tasks[task].last, last.attempt.kind == .undo else { return false }
        // The host made sure that it never runs; one before it may have.
        if case .neverRan = last.result { return tasks[task].undos > 1 }
        return true
    }

    /// Still to come, as if it had never been done; its attempts stay numbered.
    mutating func putBack(_ task: Int, _ plan: Plan) {
        values.forget(of: plan.tasks[task].id)
        tasks[task].settlement = nil
        tasks[task].last = nil
        tasks[task].asked = nil
        tasks[task].confirmed = false
        tasks[task].approvals = ApprovalTally()
        tasks[task].saidDone = nil
        tasks[task].wasTriedByHand = false
        tasks[task].hasRun = false
        tasks[task].doneSince = nil
        // Nothing of it is left that a later rollback would have to look at.
        tasks[task].settledAt = 0
        tasks[task].actedAt = 0
    }

    /// Also where an older version wrote down the end of an undo after its rollback was given up.
    mutating func leaveUnclear(_ task: Int, _ id: TaskID, _ reason: String?) {
        tasks[task].settlement = TaskSettlement(
            task: id, state: .unclear,
            reason: "its undo was given up before it was known to be done\(reason.map { ": \($0)" } ?? "")")
        tasks[task].last = nil
        tasks[task].asked = nil
    }
}
