package import RunbookJournal

/// A person's word that a run may act on hosts that other runs still claim, as the line says that opens a run or a session.
package struct Beside: Hashable, Sendable {
    /// The other runs' names.
    package var runs: [String]
    package var reason: String

    package init(runs: [String], reason: String) {
        self.runs = runs
        self.reason = reason
    }

    package var fields: JournalFields {
        ["beside": .array(runs.map(JournalValue.string)), "beside_reason": .string(reason)]
    }

    package init?(_ fields: JournalFields) {
        guard let runs = fields["beside"]?.array?.compactMap(\.string), !runs.isEmpty,
            let reason = fields["beside_reason"]?.string
        else { return nil }
        self.init(runs: runs, reason: reason)
    }
}
