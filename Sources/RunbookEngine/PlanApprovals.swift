package import RunbookJournal
internal import RunbookModel
package import RunbookPlan

extension Plan {
    /// What an approval step asks for; nil for all other steps, and for an approval that nobody is asked for.
    package func approvalTerms(_ task: Int) -> ApprovalTerms? {
        guard case .approval(let approval) = step(of: task).action, !isUnaskedApproval(task) else { return nil }
        return ApprovalTerms(step: tasks[task].id.step, approval, contacts: inventory.contacts)
    }

    /// Those of all approval steps, in reading order.
    package var approvalTerms: [ApprovalTerms] { tasks.indices.compactMap(approvalTerms) }

    /// What this plan says of approvals, as the opening of its journal states it.
    package var statedApprovals: StatedApprovals {
        StatedApprovals(
            terms: approvalTerms, unasked: unaskedApprovals.map(\.text),
            behind: tasks.indices.compactMap { task in
                approvalTerms(task).map { StatedApprovals.Behind(approval: $0.step, steps: behind(tasks[task].step)) }
            })
    }

    /// The steps that rest on one, also through others, in reading order.
    private func behind(_ step: Int) -> [String] {
        var seen: Set<Int> = []
        var open = stepDependents[step]
        while let next = open.popLast() {
            if seen.insert(next).inserted { open += stepDependents[next] }
        }
        return seen.sorted().map { runbook.steps[$0].id }
    }
}
