internal import RunbookModel

/// An approval step that nobody is asked for in a run. It is decided when the run is planned, from the runbook, the
/// selection and the variables; nothing that a host says, and no later session, decides it anew.
package struct UnaskedApproval: Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        /// The selection leaves it out, and nothing that is selected waits for it.
        case notSelected
        /// Its `when` does not hold: `name=value` of each variable in it.
        case condition([String])
    }

    package var step: String
    package var reason: Reason

    package init(step: String, reason: Reason) {
        self.step = step
        self.reason = reason
    }

    /// For people, and for the opening of the journal: the step, a space, the reason.
    package var text: String {
        switch reason {
        case .notSelected: "\(step) not selected, and no selected step waits for it"
        case .condition(let values): "\(step) `when` does not hold: \(values.joined(separator: ", "))"
        }
    }
}

extension UnaskedApproval {
    /// The approvals of `runbook` whose `when` does not hold.
    ///
    /// A `when` that names anything but variables is refused by `RunbookNames`; were one to come here, people are asked.
    static func byCondition(_ runbook: Runbook, _ variables: [String: String]) -> [UnaskedApproval] {
        runbook.steps.compactMap { step in
            guard case .approval = step.action, let condition = step.when,
                condition.references.allSatisfy(\.isVariable)
            else { return nil }
            func value(_ reference: Template.Reference) -> String { variables[reference.path.last ?? ""] ?? "" }
            guard let holds = try? condition.holds(value), !holds else { return nil }
            var values: [String] = []
            for reference in condition.references {
                let text = "\(reference.path.last ?? "")=\(value(reference))"
                if !values.contains(text) { values.append(text) }
            }
            return UnaskedApproval(step: step.id, reason: .condition(values))
        }
    }
}

extension Plan {
    /// Whether the `when` of an approval keeps it from being asked for.
    package func isUnaskedApproval(_ task: Int) -> Bool {
        unaskedApprovals.contains { $0.step == tasks[task].id.step }
    }
}
