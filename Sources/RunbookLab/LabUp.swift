import Glibc
package import RunbookModel
import RunbookSimulation

extension Lab {
    /// Brings a lab up: returns when every host that is on accepts connections.
    ///
    /// - Parameters:
    ///   - fixture: what the hosts answer.
    ///   - inventory: the hosts, all of which the lab gets.
    ///   - path: a folder that does not exist yet or is empty; the lab's own from now on.
    ///   - speed: how many times faster than real time the fixture's durations pass.
    ///   - program: the program whose `lab-answer` plays the commands.
    package static func up(
        fixture: Fixture, inventory: Inventory, folder path: String, speed: Int, program: String,
        lifetime: Duration = Lab.lifetime
    ) throws(LabError) -> LabSummary {
        let folder = LabFolder(path: try absolute(path))
        let user = try LabBuilder.check(inventory, folder: folder, speed: speed, lifetime: lifetime, program: program)
        if Files.exists(folder.path) {
            guard Files.names(in: folder.path).isEmpty else { throw .folderInUse(folder.path) }
        } else {
            try Files.makeFolder(folder.path)
        }
        do {
            let builder = LabBuilder(
                fixture: fixture, inventory: inventory, folder: folder, user: user, speed: speed, lifetime: lifetime,
                program: try absolute(program))
            return try builder.build()
        } catch {
            Files.removeTree(folder.path)
            throw error
        }
    }
}

/// Makes the files of a lab and starts its servers.
private struct LabBuilder {
    let fixture: Fixture
    let inventory: Inventory
    let folder: LabFolder
    let user: String
    let speed: Int
    let lifetime: Duration
    let program: String

    /// Refuses what no lab can be made of; the name of the user who will log in.
    static func check(
        _ inventory: Inventory, folder: LabFolder, speed: Int, lifetime: Duration, program: String
    ) throws(LabError) -> String {
        guard (1...Lab.speedLimit).contains(speed) else { throw .speed(speed) }
        guard lifetime >= .seconds(1), lifetime <= Lab.lifetimeLimit else { throw .lifetime }
        let isPlain = folder.path.utf8.allSatisfy {
            LabScripts.isPlain($0) || [0x2F, 0x2B, 0x2C, 0x40].contains($0)
        }
        guard isPlain else { throw .folderName(folder.path) }
        guard !inventory.hosts.isEmpty else { throw .noHosts }
        guard inventory.hosts.count <= Lab.hostLimit else {
            throw .tooManyHosts(inventory.hosts.count, limit: Lab.hostLimit)
        }
        for host in inventory.hosts where !LabScripts.isPlainName(host.name) || host.name == Host.localName {
            throw .hostName(host.name)
        }
        guard Files.isExecutable(program) else { throw .noProgram(program) }
        guard let entry = getpwuid(geteuid()), let name = entry.pointee.pw_name else {
            throw Files.failure("find", "the user", ENOENT)
        }
        return String(cString: name)
    }

    static func tool(_ name: String) -> String? {
        ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"].map { "\($0)/\(name)" }
            .first(where: Files.isExecutable)
    }

    func build() throws(LabError) -> LabSummary {
        guard let server = Self.tool("sshd") else { throw .noServer }
        guard let keygen = Self.tool("ssh-keygen") else { throw .noKeygen }
        var random = SystemRandomNumberGenerator()
        let now = MachineTime.now
        var record = LabRecord(
            token: random.next(), speed: speed, program: program, server: server, startedAt: now,
            endsAt: now + lifetime.wholeMilliseconds)
        // sshd as root will not start without it.
        if geteuid() == 0, !Files.exists("/run/sshd"), mkdir("/run/sshd", 0o755) != 0, errno != EEXIST {
            throw Files.failure("make", "/run/sshd")
        }
        for inner in ["bin", "hosts", "hosts/\(Host.localName)"] { try Files.makeFolder("\(folder.path)/\(inner)") }
        try Files.write(FixtureText.write(fixture), to: folder.fixture)
        try Files.write(StateText.write(SiteState()), to: folder.state)
        try Files.write("\(LabProcesses.title)\n", to: folder.processes)
        try makeKey(folder.clientKey, keygen)
        try makeHosts(keygen)
        var port = 2_222
        while true {
            guard let free = freePort(from: port) else { throw .noFreePort }
            port = free
            record.hosts = inventory.hosts.enumerated().map { index, host in
                LabRecord.LabHost(name: host.name, address: Self.address(index), port: port)
            }
            if try start(record) { break }
            port += 1
        }
        return try summary(record)
    }

    /// 127.77.0.1 and on, 250 addresses to a block.
    private static func address(_ index: Int) -> String { "127.77.\(index / 250).\(1 + index % 250)" }

    private func freePort(from first: Int) -> Int? {
        guard first < 2_322 else { return nil }
        return (first..<2_322).first { port in
            inventory.hosts.indices.allSatisfy { Sockets.isFree(Self.address($0), port) }
        }
    }

    private func makeKey(_ path: String, _ keygen: String) throws(LabError) {
        let status = try Processes.run(
            [keygen, "-q", "-t", "ed25519", "-N", "", "-C", "blackstart lab", "-f", path],
            environment: ["PATH=/usr/bin:/bin"])
        if status != 0 { throw .toolFailed(tool: keygen, status: status) }
    }

    private func makeHosts(_ keygen: String) throws(LabError) {
        let stubs = LabScripts.stubNames(fixture)
        for host in inventory.hosts {
            let files = folder.host(host.name)
            for path in [files.path, files.home, files.stubs] { try Files.makeFolder(path) }
            try makeKey(files.hostKey, keygen)
            for name in stubs where symlink(folder.stub, "\(files.stubs)/\(name)") != 0 {
                throw Files.failure("make", "\(files.stubs)/\(name)")
            }
        }
    }

    /// Writes what depends on addresses and starts the servers. False when a port was taken meanwhile: nothing runs then.
    private func start(_ record: LabRecord) throws(LabError) -> Bool {
        try Files.write(record.text, to: folder.record)
        try Files.write(LabScripts.labShell, to: folder.labShell, mode: 0o700)
        try Files.write(LabScripts.localShell(folder: folder, record: record), to: folder.localShell, mode: 0o700)
        try Files.write(LabScripts.stub, to: folder.stub, mode: 0o700)
        try Files.write(
            LabInventory.text(inventory, record: record, folder: folder, user: user), to: folder.inventory)
        let lab = try LabSite(folder.path)
        var known = ""
        for host in record.hosts {
            let files = folder.host(host.name)
            let key = try (Files.text("\(files.hostKey).pub") ?? "").split(separator: " ").prefix(2).joined(
                separator: " ")
            known += "[\(host.address)]:\(host.port) \(key)\n"
            try Files.write(
                LabScripts.login(host: host.name, folder: folder, record: record, watched: isWatched(host.name)),
                to: files.login, mode: 0o700)
            try writeServerConfig(host, record)
        }
        try Files.write(known, to: folder.knownHosts)
        do {
            try lab.running.startOwn(.watch, host: "", ["@watch", folder.path])
            for host in record.hosts { try lab.bringUp(host.name) }
            if try waitForServers(lab) { return true }
        } catch {
            try? lab.running.endAll()
            throw error
        }
        try lab.running.endAll()
        try Files.write("\(LabProcesses.title)\n", to: folder.processes)
        return false
    }

    /// Whether a session may find that a fault begins with it.
    private func isWatched(_ host: String) -> Bool {
        fixture.faults.contains { fault in
            LabSite.networkFaults.contains(fault.kind) && fault.from != nil
                && (fault.host.map { Glob.matches($0, host) } ?? false)
        }
    }

    private func writeServerConfig(_ host: LabRecord.LabHost, _ record: LabRecord) throws(LabError) {
        let path = folder.host(host.name).serverConfig
        for penalties in [true, false] {
            try Files.write(
                LabScripts.serverConfig(host, folder: folder, user: user, penalties: penalties), to: path)
            // Only servers of 9.8 and later know penalties; the others refuse the file.
            if try Processes.run([record.server, "-t", "-f", path], environment: ["PATH=/usr/bin:/bin"]) == 0 {
                return
            }
        }
        throw .didNotStart(host: host.name, log: "sshd refuses \(path)")
    }

    /// Waits for each server that was started; false when one ended because its port was taken.
    private func waitForServers(_ lab: LabSite) throws(LabError) -> Bool {
        for entry in try lab.running.entries() where entry.role == .server {
            guard let host = lab.record.host(entry.host) else { continue }
            var answers = false
            for _ in 0..<1_000 {
                answers = Processes.isAlive(entry.mark) && Sockets.accepts(host.address, host.port)
                if answers || !Processes.isAlive(entry.mark) { break }
                MachineTime.sleep(milliseconds: 10)
            }
            if answers { continue }
            let log = try Files.text(folder.host(entry.host).serverLog) ?? ""
            if log.contains("Address already in use") { return false }
            throw .didNotStart(host: entry.host, log: log.split(separator: "\n").last.map(String.init) ?? "")
        }
        return true
    }

    private func summary(_ record: LabRecord) throws(LabError) -> LabSummary {
        let status = try Lab.status(folder: folder.path)
        return LabSummary(
            folder: folder.path, inventoryPath: folder.inventory, speed: speed, lifetime: lifetime,
            localShell: folder.localShell, hosts: status.hosts)
    }
}
