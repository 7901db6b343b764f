internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

// What only a person can answer, and what each answer leads to.

extension Engine {
    /// Puts a question on record, seals, and asks. The task's slot is free meanwhile: others go on.
    mutating func ask(
        _ task: Int, _ kind: QuestionKind, _ text: String, _ choices: [Choice], values: [ValueQuestion] = []
    ) {
        record(.asked(AskedQuestion(task: plan.tasks[task].id, kind: kind, text: text)))
        move(task, .asking(kind))
        releaseSlot(task)
        reviewed(task)
        decision.effects.append(.seal)
        decision.effects.append(
            .ask(
                task: task, token: work[task].token,
                Question(
                    kind, task: plan.tasks[task].id, text: text, choices: choices, values: values,
                    isUnforeseen: isUnforeseen(task, kind))))
    }

    /// Whether nobody who began the session can have known that this would be asked: what comes of something that failed, or
    /// that a person has to do, may be said beforehand, but not what is to follow from something that nobody knows.
    private func isUnforeseen(_ task: Int, _ kind: QuestionKind) -> Bool {
        switch kind {
        case .manual, .approval, .failure, .irreversible: return false
        case .danger where work[task].doubt != .asked: return false
        // An earlier session may have asked about the danger itself.
        case .danger where plan.step(of: task).danger != nil: return true
        case .danger, .unclear, .lapsed, .undo: return askedBefore[task]?.contains(kind) != true
        }
    }

    mutating func askAboutFailure(_ task: Int, _ reason: String) {
        // Nobody can skip an approval, or say that it was given.
        let isApproval = plan.approvalTerms(task) != nil
        ask(
            task, .failure, reason, isApproval ? [.retry, .rollback, .stop] : [.retry, .skip, .rollback, .stop, .done])
    }

    mutating func answered(_ task: Int, _ kind: QuestionKind, _ reply: OperatorReply) {
        switch reply {
        case .nobody: unanswered(task, kind)
        case .choice(let choice, let reason, let by, let values, let signature):
            if kind == .manual, choice == .done, let fault = take(values, task) {
                record(
                    .answered(
                        GivenAnswer(task: plan.tasks[task].id, kind: kind, choice: .failed, reason: fault, by: by)))
                return manualAnswered(task, .failed, fault, by)
            }
            let answer = GivenAnswer(
                task: plan.tasks[task].id, kind: kind, choice: choice, reason: reason, by: by, signature: signature)
            if kind == .approval, answer.isApproved != nil { return approvalAnswered(task, answer) }
            if choice == .rollback, kind != .irreversible, rollbackFault(reason) == nil {
                decideRollback(reason, by: by, confirmed: true)
            }
            record(.answered(answer))
            switch kind {
            case .manual: manualAnswered(task, choice, reason, by)
            case .approval:
                move(task, .idle)
                halt(.failed, reason: "stopped by \(by)")
            case .danger: dangerAnswered(task, choice, reason, by)
            case .failure, .unclear, .lapsed: failureAnswered(task, kind, choice, reason, by)
            case .undo: undoAnswered(task, choice, reason, by)
            case .irreversible: rollbackAnswered(task, choice, by)
            }
        }
    }

    private mutating func unanswered(_ task: Int, _ kind: QuestionKind) {
        move(task, .idle)
        switch kind {
        case .manual, .danger, .approval: break
        case .lapsed:
            // It stays pending and asked about: a failure would be tried again by the next session without a word.
            rest(task)
            halt(.failed, reason: "step \(plan.tasks[task].id) no longer holds, and nobody was there to ask")
        case .failure:
            let reason = work[task].lastReason
            settle(task, .failed, reason)
            halt(.failed, reason: "step \(plan.tasks[task].id) failed, and nobody was there to ask")
        case .unclear: rest(task)
        case .undo:
            halt(.failed, reason: "the undo of \(plan.tasks[task].id) failed, and nobody was there to ask")
        case .irreversible:
            halt(.failed, reason: "a rollback can't undo everything, and nobody was there to ask")
        }
    }

    private mutating func manualAnswered(_ task: Int, _ choice: Choice, _ reason: String?, _ by: String) {
        switch choice {
        case .done: afterHand(task, .byHand(reason, by: by))
        case .failed, .retry, .confirm, .approve: attemptFailed(task, reason ?? "reported as failed by \(by)")
        case .skip: settle(task, .skipped, reason ?? "no reason given", by: by)
        case .rollback, .stop: failureAnswered(task, .manual, choice, reason, by)
        }
    }

    /// Puts what a person read off on record; what is wrong with it, where it is not what was asked for.
    private mutating func take(_ values: [NamedValue], _ task: Int) -> String? {
        for question in plan.step(of: task).questions {
            guard let given = values.first(where: { $0.name == question.name }) else {
                return "no \(question.name) was given"
            }
            if let fault = question.fault(in: given.value) { return fault }
            record(.valueRead(TaskValue(task: plan.tasks[task].id, name: given.name, value: given.value)))
        }
        return nil
    }

    /// Confirmed, it has its turn at once.
    private mutating func dangerAnswered(_ task: Int, _ choice: Choice, _ reason: String?, _ by: String) {
        switch choice {
        case .confirm:
            work[task].doubt = work[task].doubt.map { _ in .accepted }
            move(task, .idle)
            if mode == .forward { enqueue(task) }
        case .skip where plan.approvalTerms(task) == nil:
            settle(task, .skipped, reason ?? "no reason given", by: by)
        case .skip, .done, .failed, .approve, .retry, .rollback, .stop:
            move(task, .idle)
            halt(.failed, reason: "stopped by \(by)")
        }
    }

    /// A person says that it is done: the step's own check, if it has one, has the last word.
    mutating func afterHand(_ task: Int, _ proof: Proof) {
        guard plan.step(of: task).verify != nil else { return conclude(task, .ok, proof) }
        work[task].kind = .action
        // What a person did is never done again by itself.
        work[task].retriesUsed = plan.step(of: task).retries
        work[task].isByHand = true
        verify(task, done: proof)
    }

    private mutating func failureAnswered(
        _ task: Int, _ kind: QuestionKind, _ choice: Choice, _ reason: String?, _ by: String
    ) {
        let why = work[task].lastReason
        if plan.approvalTerms(task) != nil, choice == .skip || choice == .done {
            return askAboutFailure(task, "\(why) (an approval can't be skipped; retry asks again)")
        }
        switch choice {
        case .retry:
            work[task].retriesUsed = 0
            putBack(task, reason ?? "to be tried again", by: by)
            if mode == .forward, isReady(task) { enqueue(task) }
        // Also of what is unclear: a person's word makes nothing green that a check could look at.
        case .done: afterHand(task, Proof.byHand(reason, by: by))
        case .skip: settle(task, .skipped, reason ?? "no reason given", by: by)
        case .failed, .confirm, .approve:
            work[task].kind = .action
            work[task].lastReason = reason ?? "reported as failed by \(by)"
            askAboutFailure(task, work[task].lastReason)
        case .rollback:
            if let reason, !isRollbackTarget(reason) {
                return askAboutFailure(task, "\(why) (there is no checkpoint \"\(reason)\" to roll back to)")
            }
            settle(task, kind == .unclear ? .unclear : .failed, why, by: by)
            requestRollback(reason, by: by, confirmed: true)
        case .stop where kind == .lapsed:
            rest(task)
            halt(.failed, reason: "stopped by \(by)")
        case .stop:
            settle(task, kind == .unclear ? .unclear : .failed, why, by: by)
            halt(.failed, reason: "stopped by \(by)")
        }
    }
}
