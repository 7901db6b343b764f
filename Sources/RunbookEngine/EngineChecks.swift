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
            return attemptFailed(task, failure.message)
        }
        let check: Check?
        if case .check(let own) = step.skipIf { check = own } else { check = step.verify }
        guard let check else { return perform(task) }
        switch verdict(task, check, reply) {
        case .passed(let seen):
            conclude(task, state.tasks[task].mayBeOurs ? .ok : .already, Evidence.verified(seen))
        // Where the host answers and its check does not, nothing shows that the step is done: the action is wanted.
        case .failed, .unanswered: perform(task)
        }
    }

    /// After the action: does it hold?
    mutating func verify(_ task: Int, done: String) {
        guard let check = plan.step(of: task).verify else { return conclude(task, .ok, done) }
        work[task].checkTries = 0
        probe(task, .verifying, check)
    }

    private mutating func verified(_ task: Int, _ reply: HostReply) {
        guard let check = plan.step(of: task).verify else { return conclude(task, .ok, "done") }
        switch verdict(task, check, reply) {
        case .passed(let seen): conclude(task, .ok, Evidence.verified(seen))
        case .failed(let why), .unanswered(let why):
            guard work[task].checkTries < check.retries else {
                return attemptFailed(task, "\(work[task].isByHand ? "it was done by hand" : "it ran"), but \(why)")
            }
            work[task].checkTries += 1
            pause(task, check.delay, then: .verifying)
        }
    }

    private mutating func waitChecked(_ task: Int, _ reply: HostReply) {
        guard case .waitFor(let check) = plan.step(of: task).action else { return }
        switch verdict(task, check, reply) {
        case .passed(let seen): verify(task, done: Evidence.verified(seen))
        case .failed(let why), .unanswered(let why):
            if case .failure(let failure) = reply, failure.isBeforeLogin { unreachableFailure = true }
            // Nothing was changed by waiting: it can wait again in the next session.
            if !startsNew { return rest(task) }
            guard work[task].checkTries < check.retries else {
                let apart = check.retries > 0 ? ", \(DurationText.words(check.delay)) apart" : ""
                let tries = work[task].checkTries + 1
                return attemptFailed(
                    task, "check still failing after \(tries) \(tries == 1 ? "try" : "tries")\(apart): \(why)")
            }
            work[task].checkTries += 1
            pause(task, check.delay, then: .waitingFor)
        }
    }

    /// Nobody knows whether it ran. Its own check may know; else a declared idempotence lets it run again; else a person.
    mutating func settleUnknown(_ task: Int, _ why: String) {
        work[task].lastReason = why
        work[task].checkTries = 0
        if let check = plan.step(of: task).verify { return probe(task, .settling, check) }
        unknownLeft(task)
    }

    private mutating func unknownChecked(_ task: Int, _ reply: HostReply) {
        guard let check = plan.step(of: task).verify else { return unknownLeft(task) }
        switch verdict(task, check, reply) {
        case .passed(let seen): conclude(task, .ok, "\(Evidence.verified(seen)) (\(work[task].lastReason))")
        case .failed, .unanswered:
            // Its effect may take a while to show: the check is given all its tries.
            guard work[task].checkTries < check.retries else { return unknownLeft(task) }
            work[task].checkTries += 1
            pause(task, check.delay, then: .settling)
        }
    }

    private mutating func unknownLeft(_ task: Int) {
        let reason = work[task].lastReason
        guard mode == .forward || mode == .settling else { return settle(task, .unclear, reason) }
        if mayRunAgain(task) {
            putBack(task, "\(reason); it may run again")
            if mode == .forward, isReady(task) { enqueue(task) }
            return
        }
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
