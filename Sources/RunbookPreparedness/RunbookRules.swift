internal import RunbookModel

/// Whether somebody who never saw the site can work with a runbook.
struct RunbookRules {
    let runbook: Runbook

    var findings: [Finding] { runbook.steps.flatMap { stranger($0) + unsafe($0) } + orphan }

    private func stranger(_ step: Step) -> [Finding] {
        var missing: [String] = []
        switch step.action {
        case .checkpoint: return []
        case .approval: if step.why == nil { missing.append("why") }
        case .manual, .waitFor:
            if step.why == nil { missing.append("why") }
            if step.ifItFails == nil { missing.append("if_it_fails") }
        case .run, .script, .copy, .reboot:
            if step.why == nil { missing.append("why") }
            if step.ifItFails == nil { missing.append("if_it_fails") }
            if step.undo == nil, step.irreversible == nil { missing.append("undo or irreversible") }
        }
        guard !missing.isEmpty else { return [] }
        return [
            Finding(
                .strangerUnready, step.id,
                "step \(step.number) (\(step.id)) does not say: \(missing.joined(separator: ", "))",
                fix: "write it for somebody who has never seen this site", at: step.place)
        ]
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
        guard !missing.isEmpty else { return [] }
        return [
            Finding(
                .unsafeStep, step.id,
                "step \(step.number) (\(step.id)) runs `\(word)`, and \(missing.joined(separator: " and "))",
                fix: "say what it destroys in `danger`, so that it has to be confirmed, and `irreversible`",
                at: step.place)
        ]
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
