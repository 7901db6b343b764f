internal import RunbookModel

/// The keys of one kind of mapping: what is read now, and what the language has but this version does not.
struct KeyTable: Sendable {
    var known: [String]
    var later: [String] = []
}

/// One mapping, key by key. Whatever is wrong goes to the findings, and reading goes on.
struct Fields {
    let findings: Findings
    let place: SourcePlace
    private let pairs: [(key: Named, value: YamlTree)]

    /// nil where `tree` is no mapping; that is a finding.
    init?(_ tree: YamlTree, _ table: KeyTable, what: String, _ findings: Findings) {
        guard case .mapping(let pairs) = tree.content else {
            findings.add(at: tree.place, "\(what) has to be a mapping, not \(tree.noun)")
            return nil
        }
        self.pairs = pairs
        self.findings = findings
        place = tree.place
        for (key, _) in pairs where !table.known.contains(key.name) {
            let shown = TerminalText.shown(key.name)
            if table.later.contains(key.name) {
                findings.add(at: key.place, "`\(shown)` is not supported yet")
            } else {
                findings.add(at: key.place, "unknown key `\(shown)`", hint: Nearest.hint(key.name, table.known))
            }
        }
    }

    var keys: [Named] { pairs.map(\.key) }

    func has(_ key: String) -> Bool { pairs.contains { $0.key.name == key } }

    func value(_ key: String) -> YamlTree? { pairs.first { $0.key.name == key }?.value }

    func keyPlace(_ key: String) -> SourcePlace { pairs.first { $0.key.name == key }?.key.place ?? place }

    func missing(_ key: String, of what: String) { findings.add(at: place, "\(what) lacks `\(key)`") }

    // MARK: Scalars

    func text(_ key: String) -> String? {
        guard let value = value(key) else { return nil }
        guard case .scalar(let text, _) = value.content, !value.isNull else {
            findings.add(at: value.place, "`\(key)` has to be text, not \(value.noun)")
            return nil
        }
        return text
    }

    func required(_ key: String, of what: String) -> String? {
        guard has(key) else {
            missing(key, of: what)
            return nil
        }
        return text(key)
    }

    func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let text = text(key), let value = value(key) else { return nil }
        let isNumber =
            !text.isEmpty && text.utf8.drop { $0 == UInt8(ascii: "-") }.allSatisfy { (0x30...0x39).contains($0) }
        guard isNumber, let number = Int(text) else {
            findings.add(at: value.place, "`\(key)` has to be a whole number, not `\(TerminalText.shown(text))`")
            return nil
        }
        guard range.contains(number) else {
            findings.add(at: value.place, "`\(key)` has to be between \(range.lowerBound) and \(range.upperBound)")
            return nil
        }
        return number
    }

    func boolean(_ key: String) -> Bool? {
        guard let text = text(key), let value = value(key) else { return nil }
        guard text == "true" || text == "false" else {
            findings.add(at: value.place, "`\(key)` has to be true or false, not `\(TerminalText.shown(text))`")
            return nil
        }
        return text == "true"
    }

    func duration(_ key: String) -> Duration? {
        guard let text = text(key), let value = value(key) else { return nil }
        guard let duration = DurationText.parse(text) else {
            findings.add(
                at: value.place, "`\(key)` has to be a duration, not `\(TerminalText.shown(text))`",
                hint: "write 90s, 5m or 1h30m; the longest is 366d")
            return nil
        }
        return duration
    }

    /// One of a few words.
    func word<Word: RawRepresentable<String> & CaseIterable>(_ key: String, _: Word.Type = Word.self) -> Word? {
        guard let text = text(key), let value = value(key) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let known = Word.allCases.map(\.rawValue)
        findings.add(
            at: value.place,
            "`\(key)` can't be `\(TerminalText.shown(text))`; it is one of \(known.joined(separator: ", "))",
            hint: Nearest.hint(text, known))
        return nil
    }

    // MARK: Lists

    func list(_ key: String) -> [YamlTree]? {
        guard let value = value(key) else { return nil }
        guard case .sequence(let items) = value.content else {
            findings.add(at: value.place, "`\(key)` has to be a list, not \(value.noun)")
            return nil
        }
        return items
    }

    /// A list of names, or one name where `single` allows it.
    func names(_ key: String, single: Bool = false) -> [Named]? {
        guard let value = value(key) else { return nil }
        if single, case .scalar(let text, _) = value.content, !value.isNull { return [Named(text, at: value.place)] }
        return list(key)?.compactMap { item in
            guard case .scalar(let text, _) = item.content, !item.isNull else {
                findings.add(at: item.place, "`\(key)` has to list names, not \(item.noun)")
                return nil
            }
            return Named(text, at: item.place)
        }
    }

    func mapping(_ key: String) -> [(key: Named, value: YamlTree)]? {
        guard let value = value(key) else { return nil }
        guard case .mapping(let pairs) = value.content else {
            findings.add(at: value.place, "`\(key)` has to be a mapping, not \(value.noun)")
            return nil
        }
        return pairs
    }
}
