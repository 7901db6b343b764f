package import RunbookJournal
internal import RunbookModel
package import RunbookPlan

extension Plan {
    /// What an approval step asks for; nil for all other steps.
    package func approvalTerms(_ task: Int) -> ApprovalTerms? {
        let step = step(of: task)
        guard case .approval(let approval) = step.action else { return nil }
        return ApprovalTerms(
            step: tasks[task].id.step, approval, isConditional: step.when != nil, contacts: inventory.contacts)
    }

    /// Those of all approval steps, in reading order.
    package var approvalTerms: [ApprovalTerms] { tasks.indices.compactMap(approvalTerms) }
}
