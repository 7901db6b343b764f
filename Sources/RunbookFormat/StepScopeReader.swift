internal import RunbookModel

// Where a step runs, on how many hosts at a time, and as whom.

extension StepReader {
    func readScope(_ fields: Fields, _ step: inout Step) {
        if let name = fields.nonEmpty("delegate_to"), let place = fields.value("delegate_to")?.place {
            step.delegateTo = Named(name, at: place)
        }
        if let batches = serial(fields) { step.serial = batches }
        if let stagger = fields.duration("stagger") { step.stagger = stagger }
        if let failures = fields.integer("max_failures") { step.maxFailures = failures }
        if let locks = fields.names("lock", single: true) { step.locks = locks.map(\.name) }
        if let tags = fields.names("tags", single: true) { step.tags = tags.map(\.name) }
        if let become = become(fields) { step.become = become }
    }

    private func serial(_ fields: Fields) -> [BatchSize]? {
        guard let value = fields.value("serial") else { return nil }
        if let items = value.items {
            if items.isEmpty { findings.add(at: value.place, "`serial` is empty", hint: Self.serialHint) }
            return items.compactMap(batch)
        }
        return batch(value).map { [$0] }
    }

    private static let serialHint = "write 2, 25%, or a list as [1, 50%, 100%]"

    private func batch(_ tree: YamlTree) -> BatchSize? {
        guard case .scalar(let text, _) = tree.content, !tree.isNull else {
            findings.add(
                at: tree.place, "`serial` has to be a count or a percentage, not \(tree.noun)", hint: Self.serialHint)
            return nil
        }
        let digits = text.hasSuffix("%") ? text.dropLast() : text[...]
        let most = text.hasSuffix("%") ? 100 : Limits.hostsPerInventory
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits),
            (1...most).contains(number)
        else {
            findings.add(
                at: tree.place, "`serial` has to be a count or a percentage from 1, not `\(Excerpt.of(text))`",
                hint: Self.serialHint)
            return nil
        }
        return text.hasSuffix("%") ? .percent(number) : .count(number)
    }

    private func become(_ fields: Fields) -> Become? {
        guard let value = fields.value("become") else { return nil }
        guard value.isMapping else { return fields.boolean("become").map { $0 ? .yes : .no } }
        guard let inner = Fields(value, RunbookKeys.become, what: "`become`", findings),
            let text = inner.required("password", of: "`become`"), let place = inner.value("password")?.place
        else { return nil }
        let password = TemplateReader(findings: findings).template(text, at: place, .hidden)
        if !password.references.contains(where: { $0.path.first == "secrets" }) {
            findings.add(
                at: place, "a password can't stand in a runbook",
                hint: "declare it under `secrets`, and write `password: ${{ secrets.NAME }}`")
        }
        return .withPassword(password)
    }
}

// What a step asks, wants to know beforehand, and leaves for later ones.

extension StepReader {
    func readValues(_ fields: Fields, _ step: inout Step) {
        if let text = fields.nonEmpty("when"), let place = fields.value("when")?.place {
            step.when = ConditionReader.condition(text, at: place, findings)
        }
        let templates = TemplateReader(findings: findings)
        if let text = fields.nonEmpty("danger"), let place = fields.value("danger")?.place {
            step.danger = templates.template(text, at: place, .text)
        }
        if let names = fields.names("provides", single: true) { step.provides = names }
        if let name = fields.nonEmpty("contact"), let place = fields.value("contact")?.place {
            step.contact = Named(name, at: place)
        }
        for (key, value) in fields.mapping("ask") ?? [] {
            if let question = question(key, value) { step.questions.append(question) }
        }
        if fields.has("ask") {
            if case .manual = step.action {
            } else {
                findings.add(at: fields.keyPlace("ask"), "`ask` goes with `manual` only")
            }
        }
        for (key, value) in fields.mapping("outputs") ?? [] {
            if let output = output(key, value) {
                step.outputs.append(output)
                checkPrinted(output, step, fields)
            }
            if step.questions.contains(where: { $0.name == key.name }) {
                findings.add(at: key.place, "`\(Excerpt.of(key.name))` is a name in `ask` already")
            }
        }
    }

    /// An output without a command is what the action printed: there has to be an action that prints, every time.
    private func checkPrinted(_ output: Output, _ step: Step, _ fields: Fields) {
        guard output.run == nil else { return }
        let hint = "give the output a `run`"
        guard case .run = step.action else {
            return findings.add(at: output.place, "only a command prints something to take a value from", hint: hint)
        }
        let isSkippable: Bool
        if case .scalar("never", _)? = fields.value("skip_if")?.content {
            isSkippable = false
        } else {
            isSkippable = fields.has("verify") || fields.has("skip_if")
        }
        if isSkippable {
            findings.add(
                at: output.place, "the step prints nothing where it is done already",
                hint: "\(hint), or write `skip_if: never`")
        }
    }

    private func checkValueName(_ key: Named) {
        guard !key.name.isEmpty, key.name.utf8.count <= 100, key.name.utf8.allSatisfy(Self.isNameByte) else {
            return findings.add(
                at: key.place, "`\(Excerpt.of(key.name))` is no name for a value",
                hint: "use letters, digits, `_` and `-`, at most 100")
        }
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    private func question(_ key: Named, _ value: YamlTree) -> ValueQuestion? {
        checkValueName(key)
        guard let fields = Fields(value, RunbookKeys.question, what: "a question", at: key.place, findings) else {
            return nil
        }
        let prompt = fields.required("prompt", of: "the question") ?? ""
        return ValueQuestion(name: key.name, prompt: prompt, matches: pattern(fields, "matches"))
    }

    private func output(_ key: Named, _ value: YamlTree) -> Output? {
        checkValueName(key)
        guard let fields = Fields(value, RunbookKeys.output, what: "an output", at: key.place, findings) else {
            return nil
        }
        var output = Output(name: key.name, run: nil, match: pattern(fields, "match"), place: key.place)
        if let text = fields.nonEmpty("run"), let place = fields.value("run")?.place,
            CheckReader(findings: findings).isShort(text, place)
        {
            output.run = TemplateReader(findings: findings).template(text, at: place, .command)
        }
        return output
    }

    /// A regular expression without values in it.
    private func pattern(_ fields: Fields, _ key: String) -> String? {
        guard let text = fields.nonEmpty(key), let place = fields.value(key)?.place else { return nil }
        CheckReader(findings: findings).checkPattern(text, Template(literal: text, at: place), place)
        return text
    }
}
