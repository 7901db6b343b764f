internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookSSH

/// What a session needs to log in, asked for before anything begins and once for all hosts that share it.
struct LoginSecrets {
    /// By the path of the key file.
    private(set) var passphrases: [String: String] = [:]
    /// By the name of the host.
    private(set) var passwords: [String: String] = [:]

    private static let tries = 3

    init(_ plan: Plan, _ places: Places, asks: Bool) throws(CommandFailure) {
        let hosts = Self.hosts(of: plan)
        try self.init(hosts, inventory: plan.inventory.path, places, asks: asks)
    }

    /// - Parameter inventory: the path of the file that names `hosts`.
    init(_ hosts: [Host], inventory: String, _ places: Places, asks: Bool) throws(CommandFailure) {
        ProcessMemory.close()
        for path in KeyFiles.locked(hosts, LiveTransport.options(places)) where !Self.agentHas(path, places) {
            // Without a person there is no passphrase: an agent or another key may do, and the host says if not.
            guard asks else { continue }
            passphrases[path] = try Self.passphrase(path)
        }
        let sources = SecretPlaces(folder: Places.folder(of: inventory), places: places, asks: asks)
        var known: [SourcePlace: String] = [:]
        for host in hosts {
            guard var secret = host.password else { continue }
            if known[secret.place] == nil {
                let sharing = hosts.filter { $0.password?.place == secret.place }
                secret.name = Self.title(sharing)
                known[secret.place] = try sources.value(of: secret)
            }
            passwords[host.name] = known[secret.place]
        }
        for host in hosts { host.password?.leaveEnvironment() }
    }

    /// `password of ops at sw1 and 3 more`.
    private static func title(_ hosts: [Host]) -> String {
        guard let first = hosts.first else { return "password" }
        let user = first.user.map { " of \($0)" } ?? ""
        return "password\(user) at \(first.name)\(hosts.count > 1 ? " and \(hosts.count - 1) more" : "")"
    }

    /// The machines on which something runs, and those on the way there, in the order of the inventory.
    private static func hosts(of plan: Plan) -> [Host] {
        var names: Set<String> = []
        let machines =
            plan.tasks.indices.map(plan.machine) + plan.inventory.witnesses.map { plan.inventory.host($0.name) }
        for machine in machines {
            var next = machine
            while let host = next, names.insert(host.name).inserted {
                next = host.via.flatMap { plan.inventory.host($0.name) }
            }
        }
        return plan.inventory.hosts.filter { names.contains($0.name) }
    }

    private static func passphrase(_ path: String) throws(CommandFailure) -> String {
        for _ in 0..<tries {
            guard let typed = HiddenLine.read("Passphrase of the key \(TerminalText.shown(path)): ") else {
                throw CommandFailure(.usage, "the key \(TerminalText.shown(path)) is locked: the input has ended")
            }
            if KeyFiles.opens(path, typed) { return typed }
            Terminal.message("That does not open it.\n")
        }
        throw CommandFailure(
            .usage, "the key \(TerminalText.shown(path)) stays locked: no passphrase that was typed opens it",
            hint: "nothing was started; `ssh-add` puts a key into an agent")
    }

    /// Whether an agent holds the key, as far as the public file beside it tells.
    private static func agentHas(_ path: String, _ places: Places) -> Bool {
        guard let socket = places.environment["SSH_AUTH_SOCK"],
            let bytes = try? SystemCalls.contents(of: "\(path).pub", limitBytes: Limits.secretBytes),
            let key = try? SSHPublicKey(text: String(decoding: bytes, as: UTF8.self)),
            let held = try? SSHAgent(path: socket).identities()
        else { return false }
        return held.contains { $0.blob == key.blob }
    }
}
