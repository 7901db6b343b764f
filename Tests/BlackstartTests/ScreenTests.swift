import Foundation
import TestTools
import Testing

/// What a person sees, scene by scene, in windows of tmux; the whole screen is compared with a stored one.
///
/// After a change of words, `BLACKSTART_RECORD=1 swift test --filter ScreenTests` writes the screens anew; look at them.
@Suite("The screens", .serialized)
struct ScreenTests {
    struct Size: CustomTestStringConvertible, Sendable {
        var columns: Int
        var rows: Int
        var environment: [String: String] = [:]
        var name: String
        var testDescription: String { name }
    }

    static let sizes = [
        Size(columns: 80, rows: 24, name: "80x24"), Size(columns: 60, rows: 20, name: "60x20"),
        Size(columns: 80, rows: 24, environment: ["NO_COLOR": "1"], name: "no-colour"),
        Size(columns: 80, rows: 24, environment: ["TERM": "dumb"], name: "dumb"),
    ]

    private static let site = [
        "runbook.yaml": """
        version: 1
        name: Restart of a small site
        use_when: Everything was off, and power is back.
        do_not_use_when: Only one service failed.
        inventory: inventory.yaml
        rto: 2h
        steps:
        - id: power
          name: Confirm power
          manual: Read the display of the UPS in room 0.12. It must say ON LINE.
          ask: { charge: { prompt: Charge in percent, matches: "[4-9][0-9]|100" } }
          why: Starting on battery loses data if power fails again.
          if_it_fails: Do not go on.
          contact: facilities
          estimate: 5m
        - id: go
          name: Incident lead agrees
          needs: [power]
          approval: { roles: [incident-lead], message: "The UPS is at ${{ steps.power.outputs.charge }} %. Start?" }
        - { id: cp, name: Ready to start, needs: [go], checkpoint: ready }
        - id: pool
          name: Import the storage pool
          needs: [cp]
          hosts: local
          danger: A second import destroys the pool.
          run: "echo importing; \(Program.gated)"
          undo: { run: "true" }
          estimate: 1m
        - id: server
          name: Start the server
          needs: [pool]
          hosts: server
          run: "true"
          why: The shop runs on it.
          if_it_fails: Look at its power light, and press the button once.
          contact: facilities
        - { id: shop, name: Start the shop, needs: [server], hosts: local, run: "true" }

        """,
        "inventory.yaml": """
        version: 1
        name: Small site
        allowed_signers: signers
        contacts:
          facilities: { name: Facilities, phone: "+49 30 555 0100", reference: contract 4711 }
          lead: { name: Ada Lead, phone: "+49 30 555 0199", roles: [incident-lead], signer: lead@site }
        hosts: { server: { address: 127.0.0.1, port: 1, location: "room 0.14, rack 3, unit 12" } }

        """,
    ]

    private func program() throws -> Program {
        let program = try Program(Self.site)
        try program.makeGate()
        _ = try shell(
            "ssh-keygen -q -t ed25519 -N '' -C lead@site -f lead; echo \"lead@site $(cut -d' ' -f1,2 lead.pub)\" >signers",
            in: program.scratch.path)
        return program
    }

    /// Compares the screen with the stored one of this scene and size.
    private func check(_ scene: String, _ tmux: Tmux, _ size: Size) throws {
        let path = "\(Program.project)/Tests/BlackstartTests/Screens/\(scene).\(size.name).txt"
        let shown = try tmux.settled()
        if ProcessInfo.processInfo.environment["BLACKSTART_RECORD"] == "1" {
            try shown.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == shown, "\(scene) at \(size.name)")
        for line in shown.split(separator: "\n") { #expect(line.count <= size.columns) }
        if size.name == "no-colour" || size.name == "dumb" {
            let raw = try tmux.screen(colours: true)
            #expect(!raw.contains("\u{1B}["), "\(scene) has colours")
        }
    }

    private func open(_ program: Program, _ words: String, _ size: Size) throws -> Tmux {
        try Tmux(program, words, columns: size.columns, rows: size.rows, environment: size.environment)
    }

    @Test("the plan", arguments: sizes)
    func plan(_ size: Size) throws {
        let tmux = try open(try program(), "plan runbook.yaml | head -20", size)
        try tmux.wait(for: "[exit 0]")
        try check("plan", tmux, size)
    }

    @Test("a run from the first question to the last word", arguments: sizes)
    func run(_ size: Size) throws {
        let program = try program()
        let tmux = try open(program, "run runbook.yaml --run-id r --operator-key lead", size)
        try tmux.wait(for: "Type the word begin:")
        try check("begin", tmux, size)
        try tmux.type("begin")
        try tmux.press("Enter")
        try tmux.wait(for: "(no default):")
        try check("manual", tmux, size)
        try tmux.type("done")
        try tmux.press("Enter")
        try tmux.wait(for: "Charge in percent:")
        try tmux.type("30")
        try tmux.press("Enter")
        try tmux.wait(for: "Look again")
        try check("reading", tmux, size)
        try tmux.type("87")
        try tmux.press("Enter")
        try tmux.wait(for: "Type the word (no default):", times: 2)
        try check("approval", tmux, size)
        try answer(tmux, "approve")
        try tmux.wait(for: "A second import destroys the pool.")
        try tmux.wait(for: "(no default):")
        try check("danger", tmux, size)
        try answer(tmux, "confirm")
        try tmux.wait(for: "Type pool to go on:")
        try answer(tmux, "server")
        try tmux.wait(for: "That is another name.")
        try answer(tmux, "confirm")
        try tmux.wait(for: "Type pool to go on:", times: 2)
        try answer(tmux, "pool")
        // The command waits at the gate: nothing moves but the clocks.
        try program.waitForCommand()
        if size.name == "dumb" {
            try tmux.wait(for: "RUNNING    4")
        } else {
            try tmux.wait(for: "3 of 6")
        }
        try check("live", tmux, size)
        try program.openGate()
        try tmux.wait(for: "Choose 1-6")
        try check("failure", tmux, size)
        try answer(tmux, "details")
        try tmux.wait(for: "Choose 1-6", times: 2)
        try answer(tmux, "stop")
        try tmux.wait(for: "[exit 2]")
        try check("report", tmux, size)
    }

    private func answer(_ tmux: Tmux, _ text: String) throws {
        try tmux.type(text)
        try tmux.press("Enter")
    }

    @Test("a run that was killed is resumed, and rolled back", arguments: sizes)
    func resume(_ size: Size) throws {
        let program = try program()
        let run = try program.start(
            "run runbook.yaml --run-id r -y --operator-key lead --answer power.charge=87 --answer go=approve --answer pool=confirm"
        )
        try program.waitForCommand()
        run.signal(SIGKILL)
        _ = try run.end()
        try program.openGate()
        let tmux = try open(program, "resume r --operator-key lead", size)
        try tmux.wait(for: "Choose 1-6")
        try check("resume", tmux, size)
        try answer(tmux, "rollback")
        try tmux.wait(for: "to undo nothing:")
        try check("rollback", tmux, size)
        try answer(tmux, "ready")
        try tmux.wait(for: "[exit 6]")
        try check("rolled-back", tmux, size)
    }

    @Test("Ctrl-C lets what is in flight end and starts nothing new; the run can be resumed")
    func interrupt() throws {
        let program = try program()
        let tmux = try open(
            program,
            "run runbook.yaml --run-id r -y --operator-key lead --answer power.charge=87 --answer go=approve --answer pool=confirm",
            Self.sizes[0])
        try program.waitForCommand()
        try tmux.press("C-c")
        try tmux.wait(for: "Once more to leave at once")
        try program.openGate()
        try tmux.wait(for: "[exit 130]")
        try check("interrupted", tmux, Self.sizes[0])
        #expect(program.runs == 1)
    }

    @Test("keys: details, pause and go on; a question has the terminal to itself", arguments: sizes.dropLast())
    func keys(_ size: Size) throws {
        let program = try program()
        let tmux = try open(
            program,
            "run runbook.yaml --run-id r -y --operator-key lead --answer power.charge=87 --answer go=approve --answer pool=confirm",
            size)
        try program.waitForCommand()
        try tmux.wait(for: "q stop safely")
        try tmux.press("x")
        try tmux.press("d")
        try tmux.wait(for: "no details")
        try tmux.wait(for: "| importing")
        try check("details", tmux, size)
        try tmux.press("d")
        try tmux.press("p")
        try tmux.wait(for: "PAUSED   p go on")
        try program.openGate()
        try tmux.wait(for: "OK         4")
        try tmux.wait(for: "4 of 6")
        try check("paused", tmux, size)
        #expect(try !tmux.screen().contains("RUNNING    5"))
        #expect(try program("status r").stdout.contains("State     paused, as process"))
        try tmux.press("p")
        try tmux.wait(for: "(no default):")
        try tmux.type("stop")
        try tmux.wait(for: "(no default): stop")
        try tmux.press("Enter")
        try tmux.wait(for: "[exit 2]")
        // The terminal shows again what is typed.
        try tmux.type("who reads this")
        try tmux.wait(for: "who reads this")
        let journal = try program("journal show r")
        #expect(journal.stdout.contains("PAUSED    by lead@site."), "\(journal.stdout)")
        #expect(journal.stdout.contains("lead@site lets the run go on."))
    }

    @Test("q stops after what is in flight, and q again leaves at once")
    func quit() throws {
        let program = try program()
        let words =
            "run runbook.yaml -y --operator-key lead --answer power.charge=87 --answer go=approve --answer pool=confirm"
        let tmux = try open(program, "\(words) --run-id r", Self.sizes[0])
        try program.waitForCommand()
        try tmux.wait(for: "q stop safely")
        try tmux.press("q")
        try tmux.wait(for: "Once more to leave at once")
        try program.openGate()
        try tmux.wait(for: "[exit 130]")
        try check("interrupted", tmux, Self.sizes[0])
        #expect(program.runs == 1)
        let other = try self.program()
        let window = try open(other, "\(words) --run-id r", Self.sizes[0])
        try other.waitForCommand()
        try window.wait(for: "q stop safely")
        for _ in 0..<3_000 where try !window.screen().contains("[exit") { try window.press("q") }
        try window.wait(for: "[exit 130]")
        try other.openGate()
        #expect(try other("resume r --operator-key lead --no-input").status == 2)
        #expect(other.runs == 1)
    }

    @Test("a second Ctrl-C leaves at once, and the run can be resumed")
    func interruptTwice() throws {
        let program = try program()
        let tmux = try open(
            program,
            "run runbook.yaml --run-id r -y --operator-key lead --answer power.charge=87 --answer go=approve --answer pool=confirm",
            Self.sizes[0])
        try program.waitForCommand()
        try tmux.press("C-c")
        try tmux.wait(for: "Once more to leave at once")
        try tmux.press("C-c")
        try tmux.wait(for: "[exit 130]")
        try program.openGate()
        let resumed = try program("resume r --operator-key lead --no-input")
        #expect(resumed.status == 2, "\(resumed.stdout)")
        #expect(program.runs == 1)
    }

    @Test("a terminal that goes away leaves a run that can be resumed")
    func hangup() throws {
        let program = try program()
        var tmux: Tmux? = try open(
            program,
            "run runbook.yaml --run-id r -y --operator-key lead --answer power.charge=87 --answer go=approve --answer pool=confirm",
            Self.sizes[0])
        try program.waitForCommand()
        try tmux?.wait(for: "RUNNING    4")
        tmux = nil
        try program.openGate()
        // It ends by itself: the journal is closed.
        var status = ""
        for _ in 0..<2_000 where !status.contains("State     interrupted") { status = try program("status r").stdout }
        #expect(status.contains("State     interrupted"), "\(status)")
        #expect(try program("resume r --operator-key lead --no-input").status == 2)
        #expect(program.runs == 1)
    }

    @Test("a window that is made narrower while it runs stays readable")
    func resize() throws {
        let program = try program()
        let tmux = try open(
            program,
            "run runbook.yaml --run-id r -y --operator-key lead --answer power.charge=87 --answer go=approve --answer pool=confirm",
            Self.sizes[0])
        try program.waitForCommand()
        try tmux.wait(for: "3 of 6")
        try tmux.resize(columns: 50, rows: 20)
        try tmux.wait(for: "3 of 6")
        for line in try tmux.screen().split(separator: "\n").suffix(2) { #expect(line.count <= 50, "\(line)") }
        try program.openGate()
        try tmux.wait(for: "Choose 1-6")
    }
}
