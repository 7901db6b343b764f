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
        let tree = try YamlParser(source: source).parse()
        let findings = Findings(source)
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
        RunbookOrder.check(runbook, findings)
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
            if isDate(date) {
                runbook.document.reviewed = date
            } else {
                fields.findings.add(
                    at: place, "`reviewed` has to be a date, not `\(TerminalText.shown(date))`",
                    hint: "write \"2026-09-14\"")
            }
        }
        runbook.rto = fields.duration("rto")
        if let limit = fields.integer("max_parallel", in: 1...Limits.tasksPerRun) { runbook.maxParallel = limit }
    }

    private static func isDate(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 4, parts[1].count == 2, parts[2].count == 2,
            parts.joined().allSatisfy({ (0x30...0x39).contains($0) }),
            let month = Int(String(Substring(parts[1]))), let day = Int(String(Substring(parts[2])))
        else { return false }
        return (1...12).contains(month) && (1...31).contains(day)
    }

    private static func readVariables(_ fields: Fields, _ runbook: inout Runbook, _ findings: Findings) {
        for (key, value) in fields.mapping("vars") ?? [] {
            let isName =
                !key.name.isEmpty
                && key.name.utf8.allSatisfy {
                    (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || (0x30...0x39).contains($0)
                        || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
                }
            guard isName else {
                findings.add(at: key.place, "`\(TerminalText.shown(key.name))` is no name for a variable")
                continue
            }
            var variable = Variable(name: key.name, value: nil, kind: .text, description: nil, place: key.place)
            switch value.content {
            case .scalar(let text, _): variable.value = value.isNull ? nil : text
            case .sequence: findings.add(at: value.place, "`\(key.name)` has to be text or a mapping, not a list")
            case .mapping:
                guard let inner = Fields(value, variableTable, what: "a variable", findings) else { continue }
                variable.value = inner.text("default")
                variable.kind = inner.word("type") ?? .text
                variable.description = inner.text("description")
            }
            runbook.variables.append(variable)
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
        let reader = StepReader(findings: findings)
        for (number, item) in items.enumerated() {
            if let step = reader.step(item, isFirst: number == 0) { runbook.steps.append(step) }
        }
    }
}

/// The version that every file begins with.
enum FileVersion {
    static func check(_ fields: Fields, what: String) {
        guard fields.has("version") else { return fields.missing("version", of: what) }
        guard let text = fields.text("version"), let place = fields.value("version")?.place else { return }
        if text != "1" {
            fields.findings.add(
                at: place, "version `\(TerminalText.shown(text))` is not known; this program reads version 1")
        }
    }
}

/// What steps say about each other.
enum RunbookOrder {
    static func check(_ runbook: Runbook, _ findings: Findings) {
        var index: [String: Int] = [:]
        for (number, step) in runbook.steps.enumerated() where !step.id.isEmpty {
            if let first = index[step.id] {
                findings.add(
                    at: step.place,
                    "the id `\(step.id)` is taken by the step in line \(runbook.steps[first].place.line)")
            } else {
                index[step.id] = number
            }
        }
        let ids = runbook.steps.map(\.id)
        var needs: [[Int]] = []
        for step in runbook.steps {
            var known: [Int] = []
            for need in step.needs {
                if let number = index[need.name] {
                    known.append(number)
                } else {
                    findings.add(
                        at: need.place, "unknown step `\(TerminalText.shown(need.name))`",
                        hint: Nearest.hint(need.name, ids))
                }
            }
            needs.append(known)
        }
        if let cycle = StepCycle.first(in: needs), let first = cycle.first, let second = cycle.dropFirst().first {
            let step = runbook.steps[first]
            let place = step.needs.first { $0.name == runbook.steps[second].id }?.place ?? step.place
            findings.add(
                at: place,
                "these steps wait for each other: \(cycle.map { runbook.steps[$0].id }.joined(separator: " -> "))")
        }
        checkCheckpoints(runbook, findings)
    }

    private static func checkCheckpoints(_ runbook: Runbook, _ findings: Findings) {
        var names: [String] = []
        for step in runbook.steps {
            guard case .checkpoint(let name) = step.action else { continue }
            if names.contains(name) { findings.add(at: step.place, "the checkpoint `\(name)` is given twice") }
            names.append(name)
        }
        for step in runbook.steps {
            guard case .rollback(.some(let target)) = step.onFailure, target.name != RollbackPlan.start else {
                continue
            }
            if !names.contains(target.name) {
                findings.add(
                    at: target.place, "unknown checkpoint `\(TerminalText.shown(target.name))`",
                    hint: Nearest.hint(target.name, names))
            }
        }
    }
}
