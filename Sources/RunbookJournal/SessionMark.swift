/// What tells one session of a run from every other: taken from the fresh key that its opening announces, so that copies
/// of a journal agree on all sessions before they part, and on none after.
package enum SessionMark {
    private static let digits = 32

    static func of(key: String) -> String {
        String(Hex.text(JournalChain.hash(of: Array(key.utf8)[...])).prefix(digits))
    }

    /// Of every session that the entries tell of.
    package static func all(in entries: some Sequence<JournalEntry>) -> Set<String> {
        Set(
            entries.filter { $0.type == LineTypes.runOpen || $0.type == LineTypes.sessionOpen }
                .compactMap { $0.fields["next"]?.string }.map(of))
    }
}
