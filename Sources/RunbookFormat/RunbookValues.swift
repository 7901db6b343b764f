internal import RunbookModel

/// The values that a runbook's expressions name.
struct RunbookValues {
    static let hostValues = ["name", "address", "port", "user", "kind", "location", "bmc"]
    static let runValues = ["id", "name", "by"]

    private let runbook: Runbook
    private let findings: Findings
    private let variables: [String]
    private let knownVariables: Set<String>
    private let secrets: [String]
    /// Positions of steps by id.
    private let index: [String: Int]
    private let ancestors: StepAncestors
    /// Whether declarations could be read; what could not is told once, and not again wherever it is named.
    private let knowsVariables: Bool
    private let knowsSecrets: Bool

    static func check(_ runbook: Runbook, _ fields: Fields) {
        let values = RunbookValues(runbook, fields)
        for (position, step) in runbook.steps.enumerated() { values.check(step, at: position) }
    }

    private init(_ runbook: Runbook, _ fields: Fields) {
        self.runbook = runbook
        findings = fields.findings
        variables = runbook.variables.map(\.name)
        knownVariables = Set(variables)
        secrets = runbook.secrets.map(\.name)
        knowsVariables = !fields.has("vars") || fields.value("vars")?.isMapping == true
        knowsSecrets = fields.mapping("secrets")?.count ?? 0 == runbook.secrets.count
        index = Dictionary(
            runbook.steps.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        ancestors = Self.ancestors(runbook.steps, index)
    }

    private func check(_ step: Step, at position: Int) {
        let environment = step.environment.map(\.name)
        // A value of `env` that names another one is told already.
        let inEnvironment = step.environment.flatMap(\.value.references).filter { $0.path.first != "env" }
        for reference in inEnvironment + step.references {
            switch (reference.path.first, reference.path.count) {
            case ("vars", 2):
                if knowsVariables, !knownVariables.contains(reference.path[1]) {
                    check(reference, in: variables, "give it under `vars`")
                }
            case ("secrets", 2): if knowsSecrets { check(reference, in: secrets, "declare it under `secrets`") }
            case ("env", 2): check(reference, in: environment, "give it under the step's `env`")
            case ("host", 2): check(reference, in: Self.hostValues, nil)
            case ("run", 2): check(reference, in: Self.runValues, nil)
            case ("steps", 4): checkOutput(reference, of: step, at: position)
            default: break
            }
        }
    }

    private func check(_ reference: Template.Reference, in values: [String], _ hint: String?) {
        guard let scope = reference.path.first, let name = reference.path.last, !values.contains(name) else { return }
        findings.add(
            at: reference.place, "unknown value `\(Excerpt.of(reference.name))`",
            hint: Nearest.name(to: name, in: values).map { "did you mean `\(scope).\(Excerpt.of($0))`?" } ?? hint
                ?? "known are \(values.filter { !$0.contains("/") }.map { "\(scope).\($0)" }.joined(separator: ", "))")
    }

    /// A value of another step: it has to be there, and to be there in time.
    private func checkOutput(_ reference: Template.Reference, of step: Step, at position: Int) {
        let (id, name) = (reference.path[1], reference.path[3])
        let shown = Excerpt.of(reference.name)
        guard let number = index[id] else {
            return findings.add(
                at: reference.place, "unknown value `\(shown)`: there is no step `\(Excerpt.of(id))`",
                hint: Nearest.hint(id, runbook.steps.map(\.id)))
        }
        let names = runbook.steps[number].valueNames
        guard names.contains(name) else {
            return findings.add(
                at: reference.place, "unknown value `\(shown)`",
                hint: Nearest.hint(name, names)
                    ?? (names.isEmpty
                        ? "give it under the step's `outputs`" : "known are \(names.joined(separator: ", "))"))
        }
        if !ancestors.waits(position, for: number) {
            findings.add(
                at: reference.place, "`\(Excerpt.of(step.id))` does not wait for `\(id)`, whose value it uses",
                hint: "add `\(id)` to its `needs`")
        }
    }

    /// What each step waits for, of the steps whose values are used.
    private static func ancestors(_ steps: [Step], _ index: [String: Int]) -> StepAncestors {
        var used: Set<Int> = []
        for step in steps {
            let references = step.references + step.environment.flatMap(\.value.references)
            for reference in references where reference.path.first == "steps" && reference.path.count == 4 {
                if let position = index[reference.path[1]] { used.insert(position) }
            }
        }
        let needs: [[Int]] = steps.map { step in
            let positions: Set<Int> = Set(step.needs.compactMap { need in index[need.name] })
            return Array(positions)
        }
        return StepAncestors(needs, of: used)
    }
}
