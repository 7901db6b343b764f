package import RunbookModel

/// A runbook laid over an inventory: tasks in reading order, what waits for what, and what is urgent.
package struct Plan: Sendable {
    package let runbook: Runbook
    package let inventory: Inventory
    /// In file order, and within a step in the order of its hosts.
    package let tasks: [PlannedTask]
    package let index: [TaskID: Int]
    /// For each step the steps that it waits for, ascending: each of its tasks waits for all of theirs.
    package let stepNeeds: [[Int]]
    /// For each step the steps that wait for it, ascending.
    package let stepDependents: [[Int]]
    /// For each task the longest estimated time from its start to the end of the run, milliseconds.
    package let remaining: [Int64]
    /// For each step its tasks, in file order of steps.
    package let tasksOfStep: [[Int]]
    package let stepIndex: [String: Int]
    /// Values of `vars` after `-e` is applied.
    package let variables: [String: String]
    /// Those that `-e` has a say in; the others are as the runbook has them.
    package let givenVariables: Set<String>
    /// The bytes of the files that lie beside the runbook, by their paths as written.
    package let attachments: [String: [UInt8]]
    /// Which part of the runbook it is, and how many steps of it are left out.
    package let selection: Selection
    package internal(set) var leftOut = 0
    /// Hosts of steps that are part of it on which they are left out.
    package internal(set) var hostsLeftOut: [String] = []
    /// Names of steps by hand, and of dangerous ones, that are left out although what is selected waits for them.
    package internal(set) var handLeftOut: [String] = []
    /// Approvals that are asked for although the selection leaves them out: a step of it waits for them.
    package internal(set) var keptApprovals: [String] = []
    /// Approvals of the runbook that nobody is asked for, and why.
    package internal(set) var unaskedApprovals: [UnaskedApproval] = []
    /// Lower-case hex SHA-256 over runbook, inventory, variables and selection: what a resume must find unchanged.
    package let hash: String
}

/// A step on one host.
package struct PlannedTask: Hashable, Sendable {
    package var id: TaskID
    /// Index of the step in the runbook.
    package var step: Int
    /// nil where the step has no hosts.
    package var host: Machine?
    /// Where its commands run: the host itself, or the one that acts for it. nil where it has no command to run.
    package var machine: Machine?
    /// Which batch of its step it belongs to, from 0.
    package var batch: Int

    package init(id: TaskID, step: Int, host: Machine?, machine: Machine?, batch: Int) {
        self.id = id
        self.step = step
        self.host = host
        self.machine = machine
        self.batch = batch
    }
}

extension Plan {
    package func step(of task: Int) -> Step { runbook.steps[tasks[task].step] }

    /// The host of the inventory that a task is for; nil for this machine, and where the step has no hosts.
    package func host(of task: Int) -> Host? { tasks[task].host?.index.map { inventory.hosts[$0] } }

    /// The host of the inventory on which the commands of a task run; nil for this machine, and where there is none.
    package func machine(of task: Int) -> Host? { tasks[task].machine?.index.map { inventory.hosts[$0] } }

    /// The name of the machine on which the commands of a task run, ``Host/localName`` for this one; nil where there is none.
    package func machineName(of task: Int) -> String? { tasks[task].machine?.name(in: inventory) }

    /// The chain of tasks that takes longest, first to last.
    package var slowestChain: [Int] {
        // The first task of a step is as urgent as the others.
        func mostUrgent(_ steps: some Sequence<Int>) -> Int? {
            steps.compactMap { tasksOfStep[$0].first }.max { lessUrgent($0, $1) }
        }
        var chain: [Int] = []
        var next = mostUrgent(stepNeeds.indices.filter { stepNeeds[$0].isEmpty })
        while let task = next {
            chain.append(task)
            next = mostUrgent(stepDependents[tasks[task].step])
        }
        return chain
    }

    /// The tasks that a step rests on, directly or through others.
    package func ancestors(ofStep id: String) -> Set<Int> {
        guard let step = stepIndex[id] else { return [] }
        var found: Set<Int> = []
        var open = [step]
        while let next = open.popLast() {
            for need in stepNeeds[next] where found.insert(need).inserted { open.append(need) }
        }
        return Set(found.flatMap { tasksOfStep[$0] })
    }

    /// The estimated time of the whole run with nothing in its way.
    package var estimate: Duration { .milliseconds(remaining.max() ?? 0) }

    /// Orders by longest remaining path; reading order breaks ties.
    package func lessUrgent(_ one: Int, _ other: Int) -> Bool {
        remaining[one] != remaining[other] ? remaining[one] < remaining[other] : one > other
    }

    /// Estimated time of one task, milliseconds.
    package static func estimate(of step: Step) -> Int64 {
        if let estimate = step.estimate { return estimate.wholeMilliseconds }
        switch step.action {
        case .run, .script: return 30_000
        case .copy: return 10_000
        case .reboot: return 240_000
        case .waitFor: return 60_000
        case .manual, .approval: return 300_000
        case .checkpoint: return 0
        }
    }
}
