import Glibc
package import RunbookModel

extension Lab {
    /// Brings a lab up: returns when every host that is on accepts connections and one has let us log in.
    ///
    /// - Parameters:
    ///   - fixture: what the hosts answer.
    ///   - inventory: the hosts, all of which the lab gets.
    ///   - path: a folder that does not exist yet or is empty; the lab's own from now on.
    ///   - speed: how many times faster than real time the fixture's durations pass, 1 to ``speedLimit``.
    ///   - program: the program whose `lab-answer` plays the commands.
    ///   - lifetime: the lab ends by itself after this time.
    package static func up(
        fixture: Fixture, inventory: Inventory, folder path: String, speed: Int, program: String,
        lifetime: Duration = Lab.lifetime
    ) throws(LabError) -> LabSummary {
        let folder = LabFolder(path: try absolute(path))
        try check(inventory, folder: folder, speed: speed, lifetime: lifetime)
        let (program, server, keygen, client) = (
            try absolute(program), tool("sshd"), tool("ssh-keygen"), tool("ssh")
        )
        guard Files.isExecutable(program) else { throw .noProgram(program) }
        guard let server else { throw .noServer }
        guard let keygen, let client else { throw .noClient }
        let user = try ownName()
        let claim = try LabClaim.fresh()
        try claim.take(folder)
        do {
            let now = MachineTime.now
            let record = LabRecord(
                claim: claim, speed: speed, program: program, server: server, startedAt: now,
                endsAt: now + lifetime.wholeMilliseconds)
            var builder = LabBuilder(
                fixture: fixture, inventory: inventory, folder: folder, user: user, keygen: keygen, client: client,
                record: record)
            try builder.build()
            try Files.write("", to: folder.ready)
            return LabSummary(
                folder: folder.path, inventoryPath: folder.inventory, speed: speed, lifetime: lifetime,
                localShell: folder.localShell, hosts: try status(folder: folder.path).hosts)
        } catch {
            LabProcesses(folder: folder, claim: claim).endAll()
            folder.remove()
            throw error
        }
    }

    /// Refuses what no lab can be made of.
    private static func check(_ inventory: Inventory, folder: LabFolder, speed: Int, lifetime: Duration)
        throws(LabError)
    {
        guard (1...speedLimit).contains(speed) else { throw .speed(speed) }
        guard lifetime >= .seconds(1), lifetime <= lifetimeLimit else { throw .lifetime }
        let isPlain = folder.path.utf8.allSatisfy { LabScripts.isPlain($0) || [0x2F, 0x2B, 0x2C, 0x40].contains($0) }
        guard isPlain else { throw .folderName(folder.path) }
        guard !inventory.hosts.isEmpty else { throw .noHosts }
        guard inventory.hosts.count <= hostLimit else {
            throw .tooManyHosts(inventory.hosts.count, limit: hostLimit)
        }
        for host in inventory.hosts where !LabScripts.isPlainName(host.name) || host.name == Host.localName {
            throw .hostName(host.name)
        }
    }

    private static func ownName() throws(LabError) -> String {
        guard let entry = getpwuid(geteuid()), let name = entry.pointee.pw_name else {
            throw Files.failure("find", "the user", ENOENT)
        }
        return String(cString: name)
    }

    private static func tool(_ name: String) -> String? {
        ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"].map { "\($0)/\(name)" }
            .first(where: Files.isExecutable)
    }
}
