internal import RunbookModel

/// Inventories that people have already: Ansible's, in INI and in YAML, and OpenSSH's configuration.
enum ForeignInventory {
    /// nil where the file is one of our own.
    static func read(
        _ source: SourceText, _ paths: InventoryPaths, _ defaults: Host, _ findings: Findings,
        include: (String) -> [(path: String, bytes: [UInt8])]
    ) throws(InvalidFiles) -> Inventory? {
        let place = source.place(1, 1)
        if source.text.hasPrefix("#!") {
            throw findings.failure(
                at: place, "this is a program: dynamic inventories are not run",
                hint: "write down what it says: `ansible-inventory -i FILE --list --yaml --export > inventory.yaml`")
        }
        if source.text.hasPrefix("$ANSIBLE_VAULT") {
            throw findings.failure(
                at: place, "the file is encrypted with Ansible Vault, which is not read",
                hint: "`ansible-vault view` shows it; secrets belong under `secrets` of the runbook")
        }
        switch kind(source) {
        case .own: return nil
        case .ini:
            var site = AnsibleSite(findings, at: place)
            AnsibleINI(source: source, findings: findings).read(into: &site)
            return try finish(&site, source, paths, defaults)
        case .yaml:
            guard let site = try AnsibleYAML(findings: findings).read() else { return nil }
            var whole = site
            return try finish(&whole, source, paths, defaults)
        case .ssh:
            let inventory = withoutActuallyEscaping(include) {
                SSHConfig(source: source, findings: findings, include: $0).inventory(paths, defaults)
            }
            try findings.check()
            return inventory
        }
    }

    private static func finish(
        _ site: inout AnsibleSite, _ source: SourceText, _ paths: InventoryPaths, _ defaults: Host
    ) throws(InvalidFiles) -> Inventory {
        site.settle()
        try site.findings.check()
        var inventory = site.inventory(path: source.path, paths, defaults: defaults)
        if inventory.hosts.isEmpty { site.findings.add(at: source.place(1, 1), "the inventory has no hosts") }
        if inventory.hosts.count > Limits.hostsPerInventory {
            site.findings.add(
                at: source.place(1, 1), "an inventory has at most \(Limits.hostsPerInventory) hosts")
        }
        try site.findings.check()
        inventory.notices = site.findings.warnings
        inventory.origin = .ansible
        return inventory
    }

    private enum Kind { case own, ini, yaml, ssh }

    /// By the first line that says anything.
    private static func kind(_ source: SourceText) -> Kind {
        if source.lines.contains(where: { $0.hasPrefix("version:") }) { return .own }
        let lines = source.lines.map { line in line.drop { $0 == " " || $0 == "\t" } }
        guard let first = lines.first(where: { !$0.isEmpty && !$0.hasPrefix("#") && !$0.hasPrefix(";") }) else {
            return .own
        }
        let word = first.prefix { $0 != " " && $0 != "\t" && $0 != "=" }.lowercased()
        if ["host", "match", "include"].contains(word), first.utf8.count > word.utf8.count, !first.contains(":") {
            return .ssh
        }
        if first.hasPrefix("---") || first.hasPrefix("{") || first.hasPrefix("%") { return .yaml }
        if first.hasPrefix("[") { return .ini }
        // `key:` or `key: value` begins YAML; what has a value with an equals sign, or a name alone, a list of hosts.
        let name = first.prefix { $0 != " " && $0 != "\t" }
        if name.hasSuffix(":") || first.contains(": ") { return .yaml }
        return name.contains("=") || source.path.hasSuffix(".yaml") || source.path.hasSuffix(".yml") ? .yaml : .ini
    }
}
