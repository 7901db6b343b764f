package import ArgumentParser
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

/// `ready RUNBOOK`: could it begin just now?
package struct ReadyCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "ready", abstract: "Ask the real hosts whether the runbook could begin now. Changes nothing.",
        discussion: """
            Each host is reached, its key and the login are tried, and what a step needs there is looked at: root, room for \
            receipts, the usual tools, the clock. Then each `verify` is asked whose values are known: it says what holds \
            today. Ends with 0 when nothing stands in the way, with 4 when a host can't be reached, else with 2.
            """)

    @Argument(help: "The runbook.")
    package var runbook: String

    @OptionGroup package var site: SiteOptions
    @OptionGroup package var console: ConsoleOptions

    @Flag(help: "Never ask. What needs a passphrase or a prompted secret ends with 64.")
    package var noInput = false

    package init() {}

    package func run() async throws {
        try console.check(.text, .json)
        let places = Places()
        let files = try SiteFiles.read(runbook: runbook, inventory: site.inventory, home: places.userHome)
        let plan = try files.plan(try site.overrides(), site.selection)
        let asks = !noInput && Terminal.hasTerminalIn && Terminal.hasTerminalOut
        let logins = try LoginSecrets(plan, places, asks: asks)
        let vault = try SecretSources(plan: plan, places: places, asks: asks).vault(beside: logins)
        let transport = VaultTransport(vault, next: LiveTransport.make(plan, places, logins))
        let facts = RunFacts(id: "ready", by: LocalUser.current?.name ?? "", mark: "")
        let found = await Readiness.probe(plan, run: facts, transport, over: StoreClaims(runs: places.runs(nil)).over)
        let drifts = await ConfigurationDrift.ask(plan, found, SnapshotStore(inventory: files.inventoryPath), transport)
        await transport.close()
        let report = ReadyText(
            plan: plan, found: found, drifts: drifts, columns: Terminal.hasTerminalOut ? Terminal.columns : 100)
        Terminal.out(console.isJSON ? report.json : report.text)
        if found.hasUnreachable { throw ExitCode(4) }
        if !found.isReady { throw ExitCode(ExitStatusCode.findings.rawValue) }
    }
}

/// What `ready` found, for people and for programs.
struct ReadyText {
    let plan: Plan
    let found: Readiness
    let drifts: [ConfigurationDrift]
    let columns: Int

    private static let titles: [(Readiness.Finding.Aspect, String)] = [
        (.reach, "REACH"), (.hostKey, "KEY"), (.login, "LOGIN"), (.root, "ROOT"), (.receipts, "RECEIPTS"),
        (.clock, "CLOCK"),
    ]
    private static let widest = 16

    var text: String {
        var text = machines
        if !found.states.isEmpty { text += "\n" + states }
        if !drifts.isEmpty { text += "\n" + configurations }
        return text + "\n" + verdict
    }

    // MARK: Hosts

    /// A word in a cell; what is longer stands below the table.
    private func cell(_ finding: Readiness.Finding?) -> String {
        guard let finding else { return "-" }
        switch finding.grade {
        case .bad: return "NO"
        case .good, .doubtful: return TerminalText.shown(finding.words)
        }
    }

    private var machines: String {
        let rows = found.machines.map { machine in
            [machine.host] + Self.titles.map { String(cell(machine.finding($0.0)).prefix(Self.widest)) }
        }
        let head = ["HOST"] + Self.titles.map(\.1)
        let widths = head.indices.map { column in
            min(column == 0 ? 24 : Self.widest, ([head] + rows).map { $0[column].count }.max() ?? 0)
        }
        func line(_ cells: [String]) -> String {
            let line = zip(cells, widths).map { $0.padded($1) }.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
        }
        var text = line(head)
        for row in rows { text += line(row) }
        let told = found.machines.flatMap { machine in
            machine.findings.filter { $0.grade != .good }.map { (machine, $0) }
        }
        if !told.isEmpty { text += "\n" }
        for (machine, finding) in told {
            let word = finding.grade == .bad ? "NOT READY" : "LOOK AT"
            let title = Self.titles.first { $0.0 == finding.aspect }?.1.lowercased() ?? finding.aspect.rawValue
            text += wrapped(word, "\(machine.host): \(title): \(TerminalText.shown(finding.words))")
        }
        return text
    }

    // MARK: Checks

    private static let words: [Readiness.State.Word: String] = [
        .holds: "HOLDS", .open: "NOT YET", .broken: "NOT READY", .notAsked: "NOT ASKED",
    ]

    private var states: String {
        var text = "What each `verify` says of today:\n"
        let unasked = found.states.filter(\.isOfUnreached).count
        for state in found.states where !state.isOfUnreached {
            let why = state.words.isEmpty ? "" : ": \(TerminalText.shown(state.words))"
            text += wrapped(Self.words[state.word] ?? "", "\(state.task)\(why)")
        }
        if unasked > 0 { text += wrapped("NOT ASKED", "\(Count.of(unasked, "check")) of hosts that were not reached") }
        return text
    }

    // MARK: Configurations

    /// Of one question this many lines are shown.
    private static let shownLines = 3

    private var configurations: String {
        var text = "System configuration, beside the newest snapshot:\n"
        for drift in drifts {
            switch drift.state {
            case .none:
                text += wrapped("NO RECORD", "\(drift.host): there is no snapshot; `blackstart snapshot` makes one")
            case .altered(let stamp):
                text += wrapped("ALTERED", "\(drift.host): the snapshot \(stamp) is not what was written")
            case .unasked(let why): text += wrapped("NOT ASKED", "\(drift.host): \(TerminalText.shown(why))")
            case .compared(let stamp, let changes):
                let day = SnapshotStore.day(stamp)
                if changes.isEmpty { text += wrapped("AS BEFORE", "\(drift.host): as on \(day)") }
                for change in changes {
                    text += wrapped("DRIFT", "\(drift.host): \(change.name) is not as on \(day)")
                    for (sign, lines) in [("-", change.gone), ("+", change.new)] {
                        for line in lines.prefix(Self.shownLines) {
                            text += "             \(sign) \(String(TerminalText.shown(line).prefix(columns - 15)))\n"
                        }
                        if lines.count > Self.shownLines {
                            text += "             \(sign) and \(Count.of(lines.count - Self.shownLines, "more line"))\n"
                        }
                    }
                }
            }
        }
        return text
    }

    private func wrapped(_ word: String, _ words: String) -> String {
        let lines = Wrapping.lines("\(word.padded(10)) \(words)", columns: columns, indent: 11)
        return lines.map { "\($0)\n" }.joined()
    }

    /// Machines at which nobody logs in: they are only waited for, or a person works at them.
    private var notAsked: String {
        let asked = Set(found.machines.map(\.host))
        let all = Set(plan.tasks.indices.compactMap { plan.tasks[$0].id.host })
        let others = all.subtracting(asked).subtracting([Host.localName]).count
        return others == 0 ? "" : " NOT ASKED: \(Count.of(others, "machine")) at which no step logs in."
    }

    private var verdict: String {
        let bad = found.machines.filter { $0.grade == .bad }.count
        let broken = found.states.filter { $0.word == .broken }.count
        if bad == 0, broken == 0 {
            let holds = found.states.filter { $0.word == .holds }.count
            return "READY. \(Count.of(found.machines.count, "machine")) could do their part now; "
                + "\(holds) of \(Count.of(found.states.count, "check")) hold already.\(notAsked) Nothing was changed.\n"
        }
        var parts: [String] = []
        if bad > 0 { parts.append("\(bad) of \(Count.of(found.machines.count, "machine"))") }
        if broken > 0 { parts.append("\(broken) of \(Count.of(found.states.count, "check"))") }
        return "NOT READY: \(parts.joined(separator: " and ")) would stop a run.\(notAsked) Nothing was changed.\n"
    }

    // MARK: For programs

    /// A line for each machine, each check, and the summary.
    var json: String {
        var text = ""
        for machine in found.machines {
            var pairs: [(String, JournalValue)] = [
                ("type", .string("host")), ("host", .string(machine.host)),
                ("state", .string(machine.grade.rawValue)),
            ]
            for finding in machine.findings {
                pairs.append(
                    (
                        finding.aspect.rawValue.replacing("-", with: "_"),
                        .object(["state": .string(finding.grade.rawValue), "words": .string(finding.words)])
                    ))
            }
            text += JSONText.line(pairs)
        }
        for state in found.states {
            text += JSONText.line([
                ("type", .string("check")), ("task", .string(state.task.description)),
                ("state", .string(state.word.rawValue)), ("words", .string(state.words)),
            ])
        }
        for drift in drifts { text += drift.json }
        return text
            + JSONText.line([
                ("type", .string("summary")), ("ready", .boolean(found.isReady)),
                ("unreachable", .boolean(found.hasUnreachable)), ("machines", .integer(Int64(found.machines.count))),
                ("checks", .integer(Int64(found.states.count))),
            ])
    }
}
