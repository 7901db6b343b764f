package import ArgumentParser
internal import Glibc
internal import RunbookFormat
internal import RunbookLab
internal import RunbookModel

/// `lab up|down|status|reboot|cut`: a fixture behind real SSH servers on this machine.
package struct LabCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "lab", abstract: "Put a fixture behind real SSH servers on this machine, to practise on.",
        subcommands: [LabUp.self, LabDown.self, LabStatusCommand.self, LabReboot.self, LabCut.self])

    package init() {}

    static func folder(_ dir: String?) -> String { dir.map(Places.absolute) ?? "\(Places().home)/lab" }

    static func failure(_ error: LabError) -> CommandFailure {
        switch error {
        case .notALab:
            CommandFailure(
                .usage, error.description, hint: "name it with `--dir`, or bring one up: `blackstart lab up FIXTURE`")
        case .folderInUse, .folderOwner, .folderName, .speed, .lifetime, .unknownHost:
            CommandFailure(.usage, error.description)
        case .hostName, .noHosts, .tooManyHosts: CommandFailure(.invalidFile, error.description)
        default: CommandFailure(.programFailed, error.description)
        }
    }
}

package struct LabOptions: ParsableArguments {
    @Option(help: "The folder of the lab, instead of $BLACKSTART_HOME/lab.")
    package var dir: String?

    package init() {}
}

package struct LabUp: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Start a server for each host, and write an inventory that points at them.")

    @Argument(help: "The fixture.")
    package var fixture: String

    @Option(name: [.customShort("i"), .long], help: "The inventory whose hosts to play; else the fixture's own hosts.")
    package var inventory: String?

    @Option(help: "How many times faster than real time the hosts work.")
    package var speed = 1

    @Option(help: "How long the lab lives if nobody ends it.")
    package var lifetime = "4h"

    @OptionGroup package var options: LabOptions

    package init() {}

    package func run() throws {
        let places = Places()
        let bytes = try SiteFiles.contents(of: fixture, limit: Limits.fixtureBytes)
        let site: Fixture
        do { site = try FixtureReader.read(bytes: bytes, path: fixture) } catch {
            throw SiteFiles.invalid(error.diagnostics)
        }
        guard let lives = DurationText.parse(lifetime) else {
            throw CommandFailure(
                .usage, "`--lifetime \(TerminalText.shown(lifetime))` is no duration", hint: "write 30m or 2h")
        }
        let hosts = try inventory.map { path throws(CommandFailure) in try Self.read(path, places) } ?? Self.own(site)
        let program = try Self.program()
        do throws(LabError) {
            let lab = try Lab.up(
                fixture: site, inventory: hosts, folder: LabCommand.folder(options.dir), speed: speed,
                program: program, lifetime: lives)
            Terminal.out(
                "The lab is up: \(Count.of(lab.hosts.count, "host")) in \(lab.folder), \(lab.speed) times as fast.\n")
            for host in lab.hosts {
                let state = host.isOff ? "off" : host.answers ? "answers" : "does not answer"
                Terminal.out("  \(host.name.padded(20)) \(host.address):\(host.port)  \(state)\n")
            }
            Terminal.out(
                "Inventory: \(lab.inventoryPath)\nEnd it with: blackstart lab down --dir \(ShellWord.typed(lab.folder))\n"
            )
        } catch { throw LabCommand.failure(error) }
    }

    private static func read(_ path: String, _ places: Places) throws(CommandFailure) -> Inventory {
        let bytes = try SiteFiles.contents(of: path, limit: Limits.inventoryBytes)
        do { return try InventoryReader.read(bytes: bytes, path: path, home: places.userHome) } catch {
            throw SiteFiles.invalid(error.diagnostics)
        }
    }

    /// The hosts that the fixture names outright.
    private static func own(_ fixture: Fixture) throws(CommandFailure) -> Inventory {
        var inventory = Inventory(path: fixture.path, name: fixture.name)
        for host in fixture.hosts where !host.pattern.contains(where: { "*?[".contains($0) }) {
            guard host.pattern != Host.localName else { continue }
            inventory.hosts.append(Host(name: host.pattern, address: "127.0.0.1", at: host.place))
        }
        guard !inventory.hosts.isEmpty else {
            throw CommandFailure(
                .usage, "the fixture names no host outright", hint: "give the inventory whose hosts to play: `-i FILE`")
        }
        return inventory
    }

    /// This program, which the hosts of the lab run to answer.
    private static func program() throws(CommandFailure) -> String {
        var buffer = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { throw CommandFailure(.programFailed, "can't tell where this program lies") }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

package struct LabDown: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "down", abstract: "End a lab: its servers, what runs on them, and its folder.")

    @OptionGroup package var options: LabOptions

    package init() {}

    package func run() throws {
        let folder = LabCommand.folder(options.dir)
        do { try Lab.down(folder: folder) } catch { throw LabCommand.failure(error) }
        Terminal.out("The lab in \(folder) is gone.\n")
    }
}

package struct LabStatusCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the hosts of a lab and what ran on them.")

    @OptionGroup package var options: LabOptions

    package init() {}

    package func run() throws {
        let status: LabStatus
        do { status = try Lab.status(folder: LabCommand.folder(options.dir)) } catch {
            throw LabCommand.failure(error)
        }
        Terminal.out(
            "Lab in \(status.folder), \(status.speed) times as fast, ends by itself in \(DurationText.words(status.left)).\n"
        )
        for host in status.hosts {
            let state = host.isOff ? "off" : host.answers ? "answers" : "does not answer"
            Terminal.out(
                "  \(host.name.padded(20)) \("\(host.address):\(host.port)".padded(22)) \(state.padded(16)) "
                    + "\(Count.of(host.attempts, "command")), \(Count.of(host.probes, "question"))\n")
        }
        for question in status.uncovered { Terminal.out("  no answer for \(TerminalText.shown(question))\n") }
    }
}

package struct LabReboot: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "reboot", abstract: "Cut the power of one host of a lab, and give it back.")

    @Argument(help: "The host.")
    package var host: String

    @OptionGroup package var options: LabOptions

    package init() {}

    package func run() throws {
        do { try Lab.reboot(folder: LabCommand.folder(options.dir), host: host) } catch {
            throw LabCommand.failure(error)
        }
    }
}

package struct LabCut: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "cut", abstract: "Cut every connection to one host of a lab; what runs there goes on.")

    @Argument(help: "The host.")
    package var host: String

    @OptionGroup package var options: LabOptions

    package init() {}

    package func run() throws {
        do { try Lab.cutConnections(folder: LabCommand.folder(options.dir), host: host) } catch {
            throw LabCommand.failure(error)
        }
    }
}

/// The door by which the hosts of a lab come in.
enum LabAnswerEntry {
    static let word = "lab-answer"

    static func run(_ arguments: [String]) -> Never { exit(LabAnswer.run(arguments: arguments)) }
}
