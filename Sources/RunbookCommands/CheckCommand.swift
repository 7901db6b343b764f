package import ArgumentParser
internal import RunbookEngine
internal import RunbookFormat
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookPreparedness
internal import RunbookTransport

/// `check RUNBOOK…`: reads the files and says what is wrong with them and what the emergency would find missing; touches
/// no host.
package struct CheckCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what is wrong with runbooks and inventories, and what an emergency would find missing.",
        discussion: """
            Touches no host. The rules are those of preparedness; `--explain` tells what one looks for, which sentence of \
            M 6.138 it serves, and how it is waived. Ends with 2 where one of severity error has found something.
            """)

    @Argument(help: "The runbooks.")
    package var runbooks: [String] = []

    @Option(name: [.customShort("f"), .long], help: "A fixture to check against each runbook as well.")
    package var fixture: [String] = []

    @Option(help: ArgumentHelp("Tell about a rule, or about `all`, and check nothing.", valueName: "rule"))
    package var explain: String?

    @OptionGroup package var site: SiteOptions
    @OptionGroup package var runs: RunsOptions
    @OptionGroup package var trust: TrustOptions
    @OptionGroup package var console: ConsoleOptions

    package init() {}

    package func validate() throws {
        if runbooks.isEmpty, explain == nil { throw ValidationError("Name a runbook, or a rule with `--explain`.") }
    }

    package func run() throws {
        if let explain { return try tell(explain) }
        try console.check(.text, .json, .github, .sarif)
        let places = Places()
        let today = String((UTCTime.text(SystemClock().now().wall) ?? "").prefix(10))
        var report = CheckReport()
        var failure: CommandFailure?
        var read: [String: SiteEvidence.Runbook] = [:]
        for path in runbooks {
            do throws(CommandFailure) {
                let files = try SiteFiles.read(runbook: path, inventory: site.inventory, home: places.userHome)
                let plan = try files.plan(try site.overrides(), site.selection)
                for fixture in fixture { _ = try FixtureFile.read(fixture, files) }
                let warnings =
                    InventoryAdvice.check(files.inventory, inventoryText: files.inventoryBytes)
                    + ExposedFiles.warnings(files, home: places.userHome)
                let new = report.add(warnings)
                let archive = RunArchive(
                    places: places, runs: places.runs(runs.runDir), trust: trust, inventory: files.inventory)
                let evidence = CheckEvidence.read(files, plan, archive, &read)
                let preparedness = Preparedness.check(plan, evidence: evidence, today: today)
                report.add(preparedness, untold: files.inventory.untold)
                guard console.output == .text, !console.isJSON else { continue }
                for warning in new { Terminal.message(warning.rendered + "\n") }
                if !console.quiet {
                    // The first line is the verdict: it is all that some logs keep.
                    let errors = preparedness.findings.count { $0.rule.severity == .error }
                    let others = warnings.count + preparedness.findings.count - errors
                    Terminal.out(
                        "\(path): \(errors == 0 && others > 0 ? "no errors, " : "")"
                            + "\(Count.findings(errors: errors, warnings: others) ?? "no faults"). \(Count.of(plan.runbook.steps.count, "step")), "
                            + "\(Count.of(plan.tasks.count, "task")).\n")
                }
            } catch {
                report.add(error.diagnostics)
                failure = error
                if console.output == .text, !console.isJSON { Terminal.message(error.rendered) }
                if console.output == .github || console.output == .sarif, error.diagnostics.isEmpty {
                    Terminal.message(error.rendered)
                }
            }
        }
        if console.isJSON {
            Terminal.out(report.json)
        } else {
            switch console.output {
            case .github: Terminal.commands(report.annotations)
            case .sarif: Terminal.out(report.sarif)
            case .text, .json, .junit:
                // Of files that could not be read nothing was checked.
                guard failure == nil || !report.findings.isEmpty else { break }
                Terminal.out(report.text(isFull: console.verbose, isQuiet: console.quiet))
            }
        }
        if let failure { throw ExitCode(failure.code.rawValue) }
        if report.hasErrors { throw ExitCode(ExitStatusCode.findings.rawValue) }
    }

    private func tell(_ name: String) throws(CommandFailure) {
        try console.check(.text)
        if name == "all" {
            return Terminal.out(Rule.allCases.map { RuleText.full($0) }.joined(separator: "\n"))
        }
        guard let rule = Rule(rawValue: name.uppercased()) else {
            throw CommandFailure(
                .usage, "there is no rule `\(TerminalText.shown(name))`",
                hint: Nearest.name(to: name, in: Rule.allCases.map { $0.rawValue.lowercased() }).map {
                    "did you mean `\($0.uppercased())`?"
                } ?? "`--explain all` tells of all of them")
        }
        Terminal.out(RuleText.full(rule))
    }
}
