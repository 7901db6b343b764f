import Foundation
import RunbookLab
import RunbookModel
import Testing

/// A lab of three hosts behind real OpenSSH servers, asked with the stock client.
@Suite("The lab", .serialized)
struct LabTests {
    @Test("hosts answer from the fixture over SSH, each with a home and a boot id of its own")
    func answers() throws {
        try TestLab.with { lab throws in
            #expect(lab.summary.hosts.map(\.answers) == [true, false, true])
            #expect(lab.summary.hosts.map(\.isOff) == [false, true, false])
            #expect(try lab.ask("san1", "zpool list -H") == Said(1, "", "no such pool\n"))
            #expect(try lab.submit("san1", step: "pool", "zpool import tank") == Said(0, "importing\n"))
            #expect(try lab.ask("san1", step: "pool", "zpool list -H") == Said(0, "ONLINE\n"))
            #expect(try lab.ask("san1", "echo \"two\nlines\" | sort") == Said(0, "lines\ntwo\n"))
            #expect(
                try Lab.commandsPlayed(folder: lab.summary.folder, host: "san1") == [
                    LabCommand(step: "", command: "zpool list -H"),
                    LabCommand(step: "pool", command: "zpool import tank"),
                    LabCommand(step: "pool", command: "zpool list -H"),
                    LabCommand(step: "", command: "echo \"two\nlines\" | sort"),
                ])
            let facts = "echo $HOME $BLACKSTART_BOOT_ID; pwd"
            let (one, other) = (try lab.ssh("san1", facts), try lab.ssh("box", facts))
            let boot = try #require(lab.file("hosts/san1/boot_id")?.split(separator: "\n").first)
            let home = "\(lab.summary.folder)/hosts/san1/home"
            #expect(one == Said(0, "\(home) \(boot)\n\(home)\n"))
            #expect(other.status == 0 && other.stdout != one.stdout)
        }
    }

    @Test("a command without an answer fails as loudly as in a simulation, and is told by the status")
    func unknown() throws {
        try TestLab.with { lab throws in
            let said = Said(127, "", "blackstart fixture: no answer for `hostname -f` on box\n")
            #expect(try lab.ask("box", "hostname -f") == said)
            #expect(try Lab.status(folder: lab.summary.folder).uncovered == ["box: hostname -f"])
            #expect(try Lab.status(folder: lab.summary.folder).hosts.map(\.commands) == [0, 0, 1])
        }
    }

    @Test("a submitted command is the text of a file, and a command typed by hand is played too")
    func forms() throws {
        try TestLab.with { lab throws in
            let submitted = try lab.ssh("san1", "printf 'zpool list\\n' >run; \"$BLACKSTART_SHELL\" run")
            #expect(submitted == Said(1, "", "no such pool\n"))
            #expect(try lab.ssh("san1", "zpool list") == Said(1, "", "no such pool\n"))
            #expect(
                try lab.ssh("san1", "BLACKSTART_COMMAND='zpool list' \"$BLACKSTART_SHELL\" -c 'X=1; zpool list'").status
                    == 1)
            #expect(try lab.ssh("box", "true") == Said(0), "what scripts need stays the real tool")
            let local = try run(lab.summary.localShell, ["-c", "date"])
            #expect(local == Said(127, "", "blackstart fixture: no answer for `date` on local\n"))
        }
    }

    @Test("a host that is switched on refuses until it has booted, with a new boot id")
    func powerOn() throws {
        try TestLab.with { lab throws in
            let before = lab.file("hosts/hv1/boot_id")
            #expect(try lab.ask("hv1", "uptime").status == 255)
            #expect(try lab.submit("box", "ipmitool -H hv1 on").status == 0)
            #expect(try lab.ask("hv1", attempts: 30, "uptime") == Said(0, "up\n"))
            #expect(before != nil && lab.file("hosts/hv1/boot_id") != before)
        }
    }

    @Test("a host that is switched off takes what runs with it, and no one writes down an end")
    func powerOff() throws {
        try TestLab.with { lab throws in
            let runner = "printf wait >run; (\"$BLACKSTART_SHELL\" run; echo $? >ended) & echo started; wait"
            let session = try start("/usr/bin/ssh", lab.arguments("san1", step: nil, attempts: 1, runner))
            #expect(try session.stdout.read(upToCount: 8) == Data("started\n".utf8))
            #expect(try lab.submit("box", "ipmitool -H san1 off").status == 0)
            #expect(try session.end().status == 255)
            #expect(lab.file("hosts/san1/home/ended") == nil)
            #expect(try lab.ask("san1", "zpool list").status == 255)
            #expect(try Lab.status(folder: lab.summary.folder).hosts.map(\.answers) == [false, false, true])
        }
    }

    @Test("a host that switches itself off says so first, and comes back with a new boot id")
    func ownPower() throws {
        try TestLab.with { lab throws in
            let before = try lab.ssh("san1", "echo $BLACKSTART_BOOT_ID").stdout
            #expect(
                try lab.ssh("san1", "printf poweroff >run; \"$BLACKSTART_SHELL\" run; echo $? >ended").stdout == "bye\n"
            )
            let waiting = "for i in $(seq 100); do [ -e /proc/$PPID ] || exit; sleep 0.1; done"
            #expect(try lab.ssh("san1", waiting).status == 255)
            #expect(lab.file("hosts/san1/home/ended") == "0\n")
            let after = try lab.ssh("san1", attempts: 30, "echo $BLACKSTART_BOOT_ID")
            #expect(after.status == 0 && after.stdout != before)
        }
    }

    @Test("reboot and cut of a host are there for tests: the one kills what runs, the other does not")
    func rebootAndCut() throws {
        try TestLab.with { lab throws in
            let runner = "printf 'zpool import t' >run; setsid \"$BLACKSTART_SHELL\" run >out 2>&1 & echo started; wait"
            let cut = try start("/usr/bin/ssh", lab.arguments("san1", step: nil, attempts: 1, runner))
            #expect(try cut.stdout.read(upToCount: 8) == Data("started\n".utf8))
            try Lab.cutConnections(folder: lab.summary.folder, host: "san1")
            #expect(try cut.end().status == 255)
            let online = "for i in $(seq 100); do grep -q importing out && exit; sleep 0.1; done; exit 1"
            #expect(try lab.ssh("san1", online).status == 0)
            let boot = lab.file("hosts/san1/boot_id")
            try Lab.reboot(folder: lab.summary.folder, host: "san1")
            #expect(try lab.ask("san1", "zpool list").status == 255)
            #expect(try lab.ask("san1", attempts: 30, "zpool list") == Said(0, "ONLINE\n"))
            #expect(lab.file("hosts/san1/boot_id") != boot)
            #expect(throws: LabError.unknownHost("x")) { try Lab.reboot(folder: lab.summary.folder, host: "x") }
        }
    }

    @Test("drop cuts the connection in mid-command, and the command goes on")
    func drop() throws {
        try TestLab.with(labFixture(faults: [fault(.drop, "san1", times: 1)])) { lab throws in
            #expect(try lab.ask("san1", "zpool list").status == 1, "questions are not hit")
            #expect(try lab.ssh("san1", "printf 'zpool import t' >run; \"$BLACKSTART_SHELL\" run").status == 255)
            let online = "for i in $(seq 100); do zpool list && exit; sleep 0.1; done; exit 1"
            #expect(try lab.ssh("san1", online).status == 0)
            #expect(try lab.submit("san1", "zpool import t").status == 0, "it hits once")
        }
    }

    @Test("hang never ends by itself, and is killed like any command")
    func hang() throws {
        try TestLab.with(labFixture(faults: [fault(.hang, "san1")]), speed: 1_000) { lab throws in
            let run = "printf 'zpool import t' >run; timeout 1 \"$BLACKSTART_SHELL\" run"
            #expect(try lab.ssh("san1", run).status == 124)
            #expect(try lab.ask("san1", "zpool list").status == 1)
        }
    }

    @Test("a fault from a step takes a host off the network when that step comes, as often as it says")
    func fromStep() throws {
        let faults = [fault(.unreachable, "san1", from: "late", times: 2), fault(.refuse, "box", from: "never")]
        try TestLab.with(labFixture(faults: faults)) { lab throws in
            #expect(try lab.ask("san1", step: "early", "zpool list").status == 1)
            #expect(try lab.ask("box", step: "late", "true") == Said(0, "done\n"))
            #expect(try lab.ask("san1", step: "late", attempts: 1, "zpool list").status == 255)
            #expect(try lab.ask("san1", step: "late", attempts: 30, "zpool list").status == 255)
            #expect(try lab.ask("san1", step: "late", attempts: 30, "zpool list").status == 1)
            #expect(try Lab.commandsPlayed(folder: lab.summary.folder, host: "san1").count == 2)
        }
    }

    @Test("a session of the step itself is turned away before it does anything")
    func turnedAway() throws {
        try TestLab.with(labFixture(faults: [fault(.refuse, "san1", from: "late")])) { lab throws in
            #expect(try lab.ssh("san1", step: "late", "echo here; touch was-here").status == 255)
            #expect(lab.file("hosts/san1/home/was-here") == nil)
            #expect(try lab.ask("san1", "zpool list").status == 255)
        }
    }

    @Test("a host that a fault keeps off the network from the start has no server")
    func fromStart() throws {
        try TestLab.with(labFixture(faults: [fault(.unreachable, "box")])) { lab throws in
            #expect(lab.summary.hosts.map(\.answers) == [true, false, false])
        }
    }

    @Test("down leaves no process and no folder, and a lab ends by itself when its time is over")
    func down() throws {
        try TestLab.with { lab throws in
            let runner = "printf wait >run; setsid \"$BLACKSTART_SHELL\" run >/dev/null 2>&1 & echo started"
            #expect(try lab.ssh("san1", runner) == Said(0, "started\n"))
            let token = try #require(lab.file("lab")?.split(separator: "\n")[1].split(separator: "\t")[1])
            #expect(try lab.processes().count >= 4)
            try Lab.down(folder: lab.summary.folder)
            #expect(TestLab.processes(folder: lab.summary.folder, token: String(token)).isEmpty)
            #expect(!FileManager.default.fileExists(atPath: lab.summary.folder))
            #expect(throws: LabError.notALab(lab.summary.folder)) { try Lab.down(folder: lab.summary.folder) }
        }
        try TestLab.with(lifetime: .seconds(1)) { lab throws in
            let token = try #require(lab.file("lab")?.split(separator: "\n")[1].split(separator: "\t")[1])
            let watch = try #require(lab.file("processes")?.split(separator: "\n").first { $0.hasPrefix("watch") })
            // Ends when the watch has ended, or after half a minute.
            _ = try run(
                "/usr/bin/timeout", ["30", "tail", "-f", "--pid=\(watch.split(separator: "\t")[1])", "/dev/null"])
            #expect(!FileManager.default.fileExists(atPath: lab.summary.folder))
            #expect(TestLab.processes(folder: lab.summary.folder, token: String(token)).isEmpty)
        }
    }
}
