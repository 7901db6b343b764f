internal import RunbookModel

/// Reads what an inventory says of machines and services beside how to reach them.
struct SystemFactsReader {
    let findings: Findings

    func facts(_ fields: Fields) -> SystemFacts {
        var facts = SystemFacts()
        facts.provides = services(fields, "provides")
        facts.requires = services(fields, "requires")
        facts.placedOn = fields.names("placed_on", single: true) ?? []
        facts.apartFrom = fields.names("apart_from", single: true) ?? []
        facts.rto = fields.duration("rto")
        facts.rpo = fields.duration("rpo")
        if let tree = fields.value("protection"),
            let inner = Fields(tree, InventoryKeys.protection, what: "`protection`", findings)
        {
            facts.protection.confidentiality = inner.word("confidentiality")
            facts.protection.integrity = inner.word("integrity")
            facts.protection.availability = inner.word("availability")
        }
        if let tree = fields.value("backup"),
            let inner = Fields(tree, InventoryKeys.backup, what: "`backup`", findings)
        {
            facts.backup = backup(inner)
        }
        facts.domains = fields.names("domain", single: true) ?? []
        if let tree = fields.value("capacity"),
            let inner = Fields(tree, InventoryKeys.capacity, what: "`capacity`", findings)
        {
            facts.capacity.memory = inner.size("memory")
            facts.capacity.processors = inner.integer("cpus")
        }
        facts.escrow = fields.nonEmpty("escrow")
        if let tree = fields.value("snapshot"),
            let inner = Fields(tree, InventoryKeys.snapshot, what: "`snapshot`", findings)
        {
            facts.snapshot = snapshot(inner)
        }
        if let tree = fields.value("health"),
            let inner = Fields(tree, InventoryKeys.health, what: "`health`", findings)
        {
            facts.health = Health(
                checked: inner.date("checked"), every: inner.duration("every") ?? .seconds(30 * 86_400))
        }
        facts.mitigations = mitigations(fields)
        return facts
    }

    private func snapshot(_ fields: Fields) -> SnapshotRule {
        if !fields.has("platform") { fields.missing("platform", of: "`snapshot`") }
        let known = SnapshotRule.Platform.allCases.map(\.rawValue)
        let platforms = (fields.names("platform", single: true) ?? []).compactMap { name in
            let platform = SnapshotRule.Platform(rawValue: name.name)
            if platform == nil {
                findings.add(
                    at: name.place,
                    "`platform` can't be `\(Excerpt.of(name.name))`; it is one of \(known.joined(separator: ", "))",
                    hint: Nearest.hint(name.name, known))
            }
            return platform
        }
        return SnapshotRule(
            platforms: platforms, every: fields.duration("every") ?? .seconds(30 * 86_400),
            copies: fields.names("copies", single: true) ?? [], at: fields.place)
    }

    private func mitigations(_ fields: Fields) -> [Mitigation] {
        (fields.mapping("instead_of") ?? []).compactMap { service, value in
            guard case .scalar(let text, _) = value.content, let means = Mitigation.Means(rawValue: text) else {
                let known = Mitigation.Means.allCases.map(\.rawValue)
                findings.add(
                    at: value.place, "`instead_of` names what is there instead: \(known.joined(separator: ", "))")
                return nil
            }
            return Mitigation(service: service, means: means)
        }
    }

    private func backup(_ fields: Fields) -> Backup {
        var backup = Backup(method: fields.required("method", of: "`backup`") ?? "")
        backup.place = fields.nonEmpty("where")
        backup.interval = fields.duration("every")
        if let included = fields.boolean("image_included") { backup.imageIncluded = included }
        backup.lastTest = fields.date("last_test")
        backup.server = fields.nonEmpty("server").flatMap { text in
            fields.value("server").map { Named(text, at: $0.place) }
        }
        backup.requires = services(fields, "requires")
        backup.domains = fields.names("domain", single: true) ?? []
        backup.size = fields.size("size")
        backup.throughput = fields.size("throughput")
        return backup
    }

    func waivers(_ fields: Fields) -> [Waiver] {
        (fields.list("waivers") ?? []).compactMap { entry in
            guard let inner = Fields(entry, InventoryKeys.waiver, what: "a waiver", findings) else { return nil }
            let rule: Rule? = inner.word("rule")
            let who = inner.required("who", of: "a waiver")
            let why = inner.required("why", of: "a waiver")
            if inner.value("until") == nil { _ = inner.required("until", of: "a waiver") }
            guard let rule, let who, let why, let until = inner.date("until") else { return nil }
            return Waiver(
                rule: rule, about: inner.names("about", single: true) ?? [], who: who, why: why, until: until,
                at: entry.place)
        }
    }

    private func services(_ fields: Fields, _ key: String) -> [Named] {
        let names = fields.names(key, single: true) ?? []
        for name in names { InventoryReader.checkName(name, what: "service", hasParts: true, findings) }
        return names
    }

    func services(_ fields: Fields) -> [Service] {
        (fields.mapping("services") ?? []).compactMap { key, value in
            InventoryReader.checkName(key, what: "service", hasParts: true, findings)
            let what = "the service `\(Excerpt.of(key.name))`"
            guard let inner = Fields(value, InventoryKeys.service, what: what, at: key.place, findings) else {
                return nil
            }
            return Service(
                name: key.name, kind: inner.word("kind"), isExternal: inner.boolean("external") ?? false,
                grace: inner.duration("grace"), requires: services(inner, "requires"), at: key.place)
        }
    }

    /// Hosts that others name: they have to be there, and no host is reached through itself.
    func check(_ inventory: Inventory) {
        let names = inventory.hosts.map(\.name)
        let index = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        for host in inventory.hosts {
            for name in host.facts.placedOn + host.facts.apartFrom + [host.via].compactMap(\.self) {
                if index[name.name] == nil {
                    findings.add(
                        at: name.place, "unknown host `\(Excerpt.of(name.name))`", hint: Nearest.hint(name.name, names))
                } else if name.name == host.name {
                    findings.add(at: name.place, "the host `\(Excerpt.of(host.name))` names itself")
                }
            }
        }
        for (reason, next) in [
            ("are reached through", { (host: Host) in [host.via].compactMap(\.self) }),
            ("run on", { (host: Host) in host.facts.placedOn }),
        ] {
            let edges = inventory.hosts.enumerated().map { number, host in
                next(host).compactMap { index[$0.name] }.filter { $0 != number }
            }
            guard let cycle = StepCycle.first(in: edges), let first = cycle.first,
                let place = next(inventory.hosts[first]).first?.place
            else { continue }
            findings.add(
                at: place, "these hosts \(reason) each other: \(RunbookOrder.names(cycle.map { names[$0] }))")
        }
    }
}
