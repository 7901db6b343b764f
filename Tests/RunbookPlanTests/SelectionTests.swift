import RunbookModel
import RunbookPlan
import Testing

private let place = SourcePlace(path: "r.yaml", line: 1, column: 1)

/// power -> pool@{s1,s2} -> cp -> db@d1 -> app@{d1,d2} -> look
private func site() -> PlanSource {
    func step(_ id: String, _ needs: [String], _ hosts: [String], _ tags: [String], _ action: Action? = nil) -> Step {
        var step = Step(
            id: id, name: id, action: action ?? .run(Template(literal: "true", at: place)), at: place)
        step.needs = needs.map { Named($0, at: place) }
        step.hosts = hosts.map { Named($0, at: place) }
        step.tags = tags
        return step
    }
    var runbook = Runbook(path: "r.yaml", name: "r", inventory: "i.yaml")
    var app = step("app", ["db"], ["dbs"], ["app"])
    app.environment = [
        EnvironmentValue(
            name: "X",
            value: Template(
                [.reference(Template.Reference(path: ["steps", "db", "outputs", "x"], place: place))], at: place))
    ]
    runbook.steps = [
        step("power", [], [], ["always"], .manual(Template(literal: "Look.", at: place))),
        step("pool", ["power"], ["storage"], ["storage"]),
        step("cp", ["pool"], [], [], .checkpoint("storage")),
        step("db", ["cp"], ["d1"], ["app", "late"]), app,
        step("look", ["app"], ["local"], []),
        step("wipe", ["app"], ["d2"], ["never", "danger"]),
    ]
    var inventory = Inventory(path: "i.yaml", name: "i")
    inventory.hosts = ["s1", "s2", "d1", "d2"].map { Host(name: $0, address: "127.0.0.1", at: place) }
    inventory.groups = [
        Group(name: "storage", members: ["s1", "s2"].map { Named($0, at: place) }, place: place),
        Group(name: "dbs", members: ["d1", "d2"].map { Named($0, at: place) }, place: place),
    ]
    return PlanSource(runbook: runbook, runbookBytes: [1], inventory: inventory, inventoryBytes: [2])
}

@Suite("A part of a runbook")
struct SelectionTests {
    struct Row: CustomTestStringConvertible, Sendable {
        var name: String
        var selection: Selection
        var tasks: [String]
        var needs: [String: [String]] = [:]
        var testDescription: String { name }

        init(_ name: String, _ tasks: [String], needs: [String: [String]] = [:], _ change: (inout Selection) -> Void) {
            self.name = name
            self.tasks = tasks
            self.needs = needs
            var selection = Selection()
            change(&selection)
            self.selection = selection
        }
    }

    static let all = ["power", "pool@s1", "pool@s2", "cp", "db@d1", "app@d1", "app@d2", "look@local"]

    static let rows = [
        Row("nothing said: all but what is never done", all) { _ in },
        Row("a tag, and what is always done", ["power", "pool@s1", "pool@s2", "cp"]) { $0.tags = ["storage"] },
        Row(
            "what waited for what is left out waits for what that waited for", ["power", "db@d1", "app@d1", "app@d2"],
            needs: ["db": ["power"], "app": ["db"]]
        ) {
            $0.tags = ["app"]; $0.skipTags = ["storage"]
        },
        Row("two tags", ["power", "pool@s1", "pool@s2", "cp", "db@d1"]) { $0.tags = ["storage", "late"] },
        Row("what is never done, asked for by its other tag", ["power", "wipe@d2"], needs: ["wipe": ["power"]]) {
            $0.tags = ["danger"]
        },
        Row("not these tags", ["power", "cp", "look@local"], needs: ["look": ["cp"]]) {
            $0.skipTags = ["storage", "app"]
        },
        Row("some hosts; what has no host stays", ["power", "pool@s2", "cp", "db@d1", "app@d1", "look@local"]) {
            $0.limit = ["s2", "d1"]
        },
        Row("a group", ["power", "cp", "db@d1", "app@d1", "app@d2", "look@local"]) { $0.limit = ["dbs"] },
        Row("a pattern, and one host not", ["power", "pool@s2", "cp", "look@local"]) { $0.limit = ["s*", "!s1"] },
        Row("all hosts but one", ["power", "pool@s1", "pool@s2", "cp", "db@d1", "app@d1", "look@local"]) {
            $0.limit = ["!d2"]
        },
        Row("from a step on", ["db@d1", "app@d1", "app@d2", "look@local"], needs: ["db": []]) { $0.startAt = "db" },
        Row("up to a step", ["power", "pool@s1", "pool@s2", "cp"]) { $0.until = "cp" },
        Row("from one to another", ["cp", "db@d1"]) {
            $0.startAt = "cp"; $0.until = "db"
        },
    ]

    @Test("what stays, and what it waits for", arguments: rows)
    func stays(_ row: Row) throws {
        var source = site()
        source.selection = row.selection
        let plan = try Planner.plan(source)
        #expect(plan.tasks.map(\.id.description) == row.tasks)
        for (step, needs) in row.needs {
            #expect(plan.runbook.steps.first { $0.id == step }?.needs.map(\.name) == needs, "\(step)")
        }
        #expect(plan.leftOut == 7 - plan.runbook.steps.count)
        #expect((plan.hash == (try Planner.plan(site())).hash) == row.selection.isEmpty)
    }

    @Test(
        "a choice that fits nothing is refused",
        arguments: [
            ("limit", "d3", SelectionFault.unknownHost("d3", nearest: "d1")),
            ("limit", "!x*", .unknownHost("x*", nearest: nil)),
            ("tags", "storag", .unknownTag("storag", nearest: "storage")),
            ("skip", "x", .unknownTag("x", nearest: nil)),
            ("start", "dbb", .unknownStep("dbb", option: "--start-at", nearest: "db")),
            ("until", "zz", .unknownStep("zz", option: "--until", nearest: nil)), ("between", "", .nothingLeft),
        ] as [(String, String, SelectionFault)])
    func refused(_ option: String, _ word: String, _ fault: SelectionFault) {
        var source = site()
        switch option {
        case "limit": source.selection.limit = [word]
        case "tags": source.selection.tags = [word]
        case "skip": source.selection.skipTags = [word]
        case "start": source.selection.startAt = word
        case "until": source.selection.until = word
        default:
            source.selection.startAt = "look"
            source.selection.until = "power"
        }
        #expect(throws: PlanFault.selection(fault)) { try Planner.plan(source) }
    }

    @Test("a value of a step that is left out is refused")
    func valueLeftOut() {
        var source = site()
        source.selection.startAt = "app"
        let reference = Template.Reference(path: ["steps", "db", "outputs", "x"], place: place)
        #expect(throws: PlanFault.selection(.valueLeftOut(reference, user: "app"))) { try Planner.plan(source) }
    }

    @Test(
        "batches: counts and shares in turn, the last again and again",
        arguments: [
            ([], [0, 0, 0, 0, 0]), ([.count(2)], [0, 0, 1, 1, 2]),
            ([.count(1), .percent(50), .percent(100)], [0, 1, 1, 2, 2]),
            ([.percent(1)], [0, 1, 2, 3, 4]), ([.count(9)], [0, 0, 0, 0, 0]),
        ] as [([BatchSize], [Int])])
    func batches(_ serial: [BatchSize], _ expected: [Int]) throws {
        var source = site()
        source.inventory.hosts = ["a", "b", "c", "d", "e"].map { Host(name: $0, address: "127.0.0.1", at: place) }
        source.inventory.groups = []
        var step = Step(id: "x", name: "X", action: .run(Template(literal: "true", at: place)), at: place)
        step.hosts = ["a", "b", "c", "d", "e"].map { Named($0, at: place) }
        step.serial = serial
        source.runbook.steps = [step]
        #expect(try Planner.plan(source).tasks.map(\.batch) == expected)
    }
}
