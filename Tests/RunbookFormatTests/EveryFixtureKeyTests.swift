import RunbookFormat
import RunbookModel
import Testing

/// A good fixture of every key, and the value that each key is read to.
@Suite struct EveryFixtureKeyTests {
    let fixture: Fixture

    init() throws {
        fixture = try FixtureReader.read(bytes: Corpus.bytes("every-fixture-key.yaml"), path: "f.yaml")
    }

    @Test("the head of a fixture")
    func head() {
        #expect(fixture.name == "The operator tries again")
        #expect(fixture.clock == 1_772_323_199_000)
        #expect(fixture.seed == 7)
    }

    @Test("hosts with their state and answers")
    func hosts() {
        #expect(fixture.hosts.map(\.pattern) == ["san1", "*", "late", "later"])
        #expect(fixture.hosts[0].boot == .seconds(90))
        #expect(
            fixture.hosts[0].state == [
                StateValue(key: "power", value: "on"), StateValue(key: "pool", value: "exported"),
                StateValue(key: "lock", value: nil),
            ])
        let answer = fixture.hosts[0].answers[0]
        #expect(answer.matcher == .run("zpool import*"))
        #expect(answer.when == [StateValue(key: "pool", value: "exported"), StateValue(key: "lock", value: nil)])
        #expect(answer.takes == .seconds(40))
        #expect(
            answer.set == [
                StateValue(key: "pool", value: "ONLINE"), StateValue(host: "db01", key: "power", value: "on"),
                StateValue(host: "san2.x", key: "power", value: nil),
            ])
        #expect(answer.stdout == "done\n")
        #expect(answer.stderr == "slow\n")
        #expect(answer.exit == 3)
        #expect(fixture.hosts[0].answers[1].matcher == .tcp("22"))
        #expect(fixture.hosts[0].answers[2].matcher == .http("http://*"))
        #expect(fixture.hosts[0].answers[2].status == 503)
        let bare = fixture.hosts[1].answers[0]
        #expect(bare.exit == 0)
        #expect(bare.status == 200)
        #expect(bare.takes == .zero)
        #expect(bare.stdout.isEmpty)
    }

    @Test("faults, what the operator does, and how it must end")
    func rest() {
        #expect(fixture.faults.map(\.kind) == [.unreachable, .drop, .hang, .refuse, .slow, .crash])
        #expect(fixture.faults[0].host == "san1")
        #expect(fixture.faults[0].from?.name == "pool")
        #expect(fixture.faults[0].times == 3)
        #expect(fixture.faults[5].from?.name == "cp-storage")
        #expect(fixture.operatorLines.map(\.step.name) == ["power-ok", "pool", "pool", "power-ok", "go"])
        #expect(fixture.operatorLines[0].answer == .done)
        #expect(fixture.operatorLines[0].after == .seconds(240))
        #expect(fixture.operatorLines[1].host == "san1")
        #expect(fixture.operatorLines[1].choose.map(\.choice) == [.retry, .skip])
        #expect(fixture.operatorLines[1].reason == "It is dark.")
        #expect(fixture.operatorLines[2].choose.map(\.choice) == [.stop])
        #expect(fixture.expectation?.outcome == "succeeded-with-gaps")
        #expect(fixture.expectation?.order.map(\.name) == ["power-ok", "pool"])
        #expect(fixture.expectation?.steps.map(\.step.name) == ["pool", "cp-storage"])
        #expect(fixture.expectation?.steps.map(\.state) == [.skipped, .ok])
        #expect(fixture.expectation?.maxDuration == .seconds(7_200))
    }

    @Test("shipped fixtures fit the shipped runbook", arguments: ["", "-dark-host", "-crash"])
    func shipped(suffix: String) throws {
        let runbook = try RunbookReader.read(bytes: Corpus.bytes("../../../runbooks/cold-start.yaml"), path: "r.yaml")
        let inventory = try InventoryReader.read(
            bytes: Corpus.bytes("../../../runbooks/inventory.yaml"), path: "i.yaml", home: nil)
        #expect(RunbookNames.check(runbook, against: inventory, runbookText: []).isEmpty)
        let bytes = try Corpus.bytes("../../../Fixtures/cold-start\(suffix).yaml")
        let fixture = try FixtureReader.read(bytes: bytes, path: "f.yaml")
        #expect(FixtureNames.check(fixture, runbook, inventory, fixtureText: bytes).isEmpty)
    }
}
