import RunbookModel
import RunbookPlan
import Testing

private let place = SourcePlace(path: "r.yaml", line: 1, column: 1)

private func step(_ id: String, needs: [String] = [], hosts: [String] = ["a"], estimate: Int = 60) -> Step {
    var step = Step(id: id, name: id, action: .run(Template(literal: "true", at: place)), at: place)
    step.needs = needs.map { Named($0, at: place) }
    step.hosts = hosts.map { Named($0, at: place) }
    step.estimate = .seconds(estimate)
    return step
}

private func source(_ steps: [Step], variables: [Variable] = [], set: [(name: String, value: String)] = [])
    -> PlanSource
{
    var runbook = Runbook(path: "r.yaml", name: "r", inventory: "i.yaml")
    runbook.steps = steps
    runbook.variables = variables
    var inventory = Inventory(path: "i.yaml", name: "i")
    inventory.hosts = ["a", "b", "c"].map { Host(name: $0, address: "127.0.0.1", at: place) }
    inventory.groups = [
        Group(name: "pair", members: [Named("b", at: place), Named("a", at: place)], place: place),
        Group(name: "all", members: [Named("pair", at: place), Named("c", at: place)], place: place),
        Group(name: "empty", members: [], place: place),
        Group(name: "hollow", members: [Named("empty", at: place)], place: place),
    ]
    return PlanSource(
        runbook: runbook, runbookBytes: Array("r".utf8), inventory: inventory, inventoryBytes: Array("i".utf8),
        overrides: set)
}

@Suite struct PlannerTests {
    @Test("a step over a group is one task per host, and a dependent waits for all of them")
    func tasks() throws {
        let plan = try Planner.plan(source([step("one", hosts: ["all"]), step("two", needs: ["one"])]))
        #expect(plan.tasks.map(\.id.description) == ["one@b", "one@a", "one@c", "two@a"])
        #expect(plan.stepNeeds == [[], [0]] && plan.tasksOfStep == [[0, 1, 2], [3]])
        #expect(plan.stepDependents == [[1], []])
    }

    @Test("the slowest chain follows estimates, not file order")
    func slowest() throws {
        let plan = try Planner.plan(
            source([
                step("start"), step("quick", needs: ["start"], estimate: 10),
                step("slow", needs: ["start"], estimate: 500),
                step("end", needs: ["quick", "slow"]),
            ]))
        #expect(plan.slowestChain.map { plan.tasks[$0].id.step } == ["start", "slow", "end"])
        #expect(plan.estimate == .seconds(620))
    }

    @Test("a cycle is named from its first step, and only the cycle")
    func cycle() {
        #expect(throws: PlanFault.cycle(["b", "c", "b"])) {
            try Planner.plan(
                source([step("a"), step("b", needs: ["c"]), step("c", needs: ["b"]), step("d", needs: ["c"])]))
        }
    }

    @Test("an unknown host is refused with its place")
    func unknownHost() {
        #expect(throws: PlanFault.unknownHost(Named("hv9", at: place))) {
            try Planner.plan(source([step("one", hosts: ["hv9"])]))
        }
    }

    @Test("hosts that select nobody are refused, and never mean this machine", arguments: ["empty", "hollow"])
    func emptyGroup(_ group: String) throws {
        #expect(throws: PlanFault.noHosts(Named(group, at: place), step: "one")) {
            try Planner.plan(source([step("one", hosts: [group])]))
        }
        var limited = source([step("one", hosts: [group]), step("two")])
        limited.selection.limit = ["a"]
        #expect(throws: PlanFault.noHosts(Named(group, at: place), step: "one")) { try Planner.plan(limited) }
        var delegated = step("one")
        delegated.delegateTo = Named(group, at: place)
        #expect(throws: PlanFault.noHosts(Named(group, at: place), step: "one")) {
            try Planner.plan(source([delegated]))
        }
        let plan = try Planner.plan(source([step("one", hosts: [group, "a"])]))
        #expect(plan.tasks.map(\.machine) == [.host(0)])
    }

    @Test("a step without hosts has no machine, and `local` is this one")
    func noMachine() throws {
        let plan = try Planner.plan(source([step("none", hosts: []), step("here", hosts: ["local"])]))
        #expect(plan.tasks.map(\.machine) == [nil, .local])
        #expect(plan.tasks.indices.map(plan.machineName) == [nil, "local"])
    }

    @Test("the hash changes with any byte of the files and with any variable")
    func hash() throws {
        let pool = Variable(name: "pool", value: "tank", kind: .text, description: nil, place: place)
        let first = try Planner.plan(source([step("one")], variables: [pool]))
        let same = try Planner.plan(source([step("one")], variables: [pool]))
        let other = try Planner.plan(source([step("one")], variables: [pool], set: [("pool", "tank2")]))
        var changed = source([step("one")], variables: [pool])
        changed.inventoryBytes.append(0x20)
        #expect(first.hash == same.hash)
        #expect(first.hash != other.hash)
        #expect(try Planner.plan(changed).hash != first.hash)
    }

    @Test("a value reaches a command in a variable, or quoted where there may be no shell")
    func scope() throws {
        var run = step("one")
        let reference = Template.Reference(path: ["vars", "pool"], place: place)
        run.action = .run(Template([.literal("zpool import "), .reference(reference)], at: place))
        let pool = Variable(name: "pool", value: "a; reboot", kind: .text, description: nil, place: place)
        let plan = try Planner.plan(source([run], variables: [pool]))
        guard case .run(let template) = plan.step(of: 0).action else {
            Issue.record("the plan made another action of it")
            return
        }
        let scope = Scope(plan, task: 0, run: RunFacts(id: "R1", by: "alice", mark: "m1"))
        let command = scope.command(template, inShell: true)
        #expect(command.text == "zpool import \"$BLACKSTART_1\"")
        #expect(command.label == "zpool import 'a; reboot'")
        #expect(command.variables == [NamedValue(name: "BLACKSTART_1", value: "a; reboot")])
        #expect(scope.command(template, inShell: false).text == "zpool import 'a; reboot'")
        #expect(scope.fault(in: [template], inShell: true) == nil)
        #expect(scope.fault(in: [template], inShell: false)?.what.contains("a host without receipts") == true)
    }
}
