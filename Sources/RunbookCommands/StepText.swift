internal import RunbookModel
internal import RunbookPlan

/// A step as the runbook has it, whole: what it runs and where, how it is checked, and how it is undone.
struct StepText {
    let plan: Plan
    let task: Int

    /// Safe to show, ends with a line feed.
    var text: String {
        let step = plan.step(of: task)
        var parts: [(String, String)] = [("Where", place)]
        if let action = Self.action(step) { parts.append(("It runs", action)) }
        parts.append(("Its check", step.verify.map(Self.words) ?? "none"))
        parts.append(("Its undo", undo(step)))
        return parts.map { label, value in
            let lines = TerminalText.shown(value, lines: true).split(separator: "\n")
            return "  \(label.padded(17))\(lines.joined(separator: "\n" + String(repeating: " ", count: 19)))\n"
        }.joined()
    }

    /// What it does on its host; nil of what runs nothing there.
    static func action(_ step: Step) -> String? {
        switch step.action {
        case .run(let command): command.source
        case .script(let script): "script \(script.path.name)"
        case .copy(let copy): "copy \(copy.source.name) to \(copy.target.source)"
        case .reboot(let command): command.map { "reboot: \($0.source)" } ?? "reboot"
        case .waitFor, .manual, .approval, .checkpoint: nil
        }
    }

    private var place: String {
        let machine = plan.machineName(of: task) ?? Host.localName
        return (machine == Host.localName ? "this machine (local)" : machine) + (isRoot ? ", as root" : "")
    }

    private var isRoot: Bool {
        switch plan.step(of: task).become {
        case .no: false
        case .yes, .withPassword: true
        case nil: plan.machine(of: task)?.become == true
        }
    }

    private static func words(_ check: Check) -> String {
        switch check.probe {
        case .run(let command): command.source
        case .tcp(let target): "a connection to \(target.source)"
        case .http(let page): "the page \(page.source)"
        case .copied: "the file is there, whole"
        }
    }

    private func undo(_ step: Step) -> String {
        if let reason = step.irreversible { return "none, it can't be undone: \(reason)" }
        return switch step.undo {
        case .run(let command, _, _): command.source
        case .script(let script, _, _): "script \(script.path.name)"
        case .restore(let copy, _): "puts back what was in \(copy.target.source)"
        case .nothing: "nothing has to be undone"
        case nil: "none"
        }
    }
}
