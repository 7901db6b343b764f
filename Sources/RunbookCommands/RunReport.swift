internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan

/// The last words of a session: how it ended, what is left, and what to do next.
struct RunReport {
    let plan: Plan
    let state: RunState
    let outcome: Outcome
    /// What a person types for it.
    let run: String
    var columns = 80
    /// Milliseconds of this session.
    var uptime: Int64
    /// Where the journal stands, for paper.
    var head: HeadCode?
    /// There is nothing to go on with after a dry run.
    var isRehearsal = false
    /// Says how to do what was left out; nil where there are no hosts to do it on.
    var bringIn: BringIn?

    /// Steps that have not begun, at most, by name.
    static let pendingShown = 3

    var text: String {
        var lines = [""] + Wrapping.lines(headline, columns: columns, indent: 2)
        let steps = StepStates.of(plan, state)
        var pending = 0
        for (number, step) in steps.enumerated() where isNoteworthy(step.state) {
            if step.state == .pending {
                pending += 1
                if pending > Self.pendingShown { continue }
            }
            let name = TerminalText.shown(plan.runbook.steps[number].name)
            let hosts = tasks(number, step.state).joined(separator: ", ")
            lines += Wrapping.lines(
                "  \(step.state.word.padded(10)) \(plan.runbook.steps[number].number)  \(name)\(hosts.isEmpty ? "" : "  \(hosts)")",
                columns: columns, indent: 13)
            for reason in reasons(number, step.state) + help(number, step.state) {
                lines += Wrapping.lines("             \(reason)", columns: columns, indent: 13)
            }
            // Whole, so that it can be copied.
            if outcome == .succeededWithGaps { lines += missing(number, step.state).map { "             \($0)" } }
        }
        if pending > Self.pendingShown {
            lines.append(
                "             and \(Count.of(pending - Self.pendingShown, "more step has", "more steps have")) not begun"
            )
        }
        lines += stands
        lines += Wrapping.lines(
            "  \(tally(steps.map(\.state)))This session took \(duration).", columns: columns, indent: 4)
        lines += next.flatMap { Wrapping.lines("  \($0)", columns: columns, indent: 4) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// How many steps stand, where the headline does not say so.
    private func tally(_ steps: [StepState]) -> String {
        switch outcome {
        case .succeeded, .succeededWithGaps: return ""
        case .failed, .unreachable, .waiting, .elsewhere, .interrupted, .rolledBack:
            let done = steps.count { $0 == .ok || $0 == .already }
            return "\(done) of \(Count.of(steps.count, "step")) done. "
        }
    }

    private var duration: String { DurationText.words(.milliseconds(uptime)) }

    private var headline: String {
        switch outcome {
        case .succeeded: "DONE. \(StepBasis.done(StepBasis.of(plan, state)))\(leftOut)"
        case .succeededWithGaps:
            "FINISHED WITH GAPS. \(StepBasis.counts(StepBasis.of(plan, state))).\(leftOut)"
        case .failed: "STOPPED\(stopped)"
        case .unreachable: "NOTHING WAS STARTED. There is no way into a host: see why below."
        case .waiting: "WAITING for a person. Nothing goes on without one."
        case .rolledBack: "ROLLED BACK. \(undone)"
        case .elsewhere: "STOPPED. Somebody else is at work: \(TerminalText.shown(state.halted ?? "another run"))."
        case .interrupted:
            switch state.halted {
            case nil, StopRequests.reason: "STOPPED on request. Nothing is in flight."
            case let reason?: "STOPPED: \(TerminalText.shown(reason)). Nothing is in flight."
            }
        }
    }

    /// By whom or by what: a step that failed, a person, a rollback that can't go on.
    private var stopped: String {
        guard let reason = state.halted.map({ TerminalText.shown($0) }) else {
            return ". A step failed; what does not wait for it is done."
        }
        return reason.hasPrefix("stopped by ") ? "\(reason.dropFirst("stopped".count))." : ": \(reason)."
    }

    /// What the rollback came to, by tasks.
    private var undone: String {
        let ends = state.tasks.compactMap(\.undo?.state)
        let (done, all) = (ends.count { $0 == .undone }, ends.count)
        if all == 0 { return "There was nothing to undo." }
        return done == all
            ? "\(Count.of(done, "task is", "tasks are")) undone." : "\(done) of \(Count.of(all, "task")) undone."
    }

    /// What was there before the run began, and stays when the run is taken back.
    private var stands: [String] {
        guard outcome == .rolledBack else { return [] }
        let names = StepStates.of(plan, state).enumerated().filter { $1.state == .already }.map { number, _ in
            TerminalText.shown(plan.runbook.steps[number].name)
        }
        guard !names.isEmpty else { return [] }
        let more = names.count > Self.standingShown ? "; and \(names.count - Self.standingShown) more" : ""
        return Wrapping.lines(
            "  ALREADY there before this run, and still: \(names.prefix(Self.standingShown).joined(separator: "; "))\(more)",
            columns: columns, indent: 13)
    }

    private static let standingShown = 6

    private var leftOut: String {
        Count.leftOut(of: plan).map { " Left out, as asked: \($0)." } ?? ""
    }

    /// How to bring in what a step lacks.
    private func missing(_ number: Int, _ word: StepState) -> [String] {
        guard let bringIn, word == .skipped || word == .failed else { return [] }
        let tasks = plan.tasksOfStep[number]
        let gaps = tasks.filter { task in
            switch state.tasks[task].settlement?.state {
            case .ok, .already: false
            case .skipped: state.tasks[task].settlement?.tolerated == false
            case .failed, .pending, .yourTurn, .running, .undone, .unclear, nil: true
            }
        }
        guard !gaps.isEmpty else { return [] }
        let hosts = gaps.count == tasks.count ? [] : gaps.compactMap { plan.tasks[$0].id.host }
        guard let command = bringIn.command(number, hosts: hosts) else {
            return ["Bring it in by hand: it uses what other steps leave."]
        }
        return ["Bring it in: \(command)"]
    }

    private var next: [String] {
        var lines: [String] = []
        if isRehearsal { return ["On record: blackstart journal show \(run)"] }
        switch outcome {
        case .succeeded, .succeededWithGaps, .rolledBack: break
        case .waiting: lines.append("Next: blackstart resume \(run)   where someone can answer")
        case .failed, .unreachable, .elsewhere, .interrupted:
            if let goal = state.goal {
                lines.append("\(RollingBack.words(goal)) is not over.")
                lines.append("Next: blackstart resume \(run)   shows what is left to undo and asks")
                lines.append("Or give the rollback up: blackstart resume \(run) --forward")
                break
            }
            lines.append("Next: look at what is listed above, then: blackstart resume \(run)")
            if !state.checkpoints.isEmpty || state.anythingStarted {
                lines.append("Or take it back: blackstart rollback \(run)")
            }
        }
        lines.append("On record: blackstart journal show \(run)")
        if let head { lines.append("Write this down, it proves the journal later: \(head.text)") }
        return lines
    }

    private func isNoteworthy(_ step: StepState) -> Bool {
        switch step {
        case .ok, .already: false
        case .pending: !outcome.isFinal
        case .yourTurn, .running, .skipped, .failed, .undone, .unclear: true
        }
    }

    /// For what went wrong: what to try, where the machines stand, and whom to call.
    private func help(_ number: Int, _ word: StepState) -> [String] {
        guard word == .failed || word == .unclear, outcome != .rolledBack else { return [] }
        let step = plan.runbook.steps[number]
        var lines = step.ifItFails.map { ["Try first: \(TerminalText.shown($0))"] } ?? []
        let tasks = plan.tasksOfStep[number].filter { state.word($0) == word }
        for host in tasks.compactMap({ plan.host(of: $0) }).prefix(Self.placesShown) {
            if let location = host.location { lines.append("\(host.name): \(TerminalText.shown(location))") }
        }
        var contacts = [step.contact?.name].compactMap(\.self)
        for name in tasks.compactMap({ plan.host(of: $0)?.contact?.name }) where !contacts.contains(name) {
            contacts.append(name)
        }
        for contact in contacts.prefix(Self.placesShown).compactMap({ plan.inventory.contact($0) }) {
            lines.append("Call: \(TerminalText.shown(contact.line))")
        }
        return lines
    }

    private static let placesShown = 3

    /// The hosts of a step that are in the state that it is named for, where that is not all of them.
    private func tasks(_ step: Int, _ word: StepState) -> [String] {
        let tasks = plan.tasksOfStep[step]
        return tasks.filter { state.word($0) == word }.compactMap { plan.tasks[$0].id.host }
    }

    private func reasons(_ step: Int, _ word: StepState) -> [String] {
        var reasons: [String] = []
        for task in plan.tasksOfStep[step] where state.word(task) == word {
            let known = state.tasks[task]
            let reason = word == .undone ? "" : known.undo?.reason ?? known.settlement?.reason ?? ""
            let shown = TerminalText.shown(reason)
            if !shown.isEmpty, !reasons.contains(shown) { reasons.append(shown) }
        }
        return reasons
    }
}
