import RunbookFormat
import RunbookModel
import Testing

/// A good runbook of every key, and the value that each key is read to.
@Suite struct EveryRunbookKeyTests {
    let runbook: Runbook

    init() throws {
        runbook = try RunbookReader.read(bytes: Corpus.bytes("every-runbook-key.yaml"), path: "book.yaml")
    }

    private func step(_ id: String) throws -> Step { try #require(runbook.steps.first { $0.id == id }) }

    @Test("the head of a runbook")
    func head() {
        #expect(runbook.name == "Start storage")
        #expect(runbook.inventory == "every-inventory-key.yaml")
        #expect(runbook.document.scenario == "total-outage")
        #expect(runbook.document.summary == "Starts the storage.")
        #expect(runbook.document.useWhen == "All is dark.")
        #expect(runbook.document.doNotUseWhen == "One machine failed.")
        #expect(runbook.document.owner == "it-operations")
        #expect(runbook.document.approver == "head of it")
        #expect(runbook.document.reviewed == "2026-09-14")
        #expect(runbook.document.classification == "internal")
        #expect(runbook.rto == .seconds(4 * 3_600))
        #expect(runbook.maxParallel == 7)
    }

    @Test("variables, short and long, with and without a value")
    func variables() {
        let read = runbook.variables.map { [$0.name, $0.value ?? "none", $0.kind.rawValue, $0.description ?? "none"] }
        #expect(
            read == [
                ["pool", "tank", "text", "none"], ["given", "none", "text", "none"],
                ["size", "2.5", "number", "In terabytes"], ["count", "3", "integer", "none"],
                ["fast", "true", "boolean", "none"], ["wait", "1h30m", "duration", "none"],
                ["label", "none", "text", "none"],
            ])
        #expect(runbook.variables[2].place == SourcePlace(path: "book.yaml", line: 18, column: 3))
    }

    @Test("a manual step, with what it says to people")
    func manual() throws {
        let step = try step("power")
        #expect(step.name == "Power is on")
        #expect(step.place == SourcePlace(path: "book.yaml", line: 24, column: 3))
        guard case .manual(let text) = step.action else { throw WrongAction() }
        #expect(text.source == "Look at the UPS of ${{ run.name }}.\nIt shows ON LINE.\n")
        #expect(text.references.map(\.place) == [SourcePlace(path: "book.yaml", line: 28, column: 24)])
        #expect(step.phase == "Prepare")
        #expect(step.why == "Batteries are empty soon.")
        #expect(step.expect == "A green light.")
        #expect(step.ifItFails == "Call facilities.")
        #expect(step.estimate == .seconds(600))
        #expect(step.needs.isEmpty)
        #expect(step.hosts.isEmpty)
    }

    @Test("what a step is when nothing is said")
    func defaults() throws {
        let step = try step("power")
        #expect(step.skipIf == .verified)
        #expect(step.verify == nil)
        #expect(step.undo == nil)
        #expect(step.irreversible == nil)
        #expect(step.retries == 0)
        #expect(step.delay == .seconds(10))
        #expect(step.timeout == .seconds(300))
        #expect(step.onFailure == .ask)
        #expect(!step.idempotent)
        #expect(step.environment.isEmpty)
        let bare = try RunbookReader.read(
            bytes: Array("version: 1\nname: A\ninventory: i\nsteps: [{ id: a, name: A, manual: x }]\n".utf8),
            path: "a.yaml")
        #expect(bare.maxParallel == 50)
        #expect(bare.rto == nil)
        #expect(bare.variables.isEmpty)
    }

    @Test("a command with all that belongs to it")
    func command() throws {
        let step = try step("pool")
        guard case .run(let command) = step.action else { throw WrongAction() }
        #expect(command.quoted { _ in "my tank" } == "zpool import 'my tank'")
        #expect(step.needs.map(\.name) == ["power"])
        #expect(step.hosts.map(\.name) == ["san1"])
        #expect(step.environment.map(\.name) == ["POOL", "EMPTY"])
        #expect(step.environment.map(\.value.source) == ["${{ vars.pool }}", ""])
        #expect(step.skipIf == .never)
        #expect(step.retries == 2)
        #expect(step.delay == .milliseconds(250))
        #expect(step.timeout == .seconds(5_400))
        #expect(step.idempotent)
        guard case .rollback(let target) = step.onFailure else { throw WrongAction() }
        #expect(target?.name == "start")
    }

    @Test("a check with all that it can ask, and what it asks when nothing is said")
    func check() throws {
        let verify = try #require(try step("pool").verify)
        guard case .run(let command) = verify.probe else { throw WrongAction() }
        #expect(command.source == "zpool list -H -o health ${{ vars.pool }}")
        #expect(verify.equals?.source == "ONLINE")
        #expect(verify.exit == 0)
        #expect(verify.retries == 30)
        #expect(verify.delay == .seconds(5))
        #expect(verify.timeout == .seconds(20))
        guard case .run(let undo, let timeout, let undone?) = try step("pool").undo else { throw WrongAction() }
        #expect(undo.source == "zpool export ${{ vars.pool }}")
        #expect(timeout == .seconds(120))
        #expect(undone.exit == 1)
        #expect(undone.retries == 0)
        #expect(undone.delay == .seconds(10))
        #expect(undone.timeout == .seconds(30))
        #expect(undone.equals == nil)
    }

    @Test("a wait on several hosts, and a check of a page")
    func wait() throws {
        let step = try step("wait")
        guard case .waitFor(let wait) = step.action, case .tcp(let endpoint) = wait.probe else { throw WrongAction() }
        #expect(endpoint.text { _ in "10.0.0.1" } == "10.0.0.1:22")
        #expect(step.hosts.map(\.name) == ["storage", "db01", "local"])
        guard case .check(let skip) = step.skipIf, case .http(let page) = skip.probe else { throw WrongAction() }
        #expect(page.source == "http://10.0.0.1:8080/")
        #expect(skip.status == 204)
        #expect(skip.contains?.source == "ok")
        #expect(skip.matches?.source == "^o")
        #expect(step.undo == .nothing)
        #expect(step.onFailure == .carryOn)
    }

    @Test("a checkpoint, and a step that can't be undone")
    func checkpoint() throws {
        #expect(try step("cp").action == .checkpoint("storage"))
        #expect(try step("cp").needs.map(\.name) == ["pool", "wait"])
        let destroy = try step("destroy")
        #expect(destroy.irreversible == "What was locked is lost.")
        #expect(destroy.hosts.map(\.name) == ["local"])
        #expect(destroy.skipIf == .verified)
        #expect(destroy.onFailure == .rollback(nil))
    }

    @Test("a runbook of every key fits the inventory of every key")
    func fits() throws {
        let inventory = try InventoryReader.read(
            bytes: Corpus.bytes("every-inventory-key.yaml"), path: "i.yaml", home: nil)
        #expect(RunbookNames.check(runbook, against: inventory, runbookText: []).isEmpty)
    }

    struct Form: CustomTestStringConvertible, Sendable {
        var key: String
        var text: String
        var holds: @Sendable (Step) -> Bool

        var testDescription: String { "\(key): \(text)" }
    }

    static let forms: [Form] = [
        Form(key: "on_failure", text: "ask") { $0.onFailure == .ask },
        Form(key: "on_failure", text: "retry") { $0.onFailure == .retry },
        Form(key: "on_failure", text: "stop") { $0.onFailure == .stop },
        Form(key: "on_failure", text: "'rollback:start'") { $0.onFailure != .rollback(nil) },
        Form(key: "timeout", text: "90s") { $0.timeout == .seconds(90) },
        Form(key: "timeout", text: "\"1ms\"") { $0.timeout == .milliseconds(1) },
        Form(key: "timeout", text: "2d3h4m5s6ms") { $0.timeout == .milliseconds(183_845_006) },
        Form(key: "timeout", text: "366d") { $0.timeout == .seconds(31_622_400) },
        Form(key: "delay", text: "0") { $0.delay == .zero },
        Form(key: "retries", text: "\"1000\"") { $0.retries == 1_000 },
        Form(key: "retries", text: "007") { $0.retries == 7 },
        Form(key: "idempotent", text: "'false'") { !$0.idempotent },
        Form(key: "why", text: "no") { $0.why == "no" },
        Form(key: "why", text: "1:30") { $0.why == "1:30" },
        Form(key: "why", text: "2026-09-14") { $0.why == "2026-09-14" },
        Form(key: "why", text: ">-\n    one\n    two") { $0.why == "one two" },
        Form(key: "why", text: "\"null\"") { $0.why == "null" },
        Form(key: "skip_if", text: "{ run: \"true\" }") { if case .check = $0.skipIf { true } else { false } },
    ]

    @Test("text means what its key says it means", arguments: forms)
    func form(form: Form) throws {
        let text = """
            version: 1
            name: A
            inventory: i
            steps:
            - id: a
              name: A
              hosts: local
              manual: x
              \(form.key): \(form.text)

            """
        let runbook = try RunbookReader.read(bytes: Array(text.utf8), path: "a.yaml")
        #expect(form.holds(try #require(runbook.steps.first)))
    }
}

private struct WrongAction: Error {}
