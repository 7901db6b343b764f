package import RunbookModel

/// How records stand in lines. What the engine makes of a run comes back from its journal unchanged; only a text that
/// is longer than ``RecordText/limitBytes`` comes back cut.
extension Draft {
    /// One line for a record. A rollback of very many tasks is more than one line holds: see ``Record/drafts``.
    package init(_ record: Record) {
        switch record {
        case .hostSeen(let sighting):
            self.init(
                type: LineTypes.hostSeen,
                fields: .of(
                    ("host", sighting.host == Host.localName ? nil : .string(sighting.host)),
                    ("boot", .string(sighting.boot)),
                    ("offset_ms", sighting.clockOffset.map(JournalValue.bounded)),
                    ("home", sighting.home.isEmpty ? nil : .string(sighting.home))))
        case .attemptIntended(let intent):
            self.init(
                type: intent.attempt.kind == .undo ? LineTypes.undoIntent : LineTypes.stepIntent,
                fields: .of(
                    intent.attempt,
                    ("cmd", .string(intent.digest)),
                    ("text", .string(RecordText.cut(intent.command))), ("boot", .string(intent.boot))))
        case .attemptEnded(let end): self.init(end)
        case .attemptReopened(let attempt):
            self.init(
                type: attempt.kind == .undo ? LineTypes.undoReopened : LineTypes.stepReopened, fields: .of(attempt))
        case .taskSettled(let settlement):
            self.init(
                type: LineTypes.stepDone,
                fields: .of(
                    settlement.task,
                    ("state", .string(settlement.state.rawValue)),
                    ("reason", .string(RecordText.cut(settlement.reason))),
                    ("by", settlement.by.map(JournalValue.string)), ("tolerated", .boolean(settlement.tolerated))))
        case .notChecked(let unchecked):
            self.init(
                type: LineTypes.stepUnchecked,
                fields: .of(unchecked.task, ("reason", .string(RecordText.cut(unchecked.reason)))))
        case .undoSettled(let settlement):
            self.init(
                type: LineTypes.undoDone,
                fields: .of(
                    settlement.task,
                    ("state", .string(settlement.state.rawValue)),
                    ("reason", .string(RecordText.cut(settlement.reason))),
                    ("by", settlement.by.map(JournalValue.string))))
        case .asked(let question):
            self.init(
                type: LineTypes.questionAsked,
                fields: .of(
                    question.task,
                    ("kind", .string(question.kind.rawValue)), ("text", .string(RecordText.cut(question.text)))))
        case .answered(let answer) where answer.signature != nil:
            self.init(
                type: LineTypes.approval,
                fields: .of(
                    answer.task, ("choice", .string(answer.choice.rawValue)),
                    ("reason", answer.reason.map { .string(RecordText.cut($0)) }), ("by", .string(answer.by)),
                    ("covers", answer.signature.map { .integer(Int64($0.covers)) }),
                    ("key", answer.signature.map { .string($0.key) }), ("ns", .string(ApprovalSignature.namespace)),
                    ("sig", answer.signature.map { .string($0.blob) })))
        case .answered(let answer):
            self.init(
                type: LineTypes.questionAnswered,
                fields: .of(
                    answer.task,
                    ("kind", .string(answer.kind.rawValue)), ("choice", .string(answer.choice.rawValue)),
                    ("reason", answer.reason.map { .string(RecordText.cut($0)) }), ("by", .string(answer.by))))
        case .valueRead(let value):
            self.init(
                type: LineTypes.stepValue,
                fields: .of(
                    value.task, ("name", .string(value.name)), ("value", .string(RecordText.cut(value.value)))))
        case .checkpointReached(let step, let name):
            self.init(
                type: LineTypes.checkpointReached, fields: ["step": .string(step), "name": .string(name)])
        case .rollbackDecided(let decision):
            self.init(
                type: LineTypes.rollbackDecided,
                fields: [
                    "to": .string(decision.target), "by": .string(decision.by),
                    "confirmed": .boolean(decision.isConfirmed),
                ])
        case .rollbackBegun(let plan):
            self.init(
                type: LineTypes.rollbackBegun,
                fields: [
                    "to": .string(plan.target), "tasks": .array(plan.tasks.map(JournalValue.task)),
                    "by": .string(plan.by),
                ])
        case .rollbackEnded(let complete):
            self.init(type: LineTypes.rollbackEnded, fields: ["complete": .boolean(complete)])
        case .rollbackAbandoned(let by):
            self.init(type: LineTypes.rollbackAbandoned, fields: ["by": .string(by)])
        case .paused(let by): self.init(type: LineTypes.runPaused, fields: ["by": .string(by)])
        case .wentOn(let by): self.init(type: LineTypes.runWentOn, fields: ["by": .string(by)])
        case .halted(let reason):
            self.init(type: LineTypes.runHalted, fields: ["reason": .string(RecordText.cut(reason))])
        case .closed(let outcome):
            self.init(type: LineTypes.runClose, fields: ["outcome": .string(outcome.rawValue)])
        }
    }

    private init(_ end: AttemptEnd) {
        let (word, status, text): (String, Int?, String?) =
            switch end.result {
            case .exited(let status): (AttemptEndWord.exited, status, nil)
            case .signalled(let name): (AttemptEndWord.signalled, nil, name)
            case .neverRan(let reason): (AttemptEndWord.neverRan, nil, reason)
            case .timedOut(let status): (AttemptEndWord.timedOut, status, nil)
            case .unknown(let reason): (AttemptEndWord.unknown, nil, reason)
            }
        self.init(
            type: end.attempt.kind == .undo ? LineTypes.undoResult : LineTypes.stepResult,
            fields: .of(
                end.attempt,
                ("end", .string(word)), ("status", status.map { .bounded(Int64($0)) }),
                ("reason", text.map { .string(RecordText.cut($0)) }),
                ("stopped", Self.stopped(end).map(JournalValue.boolean)),
                ("stdout", end.stdout.map(JournalValue.output)), ("stderr", end.stderr.map(JournalValue.output)),
                ("tail", .text(RecordText.last(end.tail))), ("ms", .bounded(end.milliseconds)),
                ("cut", end.isOutputCut ? .boolean(true) : nil)))
    }
}

extension Draft {
    /// Said where it is not what a reader takes for granted: that nothing is known of what ended so, and that what was
    /// stopped has stopped.
    private static func stopped(_ end: AttemptEnd) -> Bool? {
        if end.isUnknown, !end.mayStillRun { return true }
        return end.isTimedOut && end.mayStillRun ? false : nil
    }
}

extension Record {
    /// The lines of a record, to be appended together: one, but for a rollback of very many tasks, whose first tasks
    /// stand in `rollback.tasks` lines before its own. ``Record/all(in:)`` puts them together again.
    package var drafts: [Draft] {
        guard case .rollbackBegun(var plan) = self else { return [Draft(self)] }
        var drafts: [Draft] = []
        var part: [TaskID] = []
        var bytes = 0
        for task in plan.tasks {
            // Names are ASCII; quotes, commas and brackets come on top.
            let length = task.step.utf8.count + (task.host?.utf8.count ?? 0) + 8
            if bytes + length > RecordText.tasksBytes {
                drafts.append(
                    Draft(type: LineTypes.rollbackTasks, fields: ["tasks": .array(part.map(JournalValue.task))]))
                part.removeAll()
                bytes = 0
            }
            part.append(task)
            bytes += length
        }
        plan.tasks = part
        return drafts + [Draft(.rollbackBegun(plan))]
    }
}

/// The words of `end` in a result line.
enum AttemptEndWord {
    static let exited = "exited"
    static let signalled = "signalled"
    static let neverRan = "never-ran"
    static let timedOut = "timed-out"
    static let unknown = "unknown"
}

/// Bounds that keep a record within a line, escapes included.
enum RecordText {
    /// Of one text. Every byte of it could be a control character, which takes six.
    static let limitBytes = 8 << 10
    /// Of the names of tasks in one line.
    static let tasksBytes = 48 << 10
    private static let mark = "…"

    /// `text`, or as much of its beginning as fits, with a mark.
    static func cut(_ text: String) -> String {
        guard text.utf8.count > limitBytes else { return text }
        var kept = Array(text.utf8.prefix(limitBytes - mark.utf8.count))
        while String(validating: kept, as: UTF8.self) == nil, !kept.isEmpty { kept.removeLast() }
        return String(decoding: kept, as: UTF8.self) + mark
    }

    /// The end of what a command said.
    static func last(_ tail: [UInt8]) -> [UInt8] { Array(tail.suffix(Limits.recordedTailBytes)) }
}

extension JournalValue {
    /// Within what a line can hold; no real status, offset or duration is beyond.
    static func bounded(_ value: Int64) -> JournalValue {
        .integer(min(max(value, -LineLimits.integer), LineLimits.integer))
    }

    static func output(_ digest: OutputDigest) -> JournalValue {
        .object(["bytes": .bounded(digest.bytes), "sha256": .string(digest.sha256)])
    }

    /// `["step","host"]`, or `["step"]`.
    static func task(_ task: TaskID) -> JournalValue {
        .array([.string(task.step)] + (task.host.map { [.string($0)] } ?? []))
    }
}

extension JournalFields {
    /// Fields that are there.
    static func of(_ fields: (String, JournalValue?)...) -> Self { of(fields) }

    static func of(_ task: TaskID, _ fields: (String, JournalValue?)...) -> Self {
        of(fields + [("step", .string(task.step)), ("host", task.host.map(JournalValue.string))])
    }

    static func of(_ attempt: AttemptName, _ fields: (String, JournalValue?)...) -> Self {
        of(
            fields + [
                ("step", .string(attempt.task.step)), ("host", attempt.task.host.map(JournalValue.string)),
                ("attempt", .bounded(Int64(attempt.number))),
            ])
    }

    private static func of(_ fields: [(String, JournalValue?)]) -> Self {
        var members = Self()
        for (key, value) in fields { members[key] = value }
        return members
    }
}
