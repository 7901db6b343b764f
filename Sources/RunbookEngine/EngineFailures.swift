internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

// What follows from an attempt that failed: another one, or what the step says about failure.

extension Engine {
    /// An attempt failed: again, or what the step says about failure.
    ///
    /// - Parameter isLasting: whether the same would come of another one until a person changes something.
    mutating func attemptFailed(_ task: Int, _ reason: String, isLasting: Bool = false) {
        guard work[task].kind == .action else { return undoFailed(task, reason) }
        let step = plan.step(of: task)
        work[task].lastReason = reason
        if !startsNew {
            // Also where a rollback is about to begin, which may have to go further back, and where the session ends.
            if isLasting || work[task].retriesUsed >= step.retries,
                case .rollback(let target) = step.onFailure,
                rollbackFault(target?.name) == nil
            {
                decideRollback(target?.name, by: "the runbook", confirmed: false)
            }
            settle(task, .failed, reason)
            return
        }
        // Nothing is begun again beside what may still run.
        let mayRetry = !isLasting && !state.tasks[task].mayStillRun
        if mayRetry, work[task].retriesUsed < step.retries {
            work[task].retriesUsed += 1
            // While an earlier session is being settled nothing new starts: its turn comes right after.
            if mode == .settling { return putBack(task, reason) }
            return pause(task, step.delay(beforeRetry: work[task].retriesUsed), then: .skipCheck)
        }
        work[task].retriesUsed = 0
        switch step.onFailure {
        case .ask where state.tasks[task].mayStillRun, .retry where state.tasks[task].mayStillRun:
            leaveUnclear(task, reason)
        case .ask: askAboutFailure(task, reason)
        // What a person did is never done again by itself, and what they said is done may still run.
        case .retry where work[task].isByHand: askAboutFailure(task, reason)
        case .retry:
            guard mayRetry, work[task].rounds < Limits.failureRetryRounds else {
                return askAboutFailure(task, reason)
            }
            work[task].rounds += 1
            if mode == .settling { return putBack(task, reason) }
            pause(task, step.delay, then: .skipCheck)
        // A refusal never lets the run go on.
        case .carryOn where plan.approvalTerms(task) != nil: askAboutFailure(task, reason)
        case .carryOn:
            if let most = step.maxFailures, toleratedFailures(ofStep: plan.tasks[task].step) >= most {
                return askAboutFailure(task, "\(reason) (\(most) of its hosts may fail, and that many have)")
            }
            settle(task, .failed, reason, tolerated: true)
        case .stop:
            settle(task, .failed, reason)
            halt(.failed, reason: "step \(plan.tasks[task].id) failed: \(reason)")
        case .rollback(let target):
            if let fault = rollbackFault(target?.name) {
                return askAboutFailure(task, "\(reason); the runbook wants a rollback, but \(fault)")
            }
            decideRollback(target?.name, by: "the runbook", confirmed: false)
            settle(task, .failed, reason)
            drain()
        }
    }
}

extension TransportFailure {
    /// Whether the host was never ours to ask: not reached, not the one we know, or not letting us in.
    var isBeforeLogin: Bool {
        switch kind {
        case .unreachable, .hostKey, .authentication: true
        case .lost, .unsuitable: false
        }
    }
}
