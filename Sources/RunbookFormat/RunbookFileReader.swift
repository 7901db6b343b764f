internal import RunbookModel

/// Reads one file of a runbook.
enum RunbookFileReader {
    /// `include` gives the runbook at a path that is written in this one.
    static func read(
        bytes: [UInt8], path: String, include: (String) -> Result<Runbook, IncludeFault>
    ) throws(InvalidFiles) -> Runbook {
        let source = try SourceText(bytes, path: path, limitBytes: Limits.runbookBytes)
        let findings = Findings(source)
        let tree = try YamlParser(findings: findings).parse()
        guard let fields = Fields(tree, RunbookKeys.runbook, what: "a runbook", findings) else {
            throw InvalidFiles(findings.sorted)
        }
        FileVersion.check(fields, what: "the runbook")
        var runbook = Runbook(
            path: path, name: fields.required("name", of: "the runbook") ?? "",
            inventory: fields.required("inventory", of: "the runbook") ?? "")
        readDocument(fields, &runbook)
        readVariables(fields, &runbook, findings)
        readSecrets(fields, &runbook, findings)
        var isWhole = false
        var faults: [Diagnostic] = []
        if fields.has("steps") {
            let read = readSteps(fields.list("steps") ?? [], findings, fields)
            var expander = InclusionExpander(runbook, findings)
            for (step, inclusion) in read {
                if let inclusion { expander.add(inclusion, include(inclusion.path.name)) } else { expander.add(step) }
            }
            runbook = expander.finish()
            isWhole = expander.isWhole && fields.value("steps")?.items?.count == read.count
            faults = expander.faults
        } else {
            fields.missing("steps", of: "the runbook")
        }
        // What could not be read at all is told once, and not again wherever it is named.
        if isWhole { RunbookOrder.check(runbook, findings) }
        if faults.isEmpty { RunbookValues.check(runbook, fields) }
        try findings.check(faults)
        return runbook
    }

    private static func readDocument(_ fields: Fields, _ runbook: inout Runbook) {
        runbook.document.scenario = fields.text("scenario")
        runbook.document.summary = fields.text("summary")
        runbook.document.useWhen = fields.text("use_when")
        runbook.document.doNotUseWhen = fields.text("do_not_use_when")
        runbook.document.owner = fields.text("owner")
        runbook.document.approver = fields.text("approver")
        runbook.document.plan = fields.text("plan")
        runbook.document.classification = fields.text("classification")
        if let names = fields.names("assumes") { runbook.assumes = names.map(\.name) }
        if let date = fields.text("reviewed"), let place = fields.value("reviewed")?.place {
            if Instant.parse("\(date)T00:00:00Z") != nil {
                runbook.document.reviewed = date
            } else {
                fields.findings.add(
                    at: place, "`reviewed` has to be a date, not `\(Excerpt.of(date))`", hint: "write \"2026-09-14\"")
            }
        }
        runbook.rto = fields.duration("rto")
        if let limit = fields.integer("max_parallel") { runbook.maxParallel = limit }
    }

    private static func readVariables(_ fields: Fields, _ runbook: inout Runbook, _ findings: Findings) {
        for (key, value) in fields.mapping("vars") ?? [] {
            let shown = Excerpt.of(key.name)
            guard isVariableName(key.name) else {
                findings.add(
                    at: key.place, "`\(shown)` is no name for a variable", hint: "use letters, digits, `_` and `-`")
                continue
            }
            if SecretName.isSurelyOne(key.name) {
                findings.add(
                    at: key.place, "`\(shown)` is a secret by its name, and variables are written down and shown",
                    hint: "declare it under `secrets`, as \(shown): { from: prompt }, and give it to commands by `env`")
            }
            var variable = Variable(name: key.name, value: nil, kind: .text, description: nil, place: key.place)
            switch value.content {
            case .scalar(let text, _): variable.value = value.isNull ? nil : text
            case .sequence:
                findings.add(at: value.place, "the variable `\(shown)` has to be text or a mapping, not a list")
            case .mapping:
                guard let inner = Fields(value, RunbookKeys.variable, what: "a variable", findings) else { continue }
                variable.kind = inner.word("type") ?? .text
                variable.description = inner.text("description")
                variable.value = inner.text("default")
                if let text = variable.value, let place = inner.value("default")?.place, !variable.kind.accepts(text) {
                    findings.add(
                        at: place, "`\(Excerpt.of(text))` is no \(variable.kind.rawValue), which `\(shown)` is")
                }
            }
            runbook.variables.append(variable)
        }
    }

    private static func isVariableName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy(StepReader.isNameByte)
    }

    private static func readSecrets(_ fields: Fields, _ runbook: inout Runbook, _ findings: Findings) {
        for (key, value) in fields.mapping("secrets") ?? [] {
            let shown = Excerpt.of(key.name)
            guard isVariableName(key.name) else {
                findings.add(
                    at: key.place, "`\(shown)` is no name for a secret", hint: "use letters, digits, `_` and `-`")
                continue
            }
            guard
                let inner = Fields(
                    value, RunbookKeys.secret, what: "the secret `\(shown)`", at: key.place, findings,
                    hint: "write { from: prompt }: a secret never stands in a runbook")
            else { continue }
            let source = SecretReader.source(inner, "the secret `\(shown)`")
            runbook.secrets.append(
                Secret(
                    name: key.name, source: source ?? .prompt, description: inner.text("description"),
                    place: key.place))
        }
    }

    private static func readSteps(
        _ items: [YamlTree], _ findings: Findings, _ fields: Fields
    ) -> [(step: Step, inclusion: Inclusion?)] {
        if items.isEmpty, let value = fields.value("steps"), case .sequence = value.content {
            findings.add(at: value.place, "the runbook has no steps")
        }
        guard items.count <= Limits.stepsPerRunbook else {
            findings.add(
                at: items[Limits.stepsPerRunbook].place,
                "the runbook has \(items.count) steps; at most \(Limits.stepsPerRunbook) are allowed")
            return []
        }
        var reader = StepReader(findings: findings, defaults: fields.value("defaults"))
        return items.enumerated().compactMap { number, item in reader.step(item, isFirst: number == 0) }
    }
}

/// The version that every file begins with.
enum FileVersion {
    static func check(_ fields: Fields, what: String) {
        guard fields.has("version") else {
            return fields.missing("version", of: what, hint: "begin the file with `version: 1`")
        }
        guard let text = fields.text("version"), let place = fields.value("version")?.place else { return }
        if text != "1" {
            fields.findings.add(
                at: place, "version `\(Excerpt.of(text))` is not known; this program reads version 1",
                hint: "write `version: 1`")
        }
    }
}
