import Glibc
import RunbookModel
import RunbookSimulation

/// A fixture behind real SSH servers on this machine: one server a host, each on its own loopback address, with its own
/// host key, home and boot id. Everything lives in one folder; what was started is written down there.
///
/// What its hosts ran is in `hosts/HOST/ran.log`, with the end of each command in `ended.log` and questions apart in
/// `probes.log`: see ``LabCommand``.
///
/// Not played in a lab: tcp and http answers (only the servers listen), and the difference between `unreachable`,
/// `refuse` and `power: off`: on loopback all three are a refused connection. A fault of these kinds that begins `from` a
/// step begins when the first session or command of that step comes, and also cuts the connections that stand.
/// As root, sshd wants the folder `/run/sshd`; it is made where missing, and stays.
package enum Lab {
    package static let speedLimit = 1_000
    package static let hostLimit = 200
    /// How long a lab lives when nobody ends it.
    package static let lifetime = Duration.seconds(4 * 3_600)
    static let lifetimeLimit = Duration.seconds(7 * 86_400)

    /// Ends all processes of a lab, also of one that never came up whole, and removes its folder.
    package static func down(folder path: String) throws(LabError) {
        let folder = LabFolder(path: try absolute(path))
        guard Files.exists(folder.claim) else { throw .notALab(path) }
        LabProcesses(folder: folder, claim: try LabClaim.read(folder)).endAll()
        folder.remove()
    }

    package static func status(folder path: String) throws(LabError) -> LabStatus {
        let lab = try LabSite(try absolute(path))
        let site = try lab.withSite { site throws(LabError) in site }
        var hosts: [LabStatus.Host] = []
        for host in lab.record.hosts {
            let files = lab.folder.host(host.name)
            hosts.append(
                LabStatus.Host(
                    name: host.name, address: host.address, port: host.port,
                    answers: try lab.running.server(of: host.name) != nil,
                    isOff: site.presence(of: host.name, at: lab.record.siteTime) == .off,
                    attempts: try Files.lineCount(files.ran), probes: try Files.lineCount(files.probes)))
        }
        return LabStatus(
            folder: lab.folder.path, inventoryPath: lab.folder.inventory, speed: lab.record.speed,
            left: .milliseconds(max(0, lab.record.endsAt - MachineTime.now)), hosts: hosts,
            uncovered: site.coverage.uncovered.map { "\($0.host): \($0.text)" })
    }

    /// Power of one host cut and back: what runs there dies, it boots and has a new boot id. Returns when the power is cut.
    package static func reboot(folder path: String, host: String) throws(LabError) {
        let lab = try LabSite(try absolute(path))
        guard lab.record.host(host) != nil else { throw .unknownHost(host) }
        let changes = try lab.withSite { site throws(LabError) in site.reboot(host, at: lab.record.siteTime) }
        try lab.carryOut(changes, answering: nil)
    }

    /// Cuts every connection to one host; what runs there goes on.
    package static func cutConnections(folder path: String, host: String) throws(LabError) {
        let lab = try LabSite(try absolute(path))
        guard lab.record.host(host) != nil else { throw .unknownHost(host) }
        try lab.running.cutConnections(of: host)
    }

    /// Submitted commands that began on a host, in order; `local` names this machine itself.
    package static func attempts(folder path: String, host: String) throws(LabError) -> [LabCommand] {
        try LabCommand.read(LabFolder(path: try absolute(path)).host(host).ran)
    }

    /// Questions that a host was asked, in order.
    package static func probes(folder path: String, host: String) throws(LabError) -> [LabCommand] {
        try LabCommand.read(LabFolder(path: try absolute(path)).host(host).probes)
    }

    /// Ends the lab when its time is over; at once when its folder is gone, or when who brought it up was ended in the
    /// middle of it.
    static func watch(folder path: String) throws(LabError) {
        let folder = LabFolder(path: path)
        let record = try LabRecord.read(folder)
        while MachineTime.now < record.endsAt {
            MachineTime.sleep(milliseconds: 1_000, end: record.endsAt)
            guard Files.exists(folder.claim) else {
                return LabProcesses(folder: folder, claim: record.claim).endAll()
            }
            if !Files.exists(folder.ready), !Processes.isAlive(record.claim.builder), !Files.exists(folder.ready) {
                break
            }
        }
        try down(folder: path)
    }

    static func absolute(_ path: String) throws(LabError) -> String {
        guard path.utf8.first != UInt8(ascii: "/") else { return path }
        guard let current = getcwd(nil, 0) else { throw Files.failure("find", ".") }
        defer { free(current) }
        return "\(String(cString: current))/\(path)"
    }
}

/// What came up, and how to use it.
package struct LabSummary: Hashable, Sendable {
    package var folder: String
    /// The inventory that points at the lab.
    package var inventoryPath: String
    package var speed: Int
    package var lifetime: Duration
    /// To be put in the environment of a run, so that its `local` steps are answered by the fixture too.
    package var localShell: String
    package var hosts: [LabStatus.Host]
}

package struct LabStatus: Hashable, Sendable {
    package struct Host: Hashable, Sendable {
        package var name: String
        package var address: String
        package var port: Int
        /// Whether its SSH server runs.
        package var answers: Bool
        /// Whether the fixture says that its power is off.
        package var isOff: Bool
        /// How many submitted commands began on it, and how many questions it was asked.
        package var attempts: Int
        package var probes: Int
    }

    package var folder: String
    package var inventoryPath: String
    package var speed: Int
    /// Until the lab ends by itself.
    package var left: Duration
    package var hosts: [Host]
    /// `HOST: COMMAND` for each command that had no answer.
    package var uncovered: [String]
}
