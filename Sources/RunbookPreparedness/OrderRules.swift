internal import RunbookModel
internal import RunbookPlan

/// The steps of a runbook played against what machines and services need.
struct OrderRules {
    let plan: Plan
    let model: SiteModel
    /// By step id how long it took in past runs.
    var measured: [String: MeasuredTime] = [:]

    var findings: [Finding] { order + objectives }

    // MARK: ORDER-VIOLATION

    /// By step: the services that are ready before it, as the bits of their numbers.
    private func ready(_ order: [Int]) -> [ServiceSet] {
        var ready = [ServiceSet](repeating: assumed, count: plan.runbook.steps.count)
        for step in order {
            for need in plan.stepNeeds[step] { ready[step].formUnion(after(need, ready)) }
        }
        return ready
    }

    /// What the runbook takes as given. After a total outage nothing is that a machine of the site has to provide: what comes
    /// from outside is no matter of the order anyway.
    private var assumed: ServiceSet {
        var assumed = ServiceSet()
        guard plan.runbook.document.scenario != Scenario.totalOutage.rawValue else { return assumed }
        for name in plan.runbook.assumes { service(name).map { assumed.insert($0) } }
        return assumed
    }

    private func after(_ step: Int, _ ready: [ServiceSet]) -> ServiceSet {
        var after = ready[step]
        for name in plan.runbook.steps[step].provides { service(name.name).map { after.insert($0) } }
        return after
    }

    private func service(_ name: String) -> Int? { model.node(ofService: name).map { $0 - model.hostCount } }

    private var order: [Finding] {
        guard !model.services.isEmpty else { return [] }
        let ready = ready(plan.stepOrder)
        let makers = Makers(plan, model)
        var findings: [Finding] = []
        var said: Set<[Int]> = []
        for (number, step) in plan.runbook.steps.enumerated() {
            for provided in step.provides {
                for need in model.requires(ofService: provided.name) {
                    guard let missing = self.missing(need.name, ready[number]),
                        said.insert([-1 - missing, number]).inserted
                    else { continue }
                    findings.append(
                        violation(
                            step, "makes `\(provided.name)` ready", "`\(provided.name)` needs", missing, makers))
                }
            }
            guard step.changesHosts else { continue }
            var waiting: [Int: [Int]] = [:]
            var known: [Int: [Int]] = [:]
            for host in Set(plan.tasksOfStep[number].compactMap { plan.tasks[$0].host?.index }).sorted() {
                for missing in missing(host, ready[number], &known) where said.insert([host, missing]).inserted {
                    waiting[missing, default: []].append(host)
                }
            }
            for (missing, hosts) in waiting.sorted(by: { $0.key < $1.key }) {
                let names = ColdStartRules.names(hosts.map(model.name))
                findings.append(
                    violation(
                        step, "acts on \(names)", "\(names) \(hosts.count == 1 ? "needs" : "need")", missing, makers))
            }
        }
        return findings
    }

    /// The number of a service that is not ready; nil: it is, or it comes from outside.
    private func missing(_ name: String, _ ready: ServiceSet) -> Int? {
        guard let node = model.node(ofService: name), !model.isExternal(node), !ready.contains(node - model.hostCount)
        else { return nil }
        return node - model.hostCount
    }

    /// What a machine needs and what carries it needs; where it may run on several, what the one needs that lacks least.
    /// `known` has what was found before. Machines on machines on machines are no recursion, and each is looked at once.
    private func missing(_ host: Int, _ ready: ServiceSet, _ known: inout [Int: [Int]]) -> [Int] {
        var open = [host]
        while let next = open.last {
            let node = model.graph.nodes[next]
            let places = node.providers ?? []
            // An inventory whose machines run on each other in a circle is refused before.
            if let below = places.first(where: { known[$0] == nil }) {
                open.append(below)
                continue
            }
            let own = node.needs.compactMap { missing(model.name($0), ready) }
            let below = places.compactMap { known[$0] }.min { $0.count < $1.count } ?? []
            known[next] = own + below.filter { !own.contains($0) }
            open.removeLast()
        }
        return known[host] ?? []
    }

    /// Which steps make a service ready, and which act on machines that provide it, by the numbers of services.
    private struct Makers {
        var ready: [[Step]]
        var acting: [[Step]]

        init(_ plan: Plan, _ model: SiteModel) {
            ready = [[Step]](repeating: [], count: model.services.count)
            acting = ready
            var provided = [[Int]](repeating: [], count: model.hostCount)
            for (service, hosts) in model.providers.enumerated() {
                for host in hosts { provided[host].append(service) }
            }
            for (number, step) in plan.runbook.steps.enumerated() {
                for name in step.provides {
                    if let node = model.node(ofService: name.name) { ready[node - model.hostCount].append(step) }
                }
                guard step.changesHosts else { continue }
                let services = Set(
                    plan.tasksOfStep[number].compactMap { plan.tasks[$0].host?.index }.flatMap { provided[$0] })
                for service in services { acting[service].append(step) }
            }
        }
    }

    private func violation(
        _ step: Step, _ what: String, _ needs: String, _ missing: Int, _ makers: Makers
    ) -> Finding {
        let name = model.services[missing]
        let late = makers.ready[missing]
        let early = late.isEmpty ? makers.acting[missing].filter { $0.number < step.number } : []
        var path = ["\(needs) `\(name)`"]
        let fix: String
        if let first = late.first {
            let steps = late.prefix(4).map { "step \($0.number) (\($0.id))" }.joined(separator: ", ")
            path.append("`\(name)` is ready after \(steps), which need not come first")
            fix = "let step \(step.number) need step \(first.number): `needs: [\(first.id)]`"
        } else {
            path.append("no step makes `\(name)` ready")
            if let near = early.last {
                path.append(
                    "step \(near.number) (\(near.id)) acts on what provides it, and does not say that it is ready")
                fix = "give step \(near.number), or the one that checks it, `provides: [\(name)]` and a `verify`"
            } else {
                fix =
                    "add the step that makes it ready, with `provides: [\(name)]`, or say in the inventory that "
                    + "`\(name)` is `external`"
            }
        }
        return Finding(
            .orderViolation, step.id,
            "step \(step.number) (\(step.id)) \(what) before `\(name)` is ready", path: path, fix: fix, at: step.place)
    }

    // MARK: RTO-INFEASIBLE

    private var objectives: [Finding] {
        var findings: [Finding] = []
        let finish = plan.finish(measured)
        let isMeasured = plan.runbook.steps.contains { measured[$0.id] != nil }
        let end = isMeasured ? .milliseconds(finish.max() ?? 0) : plan.estimate
        let path =
            isMeasured
            ? ["by how long steps took in past runs (90th percentile), and their estimates where there was none"] : []
        if let rto = plan.runbook.rto, end > rto {
            findings.append(
                infeasible(
                    plan.runbook.name, "the runbook takes \(DurationText.words(end)), and its `rto` is", rto, path,
                    SourcePlace(path: plan.runbook.path, line: 1, column: 1)))
        }
        var last: [Int: Int] = [:]
        for step in plan.stepOrder {
            for task in plan.tasksOfStep[step] {
                guard let host = plan.tasks[task].host?.index else { continue }
                if let other = last[host], finish[other] >= finish[step] { continue }
                last[host] = step
            }
        }
        for (number, host) in plan.inventory.hosts.enumerated() {
            guard let rto = host.facts.rto, let last = last[number] else { continue }
            let step = plan.runbook.steps[last]
            let back = Duration.milliseconds(finish[last])
            let words =
                "`\(host.name)` is back after \(DurationText.words(back)), with step \(step.number) (\(step.id)), and its"
            if back > rto {
                findings.append(infeasible(host.name, "\(words) `rto` is", rto, path, host.place))
            } else if let restore = RecoveryRules.restore(host), restore <= rto, back + restore > rto,
                !restores(number)
            {
                findings.append(
                    infeasible(
                        host.name,
                        "\(words) restore takes \(DurationText.words(restore)): together "
                            + "\(DurationText.words(back + restore)), and its `rto` is", rto,
                        RecoveryRules.volume(host) + path, host.place))
            }
        }
        return findings
    }

    /// Whether the runbook itself restores a machine: then its steps say how long that takes.
    private func restores(_ host: Int) -> Bool {
        plan.runbook.steps.indices.contains { step in
            plan.runbook.steps[step].tags.contains("restore")
                && plan.tasksOfStep[step].contains { plan.tasks[$0].host == .host(host) }
        }
    }

    private func infeasible(
        _ subject: String, _ words: String, _ rto: Duration, _ path: [String], _ place: SourcePlace
    ) -> Finding {
        Finding(
            .rtoInfeasible, subject, "\(words) \(DurationText.words(rto))", path: path,
            fix: "shorten the slowest chain (`blackstart plan` shows it), correct its estimates, or agree on another "
                + "objective", at: place)
    }
}

/// Numbers of services.
struct ServiceSet: Hashable, Sendable {
    private var words: [UInt64] = []

    func contains(_ number: Int) -> Bool {
        number / 64 < words.count && words[number / 64] & (1 << UInt64(number % 64)) != 0
    }

    mutating func insert(_ number: Int) {
        grow(to: number / 64 + 1)
        words[number / 64] |= 1 << UInt64(number % 64)
    }

    mutating func formUnion(_ other: ServiceSet) {
        grow(to: other.words.count)
        for index in other.words.indices { words[index] |= other.words[index] }
    }

    private mutating func grow(to count: Int) {
        if words.count < count { words += [UInt64](repeating: 0, count: count - words.count) }
    }
}

extension Plan {
    /// All steps, whatever one needs before it.
    var stepOrder: [Int] {
        var waiting = stepNeeds.map(\.count)
        var order = waiting.indices.filter { waiting[$0] == 0 }
        var next = 0
        while next < order.count {
            for step in stepDependents[order[next]] {
                waiting[step] -= 1
                if waiting[step] == 0 { order.append(step) }
            }
            next += 1
        }
        return order
    }
}
