package import ArgumentParser
internal import RunbookEngine
internal import RunbookFormat
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

/// `journal add RUN --what TEXT`: enters what somebody did by hand while no controller ran, as such and under their name.
package struct JournalAdd: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Enter work that was done by hand while the controller was down.",
        discussion: """
            The entry says that it was made afterwards, and who did the work signs it: with `--key`, or with \
            `ssh-keygen -Y sign -n blackstart-by-hand` over what `--statement` prints. With `--done`, the step counts as done \
            when the run is resumed; where it has a `verify`, that is looked at again.
            """)

    @Argument(help: ArgumentHelp("The run, or its folder.", valueName: "run"))
    package var name: String

    @Option(help: "What was done, in a line.")
    package var what: String

    @Option(help: "When it was done, as who did it says, for example \"03:40 to 03:55\".")
    package var when: String

    @Option(help: "The step that it was done for.")
    package var step: String?

    @Option(help: "The host of the step; all of its hosts.")
    package var host: String?

    @Flag(help: "The step is done by it.")
    package var done = false

    @Flag(help: "It was tried, and the step failed.")
    package var failed = false

    @OptionGroup package var hand: HandOptions
    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var trust: TrustOptions

    package init() {}

    package func run() throws {
        let places = Places()
        let folder = try RecordedRun.find(name, runs: places.runs(runs.runDir))
        let recorded = try RecordedRun.read(folder, places)
        let work = try work(recorded)
        _ = try settlements(recorded, by: "")
        if hand.statement { return Terminal.out(work.statement) }
        let (by, head) = try hand.enter(work, into: recorded, runs, trust, places) {
            (recorded, by) throws(CommandFailure) in try settlements(recorded, by: by).flatMap(\.drafts)
        }
        let about = work.step.map { " for the step \($0)" } ?? ""
        Terminal.out("Entered: work by hand\(about) of run \(recorded.opening.run), done by \(by).\n")
        if let code = HeadCode(head: head) { Terminal.out("The journal's code is now: \(code.text)\n") }
    }

    private func work(_ recorded: RecordedRun) throws(CommandFailure) -> HandWork {
        do { _ = try TypedText.reason(what) } catch {
            throw CommandFailure(.usage, "`--what` does not say what was done", hint: error.message)
        }
        do { _ = try TypedText.answer(when) } catch {
            throw CommandFailure(.usage, "`--when` does not say when it was done", hint: error.message)
        }
        guard !(done && failed) else { throw CommandFailure(.usage, "`--done` or `--failed`, not both") }
        if step == nil, host != nil || done || failed {
            throw CommandFailure(.usage, "`--host`, `--done` and `--failed` are about a step: name it with `--step`")
        }
        let plan = recorded.plan
        if let step {
            let ids = plan.runbook.steps.map(\.id)
            guard ids.contains(step) else {
                throw CommandFailure(
                    .usage, "run `\(recorded.opening.run)` has no step `\(TerminalText.shown(step))`",
                    hint: Nearest.hint(step, ids))
            }
            if let host, plan.index[TaskID(step: step, host: host)] == nil {
                throw CommandFailure(
                    .usage, "the step `\(step)` has no host `\(TerminalText.shown(host))`",
                    hint: "its hosts: "
                        + plan.tasks.filter { $0.id.step == step }.compactMap(\.id.host).joined(separator: ", "))
            }
        }
        return HandWork(
            run: recorded.opening.run, mark: recorded.opening.mark, step: step, host: host, when: when, what: what,
            end: done ? .done : failed ? .failed : nil)
    }

    /// What becomes of the tasks of the step.
    private func settlements(_ recorded: RecordedRun, by: String) throws(CommandFailure) -> [Record] {
        let (plan, state) = (recorded.plan, recorded.state)
        guard recorded.opening.mode.hasHosts else {
            throw CommandFailure(.usage, "run `\(recorded.opening.run)` was a dry run: nobody worked at its hosts")
        }
        guard done || failed, let step else { return [] }
        if plan.approvalTerms.contains(where: { $0.step == step }) {
            throw CommandFailure(
                .usage, "the step `\(step)` is an approval: work by hand does not pass it",
                hint: "`blackstart approve \(recorded.opening.run) \(step)` approves it with your key")
        }
        if let outcome = state.closed, outcome.isFinal {
            throw CommandFailure(
                .usage, "run `\(recorded.opening.run)` is over: \(outcome.rawValue)",
                hint: "without `--done` or `--failed` it is entered all the same")
        }
        var records: [Record] = []
        for task in plan.tasks.indices {
            let id = plan.tasks[task].id
            guard id.step == step, host == nil || id.host == host else { continue }
            if let settled = state.tasks[task].settlement, [.ok, .already, .skipped].contains(settled.state) {
                throw CommandFailure(.usage, "\(id) is \(settled.state.rawValue) already")
            }
            guard state.tasks[task].open == nil else {
                throw CommandFailure(
                    .usage, "\(id) was under way when the controller went down, and its host knows what became of it",
                    hint: "enter the work without `--done`; `blackstart resume` asks the host, and then you")
            }
            records.append(
                .taskSettled(
                    TaskSettlement(
                        task: id, state: done ? .ok : .failed, reason: "by hand, \(when): \(what)", by: by)))
        }
        return records
    }
}
