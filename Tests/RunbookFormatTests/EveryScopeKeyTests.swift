import RunbookFormat
import RunbookModel
import Testing

/// What the files of every key say about hosts, rights, values and people.
@Suite struct EveryScopeKeyTests {
    let runbook: Runbook

    init() throws {
        runbook = try RunbookReader.read(bytes: Corpus.bytes("every-runbook-key.yaml"), path: "book.yaml")
    }

    private func step(_ id: String) throws -> Step { try #require(runbook.steps.first { $0.id == id }) }

    @Test("a runbook says what it assumes, and where its secrets come from")
    func head() {
        #expect(runbook.document.plan == "north")
        #expect(runbook.assumes == ["power", "cooling"])
        #expect(runbook.secrets.map(\.name) == ["pin", "root", "token", "key"])
        #expect(
            runbook.secrets.map(\.source) == [
                .prompt, .file("~/root"), .environment("TOKEN"), .command("pass show key"),
            ])
        #expect(runbook.secrets[0].description == "Envelope 3")
    }

    @Test("where a step runs, how many hosts at a time, and as whom")
    func scope() throws {
        let step = try step("scoped")
        #expect(step.delegateTo?.name == "db01")
        #expect(step.serial == [.count(1), .percent(50), .percent(100)])
        #expect(step.stagger == .seconds(5))
        #expect(step.maxFailures == 2)
        #expect(step.locks == ["fuse", "bmc"])
        #expect(step.tags == ["slow", "storage"])
        #expect(step.backoff == 1.5)
        guard case .withPassword(let password) = step.become else { throw Wrong() }
        #expect(password.source == "${{ secrets.root }}")
        #expect(step.environment[0].value.references.map(\.path) == [["secrets", "pin"]])
        #expect(step.provides.map(\.name) == ["storage"])
        #expect(step.contact?.name == "vendor")
        let simple = try self.step("simple")
        #expect(simple.serial == [.count(2)])
        #expect(simple.locks == ["one"] && simple.tags == ["one"])
        #expect(simple.become == .yes)
    }

    @Test("values that a person reads off, and that a command leaves")
    func values() throws {
        #expect(
            try step("look").questions == [
                ValueQuestion(name: "charge", prompt: "Percent", matches: "^[0-9]+$"),
                ValueQuestion(name: "voltage", prompt: "Volts", matches: nil),
            ])
        let outputs = try step("scoped").outputs
        #expect(outputs.map(\.name) == ["size", "all"])
        #expect(outputs[0].run?.source == "zpool size")
        #expect(outputs.map(\.match) == ["([0-9]+)", nil])
        #expect(try step("scoped").danger?.source == "It wipes ${{ vars.pool }}.")
    }

    @Test("what a step does not say comes from the defaults, and what it says stays")
    func defaults() throws {
        #expect(try step("scoped").maxFailures == 2)
        #expect(try step("pool").maxFailures == 3)
        #expect(try step("power").contact?.name == "vendor")
    }

    @Test("steps are numbered in reading order")
    func numbers() { #expect(runbook.steps.map(\.number) == Array(1...runbook.steps.count)) }

    struct Case: CustomTestStringConvertible, Sendable {
        var text: String
        var holds: Bool
        var testDescription: String { text }
    }

    static let cases: [Case] = [
        Case(text: "true", holds: true), Case(text: "false", holds: false), Case(text: "not false", holds: true),
        Case(text: "vars.a == 'x'", holds: true), Case(text: "vars.a != \"x\"", holds: false),
        Case(text: "vars.a in ['y', 'x']", holds: true), Case(text: "vars.a not in ['y', 'x']", holds: false),
        Case(text: "vars.yes", holds: true), Case(text: "not vars.yes or vars.a == 'x'", holds: true),
        Case(text: "vars.yes and vars.a == 'y' or true", holds: true),
        Case(text: "vars.yes and (vars.a == 'y' or true)", holds: true),
        Case(text: "not (vars.yes and vars.yes)", holds: false), Case(text: "not not vars.yes", holds: true),
        Case(text: "${{ vars.a == 'x' }}", holds: true), Case(text: "${{ vars.a }} == 'x'", holds: true),
        Case(text: "vars.n == 3", holds: true), Case(text: "'and' == 'or'", holds: false),
        Case(text: "vars.empty == ''", holds: true), Case(text: "false and vars.a", holds: false),
    ]

    @Test("a condition holds or does not", arguments: cases)
    func condition(_ row: Case) throws {
        let quoted = row.text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let text = """
            version: 1
            name: A
            inventory: i
            vars: { a: x, yes: true, n: "3", empty: "" }
            steps: [{ id: a, name: A, manual: x, when: "\(quoted)" }]

            """
        let runbook = try RunbookReader.read(bytes: Array(text.utf8), path: "a.yaml")
        let condition = try #require(runbook.steps[0].when)
        let values = Dictionary(uniqueKeysWithValues: runbook.variables.map { ($0.name, $0.value ?? "") })
        #expect(try condition.holds { values[$0.path.last ?? ""] ?? "" } == row.holds)
    }

    @Test("a value that is neither true nor false decides nothing")
    func noTruth() {
        let place = SourcePlace(path: "a", line: 1, column: 1)
        let condition = Condition.truth(.reference(Template.Reference(path: ["vars", "a"], place: place)))
        #expect(throws: NoTruth(name: "vars.a", value: "perhaps")) { try condition.holds { _ in "perhaps" } }
    }

    @Test("each delay is so much longer than the one before, up to an hour")
    func backoff() {
        let place = SourcePlace(path: "a", line: 1, column: 1)
        var step = Step(id: "a", name: "A", action: .checkpoint("a"), at: place)
        #expect((1...3).map(step.delay(beforeRetry:)) == [.seconds(10), .seconds(10), .seconds(10)])
        step.backoff = 10
        #expect(
            (1...4).map(step.delay(beforeRetry:)) == [.seconds(10), .seconds(100), .seconds(1_000), .seconds(3_600)])
        #expect(step.delay(beforeRetry: 1_000_000) == .seconds(3_600))
        step.delay = .seconds(7_200)
        #expect(step.delay(beforeRetry: 9) == .seconds(7_200))
    }
}

/// Contacts of an inventory; sudo, secrets and values of a fixture.
@Suite struct EveryRightKeyTests {
    @Test("contacts, and whom a host names")
    func inventory() throws {
        let inventory = try InventoryReader.read(
            bytes: Corpus.bytes("every-inventory-key.yaml"), path: "i.yaml", home: nil)
        #expect(
            inventory.contact("vendor")
                == Contact(
                    id: "vendor", name: "Storage vendor", phone: "+49 800 555 0133", reference: "contract 4711",
                    roles: ["operator", "lead"], signer: "vendor@site"))
        #expect(inventory.contact("ops")?.phone == nil)
        #expect(inventory.host("late")?.become == true)
        #expect(inventory.host("late")?.contact?.name == "ops")
        #expect(inventory.host("san2")?.become == false)
    }

    @Test("what a fixture's hosts say to sudo, and what stands for secrets and readings")
    func fixture() throws {
        let fixture = try FixtureReader.read(bytes: Corpus.bytes("every-fixture-key.yaml"), path: "f.yaml")
        #expect(fixture.hosts.map(\.sudo) == [.free, .free, .password("x"), .refused])
        #expect(fixture.secrets == [NamedValue(name: "pin", value: "1234")])
        #expect(fixture.operatorLines[3].values == [NamedValue(name: "ups", value: "87")])
        #expect(fixture.operatorLines[4].approvers == ["lead", "board"] && !fixture.operatorLines[4].isApproved)
        #expect(Sudo.password("x").refusal("x") == nil)
        #expect(Sudo.password("x").refusal("y") == "sudo: 1 incorrect password attempt\n")
        #expect(Sudo.password("x").refusal(nil) == "sudo: a password is required\n")
    }
}

private struct Wrong: Error {}
