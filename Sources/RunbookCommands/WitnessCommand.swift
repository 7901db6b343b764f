package import ArgumentParser
internal import Glibc
internal import RunbookEngine
internal import RunbookFormat
internal import RunbookJournal
internal import RunbookModel
internal import RunbookSSH
internal import RunbookTransport
internal import Synchronization

/// `witness script|fetch`: hosts that keep copies of journals which only ever grow.
package struct WitnessCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "witness", abstract: "Hosts that keep copies of journals, which only ever grow.",
        discussion: """
            Name hosts in the inventory's `witnesses`, each with an account of its own for it. While a run goes on, what is \
            sealed is brought there; the witness signs what it keeps. `journal verify --hosts` compares.
            """, subcommands: [WitnessScriptCommand.self, WitnessFetch.self])

    package init() {}
}

package struct WitnessScriptCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "script", abstract: "Print the forced command of a witness's account.",
        discussion: "It needs sh, ssh-keygen and the usual small tools. How it is set up stands at its top.")

    package init() {}

    package func run() { Terminal.out(WitnessScript.text) }
}

/// `witness fetch HOST RUN -o FILE`: the copy that a witness keeps.
package struct WitnessFetch: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "fetch", abstract: "Get the copy of a journal that a witness keeps.",
        discussion: """
            The copy is proven before it is written. To go on with the run from it, put it into a folder of the run's name, \
            with the runbook.yaml and inventory.yaml that the run began with, and resume that.
            """)

    @Argument(help: "The witness, a host of the inventory.")
    package var host: String

    @Argument(help: ArgumentHelp("The name of the run.", valueName: "run"))
    package var name: String

    @Option(help: "The inventory.")
    package var inventory: String

    @Option(name: .shortAndLong, help: "The file to write; it must not exist.")
    package var output: String

    @Option(
        help: ArgumentHelp(
            "The largest copy to take, up to 1GiB. Proving it takes as much memory.", valueName: "size"))
    package var atMost = "256MiB"

    package init() {}

    package func run() async throws {
        guard let most = SizeText.parse(atMost), (1...Int64(JournalReader.limitBytes)).contains(most) else {
            throw CommandFailure(
                .usage, "invalid size `\(TerminalText.shown(atMost))`", hint: "write a size up to 1GiB, as 512MiB")
        }
        let places = Places()
        let (site, _) = try SiteFiles.inventory(at: inventory, home: places.userHome)
        guard site.host(host) != nil else {
            throw CommandFailure(
                .usage, "the inventory has no host `\(TerminalText.shown(host))`",
                hint: Nearest.hint(host, site.hosts.map(\.name)))
        }
        guard Principal.isRunName(name) else {
            throw CommandFailure(.usage, "`\(TerminalText.shown(name))` is no name of a run")
        }
        let secrets = try LoginSecrets(
            site.hosts.filter { $0.name == host }, inventory: inventory, places,
            asks: Terminal.hasTerminalIn && Terminal.hasTerminalOut)
        let transport = LiveTransport.make(site, folder: ".", places, secrets)
        let draft: FileDraft
        do { draft = try FileDraft(at: output) } catch { throw NewFile.failure(output, error) }
        let copy = FetchedCopy(draft)
        let reply = await transport.ask(
            HostRequest(
                host: host, task: TaskID(step: "witness", host: host), .witness(.get(run: name, limitBytes: Int(most))))
        ) { copy.take($0.bytes) }
        await transport.close()
        if let fault = copy.fault { throw NewFile.failure(output, fault) }
        switch reply {
        case .witness(let answer) where answer.verdict == .have && answer.bytes > 0: break
        case .witness(let answer) where answer.verdict == .have:
            throw CommandFailure(.usage, "\(host) has no copy of a run `\(name)`")
        case .witness(let answer):
            throw CommandFailure(.programFailed, "\(host) refuses: \(TerminalText.shown(answer.reason))")
        case .failure(let failure):
            Terminal.message("blackstart: error: \(host): \(TerminalText.shown(failure.message))\n")
            if failure.message == TransportFailure.flood(Int(most)) {
                Terminal.message("blackstart: hint: `--at-most` takes a larger copy, up to 1GiB\n")
            }
            throw ExitCode(4)
        default: throw CommandFailure(.programFailed, "\(host) gave an answer to another question")
        }
        let bytes: [UInt8]
        do { bytes = try JournalReader.contents(of: draft.draft) } catch {
            throw CommandFailure(.programFailed, error.message)
        }
        switch JournalVerifier.verify(bytes) {
        case .failure(let broken):
            throw CommandFailure.broken(broken, "the copy of \(host)", hint: "look for another copy")
        case .success(let report):
            guard report.run == name else {
                throw CommandFailure(.journalBroken, "the copy of \(host) is of another run, `\(report.run)`")
            }
            do { try draft.keep() } catch { throw NewFile.failure(output, error) }
            Terminal.out("\(TerminalText.shown(output)): \(Count.of(report.lines, "line")) of run \(name), unbroken.\n")
        }
    }
}

/// A copy on its way to the disk, as fast as the disk takes it. What goes wrong there is told at the end.
private final class FetchedCopy: Sendable {
    private let draft: FileDraft
    private let state = Mutex<SystemError?>(nil)

    init(_ draft: FileDraft) { self.draft = draft }

    var fault: SystemError? { state.withLock { $0 } }

    func take(_ bytes: [UInt8]) {
        state.withLock { fault in
            guard fault == nil else { return }
            do throws(SystemError) { try draft.write(bytes) } catch { fault = error }
        }
    }
}
