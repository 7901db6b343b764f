internal import RunbookEngine
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

/// A person's word for a rollback, to begin one or to go on with one: always after it was shown what it undoes. Without a
/// terminal only `-y` is such a word, and only for what the command line names.
struct RollbackConsent {
    let recorded: RecordedRun
    let answers: AnswerOptions
    let console: ConsoleOptions

    private var run: String { recorded.opening.run }
    private var offer: RollbackOffer {
        RollbackOffer(
            plan: recorded.plan, run: RunFacts(id: run, by: "", mark: recorded.opening.mark), state: recorded.state)
    }
    private var isAsked: Bool { answers.converses(console) }
    private var columns: Int { Terminal.hasTerminalOut ? Terminal.columns : 80 }

    /// On a terminal a person sees it; otherwise it goes to stderr where stdout is for a program.
    private func show(_ text: String) { console.isData ? Terminal.message(text) : Terminal.out(text) }

    /// Which run it is, said before anything is asked or done.
    private func showRun(_ more: String...) {
        guard !console.quiet else { return }
        let text = RunIdentity(recorded: recorded, now: SystemClock().now().wall, columns: columns).text
        show(text + more.map { "  \($0)\n" }.joined())
    }

    /// How a `rollback` begins. `target` is what `--to` names.
    func begin(_ target: String?) throws(CommandFailure) -> Event {
        try Resumption.refuseIfOver(recorded, isRollback: true)
        let offer = offer
        showRun("Then      the run is over, whichever checkpoint it goes back to")
        if let target, !offer.goals.contains(target) {
            throw CommandFailure(
                .usage, "run `\(run)` has not reached a checkpoint `\(TerminalText.shown(target))`",
                hint: "it can go back to: \(offer.goals.joined(separator: ", "))")
        }
        if let target, answers.yes {
            show(offer.text(target, columns: columns) + "\n")
            return .rollbackRequested(target: target, by: "")
        }
        guard isAsked, !answers.yes else {
            if let target { show(offer.text(target, columns: columns)) }
            throw CommandFailure(
                .usage,
                target == nil
                    ? "a rollback needs `--to CHECKPOINT` or `--to start`, so nothing was undone"
                    : "a rollback has to be confirmed at a terminal, so nothing was undone",
                hint: target == nil
                    ? "`blackstart rollback \(run) --to \(offer.goals.first ?? RollbackPlan.start)` shows what it would undo"
                        + (offer.goals.count > 1
                            ? "; the others are \(offer.goals.dropFirst().joined(separator: ", "))" : "")
                    : "the list above is what it undoes; `blackstart rollback \(run) --to \(target ?? "")` at a terminal asks"
            )
        }
        let first = target ?? offer.goals.first ?? RollbackPlan.start
        guard let chosen = offer.choose(from: first, columns: columns, say: Terminal.out, ask: ask) else {
            throw CommandFailure(.usage, "nothing was undone")
        }
        return .rollbackRequested(target: chosen, by: "")
    }

    /// How a `resume` begins: a rollback that was interrupted is shown and asked about first.
    ///
    /// - Parameter isNamed: whether the person said which run; otherwise they are asked whether it is this one.
    func goOn(forward: Bool, isNamed: Bool) throws(CommandFailure) -> Event {
        let state = recorded.state
        if state.closed?.isFinal != true { showRun() }
        guard let goal = state.goal else {
            guard !forward else {
                throw CommandFailure(
                    .usage, "run `\(run)` is not rolling back", hint: "`blackstart resume \(run)` goes on with it")
            }
            if !isNamed, isAsked, !answers.yes {
                let typed = TypedText.ask("Go on with this run? Type the word begin: ", say: Terminal.out, ask)
                guard typed?.lowercased() == "begin" else {
                    throw CommandFailure(.usage, "nothing was started", hint: "`blackstart runs` lists the runs")
                }
            }
            return .began
        }
        let left = offer.left(columns: columns) ?? ""
        show(left + "\n")
        if forward {
            // What was undone stays undone, and the run goes on: also of whoever typed the option a person is asked.
            guard isAsked, !answers.yes else { return .forwardRequested(by: "") }
            let prompt =
                "  Type forward to give up the rollback and go on from what stands now.\n"
                + "  Type no to change nothing: "
            guard TypedText.ask(prompt, say: Terminal.out, ask)?.lowercased() == "forward" else {
                throw CommandFailure(.usage, "nothing was changed")
            }
            return .forwardRequested(by: "")
        }
        // What has not begun was shown with all that can't be undone: going on with it is to confirm it.
        let goesOn = state.rollbackDecided == nil ? Event.began : .rollbackRequested(target: goal, by: "")
        if answers.yes { return goesOn }
        guard isAsked else {
            throw CommandFailure(
                .usage, "run `\(run)` is rolling back, which has to be confirmed at a terminal, so nothing was undone",
                hint: "`blackstart resume \(run)` at a terminal shows what is left and asks; "
                    + "`blackstart resume \(run) --forward` gives the rollback up")
        }
        let prompt =
            "  Type \(goal) to go on undoing.\n"
            + "  Type forward to give up the rollback and go on from what stands now.\n"
            + "  Type no to change nothing: "
        switch TypedText.ask(prompt, say: Terminal.out, ask) {
        case goal: return goesOn
        case "forward": return .forwardRequested(by: "")
        default: throw CommandFailure(.usage, "nothing was changed")
        }
    }

    private func ask(_ prompt: String) -> String? {
        Terminal.out(prompt)
        return readLine()
    }
}
