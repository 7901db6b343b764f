/// The types of line a journal may hold, and the exact keys of those that the journal writes itself. A reader refuses a
/// type that it doesn't know: a line that nobody understands is no evidence.
package enum LineTypes {
    package static let runOpen = "run.open"
    package static let sessionOpen = "session.open"
    package static let seal = "seal"
    package static let recovered = "recovered"

    package static let hostSeen = "host.seen"
    package static let stepIntent = "step.intent"
    package static let stepResult = "step.result"
    package static let stepReopened = "step.reopened"
    package static let stepDone = "step.done"
    package static let stepUnchecked = "step.unchecked"
    package static let questionAsked = "question.asked"
    package static let questionAnswered = "question.answered"
    /// An answer to a question for approval, with the signature of who gave it.
    package static let approval = "approval"
    package static let stepValue = "step.value"
    package static let checkpointReached = "checkpoint.reached"
    package static let rollbackDecided = "rollback.decided"
    /// Tasks of the `rollback.begun` that follows, where they don't fit into one line.
    package static let rollbackTasks = "rollback.tasks"
    package static let rollbackBegun = "rollback.begun"
    package static let rollbackEnded = "rollback.ended"
    package static let rollbackAbandoned = "rollback.abandoned"
    package static let undoIntent = "undo.intent"
    package static let undoResult = "undo.result"
    package static let undoReopened = "undo.reopened"
    package static let undoDone = "undo.done"
    package static let runPaused = "run.paused"
    package static let runWentOn = "run.went_on"
    package static let runHalted = "run.halted"
    package static let runClose = "run.close"
    /// That a witness host keeps a copy: see ``WitnessNote``.
    package static let witness = "witness"
    /// Work done by hand while no controller ran: see ``HandWork``.
    package static let handWork = "hand.work"
    /// That the run was a drill: see ``DrillNote``.
    package static let drill = "drill"

    /// The `mode` in the opening of a run that nobody resumes and nobody signs for: all its answers are a fixture's.
    package static let rehearsal = "dry-run"

    /// Written by the journal itself, never by a caller of `append`.
    package static let own: Set<String> = [runOpen, sessionOpen, seal, recovered]

    /// Beside the records that a run folds to: they change nothing about where it stands.
    package static let notes: Set<String> = [witness, handWork, drill]

    /// Those with a signature of their own.
    static let signed: Set<String> = notes.union([approval])

    /// Those whose fields are part of the proof.
    static let proven: Set<String> = own.union(signed).union([questionAsked])

    /// Every type of line. A new one goes here and nowhere else.
    package static let known: Set<String> = own.union(notes).union([
        hostSeen, stepIntent, stepResult, stepReopened, stepDone, stepUnchecked, questionAsked, questionAnswered,
        approval, stepValue,
        checkpointReached,
        rollbackDecided, rollbackTasks, rollbackBegun, rollbackEnded, rollbackAbandoned, undoIntent, undoResult,
        undoReopened, undoDone, runPaused, runWentOn, runHalted, runClose,
    ])

    /// A known type, to be found by the bytes of its name: a string for each line of a journal costs more than its hash.
    struct Known: Sendable {
        let name: String
        let isProven: Bool
        fileprivate let bytes: [UInt8]
    }

    private static let knownByLength: [[Known]] = {
        let all = known.map { Known(name: $0, isProven: proven.contains($0), bytes: Array($0.utf8)) }
        return (0...(all.map(\.bytes.count).max() ?? 0)).map { length in all.filter { $0.bytes.count == length } }
    }()

    static func known(_ name: Slice<UnsafeBufferPointer<UInt8>>) -> Known? {
        guard name.count < knownByLength.count else { return nil }
        return knownByLength[name.count].first { $0.bytes.elementsEqual(name) }
    }

    /// Keys that every line carries outside its fields.
    static func isOfEnvelope(_ key: String) -> Bool {
        switch key.utf8.count {
        case 1: key == "t"
        case 2: key == "ts" || key == "up"
        case 3: key == "seq"
        case 4: key == "prev"
        default: false
        }
    }
    /// What the journal adds to the opening of a session.
    static let opening: Set<String> = ["by", "key", "next"]
    static let sealKeys: Set<String> = ["by", "covers", "ns", "root", "root_sig", "sig"]
    static let sealKeysWithNext: Set<String> = sealKeys.union(["next"])
    static let witnessKeys: Set<String> = ["bytes", "covers", "host", "key", "ns", "sig"]
    static let handWorkKeys: Set<String> = ["by", "end", "host", "key", "ns", "sig", "step", "what", "when"]
    static let drillKeys: Set<String> = ["author", "by", "confused", "key", "note", "ns", "sig", "took_part"]
    static let recoveredKeys: Set<String> = ["cut", "cut_sha256"]
}

/// Bounds on a line beyond its length.
enum LineLimits {
    static let depth = 16
    static let integer: Int64 = (1 << 53) - 1
    /// 9999-12-31T23:59:59.999Z.
    static let timestamp: Int64 = 253_402_300_799_999
}
