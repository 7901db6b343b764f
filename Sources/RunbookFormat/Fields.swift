internal import RunbookModel

/// One mapping, key by key. Whatever is wrong goes to the findings, and reading goes on.
struct Fields {
    let findings: Findings
    let place: SourcePlace
    private let table: KeyTable
    private let pairs: [(key: Named, value: YamlTree)]
    /// What holds for keys that are not given.
    private let defaults: [(key: Named, value: YamlTree)]

    /// nil where `tree` is no mapping; that is a finding. `place` is where a missing key is told; the mapping's beginning
    /// unless given.
    init?(
        _ tree: YamlTree, _ table: KeyTable, what: String, at place: SourcePlace? = nil, _ findings: Findings,
        hint: String? = nil, defaults: YamlTree? = nil
    ) {
        guard case .mapping(let pairs) = tree.content else {
            findings.add(at: tree.place, "\(what) has to be a mapping, not \(tree.noun)", hint: hint)
            return nil
        }
        self.pairs = pairs
        self.table = table
        if case .mapping(let pairs)? = defaults?.content { self.defaults = pairs } else { self.defaults = [] }
        self.findings = findings
        self.place = place ?? tree.place
        for (key, _) in pairs where !table.known.contains(key.name) {
            let shown = Excerpt.of(key.name)
            if table.later.contains(key.name) {
                findings.add(at: key.place, "`\(shown)` is not supported yet")
            } else {
                findings.add(at: key.place, "unknown key `\(shown)`", hint: table.hint(key.name))
            }
        }
    }

    var keys: [Named] { pairs.map(\.key) }

    func has(_ key: String) -> Bool { pairs.contains { $0.key.name == key } }

    func value(_ key: String) -> YamlTree? {
        (pairs.first { $0.key.name == key } ?? defaults.first { $0.key.name == key })?.value
    }

    func keyPlace(_ key: String) -> SourcePlace { pairs.first { $0.key.name == key }?.key.place ?? place }

    func missing(_ key: String, of what: String, hint: String? = nil) {
        if !misspells([key]) { findings.add(at: place, "\(what) lacks `\(key)`", hint: hint) }
    }

    /// Whether an unknown key was probably meant to be one of `keys`: then it is told there, and not called missing.
    func misspells(_ keys: [String]) -> Bool {
        pairs.prefix(100).contains { pair in
            let name = pair.key.name
            if table.known.contains(name) || table.later.contains(name) { return false }
            return table.meant(by: name).map(keys.contains) ?? false
        }
    }

    private func mismatch(_ key: String, _ value: YamlTree, _ wanted: String, hint: String? = nil) {
        if value.isNull {
            findings.add(at: value.place, "`\(key)` has no value; it has to be \(wanted)", hint: hint)
        } else {
            findings.add(at: value.place, "`\(key)` has to be \(wanted), not \(value.noun)", hint: hint)
        }
    }

    // MARK: Scalars

    func text(_ key: String) -> String? {
        guard let value = value(key) else { return nil }
        guard case .scalar(let text, _) = value.content, !value.isNull else {
            mismatch(key, value, "text", hint: textHint(key, value))
            return nil
        }
        return text
    }

    private func textHint(_ key: String, _ value: YamlTree) -> String? {
        if let items = value.items, items.count == 1, case .scalar(let only, _)? = items.first?.content {
            return "write `\(key): \(Excerpt.of(only))`"
        }
        let first = findings.source.scalar(at: value.place)
        return first == "[" || first == "{" ? "put text that begins with `{` or `[` in quotes" : nil
    }

    /// Text that says something.
    func nonEmpty(_ key: String) -> String? {
        guard let text = text(key), let value = value(key) else { return nil }
        if text.utf8.allSatisfy({ $0 == 0x20 || (0x09...0x0D).contains($0) }) {
            findings.add(at: value.place, "`\(key)` is empty")
            return nil
        }
        return text
    }

    func required(_ key: String, of what: String, hint: String? = nil) -> String? {
        guard has(key) else {
            missing(key, of: what, hint: hint)
            return nil
        }
        return nonEmpty(key)
    }

    /// In the range that the key's table gives.
    func integer(_ key: String) -> Int? {
        guard case .integer(let range)? = table.type(key) else { return nil }
        return integer(key, in: range)
    }

    private func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let text = nonEmpty(key), let value = value(key) else { return nil }
        let shown = Excerpt.of(text)
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            findings.add(at: value.place, "`\(key)` has to be a whole number, not `\(shown)`")
            return nil
        }
        // More digits than an Int has are out of every range as well.
        guard let number = Int(text), range.contains(number) else {
            findings.add(
                at: value.place,
                "`\(key)` has to be between \(range.lowerBound) and \(range.upperBound), not \(shown)")
            return nil
        }
        return number
    }

    func boolean(_ key: String) -> Bool? {
        guard let text = nonEmpty(key), let value = value(key) else { return nil }
        guard text == "true" || text == "false" else {
            findings.add(at: value.place, "`\(key)` has to be true or false, not `\(Excerpt.of(text))`")
            return nil
        }
        return text == "true"
    }

    /// In the range that the key's table gives; digits with at most one point.
    func number(_ key: String) -> Double? {
        guard case .number(let range)? = table.type(key), let text = nonEmpty(key), let place = value(key)?.place
        else { return nil }
        let isNumber = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
        guard isNumber, text.utf8.count <= 16, let number = Double(text) else {
            findings.add(at: place, "`\(key)` has to be a number, not `\(Excerpt.of(text))`", hint: "write 2 or 1.5")
            return nil
        }
        guard range.contains(number) else {
            let (lowest, highest) = (Self.short(range.lowerBound), Self.short(range.upperBound))
            findings.add(at: place, "`\(key)` has to be between \(lowest) and \(highest), not \(Excerpt.of(text))")
            return nil
        }
        return number
    }

    private static func short(_ number: Double) -> String {
        number == number.rounded() ? String(Int(number)) : String(number)
    }

    /// Zero only where the key's table lets it be.
    func duration(_ key: String) -> Duration? {
        guard case .duration(let isPositive)? = table.type(key) else { return nil }
        guard let text = nonEmpty(key), let value = value(key) else { return nil }
        guard let duration = DurationText.parse(text) else {
            findings.add(
                at: value.place, "`\(key)` has to be a duration, not `\(Excerpt.of(text))`",
                hint: "write 90s, 5m or 1h30m; the longest is 366d")
            return nil
        }
        if isPositive, duration == .zero {
            findings.add(at: value.place, "`\(key)` has to be longer than 0")
            return nil
        }
        return duration
    }

    /// Bytes, one at least.
    func size(_ key: String) -> Int64? {
        guard let text = nonEmpty(key), let place = value(key)?.place else { return nil }
        guard let size = SizeText.parse(text), size > 0 else {
            findings.add(
                at: place, "`\(key)` has to be a size, not `\(Excerpt.of(text))`",
                hint: "write 512GiB or 1.5TiB; the largest is 1024PiB")
            return nil
        }
        return size
    }

    /// A day as `2026-08-02`, which may be compared as text.
    func date(_ key: String) -> String? {
        guard let date = text(key), let place = value(key)?.place else { return nil }
        if Instant.parse("\(date)T00:00:00Z") == nil {
            findings.add(
                at: place, "`\(key)` has to be a date, not `\(Excerpt.of(date))`", hint: "write \"2026-08-02\"")
        }
        return date
    }

    /// One of a few words.
    func word<Word: RawRepresentable<String> & CaseIterable>(_ key: String, _: Word.Type = Word.self) -> Word? {
        guard let text = nonEmpty(key), let value = value(key) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let known = Word.allCases.map(\.rawValue)
        findings.add(
            at: value.place,
            "`\(key)` can't be `\(Excerpt.of(text))`; it is one of \(known.joined(separator: ", "))",
            hint: Nearest.hint(text, known))
        return nil
    }

    // MARK: Lists and mappings

    func list(_ key: String, wanted: String = "a list") -> [YamlTree]? {
        guard let value = value(key) else { return nil }
        guard case .sequence(let items) = value.content else {
            var hint: String?
            if case .scalar(let text, true) = value.content, !value.isNull { hint = "write [\(Excerpt.of(text))]" }
            mismatch(key, value, wanted, hint: hint)
            return nil
        }
        return items
    }

    /// A list of names, each once, or one name where `single` allows it.
    func names(_ key: String, single: Bool = false, mayRepeat: Bool = false) -> [Named]? {
        guard let value = value(key) else { return nil }
        if single, case .scalar(let text, _) = value.content, !value.isNull { return [Named(text, at: value.place)] }
        return list(key, wanted: single ? "a name or a list of names" : "a list").map {
            findings.names($0, in: "`\(key)`", mayRepeat: mayRepeat)
        }
    }

    func mapping(_ key: String) -> [(key: Named, value: YamlTree)]? {
        guard let value = value(key) else { return nil }
        guard case .mapping(let pairs) = value.content else {
            mismatch(key, value, "a mapping", hint: "write `\(key): { name: value }`")
            return nil
        }
        return pairs
    }
}

extension Findings {
    /// The names in a list.
    func names(_ items: [YamlTree], in what: String, mayRepeat: Bool = false) -> [Named] {
        var seen: Set<String> = []
        return items.compactMap { item in
            guard case .scalar(let text, _) = item.content, !item.isNull else {
                add(at: item.place, "\(what) has to list names, not \(item.noun)")
                return nil
            }
            if !seen.insert(text).inserted, !mayRepeat {
                add(at: item.place, "`\(Excerpt.of(text))` is listed twice")
                return nil
            }
            return Named(text, at: item.place)
        }
    }
}
