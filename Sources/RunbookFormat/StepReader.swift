internal import RunbookModel

/// Reads the steps of one runbook.
struct StepReader {
    static let actions = RunbookKeys.step.oneOf
    let findings: Findings
    /// The lines of the ids and checkpoints read so far.
    private var ids: [String: Int] = [:]
    private var checkpoints: [String: Int] = [:]
    /// The runbook's `defaults`: what holds where a step says nothing.
    private let defaults: YamlTree?

    init(findings: Findings, defaults: YamlTree?) {
        self.findings = findings
        self.defaults = defaults.flatMap { $0.isMapping ? $0 : nil }
        guard let defaults,
            let fields = Fields(defaults, RunbookKeys.defaults, what: "`defaults`", findings)
        else { return }
        // Read once for what may be wrong with them, whatever steps there are.
        var scratch = Step(id: "", name: "", action: .manual(Template([], at: defaults.place)), at: defaults.place)
        readTimes(fields, &scratch)
        readScope(fields, &scratch)
        readFailure(fields, &scratch)
        _ = fields.nonEmpty("contact")
    }

    /// nil only where `tree` is no mapping: a step with faults still has an id that others wait for.
    /// Where another runbook is included, the step is what its steps have in common.
    mutating func step(_ tree: YamlTree, isFirst: Bool) -> (step: Step, inclusion: Inclusion?)? {
        guard
            let fields = Fields(
                tree, RunbookKeys.step, what: "a step", findings, hint: "a step begins with `- id: NAME`",
                defaults: defaults)
        else { return nil }
        let id = readID(fields)
        let name = fields.required("name", of: "the step") ?? id
        // The stand-in is never used: a step without an action is a finding.
        let action = action(fields) ?? .manual(Template([], at: tree.place))
        var step = Step(id: id, name: name, action: action, at: tree.place)
        readNeeds(fields, isFirst: isFirst, &step)
        step.phase = fields.text("phase")
        step.why = fields.text("why")
        step.expect = fields.text("expect")
        step.ifItFails = fields.text("if_it_fails")
        step.estimate = fields.duration("estimate")
        if let idempotent = fields.boolean("idempotent") { step.idempotent = idempotent }
        readTimes(fields, &step)
        readHosts(fields, &step)
        readScope(fields, &step)
        readValues(fields, &step)
        readEnvironment(fields, &step)
        readChecks(fields, &step)
        readUndo(fields, &step)
        completeCopy(fields, &step)
        readFailure(fields, &step)
        checkIdle(fields)
        checkCommandsHaveHosts(fields, step)
        SecondReading.check(step, findings)
        return (step, inclusion(fields, step))
    }

    private func inclusion(_ fields: Fields, _ header: Step) -> Inclusion? {
        if fields.has("with"), !fields.has("uses"), !fields.misspells(["uses"]) {
            findings.add(at: fields.keyPlace("with"), "`with` goes with `uses` only")
        }
        guard let (path, place) = textAndPlace(fields, "uses") else { return nil }
        let templates = TemplateReader(findings: findings)
        let values = (fields.mapping("with") ?? []).compactMap { key, value -> (name: Named, value: Template)? in
            guard case .scalar(let text, _) = value.content, !value.isNull else {
                findings.add(at: value.place, "`\(Excerpt.of(key.name))` has to be text, not \(value.noun)")
                return nil
            }
            return (key, templates.template(text, at: value.place, .hidden))
        }
        return Inclusion(header: header, path: Named(path, at: place), values: values)
    }

    private func readTimes(_ fields: Fields, _ step: inout Step) {
        if let retries = fields.integer("retries") { step.retries = retries }
        if let delay = fields.duration("delay") { step.delay = delay }
        if let backoff = fields.number("backoff") { step.backoff = backoff }
        if let timeout = fields.duration("timeout") { step.timeout = timeout }
    }

    private mutating func readID(_ fields: Fields) -> String {
        guard let id = fields.required("id", of: "the step"), let place = fields.value("id")?.place else { return "" }
        if !Self.isID(id) {
            findings.add(
                at: place, "`\(Excerpt.of(id))` is no id",
                hint: "an id is lower-case letters, digits and `-`, and begins with a letter")
        } else if let line = ids.updateValue(place.line, forKey: id) {
            findings.add(at: place, "the id `\(id)` is taken by the step in line \(line)")
            ids[id] = line
        }
        return id
    }

    static func isID(_ id: String) -> Bool {
        guard let first = id.utf8.first, (0x61...0x7A).contains(first), id.utf8.count <= 100 else { return false }
        return id.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
        }
    }

    private mutating func action(_ fields: Fields) -> Action? {
        let given = fields.keys.filter { Self.actions.contains($0.name) }
        guard let key = given.first else {
            if !fields.misspells(Self.actions) {
                let hint = "give one of \(Self.actions.joined(separator: ", "))"
                findings.add(at: fields.place, "the step has no action", hint: hint)
            }
            return nil
        }
        if given.count > 1 {
            findings.add(at: given[1].place, "a step has one action, not `\(key.name)` and `\(given[1].name)`")
        }
        let templates = TemplateReader(findings: findings)
        switch key.name {
        case "run":
            guard let (text, place) = textAndPlace(fields, "run"),
                CheckReader(findings: findings).isShort(text, place)
            else { return nil }
            return .run(templates.template(text, at: place, .command))
        case "script": return ActionReader(findings: findings).script(fields).map(Action.script)
        case "copy": return ActionReader(findings: findings).copy(fields).map(Action.copy)
        case "reboot": return ActionReader(findings: findings).reboot(fields)
        case "wait_for":
            guard let tree = fields.value("wait_for") else { return nil }
            return CheckReader(findings: findings).check(tree, what: "`wait_for`").map(Action.waitFor)
        case "approval": return ActionReader(findings: findings).approval(fields).map(Action.approval)
        case "manual":
            return textAndPlace(fields, "manual").map { .manual(templates.template($0, at: $1, .text)) }
        case "checkpoint": return checkpoint(fields)
        default: return nil
        }
    }

    private mutating func checkpoint(_ fields: Fields) -> Action? {
        guard let (name, place) = textAndPlace(fields, "checkpoint") else { return nil }
        guard Self.isID(name), name != RollbackPlan.start else {
            findings.add(
                at: place, "`\(Excerpt.of(name))` is no name for a checkpoint",
                hint: "a name is lower-case letters, digits and `-`; `start` is taken")
            return nil
        }
        if let line = checkpoints.updateValue(place.line, forKey: name) {
            findings.add(at: place, "the checkpoint `\(name)` is given twice; the first is in line \(line)")
        }
        return .checkpoint(name)
    }

    private func textAndPlace(_ fields: Fields, _ key: String) -> (String, SourcePlace)? {
        guard let text = fields.nonEmpty(key), let place = fields.value(key)?.place else { return nil }
        return (text, place)
    }

    private func readNeeds(_ fields: Fields, isFirst: Bool, _ step: inout Step) {
        if let needs = fields.names("needs") { step.needs = needs }
        if !isFirst, !fields.has("needs") {
            fields.missing(
                "needs", of: "the step", hint: "list what it waits for, or write `needs: []` to start it at once")
        }
    }

    private func readHosts(_ fields: Fields, _ step: inout Step) {
        if let hosts = fields.names("hosts", single: true) {
            step.hosts = hosts
            if let value = fields.value("hosts"), value.items?.isEmpty == true {
                findings.add(at: value.place, "`hosts` is empty", hint: "name a host, a group, or `local`")
            }
        }
        for key in ["run", "script", "copy", "reboot"] where fields.has(key) {
            guard !fields.has("hosts"), !fields.misspells(["hosts"]) else { continue }
            findings.add(
                at: fields.keyPlace(key), "a `\(key)` step lacks `hosts`", hint: "name a host, a group, or `local`")
        }
        if case .reboot = step.action {
            for host in step.hosts where host.name == Host.localName {
                findings.add(at: host.place, "this machine is not restarted: the run would end with it")
            }
        }
    }

    private func readEnvironment(_ fields: Fields, _ step: inout Step) {
        for (key, value) in fields.mapping("env") ?? [] {
            let shown = Excerpt.of(key.name)
            guard isVariableName(key.name) else {
                findings.add(
                    at: key.place, "`\(shown)` is no name for an environment variable",
                    hint: key.name.hasPrefix("BLACKSTART_")
                        ? "names that begin with BLACKSTART_ are taken" : "use letters, digits and `_`")
                continue
            }
            guard case .scalar(let text, _) = value.content, !value.isNull else {
                findings.add(at: value.place, "`\(shown)` has to be text, not \(value.noun)")
                step.environment.append(EnvironmentValue(name: key.name, value: Template([], at: value.place)))
                continue
            }
            if text.utf8.count > Limits.environmentValueBytes {
                findings.add(
                    at: value.place,
                    "an environment value has at most \(Limits.environmentValueBytes) bytes, not \(text.utf8.count)")
            }
            let template = TemplateReader(findings: findings).template(text, at: value.place, .hidden)
            for reference in template.references where reference.path.first == "env" {
                findings.add(at: reference.place, "a value of `env` can't name another one", hint: "use `vars`")
            }
            if let reference = template.references.first, CodeVariable.isOne(key.name) {
                findings.add(
                    at: reference.place,
                    "an expression can't be given to `\(shown)`: programs run what it holds, or what it names",
                    hint: "write its value out, or give the expression to a variable with a name of your own")
            } else if let reference = template.references.first(where: { $0.path.first == "steps" }),
                !CodeVariable.isOwn(key.name)
            {
                findings.add(
                    at: reference.place, CodeVariable.foreignFault(key.name), hint: CodeVariable.foreignHint(key.name))
            }
            step.environment.append(EnvironmentValue(name: key.name, value: template))
        }
    }

    private func isVariableName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first), !name.hasPrefix("BLACKSTART_") else {
            return false
        }
        return name.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
            default: false
            }
        }
    }
}

// MARK: What is true before and after

extension StepReader {
    private func readChecks(_ fields: Fields, _ step: inout Step) {
        let checks = CheckReader(findings: findings)
        if let tree = fields.value("verify") { step.verify = checks.check(tree, what: "`verify`") }
        // Whoever wants a restart wants it although all is well.
        if case .reboot = step.action { step.skipIf = .never }
        guard let tree = fields.value("skip_if") else { return }
        switch tree.content {
        case .scalar("verified", _): step.skipIf = .verified
        case .scalar("never", _): step.skipIf = .never
        case .scalar(let text, _) where !tree.isNull:
            findings.add(
                at: tree.place, "`skip_if` has to be `verified`, `never` or a check, not `\(Excerpt.of(text))`",
                hint: Nearest.hint(text, ["verified", "never"]))
        case .scalar, .sequence:
            findings.add(at: tree.place, "`skip_if` has to be `verified`, `never` or a check, not \(tree.noun)")
        case .mapping: if let check = checks.check(tree, what: "`skip_if`") { step.skipIf = .check(check) }
        }
    }

    /// A copy knows by itself whether it is there, and how to take it back.
    private func completeCopy(_ fields: Fields, _ step: inout Step) {
        guard case .copy(let copy) = step.action else { return }
        if !fields.has("verify") {
            var check = Check(.copied(copy), at: fields.keyPlace("copy"))
            check.timeout = .seconds(120)
            step.verify = check
        }
        if !fields.has("undo"), !fields.has("irreversible") { step.undo = .restore(copy, timeout: .seconds(300)) }
    }

    private func readUndo(_ fields: Fields, _ step: inout Step) {
        if let tree = fields.value("undo") { step.undo = undo(tree) }
        step.irreversible = fields.nonEmpty("irreversible")
        if fields.has("undo"), fields.has("irreversible") {
            let later = fields.keys.last { $0.name == "undo" || $0.name == "irreversible" }
            findings.add(at: later?.place ?? fields.place, "`undo` and `irreversible` exclude each other")
        }
    }

    private func undo(_ tree: YamlTree) -> Undo? {
        if case .scalar("none", _) = tree.content { return .nothing }
        guard case .mapping = tree.content else {
            var hint: String?
            if case .scalar(let text, _) = tree.content, !tree.isNull {
                hint = "write { run: \"\(Excerpt.of(text))\" }"
            }
            findings.add(
                at: tree.place, "`undo` has to be `none` or a mapping with `run`, not \(tree.noun)", hint: hint)
            return nil
        }
        guard let fields = Fields(tree, RunbookKeys.undo, what: "`undo`", findings) else { return nil }
        let checks = CheckReader(findings: findings)
        let timeout = fields.duration("timeout") ?? .seconds(300)
        let verify = fields.value("verify").flatMap { checks.check($0, what: "`verify`") }
        if fields.has("run"), fields.has("script") {
            findings.add(at: fields.keyPlace("script"), "`undo` has one of `run` and `script`")
        }
        if fields.has("script") {
            return ActionReader(findings: findings).script(fields).map { .script($0, timeout: timeout, verify: verify) }
        }
        guard let text = fields.required("run", of: "`undo`"), let place = fields.value("run")?.place,
            checks.isShort(text, place)
        else { return nil }
        let command = TemplateReader(findings: findings).template(text, at: place, .command)
        return .run(command, timeout: timeout, verify: verify)
    }

    private func readFailure(_ fields: Fields, _ step: inout Step) {
        guard let text = fields.text("on_failure"), let place = fields.value("on_failure")?.place else { return }
        switch text {
        case "ask": step.onFailure = .ask
        case "retry": step.onFailure = .retry
        case "rollback": step.onFailure = .rollback(nil)
        case "continue": step.onFailure = .carryOn
        case "stop": step.onFailure = .stop
        case let target where target.hasPrefix("rollback:") && target.utf8.count > 9:
            step.onFailure = .rollback(Named(String(target.dropFirst(9)), at: place))
        default:
            let known = ["ask", "retry", "rollback", "rollback:CHECKPOINT", "continue", "stop"]
            findings.add(
                at: place, "`on_failure` can't be `\(Excerpt.of(text))`; it is one of \(known.joined(separator: ", "))",
                hint: Nearest.hint(text, known))
        }
    }

    /// What belongs to an action has no meaning on a step that does nothing by itself.
    private func checkIdle(_ fields: Fields) {
        switch fields.keys.first(where: { Self.actions.contains($0.name) })?.name {
        case "checkpoint":
            for key in fields.keys where RunbookKeys.idle.contains(key.name) {
                findings.add(at: key.place, "a checkpoint has no `\(key.name)`", hint: "put it on the step that acts")
            }
        case "uses":
            for key in fields.keys where RunbookKeys.inside.contains(key.name) {
                findings.add(
                    at: key.place, "a step that includes a runbook has no `\(key.name)`",
                    hint: "put it on the steps inside, or into their `defaults`")
            }
        default: break
        }
    }
}
