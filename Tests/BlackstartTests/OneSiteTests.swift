import Foundation
import TestTools
import Testing

@Suite("One site, one run", .serialized)
struct OneSiteTests {
    private static func runbook(_ name: String, on host: String, _ command: String, _ more: String = "") -> String {
        """
        version: 1
        name: \(name)
        inventory: inventory.yaml
        steps:
        - { id: one, name: One, hosts: \(host), run: "\(command)", undo: { run: "true" } }
        - { id: here, name: Here, checkpoint: here, needs: [one] }
        \(more)
        """
    }

    private static let fails = #"- { id: two, name: Two, hosts: local, needs: [here], run: "test -e mended" }"#

    private static let files = [
        "stuck.yaml": runbook("Stuck", on: "local", "echo stuck >>ran", fails),
        "other.yaml": runbook("Other", on: "local", "echo other >>ran"),
        "elsewhere.yaml": runbook("Elsewhere", on: "a", "true"),
        "by-hand.yaml":
            "version: 1\nname: By hand\ninventory: inventory.yaml\nsteps:\n- { id: one, name: One, hosts: b, manual: \"Do it.\" }\n",
        "inventory.yaml": """
        version: 1
        name: Two hosts
        hosts:
          a: { address: 127.0.0.1, port: 9, host_key: "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU" }
          b: { address: 127.0.0.2, port: 9 }

        """,
    ]

    /// A home in which run `first` is not over.
    private func stuck() throws -> Program {
        let program = try Program(Self.files)
        #expect(try program("run stuck.yaml --run-id first --no-input").status == 2)
        return program
    }

    private func ran(_ program: Program) -> String { (try? program.scratch.text("ran")) ?? "" }

    @Test("a second run on the same machine starts nothing, and says of whom, since when, and what to type")
    func second() throws {
        let program = try stuck()
        for runbook in ["stuck.yaml", "other.yaml"] {
            let said = try program("run \(runbook) --run-id second --no-input")
            #expect(said.status == 64, "\(said)")
            #expect(said.stderr.contains("error: run `first`, begun by "), "\(said.stderr)")
            #expect(said.stderr.contains("is not over (failed) and is about local as well; nothing was started"))
            #expect(said.stderr.contains("`blackstart resume first` goes on with it; `--beside first --reason "))
        }
        #expect(try program("runs").stdout.split(separator: "\n").count == 1)
        #expect(ran(program) == "stuck\n")
    }

    @Test("once it has ended, or was rolled back, another one begins", arguments: ["resume", "rollback"])
    func ended(_ how: String) throws {
        let program = try stuck()
        if how == "resume" {
            try program.scratch.write("mended", [])
            #expect(try program("resume first --no-input").status == 0)
        } else {
            #expect(try program("rollback first --to start -y --no-input").status == 6)
        }
        let claims = "\(program.scratch.path)/home/receipts/.claims"
        #expect(try FileManager.default.contentsOfDirectory(atPath: claims) == [])
        let other = try program("run other.yaml --run-id second --no-input")
        #expect(other.status == 0, "\(other)")
        // An old one is rolled back only where no new one is under way.
        #expect(try program("run stuck.yaml --run-id third --no-input").status == (how == "resume" ? 0 : 2))
        if how == "rollback" {
            let late = try program("rollback second --to start -y --no-input")
            #expect(late.status == 64 && late.stderr.contains("`third`"), "\(late)")
        }
    }

    @Test("a reason lets it act beside the other, on record; the first one goes on as well")
    func beside() throws {
        let program = try stuck()
        for (words, fault) in [
            (["--beside", "first"], "wants a reason"), (["--beside", "first", "--reason", "because"], "two words"),
            (["--reason", "no other run"], "goes with `--beside`"),
            (["--beside", "../first", "--reason", "two words"], "invalid run name"),
        ] {
            let said = try program(["run", "other.yaml", "--run-id", "second", "--no-input"] + words)
            #expect(said.status == 64 && said.stderr.contains(fault), "\(said)")
        }
        let said = try program(
            ["run", "other.yaml", "--run-id", "second", "--no-input", "--beside", "first", "--reason", "disk is new"])
        #expect(said.status == 0, "\(said)")
        #expect(try program("status second").stdout.contains("  Beside    first: disk is new\n"))
        let shown = try program("journal show second").stdout.split(whereSeparator: \.isWhitespace)
        #expect(shown.joined(separator: " ").contains("Beside first: disk is new"), "\(shown)")
        #expect(try program("journal verify second").status == 0)
        try program.scratch.write("mended", [])
        #expect(try program("resume first --no-input").status == 0)
    }

    @Test("runs on other machines, and rehearsals, do not meet")
    func disjoint() throws {
        let program = try stuck()
        #expect(try program("run elsewhere.yaml --run-id second --no-input").status == 4)
        #expect(try program("run by-hand.yaml --run-id third --no-input").status == 5)
        #expect(try program("run elsewhere.yaml --run-id fourth --no-input").stderr.contains("`second`"))
    }

    @Test("a run on a lab that is not over does not bar the site, nor the other way round", arguments: [true, false])
    func lab(isFirst: Bool) throws {
        var files = Self.files
        let site = files["inventory.yaml"] ?? ""
        files["lab.yaml"] = site.replacing("name: Two hosts", with: "name: Two hosts\nlab_speed: 10")
        let program = try Program(files)
        let inventories = isFirst ? ["lab", "inventory"] : ["inventory", "lab"]
        let first = try program("run stuck.yaml -i \(inventories[0]).yaml --run-id first --no-input")
        #expect(first.status == 2, "\(first)")
        let second = try program("run other.yaml -i \(inventories[1]).yaml --run-id second --no-input")
        #expect(second.status == 0 && ran(program) == "stuck\nother\n", "\(second)")
        // Of their own kind they do.
        #expect(try program("run other.yaml -i \(inventories[0]).yaml --run-id third --no-input").status == 64)
    }

    @Test("a run in another store stops at the machine before its first effect, until the other is called dead")
    func hosts() throws {
        let program = try stuck()
        let store = "--run-dir \(program.scratch.path)/store"
        let said = try program("run other.yaml --run-id second --no-input \(store)")
        #expect(said.status == 8, "\(said)")
        #expect(said.stdout.contains("STOPPED. Somebody else is at work: local is claimed"), "\(said.stdout)")
        #expect(!said.stdout.contains("A step failed"), "\(said.stdout)")
        #expect(said.stdout.contains("local is claimed by run first ("), "\(said.stdout)")
        #expect(ran(program) == "stuck\n")
        let again = try program("resume second --no-input \(store)")
        #expect(again.status == 8 && ran(program) == "stuck\n", "\(again)")
        let dead = try program([
            "resume", "second", "--no-input", "--run-dir", "\(program.scratch.path)/store", "--beside", "first",
            "--reason", "its laptop burnt",
        ])
        #expect(dead.status == 0 && ran(program) == "stuck\nother\n", "\(dead)")
    }

    @Test("a claim that was left behind by a run that the store knows to be over is taken away")
    func stale() throws {
        let program = try stuck()
        _ = try shell("cp -a home/receipts/.claims kept", in: program.scratch.path)
        try program.scratch.write("mended", [])
        #expect(try program("resume first --no-input").status == 0)
        _ = try shell("rm -r home/receipts/.claims && mv kept home/receipts/.claims", in: program.scratch.path)
        let said = try program("run other.yaml --run-id second --no-input")
        #expect(said.status == 0, "\(said)")
        let claims = "\(program.scratch.path)/home/receipts/.claims"
        #expect(try FileManager.default.contentsOfDirectory(atPath: claims) == [])
    }

    @Test("a copy of the run is not blocked by its own claim")
    func copied() throws {
        let program = try stuck()
        _ = try shell("cp -r home/runs/first copy && touch mended", in: program.scratch.path)
        #expect(try program("resume ./copy --no-input").status == 0)
    }

    @Test("`ready` is not ready where a foreign claim would stop the run")
    func ready() throws {
        let program = try stuck()
        let said = try program("ready other.yaml --no-input")
        #expect(said.status == 2 && said.stdout.contains("NOT READY: 1 of 1 machine would stop a run."), "\(said)")
        #expect(said.stdout.contains("local: claims: run first ("), "\(said.stdout)")
    }

    @Test("`ready` says at how many machines nobody asked")
    func notAsked() throws {
        let program = try Program([
            "runbook.yaml": """
            version: 1
            name: One of three
            inventory: inventory.yaml
            steps:
            - { id: a, name: A, hosts: local, run: "true" }
            - { id: b, name: B, hosts: h1, needs: [a], wait_for: { tcp: 22 } }
            - { id: c, name: C, hosts: h2, needs: [b], manual: Press it. }

            """,
            "inventory.yaml":
                "version: 1\nname: S\nhosts: { h1: { address: 127.0.0.1 }, h2: { address: 127.0.0.2 } }\n",
        ])
        let said = try program("ready runbook.yaml --no-input")
        #expect(said.stdout.contains("NOT ASKED: 2 machines at which no step logs in."), "\(said)")
    }
}
