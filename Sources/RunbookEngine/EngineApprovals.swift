internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

// People agree that the run goes on. Who counts is decided by ApprovalTally, here as in the verifiers.

extension Engine {
    mutating func askForApproval(_ task: Int, _ approval: Approval, _ note: String? = nil) {
        // What earlier sessions have waited counts; answers that don't suffice don't begin it anew.
        let left = approval.timeout.map { max(.zero, $0 - state.tasks[task].waitedForApproval) }
        if work[task].approvalWait == nil, left == .zero {
            // Before it is asked: an answer that lies there already would be heard first.
            return tooLate(task, approval)
        }
        let given = state.tasks[task].approvals.approvers
        let wanted = approval.roles.map(\.name).joined(separator: " or ")
        var lines = [approval.message.map(scope(task).text) ?? "May the run go on?"]
        lines.append(
            approval.count == 1
                ? "Wanted: one person with the role \(wanted)."
                : "Wanted: \(approval.count) people with the role \(wanted); \(given.count) so far"
                    + (given.isEmpty ? "." : ": \(given.joined(separator: ", "))."))
        if let note { lines.append(note) }
        ask(task, .approval, lines.joined(separator: "\n"), [.approve, .failed, .stop])
        if let left, work[task].approvalWait == nil {
            work[task].approvalWait = work[task].token
            decision.effects.append(.wait(task: task, token: work[task].token, left))
        }
    }

    /// Approved or refused.
    mutating func approvalAnswered(_ task: Int, _ answer: GivenAnswer) {
        guard case .approval(let approval) = plan.step(of: task).action, let terms = plan.approvalTerms(task),
            let isApproved = answer.isApproved
        else { return rest(task) }
        let by = answer.by
        let weight = state.tasks[task].approvals.weight(
            isApproved: isApproved, by: by, key: answer.signature?.key, terms, state.proof)
        if weight == .unsigned {
            // Not put on record: an answer that nobody signed has no place in a journal.
            return askForApproval(task, approval, "The answer of \(by) is not signed, and was not counted.")
        }
        record(.answered(answer))
        switch weight {
        case .notListed: return askForApproval(task, approval, "\(by) has none of these roles, and was not counted.")
        case .sameKey:
            return askForApproval(
                task, approval, "\(by) signed with a key that has approved under another name, and was not counted.")
        case .samePerson, .unsigned: return askForApproval(task, approval)
        case .counted: break
        }
        guard isApproved else {
            work[task].approvalWait = nil
            return attemptFailed(task, "refused by \(by)\(answer.reason.map { ": \($0)" } ?? "")")
        }
        let given = state.tasks[task].approvals.approvers
        guard given.count >= terms.count else { return askForApproval(task, approval) }
        work[task].approvalWait = nil
        conclude(task, .ok, .approved(by: given, last: by))
    }

    /// Whether this is the end of the time that people had.
    func approvalTimeIsOver(_ task: Int, _ token: Int) -> Bool {
        guard work.indices.contains(task), work[task].approvalWait == token else { return false }
        return work[task].phase == .asking(.approval)
    }

    mutating func approvalTimedOut(_ task: Int) {
        guard case .approval(let approval) = plan.step(of: task).action else { return }
        work[task].approvalWait = nil
        decision.effects.append(.withdraw(plan.tasks[task].id))
        move(task, .idle)
        tooLate(task, approval)
    }

    private mutating func tooLate(_ task: Int, _ approval: Approval) {
        attemptFailed(task, "it was not approved within \(DurationText.words(approval.timeout ?? .zero))")
    }
}
