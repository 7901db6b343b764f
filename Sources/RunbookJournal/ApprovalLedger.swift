internal import RunbookModel

/// What decides about the approvals of a journal, beside its bytes.
package struct ApprovalBasis: Sendable {
    /// What the runbook and the inventory say that the run began with; nil: the journal's opening alone counts.
    package var stated: StatedApprovals?
    /// Who may sign an approval; nil: nobody says, and each signature is taken for that of whom it names.
    package var signers: AllowedSigners?

    package init(stated: StatedApprovals? = nil, signers: AllowedSigners? = nil) {
        self.stated = stated
        self.signers = signers
    }
}

/// Follows the approval steps of a journal, line by line: which questions are open, who has approved, and whether each step
/// that was passed was passed by votes. It takes signatures as checked.
package struct ApprovalLedger: Sendable {
    private struct Standing: Sendable {
        var terms: ApprovalTerms
        var tally = ApprovalTally()
        /// Lines that asked since the step was last settled, and their times.
        var questions: [(line: Int, timestamp: Int64)] = []
    }

    private var steps: [String: Standing]
    /// For each step the approvals that it rests on.
    private var approvalsOf: [String: [String]] = [:]
    /// Approval steps that were passed, and not put back since.
    private var passed: Set<String> = []
    /// A journal of an older version does not say who may approve: a step is known to be one once it asks.
    private let isStated: Bool

    /// - Parameter terms: nil where they are not stated.
    /// - Parameter behind: what may not go on before each is passed; nil where that is not stated.
    package init(_ terms: [ApprovalTerms]?, behind: [StatedApprovals.Behind]? = nil) {
        isStated = terms != nil
        steps = [:]
        for terms in terms ?? [] { steps[terms.step] = Standing(terms: terms) }
        for one in behind ?? [] { for step in one.steps { approvalsOf[step, default: []].append(one.approval) } }
    }

    package init(_ terms: [ApprovalTerms], _ entries: some Sequence<JournalEntry>) {
        self.init(terms)
        for entry in entries { try? take(entry) }
    }

    /// Types of lines that matter here.
    static let types: Set<String> = [
        LineTypes.stepIntent, LineTypes.questionAsked, LineTypes.questionAnswered, LineTypes.approval,
        LineTypes.stepDone, LineTypes.undoDone,
        LineTypes.rollbackEnded, LineTypes.rollbackAbandoned,
    ]

    /// Whether anything but a question for approval can matter.
    var isEmpty: Bool { steps.isEmpty }

    /// The lines that ask for approval of a step, and may be signed over.
    package func questions(_ step: String) -> [Int] { steps[step]?.questions.map(\.line) ?? [] }

    /// When the step first asked, milliseconds since 1970 by the clock of whoever wrote it.
    package func asked(_ step: String) -> Int64? { steps[step]?.questions.first?.timestamp }

    package mutating func take(_ entry: JournalEntry) throws(JournalBroken.Reason) {
        if entry.type == LineTypes.rollbackEnded || entry.type == LineTypes.rollbackAbandoned {
            for step in steps.keys { forget(step) }
            return
        }
        guard let step = entry.fields["step"]?.string else { return }
        let kind = entry.fields["kind"]?.string
        try goesOn(entry, step)
        if !isStated, steps[step] == nil, entry.type == LineTypes.questionAsked, kind == QuestionKind.approval.rawValue
        {
            steps[step] = Standing(terms: .unstated(step))
        }
        guard let standing = steps[step] else {
            // Nobody was asked.
            guard entry.type != LineTypes.approval else { throw .approval }
            return
        }
        switch entry.type {
        case LineTypes.questionAsked where kind == QuestionKind.approval.rawValue:
            steps[step]?.questions.append((entry.sequence, entry.timestamp))
        case LineTypes.questionAnswered where kind == QuestionKind.approval.rawValue:
            let choice = entry.fields["choice"]?.string
            guard choice != Choice.approve.rawValue, choice != Choice.failed.rawValue else {
                throw .unsignedApproval(step: step)
            }
        case LineTypes.approval: try vote(entry, step)
        case LineTypes.stepDone:
            let state = entry.fields["state"]?.string.flatMap(StepState.init)
            let tolerated = entry.fields["tolerated"]?.boolean ?? false
            guard let state, standing.tally.carries(state, tolerated: tolerated, standing.terms) else {
                throw .unapproved(step: step, given: standing.tally.approvers.count, wanted: standing.terms.count)
            }
            if state == .ok || state == .already { passed.insert(step) } else { passed.remove(step) }
            forget(step)
        case LineTypes.undoDone: forget(step)
        default: break
        }
    }

    /// No command of what rests on an approval begins before that is passed. That somebody has done it by hand is no doing of
    /// the run, and may be entered at any time.
    private func goesOn(_ entry: JournalEntry, _ step: String) throws(JournalBroken.Reason) {
        guard entry.type == LineTypes.stepIntent,
            let approval = approvalsOf[step]?.first(where: { !passed.contains($0) })
        else { return }
        throw .beforeApproval(step: step, approval: approval)
    }

    private mutating func vote(_ entry: JournalEntry, _ step: String) throws(JournalBroken.Reason) {
        guard var standing = steps[step], let by = entry.fields["by"]?.string,
            let covers = entry.fields["covers"]?.integer.flatMap({ Int(exactly: $0) }),
            standing.questions.contains(where: { $0.line == covers })
        else { throw .approval }
        let isApproved = entry.fields["choice"]?.string == Choice.approve.rawValue
        let weight = standing.tally.take(
            isApproved: isApproved, by: by, key: entry.fields["key"]?.string, standing.terms, .signature)
        steps[step] = standing
        if !isApproved, weight == .counted { forget(step) }
    }

    private mutating func forget(_ step: String) {
        steps[step]?.tally = ApprovalTally()
        steps[step]?.questions = []
    }
}
