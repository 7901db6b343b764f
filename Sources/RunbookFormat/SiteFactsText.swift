internal import RunbookModel

/// What an inventory says of the site as a whole, and of machines beyond what they give and need, as text that reads back.
enum SiteFactsText {
    static func lines(_ inventory: Inventory) -> [String] {
        var lines: [String] = []
        func section(_ name: String, _ entries: [String]) {
            if !entries.isEmpty { lines += ["\(name):"] + entries.map { "  \($0)" } }
        }
        section(
            "domains",
            inventory.domains.map {
                "\(quote($0.name)): { \(joined(["kind: \($0.kind.rawValue)"] + list("part_of", $0.partOf))) }"
            })
        section("redundancy", inventory.redundancy.map(group))
        section("people", inventory.people.map(person))
        section(
            "roles",
            inventory.roles.map {
                "\(quote($0.name)): { people: \($0.people), trained_every: \(DurationText.format($0.trainedEvery)) }"
            })
        section(
            "scenarios",
            (inventory.scenarios ?? []).map { entry in
                let words = entry.none.map { ["none: \(quote($0))"] } ?? list("runbooks", entry.runbooks)
                return "\(entry.scenario.rawValue): { \(joined(words)) }"
            })
        if inventory.scenarios?.isEmpty ?? false { lines.append("scenarios: {}") }
        if let packs = inventory.packs {
            let entries = packs.map { pack in
                joined(
                    ["where: \(quote(pack.whereabouts))"] + (pack.file.map { ["file: \(quote($0))"] } ?? [])
                        + list("domain", pack.domains))
            }
            lines.append("packs: [\(entries.map { "{ \($0) }" }.joined(separator: ", "))]")
        }
        if let every = inventory.drillEvery { lines.append("drills: { every: \(DurationText.format(every)) }") }
        if inventory.cumulation != Inventory.standardCumulation { lines.append("cumulation: \(inventory.cumulation)") }
        return lines
    }

    private static func group(_ group: RedundancyGroup) -> String {
        var words = ["members: [\(group.members.map { quote($0.name) }.joined(separator: ", "))]"]
        if let votes = group.votes {
            let pairs = votes.sorted { $0.key < $1.key }.map { "\(quote($0.key)): \($0.value)" }
            words.append("votes: { \(joined(pairs)) }")
        } else {
            words.append("at_least: \(group.atLeast)")
        }
        words.append("across: [\(group.across.map(\.rawValue).joined(separator: ", "))]")
        return "\(quote(group.name)): { \(joined(words)) }"
    }

    private static func person(_ contact: Contact) -> String {
        var words = ["name: \(quote(contact.name))"]
        if let phone = contact.phone { words.append("phone: \(quote(phone))") }
        if let reference = contact.reference { words.append("reference: \(quote(reference))") }
        if let signer = contact.signer { words.append("signer: \(quote(signer))") }
        if !contact.roles.isEmpty { words.append("roles: [\(contact.roles.map(quote).joined(separator: ", "))]") }
        if let deputy = contact.person?.deputy { words.append("deputy: \(quote(deputy.name))") }
        if let trained = contact.person?.trained { words.append("trained: \(quote(trained))") }
        words += list("requires", contact.person?.requires ?? [])
        return "\(quote(contact.id)): { \(joined(words)) }"
    }

    /// Of a machine.
    static func lines(_ facts: SystemFacts) -> [String] {
        var lines = list("domain", facts.domains)
        var capacity: [String] = []
        if let memory = facts.capacity.memory { capacity.append("memory: \(memory)B") }
        if let processors = facts.capacity.processors { capacity.append("cpus: \(processors)") }
        if !capacity.isEmpty { lines.append("capacity: { \(joined(capacity)) }") }
        if let escrow = facts.escrow { lines.append("escrow: \(quote(escrow))") }
        if let health = facts.health {
            let checked = health.checked.map { ["checked: \(quote($0))"] } ?? []
            lines.append("health: { \(joined(checked + ["every: \(DurationText.format(health.every))"])) }")
        }
        if let snapshot = facts.snapshot {
            let words =
                ["platform: [\(snapshot.platforms.map(\.rawValue).joined(separator: ", "))]"]
                + ["every: \(DurationText.format(snapshot.every))"] + list("copies", snapshot.copies)
            lines.append("snapshot: { \(joined(words)) }")
        }
        if !facts.mitigations.isEmpty {
            let words = facts.mitigations.map { "\(quote($0.service.name)): \($0.means.rawValue)" }
            lines.append("instead_of: { \(joined(words)) }")
        }
        return lines
    }

    /// Of a backup, beside what is said of it elsewhere.
    static func words(_ backup: Backup) -> [String] {
        (backup.server.map { ["server: \(quote($0.name))"] } ?? []) + list("requires", backup.requires)
            + list("domain", backup.domains) + (backup.size.map { ["size: \($0)B"] } ?? [])
            + (backup.throughput.map { ["throughput: \($0)B"] } ?? [])
    }

    /// Of a service, likewise.
    static func words(_ service: Service) -> [String] {
        (service.kind == Service.kind(named: service.name) ? [] : ["kind: \(service.kind.rawValue)"])
            + (service.grace.map { ["grace: \(DurationText.format($0))"] } ?? [])
    }

    private static func joined(_ words: [String]) -> String { words.joined(separator: ", ") }

    private static func list(_ key: String, _ names: [Named]) -> [String] {
        names.isEmpty ? [] : ["\(key): [\(names.map { quote($0.name) }.joined(separator: ", "))]"]
    }

    private static func quote(_ text: String) -> String { InventoryText.quote(text) }
}
