package import RunbookModel

/// What breaks, and when.
extension FixtureSite {
    /// A request for a task of this step was seen: faults `from` it are active from now on.
    package mutating func begin(_ step: String) { state.begun.insert(step) }

    /// The first fault, in file order, of one of these kinds that hits this operation on `host`; counts the hit.
    package mutating func strike(_ kinds: [Fault.Kind], on host: String) -> Fault.Kind? {
        guard let index = activeFault(kinds, on: host) else { return nil }
        state.faultHits[index] += 1
        return fixture.faults[index].kind
    }

    /// The fault that ``strike(_:on:)`` would tell, without counting.
    package func activeFault(_ kinds: [Fault.Kind], on host: String) -> Int? {
        fixture.faults.indices.first { index in
            let fault = fixture.faults[index]
            guard kinds.contains(fault.kind), let pattern = fault.host, Glob.matches(pattern, host) else {
                return false
            }
            if let from = fault.from, !state.begun.contains(from.name) { return false }
            return fault.times.map { state.faultHits[index] < $0 } ?? true
        }
    }

    /// How many times longer than said everything takes on `host` in this operation; counts a hit of `slow`.
    package mutating func slowness(of host: String) -> Int { strike([.slow], on: host) == nil ? 1 : 10 }

    /// The step after whose end the run itself is killed; nil once that has struck.
    package var crashAfterStep: String? { crash?.step }

    /// The run was killed: the crash does not strike again.
    package mutating func crashStruck() {
        if let crash { state.faultHits[crash.index] += 1 }
    }

    private var crash: (index: Int, step: String)? {
        for (index, fault) in fixture.faults.enumerated() where fault.kind == .crash {
            if let step = fault.from?.name, state.faultHits[index] < (fault.times ?? 1) { return (index, step) }
        }
        return nil
    }
}
