/// The three files that people write, key by key: for the documentation, and as JSON Schemas for editors.
package enum LanguageReference {
    /// A kind of mapping.
    package struct Table: Hashable, Sendable {
        package var title: String
        package var rows: [Row]
    }

    package struct Row: Hashable, Sendable {
        package var key: String
        /// In words: `duration`, `list of names`.
        package var type: String
        /// As a person would write it; nil where nothing holds, or where the key has to be there.
        package var standard: String?
        package var isRequired: Bool
        package var since: String
        package var text: String
    }

    /// Files that have a schema.
    package enum File: String, CaseIterable, Sendable { case runbook, inventory, fixture }

    /// Every kind of mapping, in the order in which a reader meets them.
    package static var tables: [Table] {
        var tables: [Table] = []
        for file in File.allCases { collect(root(file), &tables) }
        return tables
    }

    static func root(_ file: File) -> KeyTable {
        switch file {
        case .runbook: RunbookKeys.runbook
        case .inventory: InventoryKeys.inventory
        case .fixture: FixtureKeys.fixture
        }
    }

    private static func collect(_ table: KeyTable, _ tables: inout [Table]) {
        guard !tables.contains(where: { $0.title == table.title }) else { return }
        tables.append(
            Table(
                title: table.title,
                rows: table.keys.map { key in
                    var type = words(key.type)
                    if table.oneOf.contains(key.name) { type += ", exactly one of these" }
                    return Row(
                        key: key.name, type: type, standard: key.standard, isRequired: key.isRequired,
                        since: key.since, text: key.text)
                }))
        for key in table.keys { for inner in key.type.tables { collect(inner, &tables) } }
    }

    private static func words(_ type: KeyType) -> String {
        switch type {
        case .text, .words: "text"
        case .word(let words): words.joined(separator: " \\| ")
        case .shape(_, let words): words
        case .integer: "whole number"
        case .number: "number"
        case .boolean: "true \\| false"
        case .duration: "duration"
        case .names(let single): single ? "name or list of names" : "list of names"
        case .list(let inner): "list of \(plural(inner))"
        case .steps(let table): "list of \(table.title)s"
        case .map(let inner), .named(let inner), .services(let inner): "names with \(plural(inner))"
        case .mapping(let table): table.title
        case .either(let types):
            types.filter { if case .null = $0 { false } else { true } }.map(words).joined(separator: ", or ")
        case .null: "nothing"
        }
    }

    private static func plural(_ type: KeyType) -> String {
        switch type {
        case .mapping(let table): "\(table.title)s"
        case .text, .words: "texts"
        case .either(let types):
            types.filter { if case .null = $0 { false } else { true } }.map(plural).joined(separator: " or ")
        default: words(type)
        }
    }
}

extension KeyType {
    /// The kinds of mapping that it holds.
    var tables: [KeyTable] {
        switch self {
        case .mapping(let table), .steps(let table): [table]
        case .list(let inner), .map(let inner), .named(let inner), .services(let inner): inner.tables
        case .either(let types): types.flatMap(\.tables)
        case .text, .words, .word, .shape, .integer, .number, .boolean, .duration, .names, .null: []
        }
    }
}
