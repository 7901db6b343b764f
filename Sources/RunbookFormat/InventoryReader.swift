package import RunbookModel

/// Reads an inventory.
package enum InventoryReader {
    /// `include` gives the files that an OpenSSH configuration names; `home` is what `~` stands for; relative paths are relative to the inventory's folder.
    package static func read(
        bytes: [UInt8], path: String, home: String?, include: (String) -> [(path: String, bytes: [UInt8])] = { _ in [] }
    ) throws(InvalidFiles) -> Inventory {
        let source = try SourceText(bytes, path: path, limitBytes: Limits.inventoryBytes)
        let findings = Findings(source)
        let paths = InventoryPaths(inventory: path, home: home)
        var defaults = Host(name: "", address: "", at: source.place(1, 1))
        defaults.knownHosts = home.map { "\($0)/.ssh/known_hosts" }
        if let foreign = try ForeignInventory.read(source, paths, defaults, findings, include: include) {
            return foreign
        }
        let tree = try YamlParser(findings: findings).parse()
        guard let fields = Fields(tree, InventoryKeys.inventory, what: "an inventory", findings) else {
            throw InvalidFiles(findings.sorted)
        }
        FileVersion.check(fields, what: "the inventory")
        var inventory = Inventory(path: path, name: fields.required("name", of: "the inventory") ?? "")
        if let speed = fields.integer("lab_speed") { inventory.labSpeed = speed }
        inventory.allowedSigners = fields.nonEmpty("allowed_signers").map(paths.absolute)
        inventory.labShell = fields.text("lab_shell").map(paths.absolute)
        let connection = ConnectionReader(paths: paths, findings: findings)
        if let tree = fields.value("defaults"),
            let inner = Fields(tree, InventoryKeys.defaults, what: "`defaults`", findings)
        {
            connection.read(inner, &defaults)
        }
        if !fields.has("hosts") { fields.missing("hosts", of: "the inventory") }
        let hosts = fields.mapping("hosts") ?? []
        if hosts.isEmpty, fields.value("hosts")?.isMapping == true {
            findings.add(at: fields.keyPlace("hosts"), "the inventory has no hosts")
        }
        if hosts.count > Limits.hostsPerInventory {
            findings.add(at: fields.keyPlace("hosts"), "an inventory has at most \(Limits.hostsPerInventory) hosts")
        }
        for (key, value) in hosts {
            if let host = host(key, value, defaults, connection, findings) { inventory.hosts.append(host) }
        }
        readContacts(fields, &inventory, findings)
        let site = SiteFactsReader(findings: findings, paths: paths)
        site.read(fields, &inventory)
        ContactReader.checkSigners(inventory.contacts, fields, findings)
        inventory.witnesses = fields.names("witnesses", single: true) ?? []
        for witness in inventory.witnesses where !hosts.contains(where: { $0.key.name == witness.name }) {
            findings.add(
                at: witness.place, "unknown host `\(Excerpt.of(witness.name))`",
                hint: Nearest.hint(witness.name, hosts.map(\.key.name)))
        }
        let reader = SystemFactsReader(findings: findings)
        inventory.services = reader.services(fields)
        inventory.waivers = reader.waivers(fields)
        if inventory.hosts.count == hosts.count {
            reader.check(inventory)
            site.check(inventory)
        }
        // A host with faults is a host that groups may name.
        readGroups(fields, hosts.map(\.key.name), &inventory, findings)
        try findings.check()
        return inventory
    }

    private static func host(
        _ key: Named, _ value: YamlTree, _ defaults: Host, _ connection: ConnectionReader, _ findings: Findings
    ) -> Host? {
        checkName(key, what: "host", findings)
        let what = "the host `\(Excerpt.of(key.name))`"
        var hint: String?
        if case .scalar(let text, _) = value.content, HostAddress.isAddress(text) {
            hint = "write { address: \(text) }"
        }
        guard let fields = Fields(value, InventoryKeys.host, what: what, at: key.place, findings, hint: hint) else {
            return nil
        }
        var host = defaults
        host.name = key.name
        host.place = key.place
        host.address = fields.required("address", of: what) ?? ""
        if let place = fields.value("address")?.place, !host.address.isEmpty, !HostAddress.isAddress(host.address) {
            findings.add(
                at: place, "`\(Excerpt.of(host.address))` is no address", hint: HostAddress.hint(host.address))
        }
        for address in fields.names("addresses", single: true) ?? [] {
            if !HostAddress.isAddress(address.name) || HostAddress.needsNameService(address.name) {
                findings.add(
                    at: address.place, "`\(Excerpt.of(address.name))` is no literal address",
                    hint: "write it as 10.0.0.5 or fd00::5; a name belongs in `address`")
            }
            host.addresses.append(address.name)
        }
        host.kind = fields.word("kind")
        host.location = fields.nonEmpty("location")
        host.bmc = fields.nonEmpty("bmc")
        if let name = fields.nonEmpty("contact"), let place = fields.value("contact")?.place {
            host.contact = Named(name, at: place)
        }
        if let receipts = fields.boolean("receipts") { host.receipts = receipts }
        if let key = fields.text("host_key"), let place = fields.value("host_key")?.place {
            if !isFingerprint(key) {
                findings.add(
                    at: place, "`host_key` has to be SHA256: and 43 characters, not `\(Excerpt.of(key))`",
                    hint: "`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the host shows it")
            }
            host.hostKey = key
        }
        // What leads to all others is reached without.
        if host.via?.name == host.name { host.via = nil }
        connection.read(fields, &host)
        host.facts = SystemFactsReader(findings: findings).facts(fields)
        return host
    }

    /// Base64 of 32 bytes without padding, as `ssh-keygen -l` shows it.
    private static func isFingerprint(_ text: String) -> Bool {
        let digest = text.utf8.dropFirst(7)
        return text.hasPrefix("SHA256:") && digest.count == 43
            && digest.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "/"): true
                default: false
                }
            }
    }

    /// - Parameter hasParts: whether colons may divide it, as the names of services.
    static func checkName(_ key: Named, what: String, hasParts: Bool = false, _ findings: Findings) {
        func isName(_ part: Substring.UTF8View) -> Bool {
            guard let first = part.first, first != UInt8(ascii: "."), first != UInt8(ascii: "-") else { return false }
            return part.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
        }
        if key.name.isEmpty {
            findings.add(at: key.place, "the name of a \(what) is empty")
            return
        }
        let parts = hasParts ? key.name.split(separator: ":", omittingEmptySubsequences: false) : [key.name[...]]
        guard key.name.utf8.count <= 100, key.name != Host.localName, parts.allSatisfy({ isName($0.utf8) }) else {
            findings.add(
                at: key.place, "`\(Excerpt.of(key.name))` is no name for a \(what)",
                hint: key.name == Host.localName
                    ? "`local` is this machine"
                    : "use letters, digits, `.`, `-` and `_`, at most 100\(hasParts ? ", and `:` between two parts" : "")"
            )
            return
        }
    }

    private static func readContacts(_ fields: Fields, _ inventory: inout Inventory, _ findings: Findings) {
        for (key, value) in fields.mapping("contacts") ?? [] {
            checkName(key, what: "contact", findings)
            let what = "the contact `\(Excerpt.of(key.name))`"
            guard let inner = Fields(value, InventoryKeys.contact, what: what, at: key.place, findings) else {
                continue
            }
            inventory.contacts.append(ContactReader.read(key, inner, what))
        }
        let known = ["contacts", "people"].flatMap { fields.mapping($0) ?? [] }.map(\.key.name)
        for name in inventory.hosts.compactMap(\.contact) where !known.contains(name.name) {
            findings.add(
                at: name.place, "unknown contact `\(Excerpt.of(name.name))`", hint: Nearest.hint(name.name, known))
        }
    }

    private static func readGroups(
        _ fields: Fields, _ hosts: [String], _ inventory: inout Inventory, _ findings: Findings
    ) {
        let pairs = fields.mapping("groups") ?? []
        let groups = pairs.map(\.key.name)
        let knownHosts = Set(hosts)
        let known = knownHosts.union(groups)
        let hostsAreRead = fields.value("hosts")?.isMapping ?? false
        for (key, value) in pairs {
            checkName(key, what: "group", findings)
            if knownHosts.contains(key.name) {
                findings.add(at: key.place, "`\(Excerpt.of(key.name))` is the name of a host already")
            }
            var group = Group(name: key.name, members: [], place: key.place)
            if let items = value.items {
                group.members = findings.names(items, in: "a group")
            } else {
                var hint: String?
                if case .scalar(let text, _) = value.content, !value.isNull { hint = "write [\(Excerpt.of(text))]" }
                findings.add(
                    at: value.place, "a group has to be a list of hosts and groups, not \(value.noun)", hint: hint)
            }
            for member in group.members where hostsAreRead && !known.contains(member.name) {
                findings.add(
                    at: member.place, "unknown host or group `\(Excerpt.of(member.name))`",
                    hint: Nearest.hint(member.name, hosts + groups))
            }
            inventory.groups.append(group)
        }
        // The name of a host means the host.
        let index = Dictionary(
            groups.enumerated().filter { !knownHosts.contains($1) }.map { ($1, $0) },
            uniquingKeysWith: { first, _ in first })
        let members = inventory.groups.map { $0.members.compactMap { index[$0.name] } }
        if let cycle = StepCycle.first(in: members), let first = cycle.first {
            findings.add(
                at: inventory.groups[first].place,
                "these groups hold each other: \(RunbookOrder.names(cycle.map { groups[$0] }))")
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
