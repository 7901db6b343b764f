internal import RunbookModel

/// Reads one step.
struct StepReader {
    static let actions = ["run", "wait_for", "manual", "checkpoint"]
    static let laterActions = ["script", "copy", "reboot", "approval", "uses"]
    static let table = KeyTable(
        known: [
            "id", "name", "needs", "phase", "hosts", "env", "skip_if", "verify", "undo", "irreversible", "retries",
            "delay", "timeout", "on_failure", "idempotent", "estimate", "why", "expect", "if_it_fails",
        ] + actions,
        later: laterActions + [
            "with", "tags", "ask", "outputs", "delegate_to", "serial", "stagger", "max_failures", "lock", "become",
            "when", "backoff", "provides", "contact", "danger",
        ])
    static let undoTable = KeyTable(known: ["run", "timeout", "verify"], later: ["script", "copy", "with"])

    let findings: Findings

    func step(_ tree: YamlTree, isFirst: Bool) -> Step? {
        guard let fields = Fields(tree, Self.table, what: "a step", findings) else { return nil }
        let id = fields.required("id", of: "the step") ?? ""
        if let place = fields.value("id")?.place, fields.text("id") != nil, !Self.isID(id) {
            findings.add(
                at: place, "`\(TerminalText.shown(id))` is no id",
                hint: "an id is lower-case letters, digits and `-`, and begins with a letter")
        }
        let name = fields.required("name", of: "the step") ?? id
        guard let action = action(fields) else { return nil }
        var step = Step(id: id, name: name, action: action, at: tree.place)
        if let needs = fields.names("needs") {
            step.needs = needs
        } else if !isFirst, !fields.has("needs") {
            findings.add(
                at: tree.place, "the step lacks `needs`",
                hint: "list what it waits for, or write `needs: []` to start it at once")
        }
        step.phase = fields.text("phase")
        step.why = fields.text("why")
        step.expect = fields.text("expect")
        step.ifItFails = fields.text("if_it_fails")
        step.estimate = fields.duration("estimate")
        if let retries = fields.integer("retries", in: 0...Limits.retries) { step.retries = retries }
        if let delay = fields.duration("delay") { step.delay = delay }
        if let timeout = fields.duration("timeout") { step.timeout = timeout }
        if let idempotent = fields.boolean("idempotent") { step.idempotent = idempotent }
        readHosts(fields, &step)
        readEnvironment(fields, &step)
        readChecks(fields, &step)
        readFailure(fields, &step)
        return step
    }

    static func isID(_ id: String) -> Bool {
        guard let first = id.utf8.first, (0x61...0x7A).contains(first), id.utf8.count <= 100 else { return false }
        return id.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
        }
    }

    private func action(_ fields: Fields) -> Action? {
        let given = fields.keys.filter { Self.actions.contains($0.name) }
        guard given.count == 1, let key = given.first else {
            if given.isEmpty, !fields.keys.contains(where: { Self.laterActions.contains($0.name) }) {
                findings.add(
                    at: fields.place, "the step has no action",
                    hint: "give one of \(Self.actions.joined(separator: ", "))")
            } else if given.count > 1 {
                findings.add(at: given[1].place, "a step has one action, not `\(given[0].name)` and `\(given[1].name)`")
            }
            return nil
        }
        if key.name == "wait_for" {
            guard let tree = fields.value("wait_for") else { return nil }
            return CheckReader(findings: findings).check(tree, what: "`wait_for`").map(Action.waitFor)
        }
        guard let text = fields.text(key.name), let place = fields.value(key.name)?.place else { return nil }
        let templates = TemplateReader(findings: findings)
        switch key.name {
        case "run":
            CheckReader(findings: findings).checkCommand(text, place)
            return .run(templates.template(text, at: place, .command))
        case "manual": return .manual(templates.template(text, at: place, .text))
        default:
            guard Self.isID(text), text != RollbackPlan.start else {
                findings.add(
                    at: place, "`\(TerminalText.shown(text))` is no name for a checkpoint",
                    hint: "a name is lower-case letters, digits and `-`; `start` is taken")
                return nil
            }
            return .checkpoint(text)
        }
    }

    private func readHosts(_ fields: Fields, _ step: inout Step) {
        if let hosts = fields.names("hosts", single: true) {
            step.hosts = hosts
            if hosts.isEmpty { findings.add(at: fields.keyPlace("hosts"), "`hosts` is empty") }
        }
        switch step.action {
        case .run where !fields.has("hosts"):
            findings.add(at: step.place, "a `run` step lacks `hosts`", hint: "name a host, a group, or `local`")
        case .checkpoint where fields.has("hosts"):
            findings.add(at: fields.keyPlace("hosts"), "a checkpoint has no `hosts`")
        default: break
        }
    }

    private func readEnvironment(_ fields: Fields, _ step: inout Step) {
        for (key, value) in fields.mapping("env") ?? [] {
            guard isVariableName(key.name) else {
                findings.add(at: key.place, "`\(TerminalText.shown(key.name))` is no name for an environment variable")
                continue
            }
            guard case .scalar(let text, _) = value.content, !value.isNull else {
                findings.add(at: value.place, "`\(key.name)` has to be text, not \(value.noun)")
                continue
            }
            if text.utf8.count > Limits.environmentValueBytes {
                findings.add(at: value.place, "an environment value has at most \(Limits.environmentValueBytes) bytes")
            }
            let template = TemplateReader(findings: findings).template(text, at: value.place, .text)
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

    private func readChecks(_ fields: Fields, _ step: inout Step) {
        let checks = CheckReader(findings: findings)
        if let tree = fields.value("verify") { step.verify = checks.check(tree, what: "`verify`") }
        if let tree = fields.value("skip_if") {
            switch tree.content {
            case .scalar("verified", _): step.skipIf = .verified
            case .scalar("never", _): step.skipIf = .never
            case .scalar, .sequence:
                findings.add(at: tree.place, "`skip_if` has to be `verified`, `never` or a check")
            case .mapping: if let check = checks.check(tree, what: "`skip_if`") { step.skipIf = .check(check) }
            }
        }
        if let tree = fields.value("undo") { step.undo = undo(tree) }
        step.irreversible = fields.text("irreversible")
        if step.undo != nil, step.irreversible != nil {
            findings.add(at: fields.keyPlace("irreversible"), "`undo` and `irreversible` exclude each other")
        }
        if case .checkpoint = step.action {
            for key in ["verify", "skip_if", "undo", "irreversible", "env", "retries"] where fields.has(key) {
                findings.add(at: fields.keyPlace(key), "a checkpoint has no `\(key)`")
            }
        }
    }

    private func undo(_ tree: YamlTree) -> Undo? {
        if case .scalar("none", _) = tree.content { return .nothing }
        guard case .mapping = tree.content else {
            findings.add(at: tree.place, "`undo` has to be `none` or a mapping with `run`")
            return nil
        }
        guard let fields = Fields(tree, Self.undoTable, what: "`undo`", findings) else { return nil }
        guard let text = fields.required("run", of: "`undo`"), let place = fields.value("run")?.place else {
            return nil
        }
        let checks = CheckReader(findings: findings)
        checks.checkCommand(text, place)
        return .run(
            TemplateReader(findings: findings).template(text, at: place, .command),
            timeout: fields.duration("timeout") ?? .seconds(300),
            verify: fields.value("verify").flatMap { checks.check($0, what: "`verify`") })
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
                at: place,
                "`on_failure` can't be `\(TerminalText.shown(text))`; it is one of \(known.joined(separator: ", "))",
                hint: Nearest.hint(text, known))
        }
    }
}
