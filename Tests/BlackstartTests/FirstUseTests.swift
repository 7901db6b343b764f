import Foundation
import TestTools
import Testing

@Suite("The first minutes")
struct FirstUseTests {
    @Test("init writes a site that check finds good and a dry run brings up, word for word")
    func begin() throws {
        let program = try Program()
        #expect(
            try program("init site")
                == Said(
                    0,
                    """
                    Wrote site/runbook.yaml, site/inventory.yaml, site/fixture.yaml, and site/schema/ for editors.
                    Try:  blackstart check site/runbook.yaml
                          blackstart dry-run site/runbook.yaml --fixture site/fixture.yaml

                    """))
        #expect(
            try program("check site/runbook.yaml")
                == Said(
                    0,
                    """
                    site/runbook.yaml: no errors, 1 warning. 5 steps, 5 tasks.

                    WARNING  PLAN-ORPHAN  site/runbook.yaml:1:1
                        The runbook does not say: `plan`, `approver`, `reviewed`.
                        Fix: name the emergency plan that it is part of, who owns it, who has
                        approved it, and when it was reviewed.

                    Preparedness: 1 warning. `blackstart check --explain RULE` tells more.
                    Not looked at, because the inventory says nothing of it: services, placed_on,
                    domains, redundancy, protection, capacity, backup, snapshot, health, people,
                    scenarios, packs, drills.

                    """))
        let rehearsal = try program("dry-run site/runbook.yaml --fixture site/fixture.yaml --run-id t")
        #expect(
            rehearsal
                == Said(
                    0,
                    """
                    DRY RUN                                                  2026-01-15 03:00:00 UTC
                      Inventory site/inventory.yaml, 2 machines, 2 used
                    Restart of a small site
                      Use when  Everything was off, and power is back.
                      Not when  Only one service failed.
                      Size      5 steps, 5 tasks on 2 hosts
                      Time      about 7 minutes if nothing goes wrong
                      Needs you Confirm power
                    Dry run t on Everything comes up

                    03:00:00  YOUR-TURN  1  Confirm power
                    03:02:00             1  Confirm power  ups_charge: 87
                    03:02:00             1  Confirm power  fixture operator answered done
                    03:02:00  OK         1  Confirm power  done by hand (fixture operator)
                    03:02:00  RUNNING    2  Import the storage pool  storage
                    03:02:40  OK         2  Import the storage pool  storage  verified: ONLINE
                    03:02:40            Checkpoint "storage" is reached: a point to roll back to.
                    03:02:40  OK         3  Storage is up
                    03:02:40  RUNNING    4  Start the database  server
                    03:02:52  OK         4  Start the database  server  verified: active
                    03:02:52  RUNNING    5  Start the application  server
                    03:03:00  OK         5  Start the application  server  verified: active

                    DONE. 3 verified, 1 confirmed by a person.
                      This session took 3 minutes.
                      On record: blackstart journal show t

                    """,
                    """
                    blackstart: made an operator key at \(program.scratch.path)/home/keys/operator; it signs your journals
                    The fixture answered with 8 of its 11 answers.

                    """))
    }

    @Test("init never writes over what is there")
    func again() throws {
        let program = try Program(["site": "mine"])
        #expect(try program("init site").status == 64)
        #expect(try program.scratch.text("site") == "mine")
        #expect(try program("init other").status == 0)
        let before = try program.scratch.text("other/runbook.yaml")
        #expect(try program("init other").status == 64)
        #expect(try program.scratch.text("other/runbook.yaml") == before)
    }

    @Test("two dry runs of one fixture write the same journal but for keys and signatures")
    func repeatable() throws {
        let program = try Program()
        _ = try program("init site")
        func events(_ name: String) throws -> [String] {
            let said = try program(
                "dry-run site/runbook.yaml --fixture site/fixture.yaml --run-id \(name) --output json")
            #expect(said.status == 0)
            return said.lines.map { $0.replacingOccurrences(of: "\"run\":\"\(name)\"", with: "") }
        }
        let first = try events("a")
        #expect(first.count > 15)
        #expect(try events("b") == first)
    }

    struct Shipped: Sendable, CustomTestStringConvertible {
        var fixture: String
        var status: Int32
        var ends: String

        var testDescription: String { fixture }
    }

    @Test(
        "the runbook we ship comes out of each fixture as the fixture's own words say",
        arguments: [
            Shipped(fixture: "cold-start", status: 0, ends: "DONE. 25 verified, 2 confirmed by a person."),
            Shipped(fixture: "cold-start-dark-host", status: 3, ends: "FINISHED WITH GAPS."),
            Shipped(fixture: "cold-start-crash", status: 0, ends: "DONE. 25 verified, 2 confirmed by a person."),
        ])
    func shipped(_ row: Shipped) throws {
        let program = try Program()
        let said = try program(
            "dry-run \(Program.project)/runbooks/cold-start.yaml --run-id r "
                + "--fixture \(Program.project)/Fixtures/\(row.fixture).yaml")
        #expect(said.status == row.status, "\(said.stderr)")
        #expect(said.lines.contains { $0.hasPrefix(row.ends) }, "\(said.stdout.suffix(600))")
        #expect(!said.stderr.contains("error"))
        #expect(try program("journal verify r").status == 0)
    }

    @Test("no fixture of ours is left out of the row above")
    func all() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(Program.project)/Fixtures")
        #expect(files.count == 3)
    }
}
