internal import RunbookModel

/// An inventory in Ansible's YAML form: groups with `hosts`, `children` and `vars`.
struct AnsibleYAML {
    let findings: Findings

    /// nil where the file is no such inventory, but one of our own.
    func read() throws(InvalidFiles) -> AnsibleSite? {
        let tree: YamlTree
        do { tree = try YamlParser(findings: findings).parse() } catch { throw Self.explained(error) }
        guard case .mapping(let pairs) = tree.content else { return nil }
        // Ours has a version; Ansible's has groups, and a group holds at least one of these.
        if pairs.contains(where: { $0.key.name == "version" }) { return nil }
        let looksLikeGroups = pairs.contains { pair in
            pair.key.name == AnsibleSite.all
                || Self.sections(of: pair.value).contains { Self.known.contains($0.key.name) }
        }
        guard looksLikeGroups else { return nil }
        if pairs.contains(where: { $0.key.name == "plugin" }) {
            throw findings.failure(
                at: tree.place, "this configures a plugin: dynamic inventories are not run",
                hint: "write down what it says: `ansible-inventory -i FILE --list --yaml --export > inventory.yaml`")
        }
        var site = AnsibleSite(findings, at: tree.place)
        for (name, value) in pairs { group(name, value, &site, depth: 0) }
        return site
    }

    private static let known = ["hosts", "children", "vars"]

    /// A vault's tag is one that the reader of our own files does not know.
    private static func explained(_ faults: InvalidFiles) -> InvalidFiles {
        var faults = faults
        for index in faults.diagnostics.indices where faults.diagnostics[index].message.contains("`!vault") {
            faults.diagnostics[index].message = "a value is encrypted with Ansible Vault, which is not read"
            faults.diagnostics[index].hint = "declare it under `secrets` of the runbook"
        }
        return faults
    }

    private static func sections(of tree: YamlTree) -> [(key: Named, value: YamlTree)] {
        if case .mapping(let pairs) = tree.content { return pairs }
        return []
    }

    private func group(_ name: Named, _ tree: YamlTree, _ site: inout AnsibleSite, depth: Int) {
        site.addGroup(name.name, at: name.place)
        if tree.isNull { return }
        guard tree.isMapping else {
            return findings.warn(at: tree.place, "the group `\(Excerpt.of(name.name))` is no mapping, and is left out")
        }
        for (key, value) in Self.sections(of: tree) {
            guard Self.known.contains(key.name) else {
                findings.warn(
                    at: key.place, "`\(Excerpt.of(key.name))` of the group `\(Excerpt.of(name.name))` is left out",
                    hint: "a group has hosts, children and vars")
                continue
            }
            // One name alone is that name with nothing to say about it.
            if case .scalar(let text, _) = value.content, !value.isNull {
                take(
                    key.name,
                    [(Named(text, at: value.place), YamlTree(content: .scalar("", isPlain: true), place: value.place))],
                    name.name, &site, depth)
            } else if value.isMapping || value.isNull {
                take(key.name, Self.sections(of: value), name.name, &site, depth)
            } else {
                findings.add(at: value.place, "`\(key.name)` has to be a mapping, not \(value.noun)")
            }
        }
    }

    private func take(
        _ section: String, _ pairs: [(key: Named, value: YamlTree)], _ group: String, _ site: inout AnsibleSite,
        _ depth: Int
    ) {
        for (key, value) in pairs {
            switch section {
            case "vars": site.setGroup(group, key.name, YamlValue.value(value), at: key.place)
            case "children":
                self.group(key, value, &site, depth: depth + 1)
                site.addChild(key.name, to: group)
            default:
                guard let (names, port) = AnsibleNames.expand(key.name, at: key.place, findings) else { continue }
                for name in names {
                    site.addHost(name, to: group, port: port, at: key.place)
                    for (variable, inner) in Self.sections(of: value) {
                        site.setHost(name, variable.name, YamlValue.value(inner), at: variable.place)
                    }
                }
            }
        }
    }
}
