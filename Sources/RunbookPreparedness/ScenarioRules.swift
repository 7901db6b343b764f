internal import RunbookModel
internal import RunbookPlan

/// Whether there is something for each emergency and for each machine that has to be restarted.
struct ScenarioRules {
    let model: SiteModel
    let plan: Plan
    let evidence: SiteEvidence

    var findings: [Finding] {
        var findings = StageRules(plan: plan).findings
        if let entries = model.inventory.scenarios {
            let plans = plans(entries)
            findings += procedures(plans.flatMap(\.value)) + gaps(entries, plans)
        }
        return findings
    }

    private var start: SourcePlace { SourcePlace(path: model.inventory.path, line: 1, column: 1) }

    /// By scenario; the plan that is checked counts for its own.
    private func plans(_ entries: [ScenarioEntry]) -> [Scenario: [Plan]] {
        var plans: [Scenario: [Plan]] = [:]
        for entry in entries {
            for path in entry.runbooks {
                if case .plan(let plan)? = evidence.runbooks?[path.name] {
                    plans[entry.scenario, default: []].append(plan)
                }
            }
        }
        if let own = plan.runbook.document.scenario.flatMap(Scenario.init) { plans[own, default: []].append(plan) }
        return plans
    }

    // MARK: PROCEDURE-MISSING

    /// What has to have a procedure where it exists, and what that is called.
    private static let kinds: [Service.Kind: String] = [
        .storage: "storage", .directory: "a directory", .dns: "name resolution", .management: "management",
        .broker: "a broker", .licences: "licences", .keys: "keys", .virtualisation: "virtualisation",
    ]

    private func procedures(_ plans: [Plan]) -> [Finding] {
        // Where runbooks could not be looked at, nothing is known of them.
        guard evidence.runbooks != nil else { return [] }
        let hosts = model.inventory.hosts
        let treated = Set(plans.flatMap { machines(treatedBy: $0) })
        let carriers = Set(hosts.flatMap(\.facts.placedOn).map(\.name))
        return hosts.compactMap { host in
            guard !treated.contains(host.name) else { return nil }
            var reasons = carriers.contains(host.name) ? ["others run on it"] : []
            for service in host.facts.provides {
                let kind = model.kind(ofService: service.name)
                if let word = Self.kinds[kind] { reasons.append("it provides \(word) (`\(service.name)`)") }
            }
            guard !reasons.isEmpty else { return nil }
            return Finding(
                .procedureMissing, host.name, "no runbook of `scenarios` acts on `\(host.name)`", path: reasons,
                fix: "write down how it is restarted, as steps of a runbook; or accept it in a waiver, with the reason",
                at: host.place)
        }
    }

    /// The names of the machines that a plan acts on, or of which it makes ready all that they provide.
    private func machines(treatedBy plan: Plan) -> [String] {
        let ready = Set(plan.runbook.steps.flatMap(\.provides).map(\.name))
        return plan.tasks.compactMap { task in task.host?.index.map { plan.inventory.hosts[$0].name } }
            + model.inventory.hosts.filter { host in
                !host.facts.provides.isEmpty && host.facts.provides.allSatisfy { ready.contains($0.name) }
            }.map(\.name)
    }

    // MARK: SCENARIO-GAP

    /// Those that this site may meet.
    private var wanted: [Scenario] {
        let inventory = model.inventory
        let kinds = Set(model.services.map(model.kind(ofService:)))
        let isFarm = inventory.hosts.contains { !$0.facts.placedOn.isEmpty }
        return Scenario.allCases.filter { scenario in
            switch scenario {
            case .totalOutage, .partialCompromise, .fullCompromise, .theft, .forceMajeure, .staffAbsent, .dataLoss:
                true
            case .oneHost: isFarm
            case .management: kinds.contains(.management)
            case .broker: kinds.contains(.broker)
            case .licensing: kinds.contains(.licences)
            case .directory: kinds.contains(.directory)
            case .dns: kinds.contains(.dns)
            case .storage: kinds.contains(.storage)
            }
        }
    }

    private func gaps(_ entries: [ScenarioEntry], _ plans: [Scenario: [Plan]]) -> [Finding] {
        var findings: [Finding] = []
        func find(_ scenario: Scenario, _ message: String, path: [String] = [], fix: String, at place: SourcePlace) {
            findings.append(Finding(.scenarioGap, scenario.rawValue, message, path: path, fix: fix, at: place))
        }
        let told = Set(entries.map(\.scenario))
        for scenario in wanted where !told.contains(scenario) && plans[scenario] == nil {
            find(
                scenario, "there is no runbook for `\(scenario.rawValue)`, and no reason why not",
                fix: "name its runbooks in `scenarios`, or say why there is none: `\(scenario.rawValue): { none: … }`",
                at: start)
        }
        guard let read = evidence.runbooks else { return findings }
        for entry in entries {
            for path in entry.runbooks {
                switch read[path.name] {
                case .unreadable(let why)?:
                    find(
                        entry.scenario,
                        "the runbook `\(path.name)` for `\(entry.scenario.rawValue)` can't be used: \(why)",
                        fix: "mend it, or name another one", at: path.place)
                case .plan(let plan)?:
                    guard let own = plan.runbook.document.scenario, own != entry.scenario.rawValue else { continue }
                    find(
                        entry.scenario,
                        "the runbook `\(path.name)` stands for `\(entry.scenario.rawValue)`, and is written for `\(own)`",
                        fix: "name it where it belongs, or change its `scenario`", at: path.place)
                case nil: continue
                }
            }
        }
        let carriers = Set(model.inventory.hosts.flatMap(\.facts.placedOn).map(\.name))
        for scenario in [Scenario.totalOutage, .oneHost] {
            guard let plans = plans[scenario], !plans.isEmpty else { continue }
            let treated = Set(plans.flatMap(machines(treatedBy:)))
            let missing = model.inventory.hosts.filter { carriers.contains($0.name) && !treated.contains($0.name) }
            guard let first = missing.first else { continue }
            find(
                scenario,
                "no step of the runbooks for `\(scenario.rawValue)` acts on \(ColdStartRules.names(missing.map(\.name)))",
                path: ["other machines run on \(missing.count == 1 ? "it" : "them")"],
                fix: "add the steps that restart \(missing.count == 1 ? "it" : "them")", at: first.place)
        }
        return findings
    }
}

/// Runbooks whose stages are known: by the tags of their steps.
struct StageRules {
    let plan: Plan

    var findings: [Finding] {
        DraftGaps(plan: plan).findings
            + {
                switch plan.runbook.document.scenario.flatMap(Scenario.init) {
                case .partialCompromise, .fullCompromise: stages(.compromiseIncomplete, Self.compromise) + premature
                case .theft: stages(.theftIncomplete, Self.theft)
                default: []
                }
            }()
    }

    private static let compromise = ["isolate", "evidence", "rebuild", "rotate", "check-backups", "reconnect"]
    private static let theft = ["revoke", "rotate"]

    /// For each step whether one with the tag comes before it, or it has the tag itself.
    private func reached(_ tag: String) -> [Bool] {
        var reached = plan.runbook.steps.map { $0.tags.contains(tag) }
        for step in plan.stepOrder where plan.stepNeeds[step].contains(where: { reached[$0] }) { reached[step] = true }
        return reached
    }

    private func stages(_ rule: Rule, _ tags: [String]) -> [Finding] {
        let steps = plan.runbook.steps
        let missing = tags.filter { tag in !steps.contains { $0.tags.contains(tag) } }
        var findings: [Finding] = []
        if !missing.isEmpty {
            findings.append(
                Finding(
                    rule, plan.runbook.name,
                    "no step of the runbook has the tag \(missing.map { "`\($0)`" }.joined(separator: ", "))",
                    fix: "add the steps of \(missing.count == 1 ? "this stage" : "these stages"), and tag them",
                    at: SourcePlace(path: plan.runbook.path, line: 1, column: 1)))
        }
        // Each stage after the last one before it that is there.
        let there = tags.filter { !missing.contains($0) }
        for (before, after) in zip(there, there.dropFirst()) {
            let reached = reached(before)
            for (number, step) in steps.enumerated() where step.tags.contains(after) && !reached[number] {
                let first = steps.first { $0.tags.contains(before) }
                findings.append(
                    Finding(
                        rule, step.id,
                        "step \(step.number) (\(step.id)), `\(after)`, need not come after a step with the tag `\(before)`",
                        fix: "let it need \(first.map { "step \($0.number) (\($0.id))" } ?? "one"), along `needs`",
                        at: step.place))
            }
        }
        return findings
    }

    /// Steps that act on machines which are not yet isolated.
    private var premature: [Finding] {
        let reached = reached("isolate")
        guard reached.contains(true) else { return [] }
        return plan.runbook.steps.enumerated().compactMap { number, step in
            // Of those of a later stage it was said already.
            guard step.changesHosts, !reached[number], !Self.compromise.contains(where: step.tags.contains) else {
                return nil
            }
            return Finding(
                .compromiseIncomplete, step.id,
                "step \(step.number) (\(step.id)) acts on machines before they are isolated",
                fix: "let it come after a step with the tag `isolate`", at: step.place)
        }
    }
}
