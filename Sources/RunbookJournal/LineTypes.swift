/// The types of line a journal may hold, and the exact keys of those that the journal writes itself. A reader refuses a
/// type that it doesn't know: a line that nobody understands is no evidence.
package enum LineTypes {
    package static let runOpen = "run.open"
    package static let sessionOpen = "session.open"
    package static let seal = "seal"
    package static let recovered = "recovered"

    /// Every type of line. A new one goes here and nowhere else.
    package static let known: Set<String> = [
        runOpen, sessionOpen, seal, recovered,
        "host.seen",
        "step.intent", "step.result", "step.already", "step.done", "step.checked",
        "manual.asked", "manual.answered",
        "checkpoint.reached", "decision",
        "rollback.begun", "rollback.ended", "undo.intent", "undo.result", "undo.done",
        "run.halted", "run.close", "note",
    ]

    /// Written by the journal itself, never by a caller of `append`.
    package static let own: Set<String> = [runOpen, sessionOpen, seal, recovered]

    /// Keys that every line carries outside its fields.
    static let envelope: Set<String> = ["prev", "seq", "t", "ts", "up"]
    /// What the journal adds to the opening of a session.
    static let opening: Set<String> = ["by", "key", "next"]
    static let sealKeys: Set<String> = ["by", "covers", "ns", "sig"]
    static let sealKeysWithNext: Set<String> = ["by", "covers", "next", "next_sig", "ns", "sig"]
    static let recoveredKeys: Set<String> = ["cut", "cut_sha256"]
}

/// Bounds on a line beyond its length.
enum LineLimits {
    static let depth = 16
    static let integer: Int64 = (1 << 53) - 1
    /// 9999-12-31T23:59:59.999Z.
    static let timestamp: Int64 = 253_402_300_799_999
}
