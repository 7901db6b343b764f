internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

// Back to a checkpoint: what finished or is unclear since then is undone in reverse order of dependency, each undo
// checked and on record. The undo of the undone is never tried.

extension Engine {
    /// Rolls back once what is in flight has ended. Nothing new starts meanwhile.
    mutating func requestRollback(_ target: String?, by: String, confirmed: Bool) {
        if let fault = rollbackFault(target) { return halt(.failed, reason: fault) }
        switch mode {
        case .halting, .undoing, .finished: return
        case .settling, .forward, .draining: break
        }
        decideRollback(target, by: by, confirmed: confirmed)
        drain()
    }

    /// Puts on record that the run goes back. It comes before whatever goes with it, for a power loss may leave only the
    /// first lines. Of two that want different points, the one that lies further back serves both.
    mutating func decideRollback(_ target: String?, by: String, confirmed: Bool) {
        let target = target ?? state.goal ?? state.checkpoints.last?.name ?? RollbackPlan.start
        abandonedBy = nil
        if let decided = state.rollbackDecided {
            let isWider = state.position(of: target) < state.position(of: decided.target)
            guard isWider || (confirmed && !decided.isConfirmed) else { return }
            if isWider { withdrawConfirmation() }
        } else if target == state.rollbackUnderWay?.target {
            // One that was interrupted goes on by itself.
            return
        }
        record(.rollbackDecided(RollbackDecision(target: target, by: by, isConfirmed: confirmed)))
        // The runbook's own wish does not end a person's pause.
        if confirmed, state.isPaused { record(.wentOn(by: by)) }
    }

    /// What was asked about was less than what will be undone now.
    private mutating func withdrawConfirmation() {
        for task in work.indices {
            guard case .asking(.irreversible) = work[task].phase else { continue }
            decision.effects.append(.withdraw(plan.tasks[task].id))
            move(task, .idle)
        }
    }

    /// Lets what is in flight end, for a rollback that was decided.
    mutating func drain() {
        guard state.rollbackDecided != nil, mode == .settling || mode == .forward else { return }
        mode = .draining
        // What was in flight when an earlier session ended has to be known before anything is undone.
        clearQueue(keeping: queue.filter { work[$0].recheck && (isUnknown($0) || hasToCome($0)) })
        for task in work.indices where canBeReopened(task) && work[task].phase == .idle { review(task) }
        for task in work.indices {
            switch work[task].phase {
            case .asking:
                decision.effects.append(.withdraw(plan.tasks[task].id))
                move(task, .idle)
            // What is in flight has to be known.
            case .pausing(then: .contacting) where work[task].coming != .toBegin: break
            case .pausing(then: .skipCheck), .pausing(then: .contacting), .pausing(then: .waitingFor),
                .pausing(then: .rechecking):
                rest(task)
            default: break
            }
        }
    }

    private func isUnknown(_ task: Int) -> Bool {
        let known = state.tasks[task]
        return known.open != nil || (known.settlement == nil && known.last?.leavesSomething == true)
    }

    /// Why the run can't go back to `target`; nil where it can, and where no target is named.
    package func rollbackFault(_ target: String?) -> String? {
        guard let target else { return nil }
        guard isRollbackTarget(target) else { return "checkpoint \"\(target)\" has not been reached" }
        guard let goal = state.goal, state.position(of: target) > state.position(of: goal) else { return nil }
        return "a rollback to \"\(goal)\" is under way, which goes further back than \"\(target)\""
    }

    /// Whether a person may name this as the point to go back to.
    package func isRollbackTarget(_ name: String) -> Bool {
        name == RollbackPlan.start || state.checkpoints.contains { $0.name == name }
    }

    /// What a rollback to `target` would look at, in reading order: all that may have changed the site since, and what a
    /// rollback under way has not come to yet.
    package func tasksSince(_ target: String) -> [Int] {
        let checkpoint = state.checkpoints.last { $0.name == target }
        let before = checkpoint.map { plan.ancestors(ofStep: $0.step) } ?? []
        let reachedAt = checkpoint?.reachedAt ?? 0
        let begun = Set(state.rollbackUnderWay?.tasks.compactMap { plan.index[$0] } ?? [])
        return plan.tasks.indices.filter { task in
            if begun.contains(task) { return !isUndoSettled(task) }
            let known = state.tasks[task]
            guard max(known.settledAt, known.actedAt) > reachedAt, known.undo == nil, !before.contains(task) else {
                return false
            }
            // What was done again since then stood there before.
            if let doneSince = known.doneSince, doneSince <= reachedAt { return false }
            return mayHaveChanged(task)
        }
    }

    private func mayHaveChanged(_ task: Int) -> Bool {
        let known = state.tasks[task]
        let step = plan.step(of: task)
        switch step.action {
        case .checkpoint, .approval: return false
        case .waitFor: return step.undo != nil && (known.settlement?.state == .ok || known.wasTriedByHand)
        // Whatever became of it afterwards: it was tried, and may have done something.
        case .run, .script, .copy, .manual: return known.mayBeOurs
        // What a restart changed, nothing brings back.
        case .reboot: return known.mayBeOurs && (step.undo != nil || step.irreversible != nil)
        }
    }

    mutating func beginRollback() {
        guard let decided = state.rollbackDecided else { return }
        let begun = state.rollbackUnderWay?.tasks.compactMap { plan.index[$0] } ?? []
        let tasks = Set(tasksSince(decided.target)).union(begun).sorted()
        let irreversible = tasks.filter { plan.step(of: $0).irreversible != nil }
        if !decided.isConfirmed, let first = irreversible.first {
            if case .asking = work[first].phase { return }
            let names = irreversible.map { plan.tasks[$0].id.description }.joined(separator: ", ")
            return ask(first, .irreversible, "can't be undone: \(names)", [.rollback, .stop])
        }
        record(
            .rollbackBegun(
                RollbackPlan(target: decided.target, tasks: tasks.map { plan.tasks[$0].id }, by: decided.by)))
        decision.effects.append(.seal)
        mode = .undoing
        queueUndos()
    }

    mutating func rollbackAnswered(_ task: Int, _ choice: Choice, _ by: String) {
        move(task, .idle)
        if choice != .rollback { halt(.failed, reason: "\(by) chose not to roll back") }
    }

    /// Queues what nothing else waits for to be undone first.
    mutating func queueUndos() {
        guard let rollback = state.rollback else { return }
        let members = rollback.tasks.compactMap { plan.index[$0] }
        undosLeft = Set(members.filter { !isUndoSettled($0) })
        undosLeftOfStep = undosLeft.reduce(into: [:]) { $0[plan.tasks[$1].step, default: 0] += 1 }
        undoBlockers = [:]
        for step in undosLeftOfStep.keys {
            // What is reached from here, and not through what is left itself, has to be undone first.
            var seen: Set<Int> = []
            var open = plan.stepDependents[step]
            while let next = open.popLast() {
                guard seen.insert(next).inserted else { continue }
                let left = undosLeftOfStep[next] ?? 0
                if left > 0 { undoBlockers[step, default: []].insert(next) }
                if left < plan.tasksOfStep[next].count { open.append(contentsOf: plan.stepDependents[next]) }
            }
        }
        for task in members where undosLeft.contains(task) && work[task].phase == .idle {
            if undoBlockers[plan.tasks[task].step] == nil { enqueue(task) }
        }
        endRollbackIfDone()
    }

    /// Whether nothing more is to be done about the undo of this task.
    private func isUndoSettled(_ task: Int) -> Bool {
        guard state.tasks[task].open == nil, let undo = state.tasks[task].undo else { return false }
        switch undo.state {
        case .undone, .left: return true
        case .failed, .unclear: return false
        }
    }

    private mutating func endRollbackIfDone() {
        guard let rollback = state.rollback, mode == .undoing, undosLeft.isEmpty else { return }
        let members = rollback.tasks.compactMap { plan.index[$0] }
        let complete = members.allSatisfy {
            state.tasks[$0].undo?.state == .undone || plan.step(of: $0).undo == .nothing
        }
        record(.rollbackEnded(complete: complete))
        finish(.rolledBack)
    }

    mutating func settleUndo(_ task: Int, _ undo: NotUndone, _ reason: String, by: String? = nil) {
        settle(UndoSettlement(task: plan.tasks[task].id, state: undo.word, reason: reason, by: by), task)
    }

    mutating func settleUndone(_ task: Int, _ proof: Proof) {
        settle(UndoSettlement(task: plan.tasks[task].id, state: .undone, reason: proof.words, by: proof.by), task)
    }

    private mutating func settle(_ undo: UndoSettlement, _ task: Int) {
        record(.undoSettled(undo))
        rest(task)
        guard mode == .undoing, isUndoSettled(task) else { return }
        if undosLeft.remove(task) != nil { freeUndos(behind: plan.tasks[task].step) }
        endRollbackIfDone()
    }

    /// One task less of this step is left to be undone; after the last one, what waited for the step may begin.
    private mutating func freeUndos(behind step: Int) {
        let left = (undosLeftOfStep[step] ?? 0) - 1
        undosLeftOfStep[step] = left
        guard left == 0 else { return }
        for other in undoBlockers.keys.sorted() {
            guard undoBlockers[other]?.remove(step) != nil, undoBlockers[other]?.isEmpty == true else { continue }
            undoBlockers[other] = nil
            for task in plan.tasksOfStep[other] where undosLeft.contains(task) && work[task].phase == .idle {
                enqueue(task)
            }
        }
    }

    mutating func startUndo(_ task: Int) {
        work[task].kind = .undo
        work[task].isByHand = false
        work[task].checkTries = 0
        work[task].waited = 0
        if state.tasks[task].open != nil { return inspect(task) }
        let step = plan.step(of: task)
        if let reason = step.irreversible { return settleUndo(task, .left, "can't be undone: \(reason)") }
        switch step.undo {
        case .nothing: return settleUndo(task, .left, "nothing has to be undone")
        case nil: return settleUndo(task, .left, "the runbook has no undo for it")
        case .run, .script, .restore: break
        }
        if let fault = valueFault(task) { return undoFailed(task, fault) }
        if work[task].isUndoChosen { return arrive(task) }
        if let said = state.tasks[task].saidDone, said.kind == .undo { return undoneByHand(task, said.reason, said.by) }
        if let last = state.tasks[task].last, last.attempt.kind == .undo {
            switch last.result {
            case .exited(0): return confirmUndo(task)
            case .unknown(let why): return settleUnknownUndo(task, why)
            case .exited, .signalled, .neverRan, .timedOut:
                return arrive(task)
            }
        }
        switch (state.tasks[task].settlement?.state, step.verify) {
        case (.ok, _) where state.tasks[task].mayStillRun:
            askAboutUndo(task, .unclear, "its command may still be running")
        case (.ok, _): arrive(task)
        case (.unclear, .some) where mayHavePassedBefore(task):
            askAboutUndo(task, .unclear, "nobody knows whether it ran, and its check passed before it as well")
        case (_, .some(let check)): probe(task, .undoCheck, check)
        case (.unclear, nil): askAboutUndo(task, .unclear, "nobody knows whether it ran, and it has no check")
        case (.skipped, nil):
            settleUndo(task, .left, "it was tried, then skipped, and has no check: it may be done in part")
        case (_, nil): settleUndo(task, .left, "it failed and has no check: it may be done in part")
        }
    }

    /// Puts on record how the undo stands, and asks what to do about it.
    private mutating func askAboutUndo(_ task: Int, _ stands: NotUndone, _ reason: String) {
        work[task].lastReason = reason
        record(.undoSettled(UndoSettlement(task: plan.tasks[task].id, state: stands.word, reason: reason, by: nil)))
        if case .halting = mode { return rest(task) }
        if abandonedBy != nil { return rest(task) }
        ask(task, .undo, reason, [.retry, .skip, .done, .stop])
    }

    /// A failed or unclear step is undone if its effect is there.
    mutating func undoChecked(_ task: Int, _ reply: HostReply) {
        guard let check = plan.step(of: task).verify else { return }
        let why: String
        switch verdict(task, check, reply) {
        case .holds where state.tasks[task].mayStillRun:
            why = "its effect is there, and its command may still be running"
        case .holds: return arrive(task)
        case .fails where state.tasks[task].mayStillRun:
            why = "its effect is not there, and its command may still be running"
        case .fails(let refutation):
            if let absence = refutation.absence { return settleUndone(task, .notThere(absence)) }
            why = refutation.words
        case .unreached(let words), .unanswered(let words): why = words
        }
        guard work[task].checkTries < max(check.retries, Self.recheckRetries) else {
            return askAboutUndo(task, .unclear, "whether its effect is there could not be checked: \(why)")
        }
        work[task].checkTries += 1
        pause(task, check.delay, then: .undoCheck)
    }

    /// What shows that an undo worked: its own check passing, or else the step's check no longer passing.
    func undoCheckToConfirm(_ step: Step) -> (check: Check, passes: Bool)? {
        switch step.undo {
        case .run(_, _, .some(let own)), .script(_, _, .some(let own)): return (own, true)
        case .run, .script, .restore, .nothing, nil: break
        }
        return step.verify.map { ($0, false) }
    }

    mutating func confirmUndo(_ task: Int) {
        let step = plan.step(of: task)
        // A restore says 0 only after it compared what is there with what was; that the new file is gone would prove less.
        if case .restore = step.undo, case .copied = step.verify?.probe { return settleUndone(task, .restored) }
        guard let confirmation = undoCheckToConfirm(step) else { return settleUndone(task, .exited) }
        probe(task, .confirming, confirmation.check)
    }

    mutating func undoConfirmed(_ task: Int, _ reply: HostReply) {
        guard let confirmation = undoCheckToConfirm(plan.step(of: task)) else { return }
        let verdict = verdict(task, confirmation.check, reply)
        if let proof = Self.proof(verdict, passes: confirmation.passes) {
            guard state.tasks[task].mayStillRun else { return settleUndone(task, proof) }
            // What comes before it is not undone beside it.
            return askAboutUndo(task, .unclear, "\(work[task].lastReason); \(proof.words), but it may still be running")
        }
        guard work[task].checkTries < confirmation.check.retries else {
            let ran = work[task].isByHand ? "it was undone by hand" : "the undo ran"
            if isUnknownUndo(task), !work[task].isByHand { return unknownUndoLeft(task) }
            switch verdict {
            case .holds(let evidence):
                return undoFailed(task, "\(ran), but its effect is still there: \(evidence.words)")
            case .fails(let refutation) where confirmation.passes || refutation.absence != nil:
                return undoFailed(task, "\(ran), but \(refutation.words)")
            case .fails(let refutation):
                return askAboutUndo(
                    task, .unclear, "\(ran), and its effect may still be there: \(refutation.words)")
            case .unreached(let why), .unanswered(let why):
                return askAboutUndo(task, .unclear, "\(ran), and its effect could not be checked: \(why)")
            }
        }
        work[task].checkTries += 1
        pause(task, confirmation.check.delay, then: .confirming)
    }

    /// What shows that the undo worked; nil where nothing does. Only an answer proves that its effect is gone.
    private static func proof(_ verdict: CheckVerdict, passes: Bool) -> Proof? {
        switch verdict {
        case .holds(let evidence): passes ? .seen(evidence) : nil
        case .fails(let refutation): passes ? nil : refutation.absence.map { .gone($0) }
        case .unreached, .unanswered: nil
        }
    }

    /// A person says that it is undone: what shows that it is, if anything does, has the last word.
    private mutating func undoneByHand(_ task: Int, _ reason: String?, _ by: String) {
        guard let confirmation = undoCheckToConfirm(plan.step(of: task)) else {
            return settleUndone(task, .byHand(reason, by: by))
        }
        work[task].kind = .undo
        work[task].isByHand = true
        work[task].checkTries = 0
        probe(task, .confirming, confirmation.check)
    }

    private func isUnknownUndo(_ task: Int) -> Bool {
        if case .unknown = state.tasks[task].last?.result { true } else { false }
    }

    mutating func settleUnknownUndo(_ task: Int, _ why: String) {
        work[task].lastReason = why
        guard let confirmation = undoCheckToConfirm(plan.step(of: task)) else { return unknownUndoLeft(task) }
        work[task].checkTries = 0
        probe(task, .confirming, confirmation.check)
    }

    private mutating func unknownUndoLeft(_ task: Int) {
        let reason = work[task].lastReason
        if mayRunAgain(task) {
            if mode == .undoing { return arrive(task) }
            return settleUndo(task, .unclear, reason)
        }
        askAboutUndo(task, .unclear, reason)
    }

    mutating func undoFailed(_ task: Int, _ reason: String) {
        askAboutUndo(task, .failed, reason)
    }

    mutating func undoAnswered(_ task: Int, _ choice: Choice, _ reason: String?, _ by: String) {
        switch choice {
        case .retry:
            work[task].isUndoChosen = true
            move(task, .idle)
            if mode == .undoing { enqueue(task) }
        case .done: undoneByHand(task, reason, by)
        case .skip: settleUndo(task, .left, reason ?? "left as it is", by: by)
        case .failed, .confirm, .approve, .rollback, .stop:
            move(task, .idle)
            halt(.failed, reason: "the rollback was stopped by \(by)")
        }
    }
}
