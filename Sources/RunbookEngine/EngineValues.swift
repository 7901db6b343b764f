internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

// Values on their way into commands.

extension Engine {
    /// The command with the task's values filled in. What may have no POSIX shell, and so keeps no receipts, gets them in
    /// the text.
    func filled(_ template: Template, _ task: Int) -> CommandText {
        CommandText(scope(task).command(template, inShell: keepsReceipts(task)))
    }

    /// Why a value can't be given to one of the commands of the task's action or undo; nil where all can.
    func valueFault(_ task: Int) -> String? {
        let step = plan.step(of: task)
        var templates: [Template] = []
        var script: ScriptFile?
        var named: [Template.Reference] = []
        var paths = step.verify?.paths ?? []
        switch work[task].kind {
        case .action:
            switch step.action {
            case .run(let template), .reboot(.some(let template)): templates.append(template)
            case .waitFor(let check):
                templates += check.commands
                paths += check.paths
            case .script(let file): script = file
            case .copy(let copy): paths.append(copy.target)
            case .reboot(nil), .manual, .approval, .checkpoint: break
            }
            if case .check(let check) = step.skipIf {
                templates += check.commands
                paths += check.paths
            }
            templates += step.outputs.compactMap(\.run)
        case .undo:
            switch step.undo {
            case .run(let template, _, let verify): templates += [template] + (verify?.commands ?? [])
            case .script(let file, _, let verify):
                script = file
                templates += verify?.commands ?? []
                named += file.arguments.flatMap(\.references)
            case .restore(let copy, _):
                paths.append(copy.target)
                named += copy.target.references
            case .nothing, nil: break
            }
            named += templates.flatMap(\.references) + step.environment.flatMap(\.value.references)
            // A command with a hole in it is never run, least of all one that takes things away.
            if let missing = scope(task).unknown(among: named) {
                return "it needs \(missing.name), and that is not known"
            }
        }
        templates += step.verify?.commands ?? []
        let fault =
            scope(task).fault(in: templates, inShell: keepsReceipts(task))
            ?? script.flatMap {
                scope(task).fault(
                    inArguments: $0.arguments,
                    isOfShell: ScriptInterpreter(plan.attachments[$0.path.name] ?? []).isShell)
            }
        if let fault { return "\(fault.what); nothing was sent\(fault.hint.map { "; \($0)" } ?? "")" }
        if let fault = scope(task).fault(inPaths: paths) { return "\(fault); nothing was sent" }
        let nul = environment(task).first { $0.value.utf8.contains(0) }
        return nul.map { "\($0.name) of `env` has a NUL byte in it; nothing was sent" }
    }
}

extension Check {
    fileprivate var paths: [Template] { if case .copied(let copy) = probe { [copy.target] } else { [] } }
}
