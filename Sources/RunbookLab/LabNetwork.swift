import Glibc
import RunbookModel
import RunbookSimulation

/// Power and network of a lab's hosts, done for real: servers start and end, and what ran dies.
extension LabSite {
    var running: LabProcesses { LabProcesses(folder: folder, claim: record.claim) }

    // MARK: Power

    /// Carries out what an answer changed. The power of the answering host itself goes when the answer is through.
    func carryOut(_ changes: [FixtureSite.PowerChange], answering host: String?) throws(LabError) {
        var ownPowerGoes = false
        for change in changes {
            switch change {
            case .wentOff(let name):
                guard record.host(name) != nil else { continue }
                if name == host { ownPowerGoes = true } else { try running.cutPower(of: name) }
            case .boots(let name, _):
                guard record.host(name) != nil else { continue }
                if name == host, ownPowerGoes { continue }
                try startOwn(.boot, host: name, ["@boot", folder.path, name])
            }
        }
        if ownPowerGoes, let host {
            try startOwn(.boot, host: host, ["@power", folder.path, host, "\(getpid())"])
        }
    }

    /// Restarts a host in the middle of what it answers, which dies with it.
    func restart(_ host: String) throws(LabError) {
        _ = try withSite { site throws(LabError) in site.reboot(host, at: record.siteTime) }
        try startOwn(.boot, host: host, ["@power", folder.path, host, "-1"])
    }

    private func startOwn(_ role: LabProcesses.Role, host: String, _ arguments: [String]) throws(LabError) {
        try running.startOwn(role, host: host, record, arguments)
    }

    /// Waits until the answering process is through and its end is written down, cuts the power, and boots if told to.
    func cutOwnPower(of host: String, after pid: pid_t) throws(LabError) {
        if let mark = Processes.facts(pid)?.mark {
            for _ in 0..<500 where Processes.isAlive(mark) { MachineTime.sleep(milliseconds: 10) }
        }
        MachineTime.sleep(milliseconds: 300)
        try running.cutPower(of: host)
        try boot(host)
    }

    /// Waits until a booting host is up, and puts it on the network with the boot id it has now. Does nothing for one that
    /// went off meanwhile, or that another boot looks after.
    func boot(_ host: String) throws(LabError) {
        let boots = try withSite { (site) throws(LabError) in site.state.boots[host] }
        while MachineTime.now < record.endsAt {
            // Looking and starting under one lock: who cuts the power changes the state first and then ends what runs.
            let presence = try withSite { site throws(LabError) -> FixtureSite.Presence in
                guard site.state.boots[host] == boots else { return .off }
                let presence = site.presence(of: host, at: record.siteTime)
                if presence == .up { try putUp(host, site) }
                return presence
            }
            guard case .booting(let ready) = presence else { return }
            MachineTime.sleep(milliseconds: record.wait(until: ready) + 1, end: record.endsAt)
        }
    }

    /// The lab comes up, and with it the hosts that are on.
    func bringUpAll() throws(LabError) {
        try withSite { site throws(LabError) in
            for host in record.hosts.map(\.name) { try putUp(host, site) }
        }
    }

    private func putUp(_ host: String, _ site: FixtureSite) throws(LabError) {
        try Files.write("\(site.bootID(of: host))\n", to: folder.host(host).bootID)
        try settleNetwork(of: host, site)
    }

    // MARK: Network

    /// A step began: takes hosts off the network whose faults begin with it.
    ///
    /// - Returns: whether a session for it on `host` is hit by such a fault, and must not go on.
    func begin(_ step: String, sessionOn host: String?) throws(LabError) -> Bool {
        let (struck, turnedAway) = try withSite { site throws(LabError) -> ([String], Bool) in
            let isNew = !site.state.begun.contains(step)
            site.begin(step)
            let struck = record.hosts.map(\.name).filter { name in
                guard isNew, let fault = site.activeFault(Self.networkFaults, on: name) else { return false }
                return site.fixture.faults[fault].from?.name == step
            }
            return (struck, host.map { site.strike(Self.networkFaults, on: $0) != nil } ?? false)
        }
        for host in struck {
            try running.takeOffNetwork(host)
            try withSite { site throws(LabError) in try settleNetwork(of: host, site) }
        }
        return turnedAway
    }

    static let networkFaults: [Fault.Kind] = [.unreachable, .refuse, .auth]

    /// Puts on a host's address what belongs there: its server; nothing, while a fault holds it off the network; or a
    /// gate, where the fault hits only so often.
    private func settleNetwork(of host: String, _ site: FixtureSite) throws(LabError) {
        guard site.presence(of: host, at: record.siteTime) == .up else { return }
        guard let fault = site.activeFault(Self.networkFaults, on: host) else {
            return try running.startServer(of: host, record)
        }
        if site.fixture.faults[fault].times != nil { try startOwn(.gate, host: host, ["@gate", folder.path, host]) }
    }

    /// Turns connections away as often as the faults say, then makes room for the server.
    func guardGate(of host: String) throws(LabError) {
        guard let place = record.host(host) else { throw .unknownHost(host) }
        // The server that was here may take a moment to leave.
        var listener: Int32 = -1
        for _ in 0..<500 where listener < 0 {
            listener = Sockets.listen(place.address, place.port)
            if listener < 0 { MachineTime.sleep(milliseconds: 10) }
        }
        guard listener >= 0 else { throw .didNotStart(host: host, log: "its address is taken") }
        while MachineTime.now < record.endsAt, try isHeld(host) {
            var waiting = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 1_000) > 0 else { continue }
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { continue }
            close(connection)
            _ = try withSite { site throws(LabError) in site.strike(Self.networkFaults, on: host) }
        }
        close(listener)
        try withSite { site throws(LabError) in try settleNetwork(of: host, site) }
    }

    private func isHeld(_ host: String) throws(LabError) -> Bool {
        try withSite { site throws(LabError) in site.activeFault(Self.networkFaults, on: host) != nil }
    }
}
