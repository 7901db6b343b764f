internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

// Read-only questions to hosts, and what their answers lead to.

extension Engine {
    mutating func probe(_ task: Int, _ phase: Phase, _ check: Check) {
        send(
            task, phase,
            .probe(
                check.request(
                    scope(task), plan.attachments, environment: environment(task), privilege: privilege(task),
                    inShell: keepsReceipts(task))))
    }

    /// Routes a reply to what the task is waiting for.
    mutating func replied(_ task: Int, _ reply: HostReply, _ output: AttemptOutput?) {
        let phase = work[task].phase
        if asksAgain(task, phase, reply) { return }
        switch phase {
        case .contacting: contacted(task, reply)
        case .comparing: receiptsCompared(task, reply)
        case .submitting, .following: submitted(task, reply, output)
        case .inspecting, .fencing, .marking, .killing: receiptReplied(task, phase, reply, output)
        case .skipCheck: skipChecked(task, reply)
        case .verifying: verified(task, reply)
        case .waitingFor: waitChecked(task, reply)
        case .settling: unknownChecked(task, reply)
        case .rechecking: rechecked(task, reply)
        case .undoCheck: undoChecked(task, reply)
        case .rebooting: awaited(task, reply)
        case .gathering: gathered(task, reply)
        case .confirming: undoConfirmed(task, reply)
        case .idle, .recalling, .pausing, .asking: break
        }
    }

    /// A question over which the connection broke is asked again: it changes nothing, and says nothing about the host.
    /// Where nothing reached the host, as long as the step may take, for a network may come back; else a few times.
    private mutating func asksAgain(_ task: Int, _ phase: Phase, _ reply: HostReply) -> Bool {
        guard case .failure(let failure) = reply, failure.kind == .lost, startsNew || mustEnd(phase) else {
            work[task].cuts = 0
            work[task].cutMilliseconds = 0
            return false
        }
        switch phase {
        case .contacting, .comparing, .skipCheck, .verifying, .waitingFor, .settling, .rechecking, .undoCheck,
            .confirming, .gathering:
            break
        case .idle, .submitting, .following, .inspecting, .fencing, .marking, .killing, .recalling, .rebooting,
            .pausing,
            .asking:
            return false
        }
        let mayGoOn =
            failure.sent
            ? work[task].cuts < Self.cutsInARow : work[task].cutMilliseconds < timeout(task).wholeMilliseconds
        guard mayGoOn else { return false }
        work[task].cuts += 1
        let delay = min(Self.longestCutPause, 250 << Int64(min(work[task].cuts, 10)))
        work[task].cutMilliseconds += delay
        pause(task, .milliseconds(delay), then: phase)
        return true
    }

    private static var cutsInARow: Int { 3 }
    private static var longestCutPause: Int64 { 15_000 }

    mutating func resumeFromPause(_ task: Int, _ next: Phase) {
        let step = plan.step(of: task)
        switch next {
        case .skipCheck:
            // A person took long to answer, and its slot went to another; or the run is paused.
            guard work[task].holdsSlot, !state.isPaused else {
                move(task, .idle)
                releaseSlot(task)
                return enqueue(task)
            }
            startAction(task)
        case .inspecting, .marking, .fencing: inspect(task)
        case .killing:
            guard let name = state.tasks[task].open?.attempt else { return }
            send(task, .killing, .kill(receipt(name), privilege(task)))
        case .verifying: if let check = step.verify { probe(task, .verifying, check) }
        case .settling: if let check = step.verify { probe(task, .settling, check) }
        case .rechecking: if let check = step.verify { probe(task, .rechecking, check) }
        case .waitingFor: if case .waitFor(let check) = step.action { probe(task, .waitingFor, check) }
        case .contacting, .comparing: arrive(task)
        case .rebooting: send(task, .rebooting, .contact)
        case .gathering: gather(task)
        case .undoCheck: if let check = step.verify { probe(task, .undoCheck, check) }
        case .confirming: if let check = undoCheckToConfirm(step)?.check { probe(task, .confirming, check) }
        case .recalling: gather(task)
        case .idle, .submitting, .following, .pausing, .asking: break
        }
    }

    /// A reply to a probe as a verdict; a host that did not answer makes a check that was not answered.
    func verdict(_ task: Int, _ check: Check, _ reply: HostReply) -> CheckVerdict {
        switch reply {
        case .probe(let answer): check.verdict(answer, scope(task))
        case .failure(let failure): .unanswered(failure.message)
        case .deadline: .unanswered("the check gave no answer in time")
        case .contact, .survey, .receipt, .ended, .tidied, .heads, .witness:
            .unanswered("the answer was to another question")
        }
    }

    private mutating func skipChecked(_ task: Int, _ reply: HostReply) {
        let step = plan.step(of: task)
        if case .failure(let failure) = reply {
            if failure.isBeforeLogin { unreachableFailure = true }
            return attemptFailed(task, failure.message, isLasting: failure.isLasting)
        }
        let check: Check?
        if case .check(let own) = step.skipIf { check = own } else { check = step.verify }
        guard let check else { return perform(task) }
        switch verdict(task, check, reply) {
        case .holds(let evidence):
            // Of what this run has tried itself, `skip_if` may see the half: only its own check proves that it is done.
            if case .check = step.skipIf, state.tasks[task].mayBeOurs {
                guard step.verify != nil else {
                    return cannotTell(
                        task, "this run has tried it before, `skip_if` finds \(evidence.words), and it has no `verify`")
                }
                return verify(task, done: .seen(evidence))
            }
            found(task, evidence)
        // Where no answer comes from a port or page, it is not up: the action is there to bring it up.
        case .fails, .unreached: perform(task)
        case .unanswered(let why): cannotTell(task, why)
        }
    }

    /// A check has found it done, without this session having begun it: by an earlier attempt, or by somebody else.
    mutating func found(_ task: Int, _ evidence: Evidence) {
        conclude(task, state.tasks[task].mayBeOurs ? .ok : .already, .seen(evidence))
    }

    /// Whether it is done already is not known, and doing it twice may do harm: that is for a person to decide, unless the
    /// step says that it does none.
    private mutating func cannotTell(_ task: Int, _ why: String) {
        let step = plan.step(of: task)
        switch step.action {
        case .waitFor, .manual, .approval, .checkpoint: return perform(task)
        // It looks at the place itself before it changes anything, and the same file twice is one file.
        case .copy: return perform(task)
        case .run, .script, .reboot: break
        }
        // Who confirmed what harm it may do has not said that it may do it twice.
        guard !step.idempotent, work[task].doubt != .accepted else { return perform(task) }
        guard mayBeginNow(task) else { return }
        work[task].doubt = .asked
        let danger = step.danger.map { scope(task).text($0) + "\n" } ?? ""
        ask(
            task, .danger, "\(danger)Whether it is done already could not be checked: \(why)",
            [.confirm, .skip, .stop])
    }

    /// After the action: does it hold? `done`: what shows that it is done where the step has no check.
    mutating func verify(_ task: Int, done: Proof) {
        guard let check = plan.step(of: task).verify else { return conclude(task, .ok, done) }
        work[task].checkTries = 0
        probe(task, .verifying, check)
    }

    private mutating func verified(_ task: Int, _ reply: HostReply) {
        guard let check = plan.step(of: task).verify else { return rest(task) }
        let ran = work[task].isByHand ? "it was done by hand" : "it ran"
        let verdict = verdict(task, check, reply)
        if case .holds(let evidence) = verdict { return conclude(task, .ok, .seen(evidence)) }
        if work[task].checkTries < check.retries {
            work[task].checkTries += 1
            return pause(task, check.delay, then: .verifying)
        }
        switch verdict {
        case .holds: break
        case .fails(let refutation): attemptFailed(task, "\(ran), but \(refutation.words)")
        case .unreached(let why): attemptFailed(task, "\(ran), but \(why)")
        case .unanswered(let why): leaveUnclear(task, "\(ran), and its check gave no answer: \(why)")
        }
    }

    private mutating func waitChecked(_ task: Int, _ reply: HostReply) {
        guard case .waitFor(let check) = plan.step(of: task).action else { return }
        let why: String
        switch verdict(task, check, reply) {
        case .holds(let evidence): return verify(task, done: .seen(evidence))
        case .fails(let refutation): why = refutation.words
        // Nothing was changed by waiting: waiting again does no harm.
        case .unreached(let words), .unanswered(let words): why = words
        }
        if case .failure(let failure) = reply, failure.isBeforeLogin { unreachableFailure = true }
        // Nothing was changed by waiting: it can wait again in the next session.
        if !startsNew { return rest(task) }
        if case .failure(let failure) = reply, failure.isLasting {
            return attemptFailed(task, "waiting is no use: \(why)", isLasting: true)
        }
        guard work[task].checkTries < check.retries else {
            let apart = check.retries > 0 ? ", \(DurationText.words(check.delay)) apart" : ""
            let tries = work[task].checkTries + 1
            return attemptFailed(
                task, "check still failing after \(tries) \(tries == 1 ? "try" : "tries")\(apart): \(why)")
        }
        work[task].checkTries += 1
        pause(task, check.delay, then: .waitingFor)
    }

    /// Nobody knows whether it ran. Its own check may know; else a declared idempotence lets it run again; else a person.
    mutating func settleUnknown(_ task: Int, _ why: String) {
        work[task].lastReason = why
        work[task].checkTries = 0
        guard let check = plan.step(of: task).verify, !mayHavePassedBefore(task) else { return unknownLeft(task) }
        probe(task, .settling, check)
    }

    /// Whether nobody knows that its last attempt came to its end, and its check can't tell: what is to be restarted was up
    /// before.
    func mayHavePassedBefore(_ task: Int) -> Bool {
        guard case .never = plan.step(of: task).skipIf, let last = state.tasks[task].last,
            last.attempt.kind == .action, last.isUnknown
        else { return false }
        // A file is compared with what was to be copied.
        if case .copied = plan.step(of: task).verify?.probe { return false }
        return true
    }

    private mutating func unknownChecked(_ task: Int, _ reply: HostReply) {
        guard let check = plan.step(of: task).verify else { return unknownLeft(task) }
        switch verdict(task, check, reply) {
        case .holds(let evidence):
            // Another that wants the same lock may not start beside it.
            if state.tasks[task].mayStillRun, let lock = plan.step(of: task).locks.first {
                return leaveUnclear(
                    task,
                    "\(work[task].lastReason); its check passes now, but its command may still be running, and it holds "
                        + "the lock `\(lock)`")
            }
            conclude(task, .ok, .seen(evidence, note: work[task].lastReason))
        case .fails, .unreached, .unanswered:
            // Its effect may take a while to show: the check is given all its tries.
            guard work[task].checkTries < check.retries else { return unknownLeft(task) }
            work[task].checkTries += 1
            pause(task, check.delay, then: .settling)
        }
    }

    private mutating func unknownLeft(_ task: Int) {
        let reason = work[task].lastReason
        // What ran to its end is not begun again by itself, however little harm that does.
        guard mode == .forward || mode == .settling, mayRunAgain(task), !hasEndedWell(task) else {
            return leaveUnclear(task, reason)
        }
        putBack(task, "\(reason); it may run again")
        if mode == .forward, isReady(task) { enqueue(task) }
    }

    private func hasEndedWell(_ task: Int) -> Bool {
        guard let last = state.tasks[task].last, last.attempt.kind == .action else { return false }
        if case .exited(0) = last.result { return true }
        return false
    }

    /// What became of it, only a person can say.
    mutating func leaveUnclear(_ task: Int, _ reason: String) {
        work[task].lastReason = reason
        guard mode == .forward || mode == .settling else { return settle(task, .unclear, reason) }
        record(.taskSettled(TaskSettlement(task: plan.tasks[task].id, state: .unclear, reason: reason)))
        ask(task, .unclear, reason, [.done, .failed, .retry, .skip, .rollback, .stop])
    }

    /// Whether what nobody knows the end of may run again without a person's word: never beside itself, and only as often
    /// as the step may be tried again, once at least.
    func mayRunAgain(_ task: Int) -> Bool {
        let (step, known) = (plan.step(of: task), state.tasks[task])
        return step.idempotent && !known.mayStillRun && known.unknownInARow <= max(1, step.retries)
    }

    /// The task is pending again, on record.
    mutating func putBack(_ task: Int, _ reason: String, by: String? = nil) {
        record(.taskSettled(TaskSettlement(task: plan.tasks[task].id, state: .pending, reason: reason, by: by)))
        rest(task)
    }
}
