import Foundation
import TestTools
import Testing

@Suite("A first runbook that is drawn from the inventory")
struct DraftTests {
    private static let site = """
        version: 1
        name: "A \\"site\\""
        services: { power: { external: true }, dns: { requires: [power] }, san: { kind: storage } }
        contacts: { vendor: { name: Vendor } }
        hosts:
          s: { kind: appliance, address: 10.0.0.1, location: "rack 1", bmc: 10.9.0.1, provides: [san], contact: vendor }
          p: { kind: physical, address: 10.0.0.2, requires: [san] }
          d: { kind: vm, address: 10.0.0.3, placed_on: [p], provides: [dns] }
          w: { kind: vm, address: 10.0.0.4, placed_on: [p], requires: [dns] }

        """

    @Test(
        "check refuses it, gap by gap, until a person has filled them; then whom to call and the day of review are missing"
    )
    func refused() throws {
        let program = try Program(["i.yaml": Self.site])
        let drawn = try program("plan --from-inventory i.yaml -o draft.yaml")
        #expect(drawn.status == 0)
        #expect(drawn.stdout.hasPrefix("Wrote draft.yaml: 6 steps, with FILL-IN where you have to write something.\n"))
        let refused = try program("check draft.yaml -v")
        #expect(refused.status == 2)
        let gaps = refused.stdout.components(separatedBy: "ERROR    DRAFT-GAP").count - 1
        // Each step, the first and the last one, and the head.
        #expect(gaps == 9)
        #expect(!refused.stdout.contains("ORDER-VIOLATION"))
        let text = try String(contentsOfFile: "\(program.scratch.path)/draft.yaml", encoding: .utf8)
            .replacing("FILL-IN: ", with: "").replacing("owner:", with: "reviewed: \"2026-11-01\"\nowner:")
            .components(separatedBy: "\n- id: ").enumerated().map { number, step in
                number == 0 || step.contains("\n  contact: ")
                    ? step : step.replacing("\n", with: "\n  contact: vendor\n", maxReplacements: 1)
            }.joined(separator: "\n- id: ")
        try program.scratch.write("filled.yaml", Array(text.utf8))
        let filled = try program("check filled.yaml")
        #expect(filled.status == 0)
        #expect(filled.stdout.contains("Preparedness: nothing found."), "\(filled.stdout)")
    }

    @Test("what is left in a command does nothing but fail, should somebody run the draft all the same")
    func harmless() throws {
        let program = try Program(["i.yaml": Self.site])
        let text = try program("plan --from-inventory -i i.yaml").stdout
        let commands = text.split(separator: "\n").filter { $0.contains("run: ") }
        #expect(commands.count == 8)
        #expect(commands.allSatisfy { $0.contains("run: \"FILL-IN: ") })
    }

    @Test(
        "it is never written over a file, and wants one inventory",
        arguments: [
            ("plan --from-inventory i.yaml -o i.yaml", "can't write `i.yaml`: file exists"),
            ("plan --from-inventory", "Name the inventory that the runbook is drawn from, once."),
            ("plan --from-inventory i.yaml -i i.yaml", "Name the inventory that the runbook is drawn from, once."),
            ("plan", "Name a runbook, or draw one with `--from-inventory`."),
            ("plan i.yaml -o x.yaml", "`--out` goes with `--from-inventory`."),
        ])
    func usage(command: String, words: String) throws {
        let said = try Program(["i.yaml": Self.site])(command)
        #expect(said.status == 64)
        #expect(said.stderr.contains(words), "\(said.stderr)")
    }

    @Test("what can't be started is said, and stands in the draft as such")
    func blocked() throws {
        let site = """
            version: 1
            name: Site
            services: { dns: {} }
            hosts:
              p: { kind: physical, address: 10.0.0.2, requires: [dns] }
              d: { kind: vm, address: 10.0.0.3, placed_on: [p], provides: [dns] }

            """
        let said = try Program(["i.yaml": site])("plan --from-inventory i.yaml")
        #expect(said.status == 0)
        #expect(said.stderr.contains("warning: 3 machines and services can't be started from power alone"))
        #expect(said.stdout.hasSuffix("and they have no step here:\n#   p\n#   d\n#   dns\n"))
    }

    @Test("run refuses it on real machines, with the place of the first gap; a part without gaps may run")
    func live() throws {
        let program = try Program([
            "runbook.yaml": """
            version: 1
            name: Half written
            inventory: inventory.yaml
            steps:
            - { id: a, name: A, hosts: local, run: "true" }
            - { id: b, name: B, hosts: local, needs: [a], run: "FILL-IN: start it" }

            """, "inventory.yaml": "version: 1\nname: S\nhosts: { h: { address: 127.0.0.1 } }\n",
            "fixture.yaml": "version: 1\nname: F\nhosts: { \"*\": { answers: [{ run: \"*\" }] } }\n",
        ])
        let said = try program("run runbook.yaml -y --no-input --run-id r")
        #expect(said.status == 65 && said.stdout == "", "\(said)")
        #expect(
            said.stderr.contains("runbook.yaml:6:3: step 2 (b) was not filled in: `run`, so nothing was started"),
            "\(said)")
        #expect(try program("run runbook.yaml -y --no-input --until a").status == 0)
        for words in ["plan runbook.yaml", "dry-run runbook.yaml --fixture fixture.yaml"] {
            let rehearsed = try program(words)
            #expect(rehearsed.status == 0, "\(rehearsed)")
            #expect(
                rehearsed.stderr.contains(
                    "warning: runbook.yaml:6:3: step 2 (b) was not filled in: `run`: not to be run"),
                "\(rehearsed)")
        }
    }
}
