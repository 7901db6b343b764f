internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan

/// What a run can go back to, and what that would do; said before it begins.
struct RollbackOffer {
    let plan: Plan
    private let state: RunState
    private let engine: Engine
    /// The last checkpoint reached comes first, the start comes last.
    let goals: [String]

    init(plan: Plan, run: RunFacts, state: RunState) {
        self.plan = plan
        self.state = state
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
        var state = RunState(tasks: plan.tasks.count, approvals: .signature)
        for record in records { state.evolve(record, plan) }
        self.init(plan: plan, run: run, state: state)
    }

    /// What going back to `goal` would do, machine by machine.
    func text(_ goal: String, columns: Int = 80) -> String {
        let preview = RollbackPreview(plan: plan, state: state, tasks: engine.tasksSince(goal), columns: columns)
        let head = "Rollback to \(Narrator(plan: plan).point(goal)): \(preview.counts)"
        return Wrapping.lines(head, columns: columns, indent: 2).joined(separator: "\n") + "\n" + preview.text
    }

    /// What the rollback under way, or decided, has still to undo; nil where none is.
    func left(columns: Int = 80) -> String? {
        if let decided = state.rollbackDecided {
            let tasks = engine.tasksSince(decided.target)
            let preview = RollbackPreview(plan: plan, state: state, tasks: tasks, columns: columns)
            let head = "\(RollingBack.words(decided.target)): decided by \(TerminalText.shown(decided.by)). Left:"
            return Wrapping.lines("\(head) \(preview.counts)", columns: columns, indent: 2).joined(separator: "\n")
                + "\n" + preview.text
        }
        guard let rollback = state.rollbackUnderWay else { return nil }
        let members = rollback.tasks.compactMap { plan.index[$0] }
        let left = members.filter { task in
            switch state.tasks[task].undo?.state {
            case .undone, .left: state.tasks[task].open != nil
            case .failed, .unclear, nil: true
            }
        }
        let preview = RollbackPreview(plan: plan, state: state, tasks: left, columns: columns)
        let head =
            "\(RollingBack.words(rollback.target)): \(members.count - left.count) of \(members.count) looked at. Left:"
        return Wrapping.lines("\(head) \(preview.counts)", columns: columns, indent: 2).joined(separator: "\n") + "\n"
            + preview.text
    }

    func prompt(_ goal: String) -> String {
        let others = goals.filter { $0 != goal }
        let look = others.isEmpty ? "" : ", or \(others.joined(separator: ", ")) to see that instead"
        return "  Type \(goal) to begin\(look).\n  Type no to undo nothing: "
    }

    /// Talks until the person has typed the name of what was shown last; nil when they did not want to.
    func choose(from first: String, columns: Int, say: (String) -> Void, ask: (String) -> String?) -> String? {
        var goal = first
        for _ in 0..<TypedText.tries {
            say("\n" + text(goal, columns: columns))
            guard let line = TypedText.ask(prompt(goal), say: say, ask) else { return nil }
            if line == goal { return goal }
            guard goals.contains(line) else { return nil }
            goal = line
        }
        return nil
    }
}

/// The words for a rollback that is under way: the same in `status`, `runs`, the bar and `resume`.
enum RollingBack {
    static func words(_ target: String) -> String {
        "ROLLING BACK to \(target == RollbackPlan.start ? "the start" : "\"\(TerminalText.shown(target))\"")"
    }
}

/// The undos of some tasks in words, the last in comes first: machine by machine, then what can't be undone, then what
/// stays as it is.
struct RollbackPreview {
    private struct Line {
        var task: Int
        var words: String
    }

    private let plan: Plan
    private let columns: Int
    private var machines: [(name: String, lines: [Line])] = []
    private var final: [Line] = []
    private var stays: [Line] = []

    init(plan: Plan, state: RunState, tasks: [Int], columns: Int) {
        self.plan = plan
        self.columns = columns
        for task in tasks.reversed() {
            let step = plan.step(of: task)
            let known = state.tasks[task]
            if let reason = step.irreversible {
                final.append(Line(task: task, words: reason))
                continue
            }
            let how: String
            switch step.undo {
            case .run(let command, _, _): how = "$ \(command.source)"
            case .script(let script, _, _): how = "script \(script.path.name)"
            case .restore(let copy, _): how = "puts back what was in \(copy.target.source)"
            case .nothing:
                stays.append(Line(task: task, words: "nothing has to be undone"))
                continue
            case nil:
                stays.append(Line(task: task, words: "has no undo"))
                continue
            }
            let isKnown = known.settlement?.state == .ok
            if !isKnown, step.verify == nil, known.settlement?.state != .unclear {
                stays.append(Line(task: task, words: "failed without a check: it may be done in part"))
                continue
            }
            let words = isKnown ? how : step.verify == nil ? "asks you first: \(how)" : "if it is there: \(how)"
            let machine = plan.machine(of: task)?.name ?? Host.localName
            let place = machines.firstIndex { $0.name == machine } ?? machines.count
            if place == machines.count { machines.append((machine, [])) }
            machines[place].lines.append(Line(task: task, words: words))
        }
    }

    /// `3 undos on 2 machines, 1 step can't be undone, 2 stay as they are.`
    var counts: String {
        let undos = machines.map(\.lines.count).reduce(0, +)
        var parts = [
            undos == 0
                ? "nothing to undo"
                : "\(Count.of(undos, "undo")) on \(Count.of(machines.count, "machine")), last in first out"
        ]
        if !final.isEmpty { parts.append("\(final.count) can't be undone") }
        if !stays.isEmpty {
            parts.append(
                "\(stays.count) \(stays.count == 1 ? "stays" : "stay") as \(stays.count == 1 ? "it is" : "they are")")
        }
        return parts.joined(separator: "; ") + "."
    }

    var text: String {
        var text = ""
        for (name, lines) in machines {
            text += "  \(name == Host.localName ? "this machine (local)" : name)\n" + self.lines(lines)
        }
        if !final.isEmpty { text += "  CAN'T BE UNDONE\n" + lines(final, named: true) }
        if !stays.isEmpty { text += "  Stays as it is\n" + lines(stays, named: true) }
        return text
    }

    /// Each with its number, its name, and all of what is done: what is cut may be the word that matters.
    private func lines(_ lines: [Line], named: Bool = false) -> String {
        lines.map { line in
            let step = plan.step(of: line.task)
            let host = named ? plan.tasks[line.task].id.host.map { " (\($0))" } ?? "" : ""
            let head = "  " + "\(step.number)".leftPadded(4) + "  \(TerminalText.shown(step.name))\(host)  "
            let words = TerminalText.shown(line.words, lines: true).replacing("\n", with: "; ")
            return Wrapping.lines(head + words, columns: columns, indent: 8).joined(separator: "\n") + "\n"
        }.joined()
    }
}
