import Glibc
import RunbookModel
import RunbookSimulation

/// Makes the files of a lab in a folder that is claimed, and starts its servers. Who calls ends what runs when it throws.
struct LabBuilder {
    let fixture: Fixture
    let inventory: Inventory
    let folder: LabFolder
    let user: String
    let keygen: String
    let client: String
    var record: LabRecord
    private var traits = LabScripts.ServerTraits()

    private static let ports = 2_222..<2_322

    init(
        fixture: Fixture, inventory: Inventory, folder: LabFolder, user: String, keygen: String, client: String,
        record: LabRecord
    ) {
        self.fixture = fixture
        self.inventory = inventory
        self.folder = folder
        self.user = user
        self.keygen = keygen
        self.client = client
        self.record = record
    }

    /// Tries port after port until all servers are up, then whether one lets us in.
    mutating func build() throws(LabError) {
        // sshd as root will not start without it.
        if geteuid() == 0, mkdir("/run/sshd", 0o755) != 0, errno != EEXIST { throw Files.failure("make", "/run/sshd") }
        try writeFiles()
        for port in Self.ports {
            let addresses = inventory.hosts.indices.map(Self.address)
            guard addresses.allSatisfy({ Sockets.isFree($0, port) }) else { continue }
            record.hosts = zip(inventory.hosts, addresses).map {
                LabRecord.LabHost(name: $0.name, address: $1, port: port)
            }
            guard try start() else { continue }
            return try logIn()
        }
        throw .noFreePort
    }

    /// 127.77.0.1 and on, 250 addresses to a block.
    private static func address(_ index: Int) -> String { "127.77.\(index / 250).\(1 + index % 250)" }

    // MARK: Files

    /// What does not depend on the addresses.
    private func writeFiles() throws(LabError) {
        for inner in ["bin", "hosts", "hosts/\(Host.localName)"] { try Files.makeFolder("\(folder.path)/\(inner)") }
        try Files.write(FixtureText.write(fixture), to: folder.fixture)
        try Files.write(StateText.write(SiteState()), to: folder.state)
        try Files.write(LabScripts.labShell, to: folder.labShell, mode: 0o700)
        try Files.write(LabScripts.localShell(folder: folder, record: record), to: folder.localShell, mode: 0o700)
        try Files.write(LabScripts.stub, to: folder.stub, mode: 0o700)
        try makeKey(folder.clientKey)
        let stubs = LabScripts.stubNames(fixture)
        for name in inventory.hosts.map(\.name) {
            let files = folder.host(name)
            for path in [files.path, files.home, files.stubs] { try Files.makeFolder(path) }
            try makeKey(files.hostKey)
            let sudo = fixture.hosts.first { Glob.matches($0.pattern, name) }?.sudo ?? .free
            try Files.write(LabScripts.sudo(sudo), to: "\(files.stubs)/sudo", mode: 0o700)
            if mayBeFull(name) { try Files.write(LabScripts.fullDisk, to: "\(files.stubs)/mkdir", mode: 0o700) }
            for stub in stubs where stub != "sudo" && symlink(folder.stub, "\(files.stubs)/\(stub)") != 0 {
                throw Files.failure("make", "\(files.stubs)/\(stub)")
            }
            try Files.write(
                LabScripts.login(host: name, folder: folder, record: record, watched: isWatched(name)),
                to: files.login, mode: 0o700)
        }
    }

    private func makeKey(_ path: String) throws(LabError) {
        let status = try Processes.run([keygen, "-q", "-t", "ed25519", "-N", "", "-C", "blackstart lab", "-f", path])
        if status != 0 { throw .toolFailed(tool: keygen, status: status) }
    }

    /// Whether a session may find that a fault begins with it.
    private func isWatched(_ host: String) -> Bool {
        fixture.faults.contains { fault in
            ((LabSite.networkFaults.contains(fault.kind) && fault.from != nil) || fault.kind == .garbage)
                && (fault.host.map { Glob.matches($0, host) } ?? false)
        }
    }

    private func mayBeFull(_ host: String) -> Bool {
        fixture.faults.contains { $0.kind == .fullDisk && ($0.host.map { Glob.matches($0, host) } ?? false) }
    }

    /// What depends on the addresses.
    private mutating func writeAddresses() throws(LabError) {
        try Files.write(record.text, to: folder.record)
        try Files.write("\(LabProcesses.title)\n", to: folder.processes)
        try Files.write(
            LabInventory.text(inventory, record: record, folder: folder, user: user), to: folder.inventory)
        var known = ""
        for host in record.hosts {
            let key = try (Files.text("\(folder.host(host.name).hostKey).pub") ?? "").split(separator: " ").prefix(2)
            known += "[\(host.address)]:\(host.port) \(key.joined(separator: " "))\n"
        }
        try Files.write(known, to: folder.knownHosts)
        try writeServerConfigs()
    }

    /// One that sshd accepts on the first host does for all.
    private mutating func writeServerConfigs() throws(LabError) {
        for (index, host) in record.hosts.enumerated() {
            let files = folder.host(host.name)
            for knowsPenalties in traits.knowsPenalties ? [true, false] : [false] {
                traits.knowsPenalties = knowsPenalties
                try Files.write(
                    LabScripts.serverConfig(host, folder: folder, user: user, traits: traits), to: files.serverConfig)
                unlink(files.serverLog)
                let test = [record.server, "-t", "-f", files.serverConfig]
                if index > 0 { break }
                if try Processes.run(test, output: files.serverLog) == 0 { break }
                if !knowsPenalties { throw .didNotStart(host: host.name, log: try Files.lastLine(files.serverLog)) }
            }
        }
    }

    // MARK: Servers

    /// False when a port was taken meanwhile: nothing runs then.
    private mutating func start() throws(LabError) -> Bool {
        try writeAddresses()
        let lab = try LabSite(folder.path)
        try lab.running.startOwn(.watch, host: "", record, ["@watch", folder.path])
        try lab.bringUpAll()
        if try waitForServers(lab) { return true }
        lab.running.endAll()
        return false
    }

    /// Waits for each server that was started; false when one ended because its port was taken.
    private func waitForServers(_ lab: LabSite) throws(LabError) -> Bool {
        for entry in try lab.running.entries() where entry.role == .server {
            guard let host = record.host(entry.host) else { continue }
            // Ten seconds, and what the greetings take. Another lab's server may answer while ours finds the port taken.
            for _ in 0..<1_000 {
                if Sockets.greeting(host.address, host.port)?.contains(lab.running.greeting) == true { break }
                guard Processes.isAlive(entry.mark) else {
                    let words = try Files.text(folder.host(entry.host).serverLog) ?? ""
                    if words.contains("Address already in use") { return false }
                    throw .didNotStart(host: entry.host, log: try Files.lastLine(folder.host(entry.host).serverLog))
                }
                MachineTime.sleep(milliseconds: 5)
            }
        }
        return true
    }

    /// Logs in once with the stock client: what keeps one out keeps all out, and is better said now.
    private mutating func logIn() throws(LabError) {
        let lab = try LabSite(folder.path)
        guard let server = try lab.running.entries().first(where: { $0.role == .server }),
            let host = record.host(server.host)
        else { return }
        let log = "\(folder.path)/login.log"
        defer { unlink(log) }
        let options = [
            "-F", "none", "-i", folder.clientKey, "-o", "UserKnownHostsFile=\(folder.knownHosts)", "-o",
            "GlobalKnownHostsFile=none", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR",
            "-o", "ConnectTimeout=10", "-l", user, "-p", "\(host.port)", host.address,
        ]
        if try Processes.run([client] + options + ["exit 0"], output: log) == 0 { return }
        guard geteuid() == 0, !traits.needsPAM else {
            throw .noLogin(user: user, log: try Files.lastLine(log))
        }
        traits.needsPAM = true
        lab.running.endAll()
        guard try start() else { throw .noFreePort }
        try logIn()
    }
}
