package import RunbookModel

/// What of a fixture's `expect` did not hold, a sentence each; empty when all of it did.
///
/// - Parameters:
///   - began: ids of steps in the order in which they began; a step that began again may stand there again.
///   - states: the final state of each step.
package func checkExpectation(
    _ expectation: Expectation, outcome: String, began: [String], states: [String: StepState], duration: Duration
) -> [String] {
    var wrong: [String] = []
    if let expected = expectation.outcome, expected != outcome {
        wrong.append("the run ended as `\(outcome)`; the fixture expects `\(expected)`")
    }
    var before: (step: String, place: Int)?
    for step in expectation.order.map(\.name) {
        guard let place = began.firstIndex(of: step) else {
            wrong.append("step `\(step)` did not begin; the fixture expects it to")
            continue
        }
        if let before, place < before.place {
            wrong.append("step `\(step)` began before `\(before.step)`; the fixture expects it after")
        } else {
            before = (step, place)
        }
    }
    for expected in expectation.steps {
        let name = expected.step.name
        guard let state = states[name] else {
            wrong.append(
                "step `\(name)` is not part of the run; the fixture expects it to be `\(expected.state.rawValue)`")
            continue
        }
        if state != expected.state {
            wrong.append(
                "step `\(name)` ended as `\(state.rawValue)`; the fixture expects `\(expected.state.rawValue)`")
        }
    }
    if let limit = expectation.maxDuration, duration > limit {
        wrong.append(
            "the run took \(DurationText.format(duration)); the fixture allows \(DurationText.format(limit))")
    }
    return wrong
}
