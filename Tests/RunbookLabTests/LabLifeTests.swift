import Foundation
import RunbookLab
import RunbookModel
import RunbookSimulation
import TestTools
import Testing

extension LabTests {
    /// How a lab comes and goes, and what it leaves alone.
    @Suite("comes and goes", .serialized)
    struct LifeTests {
        @Test("down leaves no process and no folder, whatever runs on the hosts")
        func down() throws {
            try TestLab.with { lab throws in
                let folder = lab.summary.folder
                let runner = "printf wait >run; setsid \"$BLACKSTART_SHELL\" run >/dev/null 2>&1 & echo started"
                #expect(try lab.ssh("san1", runner) == Said(0, "started\n"))
                let token = try TestLab.token(folder)
                #expect(TestLab.processes(folder: folder, token: token).count >= 4)
                try Lab.down(folder: folder)
                #expect(TestLab.processes(folder: folder, token: token).isEmpty)
                #expect(!FileManager.default.fileExists(atPath: folder))
                #expect(throws: LabError.notALab(folder)) { try Lab.down(folder: folder) }
            }
        }

        @Test("a lab ends by itself when its time is over")
        func lifetime() throws {
            try TestLab.with(lifetime: .seconds(1)) { lab throws in
                let token = try TestLab.token(lab.summary.folder)
                #expect(try TestLab.endsByItself(lab.summary.folder, token: token))
            }
        }

        @Test("a lab ends by itself when its folder is removed by hand")
        func folderRemoved() throws {
            let folder = TestLab.freshFolder()
            try TestLab.up(folder)
            let token = try TestLab.token(folder)
            try FileManager.default.removeItem(atPath: folder)
            #expect(TestLab.processes(folder: folder, token: token).count == 3)
            #expect(try TestLab.endsByItself(folder, token: token))
        }

        @Test("a lab outlives a controller that is killed, and still ends in time")
        func controllerKilled() async throws {
            let folder = TestLab.freshFolder()
            await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String] in
                _ = try TestLab.up(folder, lifetime: .seconds(4))
                kill(getpid(), SIGKILL)
            }
            let token = try TestLab.token(folder)
            #expect(try Lab.status(folder: folder).hosts.map(\.answers) == [true, false, true])
            #expect(try TestLab.endsByItself(folder, token: token))
        }

        @Test("a lab whose making was killed ends by itself")
        func halfMade() async throws {
            let folder = TestLab.freshFolder()
            await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String] in
                TestLab.killSelf(when: "\(folder)/processes", hasLines: 4)
                _ = try TestLab.up(folder, inventory: manyHosts)
            }
            let token = try TestLab.token(folder)
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/ready"))
            #expect(try TestLab.endsByItself(folder, token: token))
        }

        @Test("a lab that was killed before anything ran is taken down like any")
        func claimOnly() async throws {
            let folder = TestLab.freshFolder()
            await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String] in
                TestLab.killSelf(when: "\(folder)/fixture", hasLines: 2)
                _ = try TestLab.up(folder, inventory: manyHosts)
            }
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/processes"))
            #expect(throws: LabError.folderInUse(folder)) { try TestLab.up(folder) }
            try Lab.down(folder: folder)
            #expect(!FileManager.default.fileExists(atPath: folder))
        }

        @Test("two that want one folder: one gets it, the other leaves it unharmed")
        func twice() throws {
            let folder = TestLab.freshFolder()
            let (winners, losers) = (Lock<[LabSummary]>([]), Lock<[LabError?]>([]))
            DispatchQueue.concurrentPerform(iterations: 2) { _ in
                do {
                    let summary = try TestLab.up(folder)
                    winners.withLock { $0.append(summary) }
                } catch {
                    losers.withLock { $0.append(error as? LabError) }
                }
            }
            #expect(losers.withLock { $0 } == [.folderInUse(folder)])
            let lab = TestLab(summary: try #require(winners.withLock { $0.first }))
            #expect(try lab.ask("box", "true") == Said(0, "done\n"))
            try Lab.down(folder: folder)
        }

        @Test("labs stand side by side on ports of their own, and one going down leaves the other alone")
        func sideBySide() throws {
            try TestLab.with { one throws in
                try TestLab.with { other throws in
                    #expect(one.summary.hosts.map(\.address) == other.summary.hosts.map(\.address))
                    #expect(Set(one.summary.hosts.map(\.port)).isDisjoint(with: other.summary.hosts.map(\.port)))
                    try Lab.reboot(folder: one.summary.folder, host: "san1")
                    try Lab.down(folder: one.summary.folder)
                    #expect(try other.ask("san1", "zpool list").status == 1)
                }
            }
        }

        @Test("a folder with something in it is refused and left as it is")
        func folderInUse() throws {
            let folder = TestLab.freshFolder()
            try FileManager.default.createDirectory(atPath: "\(folder)/mine", withIntermediateDirectories: true)
            #expect(throws: LabError.folderInUse(folder)) { try TestLab.up(folder) }
            #expect(throws: LabError.notALab(folder)) { try Lab.down(folder: folder) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["mine"])
            try FileManager.default.removeItem(atPath: folder)
        }

        @Test("an empty folder that is there already is taken, and closed to others")
        func emptyFolder() throws {
            let folder = TestLab.freshFolder()
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o777])
            _ = try TestLab.up(folder)
            let mode = try FileManager.default.attributesOfItem(atPath: folder)[.posixPermissions] as? Int
            #expect(mode == 0o700)
            try Lab.down(folder: folder)
        }

        /// Someone else's process in the list of a lab: with another start time its number was given away; and after a
        /// boot of the machine even number and start time say nothing.
        @Test("down ends no process that the lab did not start", arguments: ["another start", "another boot"])
        func strangers(_ difference: String) throws {
            try TestLab.with { lab throws in
                let stranger = try start("/bin/sleep", ["300"])
                let pid = stranger.process.processIdentifier
                let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
                var started = try #require(Int(stat.split(separator: " ")[21]))
                if difference == "another start" {
                    started -= 1
                } else {
                    let claim = try #require(lab.file("claim")).split(separator: "\t", omittingEmptySubsequences: false)
                    let other = (claim[..<2] + ["0"] + claim[3...]).joined(separator: "\t")
                    try other.write(toFile: "\(lab.summary.folder)/claim", atomically: false, encoding: .utf8)
                }
                let list = try #require(lab.file("processes")) + "server\tsan1\t\(pid)\t\(started)\n"
                try list.write(toFile: "\(lab.summary.folder)/processes", atomically: false, encoding: .utf8)
                let token = try TestLab.token(lab.summary.folder)
                try Lab.down(folder: lab.summary.folder)
                #expect(stranger.process.isRunning)
                #expect(TestLab.processes(folder: lab.summary.folder, token: token).isEmpty)
                kill(pid, SIGKILL)
                stranger.process.waitUntilExit()
            }
        }

        @Test("the written inventory has the same hosts and groups, at the lab's addresses")
        func inventory() throws {
            try TestLab.with { lab throws in
                let port = try #require(lab.summary.hosts.first).port
                let login = try said(by: ["/usr/bin/id", "-un"]).stdout.split(separator: "\n")[0]
                let expected = """
                    version: 1
                    name: "Data \\"North\\" (lab)"
                    lab_speed: 100
                    lab_shell: "\(lab.summary.folder)/bin/local-shell"
                    defaults:
                      user: "\(login)"
                      identity_file: "\(lab.summary.folder)/client_key"
                      known_hosts: "\(lab.summary.folder)/known_hosts"
                    hosts:
                      "san1":
                        kind: appliance
                        address: "127.77.0.1"
                        port: \(port)
                        location: "room 0.14, rack 1"
                        bmc: "10.9.0.11"
                        receipts: false
                      "hv1":
                        address: "127.77.0.2"
                        port: \(port)
                      "box":
                        address: "127.77.0.3"
                        port: \(port)
                    groups:
                      "servers": ["hv1", "box"]

                    """
                #expect(lab.summary.inventoryPath == "\(lab.summary.folder)/inventory.yaml")
                #expect(lab.file("inventory.yaml") == expected)
            }
        }
    }
}

/// Enough hosts to be interrupted in the middle of.
let manyHosts: Inventory = {
    var inventory = Inventory(path: "inventory.yaml", name: "many")
    inventory.hosts = (1...40).map { Host(name: "h\($0)", address: "10.0.0.\($0)", at: place) }
    return inventory
}()

extension TestLab {
    @discardableResult
    static func up(
        _ folder: String, inventory: Inventory = labInventory(), lifetime: Duration = .seconds(300)
    ) throws -> LabSummary {
        try Lab.up(
            fixture: labFixture(), inventory: inventory, folder: folder, speed: 100, program: program,
            lifetime: lifetime)
    }

    /// Kills this process as soon as a file has so many lines.
    static func killSelf(when path: String, hasLines count: Int) {
        Thread.detachNewThread {
            while true {
                let lines = FileManager.default.contents(atPath: path)?.count { $0 == UInt8(ascii: "\n") } ?? 0
                if lines >= count { kill(getpid(), SIGKILL) }
                sched_yield()
            }
        }
    }
}
