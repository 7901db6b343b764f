internal import RunbookModel

/// Reads a check: one probe, and what its answer has to be.
struct CheckReader {
    static let table = KeyTable(
        known: [
            "run", "tcp", "http", "exit", "equals", "matches", "contains", "status", "retries", "delay", "timeout",
        ], later: ["with"])

    let findings: Findings

    func check(_ tree: YamlTree, what: String) -> Check? {
        guard let fields = Fields(tree, Self.table, what: what, findings) else { return nil }
        let probes = ["run", "tcp", "http"].filter(fields.has)
        guard probes.count == 1, let kind = probes.first else {
            findings.add(
                at: tree.place,
                probes.isEmpty
                    ? "\(what) lacks one of `run`, `tcp` and `http`"
                    : "\(what) has more than one of `run`, `tcp` and `http`")
            return nil
        }
        let templates = TemplateReader(findings: findings)
        guard let text = fields.text(kind), let place = fields.value(kind)?.place else { return nil }
        let probe: Check.Probe
        switch kind {
        case "run":
            checkCommand(text, place)
            probe = .run(templates.template(text, at: place, .command))
        case "tcp":
            checkEndpoint(text, place)
            probe = .tcp(templates.template(text, at: place, .text))
        default:
            if !text.hasPrefix("http://"), !text.hasPrefix("https://"), !text.hasPrefix("${{") {
                findings.add(at: place, "`http` has to begin with http:// or https://")
            }
            probe = .http(templates.template(text, at: place, .text))
        }
        var check = Check(probe, at: tree.place)
        if kind != "run", fields.has("exit") {
            findings.add(at: fields.keyPlace("exit"), "`exit` goes with `run` only")
        }
        if kind != "http", fields.has("status") {
            findings.add(at: fields.keyPlace("status"), "`status` goes with `http` only")
        }
        if let exit = fields.integer("exit", in: 0...255) { check.exit = exit }
        if let status = fields.integer("status", in: 100...599) { check.status = status }
        for key in ["equals", "matches", "contains"] where fields.has(key) {
            if kind == "tcp" {
                findings.add(at: fields.keyPlace(key), "`\(key)` needs an answer with text; `tcp` has none")
            }
            guard let text = fields.text(key), let place = fields.value(key)?.place else { continue }
            let template = templates.template(text, at: place, .text)
            switch key {
            case "equals": check.equals = template
            case "contains": check.contains = template
            default:
                check.matches = template
                if template.references.isEmpty, (try? Regex(text)) == nil {
                    findings.add(at: place, "`\(TerminalText.shown(text))` is no regular expression")
                }
            }
        }
        if let retries = fields.integer("retries", in: 0...Limits.retries) { check.retries = retries }
        if let delay = fields.duration("delay") { check.delay = delay }
        if let timeout = fields.duration("timeout") { check.timeout = timeout }
        return check
    }

    func checkCommand(_ text: String, _ place: SourcePlace) {
        if text.utf8.count > Limits.commandBytes {
            findings.add(at: place, "a command has at most \(Limits.commandBytes) bytes")
        }
        if text.utf8.allSatisfy({ $0 == 0x20 || $0 == 0x0A || $0 == 0x09 }) {
            findings.add(at: place, "a command can't be empty")
        }
    }

    private func checkEndpoint(_ text: String, _ place: SourcePlace) {
        guard !text.contains("${{") else { return }
        let port = text.split(separator: ":", omittingEmptySubsequences: false).last.flatMap { Int($0) }
        guard let port, (1...65_535).contains(port) else {
            findings.add(
                at: place, "`\(TerminalText.shown(text))` is no port or host:port",
                hint: "write \"22\" or \"10.0.0.1:22\"")
            return
        }
    }
}
