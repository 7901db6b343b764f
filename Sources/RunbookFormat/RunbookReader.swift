package import RunbookModel

/// Reads a runbook, and finds everything that is wrong with it by itself.
package enum RunbookReader {
    static let table = KeyTable(
        known: [
            "version", "name", "inventory", "steps", "scenario", "summary", "use_when", "do_not_use_when", "owner",
            "approver", "reviewed", "rto", "classification", "vars", "max_parallel",
        ], later: ["assumes", "secrets", "defaults", "plan"])
    static let variableTable = KeyTable(known: ["default", "type", "description"])

    package static func read(bytes: [UInt8], path: String) throws(InvalidFiles) -> Runbook {
        let source = try SourceText(bytes, path: path, limitBytes: Limits.runbookBytes)
        let findings = Findings(source)
        let tree = try YamlParser(findings: findings).parse()
        guard let fields = Fields(tree, table, what: "a runbook", findings) else {
            throw InvalidFiles(findings.sorted)
        }
        FileVersion.check(fields, what: "the runbook")
        var runbook = Runbook(
            path: path, name: fields.required("name", of: "the runbook") ?? "",
            inventory: fields.required("inventory", of: "the runbook") ?? "")
        readDocument(fields, &runbook)
        readVariables(fields, &runbook, findings)
        if fields.has("steps") {
            readSteps(fields.list("steps") ?? [], &runbook, findings, fields)
        } else {
            fields.missing("steps", of: "the runbook")
        }
        // What could not be read at all is told once, and not again wherever it is named.
        if fields.value("steps")?.items?.count == runbook.steps.count { RunbookOrder.check(runbook, findings) }
        if !fields.has("vars") || fields.value("vars")?.isMapping == true { RunbookValues.check(runbook, findings) }
        try findings.check()
        return runbook
    }

    private static func readDocument(_ fields: Fields, _ runbook: inout Runbook) {
        runbook.document.scenario = fields.text("scenario")
        runbook.document.summary = fields.text("summary")
        runbook.document.useWhen = fields.text("use_when")
        runbook.document.doNotUseWhen = fields.text("do_not_use_when")
        runbook.document.owner = fields.text("owner")
        runbook.document.approver = fields.text("approver")
        runbook.document.classification = fields.text("classification")
        if let date = fields.text("reviewed"), let place = fields.value("reviewed")?.place {
            if Instant.parse("\(date)T00:00:00Z") != nil {
                runbook.document.reviewed = date
            } else {
                fields.findings.add(
                    at: place, "`reviewed` has to be a date, not `\(Excerpt.of(date))`", hint: "write \"2026-09-14\"")
            }
        }
        runbook.rto = fields.duration("rto", isPositive: true)
        if let limit = fields.integer("max_parallel", in: 1...Limits.tasksPerRun) { runbook.maxParallel = limit }
    }

    private static func readVariables(_ fields: Fields, _ runbook: inout Runbook, _ findings: Findings) {
        for (key, value) in fields.mapping("vars") ?? [] {
            let shown = Excerpt.of(key.name)
            guard isVariableName(key.name) else {
                findings.add(
                    at: key.place, "`\(shown)` is no name for a variable", hint: "use letters, digits, `_` and `-`")
                continue
            }
            var variable = Variable(name: key.name, value: nil, kind: .text, description: nil, place: key.place)
            switch value.content {
            case .scalar(let text, _): variable.value = value.isNull ? nil : text
            case .sequence:
                findings.add(at: value.place, "the variable `\(shown)` has to be text or a mapping, not a list")
            case .mapping:
                guard let inner = Fields(value, variableTable, what: "a variable", findings) else { continue }
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
        !name.isEmpty
            && name.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }

    private static func readSteps(
        _ items: [YamlTree], _ runbook: inout Runbook, _ findings: Findings, _ fields: Fields
    ) {
        if items.isEmpty, let value = fields.value("steps"), case .sequence = value.content {
            findings.add(at: value.place, "the runbook has no steps")
        }
        guard items.count <= Limits.stepsPerRunbook else {
            findings.add(
                at: items[Limits.stepsPerRunbook].place,
                "the runbook has \(items.count) steps; at most \(Limits.stepsPerRunbook) are allowed")
            return
        }
        var reader = StepReader(findings: findings)
        for (number, item) in items.enumerated() {
            if let step = reader.step(item, isFirst: number == 0) { runbook.steps.append(step) }
        }
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
