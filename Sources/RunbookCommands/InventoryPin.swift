package import ArgumentParser
internal import RunbookEngine
internal import RunbookFormat
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookSSH
internal import RunbookTransport

/// `inventory pin`: writes down what names mean and which keys hosts show, while there is somebody to ask.
package struct InventoryPin: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "pin",
        abstract: "Write down addresses, host keys and facts of all hosts while all is well, for review.",
        discussion: """
            Each host is looked at: what its name means just now, which keys it shows, and, where its key is known \
            already and it lets us in, what kind of machine it is. What the inventory does not say yet goes into a copy of \
            it, which keeps its order and its comments; what differs from what it says is named, and changes nothing. The \
            inventory itself is never changed, and nobody logs in where the key is new: compare it on the host, take the \
            copy, and pin once more. Ends with 0, with 2 where something differs, else with 4 where a host gave no answer.
            """)

    @Argument(help: "The inventory.")
    package var file: String

    @Option(name: [.customShort("o"), .customLong("out")], help: "The copy; else FILE.pinned.yaml.")
    package var out: String?

    @Option(help: "Also write all keys of all hosts here, as ssh reads them.")
    package var knownHosts: String?

    @Option(
        name: [.short, .long],
        help: "Only these hosts and groups, separated by commas; * and ? as in file names, ! for all but.")
    package var limit: [String] = []

    @Flag(help: "Never ask. A key that needs a passphrase is not used then.")
    package var noInput = false

    @OptionGroup package var console: ConsoleOptions

    package init() {}

    /// Hosts looked at at once; the transport keeps its own limits.
    private static let atOnce = 200

    package func run() async throws {
        try console.check(.text, .json)
        let places = Places()
        let (inventory, bytes) = try SiteFiles.inventory(at: file, home: places.userHome)
        let copy = out ?? Self.beside(file)
        try NewFile.check(copy)
        if let knownHosts { try NewFile.check(knownHosts) }
        let wanted: Set<String>
        do throws(PlanFault) {
            var selection = Selection()
            selection.limit = SiteOptions.words(limit)
            wanted = try selection.limitedHosts(inventory)
        } catch { throw SiteFiles.failure(error) }
        let asks = !noInput && Terminal.hasTerminalIn && Terminal.hasTerminalOut
        let logins = try LoginSecrets(
            inventory.hosts.filter { wanted.contains($0.name) }, inventory: inventory.path, places, asks: asks)
        let transport = LiveTransport.make(inventory, folder: Places.folder(of: file), places, logins)
        let hosts = inventory.hosts.filter { wanted.contains($0.name) }
        let pins = await SideBySide.map(hosts, atOnce: Self.atOnce) { await Self.pin($0, transport) }
        await transport.close()

        let day = String((UTCTime.text(SystemClock().now().wall) ?? "").prefix(10))
        let amendment = InventoryAmendment(pins.compactMap { $0.note(day) })
        let report = PinText(pins: pins, columns: Terminal.hasTerminalOut ? Terminal.columns : 100)
        var outcome = PinText.Outcome(copy: copy)
        if pins.contains(where: { $0.note(day) != nil }) {
            let made: (text: String, isAnew: Bool)
            do throws(InvalidFiles) {
                made = try amendment.text(of: inventory, bytes: bytes, home: places.userHome)
            } catch { throw SiteFiles.invalid(error.diagnostics) }
            try NewFile.write(made.text, to: copy)
            (outcome.isWritten, outcome.isAnew) = (true, made.isAnew)
        }
        if let knownHosts {
            try NewFile.write(pins.map(\.knownHosts).joined(), to: knownHosts)
            outcome.knownHosts = knownHosts
        }
        Terminal.out(console.isJSON ? report.json(outcome) : report.text(outcome, of: file))
        if pins.contains(where: { $0.state == .differs }) { throw ExitCode(ExitStatusCode.findings.rawValue) }
        if pins.contains(where: { $0.state == .unreached }) { throw ExitCode(4) }
    }
}

extension InventoryPin {
    /// `site.pinned.yaml` for `site.yaml`.
    private static func beside(_ file: String) -> String {
        let name = file.split(separator: "/").last.map(String.init) ?? file
        let stem =
            name.hasSuffix(".yaml") || name.hasSuffix(".yml")
            ? String(name[..<(name.lastIndex(of: ".") ?? name.endIndex)]) : name
        let folder = file.contains("/") ? "\(Places.folder(of: file))/" : ""
        return "\(folder == "//" ? "/" : folder)\(stem).pinned.yaml"
    }

    private static func pin(_ host: Host, _ transport: SSHTransport) async -> HostPin {
        var pin = HostPin(host: host, scan: await transport.scan(host.name))
        // Nothing is said to a host that is not known, not even who we are.
        guard pin.scan.isKnown, pin.scan.objection == nil else { return pin }
        let task = TaskID(step: "pin", host: host.name)
        func ask(_ operation: HostRequest.Operation) async -> HostReply {
            await transport.ask(HostRequest(host: host.name, task: task, operation))
        }
        if host.receipts {
            switch await ask(.survey(host.become ? Privilege(password: nil) : nil)) {
            case .survey(let survey): pin.survey = survey
            case .failure(let failure):
                pin.silence = failure.message
                pin.showsAnotherKey = failure.kind == .hostKey
                return pin
            case let other:
                pin.silence = "the answer was to another question: \(other)"
                return pin
            }
        }
        let question = ProbeRequest(.run(command: HostPin.Facts.question, environment: []), timeout: .seconds(15))
        switch await ask(.probe(question)) {
        case .probe(let answer):
            if case .exit(.exited(0)) = answer.result {
                pin.facts = HostPin.Facts(String(decoding: answer.stdout, as: UTF8.self))
            }
        case .failure(let failure):
            pin.silence = failure.message
            pin.showsAnotherKey = failure.kind == .hostKey
        default: break
        }
        return pin
    }
}
