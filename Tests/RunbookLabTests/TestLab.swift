import Foundation
import RunbookLab
import RunbookModel
import TestTools
import Testing

let place = SourcePlace(path: "fixture.yaml", line: 3, column: 5)

func answer(
    _ pattern: String, takes: Duration = .zero, when: [StateValue] = [], set: [StateValue] = [], stdout: String = "",
    stderr: String = "", exit: Int = 0
) -> Answer {
    var answer = Answer(.run(pattern), at: place)
    answer.takes = takes
    answer.when = when
    answer.set = set
    answer.stdout = stdout
    answer.stderr = stderr
    answer.exit = exit
    return answer
}

func fault(_ kind: Fault.Kind, _ host: String, from: String? = nil, times: Int? = nil) -> Fault {
    var fault = Fault(kind, host: host, at: place)
    fault.from = from.map { Named($0, at: place) }
    fault.times = times
    return fault
}

/// Storage, a hypervisor that is off, and a machine that switches both.
func labFixture(faults: [Fault] = []) -> Fixture {
    var fixture = Fixture(path: "fixture.yaml", name: "three hosts", clock: 1_768_446_000_000, seed: 7)
    var san = FixtureHost(pattern: "san1", at: place)
    san.boot = .seconds(60)
    san.state = [StateValue(key: "pool", value: "exported")]
    san.answers = [
        answer(
            "zpool import*", takes: .seconds(40), set: [StateValue(key: "pool", value: "ONLINE")], stdout: "importing\n"
        ),
        answer("zpool list*", when: [StateValue(key: "pool", value: "ONLINE")], stdout: "ONLINE\n"),
        answer("zpool list*", stderr: "no such pool\n", exit: 1),
        answer("echo \"two\nlines\" | sort", stdout: "lines\ntwo\n"),
        answer("poweroff", set: [StateValue(key: "power", value: "cycle")], stdout: "bye\n"),
        answer("wait", takes: .seconds(360_000)),
    ]
    var hypervisor = FixtureHost(pattern: "hv?", at: place)
    hypervisor.boot = .seconds(60)
    hypervisor.state = [StateValue(key: "power", value: "off")]
    hypervisor.answers = [answer("uptime", stdout: "up\n")]
    var box = FixtureHost(pattern: "box", at: place)
    box.answers = [
        answer("ipmitool * on", set: [StateValue(host: "hv1", key: "power", value: "on")]),
        answer("ipmitool * off", set: [StateValue(host: "san1", key: "power", value: "off")]),
        answer("true", stdout: "done\n"),
    ]
    fixture.hosts = [san, hypervisor, box]
    fixture.faults = faults
    return fixture
}

func labInventory() -> Inventory {
    var inventory = Inventory(path: "inventory.yaml", name: "Data \"North\"")
    var san = Host(name: "san1", address: "10.0.0.11", at: place)
    san.kind = .appliance
    san.bmc = "10.9.0.11"
    san.location = "room 0.14, rack 1"
    san.receipts = false
    inventory.hosts = [
        san, Host(name: "hv1", address: "10.0.1.1", at: place), Host(name: "box", address: "10.0.0.5", at: place),
    ]
    inventory.groups = [
        Group(name: "servers", members: [Named("hv1", at: place), Named("box", at: place)], place: place)
    ]
    return inventory
}

/// A program that runs beside the test.
struct Running {
    var process: Process
    var stdout: FileHandle
    var stderr: FileHandle

    func end() throws -> Said {
        let said = String(decoding: try stdout.readToEnd() ?? Data(), as: UTF8.self)
        let complained = String(decoding: try stderr.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return Said(process.terminationStatus, said, complained)
    }
}

func start(_ program: String, _ arguments: [String]) throws -> Running {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let (stdout, stderr) = (Pipe(), Pipe())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = stdout
    process.standardError = stderr
    try process.run()
    return Running(process: process, stdout: stdout.fileHandleForReading, stderr: stderr.fileHandleForReading)
}

/// A lab of a test, and the stock OpenSSH client in front of it.
struct TestLab {
    let summary: LabSummary

    /// The program that is being built, beside the tests.
    static let program: String = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("blackstart").path
    }()

    static func freshFolder() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("lab-\(UUID().uuidString)").path
    }

    /// Brings a lab up for the length of `body`, and takes it down whatever happens.
    static func with(
        _ fixture: Fixture = labFixture(), speed: Int = 100, lifetime: Duration = .seconds(300),
        _ body: (TestLab) throws -> Void
    ) throws {
        let folder = freshFolder()
        let summary = try Lab.up(
            fixture: fixture, inventory: labInventory(), folder: folder, speed: speed, program: program,
            lifetime: lifetime)
        do {
            try body(TestLab(summary: summary))
        } catch {
            try Lab.down(folder: folder)
            throw error
        }
        if FileManager.default.fileExists(atPath: folder) { try Lab.down(folder: folder) }
    }

    func arguments(_ host: String, step: String?, attempts: Int, _ command: String) throws -> [String] {
        let place = try #require(summary.hosts.first { $0.name == host })
        var arguments = [
            "-F", "none", "-i", "\(summary.folder)/client_key", "-o",
            "UserKnownHostsFile=\(summary.folder)/known_hosts",
            "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-o",
            "IdentitiesOnly=yes",
            "-o", "ConnectionAttempts=\(attempts)", "-p", "\(place.port)",
        ]
        if let step { arguments += ["-o", "SetEnv=BLACKSTART_STEP=\(step)"] }
        return arguments + [place.address, command]
    }

    func ssh(_ host: String, step: String? = nil, attempts: Int = 1, _ command: String) throws -> Said {
        try said(by: ["/usr/bin/ssh"] + arguments(host, step: step, attempts: attempts, command))
    }

    /// Asks a question as a probe does.
    func ask(_ host: String, step: String? = nil, attempts: Int = 1, _ text: String) throws -> Said {
        try ssh(host, step: step, attempts: attempts, "\"$BLACKSTART_SHELL\" -c \(ShellWord.quote(text))")
    }

    /// A submitted command, as a host without receipts runs it.
    func submit(_ host: String, step: String? = nil, _ text: String) throws -> Said {
        try ssh(host, step: step, "BLACKSTART_ATTEMPT=1 \"$BLACKSTART_SHELL\" -c \(ShellWord.quote(text))")
    }

    func file(_ path: String) -> String? {
        try? String(contentsOfFile: "\(summary.folder)/\(path)", encoding: .utf8)
    }

    func attempts(_ host: String) throws -> [LabCommand] { try Lab.attempts(folder: summary.folder, host: host) }
    func probes(_ host: String) throws -> [LabCommand] { try Lab.probes(folder: summary.folder, host: host) }

    /// What marks the processes of a lab.
    static func token(_ folder: String) throws -> String {
        let text = try String(contentsOfFile: "\(folder)/claim", encoding: .utf8)
        return String(try #require(text.split(separator: "\n").dropFirst().first).split(separator: "\t")[1])
    }

    /// Whether the lab is gone within half a minute, with its folder and all its processes.
    static func endsByItself(_ folder: String, token: String) throws -> Bool {
        for _ in 0..<300 {
            let folderIsThere = FileManager.default.fileExists(atPath: folder)
            if !folderIsThere, processes(folder: folder, token: token).isEmpty { return true }
            _ = try said(by: ["/bin/sleep", "0.1"])
        }
        return false
    }

    /// Numbers of all processes that name the lab's folder or were started with its token.
    static func processes(folder: String, token: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.filter { Int($0) != nil && Int32($0) != getpid() }.filter { pid in
            [("environ", "BLACKSTART_LAB_TOKEN=\(token)"), ("cmdline", folder)].contains { file, word in
                guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/\(file)") else { return false }
                return bytes.range(of: Data(word.utf8)) != nil
            }
        }
    }
}
