internal import RunbookEngine
internal import RunbookModel
internal import RunbookPlan
internal import RunbookPreparedness

/// What the end of a step rests on. Of several hosts, the weakest counts: cases stand from weak to strong.
enum StepBasis: Int, Hashable, Comparable, CaseIterable {
    /// Skipped, failed, or not come to its end.
    case missing
    /// It ran, and nothing looked at what came of it.
    case unchecked
    /// A check passed that passes whatever is there: VERIFY-WEAK of `check`.
    case weak
    /// A person said so.
    case confirmed
    /// A check passed.
    case verified
    /// The runbook's own condition says that it does not belong to this run.
    case notNeeded

    static func < (one: StepBasis, other: StepBasis) -> Bool { one.rawValue < other.rawValue }

    /// Of each step in reading order; nil for checkpoints, which only mark what stands before them.
    static func of(_ plan: Plan, _ state: RunState) -> [StepBasis?] {
        plan.runbook.steps.enumerated().map { number, step in
            if case .checkpoint = step.action { return nil }
            return plan.tasksOfStep[number].map { task in of(state.tasks[task].settlement, step) }.min()
        }
    }

    private static func of(_ settlement: TaskSettlement?, _ step: Step) -> StepBasis {
        guard let settlement else { return .missing }
        switch settlement.state {
        // Only a check that passed makes a task `already`.
        case .already: return isWeak(step, already: true) ? .weak : .verified
        case .ok:
            if settlement.by != nil { return .confirmed }
            if case .waitFor = step.action { return isWeak(step, already: false) ? .weak : .verified }
            if step.verify == nil { return .unchecked }
            return isWeak(step, already: false) ? .weak : .verified
        case .skipped: return settlement.tolerated ? .notNeeded : .missing
        case .failed, .pending, .yourTurn, .running, .undone, .unclear: return .missing
        }
    }

    /// Of a task that was skipped, the check that skipped it; otherwise the one after the action.
    private static func isWeak(_ step: Step, already: Bool) -> Bool {
        if already, case .check(let check) = step.skipIf { return WeakCheck.weakness(of: check) != nil }
        if case .waitFor(let check) = step.action { return WeakCheck.weakness(of: check) != nil }
        return step.verify.map { WeakCheck.weakness(of: $0) != nil } ?? false
    }

    /// `24 verified, 4 confirmed by a person, 2 without a check`.
    static func counts(_ bases: [StepBasis?]) -> String {
        let words: [(StepBasis, String)] = [
            (.verified, "verified"), (.confirmed, "confirmed by a person"), (.weak, "by a check that always passes"),
            (.unchecked, "without a check"),
            (.notNeeded, "not needed"), (.missing, "missing"),
        ]
        let parts = words.compactMap { basis, word in
            let count = bases.count { $0 == basis }
            return count == 0 ? nil : "\(count) \(word)"
        }
        return parts.joined(separator: ", ")
    }

    /// How a run that came to its end stands, in a sentence.
    static func done(_ bases: [StepBasis?]) -> String {
        let steps = bases.compactMap(\.self)
        guard steps.allSatisfy({ $0 == .verified }), !steps.isEmpty else {
            let counts = counts(bases)
            return counts.isEmpty ? "There was nothing to do." : "\(counts)."
        }
        return steps.count == 1 ? "The only step is verified." : "All \(steps.count) steps are verified."
    }
}

/// The command that does what a run with gaps left out: a new run of one step, on the hosts where it is missing.
struct BringIn {
    let plan: Plan
    let opening: RunOpening
    /// Of the terminal: paths below it are written as one types them.
    let folder: String

    /// nil where no single command does it: the step uses what another one leaves.
    func command(_ step: Int, hosts: [String]) -> String? {
        let wanted = plan.runbook.steps[step]
        let references = wanted.references + wanted.environment.flatMap(\.value.references)
        guard !references.contains(where: { $0.path.first == "steps" }) else { return nil }
        var words = ["blackstart", "run", path(opening.runbook)]
        if opening.inventory != named { words += ["-i", path(opening.inventory)] }
        for (name, value) in opening.overrides { words += ["-e", "\(name)=\(value)"] }
        for tags in opening.selection.tags { words += ["-t", tags] }
        words += ["--start-at", wanted.id, "--until", wanted.id]
        if !hosts.isEmpty { words += ["--limit", hosts.joined(separator: ",")] }
        return words.map(Self.quoted).joined(separator: " ")
    }

    /// The inventory that the runbook names by itself.
    private var named: String {
        let path = plan.runbook.inventory
        guard !path.hasPrefix("/"), let slash = opening.runbook.lastIndex(of: "/") else { return path }
        return String(opening.runbook[...slash]) + path
    }

    private func path(_ path: String) -> String {
        path.hasPrefix("\(folder)/") ? String(path.dropFirst(folder.utf8.count + 1)) : path
    }

    /// As a shell takes it for one word.
    private static func quoted(_ word: String) -> String {
        let isPlain = word.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".", "/", "=", ",", ":", "@", "+": true
            default: false
            }
        }
        return isPlain && !word.isEmpty ? word : "'\(word.replacing("'", with: "'\\''"))'"
    }
}
