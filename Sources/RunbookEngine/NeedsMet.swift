package import RunbookPlan

/// For each step, what it still waits for: the steps that it needs, and through these whatever they need.
///
/// A step *stands* while all of its tasks are through and all that it needs stands. So a step that lapsed, failed or is
/// pending again holds back everything behind it, also where the steps in between are through. The closure is never
/// computed: when a step begins or ceases to stand, only the steps that this changes are looked at, each over its own
/// dependents.
package struct NeedsMet: Sendable {
    private var isThrough: [Bool]
    /// For each step how many of its tasks are not through.
    private var openTasks: [Int]
    /// For each step how many of the steps that it needs do not stand.
    private var openNeeds: [Int]
    /// Steps whose needs have been met since this was last asked.
    private var met: [Int] = []
    /// How many times a step was looked at; for tests of what this costs.
    package private(set) var looks = 0

    package init(_ plan: Plan, _ state: RunState) {
        isThrough = plan.tasks.indices.map { state.isThrough($0) }
        openTasks = plan.tasksOfStep.map { _ in 0 }
        openNeeds = plan.stepNeeds.map(\.count)
        for task in plan.tasks.indices where !isThrough[task] { openTasks[plan.tasks[task].step] += 1 }
        // A step is counted as standing once, when the last of its needs is met.
        for step in plan.stepNeeds.indices where plan.stepNeeds[step].isEmpty { rose(from: step, plan) }
        met = []
    }

    /// Whether all that a step needs stands.
    package func areMet(_ step: Int) -> Bool { openNeeds[step] == 0 }

    /// Steps whose needs have been met since the last call.
    package mutating func takeMet() -> [Int] {
        defer { met = [] }
        return met
    }

    /// The records say something new about a task.
    package mutating func update(_ task: Int, _ plan: Plan, _ state: RunState) {
        let now = state.isThrough(task)
        guard now != isThrough[task] else { return }
        isThrough[task] = now
        let step = plan.tasks[task].step
        openTasks[step] += now ? -1 : 1
        if now {
            rose(from: step, plan)
        } else if openTasks[step] == 1 {
            fell(from: step, plan)
        }
    }

    private func stands(_ step: Int) -> Bool { openTasks[step] == 0 && openNeeds[step] == 0 }

    /// `step` may stand from now on, and with it what waited for it alone.
    private mutating func rose(from step: Int, _ plan: Plan) {
        guard stands(step) else { return }
        var open = [step]
        while let next = open.popLast() {
            for other in plan.stepDependents[next] {
                looks += 1
                openNeeds[other] -= 1
                guard openNeeds[other] == 0 else { continue }
                met.append(other)
                if stands(other) { open.append(other) }
            }
        }
    }

    /// `step` has a task again that is not through: what rests on it does not stand any more.
    private mutating func fell(from step: Int, _ plan: Plan) {
        guard openNeeds[step] == 0 else { return }
        var open = [step]
        while let next = open.popLast() {
            for other in plan.stepDependents[next] {
                looks += 1
                let stood = stands(other)
                openNeeds[other] += 1
                if stood { open.append(other) }
            }
        }
    }
}
