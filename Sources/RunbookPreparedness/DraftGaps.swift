internal import RunbookModel
package import RunbookPlan

/// DRAFT-GAP: what a draft leaves to a person, and nobody has written yet.
package struct DraftGaps {
    private let plan: Plan

    package init(plan: Plan) { self.plan = plan }

    /// What a draft has where a person has to write something.
    static let mark = "FILL-IN"

    package var findings: [Finding] {
        plan.runbook.steps.compactMap { step in
            let open = texts(step).filter { $0.text.contains(Self.mark) }.map { "`\($0.key)`" }
            guard !open.isEmpty else { return nil }
            return Finding(
                .draftGap, step.id,
                "step \(step.number) (\(step.id)) was not filled in: \(open.joined(separator: ", "))",
                fix: "write what this site needs there, and take out \(Self.mark)", at: step.place)
        } + head
    }

    private var head: [Finding] {
        let document = plan.runbook.document
        let open = [
            ("plan", document.plan), ("owner", document.owner), ("approver", document.approver),
            ("use_when", document.useWhen), ("do_not_use_when", document.doNotUseWhen), ("summary", document.summary),
        ].filter { $0.1?.contains(Self.mark) ?? false }.map { "`\($0.0)`" }
        guard !open.isEmpty else { return [] }
        return [
            Finding(
                .draftGap, plan.runbook.name,
                "the head of the runbook was not filled in: \(open.joined(separator: ", "))",
                fix: "write what this site needs there, and take out \(Self.mark)",
                at: SourcePlace(path: plan.runbook.path, line: 1, column: 1))
        ]
    }

    private func texts(_ step: Step) -> [(key: String, text: String)] {
        var texts = step.texts
        if case .run(let template) = step.action { texts.append(("run", template.source)) }
        if case .waitFor(let check) = step.action, case .run(let template) = check.probe {
            texts.append(("wait_for", template.source))
        }
        if case .run(let template)? = step.verify?.probe { texts.append(("verify", template.source)) }
        if case .run(let template, _, _)? = step.undo { texts.append(("undo", template.source)) }
        return texts
    }
}
