import Glibc
import RunbookModel
import RunbookSimulation

/// The folder of a lab: where everything is. All of it is the lab's own and goes with it.
struct LabFolder: Hashable, Sendable {
    let path: String

    var claim: String { "\(path)/claim" }
    var record: String { "\(path)/lab" }
    /// There once the lab is up.
    var ready: String { "\(path)/ready" }
    var fixture: String { "\(path)/fixture" }
    var state: String { "\(path)/state" }
    var lock: String { "\(path)/lock" }
    var processes: String { "\(path)/processes" }
    var log: String { "\(path)/lab.log" }
    var inventory: String { "\(path)/inventory.yaml" }
    var knownHosts: String { "\(path)/known_hosts" }
    var clientKey: String { "\(path)/client_key" }
    var labShell: String { "\(path)/bin/lab-shell" }
    var localShell: String { "\(path)/bin/local-shell" }
    var stub: String { "\(path)/bin/stub" }

    func host(_ name: String) -> HostFolder { HostFolder(path: "\(path)/hosts/\(name)") }
}

struct HostFolder: Hashable, Sendable {
    let path: String

    var home: String { "\(path)/home" }
    var stubs: String { "\(path)/bin" }
    var serverConfig: String { "\(path)/sshd_config" }
    var hostKey: String { "\(path)/host_key" }
    var login: String { "\(path)/login" }
    var bootID: String { "\(path)/boot_id" }
    /// A line for each attempt that began, for each question, and for each attempt that came to its end.
    var ran: String { "\(path)/ran.log" }
    var probes: String { "\(path)/probes.log" }
    var ended: String { "\(path)/ended.log" }
    var serverLog: String { "\(path)/sshd.log" }
}

/// What a lab is: written once when it comes up.
struct LabRecord: Hashable, Sendable {
    struct LabHost: Hashable, Sendable {
        var name: String
        var address: String
        var port: Int
    }

    static let title = "blackstart-lab 1"

    var claim: LabClaim
    /// How many times faster than real time the site's clock runs.
    var speed: Int
    /// Absolute path of the program whose `lab-answer` plays the commands.
    var program: String
    var server: String
    /// Monotonic time of the machine, in milliseconds: when site time was zero, and when the lab ends by itself.
    var startedAt: Int64
    var endsAt: Int64
    var hosts: [LabHost] = []

    var text: String {
        var lines = [
            Self.title, claim.line,
            FieldLines.line(["lab", "\(speed)", program, server, "\(startedAt)", "\(endsAt)"]),
        ]
        lines += hosts.map { FieldLines.line(["host", $0.name, $0.address, "\($0.port)"]) }
        return lines.joined(separator: "\n") + "\n"
    }

    static func read(_ folder: LabFolder) throws(LabError) -> LabRecord {
        var lines = try FieldLines.read(folder.record, title: title)[...]
        guard var claim = lines.popFirst(), var head = lines.popFirst(), head.kind == "lab" else {
            throw .damaged(path: folder.record, line: 3)
        }
        var record = LabRecord(
            claim: try LabClaim(&claim), speed: try head.number(), program: try head.text(), server: try head.text(),
            startedAt: try head.number(), endsAt: try head.number())
        guard (1...Lab.speedLimit).contains(record.speed), record.endsAt > record.startedAt else { throw head.damage }
        try head.end()
        for var line in lines {
            guard line.kind == "host" else { throw line.damage }
            record.hosts.append(LabHost(name: try line.text(), address: try line.text(), port: try line.number()))
            try line.end()
        }
        return record
    }

    func host(_ name: String) -> LabHost? { hosts.first { $0.name == name } }

    /// Site time now, in milliseconds.
    var siteTime: Int64 {
        let (scaled, overflow) = (MachineTime.now - startedAt).multipliedReportingOverflow(by: Int64(speed))
        return overflow ? .max : scaled
    }

    /// How long on this machine, in milliseconds, until this site time.
    func wait(until siteTime: Int64) -> Int64 {
        let left = siteTime.subtractingReportingOverflow(self.siteTime)
        return left.overflow ? .max : max(0, left.partialValue) / Int64(speed)
    }
}

/// The machine's own time, which no one sets.
enum MachineTime {
    /// Milliseconds since the machine booted, asleep or awake.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Sleeps, also over signals; at most to `end`.
    static func sleep(milliseconds: Int64, end: Int64 = .max) {
        let (sum, overflow) = now.addingReportingOverflow(max(0, milliseconds))
        let until = min(overflow ? .max : sum, end)
        while case let left = until - now, left > 0 {
            let slice = min(left, 3_600_000)
            var time = timespec(tv_sec: Int(slice / 1_000), tv_nsec: Int(slice % 1_000) * 1_000_000)
            nanosleep(&time, nil)
        }
    }
}

/// A lab that is up, as one process sees it: changes of its site happen one at a time, under the lab's lock.
struct LabSite: Sendable {
    let folder: LabFolder
    let record: LabRecord
    private let fixture: Fixture

    init(_ path: String) throws(LabError) {
        folder = LabFolder(path: path)
        guard Files.exists(folder.claim) else { throw .notALab(path) }
        record = try LabRecord.read(folder)
        fixture = try FixtureText.read(folder.fixture)
    }

    func withSite<Result>(_ body: (inout FixtureSite) throws(LabError) -> Result) throws(LabError) -> Result {
        try Files.withLock(folder.lock) { () throws(LabError) -> Result in
            var site = FixtureSite(fixture, salt: record.claim.token, state: try StateText.read(folder.state))
            let before = site.state
            let result = try body(&site)
            if site.state != before { try Files.write(StateText.write(site.state), to: folder.state) }
            return result
        }
    }
}
