internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

// People agree that the run goes on: so many of them, each with one of the roles, each counted once.

extension Engine {
    mutating func askForApproval(_ task: Int, _ approval: Approval, _ note: String? = nil) {
        let given = state.tasks[task].approvers
        let wanted = approval.roles.map(\.name).joined(separator: " or ")
        var lines = [approval.message.map(scope(task).text) ?? "May the run go on?"]
        lines.append(
            approval.count == 1
                ? "Wanted: one person with the role \(wanted)."
                : "Wanted: \(approval.count) people with the role \(wanted); \(given.count) so far"
                    + (given.isEmpty ? "." : ": \(given.joined(separator: ", "))."))
        if let note { lines.append(note) }
        ask(task, .approval, lines.joined(separator: "\n"), [.approve, .failed, .stop])
        if let timeout = approval.timeout {
            decision.effects.append(.wait(task: task, token: work[task].token, timeout))
        }
    }

    mutating func approvalAnswered(
        _ task: Int, _ choice: Choice, _ reason: String?, _ by: String, _ signature: AnswerSignature?
    ) {
        guard case .approval(let approval) = plan.step(of: task).action else { return rest(task) }
        switch choice {
        case .approve:
            guard plan.mayApprove(task, by) else {
                return askForApproval(task, approval, "\(by) has none of these roles, and was not counted.")
            }
            let given = state.tasks[task].approvers
            // The record of this answer has been taken in: who is not among them used a key that counts already.
            guard given.contains(by) else {
                return askForApproval(
                    task, approval, "\(by) signed with a key that has approved under another name, and was not counted."
                )
            }
            if given.count >= approval.count {
                return conclude(task, .ok, "approved by \(given.joined(separator: ", "))", by: by)
            }
            askForApproval(task, approval)
        case .failed: attemptFailed(task, "refused by \(by)\(reason.map { ": \($0)" } ?? "")")
        case .stop, .done, .confirm, .retry, .skip, .rollback:
            move(task, .idle)
            halt(.failed, reason: "stopped by \(by)")
        }
    }

    mutating func approvalTimedOut(_ task: Int) {
        guard case .approval(let approval) = plan.step(of: task).action, let timeout = approval.timeout else { return }
        decision.effects.append(.withdraw(plan.tasks[task].id))
        move(task, .idle)
        attemptFailed(task, "it was not approved within \(DurationText.words(timeout))")
    }
}
