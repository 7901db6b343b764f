internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan

/// What a run is about to touch, said before anything begins: whether it is live, which inventory, as whom, with which
/// keys, and in which zone the times are.
struct RunBanner {
    let plan: Plan
    let mode: RunOpening.Mode
    let inventory: String
    /// Milliseconds since 1970 UTC.
    let now: Int64
    var columns = 80

    /// The mode of a run of this plan on real connections.
    static func mode(_ plan: Plan) -> RunOpening.Mode { plan.inventory.isLab ? .lab : .live }

    var text: String {
        let when = TimeText.date(now)
        var lines = [mode.word + String(repeating: " ", count: max(2, columns - mode.word.count - when.count)) + when]
        let machines = machines
        lines += part(
            "Inventory",
            "\(TerminalText.shown(inventory)), \(Count.of(plan.inventory.hosts.count, "machine")), "
                + (machines.isEmpty ? "none of them used" : "\(machines.count) used"))
        let local = LocalUser.current?.name ?? "the current user"
        if mode.hasHosts {
            if !machines.isEmpty { lines += part("Login", counted(machines.map { $0.user ?? local }, "as ")) }
            if !machines.isEmpty { lines += part("Keys", counted(machines.map(key))) }
            if hasLocalSteps { lines += part("Local", "commands on this machine run as \(TerminalText.shown(local))") }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The hosts that are logged in at.
    private var machines: [Host] {
        var seen: Set<String> = []
        return plan.tasks.indices.compactMap { plan.machine(of: $0) ?? plan.host(of: $0) }.filter {
            seen.insert($0.name).inserted
        }
    }

    private var hasLocalSteps: Bool {
        plan.tasks.indices.contains { task in
            guard plan.machine(of: task) == nil else { return false }
            switch plan.step(of: task).action {
            case .run, .script, .copy, .reboot: return true
            case .waitFor, .manual, .approval, .checkpoint: return false
            }
        }
    }

    private func key(_ host: Host) -> String {
        if let file = host.identityFile { return file }
        return host.password == nil ? "the agent's or the user's own" : "a password"
    }

    /// `as ops (14), root (2)`; a single one goes without a number.
    private func counted(_ names: [String], _ before: String = "") -> String {
        var order: [String] = []
        var counts: [String: Int] = [:]
        for name in names {
            if counts[name] == nil { order.append(name) }
            counts[name, default: 0] += 1
        }
        guard order.count > 1 else { return before + TerminalText.shown(order.first ?? "") }
        let shown = order.prefix(4).map { "\(TerminalText.shown($0)) (\(counts[$0, default: 0]))" }
        return before + shown.joined(separator: ", ") + (order.count > 4 ? " and \(order.count - 4) more" : "")
    }

    private func part(_ head: String, _ words: String) -> [String] {
        Wrapping.lines("  \(head.padded(10))\(words)", columns: columns, indent: 12)
    }
}

/// Which run a session is about to go on with, or to take back: as it began, on what, and how it stands.
struct RunIdentity {
    let recorded: RecordedRun
    /// Milliseconds since 1970 UTC.
    let now: Int64
    var columns = 80

    var text: String {
        let opening = recorded.opening
        let banner = RunBanner(
            plan: recorded.plan, mode: opening.mode, inventory: opening.inventory, now: now, columns: columns)
        let lines =
            Wrapping.lines("\(TerminalText.shown(opening.title)), run \(opening.run)", columns: columns, indent: 2)
            + Wrapping.lines(
                "  Began     \(TimeText.date(opening.began)) by \(TerminalText.shown(opening.by))\(age)",
                columns: columns, indent: 12)
            + (recorded.state.closed.map { $0.isFinal ? ["  Ended     as \($0.rawValue)"] : [] } ?? [])
        return banner.text + lines.joined(separator: "\n") + "\n"
    }

    /// Long ago is told in days; clocks may be wrong, and then nothing is said.
    private var age: String {
        let minutes = (now - recorded.opening.began) / 60_000
        switch minutes {
        case ..<1: return ""
        case ..<2_880: return ", \(DurationText.words(.seconds(minutes * 60))) ago"
        default: return ", \(minutes / 1_440) days ago"
        }
    }
}
