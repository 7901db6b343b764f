internal import RunbookModel

/// Whether somebody who never saw the site can work with a runbook.
struct RunbookRules {
    let runbook: Runbook
    let inventory: Inventory

    var findings: [Finding] {
        let words = PlainWords(runbook, inventory)
        var known: Set<String> = []
        var book = ContactBook(inventory)
        return runbook.steps.flatMap { stranger($0, &book) + plain($0, words, &known) + unsafe($0) + weak($0) } + orphan
    }

    private func stranger(_ step: Step, _ book: inout ContactBook) -> [Finding] {
        var missing: [String] = []
        func ask(_ key: String, _ isThere: Bool) { if !isThere { missing.append(key) } }
        switch step.action {
        case .checkpoint: return []
        case .approval: ask("why", step.why != nil)
        case .waitFor:
            ask("why", step.why != nil)
            ask("if_it_fails", step.ifItFails != nil)
        case .manual:
            // Its text says what to do, and what has to be seen.
            ask("why", step.why != nil)
            ask("if_it_fails", step.ifItFails != nil)
            ask("contact", book.tells(step))
        case .run, .script, .copy, .reboot:
            ask("why", step.why != nil)
            // A check says by itself what has to come of it.
            ask("expect or verify", step.expect != nil || step.verify != nil)
            ask("if_it_fails", step.ifItFails != nil)
            ask("undo or irreversible", step.undo != nil || step.irreversible != nil)
            ask("contact", book.tells(step))
        }
        guard !missing.isEmpty else { return [] }
        return [
            Finding(
                .strangerUnready, step.id,
                "step \(step.number) (\(step.id)) does not say: \(missing.joined(separator: ", "))",
                fix: "write it for somebody who has never seen this site", at: step.place)
        ]
    }

    /// Words that only those understand who know the site; an abbreviation is told where it is first used.
    private func plain(_ step: Step, _ words: PlainWords, _ known: inout Set<String>) -> [Finding] {
        let texts = PlainWords.texts(step)
        var findings: [Finding] = []
        if let phrase = PlainWords.leaningPhrase(in: texts) {
            findings.append(
                Finding(
                    .strangerUnready, step.id,
                    "step \(step.number) (\(step.id)) says \u{201C}\(phrase)\u{201D}, to people who know nothing of what is usual here",
                    fix: "write out what has to be done", at: step.place))
        }
        let new = words.unexplained(in: texts).filter { known.insert($0).inserted }
        if !new.isEmpty {
            let shown = new.prefix(8).joined(separator: ", ") + (new.count > 8 ? " and \(new.count - 8) more" : "")
            findings.append(
                Finding(
                    .strangerUnready, step.id,
                    "step \(step.number) (\(step.id)) uses what nothing explains: \(shown)",
                    fix: "write it out, or explain it once: \u{201C}\(new[0]) (what it stands for)\u{201D}",
                    at: step.place))
        }
        return findings
    }

    private func unsafe(_ step: Step) -> [Finding] {
        guard case .run(let template) = step.action, let word = DestructiveCommand.word(in: template.source) else {
            return []
        }
        var missing: [String] = []
        if step.danger == nil { missing.append("asks nobody (`danger`)") }
        if step.undo == nil || step.undo == .nothing, step.irreversible == nil {
            missing.append("neither can be undone nor says why not (`irreversible`)")
        }
        if step.verify == nil { missing.append("checks nothing afterwards (`verify`)") }
        guard !missing.isEmpty else { return [] }
        return [
            Finding(
                .unsafeStep, step.id,
                "step \(step.number) (\(step.id)) runs `\(word)`, and \(missing.joined(separator: " and "))",
                fix:
                    "say what it destroys in `danger`, so that it has to be confirmed, and `irreversible`; check with `verify`",
                at: step.place)
        ]
    }

    /// Checks that pass for whatever can be run.
    private func weak(_ step: Step) -> [Finding] {
        var checks: [(key: String, check: Check)] = []
        if let verify = step.verify { checks.append(("verify", verify)) }
        if case .waitFor(let check) = step.action { checks.append(("wait_for", check)) }
        if case .check(let check) = step.skipIf { checks.append(("skip_if", check)) }
        switch step.undo {
        case .run(_, _, let check?), .script(_, _, let check?): checks.append(("undo.verify", check))
        case .run, .script, .restore, .nothing, nil: break
        }
        return checks.compactMap { key, check in
            guard let weakness = WeakCheck.weakness(of: check) else { return nil }
            let (passes, fix) = words(key, weakness)
            return Finding(
                .verifyWeak, step.id, "step \(step.number) (\(step.id)): \(passes)", fix: fix, at: check.place)
        }
    }

    private func words(_ key: String, _ weakness: WeakCheck.Weakness) -> (passes: String, fix: String) {
        switch weakness {
        case .status(let command):
            (
                "`\(key)` passes whenever `\(TerminalText.line(command, columns: 60))` exits with 0, whatever it prints",
                "compare what it prints with `equals`, `contains` or `matches`; or write `exit: 0` if its status is the answer"
            )
        case .comparison(let comparison):
            (
                "`\(key)` passes whatever is printed: everything fits its `\(comparison)`",
                "write what is printed only when it works, as `contains: running`"
            )
        case .constant(let command):
            (
                "`\(key)` passes or fails always: `\(TerminalText.line(command, columns: 60))` prints the same every time",
                "ask the service itself, and compare what it prints"
            )
        }
    }

    private var orphan: [Finding] {
        let document = runbook.document
        let missing = [
            ("plan", document.plan), ("owner", document.owner), ("approver", document.approver),
            ("reviewed", document.reviewed),
        ].filter { $0.1 == nil }.map { "`\($0.0)`" }
        guard !missing.isEmpty else { return [] }
        return [
            Finding(
                .planOrphan, runbook.name, "the runbook does not say: \(missing.joined(separator: ", "))",
                fix:
                    "name the emergency plan that it is part of, who owns it, who has approved it, and when it was reviewed",
                at: SourcePlace(path: runbook.path, line: 1, column: 1))
        ]
    }
}

/// Whether it is said whom to call.
private struct ContactBook {
    private let isEmpty: Bool
    private let members: [String: [String]]
    /// Hosts that name somebody, and groups of which all do, as far as was asked.
    private var known: [String: Bool]

    init(_ inventory: Inventory) {
        isEmpty = inventory.contacts.isEmpty
        members = Dictionary(
            inventory.groups.map { ($0.name, $0.members.map(\.name)) }, uniquingKeysWith: { one, _ in one })
        known = Dictionary(
            inventory.hosts.map { ($0.name, $0.contact != nil) }, uniquingKeysWith: { one, _ in one })
    }

    /// By the step, or by all machines that it acts on. Where nobody is named at all, no step is asked.
    mutating func tells(_ step: Step) -> Bool {
        if isEmpty || step.contact != nil { return true }
        return !step.hosts.isEmpty && step.hosts.reduce(true) { $0 && tells($1.name) }
    }

    private mutating func tells(_ name: String) -> Bool {
        if let known = known[name] { return known }
        var seen: Set<String> = []
        var open = [name]
        var isTold = true
        while isTold, let next = open.popLast() {
            guard seen.insert(next).inserted else { continue }
            if let found = known[next] { isTold = found } else { open += members[next] ?? [] }
        }
        known[name] = isTold
        return isTold
    }
}

/// Commands that destroy data, as far as one word tells.
enum DestructiveCommand {
    private static let words: [[String]] = [
        ["mkfs"], ["wipefs"], ["blkdiscard"], ["shred"], ["sgdisk", "--zap-all"], ["zpool", "destroy"],
        ["zfs", "destroy"], ["lvremove"], ["vgremove"], ["pvremove"], ["rm", "-r"], ["rm", "-rf"], ["rm", "-fr"],
        ["drop", "database"], ["drop", "table"], ["qm", "destroy"], ["virsh", "undefine"], ["ceph", "osd", "purge"],
    ]

    /// The words that destroy; nil where there are none.
    static func word(in text: String) -> String? {
        for command in text.lowercased().split(whereSeparator: { "\n;|&(){}`".contains($0) }) {
            let tokens = command.split { " \t\"'".contains($0) }.map(String.init)
            for (index, token) in tokens.enumerated() {
                if token == "dd", tokens[index...].contains(where: { $0.hasPrefix("of=/dev/") }) {
                    return "dd of=/dev/…"
                }
                let name = token.split(separator: "/").last.map(String.init) ?? token
                for word in words where name == word[0] || word[0] == "mkfs" && name.hasPrefix("mkfs.") {
                    if tokens[(index + 1)...].prefix(word.count - 1).elementsEqual(word.dropFirst()) {
                        return word.joined(separator: " ")
                    }
                }
            }
        }
        return nil
    }
}
