/// What the opening of a journal says of approvals: `approvals`, what each step asks for, and `approvals_unasked`, the steps
/// that nobody is asked about, with the reason (absent where there are none).
///
/// A run with hosts states both from its first line on, also where no step wants approval: a step that has no place in
/// either was no approval step when the run began. Journals up to version 0.9 state neither.
package struct StatedApprovals: Hashable, Sendable {
    private static let termsField = "approvals"
    private static let unaskedField = "approvals_unasked"

    package var terms: [ApprovalTerms]
    /// `STEP REASON`.
    package var unasked: [String]

    package init(terms: [ApprovalTerms], unasked: [String] = []) {
        self.terms = terms
        self.unasked = unasked
    }

    package var fields: JournalFields {
        var fields: JournalFields = [Self.termsField: .array(terms.map { .string($0.text) })]
        if !unasked.isEmpty { fields[Self.unaskedField] = .array(unasked.map(JournalValue.string)) }
        return fields
    }

    /// nil where the opening does not say.
    static func read(_ entry: JournalEntry) throws(JournalBroken.Reason) -> StatedApprovals? {
        func texts(_ value: JournalValue) throws(JournalBroken.Reason) -> [String] {
            let texts = value.array?.compactMap(\.string)
            guard let texts, texts.count == value.array?.count else { throw .malformed(type: entry.type) }
            return texts
        }
        guard let stated = entry.fields[termsField] else {
            guard entry.fields[unaskedField] == nil else { throw .malformed(type: entry.type) }
            return nil
        }
        let found = try texts(stated)
        let terms = found.compactMap { ApprovalTerms($0) }
        // Of two terms for one step, nobody could tell which counts.
        guard terms.count == found.count, Set(terms.map(\.step)).count == terms.count else {
            throw .malformed(type: entry.type)
        }
        return StatedApprovals(terms: terms, unasked: try entry.fields[unaskedField].map(texts) ?? [])
    }

    /// Whether both say the same.
    func isSame(as other: StatedApprovals) -> Bool {
        terms.map(\.text) == other.terms.map(\.text) && unasked == other.unasked
    }
}
