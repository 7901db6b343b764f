internal import RunbookModel

/// Where a secret comes from, with the one key that says more about it.
enum SecretReader {
    /// `what` names it in sentences.
    static func source(_ fields: Fields, _ what: String) -> Secret.Source? {
        guard let word = fields.required("from", of: what) else { return nil }
        let findings = fields.findings
        let details = ["file": "path", "env": "name", "command": "run"]
        for key in details.values.sorted() where fields.has(key) && details[word] != key {
            findings.add(at: fields.keyPlace(key), "`\(key)` does not go with `from: \(Excerpt.of(word))`")
        }
        switch word {
        case "prompt": return .prompt
        case "file": return fields.required("path", of: what).map { .file($0) }
        case "env": return fields.required("name", of: what).map { .environment($0) }
        case "command": return fields.required("run", of: what).map { .command($0) }
        default:
            findings.add(
                at: fields.value("from")?.place ?? fields.place,
                "`from` can't be `\(Excerpt.of(word))`; it is one of \(Secret.Source.names.joined(separator: ", "))",
                hint: Nearest.hint(word, Secret.Source.names))
            return nil
        }
    }
}
