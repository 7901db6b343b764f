package import ArgumentParser
internal import RunbookEngine
internal import RunbookFormat
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookSSH
internal import RunbookTransport

/// `snapshot`: what the configuration of hypervisors, storage and management is, while all is well.
package struct SnapshotCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Keep the system configuration of hosts, dated and with hashes. Changes nothing there.",
        discussion: """
            Asks each host with `snapshot` in the inventory read-only questions of its platform, and writes the answers to \
            `snapshots/HOST/TIME` beside the inventory; `sha256sum -c SHA256SUMS` checks them there. Passwords and the like \
            are left out. `ready` tells what is not as in the newest one. Ends with 0, with 4 where a host could not be asked.
            """)

    @Option(name: .shortAndLong, help: "The inventory.")
    package var inventory: String

    @Option(
        name: [.short, .long],
        help: "Only these hosts and groups, separated by commas; * and ? as in file names, ! for all but.")
    package var limit: [String] = []

    @Flag(help: "List what there is, and ask no host.")
    package var list = false

    @Flag(help: "Never ask. A key that needs a passphrase is not used then.")
    package var noInput = false

    @OptionGroup package var console: ConsoleOptions

    package init() {}

    private struct Row {
        var host: String
        var state: String
        var words: String
    }

    package func run() async throws {
        try console.check(.text, .json)
        let places = Places()
        let (inventory, _) = try SiteFiles.inventory(at: self.inventory, home: places.userHome)
        let wanted: Set<String>
        do throws(PlanFault) {
            var selection = Selection()
            selection.limit = SiteOptions.words(limit)
            wanted = try selection.limitedHosts(inventory)
        } catch { throw SiteFiles.failure(error) }
        let hosts = inventory.hosts.filter { wanted.contains($0.name) && $0.facts.snapshot != nil }
        guard !hosts.isEmpty else {
            throw CommandFailure(
                .usage, "no selected host has `snapshot` in the inventory",
                hint: "say what it is, as `snapshot: { platform: linux }`")
        }
        let store = SnapshotStore(inventory: self.inventory)
        if list {
            tell(hosts.flatMap { Self.rows($0, store) })
            return
        }
        let asks = !noInput && Terminal.hasTerminalIn && Terminal.hasTerminalOut
        let logins = try LoginSecrets(hosts, inventory: inventory.path, places, asks: asks)
        let transport = LiveTransport.make(inventory, folder: Places.folder(of: self.inventory), places, logins)
        let stamp = Self.stamp
        var rows: [Row] = []
        var written: Set<String> = []
        var isAll = true
        // What some have answered is written before others are asked: answers of all hosts are too much to hold.
        for start in stride(from: 0, to: hosts.count, by: SnapshotAsking.atOnce) {
            let some = Array(hosts[start..<min(hosts.count, start + SnapshotAsking.atOnce)])
            for (host, answer) in zip(some, await SnapshotAsking.ask(some, transport)) {
                switch answer {
                case .failure(let failure):
                    isAll = false
                    rows.append(Row(host: host.name, state: "UNREACHED", words: failure.message))
                case .success(let snapshot):
                    let newest = store.stamps(of: host.name).last
                    let old = newest.flatMap { store.read($0, of: host.name) }
                    do throws(SystemError) {
                        written.insert(try store.write(snapshot, of: host.name, at: stamp))
                    } catch {
                        throw CommandFailure(
                            .programFailed, "can't write to `\(TerminalText.shown(store.folder))`: \(error.words)")
                    }
                    let changed = old.map { snapshot.drift(from: $0).map(\.name) }
                    rows.append(Row(host: host.name, state: "KEPT", words: Self.words(snapshot, changed, newest)))
                }
            }
        }
        await transport.close()
        tell(rows)
        if !console.isJSON, let name = written.min() {
            let name = written.count == 1 ? name : "\(stamp)…"
            Terminal.out(
                "Written to \(TerminalText.shown(store.folder))/HOST/\(name). Nothing was changed on the hosts.\n")
        }
        if !isAll { throw ExitCode(4) }
    }

    private static func words(_ snapshot: ConfigurationSnapshot, _ changed: [String]?, _ newest: String?) -> String {
        let good = snapshot.answers.count { $0.status == 0 }
        var words = "\(good) of \(Count.of(snapshot.answers.count, "question")) answered"
        let without = snapshot.answers.filter { $0.status == 127 }.map(\.name)
        if !without.isEmpty { words += "; no such command: \(without.joined(separator: ", "))" }
        guard let newest else { return words + "; the first one" }
        guard let changed else { return words + "; the one of \(SnapshotStore.day(newest)) was altered" }
        return words
            + (changed.isEmpty
                ? "; as on \(SnapshotStore.day(newest))"
                : "; not as on \(SnapshotStore.day(newest)): \(changed.joined(separator: ", "))")
    }

    private static func rows(_ host: Host, _ store: SnapshotStore) -> [Row] {
        let stamps = store.stamps(of: host.name)
        guard !stamps.isEmpty else { return [Row(host: host.name, state: "NONE", words: "there is no snapshot")] }
        return stamps.map { stamp in
            guard let snapshot = store.read(stamp, of: host.name) else {
                return Row(host: host.name, state: "ALTERED", words: "\(stamp): its files are not what was written")
            }
            return Row(
                host: host.name, state: "SOUND", words: "\(stamp): \(Count.of(snapshot.answers.count, "question"))")
        }
    }

    private func tell(_ rows: [Row]) {
        if console.isJSON {
            for row in rows {
                Terminal.out(
                    JSONText.line([
                        ("type", .string("snapshot")), ("host", .string(row.host)),
                        ("state", .string(row.state.lowercased())), ("words", .string(row.words)),
                    ]))
            }
            return
        }
        let width = min(24, max(4, rows.map(\.host.count).max() ?? 0))
        for row in rows {
            let line = "\(row.state.padded(9))  \(row.host.padded(width))  \(TerminalText.shown(row.words))"
            Terminal.out(Wrapping.lines(line, columns: 100, indent: width + 13).joined(separator: "\n") + "\n")
        }
    }

    /// The instant as a name of a folder.
    private static var stamp: String {
        let text = UTCTime.text(SystemClock().now().wall) ?? ""
        return String(text.prefix(19)).replacing(":", with: "") + "Z"
    }
}

/// Asks hosts the questions of their platforms.
enum SnapshotAsking {
    /// Hosts asked at once; the transport keeps its own limits.
    static let atOnce = 100
    /// Of all answers of one host; each question alone is bounded as checks are.
    private static let hostBytes = 4 << 20
    private static let timeout = Duration.seconds(60)

    /// In the order of the hosts. What is asked of a host that does not answer is asked no further.
    static func ask(
        _ hosts: [Host], _ transport: any Transport
    ) async -> [Result<ConfigurationSnapshot, TransportFailure>] {
        await SideBySide.map(hosts, atOnce: atOnce) { await ask($0, transport) }
    }

    private static func ask(_ host: Host, _ transport: any Transport) async -> Result<
        ConfigurationSnapshot, TransportFailure
    > {
        var answers: [ConfigurationSnapshot.Answer] = []
        var heard = 0
        for question in SnapshotQuestion.all(host.facts.snapshot?.platforms ?? []) {
            let request = ProbeRequest(
                .run(command: question.command, environment: []),
                privilege: host.become ? Privilege(password: nil) : nil, timeout: timeout)
            let task = TaskID(step: "snapshot", host: host.name)
            switch await transport.ask(HostRequest(host: host.name, task: task, .probe(request))) {
            case .failure(let failure): return .failure(failure)
            case .probe(let answer):
                var status: Int?
                // Part of a configuration is kept, and is no answer: what it lacks was not taken away.
                if case .exit(.exited(let code)) = answer.result, !answer.isCut { status = code }
                heard += answer.stdout.count
                guard heard <= hostBytes else {
                    return .failure(TransportFailure(.unsuitable, sent: true, TransportFailure.flood(hostBytes)))
                }
                answers.append(
                    .init(
                        name: question.name, command: question.command, status: status,
                        text: SnapshotMask.masked(String(decoding: answer.stdout, as: UTF8.self))))
            case .contact, .survey, .receipt, .ended, .tidied, .heads, .witness, .deadline:
                answers.append(.init(name: question.name, command: question.command, status: nil, text: ""))
            }
        }
        return .success(ConfigurationSnapshot(answers: answers))
    }
}
