/// The list of allowed signers that a session goes by, as the line states that opens it: it decides who may operate and
/// whose approvals count. The line is signed by whoever opens the session.
///
///     signers_from      flag, inventory, store, or nobody: who named it
///     signers_path      the file, absolute
///     signers           the SHA-256 of the file, as `sha256sum` prints it
///     signers_revoked   the same of the list of revoked keys next to it, where there is one
///     signers_instead   the list that the inventory names, where a flag replaced it
///
/// Older journals state no list, nor do sessions in which something was only entered afterwards.
package struct StatedSigners: Hashable, Sendable {
    package enum Origin: String, Hashable, Sendable, CaseIterable {
        /// `--allowed-signers`.
        case flag
        case inventory
        /// The operator's own, in the folder of blackstart.
        case store
        /// There is no list: no approval counts.
        case nobody
    }

    private static let digestField = "signers"
    private static let originField = "signers_from"
    private static let insteadField = "signers_instead"
    private static let pathField = "signers_path"
    private static let revokedField = "signers_revoked"
    private static let digestBytes = 32

    package var origin: Origin
    /// Empty where there is no list, as is ``digest``.
    package var path: String
    /// Lower-case hex SHA-256 of the file.
    package var digest: String
    package var revoked: String?
    package var instead: String?

    package init(
        origin: Origin, path: String, digest: String, revoked: String? = nil, instead: String? = nil
    ) {
        self.origin = origin
        self.path = path
        self.digest = digest
        self.revoked = revoked
        self.instead = instead
    }

    package static let nobody = StatedSigners(origin: .nobody, path: "", digest: "")

    /// Whether they come to the same: the same bytes, wherever the files are. The list of the store grows by itself, with each
    /// person who signs there.
    package func isSame(as other: StatedSigners) -> Bool {
        (digest == other.digest && revoked == other.revoked) || (origin == .store && other.origin == .store)
    }

    package var fields: JournalFields {
        var fields: JournalFields = [Self.originField: .string(origin.rawValue)]
        if origin != .nobody {
            fields[Self.digestField] = .string(digest)
            fields[Self.pathField] = .string(path)
        }
        for (field, text) in [(Self.revokedField, revoked), (Self.insteadField, instead)] {
            if let text { fields[field] = .string(text) }
        }
        return fields
    }

    /// What an opening states; nil where it does not say. Throws where it says it in another form.
    static func read(_ entry: JournalEntry) throws(JournalBroken.Reason) -> StatedSigners? {
        let malformed = JournalBroken.Reason.malformed(type: entry.type)
        func text(_ field: String) throws(JournalBroken.Reason) -> String? {
            guard let value = entry.fields[field] else { return nil }
            guard let text = value.string, !text.isEmpty else { throw malformed }
            return text
        }
        func digest(_ field: String) throws(JournalBroken.Reason) -> String? {
            guard let digest = try text(field) else { return nil }
            guard Hex.decode(digest.utf8)?.count == digestBytes else { throw malformed }
            return digest
        }
        let (list, revoked) = (try digest(digestField), try digest(revokedField))
        let (path, instead) = (try text(pathField), try text(insteadField))
        guard let word = try text(originField) else {
            guard list == nil, revoked == nil, path == nil, instead == nil else { throw malformed }
            return nil
        }
        guard let origin = Origin(rawValue: word), (origin == .nobody) == (list == nil), (path == nil) == (list == nil),
            revoked == nil || list != nil, instead == nil || origin == .flag
        else { throw malformed }
        return StatedSigners(origin: origin, path: path ?? "", digest: list ?? "", revoked: revoked, instead: instead)
    }

    /// The list that the last session went by which states one; nil where none does.
    package static func last(in entries: some Sequence<JournalEntry>) -> StatedSigners? {
        var last: StatedSigners?
        for entry in entries where entry.type == LineTypes.runOpen || entry.type == LineTypes.sessionOpen {
            last = (try? read(entry)) ?? last
        }
        return last
    }
}
