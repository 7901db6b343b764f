internal import RunbookModel

/// Reads actions that are more than a line of text.
struct ActionReader {
    let findings: Findings

    func script(_ fields: Fields, _ key: String = "script") -> ScriptFile? {
        guard let value = fields.value(key) else { return nil }
        guard value.isMapping else {
            return fields.nonEmpty(key).map { ScriptFile(path: Named($0, at: value.place), arguments: []) }
        }
        guard let inner = Fields(value, RunbookKeys.script, what: "`script`", findings) else { return nil }
        let templates = TemplateReader(findings: findings)
        let arguments = (inner.list("args") ?? []).compactMap { item -> Template? in
            guard case .scalar(let text, _) = item.content, !item.isNull else {
                findings.add(at: item.place, "`args` has to list texts, not \(item.noun)")
                return nil
            }
            return templates.template(text, at: item.place, .text)
        }
        guard let file = inner.required("file", of: "`script`"), let place = inner.value("file")?.place else {
            return nil
        }
        return ScriptFile(path: Named(file, at: place), arguments: arguments)
    }

    func copy(_ fields: Fields) -> CopyFile? {
        guard let tree = fields.value("copy"),
            let inner = Fields(
                tree, RunbookKeys.copy, what: "`copy`", findings, hint: "write { from: FILE, to: /etc/FILE }")
        else { return nil }
        if let mode = inner.text("mode"), let place = inner.value("mode")?.place,
            !(3...4).contains(mode.utf8.count) || !mode.utf8.allSatisfy({ (0x30...0x37).contains($0) })
                || (mode.utf8.count == 4 && !mode.hasPrefix("0"))
        {
            findings.add(
                at: place, "`mode` has to be octal digits, not `\(Excerpt.of(mode))`", hint: "write \"0640\" in quotes")
        }
        guard let from = inner.required("from", of: "`copy`"), let source = inner.value("from")?.place,
            let to = inner.required("to", of: "`copy`"), let place = inner.value("to")?.place
        else { return nil }
        if !to.hasPrefix("/"), !to.hasPrefix("${{") {
            findings.add(at: place, "`to` has to be an absolute path, not `\(Excerpt.of(to))`", hint: "begin it with /")
        }
        let target = TemplateReader(findings: findings).template(to, at: place, .text)
        return CopyFile(source: Named(from, at: source), target: target, mode: inner.text("mode"))
    }

    /// The outer nil where it can't be read.
    func reboot(_ fields: Fields) -> Action? {
        guard let value = fields.value("reboot") else { return nil }
        if case .scalar("true", _) = value.content { return .reboot(nil) }
        guard value.isMapping else {
            findings.add(
                at: value.place, "`reboot` has to be true or a mapping with `command`",
                hint: "write `reboot: true`, or leave the step out")
            return nil
        }
        guard let inner = Fields(value, RunbookKeys.reboot, what: "`reboot`", findings),
            let text = inner.required("command", of: "`reboot`"), let place = inner.value("command")?.place,
            CheckReader(findings: findings).isShort(text, place)
        else { return nil }
        return .reboot(TemplateReader(findings: findings).template(text, at: place, .command))
    }

    func approval(_ fields: Fields) -> Approval? {
        guard let tree = fields.value("approval"),
            let inner = Fields(
                tree, RunbookKeys.approval, what: "`approval`", findings, hint: "write { roles: [incident-lead] }")
        else { return nil }
        guard inner.has("roles") else {
            inner.missing("roles", of: "`approval`")
            return nil
        }
        guard let roles = inner.names("roles", single: true) else { return nil }
        if roles.isEmpty { findings.add(at: inner.value("roles")?.place ?? inner.place, "`roles` is empty") }
        var message: Template?
        if let text = inner.nonEmpty("message"), let place = inner.value("message")?.place {
            message = TemplateReader(findings: findings).template(text, at: place, .text)
        }
        return Approval(
            roles: roles, count: inner.integer("count") ?? 1, message: message, timeout: inner.duration("timeout"))
    }
}
