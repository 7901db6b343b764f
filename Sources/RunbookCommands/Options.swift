package import ArgumentParser
internal import RunbookEngine
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport
internal import Synchronization

/// Which files and values a runbook is laid over.
package struct SiteOptions: ParsableArguments {
    @Option(name: [.customShort("i"), .long], help: "The inventory, instead of the one that the runbook names.")
    package var inventory: String?

    @Option(name: [.customShort("e"), .customLong("set")], help: "A variable: name=value. May be given again.")
    package var variables: [String] = []

    @Option(
        name: [.short, .long],
        help: "Only these hosts and groups, separated by commas; * and ? as in file names, ! for all but.")
    package var limit: [String] = []

    @Option(name: [.short, .long], help: "Only steps with one of these tags, separated by commas.")
    package var tags: [String] = []

    @Option(help: "No steps with one of these tags.")
    package var skipTags: [String] = []

    @Option(help: "Leave out the steps before this one, and all that it waits for.")
    package var startAt: String?

    @Option(help: "Leave out the steps after this one.")
    package var until: String?

    package init() {}

    /// The part of the runbook that is wanted.
    var selection: Selection {
        var selection = Selection()
        selection.limit = Self.words(limit)
        selection.tags = Self.words(tags)
        selection.skipTags = Self.words(skipTags)
        selection.startAt = startAt
        selection.until = until
        return selection
    }

    static func words(_ lists: [String]) -> [String] {
        lists.flatMap { $0.split(separator: ",") }.map { String($0).trimmingSpaces }.filter { !$0.isEmpty }
    }

    /// The variables, in order.
    func overrides() throws(CommandFailure) -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        for text in variables {
            guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
                throw CommandFailure(.usage, "`-e \(TerminalText.shown(text))` is not of the form name=value")
            }
            pairs.append((String(text[..<sign]), String(text[text.index(after: sign)...])))
        }
        return pairs
    }
}

/// Where runs live and who answers for them.
package struct RunsOptions: ParsableArguments {
    @Option(help: "The folder of all runs, instead of $BLACKSTART_HOME/runs.")
    package var runDir: String?

    @Option(help: "The operator's private key (Ed25519), or a public one of any kind whose other half an agent holds.")
    package var operatorKey: String?

    package init() {}
}

/// Who may operate.
package struct TrustOptions: ParsableArguments {
    @Option(help: "The allowed signers who may operate here, instead of those that the inventory names.")
    package var allowedSigners: String?

    package init() {}
}

package enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case text, json, junit, github, sarif
}
package enum ProgressStyle: String, ExpressibleByArgument, CaseIterable, Sendable { case auto, tty, plain, json }

/// How much is said, and in which form.
package struct ConsoleOptions: ParsableArguments {
    @Option(help: "text, json (one object a line), junit, github (annotations), or sarif (2.1.0).")
    package var output = OutputFormat.text

    @Option(help: "auto, tty (a block that is redrawn), plain, or json.")
    package var progress = ProgressStyle.auto

    @Flag(name: [.short, .long], help: "Show commands and hosts as well.")
    package var verbose = false

    @Flag(name: [.short, .long], help: "Show only what needs a person.")
    package var quiet = false

    @Flag(help: "No colour. NO_COLOR does the same.")
    package var noColor = false

    package init() {}

    var isJSON: Bool { output == .json || progress == .json }
    /// Whether stdout is for a program alone.
    var isData: Bool { isJSON || output == .junit }

    /// Refuses a form that a command does not have.
    func check(_ formats: OutputFormat...) throws(CommandFailure) {
        if output == .github { Terminal.isForGitHub.store(true, ordering: .relaxed) }
        guard !formats.contains(output) else { return }
        throw CommandFailure(
            .usage, "`--output \(output.rawValue)` is not supported by this command",
            hint: "here it is one of \(formats.map(\.rawValue).joined(separator: ", "))")
    }
}

/// Who answers when the run asks.
package struct AnswerOptions: ParsableArguments {
    @Flag(help: "Ask nobody: a failure stops the run, a manual step waits for a later session.")
    package var noInput = false

    @Option(
        help: ArgumentHelp(
            "An answer given beforehand: STEP[@HOST]=done|failed|approve|confirm|skip:REASON|retry|rollback[:CHECKPOINT]|stop, or STEP.NAME=VALUE for what a manual step asks for. Of a step that is not by hand, done wants a reason as well: STEP=done:REASON.",
            valueName: "answer"))
    package var answer: [String] = []

    @Flag(
        name: [.customShort("y"), .long],
        help: "Begin without asking. Never answers a question of a step, an approval, or a rollback without `--to`.")
    package var yes = false

    package init() {}

    /// Whether a person is there who sees what is shown and can answer.
    func converses(_ console: ConsoleOptions) -> Bool { asks(console) && Terminal.hasTerminalOut }

    /// Whether a person is there to be asked.
    func asks(_ console: ConsoleOptions) -> Bool { !noInput && Terminal.hasTerminalIn && !console.isData }

    /// The answers, each for a task of `plan`: one that can never be asked for is a slip of the pen.
    func answers(for plan: Plan) throws(CommandFailure) -> [PreparedAnswer] {
        var prepared: [PreparedAnswer] = []
        for text in answer {
            let answer = try PreparedAnswer(text)
            try answer.check(against: plan, text)
            prepared.append(answer)
        }
        for answer in prepared where answer.choice == .done {
            let asked = plan.runbook.steps.first { $0.id == answer.step }?.questions ?? []
            let given = Set(prepared.filter { $0.step == answer.step }.compactMap(\.value))
            let missing = asked.map(\.name).filter { !given.contains($0) }
            guard let first = missing.first else { continue }
            throw CommandFailure(
                .usage,
                "`--answer \(answer.name)` lacks what the step asks for: \(missing.joined(separator: ", "))",
                hint: "`--answer \(answer.step).\(first)=VALUE` gives it, and says that the step is done")
        }
        return prepared
    }
}

/// One `--answer`.
struct PreparedAnswer: Hashable, Sendable {
    var step: String
    var host: String?
    var choice: Choice
    /// For a value that a manual step asks for: its name. The value itself is `reason`.
    var value: String?
    var reason: String?

    /// What was typed, without the value or the reason.
    var name: String {
        let place = host.map { "@\($0)" } ?? ""
        return TerminalText.shown(
            value.map { "\(step).\($0)\(place)=…" } ?? "\(step)\(place)=\(choice.rawValue)")
    }

    init(_ text: String) throws(CommandFailure) {
        let shown = TerminalText.shown(text)
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
            throw CommandFailure(.usage, "`--answer \(shown)` is not of the form STEP[@HOST]=VALUE")
        }
        if let dot = text[..<sign].firstIndex(of: ".") {
            let rest = text[text.index(after: dot)..<sign].split(separator: "@", omittingEmptySubsequences: false)
            step = String(text[..<dot])
            value = String(rest.first ?? "")
            host = rest.count > 1 ? String(rest[1]) : nil
            choice = .done
            reason = String(text[text.index(after: sign)...])
            return
        }
        let target = text[..<sign].split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let value = text[text.index(after: sign)...].split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let word = value.first, let choice = Choice(rawValue: String(word)) else {
            throw CommandFailure(
                .usage, "`--answer \(shown)` has no answer that is known",
                hint: "answers are \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        step = String(target.first ?? "")
        host = target.count > 1 ? String(target[1]) : nil
        self.choice = choice
        reason = value.count > 1 ? String(value[1]) : nil
        switch (choice, reason) {
        case (.rollback, _): break
        case (.skip, nil):
            throw CommandFailure(
                .usage, "`--answer \(shown)` gives no reason for the skip", hint: "write STEP=skip:REASON")
        case (_, let given?):
            do { reason = try TypedText.reason(given) } catch {
                throw CommandFailure(
                    .usage, "`--answer \(shown)` gives no reason that can go on record", hint: error.message)
            }
        case (_, nil): break
        }
    }

    /// Refuses an answer that no question of `plan` can ever want; `text` is what was typed.
    fileprivate func check(against plan: Plan, _ text: String) throws(CommandFailure) {
        let given = "`--answer \(TerminalText.shown(text))`"
        let tasks = plan.tasks.filter { $0.id.step == step }
        guard !tasks.isEmpty else {
            throw CommandFailure(
                .usage, "\(given) answers for a step that the runbook does not have",
                hint: Nearest.name(to: step, in: plan.runbook.steps.map(\.id)).map { "did you mean `\($0)`?" })
        }
        if let value {
            let names = plan.runbook.steps.first { $0.id == step }?.questions ?? []
            guard let wanted = names.first(where: { $0.name == value }) else {
                throw CommandFailure(
                    .usage, "\(given) gives a value that the step does not ask for",
                    hint: names.isEmpty ? nil : "it asks for \(names.map(\.name).joined(separator: ", "))")
            }
            do { _ = try TypedText.answer(reason ?? "") } catch {
                throw CommandFailure(.usage, "\(given) gives no value", hint: error.message)
            }
            if let fault = wanted.fault(in: reason ?? "") { throw CommandFailure(.usage, "\(given): \(fault)") }
        }
        if choice == .done, value == nil, reason == nil, let named = plan.runbook.steps.first(where: { $0.id == step })
        {
            // A person who does a step by hand has it before them. Of any other, the word alone would make it green.
            guard case .manual = named.action else {
                throw CommandFailure(
                    .usage, "\(given) does not say what was done",
                    hint: "write \(withReason(for: "what you did and saw"))")
            }
        }
        let checkpoints = plan.runbook.checkpoints + [RollbackPlan.start]
        if choice == .rollback, let reason, !checkpoints.contains(reason) {
            throw CommandFailure(
                .usage, "\(given) rolls back to a checkpoint that the runbook does not have",
                hint: "its checkpoints are \(checkpoints.prefix(8).joined(separator: ", "))")
        }
        if let host, !tasks.contains(where: { $0.id.host == host }) {
            let hosts = tasks.compactMap(\.id.host)
            throw CommandFailure(
                .usage, "\(given) answers for a host on which the step does not run",
                hint: hosts.isEmpty
                    ? "the step runs on no host: write \(step)=\(choice.rawValue)"
                    : "its hosts are \(hosts.prefix(8).joined(separator: ", "))")
        }
    }
}

extension PreparedAnswer {
    /// Whether it can answer `question`, which may want a reason with it.
    func isEnough(for question: Question) -> Bool {
        question.choices.contains(choice) && !isBlind(to: question)
            && (choice != .done || reason != nil || question.kind.reasonPrompt(for: choice) == nil)
    }

    /// Whether it would begin something, or call it done, on a question that nobody could know of when it was given.
    private func isBlind(to question: Question) -> Bool {
        switch choice {
        case .retry, .confirm, .done: question.isUnforeseen
        case .failed, .approve, .skip, .rollback, .stop: false
        }
    }

    /// Why it does not answer `question`, and what would.
    func objection(to question: Question) -> String {
        guard question.choices.contains(choice) else {
            return "`--answer \(name)` does not answer what is asked about \(question.task) now: "
                + "the answers are \(question.choices.map(\.rawValue).joined(separator: ", "))"
        }
        if isBlind(to: question) {
            return "`--answer \(name)` was given before anybody could know what is asked about \(question.task) now: "
                + "look at it, then answer at a terminal, or resume with the answer"
        }
        return isEnough(for: question)
            ? "`--answer \(name)` lacks what the step asks for: "
                + question.values.map { "`--answer \(step).\($0.name)=VALUE`" }.joined(separator: ", ")
            : "`--answer \(name)` does not say what was done: write \(withReason(for: "what you did and saw"))"
    }

    fileprivate func withReason(for what: String) -> String {
        "`--answer '\(step)\(host.map { "@\($0)" } ?? "")=\(choice.rawValue):\(what)'`"
    }
}
