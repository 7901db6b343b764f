internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookPreparedness

/// A plan in words.
struct PlanText {
    let plan: Plan
    var columns = 80
    /// By step id how long it took in past runs.
    var measured: [String: MeasuredTime] = [:]

    /// A few lines: what, how long, where a person is needed, what can't be undone.
    var summary: String {
        let runbook = plan.runbook
        var lines = [TerminalText.shown(runbook.name)]
        if let use = runbook.document.useWhen {
            lines += Wrapping.lines("  Use when  \(TerminalText.shown(use))", columns: columns, indent: 12)
        }
        if let not = runbook.document.doNotUseWhen {
            lines += Wrapping.lines("  Not when  \(TerminalText.shown(not))", columns: columns, indent: 12)
        }
        if !runbook.assumes.isEmpty {
            let given = TerminalText.shown(runbook.assumes.joined(separator: ", "))
            lines += Wrapping.lines("  Given     \(given)", columns: columns, indent: 12)
        }
        lines.append(
            "  Size      \(Count.of(plan.runbook.steps.count, "step")), \(Count.of(plan.tasks.count, "task")) on "
                + (hostCount == 0 ? "this machine" : Count.of(hostCount, "host")))
        lines += leftOut
        lines += approvals
        var time = "  Time      about \(DurationText.words(plan.estimate)) if nothing goes wrong"
        if let rto = runbook.rto { time += "; the objective is \(DurationText.words(rto))" }
        lines += Wrapping.lines(time, columns: columns, indent: 12)
        let manual = runbook.steps.filter { step in
            switch step.action {
            case .manual, .approval: true
            case .run, .script, .copy, .reboot, .waitFor, .checkpoint: step.danger != nil
            }
        }
        if !manual.isEmpty {
            let names = manual.map { TerminalText.shown($0.name) }.joined(separator: "; ")
            lines += Wrapping.lines("  Needs you \(names)", columns: columns, indent: 12)
        }
        let final = runbook.steps.filter { $0.irreversible != nil }
        if !final.isEmpty {
            let names = final.map { TerminalText.shown($0.name) }.joined(separator: "; ")
            lines += Wrapping.lines("  No undo   \(names)", columns: columns, indent: 12)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What the command line leaves out; by name, where what is selected waits for a person's part of it.
    private var leftOut: [String] {
        guard let what = Count.leftOut(of: plan) else { return [] }
        var lines = Wrapping.lines("  Left out  \(what), as the command line says", columns: columns, indent: 12)
        if !plan.handLeftOut.isEmpty {
            let names = plan.handLeftOut.map { TerminalText.shown($0) }.joined(separator: "; ")
            lines += Wrapping.lines(
                "  NOT DONE  \(names): left out, though what is selected waits for it", columns: columns, indent: 12)
        }
        return lines
    }

    /// Approvals that are asked for against the selection, and those that nobody is asked for.
    private var approvals: [String] {
        let kept = plan.keptApprovals.map { "\($0) is asked for all the same: a selected step waits for it" }
        let unasked = plan.unaskedApprovals.map { "NOT ASKED: \($0.text)" }
        return (kept + unasked).flatMap {
            Wrapping.lines("  Approval  \(TerminalText.shown($0))", columns: columns, indent: 12)
        }
    }

    /// Of fewer than ten runs nothing can be said about nine of ten.
    private func measured(_ time: MeasuredTime) -> String {
        let slow = DurationText.words(time.ninetieth)
        switch time.count {
        case 1: return slow
        case ..<10: return "\(DurationText.words(time.median)), the longest \(slow)"
        default: return "\(DurationText.words(time.median)), 9 of 10 within \(slow)"
        }
    }

    private var hostCount: Int { Set(plan.tasks.compactMap(\.host?.index)).count }

    /// The summary and every step: what it waits for, where it runs, how long it takes.
    var full: String {
        var text = summary + "\n"
        var phase: String?
        for (number, step) in plan.runbook.steps.enumerated() {
            if step.phase != phase, let name = step.phase { text += "\(TerminalText.shown(name))\n" }
            phase = step.phase
            let hosts = plan.tasksOfStep[number].compactMap { plan.tasks[$0].id.host }
            let place = hosts.isEmpty ? "" : "  [\(hosts.joined(separator: " "))]"
            let index = "\(step.number)".leftPadded(3)
            text +=
                Wrapping.lines(
                    "\(index)  \(TerminalText.shown(step.name))\(place)", columns: columns, indent: 7
                ).joined(separator: "\n") + "\n"
            var facts: [String] = [kind(step)]
            if !step.needs.isEmpty { facts.append("after \(step.needs.map(\.name).joined(separator: ", "))") }
            facts.append("about \(DurationText.format(.milliseconds(Plan.estimate(of: step))))")
            if let time = measured[step.id] {
                facts.append(
                    "measured in \(Count.of(time.count, "run")): \(measured(time))"
                )
            }
            if let reason = step.irreversible { facts.append("can't be undone: \(reason)") }
            text +=
                Wrapping.lines("     \(step.id): \(facts.joined(separator: "; "))", columns: columns, indent: 7)
                .joined(separator: "\n") + "\n"
        }
        let chain = plan.slowestChain.map { plan.tasks[$0].id.step }
        text += "\n"
        text +=
            Wrapping.lines(
                "Slowest chain, \(DurationText.words(plan.estimate)): \(chain.joined(separator: " -> "))",
                columns: columns, indent: 2
            ).joined(separator: "\n") + "\n"
        text += "Plan \(plan.hash)\n"
        return text
    }

    private func kind(_ step: Step) -> String {
        switch step.action {
        case .run: "runs"
        case .script(let script): "script \(TerminalText.shown(script.path.name))"
        case .copy(let copy): "copies to \(TerminalText.shown(copy.target.source))"
        case .reboot: "restarts its hosts"
        case .waitFor: "waits"
        case .manual: "by hand"
        case .approval(let approval): "approved by \(approval.roles.map(\.name).joined(separator: " or "))"
        case .checkpoint(let name): "checkpoint \"\(name)\""
        }
    }

    /// One object: the steps in order with what they wait for, and the slowest chain.
    var json: String {
        let steps = plan.runbook.steps.enumerated().map { number, step in
            JSONText.line([
                ("id", .string(step.id)), ("name", .string(step.name)), ("kind", .string(kind(step))),
                ("needs", .array(step.needs.map { .string($0.name) })),
                ("hosts", .array(plan.tasksOfStep[number].compactMap { plan.tasks[$0].id.host }.map { .string($0) })),
                ("estimate_ms", .integer(Plan.estimate(of: step))),
                ("remaining_ms", .integer(plan.tasksOfStep[number].first.map { plan.remaining[$0] } ?? 0)),
            ]).dropLast()
        }
        let chain = plan.slowestChain.map { JSONText.quoted(plan.tasks[$0].id.step) }.joined(separator: ",")
        return "{\"schema\":1,\"name\":\(JSONText.quoted(plan.runbook.name)),\"plan\":\"\(plan.hash)\","
            + "\"estimate_ms\":\(plan.estimate.wholeMilliseconds),\"slowest_chain\":[\(chain)],"
            + "\"steps\":[\(steps.joined(separator: ","))]}\n"
    }
}

extension String {
    func leftPadded(_ width: Int) -> String {
        String(repeating: " ", count: max(0, width - unicodeScalars.count)) + self
    }
}
