internal import RunbookModel

/// Reads what an inventory says of the site as a whole: what fails together, who is there, and what there is for which
/// emergency.
struct SiteFactsReader {
    let findings: Findings
    let paths: InventoryPaths

    func read(_ fields: Fields, _ inventory: inout Inventory) {
        inventory.domains = domains(fields)
        atMost(Limits.domainsPerInventory, inventory.domains, "domains", fields)
        inventory.redundancy = redundancy(fields)
        atMost(Limits.redundancyGroups, inventory.redundancy, "redundancy groups", fields, key: "redundancy")
        inventory.contacts += people(fields, beside: inventory.contacts)
        inventory.roles = roles(fields)
        inventory.scenarios = scenarios(fields)
        inventory.packs = packs(fields)
        if let tree = fields.value("drills"),
            let inner = Fields(tree, InventoryKeys.drills, what: "`drills`", findings)
        {
            inventory.drillEvery = inner.duration("every") ?? .seconds(365 * 86_400)
        }
        if let number = fields.integer("cumulation") { inventory.cumulation = number }
    }

    private func atMost<Value>(_ most: Int, _ all: [Value], _ noun: String, _ fields: Fields, key: String? = nil) {
        if all.count > most {
            findings.add(at: fields.keyPlace(key ?? noun), "an inventory has at most \(most) \(noun)")
        }
    }

    private func named<Value>(
        _ fields: Fields, _ key: String, _ noun: String, _ table: KeyTable, _ read: (Named, Fields, String) -> Value?
    ) -> [Value] {
        (fields.mapping(key) ?? []).compactMap { name, value in
            InventoryReader.checkName(name, what: noun, findings)
            let what = "the \(noun) `\(Excerpt.of(name.name))`"
            return Fields(value, table, what: what, at: name.place, findings).flatMap { read(name, $0, what) }
        }
    }

    private func domains(_ fields: Fields) -> [Domain] {
        named(fields, "domains", "domain", InventoryKeys.domain) { name, inner, what in
            if !inner.has("kind") { inner.missing("kind", of: what) }
            guard let kind: Domain.Kind = inner.word("kind") else { return nil }
            return Domain(
                name: name.name, kind: kind, partOf: inner.names("part_of", single: true) ?? [], at: name.place)
        }
    }

    private func redundancy(_ fields: Fields) -> [RedundancyGroup] {
        named(fields, "redundancy", "redundancy group", InventoryKeys.redundancy) { name, inner, what in
            if !inner.has("members") { inner.missing("members", of: what) }
            let members = inner.names("members") ?? []
            if let list = inner.value("members"), list.items?.isEmpty ?? false {
                findings.add(at: list.place, "\(what) has no members")
            }
            var group = RedundancyGroup(name: name.name, members: members, at: name.place)
            if let least = inner.integer("at_least") {
                group.atLeast = least
                if least > members.count, let place = inner.value("at_least")?.place {
                    findings.add(at: place, "\(what) has \(members.count) members, and `at_least` wants \(least)")
                }
            }
            if inner.has("at_least"), inner.has("votes") {
                findings.add(at: inner.keyPlace("votes"), "`at_least` and `votes` can't both be there")
            }
            if inner.has("votes") { group.votes = votes(inner, of: members) }
            if let kinds = inner.list("across") {
                group.across = kinds.compactMap { kind in
                    guard case .scalar(let text, _) = kind.content, let word = Domain.Kind(rawValue: text) else {
                        let known = Domain.Kind.allCases.map(\.rawValue)
                        findings.add(
                            at: kind.place, "`across` lists kinds of domains: \(known.joined(separator: ", "))")
                        return nil
                    }
                    return word
                }
            }
            return group
        }
    }

    private func votes(_ fields: Fields, of members: [Named]) -> [String: Int] {
        let names = members.map(\.name)
        var votes: [String: Int] = [:]
        for (key, value) in fields.mapping("votes") ?? [] {
            guard names.contains(key.name) else {
                findings.add(
                    at: key.place, "`\(Excerpt.of(key.name))` is no member of the group",
                    hint: Nearest.hint(key.name, names))
                continue
            }
            guard case .scalar(let text, _) = value.content, let number = Int(text), (0...1_000).contains(number) else {
                findings.add(at: value.place, "a number of votes has to be between 0 and 1000, not \(value.noun)")
                continue
            }
            votes[key.name] = number
        }
        return votes
    }

    private func people(_ fields: Fields, beside contacts: [Contact]) -> [Contact] {
        named(fields, "people", "person", InventoryKeys.person) { name, inner, what in
            if contacts.contains(where: { $0.id == name.name }) {
                findings.add(at: name.place, "`\(Excerpt.of(name.name))` is the name of a contact already")
            }
            var contact = ContactReader.read(name, inner, what)
            let deputy = inner.nonEmpty("deputy").flatMap { text in
                inner.value("deputy").map { Named(text, at: $0.place) }
            }
            contact.person = Person(
                deputy: deputy, trained: inner.date("trained"), requires: inner.names("requires", single: true) ?? [],
                at: name.place)
            return contact
        }
    }

    private func roles(_ fields: Fields) -> [Role] {
        named(fields, "roles", "role", InventoryKeys.role) { name, inner, _ in
            Role(
                name: name.name, people: inner.integer("people") ?? Role.standardPeople,
                trainedEvery: inner.duration("trained_every") ?? Role.standardTraining, at: name.place)
        }
    }

    private func scenarios(_ fields: Fields) -> [ScenarioEntry]? {
        guard let tree = fields.value("scenarios"),
            let all = Fields(tree, InventoryKeys.scenarios, what: "`scenarios`", findings)
        else { return nil }
        return all.keys.compactMap { key in
            guard let scenario = Scenario(rawValue: key.name), let value = all.value(key.name) else { return nil }
            let what = "the scenario `\(key.name)`"
            guard let inner = Fields(value, InventoryKeys.scenario, what: what, at: key.place, findings) else {
                return nil
            }
            let entry = ScenarioEntry(
                scenario: scenario, runbooks: inner.names("runbooks", single: true) ?? [],
                none: inner.nonEmpty("none"), at: key.place)
            if inner.has("runbooks") == inner.has("none") {
                findings.add(
                    at: key.place, "\(what) has to have either `runbooks` or `none`",
                    hint: "write { runbooks: [PATH] }, or { none: why there is no runbook }")
            }
            return entry
        }
    }

    private func packs(_ fields: Fields) -> [PackCopy]? {
        fields.list("packs").map { entries in
            entries.compactMap { entry in
                guard let inner = Fields(entry, InventoryKeys.pack, what: "a copy of the pack", findings),
                    let whereabouts = inner.required("where", of: "a copy of the pack")
                else { return nil }
                return PackCopy(
                    whereabouts: whereabouts, file: inner.nonEmpty("file").map(paths.absolute),
                    domains: inner.names("domain", single: true) ?? [], at: entry.place)
            }
        }
    }

    // MARK: What they name

    /// Hosts, domains, people and services that others name have to be there.
    func check(_ inventory: Inventory) {
        let hosts = inventory.hosts.map(\.name)
        known(inventory.redundancy.flatMap(\.members), hosts, "host")
        known(inventory.hosts.compactMap(\.facts.backup?.server), hosts, "host")
        known(inventory.hosts.flatMap { $0.facts.snapshot?.copies ?? [] }, hosts, "host")
        let domains = inventory.domains.map(\.name)
        known(inventory.domains.flatMap(\.partOf), domains, "domain")
        known(inventory.hosts.flatMap { $0.facts.domains + ($0.facts.backup?.domains ?? []) }, domains, "domain")
        known(inventory.packs?.flatMap(\.domains) ?? [], domains, "domain")
        known(inventory.people.compactMap(\.person?.deputy), inventory.people.map(\.id), "person")
        for person in inventory.people where person.person?.deputy?.name == person.id {
            person.person?.deputy.map { findings.add(at: $0.place, "nobody stands in for themselves") }
        }
        let index = Dictionary(domains.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let edges = inventory.domains.map { $0.partOf.compactMap { index[$0.name] } }
        if let cycle = StepCycle.first(in: edges), let first = cycle.first {
            findings.add(
                at: inventory.domains[first].place,
                "these domains are part of each other: \(RunbookOrder.names(cycle.map { domains[$0] }))")
        }
        checkDepth(inventory, index, edges)
        for host in inventory.hosts {
            let required = host.facts.requires.map(\.name)
            for mitigation in host.facts.mitigations where !required.contains(mitigation.service.name) {
                findings.add(
                    at: mitigation.service.place,
                    "the host `\(Excerpt.of(host.name))` does not require `\(Excerpt.of(mitigation.service.name))`",
                    hint: Nearest.hint(mitigation.service.name, required))
            }
        }
    }

    /// Nothing fails with more domains than anybody could walk to.
    private func checkDepth(_ inventory: Inventory, _ index: [String: Int], _ parents: [[Int]]) {
        func isTooMany(_ start: [Int]) -> Bool {
            var seen = Set(start)
            var open = start
            while let next = open.popLast(), seen.count <= Limits.domainsAround {
                for parent in parents[next] where seen.count <= Limits.domainsAround && seen.insert(parent).inserted {
                    open.append(parent)
                }
            }
            return seen.count > Limits.domainsAround
        }
        let most = "fails with more than \(Limits.domainsAround) domains, through others too"
        if let domain = inventory.domains.enumerated().first(where: { isTooMany(parents[$0.offset]) })?.element {
            findings.add(at: domain.place, "the domain `\(Excerpt.of(domain.name))` \(most)")
        }
        // Many machines stand in the same ones.
        var known: [[Int]: Bool] = [:]
        for host in inventory.hosts {
            let start = host.facts.domains.compactMap { index[$0.name] }
            if start.isEmpty { continue }
            let isBad = known[start] ?? isTooMany(start)
            known[start] = isBad
            guard isBad else { continue }
            findings.add(at: host.place, "the host `\(Excerpt.of(host.name))` \(most)")
            return
        }
    }

    private func known(_ names: [Named], _ all: [String], _ noun: String) {
        let set = Set(all)
        for name in names where !set.contains(name.name) {
            findings.add(
                at: name.place, "unknown \(noun) `\(Excerpt.of(name.name))`", hint: Nearest.hint(name.name, all))
        }
    }
}

/// A person or firm, by the keys that both have.
enum ContactReader {
    static func read(_ name: Named, _ fields: Fields, _ what: String) -> Contact {
        Contact(
            id: name.name, name: fields.required("name", of: what) ?? "", phone: fields.nonEmpty("phone"),
            reference: fields.nonEmpty("reference"), roles: (fields.names("roles", single: true) ?? []).map(\.name),
            signer: fields.nonEmpty("signer"))
    }

    /// A signature says who signed by one name alone: two contacts that share one would be one person with the roles of both.
    static func checkSigners(_ contacts: [Contact], _ fields: Fields, _ findings: Findings) {
        let keys = ["contacts", "people"].flatMap { fields.mapping($0) ?? [] }.map(\.key)
        var owners: [String: String] = [:]
        for contact in contacts {
            for name in [contact.id, contact.signer].compactMap(\.self) {
                let owner = owners[name, default: contact.id]
                owners[name] = owner
                guard owner != contact.id, let key = keys.first(where: { $0.name == contact.id }) else { continue }
                findings.add(
                    at: key.place,
                    "`\(Excerpt.of(contact.id))` and `\(Excerpt.of(owner))` share the signer `\(Excerpt.of(name))`",
                    hint: "one signer is one person: give each a name of their own, or make one contact of both")
            }
        }
    }
}
