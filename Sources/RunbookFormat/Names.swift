package import RunbookModel

/// What a runbook names, against the inventory that it is laid over.
package enum RunbookNames {
    static let hostValues = ["name", "address", "port", "user", "kind", "location", "bmc"]
    static let runValues = ["id", "name", "by"]

    package static func check(
        _ runbook: Runbook, against inventory: Inventory, runbookText: [UInt8]
    ) -> [Diagnostic] {
        let findings = Findings(SourceText(known: runbookText, path: runbook.path))
        let names = inventory.hosts.map(\.name) + inventory.groups.map(\.name)
        let known = Set(names)
        let variables = runbook.variables.map(\.name)
        for step in runbook.steps {
            for host in step.hosts where host.name != Host.localName && !known.contains(host.name) {
                findings.add(
                    at: host.place, "unknown host or group `\(TerminalText.shown(host.name))`",
                    hint: Nearest.hint(host.name, names) ?? "the inventory is \(inventory.path)")
            }
            let environment = step.environment.map(\.name)
            for reference in references(of: step) {
                guard reference.path.count == 2, let scope = reference.path.first, let name = reference.path.last else {
                    continue
                }
                let values: [String]
                switch scope {
                case "vars": values = variables
                case "env": values = environment
                case "host": values = hostValues
                default: values = runValues
                }
                if !values.contains(name) {
                    findings.add(
                        at: reference.place, "unknown value `\(reference.name)`",
                        hint: Nearest.name(to: name, in: values).map { "did you mean `\(scope).\($0)`?" })
                }
            }
        }
        return findings.sorted
    }

    private static func references(of step: Step) -> [Template.Reference] {
        var templates: [Template] = step.environment.map(\.value)
        var checks: [Check] = [step.verify].compactMap(\.self)
        switch step.action {
        case .run(let template), .manual(let template): templates.append(template)
        case .waitFor(let check): checks.append(check)
        case .checkpoint: break
        }
        if case .check(let check) = step.skipIf { checks.append(check) }
        if case .run(let template, _, let check) = step.undo {
            templates.append(template)
            checks += [check].compactMap(\.self)
        }
        for check in checks {
            switch check.probe {
            case .run(let template), .tcp(let template), .http(let template): templates.append(template)
            }
            templates += [check.equals, check.matches, check.contains].compactMap(\.self)
        }
        return templates.flatMap(\.references)
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
        func checkHost(_ name: String, _ place: SourcePlace) {
            guard !name.contains("*"), !name.contains("?"), !hosts.contains(name) else { return }
            findings.add(at: place, "unknown host `\(TerminalText.shown(name))`", hint: Nearest.hint(name, hosts))
        }
        func checkStep(_ step: Named) {
            if !steps.contains(step.name) {
                findings.add(
                    at: step.place, "unknown step `\(TerminalText.shown(step.name))`",
                    hint: Nearest.hint(step.name, steps))
            }
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
        for line in fixture.operatorLines {
            checkStep(line.step)
            if let host = line.host { checkHost(host, line.step.place) }
        }
        for step in fixture.expectation?.order ?? [] { checkStep(step) }
        for expected in fixture.expectation?.steps ?? [] { checkStep(expected.step) }
        return findings.sorted
    }
}
