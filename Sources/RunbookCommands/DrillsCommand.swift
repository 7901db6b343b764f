package import ArgumentParser
internal import RunbookEngine
internal import RunbookFormat
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookPreparedness

/// `drills`: what was practised, when, by whom, and what has changed since; by signed journals.
package struct DrillsCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "drills", abstract: "What was practised, by whom, and what has changed since.",
        subcommands: [DrillsList.self, DrillsAdd.self, DrillsTimes.self], defaultSubcommand: DrillsList.self)

    package init() {}
}

/// `drills list`: the last drill of each runbook.
package struct DrillsList: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The last drill of each runbook, and what has changed since.",
        discussion: """
            A run or dry run counts once it was declared a drill (`drills add`), if its journal verifies and its signers are \
            allowed. Those that don't count are named.
            """)

    @Argument(help: "The runbooks; without them, each that a drill is known of.")
    package var runbooks: [String] = []

    @OptionGroup package var site: SiteOptions
    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var trust: TrustOptions
    @OptionGroup package var console: ConsoleOptions

    package init() {}

    package func run() throws {
        try console.check(.text, .json)
        let places = Places()
        let overrides = try site.overrides()
        var plans: [Plan] = []
        for path in runbooks {
            let files = try SiteFiles.read(runbook: path, inventory: site.inventory, home: places.userHome)
            plans.append(try files.plan(files.filled(overrides), Selection()))
        }
        let archive = RunArchive(
            places: places, runs: places.runs(runs.runDir), trust: trust, inventory: plans.first?.inventory)
        let found = archive.drills(runbooks.isEmpty ? nil : Set(plans.map(\.runbook.name)))
        let drills = found.entries.compactMap(PractisedRun.init)
        var names = plans.map(\.runbook.name)
        for drill in drills where !names.contains(drill.name) { names.append(drill.name) }
        for (number, name) in names.enumerated() {
            let all = drills.filter { $0.name == name }.sorted { ($0.day, $0.run) < ($1.day, $1.run) }
            let text = DrillText(name: name, drills: all, plan: plans.first { $0.runbook.name == name })
            Terminal.out(console.isJSON ? text.json : (number == 0 ? "" : "\n") + text.text)
        }
        if names.isEmpty, !console.isJSON {
            Terminal.out(
                "No run was declared a drill. After practising: blackstart drills add RUN --took-part NAME …\n")
        }
        for (run, reason) in found.refused {
            Terminal.message(
                "blackstart: warning: the drill \(TerminalText.shown(run)) does not count: \(TerminalText.shown(reason))\n"
            )
        }
    }
}

/// `drills add RUN`: declares a run a drill.
package struct DrillsAdd: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Declare a run, or a dry run, a drill: who took part, and what confused them.",
        discussion: """
            The entry says that it was made afterwards, and who declares it signs it: with `--key`, or with \
            `ssh-keygen -Y sign -n blackstart-by-hand` over what `--statement` prints. What is declared later counts.
            """)

    @Argument(help: ArgumentHelp("The run, or its folder.", valueName: "run"))
    package var name: String

    @Option(help: "Who took part; give it for each of them.")
    package var tookPart: [String] = []

    @Flag(help: "Whoever wrote the runbook was there.")
    package var authorPresent = false

    @Flag(help: "Whoever wrote the runbook was not there.")
    package var authorAbsent = false

    @Option(help: "What people stumbled over, in a line; may be given several times.")
    package var confused: [String] = []

    @Option(help: "Whatever else is to be remembered, in a line.")
    package var note: String?

    @OptionGroup package var hand: HandOptions
    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var trust: TrustOptions

    package init() {}

    private static let textBytes = 1 << 10
    private static let mostTexts = 32

    package func run() throws {
        let places = Places()
        let folder = try RecordedRun.find(name, runs: places.runs(runs.runDir))
        let recorded = try RecordedRun.read(folder, places)
        let drill = try drill(recorded)
        if hand.statement { return Terminal.out(drill.statement) }
        let (by, head) = try hand.enter(drill, into: recorded, runs, trust, places) { _, _ in [] }
        Terminal.out(
            "Entered: run \(recorded.opening.run) was a drill of \(drill.tookPart.map { TerminalText.shown($0) }.joined(separator: ", ")), says \(TerminalText.shown(by)).\n"
        )
        if let code = HeadCode(head: head) { Terminal.out("The journal's code is now: \(code.text)\n") }
    }

    private func drill(_ recorded: RecordedRun) throws(CommandFailure) -> DrillNote {
        guard authorPresent != authorAbsent else {
            throw CommandFailure(.usage, "say whether the author was there: `--author-present` or `--author-absent`")
        }
        guard !tookPart.isEmpty else {
            throw CommandFailure(.usage, "say who took part: `--took-part NAME`, for each of them")
        }
        for (texts, option) in [(tookPart, "took-part"), (confused, "confused"), ([note].compactMap(\.self), "note")] {
            guard texts.count <= Self.mostTexts else {
                throw CommandFailure(.usage, "`--\(option)` can be given \(Self.mostTexts) times at most")
            }
            for text in texts {
                do { _ = try TypedText.answer(text) } catch {
                    throw CommandFailure(.usage, "`--\(option)` is not a line of text", hint: error.message)
                }
                guard text.utf8.count <= Self.textBytes else {
                    throw CommandFailure(.usage, "`--\(option)` has to be a line of at most \(Self.textBytes) bytes")
                }
            }
        }
        return DrillNote(
            run: recorded.opening.run, mark: recorded.opening.mark, tookPart: tookPart, isAuthorPresent: authorPresent,
            confused: confused, note: note ?? "")
    }
}

/// `drills times RUNBOOK`: how long the steps took in past runs.
package struct DrillsTimes: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "times", abstract: "How long each step took in past runs, beside its estimate.",
        discussion: """
            Of live runs of the runbook, by its name: steps that came to a good end at the first attempt. Dry runs and labs \
            don't count: their time is that of a fixture.
            """)

    @Argument(help: "The runbook.")
    package var runbook: String

    @OptionGroup package var site: SiteOptions
    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var trust: TrustOptions
    @OptionGroup package var console: ConsoleOptions

    package init() {}

    package func run() throws {
        try console.check(.text, .json)
        let places = Places()
        let files = try SiteFiles.read(runbook: runbook, inventory: site.inventory, home: places.userHome)
        let archive = RunArchive(
            places: places, runs: places.runs(runs.runDir), trust: trust, inventory: files.inventory)
        let found = archive.liveRuns(files.runbook.name)
        let measured = RunArchive.measured(found.entries)
        let width = min(30, max(4, files.runbook.steps.map(\.id.utf8.count).max() ?? 0))
        if !console.isJSON {
            Terminal.out("     \("Step".padded(width))  Runs  Median    9 of 10   Estimate\n")
        }
        for step in files.runbook.steps {
            let time = measured[step.id]
            if console.isJSON {
                Terminal.out(
                    JSONText.line(
                        [
                            ("type", .string("time")), ("step", .string(step.id)),
                            ("runs", .integer(Int64(time?.count ?? 0))),
                        ]
                            + [
                                ("median_ms", time?.median), ("ninetieth_ms", time?.ninetieth),
                                ("estimate_ms", step.estimate),
                            ].compactMap { name, value in value.map { (name, .integer($0.wholeMilliseconds)) } }))
            } else {
                let words =
                    [time.map { "\($0.count)".leftPadded(4) } ?? "   0"]
                    + [time?.median, time?.ninetieth].map { ($0.map(DurationText.short) ?? "-").padded(8) }
                    + [step.estimate.map(DurationText.format) ?? "-"]
                Terminal.out(
                    "\("\(step.number)".leftPadded(3))  \(step.id.padded(width))  \(words.joined(separator: "  "))\n")
            }
        }
        for (run, reason) in found.refused {
            Terminal.message(
                "blackstart: warning: the run \(TerminalText.shown(run)) does not count: \(TerminalText.shown(reason))\n"
            )
        }
    }
}

extension DurationText {
    /// To the second where it is longer than one.
    fileprivate static func short(_ duration: Duration) -> String {
        let milliseconds = duration.wholeMilliseconds
        return format(milliseconds < 1_000 ? duration : .seconds((milliseconds + 500) / 1_000))
    }
}
