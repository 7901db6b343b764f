internal import RunbookModel
internal import Yams

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

    /// What a person would call it.
    var noun: String {
        switch content {
        case .scalar: isNull ? "nothing" : "text"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// Turns bytes into a tree within bounds: size, depth, number of nodes; no anchors, no tags.
struct YamlParser {
    let source: SourceText

    /// The one document of the file.
    func parse() throws(InvalidFiles) -> YamlTree {
        try checkNesting()
        // The parser holds the anchors: they are known as long as it lives.
        let parsed: (parser: Parser, root: Node?)
        do {
            let parser = try Parser(yaml: source.text)
            let root = try parser.nextRoot()
            if root != nil, try parser.nextRoot() != nil {
                throw source.invalid(line: 1, column: 1, "the file holds more than one document")
            }
            parsed = (parser, root)
        } catch let error as InvalidFiles {
            throw error
        } catch { throw source.invalid(error) }
        return try withExtendedLifetime(parsed.parser) { () throws(InvalidFiles) -> YamlTree in
            guard let root = parsed.root else { throw source.invalid(line: 1, column: 1, "the file is empty") }
            var count = 0
            return try tree(root, depth: 0, count: &count)
        }
    }

    private func tree(_ node: Node, depth: Int, count: inout Int) throws(InvalidFiles) -> YamlTree {
        let place = source.place(node.mark?.line ?? 1, node.mark?.column ?? 1)
        count += 1
        guard count <= Limits.yamlNodes else {
            throw source.invalid(at: place, "the file holds more than \(Limits.yamlNodes) values")
        }
        guard depth <= Limits.yamlDepth else {
            throw source.invalid(at: place, "the file is nested deeper than \(Limits.yamlDepth) levels")
        }
        if node.anchor != nil {
            throw source.invalid(
                at: place, "anchors and aliases are not supported", hint: "write the value out, or use `vars`")
        }
        switch node {
        case .scalar(let scalar):
            try checkTag(scalar.tag, place)
            return YamlTree(
                content: .scalar(scalar.string, isPlain: scalar.style == .plain || scalar.style == .any), place: place)
        case .sequence(let sequence):
            try checkTag(sequence.tag, place)
            var items: [YamlTree] = []
            for item in sequence { items.append(try tree(item, depth: depth + 1, count: &count)) }
            return YamlTree(content: .sequence(items), place: place)
        case .mapping(let mapping):
            try checkTag(mapping.tag, place)
            var pairs: [(key: Named, value: YamlTree)] = []
            for (key, value) in mapping {
                let keyTree = try tree(key, depth: depth + 1, count: &count)
                guard case .scalar(let name, _) = keyTree.content else {
                    throw source.invalid(at: keyTree.place, "a key has to be text, not \(keyTree.noun)")
                }
                pairs.append((Named(name, at: keyTree.place), try tree(value, depth: depth + 1, count: &count)))
            }
            return YamlTree(content: .mapping(pairs), place: place)
        case .alias:
            throw source.invalid(
                at: place, "anchors and aliases are not supported", hint: "write the value out, or use `vars`")
        }
    }

    /// Only tags that nobody wrote.
    private func checkTag(_ tag: Tag, _ place: SourcePlace) throws(InvalidFiles) {
        let name = tag.description
        guard name.isEmpty || name == "!" || name == "?" || name.hasPrefix("tag:yaml.org,2002:") else {
            throw source.invalid(at: place, "the tag `\(TerminalText.shown(name))` is not supported")
        }
    }

    /// The parser below works recursively: what could make it go too deep, and aliases that multiply in keys, are
    /// refused before it sees them. Counts brackets wherever they stand, so its bound is far above the real one.
    private func checkNesting() throws(InvalidFiles) {
        var depth = 0
        for (number, line) in source.lines.enumerated() {
            var isStart = true
            var dashes = 0
            var previous: UInt8 = 0x20
            for (column, byte) in line.utf8.enumerated() {
                switch byte {
                case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
                case UInt8(ascii: "-") where isStart, UInt8(ascii: "?") where isStart: dashes += 1
                case UInt8(ascii: "*") where isStart || [0x7B, 0x2C, 0x5B].contains(previous):
                    if isAliasKey(line.utf8.dropFirst(column)) {
                        throw source.invalid(
                            line: number + 1, column: column + 1, "anchors and aliases are not supported",
                            hint: "write the value out, or use `vars`")
                    }
                default: break
                }
                if byte != 0x20 {
                    previous = byte
                    if byte != UInt8(ascii: "-"), byte != UInt8(ascii: "?") { isStart = false }
                }
                if depth > 1_000 || dashes > 100 {
                    throw source.invalid(
                        line: number + 1, column: column + 1,
                        "the file is nested deeper than \(Limits.yamlDepth) levels")
                }
            }
        }
    }

    /// `*name :`, an alias that stands as a key.
    private func isAliasKey(_ bytes: Substring.UTF8View) -> Bool {
        var rest = bytes.dropFirst()
        var length = 0
        while let byte = rest.first, byte != 0x20, byte != UInt8(ascii: ":"), byte != UInt8(ascii: ",") {
            rest = rest.dropFirst()
            length += 1
        }
        while rest.first == 0x20 { rest = rest.dropFirst() }
        return length > 0 && rest.first == UInt8(ascii: ":")
    }
}
