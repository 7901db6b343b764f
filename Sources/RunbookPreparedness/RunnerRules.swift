internal import RunbookModel
internal import RunbookPlan

/// What the recovery itself leans on: the ways to machines, where its secrets come from, and where its journal lies.
struct RunnerRules {
    let plan: Plan
    let model: SiteModel
    let evidence: SiteEvidence

    var findings: [Finding] { ways + actors + witnesses + secrets + journal }

    private func isVirtual(_ name: String) -> Bool { model.hostNumbers[name].map(model.isVirtual) ?? false }

    /// The ways to machines that the runbook acts on, through all hosts before them.
    private var ways: [Finding] {
        var open = Set(plan.tasks.compactMap(\.machine?.index)).sorted()
        var seen = Set(open)
        var findings: [(Int, Finding)] = []
        while let number = open.popLast() {
            let host = plan.inventory.hosts[number]
            guard let via = host.via else { continue }
            if let next = model.hostNumbers[via.name], seen.insert(next).inserted { open.append(next) }
            guard isVirtual(via.name) else { continue }
            findings.append(
                (
                    number,
                    Finding(
                        .runnerDepends, host.name,
                        "`\(host.name)` is reached through `\(via.name)`, which is a virtual machine",
                        fix: "reach it directly, or through a physical machine", at: via.place)
                ))
        }
        return findings.sorted { $0.0 < $1.0 }.map(\.1)
    }

    private var actors: [Finding] {
        plan.runbook.steps.compactMap { step in
            guard let actor = step.delegateTo, isVirtual(actor.name) else { return nil }
            return Finding(
                .runnerDepends, step.id,
                "step \(step.number) (\(step.id)) is carried out by `\(actor.name)`, which is a virtual machine",
                fix: "let a physical machine do it, or this one: `hosts: local`", at: actor.place)
        }
    }

    private var witnesses: [Finding] {
        let witnesses = plan.inventory.witnesses
        guard let first = witnesses.first, witnesses.allSatisfy({ isVirtual($0.name) }) else { return [] }
        return [
            Finding(
                .runnerDepends, first.name, "the copies of the journal lie on virtual machines alone",
                fix: "let a physical machine be a witness as well", at: first.place)
        ]
    }

    // MARK: Secrets

    /// What a command may call each virtual machine.
    private var virtualNames: [String: String] {
        var names: [String: String] = [:]
        for (number, host) in plan.inventory.hosts.enumerated() where model.isVirtual(number) {
            for name in [host.name, host.address] + host.addresses { names[name.lowercased()] = host.name }
        }
        return names
    }

    private var secrets: [Finding] {
        var sources = plan.runbook.secrets.map { ("the secret `\($0.name)`", $0.name, $0) }
        for number in Set(plan.tasks.compactMap(\.machine?.index)).sorted() {
            let host = plan.inventory.hosts[number]
            if let password = host.password { sources.append(("the password of `\(host.name)`", host.name, password)) }
        }
        guard !sources.isEmpty else { return [] }
        let names = virtualNames
        return sources.compactMap { words, subject, secret in
            guard case .command(let command) = secret.source, let store = machine(in: command, names) else {
                return nil
            }
            return Finding(
                .runnerDepends, subject,
                "\(words) comes from a command that asks `\(store)`, which is a virtual machine",
                fix: "keep it where nothing has to run: in an envelope (`prompt`), or in a file of this machine",
                at: secret.place)
        }
    }

    /// The virtual machine that a command names, by its name, its name in a domain, or its address.
    private func machine(in command: String, _ names: [String: String]) -> String? {
        let words = command.lowercased().split { !($0.isLetter || $0.isNumber || ".-_".contains($0)) }
        for word in words {
            if let host = names[String(word)] { return host }
            // `store.north.example` is in a domain; `store.txt` is a file.
            let parts = word.split(separator: ".")
            if parts.count > 2, let host = names[String(parts[0])] { return host }
        }
        // An IPv6 address is no word: colons also divide hosts from ports.
        return names.filter { $0.key.contains(":") && command.lowercased().contains($0.key) }.values.min()
    }

    // MARK: The journal

    private var journal: [Finding] {
        guard let journal = evidence.journal else { return [] }
        return [
            Finding(
                .runnerDepends, plan.runbook.name,
                "the journal of a run is written to `\(journal.path)`, which lies on \(journal.medium)",
                fix: "write it to a disk of this machine: `--run-dir`, or BLACKSTART_HOME",
                at: SourcePlace(path: plan.runbook.path, line: 1, column: 1))
        ]
    }
}
