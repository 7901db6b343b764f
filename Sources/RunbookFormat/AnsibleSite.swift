internal import RunbookModel

/// Groups, hosts and variables as Ansible has them, while they are read.
///
/// A host has the variables of all its groups, those of outer groups first: by depth, then by `ansible_group_priority`,
/// then by name; its own come last.
struct AnsibleSite {
    struct Group {
        var hosts: [String] = []
        var children: [String] = []
        var variables: [VariableValue.Member] = []
        var priority = 1
        var place: SourcePlace
    }

    static let all = "all"
    static let ungrouped = "ungrouped"
    private static let priorityKey = "ansible_group_priority"

    let findings: Findings
    /// In the order in which they are first named.
    private(set) var groupNames: [String] = []
    private(set) var groups: [String: Group] = [:]
    private(set) var hostNames: [String] = []
    private(set) var hosts: [String: [VariableValue.Member]] = [:]
    private var places: [String: SourcePlace] = [:]
    /// Which hosts a group holds itself.
    private var members: [String: Set<String>] = [:]

    init(_ findings: Findings, at place: SourcePlace) {
        self.findings = findings
        addGroup(Self.all, at: place)
        addGroup(Self.ungrouped, at: place)
    }

    mutating func addGroup(_ name: String, at place: SourcePlace) {
        if groups[name] == nil {
            groups[name] = Group(place: place)
            groupNames.append(name)
        }
    }

    mutating func addChild(_ child: String, to parent: String) {
        if child != parent, !(groups[parent]?.children.contains(child) ?? true) {
            groups[parent]?.children.append(child)
        }
    }

    mutating func addHost(_ name: String, to group: String, port: Int?, at place: SourcePlace) {
        // One more than may be: what is too many is told once, at the end.
        guard hosts[name] != nil || hostNames.count <= Limits.hostsPerInventory else { return }
        if hosts[name] == nil {
            hosts[name] = port.map { [VariableValue.Member("ansible_port", .integer(Int64($0)))] } ?? []
            hostNames.append(name)
            places[name] = place
        }
        if members[group, default: []].insert(name).inserted { groups[group]?.hosts.append(name) }
    }

    mutating func setHost(_ host: String, _ name: String, _ value: VariableValue, at place: SourcePlace) {
        check(value, name, place)
        guard hosts[host] != nil else { return }
        hosts[host]?.set(name, value)
    }

    mutating func setGroup(_ group: String, _ name: String, _ value: VariableValue, at place: SourcePlace) {
        check(value, name, place)
        guard name == Self.priorityKey else {
            groups[group]?.variables.set(name, value)
            return
        }
        if case .integer(let number) = value { groups[group]?.priority = Int(clamping: number) }
    }

    /// What only Ansible itself can work out is refused: a value that is not what it says is worse than none.
    private func check(_ value: VariableValue, _ name: String, _ place: SourcePlace) {
        switch value {
        case .text(let text):
            if text.contains("{{") || text.contains("{%") {
                findings.add(
                    at: place, "`\(Excerpt.of(name))` has a Jinja expression, which is not worked out here",
                    hint: "write the value itself")
            } else if text.hasPrefix("$ANSIBLE_VAULT") {
                findings.add(
                    at: place, "`\(Excerpt.of(name))` is encrypted with Ansible Vault, which is not read",
                    hint: "declare it under `secrets` of the runbook")
            }
        case .list(let items): for item in items { check(item, name, place) }
        case .map(let members): for member in members { check(member.value, name, place) }
        case .null, .boolean, .integer, .number: break
        }
    }

    /// Puts what belongs to nothing under `ungrouped` and `all`.
    mutating func settle() {
        // To stand under `all` directly is to have no group.
        let grouped = Set(
            groups.filter { $0.key != Self.ungrouped && $0.key != Self.all }.flatMap(\.value.hosts))
        groups[Self.all]?.hosts = []
        members[Self.all] = []
        for host in hostNames {
            if !grouped.contains(host) {
                addHost(
                    host, to: Self.ungrouped, port: nil, at: places[host] ?? SourcePlace(path: "", line: 1, column: 1))
            }
        }
        for name in groupNames where name == Self.ungrouped { groups[name]?.hosts.removeAll { grouped.contains($0) } }
        let children = Set(groups.values.flatMap(\.children))
        for name in groupNames where name != Self.all && !children.contains(name) { addChild(name, to: Self.all) }
        let names = groupNames
        let index = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { one, _ in one })
        let edges = names.map { (groups[$0]?.children ?? []).compactMap { index[$0] } }
        if let cycle = StepCycle.first(in: edges), let first = cycle.first, let place = groups[names[first]]?.place {
            findings.add(
                at: place, "these groups hold each other: \(RunbookOrder.names(cycle.map { names[$0] }))")
        }
    }

    // MARK: What it comes to

    /// The longest way from `all` to each group.
    private var depths: [String: Int] {
        // Each group once, when all that hold it are done. What holds itself was told, and is left out.
        var waits: [String: Int] = [:]
        for name in groupNames { for child in groups[name]?.children ?? [] { waits[child, default: 0] += 1 } }
        var depths: [String: Int] = [Self.all: 0]
        var ready = groupNames.filter { waits[$0] == nil }
        while let name = ready.popLast() {
            for child in groups[name]?.children ?? [] {
                depths[child] = max(depths[child] ?? 0, (depths[name] ?? 0) + 1)
                let left = (waits[child] ?? 1) - 1
                waits[child] = left
                if left == 0 { ready.append(child) }
            }
        }
        return depths
    }

    private var parents: [String: [String]] {
        var parents: [String: [String]] = [:]
        for name in groupNames {
            for child in groups[name]?.children ?? [] { parents[child, default: []].append(name) }
        }
        return parents
    }

    /// The inventory, each host with all its variables.
    func inventory(path: String, _ paths: InventoryPaths, defaults: Host) -> Inventory {
        var inventory = Inventory(path: path, name: path)
        let (depths, parents) = (depths, parents)
        var direct: [String: [String]] = [:]
        for name in groupNames { for host in groups[name]?.hosts ?? [] { direct[host, default: []].append(name) } }
        for name in hostNames {
            var mine: Set<String> = [Self.all]
            var open = direct[name] ?? []
            while let group = open.popLast() { if mine.insert(group).inserted { open += parents[group] ?? [] } }
            let sorted = mine.sorted { one, other in
                let (first, second) = (groups[one]?.priority ?? 1, groups[other]?.priority ?? 1)
                return (depths[one] ?? 0, first, one) < (depths[other] ?? 0, second, other)
            }
            var variables: [VariableValue.Member] = []
            for group in sorted {
                for member in groups[group]?.variables ?? [] { variables.set(member.name, member.value) }
            }
            for member in hosts[name] ?? [] { variables.set(member.name, member.value) }
            let place = places[name] ?? SourcePlace(path: path, line: 1, column: 1)
            inventory.hosts.append(AnsibleHost(findings: findings).host(name, variables, paths, defaults, at: place))
        }
        for name in groupNames {
            guard let group = groups[name], !(name == Self.ungrouped && group.hosts.isEmpty) else { continue }
            let children = group.children.filter { child in
                guard let inner = groups[child] else { return false }
                return child != Self.ungrouped || !inner.hosts.isEmpty
            }
            let members = children + group.hosts
            inventory.groups.append(
                RunbookModel.Group(
                    name: name, members: members.map { Named($0, at: group.place) }, place: group.place))
        }
        return inventory
    }
}

/// What Ansible's variables mean to a connection.
struct AnsibleHost {
    let findings: Findings

    /// Variables about connections that we can't honour, and what to do.
    private static let foreign: [(prefix: String, hint: String)] = [
        ("ansible_password", "use a key; passwords do not stand in files"),
        ("ansible_ssh_pass", "use a key; passwords do not stand in files"),
        ("ansible_become_pass", "write `become: { password: … }` in the runbook, from a secret"),
        ("ansible_ssh_common_args", "jump hosts and options of OpenSSH are not taken from here"),
        ("ansible_ssh_extra_args", "options of OpenSSH are not taken from here"),
        ("ansible_connection", "every host is reached over SSH; `local` in a runbook is this machine"),
        ("ansible_become_user", "commands run as root, or as who logs in"),
        ("ansible_become_method", "commands become root with sudo"),
    ]

    func host(
        _ name: String, _ variables: [VariableValue.Member], _ paths: InventoryPaths, _ defaults: Host,
        at place: SourcePlace
    ) -> Host {
        InventoryReader.checkName(Named(name, at: place), what: "host", findings)
        var host = defaults
        host.name = name
        host.place = place
        host.variables = variables
        host.address = text(variables, ["ansible_host", "ansible_ssh_host"]) ?? name
        if !HostAddress.isAddress(host.address) {
            findings.add(at: place, "`\(Excerpt.of(host.address))` is no address", hint: HostAddress.hint(host.address))
        }
        if let user = text(variables, ["ansible_user", "ansible_ssh_user"]) { host.user = user }
        if let file = text(variables, ["ansible_ssh_private_key_file", "ansible_private_key_file"]) {
            host.identityFile = paths.absolute(file)
        }
        if let text = text(variables, ["ansible_port", "ansible_ssh_port"]) {
            if let port = Int(text), (1...65_535).contains(port) {
                host.port = port
            } else {
                findings.add(at: place, "`ansible_port` of `\(Excerpt.of(name))` is no port: `\(Excerpt.of(text))`")
            }
        }
        switch variables["ansible_become"] ?? variables["ansible_sudo"] {
        case .boolean(let become): host.become = become
        case .text(let word): host.become = ["yes", "true", "on", "1", "y", "t"].contains(word.lowercased())
        case .integer(let number): host.become = number == 1
        case .null, .number, .list, .map, nil: break
        }
        for member in variables {
            guard let found = Self.foreign.first(where: { member.name.hasPrefix($0.prefix) }) else { continue }
            if member.name == "ansible_connection", ["ssh", "smart", "paramiko"].contains(member.value.scalar ?? "") {
                continue
            }
            if member.name == "ansible_become_user", member.value.scalar == "root" { continue }
            if member.name == "ansible_become_method", member.value.scalar == "sudo" { continue }
            findings.warn(
                at: place, "`\(Excerpt.of(member.name))` of `\(Excerpt.of(name))` is not honoured", hint: found.hint)
        }
        return host
    }

    private func text(_ variables: [VariableValue.Member], _ names: [String]) -> String? {
        for name in names { if let text = variables[name]?.scalar, !text.isEmpty { return text } }
        return nil
    }
}
