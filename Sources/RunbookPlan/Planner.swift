internal import Crypto
package import RunbookModel

/// What the files are to the planner: parsed values, and the bytes whose hash a resume compares.
package struct PlanSource: Sendable {
    package var runbook: Runbook
    package var runbookBytes: [UInt8]
    package var inventory: Inventory
    package var inventoryBytes: [UInt8]
    /// `-e name=value`, last one wins.
    package var overrides: [(name: String, value: String)]
    package var selection: Selection
    /// The files beside the runbook, by their paths as written.
    package var attachments: [String: [UInt8]]

    package init(
        runbook: Runbook, runbookBytes: [UInt8], inventory: Inventory, inventoryBytes: [UInt8],
        overrides: [(name: String, value: String)] = [], selection: Selection = Selection(),
        attachments: [String: [UInt8]] = [:]
    ) {
        self.attachments = attachments
        self.selection = selection
        self.runbook = runbook
        self.runbookBytes = runbookBytes
        self.inventory = inventory
        self.inventoryBytes = inventoryBytes
        self.overrides = overrides
    }
}

/// Why a runbook that reads well can't be planned.
package enum PlanFault: Error, Hashable, Sendable {
    case unknownVariable(String, nearest: String?)
    case missingVariable(String, SourcePlace)
    case unsuitableValue(String, value: String, Variable.Kind)
    case unknownHost(Named)
    /// The hosts of a step are empty groups; the first of them.
    case noHosts(Named, step: String)
    case unknownStep(Named)
    case cycle([String])
    case tooManyTasks(Int)
    case selection(SelectionFault)
}

package enum Planner {
    /// Lays the runbook over the inventory.
    package static func plan(_ source: PlanSource) throws(PlanFault) -> Plan {
        let roster = HostRoster(source.inventory)
        var source = source
        let whole = source.runbook.steps.count
        let part = try source.selection.applied(to: source.runbook, source.inventory, roster)
        source.runbook = part.runbook
        let runbook = source.runbook
        let variables = try resolve(runbook.variables, source.overrides)
        var stepIndex: [String: Int] = [:]
        for (position, step) in runbook.steps.enumerated() { stepIndex[step.id] = position }

        var tasks: [PlannedTask] = []
        var tasksOfStep: [[Int]] = []
        for (position, step) in runbook.steps.enumerated() {
            let hosts = try roster.machines(of: step)
            guard tasks.count + max(1, hosts.count) <= Limits.tasksPerRun else {
                throw .tooManyTasks(tasks.count + hosts.count)
            }
            let first = tasks.count
            let delegate = try delegate(of: step, roster)
            if hosts.isEmpty {
                tasks.append(
                    PlannedTask(
                        id: TaskID(step: step.id, host: nil), step: position, host: nil, machine: delegate, batch: 0))
            }
            let batches = BatchSize.batches(of: hosts.count, step.serial)
            for (host, batch) in zip(hosts, batches) {
                tasks.append(
                    PlannedTask(
                        id: TaskID(step: step.id, host: host.name(in: source.inventory)), step: position, host: host,
                        machine: delegate ?? host, batch: batch))
            }
            tasksOfStep.append(Array(first..<tasks.count))
        }

        var stepNeeds: [[Int]] = []
        for step in runbook.steps {
            var indices: [Int] = []
            for need in step.needs {
                guard let needed = stepIndex[need.name] else { throw .unknownStep(need) }
                if !indices.contains(needed) { indices.append(needed) }
            }
            stepNeeds.append(indices.sorted())
        }
        let order = try stepOrder(stepNeeds, runbook)
        var plan = assemble(source, variables, tasks, tasksOfStep, stepIndex, stepNeeds, order)
        plan.leftOut = whole - runbook.steps.count
        plan.hostsLeftOut = part.hostsLeftOut
        plan.handLeftOut = part.handLeftOut
        plan.keptApprovals = part.keptApprovals
        plan.unaskedApprovals =
            part.unasked.map { UnaskedApproval(step: $0, reason: .notSelected) }
            + UnaskedApproval.byCondition(runbook, variables.values)
        return plan
    }

    /// The machine that acts for the hosts of a step; nil where each acts for itself.
    private static func delegate(of step: Step, _ roster: HostRoster) throws(PlanFault) -> Machine? {
        guard let name = step.delegateTo else { return nil }
        guard let machine = try roster.expand([name]).first else { throw .noHosts(name, step: step.id) }
        return machine
    }

    private static func assemble(
        _ source: PlanSource, _ variables: Variables, _ tasks: [PlannedTask], _ tasksOfStep: [[Int]],
        _ stepIndex: [String: Int], _ stepNeeds: [[Int]], _ order: [Int]
    ) -> Plan {
        let runbook = source.runbook
        var stepDependents = Array(repeating: [Int](), count: runbook.steps.count)
        for (position, needed) in stepNeeds.enumerated() {
            for need in needed { stepDependents[need].append(position) }
        }

        var stepRemaining = Array(repeating: Int64(0), count: runbook.steps.count)
        var after = stepRemaining
        for step in order.reversed() {
            let (sum, overflow) = after[step].addingReportingOverflow(Plan.estimate(of: runbook.steps[step]))
            stepRemaining[step] = overflow ? .max : sum
            for need in stepNeeds[step] { after[need] = max(after[need], stepRemaining[step]) }
        }
        var index: [TaskID: Int] = [:]
        for (position, task) in tasks.enumerated() { index[task.id] = position }
        return Plan(
            runbook: runbook, inventory: source.inventory, tasks: tasks, index: index, stepNeeds: stepNeeds,
            stepDependents: stepDependents, remaining: tasks.map { stepRemaining[$0.step] }, tasksOfStep: tasksOfStep,
            stepIndex: stepIndex, variables: variables.values, givenVariables: variables.given,
            attachments: source.attachments, selection: source.selection,
            hash: hash(source, variables.values))
    }

    /// Steps so that each comes after all it needs; among those that could be next, file order.
    private static func stepOrder(_ needs: [[Int]], _ runbook: Runbook) throws(PlanFault) -> [Int] {
        var waiting = needs.map(\.count)
        var dependents = Array(repeating: [Int](), count: needs.count)
        for (step, needed) in needs.enumerated() { for need in needed { dependents[need].append(step) } }
        var order = waiting.indices.filter { waiting[$0] == 0 }
        var next = 0
        while next < order.count {
            for dependent in dependents[order[next]] {
                waiting[dependent] -= 1
                if waiting[dependent] == 0 { order.append(dependent) }
            }
            next += 1
        }
        guard order.count == needs.count else {
            let cycle = StepCycle.first(in: needs) ?? []
            throw .cycle(cycle.map { runbook.steps[$0].id })
        }
        return order
    }

    private static func hash(_ source: PlanSource, _ variables: [String: String]) -> String {
        var hasher = SHA256()
        func part(_ label: String, _ bytes: [UInt8]) {
            hasher.update(data: Array("\(label) \(bytes.count)\n".utf8))
            hasher.update(data: bytes)
        }
        part("runbook", source.runbookBytes)
        part("inventory", source.inventoryBytes)
        for (number, file) in source.runbook.included.enumerated() { part("included \(number)", file.bytes) }
        for name in variables.keys.sorted() { part("var \(name)", Array((variables[name] ?? "").utf8)) }
        for path in source.attachments.keys.sorted() { part("file \(path)", source.attachments[path] ?? []) }
        let selection = source.selection
        for (label, words) in [
            ("limit", selection.limit), ("tags", selection.tags), ("skip-tags", selection.skipTags),
            ("start-at", [selection.startAt].compactMap(\.self)), ("until", [selection.until].compactMap(\.self)),
        ] {
            for word in words { part(label, Array(word.utf8)) }
        }
        return Hex.text(hasher.finalize())
    }

    private struct Variables {
        var values: [String: String]
        /// Those that an override has a say in.
        var given: Set<String>
    }

    private static func resolve(
        _ declared: [Variable], _ overrides: [(name: String, value: String)]
    ) throws(PlanFault) -> Variables {
        var given: [String: String] = [:]
        for (name, value) in overrides {
            guard declared.contains(where: { $0.name == name }) else {
                throw .unknownVariable(name, nearest: Nearest.name(to: name, in: declared.map(\.name)))
            }
            given[name] = value
        }
        var values: [String: String] = [:]
        var touched = Set(given.keys)
        for variable in declared {
            if variable.given?.references.contains(where: { touched.contains($0.path.last ?? "") }) == true {
                touched.insert(variable.name)
            }
            let filled = variable.given?.text { values[$0.path.last ?? ""] ?? "" }
            guard let value = given[variable.name] ?? filled ?? variable.value else {
                throw .missingVariable(variable.name, variable.place)
            }
            guard variable.kind.accepts(value) else {
                throw .unsuitableValue(variable.name, value: value, variable.kind)
            }
            values[variable.name] = value
        }
        return Variables(values: values, given: touched)
    }
}

extension BatchSize {
    /// The batch of each of `count` hosts, from 0: sizes in turn, the last one again and again.
    static func batches(of count: Int, _ sizes: [BatchSize]) -> [Int] {
        guard let last = sizes.last else { return Array(repeating: 0, count: count) }
        var batches: [Int] = []
        var number = 0
        while batches.count < count {
            let size: Int
            switch sizes.indices.contains(number) ? sizes[number] : last {
            case .count(let hosts): size = hosts
            case .percent(let share): size = count * share / 100
            }
            batches += Array(repeating: number, count: min(max(1, size), count - batches.count))
            number += 1
        }
        return batches
    }
}

/// Lower-case hexadecimal.
package enum Hex {
    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
