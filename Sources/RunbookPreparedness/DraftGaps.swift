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
            var open: [String] = []
            for (key, text) in texts(step) where text.contains(Self.mark) && !open.contains("`\(key)`") {
                open.append("`\(key)`")
            }
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
        switch step.action {
        case .run(let template): texts.append(("run", template.source))
        case .reboot(let template?): texts.append(("reboot", template.source))
        case .waitFor(let check): texts += Self.texts("wait_for", check)
        case .script(let script): texts += script.arguments.map { ("script", $0.source) }
        case .copy(let copy): texts.append(("copy", copy.target.source))
        case .reboot(nil), .manual, .approval, .checkpoint: break
        }
        texts += step.environment.map { ("env", $0.value.source) }
        if case .check(let check) = step.skipIf { texts += Self.texts("skip_if", check) }
        if let verify = step.verify { texts += Self.texts("verify", verify) }
        switch step.undo {
        case .run(let template, _, let check):
            texts.append(("undo", template.source))
            if let check { texts += Self.texts("undo", check) }
        case .script(let script, _, let check):
            texts += script.arguments.map { ("undo", $0.source) }
            if let check { texts += Self.texts("undo", check) }
        case .restore, .nothing, nil: break
        }
        texts += step.outputs.compactMap(\.run).map { ("outputs", $0.source) }
        return texts
    }

    /// All that a check asks, and all that it compares with.
    private static func texts(_ key: String, _ check: Check) -> [(key: String, text: String)] {
        let probe: Template? =
            switch check.probe {
            case .run(let text), .tcp(let text), .http(let text): text
            case .copied: nil
            }
        return [probe, check.equals, check.matches, check.contains].compactMap { $0.map { (key, $0.source) } }
    }
}
