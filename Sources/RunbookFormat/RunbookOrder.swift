internal import RunbookModel

/// What steps say about each other.
enum RunbookOrder {
    static func check(_ runbook: Runbook, _ findings: Findings) {
        var index: [String: Int] = [:]
        for (number, step) in runbook.steps.enumerated() where !step.id.isEmpty && index[step.id] == nil {
            index[step.id] = number
        }
        let ids = runbook.steps.map(\.id)
        var needs: [[Int]] = []
        for (position, step) in runbook.steps.enumerated() {
            var known: [Int] = []
            for need in step.needs {
                guard let number = index[need.name] else {
                    findings.add(
                        at: need.place, "unknown step `\(Excerpt.of(need.name))`", hint: Nearest.hint(need.name, ids))
                    continue
                }
                if number == position {
                    findings.add(at: need.place, "the step `\(Excerpt.of(need.name))` waits for itself")
                } else {
                    known.append(number)
                }
            }
            needs.append(known)
        }
        checkCycles(needs, runbook, findings)
        checkTargets(needs, runbook, findings)
    }

    /// One finding for each group of steps that wait for each other.
    private static func checkCycles(_ needs: [[Int]], _ runbook: Runbook, _ findings: Findings) {
        var needs = needs
        for _ in 0..<Findings.limit {
            guard let cycle = StepCycle.first(in: needs), let first = cycle.first else { return }
            let places = zip(cycle, cycle.dropFirst()).compactMap { one, other in
                runbook.steps[one].needs.first { $0.name == runbook.steps[other].id }?.place
            }
            // What is included has no circle by itself: one of its needs stands in this file.
            let place = places.first { $0.path == runbook.path } ?? places.first ?? runbook.steps[first].place
            let path = names(cycle.map { runbook.steps[$0].id })
            findings.add(at: place, "these steps wait for each other: \(path)")
            let members = Set(cycle)
            for position in needs.indices {
                needs[position] = members.contains(position) ? [] : needs[position].filter { !members.contains($0) }
            }
        }
    }

    /// `a -> b -> a`; the middle of a long one is left out.
    static func names(_ cycle: [String]) -> String {
        let shown = cycle.count <= 20 ? cycle : cycle.prefix(10) + ["… \(cycle.count - 20) more …"] + cycle.suffix(10)
        return shown.map(Excerpt.of).joined(separator: " -> ")
    }

    private static func checkTargets(_ needs: [[Int]], _ runbook: Runbook, _ findings: Findings) {
        let names = runbook.checkpoints
        let known = Set(names + [RollbackPlan.start])
        /// For each checkpoint that is named, the steps that it waits for.
        var before: [String: Set<Int>] = [:]
        for (position, step) in runbook.steps.enumerated() {
            guard case .rollback(.some(let target)) = step.onFailure else { continue }
            if known.contains(target.name) {
                let ancestors = before[target.name] ?? ancestors(ofCheckpoint: target.name, needs, runbook)
                before[target.name] = ancestors
                guard ancestors.contains(position) else { continue }
                findings.add(
                    at: target.place,
                    "checkpoint `\(target.name)` waits for this step, so it has not been reached when the step fails",
                    hint: "name a checkpoint that the step waits for, or write `rollback:\(RollbackPlan.start)`")
                continue
            }
            findings.add(
                at: target.place, "unknown checkpoint `\(Excerpt.of(target.name))`",
                hint: Nearest.name(to: target.name, in: names).map { "did you mean `rollback:\($0)`?" })
        }
    }

    private static func ancestors(ofCheckpoint name: String, _ needs: [[Int]], _ runbook: Runbook) -> Set<Int> {
        var found: Set<Int> = []
        var open = runbook.steps.indices.filter {
            if case .checkpoint(name) = runbook.steps[$0].action { true } else { false }
        }
        while let next = open.popLast() {
            for need in needs[next] where found.insert(need).inserted { open.append(need) }
        }
        return found
    }
}
