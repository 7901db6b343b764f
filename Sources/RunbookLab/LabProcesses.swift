import Glibc
import RunbookSimulation

/// The processes a lab started: each is written down, and only those are ended, with what came from them.
struct LabProcesses: Sendable {
    static let title = "blackstart-lab-processes 1"

    enum Role: String, Sendable {
        /// The SSH server of a host.
        case server
        /// Waits to start one.
        case boot
        /// Stands on a host's address and turns connections away.
        case gate
        /// Ends the lab when its time is over.
        case watch
    }

    struct Entry: Hashable, Sendable {
        var role: Role
        /// Empty for the watch.
        var host: String
        var mark: ProcessMark
    }

    let folder: LabFolder
    let record: LabRecord

    func entries() throws(LabError) -> [Entry] {
        var entries: [Entry] = []
        for var line in try FieldLines.read(folder.processes, title: Self.title) {
            guard let role = Role(rawValue: line.kind) else { throw line.damage }
            let host = try line.text()
            entries.append(
                Entry(role: role, host: host, mark: ProcessMark(pid: try line.number(), start: try line.number())))
            try line.end()
        }
        return entries
    }

    var environment: [String] {
        ["PATH=/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C", "\(Processes.tokenVariable)=\(record.token)"]
    }

    /// Starts a process of the lab and writes it down.
    @discardableResult
    func start(_ role: Role, host: String, _ arguments: [String], log: String) throws(LabError) -> ProcessMark {
        let mark = try Processes.startDetached(arguments, environment: environment, log: log)
        try Files.append(
            line: FieldLines.line([role.rawValue, host, "\(mark.pid)", "\(mark.start)"]), to: folder.processes)
        return mark
    }

    /// Starts the SSH server of a host.
    func startServer(of host: String) throws(LabError) {
        let files = folder.host(host)
        try start(
            .server, host: host, [record.server, "-D", "-e", "-f", files.serverConfig], log: files.serverLog)
    }

    /// Starts this program again for something that takes its time.
    func startOwn(_ role: Role, host: String, _ arguments: [String]) throws(LabError) {
        try start(role, host: host, [record.program, "lab-answer"] + arguments, log: folder.log)
    }

    func server(of host: String) throws(LabError) -> ProcessMark? {
        try entries().last { $0.role == .server && $0.host == host && Processes.isAlive($0.mark) }?.mark
    }

    /// Cuts every connection of a host; what runs on it goes on, and new connections are welcome.
    func cutConnections(of host: String) throws(LabError) {
        guard let server = try server(of: host) else { return }
        for session in Processes.children(of: server) where Processes.facts(session.pid)?.mark == session {
            kill(session.pid, SIGKILL)
        }
    }

    /// Takes a host off the network: its server and its connections end; what runs on it goes on.
    func takeOffNetwork(_ host: String) throws(LabError) {
        guard let server = try server(of: host) else { return }
        let sessions = Processes.children(of: server)
        for mark in [server] + sessions where Processes.facts(mark.pid)?.mark == mark { kill(mark.pid, SIGKILL) }
        // Its address is free when it is gone.
        for _ in 0..<500 where Processes.isAlive(server) { MachineTime.sleep(milliseconds: 10) }
    }

    /// Cuts the power of a host: all that runs on it dies at once.
    func cutPower(of host: String) throws(LabError) {
        let servers = try entries().filter { $0.host == host && ($0.role == .server || $0.role == .gate) }.map(\.mark)
        Processes.end(
            servers,
            startedWith: ["\(Processes.tokenVariable)=\(record.token)", "\(Processes.hostVariable)=\(host)"])
    }

    /// Ends everything of the lab.
    func endAll() throws(LabError) {
        Processes.end(
            try entries().map(\.mark), startedWith: ["\(Processes.tokenVariable)=\(record.token)"])
    }
}
