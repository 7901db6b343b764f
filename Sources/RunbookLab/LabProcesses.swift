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

    static let tokenVariable = "BLACKSTART_LAB_TOKEN"
    static let hostVariable = "BLACKSTART_LAB_HOST"

    let folder: LabFolder
    let claim: LabClaim

    /// What was started and written down. Of a lab that an earlier boot of this machine left behind, nothing is left.
    func entries() throws(LabError) -> [Entry] {
        guard try claim.machineBoot == LabClaim.thisBoot(), Files.exists(folder.processes) else { return [] }
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

    /// What an SSH server of this lab says after its version: tells it from the server of another lab.
    var greeting: String { "blackstart-lab-\(claim.token)" }

    private var tokenLine: String { "\(Self.tokenVariable)=\(claim.token)" }

    /// Starts a process that outlives this one, and writes it down. A shell stands between, so that it is no child of
    /// ours and leaves nothing for us to collect; INT and QUIT, which a shell has its background ignore, are given back.
    private static let starter = """
        list=$1 role=$2 host=$3
        shift 3
        (trap - INT QUIT; exec "$@") &
        pid=$!
        read -r facts <"/proc/$pid/stat" || exit 1
        set -f
        set -- ${facts##*) }
        printf '%s\\t%s\\t%s\\t%s\\n' "$role" "$host" "$pid" "${20}" >>"$list"
        """

    private func start(_ role: Role, host: String, _ arguments: [String], log: String) throws(LabError) {
        let status = try Processes.run(
            ["/bin/sh", "-c", Self.starter, "lab-start", folder.processes, role.rawValue, host] + arguments,
            variables: [tokenLine], output: log, apart: true)
        if status != 0 { throw .toolFailed(tool: arguments.first ?? "", status: status) }
    }

    /// Starts the SSH server of a host, unless it runs.
    func startServer(of host: String, _ record: LabRecord) throws(LabError) {
        if try server(of: host) != nil { return }
        let files = folder.host(host)
        let arguments = ["-D", "-e", "-f", files.serverConfig, "-o", "VersionAddendum=\(greeting)"]
        try start(.server, host: host, [record.server] + arguments, log: files.serverLog)
    }

    /// Starts this program again for something that takes its time.
    func startOwn(_ role: Role, host: String, _ record: LabRecord, _ arguments: [String]) throws(LabError) {
        try start(role, host: host, [record.program, "lab-answer"] + arguments, log: folder.log)
    }

    func server(of host: String) throws(LabError) -> ProcessMark? {
        try entries().last { $0.role == .server && $0.host == host && Processes.isAlive($0.mark) }?.mark
    }

    /// Cuts every connection of a host; what runs on it goes on, and new connections are welcome.
    func cutConnections(of host: String) throws(LabError) {
        guard let server = try server(of: host) else { return }
        for mark in Processes.connections(of: server) where Processes.facts(mark.pid)?.mark == mark {
            kill(mark.pid, SIGKILL)
        }
    }

    /// Takes a host off the network: its server and its connections end; what runs on it goes on.
    func takeOffNetwork(_ host: String) throws(LabError) {
        guard let server = try server(of: host) else { return }
        for mark in [server] + Processes.connections(of: server) where Processes.facts(mark.pid)?.mark == mark {
            kill(mark.pid, SIGKILL)
        }
        // Its address is free when it is gone.
        for _ in 0..<500 where Processes.isAlive(server) { MachineTime.sleep(milliseconds: 10) }
    }

    /// Cuts the power of a host: all that runs on it dies at once.
    func cutPower(of host: String) throws(LabError) {
        let servers = try entries().filter { $0.host == host && ($0.role == .server || $0.role == .gate) }.map(\.mark)
        Processes.end(servers, carrying: ProcessSign(variables: [tokenLine, "\(Self.hostVariable)=\(host)"]))
    }

    /// Ends everything of the lab.
    func endAll() {
        // Without the list there is still the sign: it may be the list that is damaged or gone.
        let listed = (try? entries()) ?? []
        Processes.end(
            listed.map(\.mark),
            carrying: ProcessSign(variables: [tokenLine], serverArgument: "VersionAddendum=\(greeting)"))
    }
}
