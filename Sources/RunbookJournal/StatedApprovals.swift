/// What the opening of a journal says of approvals: `approvals`, what each step asks for, and `approvals_unasked`, the steps
/// that nobody is asked about, with the reason (absent where there are none).
///
/// `approvals_behind`, `APPROVAL STEP STEP…`, says what may not go on before it; absent where that takes more room than a
/// line should, and in journals up to version 0.10.
///
/// A run with hosts states both from its first line on, also where no step wants approval: a step that has no place in
/// either was no approval step when the run began. Journals up to version 0.9 state neither.
package struct StatedApprovals: Hashable, Sendable {
    private static let termsField = "approvals"
    private static let unaskedField = "approvals_unasked"
    private static let behindField = "approvals_behind"
    /// Bytes for what stands behind approvals, all together.
    private static let behindBytes = 16 << 10

    package var terms: [ApprovalTerms]
    /// `STEP REASON`.
    package var unasked: [String]
    /// For each approval step the steps that rest on it, also through others; nil where that is not stated.
    package private(set) var behind: [Behind]?

    package struct Behind: Hashable, Sendable {
        package var approval: String
        package var steps: [String]

        package init(approval: String, steps: [String]) {
            self.approval = approval
            self.steps = steps
        }

        fileprivate init?(_ text: String) {
            let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            guard let first = words.first, words.allSatisfy(Principal.isValid) else { return nil }
            (approval, steps) = (first, Array(words.dropFirst()))
        }

        fileprivate var text: String { ([approval] + steps).joined(separator: " ") }
    }

    package init(terms: [ApprovalTerms], unasked: [String] = [], behind: [Behind]? = nil) {
        self.terms = terms
        self.unasked = unasked
        let bytes = behind?.reduce(0) { $0 + $1.text.utf8.count } ?? 0
        self.behind = bytes > Self.behindBytes ? nil : behind
    }

    package var fields: JournalFields {
        var fields: JournalFields = [Self.termsField: .array(terms.map { .string($0.text) })]
        if let behind, !behind.isEmpty { fields[Self.behindField] = .array(behind.map { .string($0.text) }) }
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
            guard entry.fields[unaskedField] == nil, entry.fields[behindField] == nil else {
                throw .malformed(type: entry.type)
            }
            return nil
        }
        let found = try texts(stated)
        let terms = found.compactMap { ApprovalTerms($0) }
        // Of two terms for one step, nobody could tell which counts.
        guard terms.count == found.count, Set(terms.map(\.step)).count == terms.count else {
            throw .malformed(type: entry.type)
        }
        let names = try entry.fields[behindField].map(texts)
        let behind = names?.compactMap { Behind($0) }
        // Each says it of an approval step of its own.
        let approvals = behind?.map(\.approval) ?? []
        guard behind?.count == names?.count, Set(approvals).count == approvals.count,
            Set(approvals).isSubset(of: terms.map(\.step))
        else { throw .malformed(type: entry.type) }
        return StatedApprovals(terms: terms, unasked: try entry.fields[unaskedField].map(texts) ?? [], behind: behind)
    }

    /// Whether both say the same.
    func isSame(as other: StatedApprovals) -> Bool {
        terms.map(\.text) == other.terms.map(\.text) && unasked == other.unasked
            && (behind == nil || other.behind == nil || behind == other.behind)
    }
}
