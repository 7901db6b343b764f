internal import Glibc
internal import RunbookEngine
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

/// The words of a question: what happened, why it matters, what can be done; and what an answer means.
struct QuestionText: Sendable {
    let plan: Plan
    let folder: RunFolder
    let facts: RunFacts
    var columns = 80

    /// What the run can go back to just now.
    var rollbackOffer: RollbackOffer? { RollbackOffer(plan: plan, run: facts, folder: folder) }

    /// What is said once, before the prompt.
    func opening(_ question: Question) -> String {
        guard let task = plan.index[question.task] else { return "" }
        let step = plan.step(of: task)
        var parts: [(String, String)] = []
        if question.kind == .danger {
            parts.append(("Your turn", step.name + (question.task.host.map { " (\($0))" } ?? "")))
            parts.append(("Danger", TerminalText.shown(question.text, lines: true)))
            if let runs = runs(step) { parts.append(("It runs", runs)) }
            if let reason = step.irreversible { parts.append(("No undo", reason)) }
            if let why = step.why { parts.append(("Why", why)) }
            if let help = step.ifItFails { parts.append(("If it fails", help)) }
            parts += calls(task)
        } else if question.kind == .approval {
            parts.append(("Your turn", step.name))
            parts.append(("Agree to", TerminalText.shown(question.text, lines: true)))
            if let why = step.why { parts.append(("Why", why)) }
            parts += people(task)
            parts.append(("From elsewhere", "blackstart approve \(folder.name) \(question.task.step) --key KEY"))
        } else if question.kind == .manual {
            parts.append(("Your turn", step.name + (question.task.host.map { " (\($0))" } ?? "")))
            parts.append(("Do this", TerminalText.shown(question.text, lines: true)))
            if let expect = step.expect { parts.append(("Then you see", expect)) }
            if let why = step.why { parts.append(("Why", why)) }
            if let help = step.ifItFails { parts.append(("If it fails", help)) }
            parts += calls(task)
        } else {
            let what = step.name + (question.task.host.map { " (\($0))" } ?? "")
            parts.append(("What happened", "\(what): \(TerminalText.shown(question.text, lines: true))"))
            if question.kind != .undo, let runs = runs(step) { parts.append(("It runs", runs)) }
            if let words = AttemptPrintout.lastWords(of: question.task, in: folder) {
                parts.append(("Last words", "\"\(words)\""))
            }
            parts.append(("Why it matters", consequence(task)))
            if let help = step.ifItFails { parts.append(("Try first", help)) }
            if let place = plan.host(of: task)?.location {
                parts.append(("Where", "\(question.task.host ?? ""): \(place)"))
            }
            parts += calls(task)
        }
        var text = "\n"
        for (label, value) in parts {
            for (number, line) in value.split(separator: "\n", omittingEmptySubsequences: true).enumerated() {
                let head = (number == 0 ? "  \(label)" : "").padded(19)
                text +=
                    Wrapping.lines(head + TerminalText.shown(String(line)), columns: columns, indent: 19).joined(
                        separator: "\n") + "\n"
            }
        }
        return text + "  You can\n" + options(question).joined()
    }

    /// Whom to call: the step's own contact, then the host's.
    private func calls(_ task: Int) -> [(String, String)] {
        var names = [plan.step(of: task).contact?.name, plan.host(of: task)?.contact?.name].compactMap(\.self)
        if names.count == 2, names[0] == names[1] { names.removeLast() }
        return names.compactMap { plan.inventory.contact($0) }.map { ("Call", $0.line) }
    }

    /// Who may approve, and how to reach them.
    private func people(_ task: Int) -> [(String, String)] {
        guard case .approval(let approval) = plan.step(of: task).action else { return [] }
        return plan.inventory.contacts.filter { person in approval.roles.contains { person.roles.contains($0.name) } }
            .map { ("May approve", $0.line) }
    }

    private func consequence(_ task: Int) -> String {
        var names: [String] = []
        for dependent in plan.stepDependents[plan.tasks[task].step] {
            let name = plan.runbook.steps[dependent].name
            if !names.contains(name) { names.append(name) }
        }
        guard !names.isEmpty else { return "No other step waits for it." }
        let more = names.count > 3 ? " and \(names.count - 3) more" : ""
        return "These wait for it: \(names.prefix(3).joined(separator: "; "))\(more)."
    }

    private func options(_ question: Question) -> [String] {
        ChoiceMenu(question).entries.map { entry in
            let meaning = entry.choice.map { self.meaning($0, question) } ?? details(of: question.kind)
            let digit = entry.digit.map { "\($0)" } ?? " "
            return Wrapping.lines("   \(digit)  \(entry.word.padded(10))\(meaning)", columns: columns, indent: 16)
                .joined(separator: "\n") + "\n"
        }
    }

    private func details(of kind: QuestionKind) -> String {
        kind == .danger ? "Show the whole command, its check and its undo." : "Show what the step printed."
    }

    private func meaning(_ choice: Choice, _ question: Question) -> String {
        switch (choice, question.kind) {
        case (.approve, _): "Go on. You count with your own key and role."
        case (.failed, .approval): "Refuse it. You must give a reason."
        case (.confirm, _): "Do it all the same. You must type the name of the step."
        case (.skip, .danger): "Go on without it. You must give a reason."
        case (.done, .manual): "It is done, and you saw what you should see."
        case (.failed, .manual): "It can't be done, or you saw something else."
        case (.done, .undo): "You have undone it by hand."
        case (.done, .unclear): "You have looked: it is done. Its check, if it has one, decides."
        case (.done, _): "You have done it by hand. Its check, if it has one, decides."
        case (.failed, _): "It did not happen."
        case (.retry, .undo): "Try the undo again."
        case (.retry, _): "Try it again."
        case (.skip, .undo): "Leave it as it is. You must give a reason."
        case (.skip, _): "Go on without it. You must give a reason."
        case (.rollback, _): "Go back to a checkpoint. You see first what that undoes."
        case (.stop, _): "Stop here, change nothing more. Resume later."
        }
    }

    /// It carries the step: lines of others may stand between the question and it.
    func prompt(_ question: Question) -> String {
        let ask = ChoiceMenu(question).prompt
        guard let task = plan.index[question.task] else { return "  \(ask)" }
        let what = plan.step(of: task).name + (question.task.host.map { " (\($0))" } ?? "")
        let name = TerminalText.line(what, columns: columns - 3)
        // With room for the word that is typed behind it.
        let isShort = name.unicodeScalars.count + ask.utf8.count + 4 + Self.typed <= columns
        return "  \(name)" + (isShort ? ". " : ":\n  ") + ask
    }

    /// What the step does on its host, as the runbook has it.
    private func runs(_ step: Step) -> String? {
        guard let text = StepText.action(step) else { return nil }
        let lines = TerminalText.shown(text, lines: true).split(separator: "\n")
        return lines.prefix(Self.commandLines).joined(separator: "\n")
            + (lines.count > Self.commandLines
                ? "\n… and \(Count.of(lines.count - Self.commandLines, "more line")): type details" : "")
    }

    private static let commandLines = 6
    private static let typed = 10

    /// The newest outputs of the task, or for what has not begun the step itself, safe to show.
    func details(_ question: Question) -> String {
        guard question.kind == .danger, let task = plan.index[question.task] else {
            return "\n" + AttemptPrintout.text(of: question.task, in: folder)
        }
        return "\n" + StepText(plan: plan, task: task).text
    }
}

extension String {
    var trimmingSpaces: String {
        var text = self[...]
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" || text.last == "\r" { text.removeLast() }
        return String(text)
    }
}

extension Contact {
    /// `Storage vendor, phone +49 800 555 0133, contract 4711`.
    var line: String {
        ([name] + [phone.map { "phone \($0)" }, reference].compactMap(\.self)).joined(separator: ", ")
    }
}
