package import RunbookJournal
package import RunbookModel
package import RunbookPlan

/// All that is known for good of a run: a fold over its records. Nothing else ever changes it, so a resumed run knows
/// exactly what the live one knew.
package struct RunState: Sendable {
    package struct TaskState: Hashable, Sendable {
        /// nil until the task has come to an end.
        package var settlement: TaskSettlement?
        /// Position of the settlement among all records of the run, from 1.
        package var settledAt = 0
        /// Position of the first settlement as done since it was last undone: what was done again later stood there before.
        package var doneSince: Int?
        /// Attempts intended so far, by kind.
        package var actions = 0
        package var undos = 0
        /// Whether an action of it has ended that may have done something: all but what is proven never to have run.
        package var hasRun = false
        /// The same before the last attempt.
        var hadRun = false
        /// An attempt whose end is not known.
        package var open: AttemptIntent?
        /// The last attempt that has ended, until something new is decided about the task.
        package var last: AttemptEnd?
        /// The boot id of its machine when its last attempt was intended; empty where unknown.
        package var boot = ""
        /// What tells the folder in which that attempt's receipt is kept; empty where unknown.
        package var home = ""
        package var undo: UndoSettlement?
        /// The question that is open, if one is.
        package var asked: QuestionKind?
        /// Who has approved so far; see ``ApprovalTally`` for who counts.
        package var approvals = ApprovalTally()
        /// How long it has been waiting for approval in earlier sessions.
        package var waitedForApproval = Duration.zero
        /// A person has worked on it, whatever came of that.
        package var wasTriedByHand = false
        /// A person has confirmed that it may run once although it may do harm.
        package var confirmed = false
        /// A person's word that it is done, until its check has been asked about it.
        package var saidDone: GivenAnswer?
        /// Position of the last record that may have changed the site for this task.
        package var actedAt = 0
        /// The same before the attempt in flight: where that is proven never to have run, it counts again.
        package var actedBefore = 0
        /// Nothing shows that its last command has stopped, and nobody has decided what that means. A check can't tell: only
        /// the host's own word about the command, or a person's.
        package private(set) var mayStillRun = false
        /// The attempt of which that is so, where this version wrote it down: its host can be asked again.
        package private(set) var atLarge: AttemptIntent?
        /// How many of its attempts in a row ended so that nobody knows how.
        package var unknownInARow = 0

        /// Whether it keeps its locks although it is not under way: until a person has decided to let it be.
        var holdsLocks: Bool { mayStillRun && settlement?.state != .skipped && undo?.state != .left }

        /// What is known now of whether its last command has stopped.
        mutating func set(mayStillRun: Bool, _ intent: AttemptIntent? = nil) {
            self.mayStillRun = mayStillRun
            atLarge = mayStillRun ? intent : nil
        }

        /// Whether the run itself, or a person for it, may have made what is there. What never ran did not: then somebody
        /// else did, and it is not for this run to take away.
        package var mayBeOurs: Bool { hasRun || wasTriedByHand || open?.attempt.kind == .action }
    }

    package struct Checkpoint: Hashable, Sendable {
        package var name: String
        package var step: String
        /// Position among all records of the run.
        package var reachedAt: Int
    }

    package var tasks: [TaskState]
    package var checkpoints: [Checkpoint] = []
    /// What steps have left for later ones.
    package var values = StepValues()
    /// A rollback that is to begin once what is in flight has ended.
    package var rollbackDecided: RollbackDecision?
    package var rollback: RollbackPlan?
    package var rollbackEnded = false
    /// The last rollback was given up, and none was begun since: what comes of an undo now comes too late.
    var isGivenUp = false
    package var hosts: [String: HostSighting] = [:]
    /// A person wants nothing new to start for now.
    package var isPaused = false
    package var halted: String?
    package var closed: Outcome?
    /// Whether anything has gone to a host or a person.
    package var anythingStarted = false
    package var records = 0
    /// What an approval has to carry to count.
    package let proof: ApprovalProof

    package init(tasks: Int, approvals proof: ApprovalProof) {
        self.tasks = Array(repeating: TaskState(), count: tasks)
        self.proof = proof
    }
}

extension RunState {
    /// Takes one record in. Records of tasks the plan does not have are counted and otherwise passed over: the plan's
    /// hash has been compared before.
    package mutating func evolve(_ record: Record, _ plan: Plan) {
        records += 1
        // Anything on record after the end of a session belongs to a later one.
        if closed != nil { (closed, halted, isPaused) = (nil, nil, false) }
        switch record {
        case .hostSeen(let sighting): hosts[sighting.host] = sighting
        case .attemptIntended(let intent):
            guard let task = plan.index[intent.attempt.task] else { return }
            tasks[task].open = intent
            tasks[task].last = nil
            tasks[task].boot = intent.boot
            tasks[task].home = plan.machineName(of: task).flatMap { hosts[$0]?.home } ?? ""
            tasks[task].actedBefore = tasks[task].actedAt
            tasks[task].actedAt = records
            tasks[task].set(mayStillRun: false)
            tasks[task].saidDone = nil
            switch intent.attempt.kind {
            case .action:
                // What an earlier attempt left is not what this one leaves.
                for other in decided(by: task, plan) { putBack(other, plan) }
                values.forget(of: intent.attempt.task)
                tasks[task].undo = nil
                tasks[task].hadRun = tasks[task].hasRun
                tasks[task].actions = max(tasks[task].actions, intent.attempt.number)
            case .undo:
                tasks[task].undos = max(tasks[task].undos, intent.attempt.number)
                tasks[task].undo = nil
            }
        case .attemptEnded(let end):
            guard let task = plan.index[end.attempt.task] else { return }
            let open = tasks[task].open
            let wasOpen = open?.attempt == end.attempt
            if wasOpen { tasks[task].open = nil }
            tasks[task].last = end
            tasks[task].set(mayStillRun: end.mayStillRun, wasOpen ? open : nil)
            switch end.result {
            case .neverRan: if wasOpen { tasks[task].actedAt = tasks[task].actedBefore }
            case .unknown: tasks[task].unknownInARow += 1
            case .exited, .signalled, .timedOut: tasks[task].unknownInARow = 0
            }
            if case .neverRan = end.result {
            } else {
                anythingStarted = true
                if end.attempt.kind == .action {
                    tasks[task].hasRun = true
                    tasks[task].confirmed = false
                }
            }
            if isGivenUp, end.attempt.kind == .undo { leaveUnclear(task, end.attempt.task, nil) }
        case .attemptReopened(let attempt):
            guard let task = plan.index[attempt.task], let intent = tasks[task].atLarge, intent.attempt == attempt
            else { return }
            reopen(task, intent)
        case .taskSettled(let settlement):
            guard let task = plan.index[settlement.task] else { return }
            tasks[task].settlement = settlement.state == .pending ? nil : settlement
            if let terms = plan.approvalTerms(task) {
                // A line that says so passes no approval step: only the votes before it do.
                let isCarried = tasks[task].approvals.carries(
                    settlement.state, tolerated: settlement.tolerated, terms)
                if !isCarried { tasks[task].settlement = nil }
                tasks[task].approvals = ApprovalTally()
                tasks[task].waitedForApproval = .zero
            }
            tasks[task].settledAt = records
            tasks[task].saidDone = nil
            tasks[task].confirmed = false
            if settlement.state == .pending { tasks[task].last = nil }
            if settlement.state == .ok || settlement.state == .already {
                tasks[task].doneSince = tasks[task].doneSince ?? records
            }
            tasks[task].asked = nil
        case .notChecked: break
        case .undoSettled(let settlement):
            guard let task = plan.index[settlement.task] else { return }
            if isGivenUp { return leaveUnclear(task, settlement.task, settlement.reason) }
            tasks[task].undo = settlement
            tasks[task].saidDone = nil
            if settlement.state == .undone { tasks[task].doneSince = nil }
        case .asked(let question):
            guard let task = plan.index[question.task] else { return }
            tasks[task].asked = question.kind
        case .answered(let answer):
            guard let task = plan.index[answer.task] else { return }
            // What lapsed is not decided about by stopping: the next session asks again.
            if answer.kind != .lapsed || answer.choice != .stop { tasks[task].asked = nil }
            if answer.choice == .retry {
                tasks[task].last = nil
                tasks[task].unknownInARow = 0
            }
            if answer.saysWhatBecameOfIt { tasks[task].set(mayStillRun: false) }
            tasks[task].saidDone = answer.choice == .done ? answer : nil
            if answer.kind == .irreversible {
                if answer.choice == .rollback { rollbackDecided?.isConfirmed = true } else { rollbackDecided = nil }
            }
            if answer.isAboutHandWork {
                tasks[task].wasTriedByHand = true
                tasks[task].actedAt = records
            }
            if answer.kind == .approval, let isApproved = answer.isApproved, let terms = plan.approvalTerms(task) {
                _ = tasks[task].approvals.take(
                    isApproved: isApproved, by: answer.by, key: answer.signature?.key, terms, proof)
            }
            if answer.kind == .danger { tasks[task].confirmed = answer.choice == .confirm }
            anythingStarted = true
        case .valueRead(let value): values.set(value)
        case .checkpointReached(let step, let name):
            checkpoints.append(Checkpoint(name: name, step: step, reachedAt: records))
        case .rollbackDecided(let decision): rollbackDecided = decision
        case .rollbackBegun(let rollback):
            self.rollback = rollback
            rollbackDecided = nil
            rollbackEnded = false
            isGivenUp = false
        case .rollbackEnded:
            rollbackEnded = true
            forgetWaits(plan)
        case .rollbackAbandoned: abandonRollback(plan)
        case .paused: isPaused = true
        case .wentOn: isPaused = false
        case .halted(let reason): halted = reason
        case .closed(let outcome): closed = outcome
        }
    }

    /// What is on record as the end of the attempt is taken back, and what followed from it alone.
    private mutating func reopen(_ task: Int, _ intent: AttemptIntent) {
        tasks[task].set(mayStillRun: false)
        tasks[task].open = intent
        tasks[task].unknownInARow = max(0, tasks[task].unknownInARow - 1)
        switch intent.attempt.kind {
        case .action:
            tasks[task].last = nil
            tasks[task].hasRun = tasks[task].hadRun
            // What a check has seen since, or a person decided, stays so.
            switch tasks[task].settlement?.state {
            case .unclear: tasks[task].settlement = nil
            case .ok, .already, .skipped, .failed, .pending, .yourTurn, .running, .undone, nil: break
            }
            tasks[task].asked = nil
        case .undo:
            tasks[task].last = nil
            tasks[task].undo = nil
        }
    }

    /// Tasks behind `task` that their own condition has passed over: it is decided anew once `task` has run again.
    func decided(by task: Int, _ plan: Plan) -> [Int] {
        // In most runs nothing behind a task has been decided about before the task is done.
        guard tasks[task].settledAt > 0 else { return [] }
        var found: [Int] = []
        var seen: Set<Int> = []
        var open = plan.stepDependents[plan.tasks[task].step]
        while let step = open.popLast() {
            guard seen.insert(step).inserted else { continue }
            open += plan.stepDependents[step]
            found += plan.tasksOfStep[step].filter(isNotNeeded)
        }
        return found
    }

    /// Back at the rollback's target, what was only waited for or marked since then is still to come.
    private mutating func forgetWaits(_ plan: Plan) {
        // Who approved agreed to what stood then.
        for task in tasks.indices { tasks[task].approvals = ApprovalTally() }
        let target = checkpoints.last { $0.name == rollback?.target }
        let before = target.map { plan.ancestors(ofStep: $0.step) } ?? []
        for task in tasks.indices where !before.contains(task) {
            guard tasks[task].settledAt > target?.reachedAt ?? 0, tasks[task].undo == nil else { continue }
            switch plan.step(of: task).action {
            case .waitFor, .approval, .checkpoint:
                if plan.step(of: task).id != target?.step { tasks[task].settlement = nil }
            case .run, .script, .copy, .reboot, .manual: break
            }
        }
    }

    /// Whether a rollback is under way: begun, and neither ended nor abandoned.
    package var isRollingBack: Bool { rollbackUnderWay != nil }

    /// The rollback that was begun, and neither ended nor abandoned.
    package var rollbackUnderWay: RollbackPlan? { rollbackEnded ? nil : rollback }

    /// Whether the run goes back, or is to as soon as what is in flight has ended.
    package var isTurningBack: Bool { goal != nil }

    /// What the run goes back to: the decision, which is the wider one, before the rollback that it widens.
    package var goal: String? { rollbackDecided?.target ?? rollbackUnderWay?.target }

    /// Where a checkpoint was reached last, among all records of the run; 0 for the start.
    func position(of checkpoint: String) -> Int { checkpoints.last { $0.name == checkpoint }?.reachedAt ?? 0 }

    /// Whether what waits for this task may start.
    package func isThrough(_ task: Int) -> Bool {
        guard let settlement = tasks[task].settlement else { return false }
        switch settlement.state {
        case .ok, .already, .skipped: return true
        case .failed: return settlement.tolerated
        case .pending, .yourTurn, .running, .undone, .unclear: return false
        }
    }

    /// The word for a task as far as records tell it.
    package func word(_ task: Int) -> StepState {
        let state = tasks[task]
        if state.undo?.state == .undone { return .undone }
        if state.undo?.state == .unclear { return .unclear }
        if state.undo?.state == .failed { return .failed }
        if let settlement = state.settlement { return settlement.state }
        switch state.asked {
        case .manual, .danger, .approval: return .yourTurn
        case .failure, .lapsed: return .failed
        case .unclear: return .unclear
        case .undo, .irreversible, nil: return state.open != nil || state.last != nil ? .running : .pending
        }
    }
}

extension GivenAnswer {
    /// Whether the person has said what became of a command that may still run, or wants it to begin anew all the same.
    /// Who goes back, stops, or leaves it as it is has said nothing about it.
    fileprivate var saysWhatBecameOfIt: Bool {
        switch (kind, choice) {
        case (.failure, .done), (.failure, .failed), (.failure, .retry), (.unclear, .done), (.unclear, .failed),
            (.unclear, .retry), (.lapsed, .done), (.lapsed, .failed), (.lapsed, .retry), (.undo, .done),
            (.undo, .retry):
            true
        case (.failure, _), (.unclear, _), (.lapsed, _), (.undo, _), (.manual, _), (.approval, _), (.danger, _),
            (.irreversible, _):
            false
        }
    }

    /// Whether a person has worked on the task, well or not.
    fileprivate var isAboutHandWork: Bool {
        switch (kind, choice) {
        case (.manual, .done), (.manual, .failed), (.failure, .done), (.unclear, .done), (.lapsed, .done): true
        case (.manual, _), (.failure, _), (.unclear, _), (.lapsed, _), (.approval, _), (.danger, _), (.undo, _),
            (.irreversible, _):
            false
        }
    }
}
