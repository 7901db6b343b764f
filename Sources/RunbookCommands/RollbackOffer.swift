internal import RunbookEngine
internal import RunbookModel
internal import RunbookPlan

/// What a run can go back to, and what that would do; said before it begins.
struct RollbackOffer {
    let plan: Plan
    private let engine: Engine
    /// The last checkpoint reached comes first, the start comes last.
    let goals: [String]

    init(plan: Plan, run: RunFacts, state: RunState) {
        self.plan = plan
        engine = Engine(plan: plan, run: run, state: state)
        var goals: [String] = []
        for checkpoint in state.checkpoints.reversed() where !goals.contains(checkpoint.name) {
            goals.append(checkpoint.name)
        }
        self.goals = goals + [RollbackPlan.start]
    }

    /// Of a run that is under way, as its journal stands; nil where that can't be read.
    init?(plan: Plan, run: RunFacts, folder: RunFolder) {
        guard let records = RecordedRun.records(folder) else { return nil }
        var state = RunState(tasks: plan.tasks.count)
        for record in records { state.evolve(record, plan) }
        self.init(plan: plan, run: run, state: state)
    }

    /// What going back to `goal` would do, step by step.
    func text(_ goal: String, columns: Int = 80) -> String {
        let narrator = Narrator(plan: plan)
        var lines = ["Back to \(narrator.point(goal)). Last in, first out:"]
        let tasks = engine.tasksSince(goal)
        for task in tasks.reversed() {
            let step = plan.step(of: task)
            let how: String
            switch step.undo {
            case .run(let command, _, _): how = TerminalText.shown(command.source)
            case .script(let script, _, _): how = "script \(TerminalText.shown(script.path.name))"
            case .restore(let copy, _): how = "puts back what was in \(TerminalText.shown(copy.target.source))"
            case .nothing: how = "nothing has to be undone"
            case nil: how = step.irreversible.map { "CAN'T BE UNDONE: \($0)" } ?? "has no undo, and stays as it is"
            }
            lines += Wrapping.lines(
                "  \(narrator.name(plan.tasks[task].id))  \(how)", columns: columns, indent: 6)
        }
        if tasks.isEmpty { lines.append("  There is nothing to undo.") }
        return lines.joined(separator: "\n") + "\n"
    }

    func prompt(_ goal: String) -> String {
        let others = goals.filter { $0 != goal }
        let look = others.isEmpty ? "" : ", or \(others.joined(separator: ", ")) to see that instead"
        return "  Type \(goal) to begin\(look).\n  Enter alone begins nothing: "
    }

    /// Talks until the person has typed the name of what was shown last; nil when they did not want to.
    func choose(from first: String, say: (String) -> Void, ask: (String) -> String?) -> String? {
        var goal = first
        for _ in 0..<100 {
            say("\n" + text(goal))
            guard let line = ask(prompt(goal))?.trimmingSpaces else { return nil }
            if line == goal { return goal }
            guard goals.contains(line) else { return nil }
            goal = line
        }
        return nil
    }
}
