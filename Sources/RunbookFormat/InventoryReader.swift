package import RunbookModel

/// Reads an inventory.
package enum InventoryReader {
    static let table = KeyTable(
        known: ["version", "name", "defaults", "hosts", "groups", "lab_speed", "lab_shell"],
        later: ["contacts", "services", "domains", "redundancy", "people", "roles"])
    static let defaultsTable = KeyTable(
        known: ["user", "port", "identity_file", "known_hosts"], later: ["become", "via"])
    static let hostTable = KeyTable(
        known: [
            "kind", "address", "port", "user", "identity_file", "known_hosts", "host_key", "receipts", "location",
            "bmc",
        ],
        later: [
            "via", "provides", "requires", "protection", "placed_on", "rto", "rpo", "apart_from", "backup", "become",
            "contact", "domain", "capacity", "snapshot", "escrow",
        ])

    /// `home` is what `~` stands for; relative paths are relative to the inventory's folder.
    package static func read(bytes: [UInt8], path: String, home: String?) throws(InvalidFiles) -> Inventory {
        let source = try SourceText(bytes, path: path, limitBytes: Limits.inventoryBytes)
        let tree = try YamlParser(source: source).parse()
        let findings = Findings(source)
        guard let fields = Fields(tree, table, what: "an inventory", findings) else {
            throw InvalidFiles(findings.sorted)
        }
        FileVersion.check(fields, what: "the inventory")
        var inventory = Inventory(path: path, name: fields.required("name", of: "the inventory") ?? "")
        if let speed = fields.integer("lab_speed", in: 1...1_000) { inventory.labSpeed = speed }
        let paths = InventoryPaths(inventory: path, home: home)
        inventory.labShell = fields.text("lab_shell").map(paths.absolute)
        var defaults = Host(name: "", address: "", at: tree.place)
        defaults.knownHosts = home.map { "\($0)/.ssh/known_hosts" }
        if let tree = fields.value("defaults"),
            let inner = Fields(tree, defaultsTable, what: "`defaults`", findings)
        {
            readConnection(inner, &defaults, paths)
        }
        if !fields.has("hosts") { fields.missing("hosts", of: "the inventory") }
        let hosts = fields.mapping("hosts") ?? []
        if fields.has("hosts"), hosts.isEmpty, case .mapping = fields.value("hosts")?.content {
            findings.add(at: fields.keyPlace("hosts"), "the inventory has no hosts")
        }
        if hosts.count > Limits.hostsPerInventory {
            findings.add(at: fields.keyPlace("hosts"), "an inventory has at most \(Limits.hostsPerInventory) hosts")
        }
        for (key, value) in hosts {
            if let host = host(key, value, defaults, paths, findings) { inventory.hosts.append(host) }
        }
        readGroups(fields, &inventory, findings)
        try findings.check()
        return inventory
    }

    private static func host(
        _ key: Named, _ value: YamlTree, _ defaults: Host, _ paths: InventoryPaths, _ findings: Findings
    ) -> Host? {
        checkName(key, what: "host", findings)
        guard let fields = Fields(value, hostTable, what: "a host", findings) else { return nil }
        var host = defaults
        host.name = key.name
        host.place = key.place
        host.address = fields.required("address", of: "host `\(TerminalText.shown(key.name))`") ?? ""
        if let place = fields.value("address")?.place, !host.address.isEmpty, !isAddress(host.address) {
            findings.add(
                at: place, "`\(TerminalText.shown(host.address))` is no address",
                hint: "write it as 10.0.0.5 or fd00::5")
        }
        host.kind = fields.word("kind")
        host.location = fields.text("location")
        host.bmc = fields.text("bmc")
        if let receipts = fields.boolean("receipts") { host.receipts = receipts }
        if let key = fields.text("host_key"), let place = fields.value("host_key")?.place {
            let isFingerprint = key.hasPrefix("SHA256:") && key.utf8.count == 50
            if !isFingerprint {
                findings.add(
                    at: place, "`host_key` has to be a fingerprint like SHA256:…",
                    hint: "`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the host shows it")
            }
            host.hostKey = key
        }
        readConnection(fields, &host, paths)
        return host
    }

    private static func readConnection(_ fields: Fields, _ host: inout Host, _ paths: InventoryPaths) {
        if let port = fields.integer("port", in: 1...65_535) { host.port = port }
        if let user = fields.text("user") { host.user = user }
        if let file = fields.text("identity_file") { host.identityFile = paths.absolute(file) }
        if let file = fields.text("known_hosts") { host.knownHosts = paths.absolute(file) }
    }

    private static func isAddress(_ text: String) -> Bool {
        text.utf8.count <= 253
            && text.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"),
                    UInt8(ascii: "%"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private static func checkName(_ key: Named, what: String, _ findings: Findings) {
        let isName =
            !key.name.isEmpty && key.name.utf8.count <= 100
            && key.name.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
        guard isName, key.name != Host.localName, key.name.utf8.first != UInt8(ascii: ".") else {
            findings.add(
                at: key.place, "`\(TerminalText.shown(key.name))` is no name for a \(what)",
                hint: key.name == Host.localName ? "`local` is this machine" : "use letters, digits, `.`, `-` and `_`")
            return
        }
    }

    private static func readGroups(_ fields: Fields, _ inventory: inout Inventory, _ findings: Findings) {
        let pairs = fields.mapping("groups") ?? []
        let hosts = Set(inventory.hosts.map(\.name))
        let groups = pairs.map(\.key.name)
        let known = inventory.hosts.map(\.name) + groups
        for (key, value) in pairs {
            checkName(key, what: "group", findings)
            if hosts.contains(key.name) { findings.add(at: key.place, "`\(key.name)` is the name of a host already") }
            guard case .sequence(let items) = value.content else {
                findings.add(at: value.place, "a group has to be a list of hosts and groups, not \(value.noun)")
                continue
            }
            var members: [Named] = []
            for item in items {
                guard case .scalar(let name, _) = item.content, !item.isNull else {
                    findings.add(at: item.place, "a group has to list names, not \(item.noun)")
                    continue
                }
                members.append(Named(name, at: item.place))
                if !hosts.contains(name), !groups.contains(name) {
                    findings.add(
                        at: item.place, "unknown host or group `\(TerminalText.shown(name))`",
                        hint: Nearest.hint(name, known))
                }
            }
            inventory.groups.append(Group(name: key.name, members: members, place: key.place))
        }
        let index = Dictionary(groups.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let needs = inventory.groups.map { $0.members.compactMap { index[$0.name] } }
        if needs.count == groups.count, let cycle = StepCycle.first(in: needs), let first = cycle.first {
            findings.add(
                at: inventory.groups[first].place,
                "these groups hold each other: \(cycle.map { groups[$0] }.joined(separator: " -> "))")
        }
    }
}

/// Paths in an inventory, made absolute as far as the inventory's own path is.
struct InventoryPaths {
    let inventory: String
    let home: String?

    func absolute(_ path: String) -> String {
        if path == "~" || path.hasPrefix("~/"), let home { return home + path.dropFirst() }
        if path.hasPrefix("/") { return path }
        guard let slash = inventory.lastIndex(of: "/") else { return path }
        return "\(inventory[..<slash])/\(path)"
    }
}
