package import RunbookModel

/// Reads a fixture.
package enum FixtureReader {

    package static func read(bytes: [UInt8], path: String) throws(InvalidFiles) -> Fixture {
        let source = try SourceText(bytes, path: path, limitBytes: Limits.fixtureBytes)
        let findings = Findings(source)
        let tree = try YamlParser(findings: findings, takesNUL: true).parse()
        guard let fields = Fields(tree, FixtureKeys.fixture, what: "a fixture", findings) else {
            throw InvalidFiles(findings.sorted)
        }
        FileVersion.check(fields, what: "the fixture")
        var fixture = Fixture(
            path: path, name: fields.required("name", of: "the fixture") ?? "", clock: clock(fields),
            seed: UInt64(fields.integer("seed") ?? 1))
        for (key, value) in fields.mapping("hosts") ?? [] {
            if let host = host(key, value, findings) { fixture.hosts.append(host) }
        }
        if !fields.has("hosts") { fields.missing("hosts", of: "the fixture") }
        if fixture.hosts.isEmpty, fields.value("hosts")?.isMapping == true {
            findings.add(at: fields.keyPlace("hosts"), "the fixture has no hosts", hint: "\"*\" answers for every host")
        }
        for item in fields.list("faults") ?? [] {
            if let fault = fault(item, findings) { fixture.faults.append(fault) }
        }
        for item in fields.list("operator") ?? [] {
            if let line = operatorLine(item, findings) { fixture.operatorLines.append(line) }
        }
        fixture.secrets = values(fields, "secrets")
        if let tree = fields.value("expect") { fixture.expectation = expectation(tree, findings) }
        try findings.check()
        return fixture
    }

    /// 2026-01-15 03:00 UTC unless the file says otherwise.
    private static func clock(_ fields: Fields) -> Int64 {
        let fallback: Int64 = 1_768_446_000_000
        guard let text = fields.text("clock"), let place = fields.value("clock")?.place else { return fallback }
        guard let instant = Instant.parse(text) else {
            fields.findings.add(
                at: place, "`clock` has to be a date and time in UTC, not `\(Excerpt.of(text))`",
                hint: "write \"2026-01-15T03:00:00Z\"")
            return fallback
        }
        return instant
    }

    private static func host(_ key: Named, _ value: YamlTree, _ findings: Findings) -> FixtureHost? {
        guard let fields = Fields(value, FixtureKeys.host, what: "a host of a fixture", findings) else { return nil }
        var host = FixtureHost(pattern: key.name, at: key.place)
        if let boot = fields.duration("boot") { host.boot = boot }
        if let tree = fields.value("sudo"), let sudo = sudo(tree, findings) { host.sudo = sudo }
        host.state = state(fields, "state", mayNameHost: false)
        for item in fields.list("answers") ?? [] {
            if let answer = answer(item, findings) { host.answers.append(answer) }
        }
        return host
    }

    private static func values(_ fields: Fields, _ key: String) -> [NamedValue] {
        (fields.mapping(key) ?? []).compactMap { name, value in
            if case .scalar(let text, _) = value.content, !value.isNull {
                return NamedValue(name: name.name, value: text)
            }
            fields.findings.add(
                at: value.place, "`\(Excerpt.of(name.name))` has to be text, not \(value.noun)")
            return nil
        }
    }

    private static func sudo(_ tree: YamlTree, _ findings: Findings) -> Sudo? {
        switch tree.content {
        case .scalar("free", _): return .free
        case .scalar("refused", _): return .refused
        case .mapping:
            guard let fields = Fields(tree, FixtureKeys.sudo, what: "`sudo`", findings) else { return nil }
            return fields.required("password", of: "`sudo`").map { .password($0) }
        case .scalar, .sequence:
            findings.add(
                at: tree.place, "`sudo` has to be free, refused, or a mapping with `password`",
                hint: "write { password: \"…\" }")
            return nil
        }
    }

    /// `key: value`; `~` is nil. `other.key` names another host where that is allowed.
    private static func state(_ fields: Fields, _ key: String, mayNameHost: Bool) -> [StateValue] {
        (fields.mapping(key) ?? []).compactMap { name, value in
            guard case .scalar(let text, _) = value.content else {
                fields.findings.add(
                    at: value.place, "`\(Excerpt.of(name.name))` has to be text, not \(value.noun)")
                return nil
            }
            let content = value.isNull ? nil : text
            if mayNameHost, let dot = name.name.lastIndex(of: ".") {
                return StateValue(
                    host: String(name.name[..<dot]), key: String(name.name[name.name.index(after: dot)...]),
                    value: content)
            }
            return StateValue(key: name.name, value: content)
        }
    }

    private static func answer(_ tree: YamlTree, _ findings: Findings) -> Answer? {
        guard let fields = Fields(tree, FixtureKeys.answer, what: "an answer", findings) else { return nil }
        let given = fields.keys.filter { CheckReader.probes.contains($0.name) }
        if given.isEmpty, !fields.misspells(CheckReader.probes) {
            findings.add(at: tree.place, "an answer lacks one of `run`, `tcp` and `http`")
        }
        if given.count > 1 {
            findings.add(
                at: given[1].place,
                "an answer has one of `run`, `tcp` and `http`, not `\(given[0].name)` and `\(given[1].name)`")
        }
        let kind = given.first?.name ?? "run"
        // An answer to nothing is a finding, and is never used.
        let pattern = fields.nonEmpty(kind) ?? ""
        var answer = Answer(
            kind == "run" ? .run(pattern) : kind == "tcp" ? .tcp(pattern) : .http(pattern), at: tree.place)
        answer.when = state(fields, "when", mayNameHost: false)
        answer.set = state(fields, "set", mayNameHost: true)
        if let takes = fields.duration("takes") { answer.takes = takes }
        if let stdout = fields.text("stdout") { answer.stdout = stdout }
        if let stderr = fields.text("stderr") { answer.stderr = stderr }
        if let exit = fields.integer("exit") { answer.exit = exit }
        if let status = fields.integer("status") { answer.status = status }
        return answer
    }

    private static func fault(_ tree: YamlTree, _ findings: Findings) -> Fault? {
        guard let fields = Fields(tree, FixtureKeys.fault, what: "a fault", findings) else { return nil }
        guard fields.required("kind", of: "the fault") != nil, let kind: Fault.Kind = fields.word("kind") else {
            return nil
        }
        var fault = Fault(kind, host: fields.text("host"), at: tree.place)
        if kind == .crash {
            if fault.host != nil {
                findings.add(at: fields.keyPlace("host"), "a crash is one of the run, not of a host")
            }
            if !fields.has("after") { fields.missing("after", of: "the crash") }
        } else {
            if fault.host == nil, !fields.has("host") { fields.missing("host", of: "the fault") }
            if fields.has("after") {
                findings.add(at: fields.keyPlace("after"), "`after` goes with `crash` only", hint: "write `from`")
            }
        }
        let key = kind == .crash ? "after" : "from"
        if let step = fields.text(key), let place = fields.value(key)?.place { fault.from = Named(step, at: place) }
        fault.times = fields.integer("times")
        return fault
    }

    private static func operatorLine(_ tree: YamlTree, _ findings: Findings) -> OperatorLine? {
        guard let fields = Fields(tree, FixtureKeys.operatorLine, what: "an operator line", findings) else {
            return nil
        }
        guard let step = fields.required("step", of: "the operator line"), let place = fields.value("step")?.place
        else {
            return nil
        }
        var line = OperatorLine(step: Named(step, at: place))
        line.host = fields.text("host")
        line.reason = fields.text("reason")
        if let after = fields.duration("after") { line.after = after }
        if let value = fields.value("answer") {
            if value.isMapping {
                line.values = values(fields, "answer")
                line.answer = .done
            } else if let text = fields.text("answer") {
                line.answer = Choice(rawValue: text)
                if line.answer != .done, line.answer != .failed {
                    findings.add(at: value.place, "`answer` has to be done or failed, not `\(Excerpt.of(text))`")
                }
            }
        }
        if let approve = fields.boolean("approve") { line.isApproved = approve }
        if let names = fields.names("as", single: true) { line.approvers = names.map(\.name) }
        for name in fields.names("choose", single: true, mayRepeat: true) ?? [] {
            if let choice = choice(name) {
                line.choose.append(choice)
                continue
            }
            let known = Choice.allCases.map(\.rawValue) + ["rollback:CHECKPOINT"]
            findings.add(
                at: name.place,
                "`\(Excerpt.of(name.name))` is no choice; it is one of \(known.joined(separator: ", "))",
                hint: Nearest.hint(name.name, known))
        }
        return line
    }

    /// `retry` and the like, or `rollback:CHECKPOINT`.
    private static func choice(_ name: Named) -> OperatorChoice? {
        if let choice = Choice(rawValue: name.name) { return OperatorChoice(choice) }
        let target = String(name.name.dropFirst(9))
        guard name.name.hasPrefix("rollback:"),
            target.split(separator: "/", omittingEmptySubsequences: false).allSatisfy({ StepReader.isID(String($0)) })
        else { return nil }
        return OperatorChoice(.rollback, to: Named(target, at: name.place))
    }

    private static func expectation(_ tree: YamlTree, _ findings: Findings) -> Expectation? {
        guard let fields = Fields(tree, FixtureKeys.expectation, what: "`expect`", findings) else { return nil }
        var expectation = Expectation(at: tree.place)
        let outcome: Outcome? = fields.word("outcome")
        expectation.outcome = outcome?.rawValue
        expectation.order = fields.names("order") ?? []
        expectation.maxDuration = fields.duration("max_duration")
        for (key, value) in fields.mapping("steps") ?? [] {
            let known = StepState.allCases.map(\.rawValue)
            guard case .scalar(let text, _) = value.content, let state = StepState(rawValue: text) else {
                var hint: String?
                if case .scalar(let text, _) = value.content { hint = Nearest.hint(text, known) }
                let message = "the state of `\(Excerpt.of(key.name))` is one of \(known.joined(separator: ", "))"
                findings.add(at: value.place, message, hint: hint)
                continue
            }
            expectation.steps.append(ExpectedState(step: key, state: state))
        }
        return expectation
    }
}
