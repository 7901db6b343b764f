import Foundation
import RunbookLab
import RunbookModel
import TestTools
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
            let (attempts, probes) = (try lab.attempts("san1"), try lab.probes("san1"))
            #expect(attempts.map { [$0.host, $0.step, $0.command] } == [["san1", "pool", "zpool import tank"]])
            #expect(
                probes.map { [$0.step, $0.command] } == [
                    ["", "zpool list -H"], ["pool", "zpool list -H"], ["", "echo \"two\nlines\" | sort"],
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
            #expect(
                try Lab.status(folder: lab.summary.folder).hosts.map { [$0.attempts, $0.probes] } == [
                    [0, 0], [0, 0], [0, 1],
                ])
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
            let local = try said(by: [lab.summary.localShell, "-c", "date"])
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
            // What turns it away may not listen yet: only a connection that was made counts.
            #expect(try lab.ask("san1", step: "late", attempts: 30, "zpool list").status == 255)
            #expect(try lab.ask("san1", step: "late", attempts: 30, "zpool list").status == 255)
            #expect(try lab.ask("san1", step: "late", attempts: 30, "zpool list").status == 1)
            #expect(try lab.probes("san1").count == 2)
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

    @Test("an attempt is logged under its receipt when it begins and when it ends; a question is logged apart")
    func logs() throws {
        try TestLab.with(speed: 60) { lab throws in
            let folder = ".blackstart/receipts/r1/pool.san1.2"
            let submit = """
                mkdir -p ~/\(folder) && cd ~/\(folder) && printf 'zpool import tank' >run && printf 'zpool list' >check
                "$BLACKSTART_SHELL" check; cd / && "$BLACKSTART_SHELL" ~/\(folder)/run
                """
            #expect(try lab.ssh("san1", step: "pool", submit) == Said(0, "importing\n", "no such pool\n"))
            let attempt = try #require(try lab.attempts("san1").first)
            #expect(attempt.receipt == "r1/pool.san1.2" && attempt.step == "pool" && attempt.host == "san1")
            #expect(try lab.probes("san1").map(\.command) == ["zpool list"])
            let ended = try #require(lab.file("hosts/san1/ended.log")?.split(separator: "\n").first).split(
                separator: "\t")
            #expect(ended.dropFirst() == ["san1", "pool", "r1/pool.san1.2", "zpool import tank", "0"])
            // 40 s at speed 60, and what a loaded machine adds.
            let took = try #require(Int64(ended[0])) - attempt.time
            #expect((666..<5_000).contains(took))
        }
    }

    @Test("fifty commands at once are all played, each with a line of its own")
    func parallel() throws {
        try TestLab.with { lab throws in
            let all = "for i in $(seq 50); do BLACKSTART_ATTEMPT=1 \"$BLACKSTART_SHELL\" -c 'true' & done; wait"
            #expect(try lab.ssh("box", all) == Said(0, String(repeating: "done\n", count: 50)))
            #expect(try lab.attempts("box").map(\.command) == Array(repeating: "true", count: 50))
        }
    }

    @Test("a damaged state is an error with its line, and plays nothing")
    func damaged() throws {
        try TestLab.with { lab throws in
            let state = "\(lab.summary.folder)/state"
            try Data("blackstart-lab-state 1\nboots\tsan1\tmany\n".utf8).write(to: URL(fileURLWithPath: state))
            let words = "blackstart lab: error: \(state):2: this line is damaged\n"
            #expect(try lab.submit("san1", "zpool list") == Said(125, "", words))
            #expect(try lab.attempts("san1").isEmpty)
        }
    }
}
