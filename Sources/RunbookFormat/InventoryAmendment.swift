package import RunbookModel

/// Writes more about hosts into the text of an inventory, and leaves all else as a person wrote it: order, comments, spacing.
package struct InventoryAmendment: Sendable {
    package struct Note: Hashable, Sendable {
        package var host: String
        /// Stands in a line of its own above the host; one line.
        package var comment: String?
        /// Keys that the host does not have yet.
        package var addresses: [String] = []
        package var hostKey: String?
        package var kind: Host.Kind?

        package init(host: String) { self.host = host }

        fileprivate var pairs: [String] {
            var pairs: [String] = []
            if let kind { pairs.append("kind: \(kind.rawValue)") }
            if !addresses.isEmpty {
                pairs.append("addresses: [\(addresses.map(InventoryText.quote).joined(separator: ", "))]")
            }
            if let hostKey { pairs.append("host_key: \(InventoryText.quote(hostKey))") }
            return pairs
        }

        fileprivate func amend(_ host: inout Host) {
            if let kind { host.kind = kind }
            if !addresses.isEmpty { host.addresses = addresses }
            if let hostKey { host.hostKey = hostKey }
        }
    }

    private let notes: [String: Note]

    package init(_ notes: [Note]) {
        self.notes = Dictionary(notes.map { ($0.host, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The inventory with what the notes say.
    package func amended(_ inventory: Inventory) -> Inventory {
        var inventory = inventory
        for index in inventory.hosts.indices { notes[inventory.hosts[index].name]?.amend(&inventory.hosts[index]) }
        return inventory
    }

    /// The text with what the notes say. One that was written for another program, or in a way that can't be added to,
    /// is written anew as one of ours.
    ///
    /// - Parameter home: what `~` stands for in the inventory.
    package func text(
        of inventory: Inventory, bytes: [UInt8], home: String?
    ) throws(InvalidFiles) -> (text: String, isAnew: Bool) {
        let wanted = amended(inventory)
        if inventory.origin == .own, let text = try inserted(into: bytes, path: inventory.path),
            let read = try? InventoryReader.read(bytes: Array(text.utf8), path: inventory.path, home: home),
            Self.says(read, wanted)
        {
            return (text, false)
        }
        return (InventoryText.write(wanted), true)
    }

    /// Whether two say the same, wherever it stands.
    private static func says(_ one: Inventory, _ other: Inventory) -> Bool {
        InventoryText.write(one) == InventoryText.write(other)
    }

    private struct Insertion {
        /// From 0.
        var line: Int
        /// Scalars before it; nil: a line of its own before `line`.
        var column: Int?
        var text: String
    }

    private func inserted(into bytes: [UInt8], path: String) throws(InvalidFiles) -> String? {
        let source = try SourceText(bytes, path: path, limitBytes: Limits.inventoryBytes)
        let tree = try YamlParser(findings: Findings(source)).parse()
        guard case .mapping(let pairs) = tree.content,
            let hosts = pairs.first(where: { $0.key.name == "hosts" })?.value, case .mapping(let all) = hosts.content
        else { return nil }
        var insertions: [Insertion] = []
        for (key, value) in all {
            guard let note = notes[key.name], case .mapping(let facts) = value.content, let first = facts.first else {
                continue
            }
            if let comment = note.comment {
                let margin = source.line(key.place).prefix { $0 == " " }
                insertions.append(Insertion(line: key.place.line - 1, column: nil, text: "\(margin)# \(comment)"))
            }
            guard !note.pairs.isEmpty else { continue }
            if source.scalar(at: value.place) == "{" {
                let text = " " + note.pairs.map { "\($0)," }.joined(separator: " ")
                insertions.append(Insertion(line: value.place.line - 1, column: value.place.column, text: text))
            } else {
                let place = first.key.place
                let margin = String(repeating: " ", count: place.column - 1)
                for pair in note.pairs {
                    insertions.append(
                        Insertion(line: place.line - 1, column: nil, text: "\(margin)\(pair)"))
                }
            }
        }
        return Self.insert(insertions, into: source)
    }

    /// Those for the same place stay in their order.
    private static func insert(_ insertions: [Insertion], into source: SourceText) -> String {
        let lineEnd = source.text.utf8.contains(0x0D) ? "\r\n" : "\n"
        let byLine = Dictionary(grouping: insertions, by: \.line)
        var text = ""
        for (number, line) in source.lines.enumerated() {
            var whole = ""
            var rest = line.unicodeScalars[...]
            var taken = 0
            for insertion in (byLine[number] ?? []).sorted(by: { ($0.column ?? -1) < ($1.column ?? -1) }) {
                guard let column = insertion.column else {
                    text += insertion.text + lineEnd
                    continue
                }
                whole += String(rest.prefix(column - taken)) + insertion.text
                rest = rest.dropFirst(column - taken)
                taken = column
            }
            text += whole + String(rest)
            if number < source.lines.count - 1 { text += lineEnd }
        }
        return text
    }
}
