package import RunbookModel

/// What a runbook names, against the inventory that it is laid over.
package enum RunbookNames {
    /// What is wrong with a file that it names.
    package static func fault(
        _ message: String, at file: Named, of runbook: Runbook, runbookText: [UInt8]
    ) -> Diagnostic {
        let text = runbook.included.first { $0.path == file.place.path }?.bytes ?? runbookText
        return SourceText(known: text, path: file.place.path).diagnostic(
            at: file.place, message, hint: "its path is relative to the runbook's folder")
    }

    package static func check(
        _ runbook: Runbook, against inventory: Inventory, runbookText: [UInt8]
    ) -> [Diagnostic] {
        let findings = Findings(SourceText(known: runbookText, path: runbook.path))
        for file in runbook.included { findings.included[file.path] = SourceText(known: file.bytes, path: file.path) }
        let names = inventory.hosts.map(\.name) + inventory.groups.map(\.name)
        let known = Set(names)
        let hosts = inventory.hosts.map(\.name) + [Host.localName]
        let contacts = inventory.contacts.map(\.id)
        let roles = inventory.contacts.flatMap(\.roles)
        let populated = populated(inventory)
        for step in runbook.steps {
            if let host = step.delegateTo, !hosts.contains(host.name) {
                findings.add(
                    at: host.place, "unknown host `\(Excerpt.of(host.name))`",
                    hint: inventory.group(host.name) != nil
                        ? "`\(Excerpt.of(host.name))` is a group; name one host" : Nearest.hint(host.name, hosts))
            }
            if case .approval(let approval) = step.action {
                if let reference = step.when?.references.first(where: { !$0.isVariable }) {
                    findings.add(
                        at: reference.place,
                        "the `when` of an approval can't use `\(Excerpt.of(reference.name))`",
                        hint:
                            "use `vars` only: whether people are asked is decided before the run begins, never by what "
                            + "a host answers")
                }
                for role in approval.roles where !roles.contains(role.name) {
                    findings.add(
                        at: role.place, "nobody in the inventory has the role `\(Excerpt.of(role.name))`",
                        hint: Nearest.hint(role.name, roles) ?? "give it to one of the inventory's `contacts`")
                }
                let people = inventory.contacts.count { person in
                    approval.roles.contains { person.roles.contains($0.name) }
                }
                if people > 0, people < approval.count, let place = approval.roles.first?.place {
                    findings.add(
                        at: place,
                        "\(approval.count) people have to approve, and the inventory has \(people) with these roles")
                }
            }
            if let contact = step.contact, !contacts.contains(contact.name) {
                findings.add(
                    at: contact.place, "unknown contact `\(Excerpt.of(contact.name))`",
                    hint: Nearest.hint(contact.name, contacts) ?? "give it under the inventory's `contacts`")
            }
            for host in step.hosts where host.name != Host.localName && !known.contains(host.name) {
                findings.add(
                    at: host.place, "unknown host or group `\(Excerpt.of(host.name))`",
                    hint: Nearest.hint(host.name, names) ?? "the inventory is \(TerminalText.shown(inventory.path))")
            }
            if let first = step.hosts.first, step.hosts.allSatisfy({ known.contains($0.name) }),
                !step.hosts.contains(where: { populated.contains($0.name) })
            {
                findings.add(
                    at: first.place, "`hosts` selects no host: `\(Excerpt.of(first.name))` is an empty group",
                    hint: "add hosts to the group in \(TerminalText.shown(inventory.path)), or remove the step")
            }
        }
        return findings.sorted
    }

    /// The names of hosts, and of groups with a host in them, however deep.
    private static func populated(_ inventory: Inventory) -> Set<String> {
        var parents: [String: [String]] = [:]
        for group in inventory.groups {
            for member in group.members { parents[member.name, default: []].append(group.name) }
        }
        var found: Set<String> = []
        var open = inventory.hosts.map(\.name) + [Host.localName]
        while let name = open.popLast() {
            if found.insert(name).inserted { open += parents[name] ?? [] }
        }
        return found
    }
}

/// What a fixture names, against the runbook and inventory that it plays.
package enum FixtureNames {
    package static func check(
        _ fixture: Fixture, _ runbook: Runbook, _ inventory: Inventory, fixtureText: [UInt8]
    ) -> [Diagnostic] {
        let findings = Findings(SourceText(known: fixtureText, path: fixture.path))
        let hosts = inventory.hosts.map(\.name) + [Host.localName]
        let steps = runbook.steps.map(\.id)
        let (knownHosts, knownSteps) = (Set(hosts), Set(steps))
        func checkHost(_ name: String, _ place: SourcePlace) {
            guard !name.contains("*"), !name.contains("?"), !knownHosts.contains(name) else { return }
            findings.add(at: place, "unknown host `\(Excerpt.of(name))`", hint: Nearest.hint(name, hosts))
        }
        func checkStep(_ step: Named) {
            if knownSteps.contains(step.name) { return }
            findings.add(
                at: step.place, "unknown step `\(Excerpt.of(step.name))`", hint: Nearest.hint(step.name, steps))
        }
        for host in fixture.hosts {
            checkHost(host.pattern, host.place)
            for answer in host.answers {
                for value in answer.set { if let name = value.host { checkHost(name, answer.place) } }
            }
        }
        for fault in fixture.faults {
            if let host = fault.host { checkHost(host, fault.place) }
            if let step = fault.from { checkStep(step) }
        }
        let checkpoints = runbook.checkpoints + [RollbackPlan.start]
        for line in fixture.operatorLines {
            for target in line.choose.compactMap(\.target) where !checkpoints.contains(target.name) {
                findings.add(
                    at: target.place, "unknown checkpoint `\(Excerpt.of(target.name))`",
                    hint: Nearest.name(to: target.name, in: checkpoints).map { "did you mean `rollback:\($0)`?" })
            }
            checkStep(line.step)
            let asked = runbook.steps.first { $0.id == line.step.name }?.questions.map(\.name)
            for value in line.values where asked.map({ !$0.contains(value.name) }) ?? false {
                findings.add(
                    at: line.step.place, "the step does not ask for `\(Excerpt.of(value.name))`",
                    hint: Nearest.hint(value.name, asked ?? []))
            }
            let approval = runbook.steps.first { $0.id == line.step.name }.map(\.action)
            if case .approval? = approval, line.approvers.isEmpty {
                findings.add(
                    at: line.step.place, "the line does not say who approves",
                    hint: "write { step: \(line.step.name), approve: true, as: ROLE }")
            }
            if let host = line.host { checkHost(host, line.step.place) }
        }
        for step in fixture.expectation?.order ?? [] { checkStep(step) }
        for expected in fixture.expectation?.steps ?? [] { checkStep(expected.step) }
        return findings.sorted
    }
}

/// What an inventory may say, and better would not.
package enum InventoryAdvice {
    /// Warnings: a host whose address is a name can't be reached while the name service is down, and old algorithms keep
    /// nobody out.
    package static func check(_ inventory: Inventory, inventoryText: [UInt8]) -> [Diagnostic] {
        let source = SourceText(known: inventoryText, path: inventory.path)
        func warning(at place: SourcePlace, _ message: String, hint: String) -> Diagnostic {
            var warning = source.diagnostic(at: place, message, hint: hint)
            warning.severity = .warning
            return warning
        }
        let named = inventory.hosts.filter { HostAddress.needsNameService($0.address) && $0.addresses.isEmpty }
        let weak = inventory.hosts.map(\.algorithms).filter { !$0.weak.isEmpty }
        var seen: Set<SourcePlace> = []
        return inventory.notices
            + named.map { host in
                warning(
                    at: host.place,
                    "the address of `\(host.name)` is a name, `\(Excerpt.of(host.address))`: without a name service it can't be reached",
                    hint: "write its address, as 10.0.0.5 or fd00::5")
            }
            + weak.flatMap(\.weak).filter { seen.insert($0.place).inserted }.map { name in
                warning(
                    at: name.place, "`\(name.name)` is no longer safe: who listens or stands between may break it",
                    hint: "allow it for machines only that know nothing better, and reach them over a separate network")
            }
    }
}
