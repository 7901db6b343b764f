internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookPreparedness

/// The runs of the store as evidence: those whose journals verify, with what they prove.
struct RunArchive {
    let places: Places
    /// The folder of all runs.
    let runs: String
    let trust: TrustOptions
    /// What was named now; nil where only runs were.
    var inventory: Inventory?

    /// A run whose journal stands.
    struct Entry {
        let recorded: RecordedRun
        let report: JournalReport
    }

    /// What was found: runs, the newest last, and those that don't count, with the reason.
    struct Found {
        var entries: [Entry] = []
        var refused: [(run: String, reason: String)] = []
    }

    /// The drills of runbooks with one of these names, or of all. Older ones than so many are not looked at.
    func drills(_ names: Set<String>?) -> Found {
        find(names, most: 200) { _, bytes in
            String(decoding: bytes, as: UTF8.self).contains("\"t\":\"\(LineTypes.drill)\"")
        }
    }

    /// Live runs of a runbook, by its name. Older ones than so many are not looked at.
    func liveRuns(_ name: String) -> Found { find([name], most: 50) { opening, _ in opening.mode == .live } }

    private func find(_ names: Set<String>?, most: Int, _ counts: (RunOpening, [UInt8]) -> Bool) -> Found {
        var found = Found()
        for folder in RunFolder.all(in: runs).reversed() {
            guard found.entries.count < most else { break }
            guard let opening = folder.opening, names?.contains(opening.title) ?? true,
                let bytes = try? JournalReader.contents(of: folder.journal), counts(opening, bytes)
            else { continue }
            do throws(CommandFailure) {
                let recorded = try RecordedRun.read(folder, places)
                guard let site = try siteTrust(recorded) else {
                    throw CommandFailure(
                        .usage, "nobody says whose signatures count: name them with `--allowed-signers`")
                }
                let approvals = SiteTrust.approvals(site, recorded.plan)
                switch JournalVerifier.verify(bytes, trust: site.signers.signers, approvals: approvals) {
                case .success(let report): found.entries.append(Entry(recorded: recorded, report: report))
                case .failure(let broken): found.refused.append((folder.name, broken.message))
                }
            } catch {
                let message = error.diagnostics.first.map { "\($0.message) (\($0.place))" } ?? error.message
                found.refused.append((folder.name, message))
            }
        }
        found.entries.reverse()
        found.refused.reverse()
        return found
    }

    private func siteTrust(_ recorded: RecordedRun) throws(CommandFailure) -> SiteTrust? {
        if let inventory, inventory.allowedSigners != nil { return try SiteTrust.of(trust, inventory, places) }
        return try SiteTrust.of(trust, frozen: recorded.plan.inventory, places)
    }

    // MARK: How long steps take

    /// By step id how long it took in live runs at real speed: from its first line to its last, in a session in which it
    /// came to a good end at the first attempt and asked nobody who was not meant to be asked.
    static func measured(_ entries: [Entry]) -> [String: MeasuredTime] {
        var times: [String: [Duration]] = [:]
        for entry in entries {
            let recorded = entry.recorded
            guard recorded.plan.inventory.labSpeed == 1 else { continue }
            for (step, time) in StepTimes(recorded.entries, recorded.plan).times {
                times[step, default: []].append(time)
            }
        }
        return times.compactMapValues { MeasuredTime($0) }
    }
}

/// How long the steps of one run took.
private struct StepTimes {
    private(set) var times: [String: Duration] = [:]

    private struct Span {
        var begin: Int64
        var session: Int
        var end: Int64
        var done = 0
        var isGood = true
    }

    init(_ entries: [JournalEntry], _ plan: Plan) {
        var spans: [String: Span] = [:]
        var session = 0
        for entry in entries {
            if entry.type == LineTypes.sessionOpen { session += 1 }
            guard let step = entry.fields["step"]?.string, plan.stepIndex[step] != nil, entry.type != LineTypes.handWork
            else { continue }
            var span = spans[step] ?? Span(begin: entry.uptime, session: session, end: entry.uptime)
            if span.session != session { span.isGood = false }
            span.end = max(span.end, entry.uptime)
            switch entry.type {
            case LineTypes.stepDone:
                span.done += 1
                if entry.fields["state"]?.string != StepState.ok.rawValue { span.isGood = false }
            case LineTypes.stepIntent:
                if entry.fields["attempt"]?.integer ?? 1 > 1 { span.isGood = false }
            case LineTypes.questionAsked:
                let kind = entry.fields["kind"]?.string.flatMap(QuestionKind.init)
                if kind == .failure || kind == .unclear || kind == .lapsed { span.isGood = false }
            case LineTypes.undoIntent: span.isGood = false
            default: break
            }
            spans[step] = span
        }
        for (step, span) in spans where span.isGood {
            guard let number = plan.stepIndex[step], span.done == plan.tasksOfStep[number].count, span.end > span.begin
            else { continue }
            let taken = Duration.milliseconds(span.end - span.begin)
            // Nobody does by hand what was answered at once: the answer was given beforehand.
            if Self.isByHand(plan.runbook.steps[number]), taken < Self.leastByHand { continue }
            times[step] = taken
        }
    }

    private static let leastByHand = Duration.seconds(2)

    private static func isByHand(_ step: Step) -> Bool {
        switch step.action {
        case .manual, .approval: true
        case .run, .script, .copy, .reboot, .waitFor, .checkpoint: step.danger != nil
        }
    }
}
