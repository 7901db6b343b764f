internal import RunbookModel
internal import RunbookPattern

/// Reads a check: one probe, and what its answer has to be.
struct CheckReader {
    /// `22`, `host:22`, `[v6]:22`, or anything with a value in it.
    private static let endpoint =
        #"\$\{\{|^([0-9]{1,5}|[^\s:]+:[0-9]{1,5}|\[[^\s\]]+\]:[0-9]{1,5})$"#
    static let probes = ["run", "tcp", "http"]
    static let table = KeyTable(
        "check",
        [
            Key("run", .words, "A read-only shell command where the action runs."),
            Key(
                "tcp", .either([.integer(1...65_535), .shape(endpoint, "host:port")]),
                "A port, or host:port, that has to accept; tried from this machine."),
            Key("http", .shape(#"^(http://|\$\{\{)"#, "URL"), "A URL, asked from this machine."),
            Key("exit", .integer(0...255), "0", "The exit status that passes; goes with `run`."),
            Key("equals", .text, "What it has to print, without white space at the end."),
            Key("matches", .text, "A regular expression that has to be found in what it prints."),
            Key("contains", .text, "Text that has to be in what it prints."),
            Key("status", .integer(100...599), "200", "The HTTP status that passes; goes with `http`."),
            Key("retries", .integer(0...Limits.retries), "0", "How often it is asked again until it passes."),
            Key("delay", .duration(isPositive: false), "10s", "The time before it is asked again."),
            Key("timeout", .duration(isPositive: true), "30s", "How long one answer may take."),
        ], oneOf: probes, wants: [("exit", "run"), ("status", "http")],
        excludes: [("tcp", "equals"), ("tcp", "matches"), ("tcp", "contains")], later: ["with"])

    let findings: Findings

    func check(_ tree: YamlTree, what: String) -> Check? {
        if case .scalar(let text, _) = tree.content, !tree.isNull {
            let kind = Self.isEndpoint(text) ? "tcp" : text.hasPrefix("http://") ? "http" : "run"
            findings.add(
                at: tree.place, "\(what) has to be a mapping, not text",
                hint: "write { \(kind): \"\(Excerpt.of(text))\" }")
            return nil
        }
        guard let fields = Fields(tree, Self.table, what: what, findings) else { return nil }
        let probe = probe(fields, what)
        // The stand-in is never used: a check without a probe is a finding.
        var check = Check(probe ?? .tcp(Template([], at: tree.place)), at: tree.place)
        readExpectation(fields, &check)
        if let retries = fields.integer("retries") { check.retries = retries }
        if let delay = fields.duration("delay") { check.delay = delay }
        if let timeout = fields.duration("timeout") { check.timeout = timeout }
        return probe == nil ? nil : check
    }

    private func probe(_ fields: Fields, _ what: String) -> Check.Probe? {
        let given = fields.keys.filter { Self.probes.contains($0.name) }
        guard let kind = given.first else {
            if !fields.misspells(Self.probes) {
                findings.add(at: fields.place, "\(what) lacks one of `run`, `tcp` and `http`")
            }
            return nil
        }
        if given.count > 1 {
            let message = "\(what) has one of `run`, `tcp` and `http`, not `\(kind.name)` and `\(given[1].name)`"
            findings.add(at: given[1].place, message)
            return nil
        }
        guard let text = fields.nonEmpty(kind.name), let place = fields.value(kind.name)?.place else { return nil }
        let templates = TemplateReader(findings: findings)
        switch kind.name {
        case "run":
            guard isShort(text, place) else { return nil }
            return .run(templates.template(text, at: place, .command))
        case "tcp":
            checkEndpoint(text, place)
            return .tcp(templates.template(text, at: place, .text))
        default:
            if !text.hasPrefix("http://"), !text.hasPrefix("https://"), !text.hasPrefix("${{") {
                findings.add(at: place, "`http` has to begin with http://", hint: "write http://10.0.0.1:8080/health")
            } else if text.hasPrefix("https://") {
                findings.add(at: place, "https is not supported yet", hint: "check with `run: curl …` on a host")
            }
            return .http(templates.template(text, at: place, .text))
        }
    }

    /// What the answer has to be, and whether the probe has such an answer.
    private func readExpectation(_ fields: Fields, _ check: inout Check) {
        if !fields.has("run"), fields.has("exit") {
            findings.add(at: fields.keyPlace("exit"), "`exit` goes with `run` only")
        }
        if !fields.has("http"), fields.has("status") {
            findings.add(at: fields.keyPlace("status"), "`status` goes with `http` only")
        }
        if let exit = fields.integer("exit") { check.exit = exit }
        if let status = fields.integer("status") { check.status = status }
        let templates = TemplateReader(findings: findings)
        for key in ["equals", "matches", "contains"] where fields.has(key) {
            if fields.has("tcp") {
                findings.add(at: fields.keyPlace(key), "`\(key)` needs an answer with text; `tcp` has none")
            }
            guard let text = fields.text(key), let place = fields.value(key)?.place else { continue }
            let template = templates.template(text, at: place, .text)
            switch key {
            case "equals": check.equals = template
            case "contains": check.contains = template
            default:
                check.matches = template
                checkPattern(text, template, place)
            }
        }
    }

    func checkPattern(_ text: String, _ template: Template, _ place: SourcePlace) {
        guard text.utf8.count <= Pattern.limitBytes else {
            findings.add(at: place, "a regular expression has at most \(Pattern.limitBytes) bytes")
            return
        }
        guard template.references.isEmpty else { return }
        do throws(PatternFault) { _ = try Pattern(text) } catch {
            findings.add(
                at: place, "`\(Excerpt.of(text))` is not a regular expression: \(Excerpt.of(error.why))",
                hint: error.hint)
        }
    }

    /// Whether a command is short enough to be run; a longer one is a finding.
    func isShort(_ text: String, _ place: SourcePlace) -> Bool {
        if text.utf8.count <= Limits.commandBytes { return true }
        findings.add(at: place, "a command has at most \(Limits.commandBytes) bytes, not \(text.utf8.count)")
        return false
    }

    private func checkEndpoint(_ text: String, _ place: SourcePlace) {
        guard !text.contains("${{"), !Self.isEndpoint(text) else { return }
        findings.add(
            at: place, "`\(Excerpt.of(text))` is no port or host:port",
            hint: "write \"22\", \"10.0.0.1:22\" or \"[fd00::1]:22\"")
    }

    /// `22`, `host:22` or `[v6]:22`.
    private static func isEndpoint(_ text: String) -> Bool {
        var port = text[...]
        if let colon = text.lastIndex(of: ":") {
            let host = text[..<colon]
            let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
            if host.isEmpty || host.contains(where: \.isWhitespace) || (host.contains(":") && !isBracketed) {
                return false
            }
            port = text[text.index(after: colon)...]
        }
        guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(port) else { return false }
        return (1...65_535).contains(number)
    }
}
