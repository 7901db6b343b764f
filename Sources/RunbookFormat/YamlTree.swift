internal import RunbookModel

/// A value of a file, with its place. Scalars are text: what they mean is decided by the key they stand under, so that
/// `no`, `1:30` and `2026-09-14` are never anything else than what a person wrote.
struct YamlTree: Sendable {
    enum Content: Sendable {
        /// `isPlain`: written without quotes.
        case scalar(String, isPlain: Bool)
        case sequence([YamlTree])
        case mapping([(key: Named, value: YamlTree)])
    }

    var content: Content
    var place: SourcePlace

    /// A plain `~`, `null` or nothing at all.
    var isNull: Bool {
        if case .scalar(let text, isPlain: true) = content { return text.isEmpty || text == "~" || text == "null" }
        return false
    }

    /// The items of a list; nil where it is none.
    var items: [YamlTree]? {
        if case .sequence(let items) = content { return items }
        return nil
    }

    var isMapping: Bool {
        if case .mapping = content { return true }
        return false
    }

    /// What a person would call it.
    var noun: String {
        switch content {
        case .scalar: isNull ? "nothing" : "text"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
