internal import RunbookModel

/// A step that includes another runbook, as it is written.
struct Inclusion {
    /// What its steps have in common; its action means nothing.
    var header: Step
    /// As written, relative to the including runbook's folder.
    var path: Named
    var values: [(name: Named, value: Template)]
}

/// Puts the steps of included runbooks in place of the steps that include them.
///
/// A step `db` of what `tiers` includes becomes `tiers/db`, and so do its checkpoints and variables. It waits for what
/// `tiers` waits for; who waits for `tiers` waits for the steps at its end.
struct InclusionExpander {
    private let findings: Findings
    private(set) var runbook: Runbook
    /// Whether all that is included could be read.
    private(set) var isWhole = true
    private(set) var faults: [Diagnostic] = []
    /// The variables that this file itself declares.
    private let declared: Set<String>

    /// `runbook` without its steps.
    init(_ runbook: Runbook, _ findings: Findings) {
        self.runbook = runbook
        self.findings = findings
        declared = Set(runbook.variables.map(\.name))
    }

    mutating func add(_ step: Step) { runbook.steps.append(step) }

    /// Takes a step that includes `found`.
    mutating func add(_ inclusion: Inclusion, _ found: Result<Runbook, IncludeFault>) {
        switch found {
        case .failure(let fault):
            isWhole = false
            tell(fault, inclusion)
        case .success(let inner):
            guard runbook.steps.count + inner.steps.count <= Limits.stepsPerRunbook else {
                isWhole = false
                return findings.add(
                    at: inclusion.path.place,
                    "with what it includes the runbook has more than \(Limits.stepsPerRunbook) steps")
            }
            guard runbook.variables.count + inner.variables.count <= Limits.includedVariables else {
                isWhole = false
                return findings.add(
                    at: inclusion.path.place,
                    "with what it includes the runbook has more than \(Limits.includedVariables) variables")
            }
            include(inner, inclusion)
        }
    }

    /// The whole runbook: steps numbered, and waiting for steps alone.
    mutating func finish() -> Runbook {
        var count = 0
        for index in runbook.steps.indices {
            runbook.steps[index].number = index + 1
            for need in runbook.steps[index].needs { count += runbook.ends[need.name]?.count ?? 1 }
            guard count <= Limits.includedNeeds else {
                isWhole = false
                findings.add(
                    at: runbook.steps[index].needs.first?.place ?? runbook.steps[index].place,
                    "too many steps wait for too many others: more than \(Limits.includedNeeds) in all",
                    hint: "put a checkpoint between them, and let one side wait for it, the other lead to it")
                return runbook
            }
            guard runbook.steps[index].needs.contains(where: { runbook.ends[$0.name] != nil }) else { continue }
            runbook.steps[index].needs = runbook.steps[index].needs.flatMap { need in
                (runbook.ends[need.name] ?? [need.name]).map { Named($0, at: need.place) }
            }
        }
        return runbook
    }

    private mutating func tell(_ fault: IncludeFault, _ inclusion: Inclusion) {
        let place = inclusion.path.place
        let shown = Excerpt.of(inclusion.path.name)
        switch fault {
        case .unreadable(let words):
            findings.add(
                at: place, "can't read `\(shown)`: \(words)", hint: "its path is relative to this file's folder")
        case .invalid(let diagnostics): if !faults.contains(diagnostics) { faults += diagnostics }
        case .circle(let paths):
            findings.add(
                at: place, "these runbooks include each other: \(paths.map(Excerpt.of).joined(separator: " -> "))")
        case .tooMany:
            findings.add(at: place, "a runbook includes at most \(Limits.includedRunbooks) others")
        case .tooDeep:
            findings.add(at: place, "runbooks include each other more than \(Limits.includeDepth) deep")
        }
    }

    private mutating func include(_ inner: Runbook, _ inclusion: Inclusion) {
        let header = inclusion.header
        let prefix = header.id + "/"
        let folder = RelativePath.folder(of: RelativePath.join(".", inclusion.path.name))
        let aliases = takeVariables(inner, inclusion, prefix)
        for secret in inner.secrets { take(secret, folder, inclusion) }
        runbook.assumes += inner.assumes.filter { !runbook.assumes.contains($0) }
        for (id, ends) in inner.ends { runbook.ends[prefix + id] = ends.map { prefix + $0 } }
        let awaited = Set(inner.steps.flatMap { $0.needs.map(\.name) })
        runbook.ends[header.id] = inner.steps.map(\.id).filter { !awaited.contains($0) }.map { prefix + $0 }
        let rewriter = StepRewriter {
            Self.renamed($0, prefix, aliases)
        } file: {
            RelativePath.join(folder, $0)
        }
        for step in inner.steps { runbook.steps.append(included(step, header, prefix, rewriter)) }
    }

    private static func renamed(
        _ reference: Template.Reference, _ prefix: String, _ aliases: [String: Template.Reference]
    ) -> Template.Reference {
        var reference = reference
        switch reference.path.first {
        case "vars" where reference.path.count == 2:
            if let alias = aliases[reference.path[1]] { return alias }
            reference.path[1] = prefix + reference.path[1]
        case "steps" where reference.path.count > 1: reference.path[1] = prefix + reference.path[1]
        default: break
        }
        return reference
    }

    private func included(_ step: Step, _ header: Step, _ prefix: String, _ rewriter: StepRewriter) -> Step {
        var step = step
        step.rewrite(rewriter)
        step.id = prefix + step.id
        step.needs =
            step.needs.isEmpty ? header.needs : step.needs.map { Named(prefix + $0.name, at: $0.place) }
        if case .checkpoint(let name) = step.action { step.action = .checkpoint(prefix + name) }
        if case .rollback(let target?) = step.onFailure, target.name != RollbackPlan.start {
            step.onFailure = .rollback(Named(prefix + target.name, at: target.place))
        }
        step.tags += header.tags.filter { !step.tags.contains($0) }
        step.phase = step.phase ?? header.phase ?? header.name
        step.why = step.why ?? header.why
        step.ifItFails = step.ifItFails ?? header.ifItFails
        step.contact = step.contact ?? header.contact
        if let condition = header.when { step.when = step.when.map { .and(condition, $0) } ?? condition }
        return step
    }

    /// Declares the variables of what is included, under its name; what stands for one that is no text comes back.
    private mutating func takeVariables(
        _ inner: Runbook, _ inclusion: Inclusion, _ prefix: String
    ) -> [String: Template.Reference] {
        let names = inner.variables.map(\.name)
        let known = Set(names)
        let values = Dictionary(inclusion.values.map { ($0.name.name, $0.value) }, uniquingKeysWith: { one, _ in one })
        for (name, _) in inclusion.values where !known.contains(name.name) {
            findings.add(
                at: name.place,
                "`\(Excerpt.of(inclusion.path.name))` has no variable `\(Excerpt.of(name.name))`",
                hint: Nearest.hint(name.name, names)
                    ?? (names.isEmpty ? nil : "it has \(names.joined(separator: ", "))"))
        }
        var aliases: [String: Template.Reference] = [:]
        for var variable in inner.variables {
            let name = variable.name
            variable.name = prefix + name
            let given = values[name]
            let text = given ?? variable.given.map { StepRewriter { Self.renamed($0, prefix, aliases) }.template($0) }
            guard let text else {
                runbook.variables.append(variable)
                continue
            }
            let place = given?.place ?? inclusion.path.place
            let references = text.references
            if references.isEmpty {
                let literal = text.source
                if !variable.kind.accepts(literal) {
                    findings.add(
                        at: place, "`\(Excerpt.of(literal))` is no \(variable.kind.rawValue), which `\(name)` is")
                }
                (variable.value, variable.given) = (literal, nil)
            } else if references.allSatisfy({ $0.path.first == "vars" }) {
                if given != nil { for reference in references { checkDeclared(reference) } }
                variable.given = text
            } else if case .reference(let reference)? = text.segments.first, text.segments.count == 1 {
                checkScope(reference)
                aliases[name] = reference
                continue
            } else {
                findings.add(
                    at: place, "only variables can stand in a text of `with`",
                    hint: "give the value alone, as \"${{ \(references[0].name) }}\"")
            }
            runbook.variables.append(variable)
        }
        return aliases
    }

    private func checkDeclared(_ reference: Template.Reference) {
        guard let name = reference.path.last, !declared.contains(name) else { return }
        findings.add(
            at: reference.place, "unknown value `\(Excerpt.of(reference.name))`",
            hint: Nearest.name(to: name, in: declared.sorted()).map { "did you mean `vars.\(Excerpt.of($0))`?" }
                ?? "give it under `vars`")
    }

    private func checkScope(_ reference: Template.Reference) {
        let hint =
            switch reference.path.first {
            case "secrets": "declare it under `secrets` of both runbooks: what has the same name is the same secret"
            case "env": "give it to the steps that are included, as their `env`"
            default: nil as String?
            }
        guard let hint, let scope = reference.path.first else { return }
        findings.add(at: reference.place, "a value of `\(scope)` can't be handed on", hint: hint)
    }

    /// What has the same name is the same secret: it is asked for once.
    private mutating func take(_ secret: Secret, _ folder: String, _ inclusion: Inclusion) {
        var secret = secret
        if case .file(let path) = secret.source { secret.source = .file(RelativePath.join(folder, path)) }
        guard let known = runbook.secrets.first(where: { $0.name == secret.name }) else {
            return runbook.secrets.append(secret)
        }
        // Declared by the including runbook itself, it says where the secret comes from.
        if known.place.path != runbook.path, known.source != secret.source {
            findings.add(
                at: inclusion.path.place,
                "the secret `\(Excerpt.of(secret.name))` comes from elsewhere in \(TerminalText.shown(known.place.path))",
                hint: "declare it under `secrets` of this runbook: that holds for all")
        }
    }
}
