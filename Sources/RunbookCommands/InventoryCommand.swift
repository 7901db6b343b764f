package import ArgumentParser
internal import Glibc
internal import RunbookFormat
internal import RunbookJournal
internal import RunbookModel

/// `inventory show|import`: what an inventory comes to, ours or one that was written for another program.
package struct InventoryCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "inventory",
        abstract: "Show an inventory, make one of ours from another program's, or pin what a host is.",
        discussion: """
            Besides its own, blackstart reads Ansible's inventories in INI and YAML, and the configuration of OpenSSH. What \
            it can't honour in them it names.
            """,
        subcommands: [InventoryShow.self, InventoryImport.self, InventoryPin.self])

    package init() {}

    /// Reads it, and names on stderr what could not be honoured.
    static func read(_ path: String, isQuiet: Bool = false) throws(CommandFailure) -> Inventory {
        let (inventory, bytes) = try SiteFiles.inventory(at: path, home: Places().userHome)
        if !isQuiet {
            for warning in InventoryAdvice.check(inventory, inventoryText: bytes) {
                Terminal.message(warning.rendered + "\n")
            }
        }
        return inventory
    }
}

package struct InventoryShow: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show every host with its address, and every group.")

    @Argument(help: "The inventory.")
    package var file: String

    @OptionGroup package var console: ConsoleOptions

    package init() {}

    package func run() throws {
        try console.check(.text, .json)
        let inventory = try InventoryCommand.read(file, isQuiet: console.isJSON)
        if console.isJSON {
            Terminal.out(InventoryJSON.text(inventory))
            return
        }
        let width = min(40, inventory.hosts.map(\.name.count).max() ?? 0)
        var text = "\(TerminalText.shown(inventory.name))\n"
        for host in inventory.hosts {
            let login =
                "\(host.user.map { "\($0)@" } ?? "")\(host.address)\(host.port == 22 ? "" : " port \(host.port)")"
            let more = [host.via.map { "via \($0.name)" }, host.location, host.become ? "as root" : nil].compactMap(
                \.self
            ).joined(separator: "; ")
            text +=
                Wrapping.lines(
                    "  \(host.name.padded(width))  \(TerminalText.shown(login))\(more.isEmpty ? "" : "  \(TerminalText.shown(more))")",
                    columns: Terminal.columns, indent: width + 4
                ).joined(separator: "\n") + "\n"
        }
        for group in inventory.groups {
            text +=
                Wrapping.lines(
                    "  [\(group.name)]  \(group.members.map(\.name).joined(separator: " "))", columns: Terminal.columns,
                    indent: 6
                ).joined(separator: "\n") + "\n"
        }
        Terminal.out(text)
    }
}

package struct InventoryImport: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Write another program's inventory as one of ours.")

    @Argument(help: "Ansible's inventory, or OpenSSH's configuration.")
    package var file: String

    @Option(name: [.customShort("o"), .customLong("out")], help: "Where it goes; else it is printed.")
    package var out: String?

    package init() {}

    package func run() throws {
        var inventory = try InventoryCommand.read(file)
        inventory.name = Places.name(of: file)
        let text = "# yaml-language-server: $schema=schema/inventory.json\n" + InventoryText.write(inventory)
        guard let out else { return Terminal.out(text) }
        try NewFile.write(text, to: out)
        Terminal.out("Wrote \(TerminalText.shown(out)): \(Count.of(inventory.hosts.count, "host")).\n")
    }
}

/// One object: hosts with all that is known of them, and groups.
enum InventoryJSON {
    static func text(_ inventory: Inventory) -> String {
        let names = Set(inventory.hosts.map(\.name))
        let hosts = inventory.hosts.map { host in
            var members: [(String, String)] = [
                ("address", JSONText.quoted(host.address)), ("port", String(host.port)),
                ("user", host.user.map(JSONText.quoted) ?? "null"),
                ("identity_file", host.identityFile.map(JSONText.quoted) ?? "null"),
                ("known_hosts", host.knownHosts.map(JSONText.quoted) ?? "null"), ("become", "\(host.become)"),
                ("receipts", "\(host.receipts)"),
            ]
            for (key, value) in [
                ("kind", host.kind?.rawValue), ("location", host.location), ("bmc", host.bmc),
                ("host_key", host.hostKey), ("certificate_file", host.certificateFile),
                ("contact", host.contact?.name),
            ] {
                if let value { members.append((key, JSONText.quoted(value))) }
            }
            for (key, names) in [
                ("via", [host.via].compactMap(\.self)), ("provides", host.facts.provides),
                ("requires", host.facts.requires), ("placed_on", host.facts.placedOn),
                ("apart_from", host.facts.apartFrom),
            ] where !names.isEmpty { members.append((key, list(names.map(\.name)))) }
            let algorithms = SSHAlgorithms.Kind.allCases.filter { !host.algorithms[$0].isEmpty }
            if !algorithms.isEmpty {
                let lists = algorithms.map { kind in
                    (kind.rawValue, "[" + host.algorithms[kind].map(JSONText.quoted).joined(separator: ",") + "]")
                }
                members.append(("algorithms", object(lists)))
            }
            members.append(("variables", json(.map(host.variables))))
            return "\(JSONText.quoted(host.name)):\(object(members))"
        }
        let groups = inventory.groups.map { group in
            let members = group.members.map(\.name)
            return "\(JSONText.quoted(group.name)):"
                + object([
                    ("hosts", list(members.filter { names.contains($0) })),
                    ("children", list(members.filter { !names.contains($0) })),
                ])
        }
        return "{\"schema\":1,\"name\":\(JSONText.quoted(inventory.name)),\"hosts\":{\(hosts.joined(separator: ","))},"
            + "\"groups\":{\(groups.joined(separator: ","))}}\n"
    }

    private static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { "\(JSONText.quoted($0.0)):\($0.1)" }.joined(separator: ",") + "}"
    }

    private static func list(_ names: [String]) -> String {
        "[" + names.map(JSONText.quoted).joined(separator: ",") + "]"
    }

    private static func json(_ value: VariableValue) -> String {
        switch value {
        case .null: "null"
        case .boolean(let truth): "\(truth)"
        case .integer(let number): "\(number)"
        case .number(let number): number.isFinite ? "\(number)" : JSONText.quoted("\(number)")
        case .text(let text): JSONText.quoted(text)
        case .list(let items): "[" + items.map(json).joined(separator: ",") + "]"
        case .map(let members):
            object(
                members.map {
                    ($0.name, SecretName.isOne($0.name) ? JSONText.quoted(SecretName.hidden) : json($0.value))
                })
        }
    }
}
