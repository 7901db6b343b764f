package import ArgumentParser
internal import RunbookEngine
internal import RunbookFormat
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan

/// `status [RUN]`: how a run stands.
package struct StatusCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show how a run stands, step by step.")

    @Argument(help: ArgumentHelp("The run, or its folder; the newest.", valueName: "run"))
    package var name: String?

    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var console: ConsoleOptions

    package init() {}

    package func run() throws {
        try console.check(.text, .json)
        let places = Places()
        let folder = try RecordedRun.find(name, runs: places.runs(runs.runDir))
        let recorded = try RecordedRun.read(folder, places)
        let plan = recorded.plan
        let writer = recorded.state.closed == nil ? JournalReader.writer(of: folder.path) : nil
        if console.isJSON {
            Terminal.out(
                JSONConsole.summary(
                    run: recorded.opening.run, outcome: writer == nil ? recorded.state.closed ?? .interrupted : nil,
                    plan: plan, state: recorded.state))
            return
        }
        let opening = recorded.opening
        var text = "Run \(opening.run) (\(opening.mode.word)): \(TerminalText.shown(opening.title))\n"
        let ended = Self.ended(recorded, writer.map { "\($0)" })
        text += "  Began     \(TimeText.date(opening.began)) by \(TerminalText.shown(opening.by))\n"
        for word in recorded.words { text += "  \(Self.line(word))\n" }
        text += "  State     \(ended)\n\n"
        for (number, step) in StepStates.of(plan, recorded.state).enumerated() {
            let name = TerminalText.shown(plan.runbook.steps[number].name)
            let index = "\(plan.runbook.steps[number].number)".leftPadded(3)
            text += "\(step.state.word.padded(10)) \(index)  \(name)\n"
            text += Self.words(of: plan.tasksOfStep[number], recorded.state)
            let tasks = plan.tasksOfStep[number]
            let words = Set(tasks.map { recorded.state.word($0) })
            if words.count > 1 {
                for task in tasks {
                    text +=
                        "                   \(recorded.state.word(task).word.padded(10)) \(plan.tasks[task].id.host ?? "")\n"
                }
            }
        }
        Terminal.out(text)
    }

    private static func line(_ word: Beside) -> String {
        "Beside    \(TerminalText.shown(word.runs.joined(separator: ", "))): \(TerminalText.shown(word.reason))"
    }

    /// What a step that is done rests on, and why another one is not: a line below it, once for hosts that say the same. What a
    /// check saw before it was undone shows nothing any more.
    private static func words(of tasks: [Int], _ state: RunState) -> String {
        var told: [String] = []
        for task in tasks {
            let known = state.tasks[task]
            let reason: String
            switch state.word(task) {
            case .ok, .already, .skipped:
                let by = known.settlement?.by.map { " (\($0))" } ?? ""
                reason = (known.settlement?.reason ?? "") + by
            case .failed, .unclear: reason = known.undo?.reason ?? known.settlement?.reason ?? ""
            case .undone: reason = known.undo?.reason ?? ""
            case .pending, .running, .yourTurn: reason = ""
            }
            let words = TerminalText.line(reason, columns: 63)
            if !words.isEmpty, words != "reached", !told.contains(words) { told.append(words) }
        }
        let more = told.count > 3 ? ["and \(told.count - 3) more"] : []
        return (told.prefix(3) + more).map { "                 \($0)\n" }.joined()
    }

    /// How the run stands, and what goes on with it.
    private static func ended(_ recorded: RecordedRun, _ writer: String?) -> String {
        let state = recorded.state
        let rollback = state.goal.map(RollingBack.words)
        if let writer {
            return (rollback.map { "\($0), " } ?? "") + "\(state.isPaused ? "paused" : "running"), as process \(writer)"
        }
        let run = recorded.opening.run
        if let rollback {
            return "\(rollback), \(state.closed?.rawValue ?? "interrupted"):\n"
                + "            `blackstart resume \(run)` shows what is left to undo and asks;\n"
                + "            `blackstart resume \(run) --forward` gives the rollback up"
        }
        return state.closed?.rawValue ?? "interrupted: `blackstart resume \(run)` goes on"
    }
}

/// `runs`: all runs on this machine.
package struct RunsCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "List the runs on this machine.")

    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var console: ConsoleOptions

    package init() {}

    package func run() throws {
        try console.check(.text, .json)
        let rows = RunFolder.all(in: Places().runs(runs.runDir)).map(Self.row)
        let width = min(60, rows.map(\.name.count).max() ?? 0)
        for row in rows {
            if console.isJSON {
                Terminal.out(
                    JSONText.line(
                        [
                            ("run", .string(row.name)), ("mode", .string(row.mode)), ("outcome", .string(row.outcome)),
                            ("began", .integer(row.began)), ("title", .string(row.title)),
                        ] + (row.rollingBack.map { [("rolling_back", .string($0))] } ?? [])))
            } else {
                Terminal.out(
                    "\(row.name.padded(width)) \(row.mode.padded(8)) \((row.rollingBack.map(RollingBack.words) ?? row.outcome).padded(20)) "
                        + "\(TerminalText.shown(row.title))\n")
            }
        }
    }

    private struct Row {
        var name: String
        var mode: String
        var outcome: String
        /// What it is rolling back to.
        var rollingBack: String?
        var began: Int64
        var title: String
    }

    private static func row(_ folder: RunFolder) -> Row {
        let bytes = (try? JournalReader.contents(of: folder.journal)) ?? []
        let reading = JournalReader.read(bytes)
        let opening = try? RunOpening(reading.entries)
        let open = JournalReader.writer(of: folder.path) == nil ? Outcome.interrupted.rawValue : "running"
        return Row(
            name: folder.name, mode: opening?.mode.rawValue ?? "unknown",
            outcome: RecordedRun.unsound(bytes) == nil ? RecordedRun.outcome(reading.entries) ?? open : "broken",
            rollingBack: RecordedRun.rollingBack(reading.entries), began: opening?.began ?? 0,
            title: opening?.title ?? "")
    }
}
