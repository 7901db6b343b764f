internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookPreparedness

/// A run that was a drill, as its journal tells it.
struct PractisedRun {
    let recorded: RecordedRun
    let note: DrillNote
    let declaredBy: String
    /// As `2026-08-02`. A dry run has the clock of its fixture: its day is that on which it was declared.
    let day: String

    /// nil where nobody declared it a drill.
    init?(_ entry: RunArchive.Entry) {
        guard let last = entry.report.drills.last else { return nil }
        recorded = entry.recorded
        note = last.note
        declaredBy = last.by
        let opening = entry.recorded.opening
        let instant = opening.mode.hasHosts ? opening.began : last.timestamp
        day = TimeText.day(instant)
    }

    var run: String { recorded.opening.run }
    var name: String { recorded.plan.runbook.name }
    /// What kind of drill it was: on the real hosts, in a lab, or a dry run.
    var kind: String {
        switch recorded.opening.mode {
        case .live: "run"
        case .lab: "lab run"
        case .dryRun: "dry run"
        }
    }

    func evidence(beside plan: Plan) -> SiteEvidence.Drill {
        SiteEvidence.Drill(
            run: run, day: day, tookPart: note.tookPart, isAuthorPresent: note.isAuthorPresent,
            changes: plan.changes(since: recorded.plan))
    }

    /// From the first line of each session to its last record, and how much of that a question waited for a person.
    var time: (all: Duration, people: Duration) {
        var all: Int64 = 0
        var people: Int64 = 0
        var end: Int64 = 0
        var waits: Int64 = 0
        var open: Set<String> = []
        var since: Int64 = 0
        // A session in which something was entered afterwards took no time of the drill.
        var hasRecords = true
        func close() {
            if hasRecords { (all, people) = (all + end, people + waits) }
        }
        for entry in recorded.entries {
            if entry.type == LineTypes.sessionOpen {
                close()
                (end, waits, hasRecords) = (0, 0, false)
                open.removeAll()
            }
            if LineTypes.own.contains(entry.type) || LineTypes.notes.contains(entry.type) { continue }
            hasRecords = true
            end = max(end, entry.uptime)
            let question = "\(entry.fields["step"]?.string ?? "")@\(entry.fields["host"]?.string ?? "")"
            switch entry.type {
            case LineTypes.questionAsked:
                // Of several at once the time counts once.
                if open.isEmpty { since = entry.uptime }
                open.insert(question)
            case LineTypes.questionAnswered, LineTypes.approval:
                if open.remove(question) != nil, open.isEmpty { waits += max(0, entry.uptime - since) }
            default: break
            }
        }
        close()
        return (.milliseconds(all), .milliseconds(people))
    }
}

/// The drills of one runbook in words, or for a program.
struct DrillText {
    let name: String
    /// The newest last.
    let drills: [PractisedRun]
    /// The runbook as it is now; nil: it was not named.
    let plan: Plan?

    private var scenario: String? { (plan ?? drills.last?.recorded.plan)?.runbook.document.scenario }

    var text: String {
        var text = TerminalText.shown(name) + (scenario.map { " (\(TerminalText.shown($0)))" } ?? "") + "\n"
        func part(_ head: String, _ words: String) {
            text +=
                Wrapping.lines("  \(head.padded(12))\(words)", columns: 80, indent: 14).joined(separator: "\n") + "\n"
        }
        guard let last = drills.last else {
            part("Last drill", "never, as far as signed journals tell")
            return text
        }
        let people = last.note.tookPart.map { TerminalText.shown($0) }.joined(separator: ", ")
        part("Last drill", "\(last.day), \(last.kind) \(last.run)")
        part("Took part", "\(people); the author was \(last.note.isAuthorPresent ? "there" : "not there")")
        part("Outcome", last.recorded.state.closed?.rawValue ?? "interrupted")
        let (all, waits) = last.time
        part(
            "Time",
            (last.recorded.plan.runbook.rto.map { "objective \(DurationText.words($0)); " } ?? "")
                + "took \(DurationText.words(all)), of which people were waited for \(DurationText.words(waits))")
        for one in last.note.confused { part("Confused", TerminalText.shown(one)) }
        if !last.note.note.isEmpty { part("Note", TerminalText.shown(last.note.note)) }
        if let plan {
            let changes = plan.changes(since: last.recorded.plan)
            for change in changes { part("Since then", TerminalText.shown(change)) }
            if changes.isEmpty { part("Since then", "nothing was changed") }
        }
        let before = drills.dropLast().suffix(5).reversed().map { "\($0.day) (\($0.run))" }
        if !before.isEmpty { part("Before", before.joined(separator: ", ")) }
        return text
    }

    var json: String {
        func list(_ names: [String]) -> JournalValue { .array(names.map(JournalValue.string)) }
        var pairs: [(String, JournalValue)] = [("type", .string("drills")), ("runbook", .string(name))]
        if let scenario { pairs.append(("scenario", .string(scenario))) }
        pairs.append(
            (
                "drills",
                .array(
                    drills.map { drill in
                        let (all, waits) = drill.time
                        var members: JournalFields = [
                            "run": .string(drill.run), "day": .string(drill.day),
                            "mode": .string(drill.recorded.opening.mode.rawValue),
                            "took_part": list(drill.note.tookPart),
                            "author_present": .boolean(drill.note.isAuthorPresent),
                            "confused": list(drill.note.confused), "note": .string(drill.note.note),
                            "by": .string(drill.declaredBy),
                            "outcome": .string(drill.recorded.state.closed?.rawValue ?? "interrupted"),
                            "ms": .integer(all.wholeMilliseconds), "people_ms": .integer(waits.wholeMilliseconds),
                        ]
                        members["rto_ms"] = drill.recorded.plan.runbook.rto.map { .integer($0.wholeMilliseconds) }
                        return .object(members)
                    })
            ))
        if let plan, let last = drills.last {
            pairs.append(("changes", list(plan.changes(since: last.recorded.plan))))
        }
        return JSONText.line(pairs)
    }
}
