import RunbookModel
import RunbookPlan
import Testing

private let place = SourcePlace(path: "r.yaml", line: 1, column: 1)

@Suite("An approval that guards what is selected is never left out")
struct GuardingApprovalTests {
    /// Five steps; each need and each approval is one bit of `shape`. Steps with an even number have the tag `even`, the
    /// others `odd`.
    private static func source(_ shape: Int) -> (PlanSource, needs: [[Int]], approvals: Set<Int>) {
        var bits = shape
        func bit() -> Bool {
            defer { bits >>= 1 }
            return bits & 1 == 1
        }
        var runbook = Runbook(path: "r.yaml", name: "r", inventory: "i.yaml")
        var needs: [[Int]] = []
        var approvals: Set<Int> = []
        for number in 0..<5 {
            needs.append((0..<number).filter { _ in bit() })
            let isApproval = number < 3 && bit()
            if isApproval { approvals.insert(number) }
            let action: Action =
                isApproval
                ? .approval(Approval(roles: [Named("lead", at: place)], count: 1, message: nil, timeout: nil))
                : .manual(Template(literal: "Look.", at: place))
            var step = Step(id: "s\(number)", name: "S", action: action, at: place)
            step.needs = needs[number].map { Named("s\($0)", at: place) }
            step.tags = [number % 2 == 0 ? "even" : "odd"]
            runbook.steps.append(step)
        }
        let inventory = Inventory(path: "i.yaml", name: "i")
        return (
            PlanSource(runbook: runbook, runbookBytes: [1], inventory: inventory, inventoryBytes: [2]), needs, approvals
        )
    }

    private static let selections: [Selection] = {
        var all: [Selection] = []
        for (tags, skip) in [
            ([], []), (["even"], []), (["odd"], []), ([], ["even"]), ([], ["odd"]), (["odd"], ["even"]),
        ]
            as [([String], [String])]
        {
            for start in [nil, "s1", "s2", "s3", "s4"] as [String?] {
                for until in [nil, "s0", "s2", "s3", "s4"] as [String?] {
                    var selection = Selection()
                    selection.tags = tags
                    selection.skipTags = skip
                    selection.startAt = start
                    selection.until = until
                    all.append(selection)
                }
            }
        }
        return all
    }()

    @Test("whatever is selected, of every eleventh graph of five steps")
    func everySelection() throws {
        var kept = 0
        for shape in stride(from: 1, to: 1 << 13, by: 11) {
            var (source, needs, approvals) = Self.source(shape)
            // By brute force: which steps each one waits for.
            var awaited: [Set<Int>] = []
            for own in needs { awaited.append(own.reduce(into: Set(own)) { $0.formUnion(awaited[$1]) }) }
            for selection in Self.selections {
                source.selection = selection
                guard let plan = try? Planner.plan(source) else { continue }
                let stays = Set(plan.runbook.steps.compactMap { Int($0.id.dropFirst()) })
                let guards = stays.reduce(into: Set<Int>()) { $0.formUnion(awaited[$1]) }.intersection(approvals)
                #expect(guards.isSubset(of: stays), "\(shape) \(selection)")
                // What stays waits for each of its guards, directly or through others.
                for step in stays {
                    let after = plan.ancestors(ofStep: "s\(step)").map { plan.tasks[$0].id.step }
                    #expect(
                        awaited[step].intersection(approvals).isSubset(of: after.compactMap { Int($0.dropFirst()) }))
                }
                // Each approval is asked for, or the plan says why not.
                let unasked = Set(plan.unaskedApprovals.map(\.step))
                #expect(unasked == Set(approvals.subtracting(stays).map { "s\($0)" }))
                kept += plan.keptApprovals.count
            }
        }
        #expect(kept > 0)
    }

    @Test(
        "a `when` is decided by variables, when the run is planned, and the reason is on record",
        arguments: [
            (nil, []), ("yes", []),
            ("no", [UnaskedApproval(step: "s0", reason: .condition(["ask=no"]))]),
        ] as [(String?, [UnaskedApproval])])
    func condition(_ value: String?, _ unasked: [UnaskedApproval]) throws {
        var (source, _, _) = Self.source(1)
        source.runbook.steps[0].when = .equal(
            .reference(Template.Reference(path: ["vars", "ask"], place: place)), .literal("yes"))
        source.runbook.steps[0].action = .approval(
            Approval(roles: [Named("lead", at: place)], count: 1, message: nil, timeout: nil))
        source.runbook.variables = [Variable(name: "ask", value: "yes", kind: .text, description: nil, place: place)]
        if let value { source.overrides = [("ask", value)] }
        let plan = try Planner.plan(source)
        #expect(plan.unaskedApprovals == unasked)
        #expect(unasked.allSatisfy { $0.text == "s0 `when` does not hold: ask=no" })
    }

    @Test("a `when` over what a host answered, or over the environment, leaves nobody unasked")
    func otherValues() throws {
        for path in [["steps", "s1", "outputs", "x"], ["env", "ASK"], ["run", "id"]] {
            var (source, _, _) = Self.source(0)
            source.runbook.steps[0].when = .equal(
                .reference(Template.Reference(path: path, place: place)), .literal("yes"))
            source.runbook.steps[0].action = .approval(
                Approval(roles: [Named("lead", at: place)], count: 1, message: nil, timeout: nil))
            #expect(try Planner.plan(source).unaskedApprovals.isEmpty)
        }
    }
}
