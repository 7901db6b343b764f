package import ArgumentParser
internal import RunbookEngine
internal import RunbookFormat
internal import RunbookModel
internal import RunbookPlan
internal import RunbookPreparedness

/// `plan RUNBOOK`: what would happen. `plan --from-inventory`: a first runbook, drawn from what machines need.
package struct PlanCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what would happen, in which order, and how long it takes.",
        discussion: """
            A step without an estimate takes as long as the median of past runs (`drills times`). \
            With `--from-inventory` it draws a first restart runbook from what the inventory says of `requires`, `provides` \
            and `placed_on`: in tiers, with FILL-IN where a person has to write something. `blackstart check` refuses it \
            until they have.
            """)

    @Argument(help: "The runbook; with `--from-inventory`, the inventory.")
    package var runbook: String?

    @Flag(help: "Draw a first restart runbook from the inventory.")
    package var fromInventory = false

    @Option(
        name: [.customShort("o"), .customLong("out")],
        help: ArgumentHelp("The file for the runbook that is drawn; else it is printed.", valueName: "file"))
    package var out: String?

    @OptionGroup package var site: SiteOptions
    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var trust: TrustOptions
    @OptionGroup package var console: ConsoleOptions

    package init() {}

    package func validate() throws {
        if fromInventory {
            guard (runbook == nil) != (site.inventory == nil) else {
                throw ValidationError("Name the inventory that the runbook is drawn from, once.")
            }
        } else {
            if runbook == nil { throw ValidationError("Name a runbook, or draw one with `--from-inventory`.") }
            if out != nil { throw ValidationError("`--out` goes with `--from-inventory`.") }
        }
    }

    package func run() throws {
        if fromInventory { return try draw() }
        guard let runbook else { return }
        try console.check(.text, .json)
        let places = Places()
        var files = try SiteFiles.read(runbook: runbook, inventory: site.inventory, home: places.userHome)
        let archive = RunArchive(
            places: places, runs: places.runs(runs.runDir), trust: trust, inventory: files.inventory)
        let measured = RunArchive.measured(archive.liveRuns(files.runbook.name).entries)
        for number in files.runbook.steps.indices where files.runbook.steps[number].estimate == nil {
            files.runbook.steps[number].estimate = measured[files.runbook.steps[number].id]?.median
        }
        let plan = try files.plan(try site.overrides(), site.selection)
        if !console.quiet { UnfilledDraft.warn(plan) }
        let text = PlanText(plan: plan, columns: min(100, Terminal.columns), measured: measured)
        Terminal.out(console.isJSON ? text.json : text.full)
    }

    private func draw() throws(CommandFailure) {
        try console.check(.text)
        guard let path = site.inventory ?? runbook else { return }
        let inventory = try InventoryCommand.read(path, isQuiet: console.quiet)
        let draft = RestartDraft(inventory)
        if !draft.blocked.isEmpty {
            Terminal.message(
                "blackstart: warning: \(Count.of(draft.blocked.count, "machine or service", "machines and services")) "
                    + "can't be started from power alone, and have no step: `blackstart check` tells why\n")
        }
        let text = DraftText(draft: draft, inventory: inventory, path: Self.named(path, beside: out)).text
        guard let out else { return Terminal.out(text) }
        try NewFile.write(text, to: out)
        Terminal.out(
            """
            Wrote \(TerminalText.shown(out)): \(Count.of(draft.steps.count, "step")), with FILL-IN where you have to write something.
            Then: blackstart check \(ShellWord.typed(out))

            """)
    }

    /// How a runbook names an inventory that lies there.
    private static func named(_ path: String, beside out: String?) -> String {
        guard !path.hasPrefix("/") else { return path }
        guard let out, Places.folder(of: out) != Places.folder(of: path) else {
            return path.split(separator: "/").last.map(String.init) ?? path
        }
        return Places.absolute(path)
    }
}
