internal import RunbookEngine
internal import RunbookModel
internal import RunbookPlan

/// One line of what happened: the same words on a live screen, in a dry run and in `journal show`.
struct Narration: Hashable {
    enum Weight: Hashable {
        /// Only with `--verbose`.
        case detail
        case normal
        /// Also with `--quiet`.
        case urgent
    }

    /// `RUNNING`, `OK`, …; empty for a line without a state.
    var word: String
    /// What follows the word.
    var text: String
    var weight = Weight.normal
}

/// Puts records into words.
struct Narrator {
    let plan: Plan

    /// What to say about `record`; nothing for what people do not need to see.
    func lines(_ record: Record) -> [Narration] {
        switch record {
        case .hostSeen(let sighting): return [seen(sighting)]
        case .attemptIntended(let intent): return intended(intent)
        case .attemptEnded(let end): return ended(end)
        case .attemptReopened(let attempt):
            return [line("", attempt.task, "its host is asked again what became of it", weight: .detail)]
        case .taskSettled(let settlement): return settled(settlement)
        case .notChecked(let unchecked):
            return [
                line(
                    "", unchecked.task,
                    "done before; could not be checked again: \(TerminalText.shown(unchecked.reason))")
            ]
        case .undoSettled(let undo): return undone(undo)
        case .asked(let question): return asked(question)
        case .answered(let answer):
            let reason = answer.reason.map { ": \(TerminalText.shown($0))" } ?? ""
            return [line("", answer.task, "\(answer.by) answered \(answer.choice.rawValue)\(reason)")]
        case .valueRead(let value):
            let asked = plan.index[value.task].map { plan.step(of: $0).questions.map(\.name) } ?? []
            return [
                line(
                    "", value.task, "\(value.name): \(TerminalText.shown(String(value.value.prefix(160))))",
                    weight: asked.contains(value.name) ? .normal : .detail)
            ]
        case .checkpointReached(_, let name):
            return [Narration(word: "", text: "Checkpoint \"\(name)\" is reached: a point to roll back to.")]
        case .rollbackDecided(let decision):
            return [
                Narration(
                    word: "ROLLBACK", text: "to \(point(decision.target)), decided by \(decision.by)", weight: .urgent)
            ]
        case .rollbackBegun(let rollback):
            let count = rollback.tasks.count
            return [
                Narration(
                    word: "ROLLBACK",
                    text: "back to \(point(rollback.target)): \(count) \(count == 1 ? "task" : "tasks") to look at, "
                        + "asked for by \(rollback.by)", weight: .urgent)
            ]
        case .rollbackEnded(let complete):
            let text =
                complete ? "The rollback is complete." : "Not everything could be undone: see above what is left."
            return [Narration(word: "", text: text, weight: .urgent)]
        case .rollbackAbandoned(let by):
            return [
                Narration(
                    word: "FORWARD",
                    text:
                        "\(by) gave up the rollback. The run goes on from what stands now; what was undone is pending again.",
                    weight: .urgent)
            ]
        case .paused(let by):
            return [
                Narration(
                    word: "PAUSED", text: "by \(by). What is under way ends; nothing new starts.", weight: .urgent)
            ]
        case .wentOn(let by): return [Narration(word: "", text: "\(by) lets the run go on.", weight: .urgent)]
        case .halted(let reason):
            return [Narration(word: "STOPPING", text: TerminalText.shown(reason), weight: .urgent)]
        case .closed: return []
        }
    }

    func point(_ target: String) -> String {
        target == RollbackPlan.start ? "the start" : "checkpoint \"\(target)\""
    }

    /// `3  Power on the storage controllers  san1 (1 of 2)`.
    func name(_ id: TaskID) -> String {
        guard let index = plan.index[id] else { return id.description }
        let step = plan.step(of: index)
        let tasks = plan.tasksOfStep[plan.tasks[index].step]
        let place = tasks.firstIndex(of: index).map { $0 + 1 } ?? 1
        let host = id.host.map { "  \($0)\(tasks.count > 1 ? " (\(place) of \(tasks.count))" : "")" } ?? ""
        return "\(number(index))  \(TerminalText.shown(step.name))\(host)"
    }

    /// Steps are numbered in reading order, from 1.
    private func number(_ task: Int) -> String {
        let number = String(plan.step(of: task).number)
        return String(repeating: " ", count: max(0, 2 - number.count)) + number
    }

    private func line(
        _ word: String, _ task: TaskID, _ more: String = "", weight: Narration.Weight = .normal
    ) -> Narration {
        Narration(word: word, text: more.isEmpty ? name(task) : "\(name(task))  \(more)", weight: weight)
    }

    private func seen(_ sighting: HostSighting) -> Narration {
        let offset = sighting.clockOffset.map { ", its clock is \($0) ms off" } ?? ""
        return Narration(
            word: "", text: "\(sighting.host) answers (boot \(sighting.boot)\(offset))",
            weight: .detail)
    }

    private func intended(_ intent: AttemptIntent) -> [Narration] {
        let attempt = intent.attempt
        var more = attempt.kind == .undo ? "undo" : ""
        if attempt.number > 1 { more += more.isEmpty ? "attempt \(attempt.number)" : ", attempt \(attempt.number)" }
        let command = TerminalText.shown(intent.command)
        return [line("RUNNING", attempt.task, more), Narration(word: "", text: "    $ \(command)", weight: .detail)]
    }

    private func ended(_ end: AttemptEnd) -> [Narration] {
        let what: String
        switch end.result {
        case .exited(0) where end.isOutputCut:
            what = "exit status 0, but the host's disk was full: its output may be cut"
        case .exited(0): return []
        case .exited(let code): what = "exit status \(code)"
        case .signalled(let name): what = "ended by signal \(TerminalText.shown(name))"
        case .neverRan(let why): what = "did not run: \(TerminalText.shown(why))"
        case .timedOut(let status): what = "took too long and was stopped (exit status \(status))"
        case .unknown(let why): what = "nobody knows how it ended: \(TerminalText.shown(why))"
        }
        let words = Self.lastWords(end.tail)
        return [
            line("", end.attempt.task, words.isEmpty ? what : "\(what). Last words: \"\(words)\"")
        ]
    }

    /// The last line that says something, safe to show.
    static func lastWords(_ tail: [UInt8]) -> String {
        let lines = TerminalText.shown(bytes: tail, lines: true).split(separator: "\n")
        let last = lines.last { $0.contains { $0 != " " } } ?? ""
        return String(last.prefix(160))
    }

    private func settled(_ settlement: TaskSettlement) -> [Narration] {
        let reason = TerminalText.shown(settlement.reason)
        let by = settlement.by.map { " (\($0))" } ?? ""
        switch settlement.state {
        case .ok:
            return [line("OK", settlement.task, settlement.reason == "reached" ? "" : "\(reason)\(by)")]
        case .failed:
            let more = settlement.tolerated ? "\(reason). The runbook says to go on." : reason
            return [line("FAILED", settlement.task, more + by, weight: .urgent)]
        case .unclear: return [line("UNCLEAR", settlement.task, reason + by, weight: .urgent)]
        case .already, .skipped, .pending, .yourTurn, .running, .undone:
            return [line(settlement.state.word, settlement.task, reason + by)]
        }
    }

    private func undone(_ undo: UndoSettlement) -> [Narration] {
        let reason = TerminalText.shown(undo.reason) + (undo.by.map { " (\($0))" } ?? "")
        switch undo.state {
        case .undone: return [line("UNDONE", undo.task, reason)]
        case .left: return [line("", undo.task, "left as it is: \(reason)")]
        case .failed: return [line("FAILED", undo.task, "undo: \(reason)", weight: .urgent)]
        case .unclear: return [line("UNCLEAR", undo.task, "undo: \(reason)", weight: .urgent)]
        }
    }

    private func asked(_ question: AskedQuestion) -> [Narration] {
        switch question.kind {
        case .manual, .danger, .approval: return [line("YOUR-TURN", question.task, weight: .urgent)]
        case .failure, .lapsed:
            return [line("FAILED", question.task, TerminalText.shown(question.text), weight: .urgent)]
        // The record before says it.
        case .unclear, .undo: return []
        case .irreversible:
            return [Narration(word: "", text: TerminalText.shown(question.text), weight: .urgent)]
        }
    }
}
