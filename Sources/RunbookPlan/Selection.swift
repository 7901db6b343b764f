package import RunbookModel

/// The part of a runbook that is wanted: `--limit`, `--tags`, `--skip-tags`, `--start-at`, `--until`.
///
/// What is left out is as if it had never been written: what waits for it waits for what it waits for. **An approval that a
/// selected step waits for, directly or through others, is never left out**, whatever the selection says.
package struct Selection: Hashable, Sendable {
    /// Hosts, groups and patterns (`*`, `?`); with `!` in front, not these.
    package var limit: [String] = []
    package var tags: [String] = []
    package var skipTags: [String] = []
    package var startAt: String?
    package var until: String?

    package init() {}

    package var isEmpty: Bool { self == Selection() }

    /// Steps with this tag are in whatever `tags` says; with the other one, only when one of their tags is asked for.
    package static let always = "always"
    package static let never = "never"
}

/// Why nothing sensible is left.
package enum SelectionFault: Hashable, Sendable {
    case unknownHost(String, nearest: String?)
    case unknownTag(String, nearest: String?)
    case unknownStep(String, option: String, nearest: String?)
    case nothingLeft
    /// A step that stays uses a value of one that does not.
    case valueLeftOut(Template.Reference, user: String)
}

extension Selection {
    /// What is left of a runbook.
    struct Part {
        var runbook: Runbook
        /// Approvals that stay because a selected step waits for them.
        var keptApprovals: [String] = []
        /// Approvals that are left out: no selected step waits for them.
        var unasked: [String] = []
        /// Hosts of the steps that stay on which they are left out, in the order of the steps.
        var hostsLeftOut: [String] = []
        /// Steps by hand and dangerous ones that are left out although a selected step waits for them.
        var handLeftOut: [String] = []
    }

    /// The runbook with what is left of its steps and their hosts.
    func applied(to runbook: Runbook, _ inventory: Inventory, _ roster: HostRoster) throws(PlanFault) -> Part {
        let hidden = runbook.steps.contains { $0.tags.contains(Self.never) }
        guard !isEmpty || hidden else { return Part(runbook: runbook) }
        var steps = runbook.steps
        var dropped: [[String]] = Array(repeating: [], count: steps.count)
        if !limit.isEmpty {
            let hosts = try limitedHosts(inventory, roster)
            for index in steps.indices where !steps[index].hosts.isEmpty {
                steps[index].hosts = try roster.machines(of: steps[index]).compactMap { machine in
                    let name = machine.name(in: inventory)
                    if machine == .local || hosts.contains(name) { return Named(name, at: steps[index].place) }
                    dropped[index].append(name)
                    return nil
                }
            }
        }
        let needs = Self.needs(of: runbook)
        var stays = try chosen(runbook, needs).enumerated().map { index, isChosen in
            isChosen && (runbook.steps[index].hosts.isEmpty || !steps[index].hosts.isEmpty)
        }
        guard stays.contains(true) else { throw .selection(.nothingLeft) }
        let awaited = Self.ancestors(of: stays.indices.filter { stays[$0] }, needs)
        let approvals = steps.indices.filter { index in
            if case .approval = steps[index].action { !stays[index] } else { false }
        }
        for index in approvals where awaited.contains(index) { stays[index] = true }
        var left = runbook
        left.steps = []
        for index in steps.indices where stays[index] {
            var step = steps[index]
            step.needs = Self.contracted(index, needs, stays).map { Named(runbook.steps[$0].id, at: step.place) }
            left.steps.append(step)
        }
        try checkValues(left, of: runbook)
        func ids(_ isKept: Bool) -> [String] { approvals.filter { stays[$0] == isKept }.map { steps[$0].id } }
        var part = Part(runbook: left, keptApprovals: ids(true), unasked: ids(false))
        var seen: Set<String> = []
        part.hostsLeftOut = steps.indices.filter { stays[$0] }.flatMap { dropped[$0] }.filter {
            seen.insert($0).inserted
        }
        part.handLeftOut = steps.indices.filter { !stays[$0] && awaited.contains($0) && Self.wantsPerson(steps[$0]) }
            .map { steps[$0].name }
        return part
    }

    /// Whether somebody has to do it, or to say that it may be done.
    private static func wantsPerson(_ step: Step) -> Bool {
        if case .manual = step.action { return true }
        return step.danger != nil
    }

    private static func needs(of runbook: Runbook) -> [[Int]] {
        var index: [String: Int] = [:]
        for (position, step) in runbook.steps.enumerated() { index[step.id] = position }
        return runbook.steps.map { $0.needs.compactMap { index[$0.name] } }
    }

    /// What a step waits for, through what is left out.
    private static func contracted(_ step: Int, _ needs: [[Int]], _ stays: [Bool]) -> [Int] {
        var found: Set<Int> = []
        var seen: Set<Int> = []
        var open = needs[step]
        while let need = open.popLast() {
            guard seen.insert(need).inserted else { continue }
            if stays[need] { found.insert(need) } else { open += needs[need] }
        }
        return found.sorted()
    }

    private static func ancestors(of step: Int, _ needs: [[Int]]) -> Set<Int> { ancestors(of: [step], needs) }

    /// What any of these steps waits for, directly or through others.
    private static func ancestors(of steps: [Int], _ needs: [[Int]]) -> Set<Int> {
        var found: Set<Int> = []
        var open = steps.flatMap { needs[$0] }
        while let need = open.popLast() {
            if found.insert(need).inserted { open += needs[need] }
        }
        return found
    }

    /// For each step whether it is wanted, hosts aside.
    private func chosen(_ runbook: Runbook, _ needs: [[Int]]) throws(PlanFault) -> [Bool] {
        let known = Set(runbook.steps.flatMap(\.tags))
        for tag in tags + skipTags where !known.contains(tag) {
            throw .selection(.unknownTag(tag, nearest: Nearest.name(to: tag, in: known.sorted())))
        }
        var chosen = runbook.steps.map { step in
            let own = Set(step.tags)
            if !own.isDisjoint(with: skipTags) { return false }
            if own.contains(Self.never) { return !own.isDisjoint(with: tags) }
            return tags.isEmpty || own.contains(Self.always) || !own.isDisjoint(with: tags)
        }
        // A checkpoint does nothing but mark what stands before it.
        if !tags.isEmpty {
            for (index, step) in runbook.steps.enumerated() where step.tags.isEmpty {
                guard case .checkpoint = step.action else { continue }
                chosen[index] = Self.ancestors(of: index, needs).contains {
                    chosen[$0] && !runbook.steps[$0].tags.contains(Self.always)
                }
            }
        }
        if let startAt {
            let wanted = try positions(of: startAt, "--start-at", runbook)
            let before = wanted.reduce(into: Set()) { $0.formUnion(Self.ancestors(of: $1, needs)) }.subtracting(wanted)
            for index in 0..<wanted.lowerBound { chosen[index] = false }
            for index in before { chosen[index] = false }
        }
        if let until {
            let wanted = try positions(of: until, "--until", runbook)
            let before = wanted.reduce(into: Set()) { $0.formUnion(Self.ancestors(of: $1, needs)) }
            for index in wanted.upperBound..<chosen.count where !before.contains(index) { chosen[index] = false }
        }
        return chosen
    }

    /// Where a step stands, or all steps of a runbook that it includes.
    private func positions(of id: String, _ option: String, _ runbook: Runbook) throws(PlanFault) -> Range<Int> {
        if let position = runbook.steps.firstIndex(where: { $0.id == id }) { return position..<(position + 1) }
        if let first = runbook.steps.firstIndex(where: { $0.id.hasPrefix("\(id)/") }),
            let last = runbook.steps.lastIndex(where: { $0.id.hasPrefix("\(id)/") })
        {
            return first..<(last + 1)
        }
        throw .selection(
            .unknownStep(id, option: option, nearest: Nearest.name(to: id, in: runbook.steps.map(\.id))))
    }

    /// The names that `limit` means: all that is asked for, or all hosts, without what is not wanted.
    package func limitedHosts(_ inventory: Inventory) throws(PlanFault) -> Set<String> {
        try limitedHosts(inventory, HostRoster(inventory))
    }

    private func limitedHosts(_ inventory: Inventory, _ roster: HostRoster) throws(PlanFault) -> Set<String> {
        let names = inventory.hosts.map(\.name)
        let groups = inventory.groups.map(\.name)
        func hosts(_ pattern: String) throws(PlanFault) -> Set<String> {
            let place = SourcePlace(path: inventory.path, line: 1, column: 1)
            let fitting = (names + groups).filter { Glob.matches(pattern, $0) }
            guard !fitting.isEmpty else {
                throw .selection(.unknownHost(pattern, nearest: Nearest.name(to: pattern, in: names + groups)))
            }
            let found = try roster.expand(fitting.map { Named($0, at: place) })
            return Set(found.compactMap(\.index).map { names[$0] })
        }
        var wanted: Set<String> = []
        for pattern in limit where !pattern.hasPrefix("!") { wanted.formUnion(try hosts(pattern)) }
        if !limit.contains(where: { !$0.hasPrefix("!") }) { wanted = Set(names) }
        for pattern in limit where pattern.hasPrefix("!") { wanted.subtract(try hosts(String(pattern.dropFirst()))) }
        return wanted
    }

    private func checkValues(_ left: Runbook, of whole: Runbook) throws(PlanFault) {
        let ids = Set(left.steps.map(\.id))
        for step in left.steps {
            for reference in step.references + step.environment.flatMap(\.value.references)
            where reference.path.first == "steps" && reference.path.count > 1 && !ids.contains(reference.path[1]) {
                throw .selection(.valueLeftOut(reference, user: step.id))
            }
        }
    }
}
