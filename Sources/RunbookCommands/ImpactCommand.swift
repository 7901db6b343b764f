package import ArgumentParser
internal import RunbookFormat
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPreparedness

/// `impact`: what the failure of a machine takes down.
package struct ImpactCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "impact",
        abstract: "Say what the failure of a machine or domain takes down, or of each one by itself.",
        discussion: """
            By what the inventory says of `requires`, `provides` and `placed_on`. What can't be started again without the \
            machine counts as down. A domain (`domains`) is lost with all that stands in it. Touches no host.
            """)

    @Option(name: .shortAndLong, help: "The inventory.")
    package var inventory: String

    @Option(
        help: ArgumentHelp(
            "A host or domain that is lost; several are lost together. Without it: each one by itself.",
            valueName: "host"))
    package var lose: [String] = []

    @OptionGroup package var console: ConsoleOptions

    package init() {}

    package func run() throws {
        try console.check(.text, .json)
        let inventory = try InventoryCommand.read(self.inventory, isQuiet: console.isJSON || console.quiet)
        let names = inventory.hosts.map(\.name) + inventory.domains.map(\.name)
        for name in lose where !names.contains(name) {
            throw CommandFailure(
                .usage,
                "the inventory has no host\(inventory.domains.isEmpty ? "" : " or domain") `\(TerminalText.shown(name))`",
                hint: Nearest.hint(name, names))
        }
        let model = ImpactModel(inventory)
        let impacts = lose.isEmpty ? model.table : [model.lose(lose)]
        if console.isJSON {
            for impact in impacts { Terminal.out(ImpactText.json(impact)) }
            return
        }
        if !model.blocked.isEmpty {
            Terminal.message(
                "blackstart: warning: \(ColdText.names(model.blocked)) can't be started even where nothing is lost: `blackstart check` tells why\n"
            )
        }
        Terminal.out(lose.isEmpty ? ImpactText.table(impacts) : impacts.map(ImpactText.full).joined())
        // Nothing hangs on a machine of which nothing is said: that is no finding.
        let untold = inventory.untold.filter { ["services", "placed_on"].contains($0) }
        if !untold.isEmpty {
            Terminal.message(
                "blackstart: warning: the inventory says nothing of \(untold.joined(separator: " and ")): what needs a machine, "
                    + "or runs on it, is not known, and \"none\" proves nothing\n")
        }
    }
}

private enum ColdText {
    static func names(_ names: [String]) -> String {
        let shown = names.prefix(4).joined(separator: ", ")
        return names.count > 4 ? "\(shown) and \(names.count - 4) more" : shown
    }
}

enum ImpactText {
    static func table(_ impacts: [Impact]) -> String {
        let width = min(30, max(4, impacts.map { $0.name.unicodeScalars.count }.max() ?? 0))
        var text = "\("Lost".padded(width))  Down  Services ended\n"
        for impact in impacts {
            let line =
                "\(TerminalText.shown(impact.name).padded(width))  \("\(impact.gone)".leftPadded(4))  "
                + consequences(impact).joined(separator: "; ")
            text += Wrapping.lines(line, columns: 80, indent: width + 8).joined(separator: "\n") + "\n"
        }
        return text
    }

    private static func consequences(_ impact: Impact) -> [String] {
        func names(_ names: [String]) -> String { names.map { TerminalText.shown($0) }.joined(separator: ", ") }
        var words = [impact.ended.isEmpty ? "none" : names(impact.ended)]
        if !impact.single.isEmpty { words.append("on one machine: \(names(impact.single.map(\.service)))") }
        words += impact.groups.filter { !$0.works }.map { "\(TerminalText.shown($0.name)) fails" }
        if let first = impact.objectives.first { words.append("back within \(DurationText.words(first.rto))") }
        return words
    }

    static func full(_ impact: Impact) -> String {
        var text = ""
        if impact.domains.isEmpty {
            text = "Without \(impact.lost.map { TerminalText.shown($0) }.joined(separator: ", "))\n"
        }
        func part(_ head: String, _ words: [String], none: String) {
            let words = words.isEmpty ? none : words.map { TerminalText.shown($0) }.joined(separator: ", ")
            text +=
                Wrapping.lines("  \(head.padded(14))\(words)", columns: 80, indent: 16).joined(separator: "\n") + "\n"
        }
        if !impact.domains.isEmpty {
            text += "Without \(impact.domains.map { TerminalText.shown($0) }.joined(separator: ", "))\n"
            part("Lost", impact.lost, none: "no machine")
        }
        part("Down", impact.down, none: "no other machine")
        part("Elsewhere", impact.elsewhere, none: "no machine has to start in another place")
        part("Ended", impact.ended, none: "no service")
        part(
            "One left", impact.single.map { "\($0.service) on \($0.provider)" },
            none: "no service hangs on one machine because of this")
        if !impact.groups.isEmpty { part("Redundancy", impact.groups.map(words), none: "") }
        part(
            "Objectives", impact.objectives.map { "\($0.host) back within \(DurationText.words($0.rto))" },
            none: "none is said")
        part("Protection", needs(impact.protection).map { "\($0.0) \($0.1)" }, none: "no need is said")
        return text
    }

    private static func words(_ group: Impact.Group) -> String {
        "\(group.name) has \(group.left) of \(group.total)\(group.isVotes ? " votes" : ""), "
            + (group.works ? "enough" : "not enough")
    }

    private static func needs(_ protection: Protection) -> [(String, String)] {
        [
            ("confidentiality", protection.confidentiality), ("integrity", protection.integrity),
            ("availability", protection.availability),
        ].compactMap { word, need in need.map { (word, $0.rawValue) } }
    }

    private static func value(_ group: Impact.Group) -> JournalValue {
        .object([
            "name": .string(group.name), "left": .integer(Int64(group.left)), "total": .integer(Int64(group.total)),
            "votes": .boolean(group.isVotes), "works": .boolean(group.works),
        ])
    }

    static func json(_ impact: Impact) -> String {
        func list(_ names: [String]) -> JournalValue { .array(names.map(JournalValue.string)) }
        return JSONText.line([
            ("type", .string("impact")), ("domains", list(impact.domains)), ("lost", list(impact.lost)),
            ("down", list(impact.down)),
            ("elsewhere", list(impact.elsewhere)), ("ended", list(impact.ended)),
            (
                "single",
                .object(JournalFields(impact.single.map { ($0.service, .string($0.provider)) }))
            ),
            (
                "rto_ms",
                .object(JournalFields(impact.objectives.map { ($0.host, .integer($0.rto.wholeMilliseconds)) }))
            ),
            ("groups", .array(impact.groups.map(value))),
            ("protection", .object(JournalFields(needs(impact.protection).map { ($0.0, .string($0.1)) }))),
        ])
    }
}

extension Impact {
    /// What is lost, as whoever asked said it.
    fileprivate var name: String { (domains.isEmpty ? lost : domains).joined(separator: ", ") }
}
