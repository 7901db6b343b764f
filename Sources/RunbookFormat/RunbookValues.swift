internal import RunbookModel

/// The values that a runbook's expressions name.
enum RunbookValues {
    static let hostValues = ["name", "address", "port", "user", "kind", "location", "bmc"]
    static let runValues = ["id", "name", "by"]

    static func check(_ runbook: Runbook, _ findings: Findings) {
        let variables = runbook.variables.map(\.name)
        let known = Set(variables)
        for step in runbook.steps {
            let environment = step.environment.map(\.name)
            // A value of `env` that names another one is told already.
            let inEnvironment = step.environment.flatMap(\.value.references).filter { $0.path.first != "env" }
            for reference in inEnvironment + references(of: step) {
                guard reference.path.count == 2, let scope = reference.path.first, let name = reference.path.last else {
                    continue
                }
                let values: [String]
                switch scope {
                case "vars":
                    if known.contains(name) { continue }
                    values = variables
                case "env": values = environment
                case "host": values = hostValues
                default: values = runValues
                }
                if !values.contains(name) {
                    findings.add(
                        at: reference.place, "unknown value `\(Excerpt.of(reference.name))`",
                        hint: hint(name, scope, values))
                }
            }
        }
    }

    private static func hint(_ name: String, _ scope: String, _ values: [String]) -> String? {
        if let near = Nearest.name(to: name, in: values) { return "did you mean `\(scope).\(Excerpt.of(near))`?" }
        switch scope {
        case "vars": return "give it under `vars`"
        case "env": return "give it under the step's `env`"
        default: return "known are \(values.map { "\(scope).\($0)" }.joined(separator: ", "))"
        }
    }

    private static func references(of step: Step) -> [Template.Reference] {
        var templates: [Template] = []
        var checks: [Check] = [step.verify].compactMap(\.self)
        switch step.action {
        case .run(let template), .manual(let template): templates.append(template)
        case .waitFor(let check): checks.append(check)
        case .checkpoint: break
        }
        if case .check(let check) = step.skipIf { checks.append(check) }
        if case .run(let template, _, let check) = step.undo {
            templates.append(template)
            checks += [check].compactMap(\.self)
        }
        for check in checks {
            switch check.probe {
            case .run(let template), .tcp(let template), .http(let template): templates.append(template)
            }
            templates += [check.equals, check.matches, check.contains].compactMap(\.self)
        }
        return templates.flatMap(\.references)
    }
}
