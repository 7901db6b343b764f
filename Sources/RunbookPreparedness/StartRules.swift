internal import RunbookModel
internal import RunbookPlan

/// What has to be so when a step begins or ends: clocks that agree, and licences that have not run out.
struct StartRules {
    let plan: Plan
    let model: SiteModel
    /// By step id how long it took in past runs.
    var measured: [String: MeasuredTime] = [:]

    var findings: [Finding] { clocks + licences }

    /// The kinds of the services that each step makes ready, or of those that its machines provide.
    private func kinds(_ number: Int) -> (ready: [String: Service.Kind], acted: [String: Service.Kind]) {
        let step = plan.runbook.steps[number]
        func kinds(_ names: [Named]) -> [String: Service.Kind] {
            Dictionary(names.map { ($0.name, model.kind(ofService: $0.name)) }, uniquingKeysWith: { one, _ in one })
        }
        var acted: [Named] = []
        if step.changesHosts {
            for host in Set(plan.tasksOfStep[number].compactMap({ plan.tasks[$0].host?.index })) {
                acted += plan.inventory.hosts[host].facts.provides
            }
        }
        return (kinds(step.provides), kinds(acted))
    }

    // MARK: CLOCK

    /// The tag of a step that looks at clocks.
    private static let tag = "time-check"

    private var clocks: [Finding] {
        let steps = plan.runbook.steps
        let kinds = steps.indices.map(kinds)
        // Whether clocks were looked at before a step.
        var checked = [Bool](repeating: false, count: steps.count)
        func after(_ step: Int) -> Bool {
            checked[step] || steps[step].tags.contains(Self.tag) || kinds[step].ready.values.contains(.time)
        }
        for step in plan.stepOrder { checked[step] = plan.stepNeeds[step].contains(where: after) }
        var said: Set<String> = []
        return steps.enumerated().compactMap { number, step in
            guard !after(number) else { return nil }
            let found = kinds[number].ready.merging(kinds[number].acted) { one, _ in one }
                .filter { $0.value == .directory || $0.value == .cluster }.keys.sorted()
            guard let service = found.first, said.insert(service).inserted else { return nil }
            let word = model.kind(ofService: service) == .cluster ? "a cluster" : "a directory"
            return Finding(
                .clock, step.id,
                "step \(step.number) (\(step.id)) starts `\(service)`, \(word), before clocks were looked at",
                fix:
                    "let it need a step that makes time ready (`provides`), or that checks clocks and has the tag `\(Self.tag)`",
                at: step.place)
        }
    }

    // MARK: LICENCE-GRACE

    private var licences: [Finding] {
        var findings: [Finding] = []
        let finish = plan.finish(measured)
        for service in plan.inventory.services where service.kind == .licences {
            guard let grace = service.grace else { continue }
            func find(_ message: String, at place: SourcePlace) {
                findings.append(
                    Finding(
                        .licenceGrace, service.name,
                        "`\(service.name)` \(message), and what needs it runs on without it for \(DurationText.words(grace))",
                        fix:
                            "start it earlier, restore it faster, or agree on a longer grace with who gives the licences",
                        at: place))
            }
            let last = plan.runbook.steps.indices.filter { number in
                plan.runbook.steps[number].provides.contains { $0.name == service.name }
            }.max { finish[$0] < finish[$1] }
            if let last, .milliseconds(finish[last]) > grace {
                let step = plan.runbook.steps[last]
                find(
                    "is ready after \(DurationText.words(.milliseconds(finish[last]))), with step \(step.number) (\(step.id))",
                    at: step.place)
            }
            guard let node = model.node(ofService: service.name) else { continue }
            for host in model.providers[node - model.hostCount] {
                let machine = plan.inventory.hosts[host]
                guard let restore = RecoveryRules.restore(machine), restore > grace else { continue }
                find(
                    "is provided by `\(machine.name)`, whose restore takes \(DurationText.words(restore))",
                    at: machine.place)
            }
        }
        return findings
    }
}

extension Plan {
    /// For each step when it ends: by how long it took in past runs (90th percentile), else by its estimate; milliseconds
    /// from the beginning.
    func finish(_ measured: [String: MeasuredTime]) -> [Int64] {
        var finish = [Int64](repeating: 0, count: runbook.steps.count)
        for step in stepOrder {
            let begin = stepNeeds[step].map { finish[$0] }.max() ?? 0
            let time =
                measured[runbook.steps[step].id]?.ninetieth.wholeMilliseconds ?? Self.estimate(of: runbook.steps[step])
            let (end, overflow) = begin.addingReportingOverflow(time)
            finish[step] = overflow ? .max : end
        }
        return finish
    }
}

extension Step {
    /// Whether it changes something on its hosts, so that they have to be up.
    var changesHosts: Bool {
        switch action {
        case .run, .script, .copy, .reboot: true
        case .waitFor, .manual, .approval, .checkpoint: false
        }
    }
}
