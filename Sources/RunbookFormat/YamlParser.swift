internal import RunbookModel
internal import Yams

/// Turns text into a tree within bounds: depth, number of values; no anchors, no tags, no key twice.
struct YamlParser {
    /// Keys given twice are told together, up to this many in one file, as long as reading it again and again stays cheap.
    private static let repeatedKeyLimit = 10
    private static let rereadLimitBytes = 2 << 20

    let findings: Findings
    /// What a fixture lets a host print may hold anything; other texts go to shells, paths and environments.
    var takesNUL = false

    /// The one document of the file.
    func parse() throws(InvalidFiles) -> YamlTree {
        try YamlGuard(findings: findings).check()
        var source = findings.source
        var standIns: Set<String> = []
        while true {
            do {
                return try document(of: source, without: standIns)
            } catch let error as InvalidFiles {
                throw error
            } catch YamlError.duplicatedKeysInMapping(let names, let context) {
                let name = names.first ?? ""
                let first = source.place(context.mark.line, context.mark.column)
                let second = RepeatedKey(name: name, first: first, lines: source.lines).second
                let message = "the key `\(Excerpt.of(name))` is given twice"
                guard let second, let standIn = Unicode.Scalar(0x10_F000 + UInt32(standIns.count)),
                    standIns.count < min(Self.repeatedKeyLimit, Self.rereadLimitBytes / max(1, source.text.utf8.count))
                else {
                    throw findings.failure(at: second ?? first, message, hint: "keep one of them")
                }
                findings.add(at: second, message, hint: "keep one of them; the first is in line \(first.line)")
                // The parser stops at a repeated key. With another name there, the rest of the file can be read as well.
                let length = name.unicodeScalars.count
                source = source.replacing(length, at: second, with: standIn)
                standIns.insert(String(repeating: Character(standIn), count: length))
            } catch {
                let fault = YamlProblem.fault(error, in: source)
                throw findings.failure(at: fault.place, fault.message, hint: fault.hint)
            }
        }
    }

    private func document(of source: SourceText, without standIns: Set<String>) throws -> YamlTree {
        // Without rules for types: `1` and `"1"` are the same key.
        let parser = try Parser(yaml: source.text, resolver: .basic)
        let root = try parser.nextRoot()
        if root != nil, let next = try parser.nextRoot() {
            throw findings.failure(
                at: beginning(of: next), "a second document begins here; a file holds one",
                hint: "put it into a file of its own")
        }
        guard let root else { throw findings.failure(at: source.place(1, 1), "the file is empty") }
        var walk = YamlWalk(findings: findings, standIns: standIns, takesNUL: takesNUL)
        // The parser holds the anchors: they are known as long as it lives.
        let tree = try withExtendedLifetime(parser) { () throws(InvalidFiles) in try walk.tree(root, depth: 0) }
        if tree.isNull { throw findings.failure(at: tree.place, "the file is empty") }
        return tree
    }

    /// The `---` before a document.
    private func beginning(of root: Node) -> SourcePlace {
        let source = findings.source
        let place = source.place(root.mark?.line ?? 1, root.mark?.column ?? 1)
        let line = source.lines.prefix(place.line).lastIndex { $0.hasPrefix("---") }
        return line.map { source.place($0 + 1, 1) } ?? place
    }
}

/// From the parser's values to ours.
private struct YamlWalk {
    let findings: Findings
    /// Names that stand for keys which were there before: those are told already.
    let standIns: Set<String>
    let takesNUL: Bool
    var count = 0

    mutating func tree(_ node: Node, depth: Int) throws(InvalidFiles) -> YamlTree {
        let place = findings.source.place(node.mark?.line ?? 1, node.mark?.column ?? 1)
        count += 1
        guard count <= Limits.yamlNodes else {
            throw findings.failure(at: place, "the file holds more than \(Limits.yamlNodes) values")
        }
        guard depth <= Limits.yamlDepth else { throw findings.failure(at: place, YamlProblem.tooDeep) }
        if node.anchor != nil {
            throw findings.failure(at: place, YamlProblem.anchors, hint: YamlProblem.anchorsHint)
        }
        switch node {
        case .scalar(let scalar):
            try checkTag(scalar.tag, "str", place)
            if !takesNUL, scalar.string.utf8.contains(0) {
                findings.add(
                    at: place, "a text can't hold a NUL: no command, path or variable can", hint: "take `\\0` away")
            }
            return YamlTree(
                content: .scalar(scalar.string, isPlain: scalar.style == .plain || scalar.style == .any), place: place)
        case .sequence(let sequence):
            try checkTag(sequence.tag, "seq", place)
            var items: [YamlTree] = []
            for item in sequence { items.append(try tree(item, depth: depth + 1)) }
            return YamlTree(content: .sequence(items), place: place)
        case .mapping(let mapping):
            try checkTag(mapping.tag, "map", place)
            var pairs: [(key: Named, value: YamlTree)] = []
            for (key, value) in mapping {
                let keyTree = try tree(key, depth: depth + 1)
                guard case .scalar(let name, _) = keyTree.content else {
                    let isJinja = place.column + 1 == keyTree.place.column && keyTree.isMapping
                    throw findings.failure(
                        at: keyTree.place, "a key has to be text, not \(keyTree.noun)",
                        hint: isJinja
                            ? "an expression is written \"${{ vars.NAME }}\""
                            : "put text that begins with `{` or `[` in quotes")
                }
                let valueTree = try tree(value, depth: depth + 1)
                if !standIns.contains(name) { pairs.append((Named(name, at: keyTree.place), valueTree)) }
            }
            return YamlTree(content: .mapping(pairs), place: place)
        case .alias:
            throw findings.failure(at: place, YamlProblem.anchors, hint: YamlProblem.anchorsHint)
        }
    }

    /// Only tags that nobody wrote, and `!!str`.
    private func checkTag(_ tag: Tag, _ type: String, _ place: SourcePlace) throws(InvalidFiles) {
        let name = tag.description
        guard name.isEmpty || name == "!" || name == "?" || name == "tag:yaml.org,2002:\(type)" else {
            let isStandard = name.hasPrefix("tag:yaml.org,2002:")
            let shown = isStandard ? "!!\(name.dropFirst(18))" : name
            throw findings.failure(
                at: place, "the tag `\(Excerpt.of(shown))` is not supported",
                hint: "take it away; text that begins with `!` needs quotes")
        }
    }
}
