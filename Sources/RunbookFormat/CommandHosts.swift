internal import RunbookModel

// A command runs on a machine that the runbook names. A step without `hosts` has none, and this machine is none either
// unless it says `local`.

extension StepReader {
    /// Finds the commands of a step that nothing says where to run.
    func checkCommandsHaveHosts(_ fields: Fields, _ step: Step) {
        guard step.hosts.isEmpty, step.delegateTo == nil else { return }
        guard !fields.has("hosts"), !fields.has("uses"), !fields.misspells(["hosts"]) else { return }
        for place in step.sideCommands {
            findings.add(
                at: place, "this command has no machine to run on: the step lacks `hosts`",
                hint: "name a host, a group, or `local` for this machine")
        }
    }
}

extension Step {
    /// Where commands stand that are not the action itself: in checks, outputs and the undo.
    fileprivate var sideCommands: [SourcePlace] {
        var checks = [verify].compactMap(\.self)
        if case .check(let check) = skipIf { checks.append(check) }
        if case .waitFor(let check) = action { checks.append(check) }
        var places: [SourcePlace] = []
        switch undo {
        case .run(let command, _, let check):
            places.append(command.place)
            if let check { checks.append(check) }
        case .script(let script, _, let check):
            places.append(script.path.place)
            if let check { checks.append(check) }
        case .nothing, .restore, nil: break
        }
        for case .run(let command) in checks.map(\.probe) { places.append(command.place) }
        return places + outputs.compactMap(\.run?.place)
    }
}
