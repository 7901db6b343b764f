package import RunbookModel

/// Why a line that stands in a proven journal is no record that this version understands.
package enum RecordFault: Error, Hashable, Sendable {
    case missing(type: String, field: String)
    case malformed(type: String, field: String)
    /// A field that this version does not write: guessing what it means is no way to resume.
    case unknown(type: String, field: String)
    /// A part of a record, as `rollback.tasks` is, or of a type that no record has.
    case misplaced(type: String)

    package var message: String {
        switch self {
        case .missing(let type, let field): "a `\(type)` line lacks `\(field)`"
        case .malformed(let type, let field): "`\(field)` of a `\(type)` line has a value that is not understood"
        case .unknown(let type, let field): "`\(field)` of a `\(type)` line is not known to this version"
        case .misplaced(let type): "a `\(TerminalText.shown(type))` line is no record by itself"
        }
    }
}

extension Record {
    /// The record of one line; nil for the journal's own lines and for notes. A rollback whose tasks stand in more than one line is
    /// read by ``all(in:)``.
    package init?(_ entry: JournalEntry) throws(RecordFault) {
        guard !LineTypes.own.contains(entry.type), !LineTypes.notes.contains(entry.type) else { return nil }
        var fields = RecordFields(entry)
        self = try Self.read(&fields)
        try fields.end()
    }

    /// Every record of a journal, in order.
    package static func all(in entries: some Sequence<JournalEntry>) throws(JournalBroken) -> [Record] {
        var records: [Record] = []
        var tasks: [TaskID] = []
        for entry in entries {
            do throws(RecordFault) {
                if let record = try next(entry, &tasks) { records.append(record) }
            } catch {
                throw JournalBroken(line: entry.sequence, reason: .record(error))
            }
        }
        return records
    }

    /// - Parameter tasks: those of a rollback whose own line is still to come.
    private static func next(_ entry: JournalEntry, _ tasks: inout [TaskID]) throws(RecordFault) -> Record? {
        if entry.type == LineTypes.rollbackTasks {
            var fields = RecordFields(entry)
            tasks += try fields.tasks("tasks")
            try fields.end()
            return nil
        }
        // A seal may fall due between the lines of one rollback, and a witness may answer there.
        guard entry.type != LineTypes.seal, !LineTypes.notes.contains(entry.type) else { return nil }
        // A crash can leave them without their `rollback.begun`: then the rollback never began.
        defer { tasks.removeAll() }
        guard let record = try Record(entry) else { return nil }
        guard case .rollbackBegun(var plan) = record else { return record }
        plan.tasks = tasks + plan.tasks
        return .rollbackBegun(plan)
    }

    private static func read(_ fields: inout RecordFields) throws(RecordFault) -> Record {
        switch fields.type {
        case LineTypes.hostSeen:
            .hostSeen(
                HostSighting(
                    host: try fields.optionalString("host") ?? Host.localName, boot: try fields.string("boot"),
                    clockOffset: try fields.optionalInteger("offset_ms"),
                    home: try fields.optionalString("home") ?? ""))
        case LineTypes.stepIntent: .attemptIntended(try fields.intent(.action))
        case LineTypes.undoIntent: .attemptIntended(try fields.intent(.undo))
        case LineTypes.stepReopened: .attemptReopened(try fields.attempt(.action))
        case LineTypes.undoReopened: .attemptReopened(try fields.attempt(.undo))
        case LineTypes.stepResult: .attemptEnded(try fields.end(of: .action))
        case LineTypes.undoResult: .attemptEnded(try fields.end(of: .undo))
        case LineTypes.stepDone:
            .taskSettled(
                TaskSettlement(
                    task: try fields.task(), state: try fields.word("state"), reason: try fields.string("reason"),
                    by: try fields.optionalString("by"), tolerated: try fields.boolean("tolerated")))
        case LineTypes.stepUnchecked:
            .notChecked(UncheckedTask(task: try fields.task(), reason: try fields.string("reason")))
        case LineTypes.undoDone:
            .undoSettled(
                UndoSettlement(
                    task: try fields.task(), state: try fields.word("state"), reason: try fields.string("reason"),
                    by: try fields.optionalString("by")))
        case LineTypes.questionAsked:
            .asked(
                AskedQuestion(
                    task: try fields.task(), kind: try fields.word("kind"), text: try fields.string("text")))
        case LineTypes.questionAnswered:
            .answered(
                GivenAnswer(
                    task: try fields.task(), kind: try fields.word("kind"), choice: try fields.word("choice"),
                    reason: try fields.optionalString("reason"), by: try fields.string("by")))
        case LineTypes.approval:
            .answered(
                GivenAnswer(
                    task: try fields.task(), kind: .approval, choice: try fields.word("choice"),
                    reason: try fields.optionalString("reason"), by: try fields.string("by"),
                    signature: try fields.signature()))
        case LineTypes.stepValue:
            .valueRead(
                TaskValue(
                    task: try fields.task(), name: try fields.string("name"), value: try fields.string("value")))
        case LineTypes.checkpointReached:
            .checkpointReached(step: try fields.string("step"), name: try fields.string("name"))
        case LineTypes.rollbackDecided:
            .rollbackDecided(
                RollbackDecision(
                    target: try fields.string("to"), by: try fields.string("by"),
                    isConfirmed: try fields.boolean("confirmed")))
        case LineTypes.rollbackBegun:
            .rollbackBegun(
                RollbackPlan(
                    target: try fields.string("to"), tasks: try fields.tasks("tasks"), by: try fields.string("by")))
        case LineTypes.rollbackEnded: .rollbackEnded(complete: try fields.boolean("complete"))
        case LineTypes.rollbackAbandoned: .rollbackAbandoned(by: try fields.string("by"))
        case LineTypes.runPaused: .paused(by: try fields.string("by"))
        case LineTypes.runWentOn: .wentOn(by: try fields.string("by"))
        case LineTypes.runHalted: .halted(reason: try fields.string("reason"))
        case LineTypes.runClose: .closed(try fields.word("outcome"))
        default: throw .misplaced(type: fields.type)
        }
    }
}

/// The fields of a line, each to be taken once; what is left over is a fault.
private struct RecordFields {
    let type: String
    private var fields: JournalFields

    init(_ entry: JournalEntry) {
        type = entry.type
        fields = entry.fields
    }

    func end() throws(RecordFault) {
        if let field = fields.first?.key { throw .unknown(type: type, field: field) }
    }

    private mutating func take(_ field: String) throws(RecordFault) -> JournalValue {
        guard let value = fields.removeValue(forKey: field) else { throw .missing(type: type, field: field) }
        return value
    }

    private func known<Value>(_ value: Value?, _ field: String) throws(RecordFault) -> Value {
        guard let value else { throw .malformed(type: type, field: field) }
        return value
    }

    mutating func string(_ field: String) throws(RecordFault) -> String { try known(try take(field).string, field) }
    mutating func boolean(_ field: String) throws(RecordFault) -> Bool { try known(try take(field).boolean, field) }
    mutating func integer(_ field: String) throws(RecordFault) -> Int64 { try known(try take(field).integer, field) }

    /// Proven before: the namespace is the one that there is.
    mutating func signature() throws(RecordFault) -> AnswerSignature {
        _ = try string("ns")
        return AnswerSignature(
            covers: Int(clamping: try integer("covers")), key: try string("key"), blob: try string("sig"))
    }

    mutating func optionalString(_ field: String) throws(RecordFault) -> String? {
        fields[field] == nil ? nil : try string(field)
    }

    mutating func optionalInteger(_ field: String) throws(RecordFault) -> Int64? {
        fields[field] == nil ? nil : try integer(field)
    }

    mutating func word<Word: RawRepresentable<String>>(_ field: String) throws(RecordFault) -> Word {
        try known(Word(rawValue: try string(field)), field)
    }

    mutating func task() throws(RecordFault) -> TaskID {
        TaskID(step: try string("step"), host: try optionalString("host"))
    }

    mutating func tasks(_ field: String) throws(RecordFault) -> [TaskID] {
        var tasks: [TaskID] = []
        for value in try known(try take(field).array, field) {
            let names = (value.array ?? []).compactMap(\.string)
            guard names.count == value.array?.count, let step = names.first, names.count <= 2 else {
                throw .malformed(type: type, field: field)
            }
            tasks.append(TaskID(step: step, host: names.count == 2 ? names[1] : nil))
        }
        return tasks
    }

    mutating func attempt(_ kind: AttemptKind) throws(RecordFault) -> AttemptName {
        AttemptName(task: try task(), kind: kind, number: Int(try integer("attempt")))
    }

    mutating func intent(_ kind: AttemptKind) throws(RecordFault) -> AttemptIntent {
        AttemptIntent(
            attempt: try attempt(kind), digest: try string("cmd"), command: try string("text"),
            boot: try string("boot"))
    }

    mutating func end(of kind: AttemptKind) throws(RecordFault) -> AttemptEnd {
        let attempt = try attempt(kind)
        let result: AttemptEnd.Result =
            switch try string("end") {
            case AttemptEndWord.exited: .exited(Int(try integer("status")))
            case AttemptEndWord.signalled: .signalled(try string("reason"))
            case AttemptEndWord.neverRan: .neverRan(try string("reason"))
            case AttemptEndWord.timedOut: .timedOut(status: Int(try integer("status")))
            case AttemptEndWord.unknown: .unknown(try string("reason"))
            default: throw .malformed(type: type, field: "end")
            }
        var end = AttemptEnd(
            attempt: attempt, result: result, stdout: try output("stdout"), stderr: try output("stderr"),
            tail: try bytes("tail"), milliseconds: try integer("ms"),
            isOutputCut: fields["cut"] == nil ? false : try boolean("cut"))
        // Older versions never said so: then nothing shows that it has stopped.
        if end.isUnknown || end.isTimedOut {
            end.mayStillRun = fields["stopped"] == nil ? end.isUnknown : !(try boolean("stopped"))
        }
        return end
    }

    private mutating func output(_ field: String) throws(RecordFault) -> OutputDigest? {
        guard fields[field] != nil else { return nil }
        let members = try known(try take(field).object, field)
        guard members.count == 2, let bytes = members["bytes"]?.integer, let hash = members["sha256"]?.string else {
            throw .malformed(type: type, field: field)
        }
        return OutputDigest(bytes: bytes, sha256: hash)
    }

    private mutating func bytes(_ field: String) throws(RecordFault) -> [UInt8] {
        switch try take(field) {
        case .string(let text): Array(text.utf8)
        case .bytes(let bytes): bytes
        case .integer, .boolean, .array, .object: throw .malformed(type: type, field: field)
        }
    }
}
