import Glibc
import RunbookModel
import RunbookSimulation

/// A fixture behind real SSH servers on this machine: one server a host, each on its own loopback address, with its own
/// host key, home and boot id. Everything lives in one folder; what was started is written down there.
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

    /// Ends all processes of a lab and removes its folder.
    package static func down(folder path: String) throws(LabError) {
        let folder = LabFolder(path: try absolute(path))
        guard Files.exists(folder.record) else { throw .notALab(path) }
        let record = try LabRecord.read(folder)
        try LabProcesses(folder: folder, record: record).endAll()
        Files.removeTree(folder.path)
    }

    package static func status(folder path: String) throws(LabError) -> LabStatus {
        let lab = try LabSite(try absolute(path))
        let site = try lab.withSite { site throws(LabError) in site }
        var hosts: [LabStatus.Host] = []
        for host in lab.record.hosts {
            let ran = try Files.read(lab.folder.host(host.name).ran) ?? []
            hosts.append(
                LabStatus.Host(
                    name: host.name, address: host.address, port: host.port,
                    answers: try lab.running.server(of: host.name) != nil,
                    isOff: site.presence(of: host.name, at: lab.record.siteTime) == .off,
                    commands: ran.count { $0 == UInt8(ascii: "\n") }))
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

    /// Commands a host played, in order.
    package static func commandsPlayed(folder path: String, host: String) throws(LabError) -> [LabCommand] {
        let log = LabFolder(path: try absolute(path)).host(host).ran
        guard let text = try Files.text(log) else { return [] }
        var commands: [LabCommand] = []
        for (index, line) in text.unicodeScalars.split(separator: "\n").enumerated() {
            var reader = try FieldReader(line, path: log, number: index + 1)
            commands.append(LabCommand(step: reader.kind, command: try reader.text()))
            try reader.end()
        }
        return commands
    }

    /// Ends the lab when its time is over, or at once when its folder is gone.
    static func watch(folder path: String) throws(LabError) {
        let folder = LabFolder(path: path)
        let record = try LabRecord.read(folder)
        while MachineTime.now < record.endsAt {
            MachineTime.sleep(milliseconds: 2_000, end: record.endsAt)
            if Files.exists(folder.record) { continue }
            return Processes.end([], startedWith: ["\(Processes.tokenVariable)=\(record.token)"])
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
        /// How many commands it has played.
        package var commands: Int
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

package struct LabCommand: Hashable, Sendable {
    /// Empty where the command came without a step.
    package var step: String
    package var command: String

    package init(step: String, command: String) {
        self.step = step
        self.command = command
    }
}
