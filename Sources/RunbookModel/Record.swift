/// What a run has been through, one fact at a time: the whole durable state of a run is a fold over these, so what a
/// resume knows and what the live run knew can't differ. Names are past tense: a record is written when it is so.
package enum Record: Hashable, Sendable {
    case hostSeen(HostSighting)
    /// Durable before a byte of the attempt goes to a host.
    case attemptIntended(AttemptIntent)
    /// Durable before anything that waits for it starts.
    case attemptEnded(AttemptEnd)
    /// Its host is asked again about an attempt that may still run: what is on record as its end is taken back.
    case attemptReopened(AttemptName)
    case taskSettled(TaskSettlement)
    /// A task that is done was to be checked again in a new session, and gave no answer: it stays what it is.
    case notChecked(UncheckedTask)
    case undoSettled(UndoSettlement)
    case asked(AskedQuestion)
    case answered(GivenAnswer)
    /// What a person read off, or a step left for later ones.
    case valueRead(TaskValue)
    case checkpointReached(step: String, name: String)
    /// Nothing new is started any more: the rollback begins once what is in flight has ended.
    case rollbackDecided(RollbackDecision)
    case rollbackBegun(RollbackPlan)
    case rollbackEnded(complete: Bool)
    /// A person wants the run to go on from what stands: what was undone is still to come.
    case rollbackAbandoned(by: String)
    /// Nothing new is started until it goes on; what is in flight ends.
    case paused(by: String)
    case wentOn(by: String)
    /// Nothing new is started any more; what is in flight ends.
    case halted(reason: String)
    case closed(Outcome)
}

package struct HostSighting: Hashable, Sendable {
    /// A host of the inventory, or ``Host/localName``.
    package var host: String
    package var boot: String
    /// Host clock minus ours, milliseconds.
    package var clockOffset: Int64?
    /// What tells the folder of the run's receipts there from every other; empty where the run keeps none there.
    package var home: String

    package init(host: String, boot: String, clockOffset: Int64?, home: String = "") {
        self.home = home
        self.host = host
        self.boot = boot
        self.clockOffset = clockOffset
    }
}

/// Which way an attempt goes: the step's action, or its undo.
package enum AttemptKind: String, Hashable, Sendable { case action, undo }

/// One attempt of one task, numbered from 1 within its kind.
package struct AttemptName: Hashable, Sendable {
    package var task: TaskID
    package var kind: AttemptKind
    package var number: Int

    package init(task: TaskID, kind: AttemptKind, number: Int) {
        self.task = task
        self.kind = kind
        self.number = number
    }
}

package struct AttemptIntent: Hashable, Sendable {
    package var attempt: AttemptName
    /// Lower-case hex SHA-256 of command and environment.
    package var digest: String
    /// The command as a person reads it, cut to ``Limits/recordedCommandBytes``.
    package var command: String
    /// The host's boot id when the intent was made; empty where the host can't tell.
    package var boot: String

    package init(attempt: AttemptName, digest: String, command: String, boot: String) {
        self.attempt = attempt
        self.digest = digest
        self.command = command
        self.boot = boot
    }
}

package struct AttemptEnd: Hashable, Sendable {
    package enum Result: Hashable, Sendable {
        case exited(Int)
        case signalled(String)
        /// Proven: no byte of it ran.
        case neverRan(String)
        /// It was running at its deadline and was stopped: `status` is what it ended with.
        case timedOut(status: Int)
        /// Nobody knows whether it ran, or how far.
        case unknown(String)
    }

    package var attempt: AttemptName
    package var result: Result
    package var stdout: OutputDigest?
    package var stderr: OutputDigest?
    /// The last words of the command, for people; at most ``Limits/recordedTailBytes``, raw.
    package var tail: [UInt8]
    /// From submission to end, milliseconds.
    package var milliseconds: Int64
    /// Of an unknown result: whether nothing shows that the command has stopped. Of one that was stopped at its deadline:
    /// whether something that it started runs on.
    package var mayStillRun: Bool
    /// The host's disk was full when it ended: what it printed may be cut.
    package var isOutputCut: Bool

    /// Whether nobody knows whether it ran, or how far.
    package var isUnknown: Bool { if case .unknown = result { true } else { false } }

    /// Whether it was stopped at its deadline.
    package var isTimedOut: Bool { if case .timedOut = result { true } else { false } }

    package init(
        attempt: AttemptName, result: Result, stdout: OutputDigest? = nil, stderr: OutputDigest? = nil,
        tail: [UInt8] = [], milliseconds: Int64 = 0, mayStillRun: Bool = false, isOutputCut: Bool = false
    ) {
        self.mayStillRun = mayStillRun
        self.isOutputCut = isOutputCut
        self.attempt = attempt
        self.result = result
        self.stdout = stdout
        self.stderr = stderr
        self.tail = tail
        self.milliseconds = milliseconds
    }
}

/// The whole of one output stream: its size and hash; the bytes lie in a file named by them.
package struct OutputDigest: Hashable, Sendable {
    package var bytes: Int64
    /// Lower-case hex SHA-256 over all bytes, kept or not.
    package var sha256: String

    package init(bytes: Int64, sha256: String) {
        self.bytes = bytes
        self.sha256 = sha256
    }
}

package struct TaskSettlement: Hashable, Sendable {
    package var task: TaskID
    /// `ok`, `already`, `skipped`, `failed`, `unclear`; `pending` puts it back (a retry was chosen).
    package var state: StepState
    package var reason: String
    /// Who decided it, where a person did.
    package var by: String?
    /// A failure that does not keep others from starting, or a skip that the runbook itself wants: no gap.
    package var tolerated: Bool

    package init(task: TaskID, state: StepState, reason: String, by: String? = nil, tolerated: Bool = false) {
        self.task = task
        self.state = state
        self.reason = reason
        self.by = by
        self.tolerated = tolerated
    }
}

package struct UncheckedTask: Hashable, Sendable {
    package var task: TaskID
    package var reason: String

    package init(task: TaskID, reason: String) {
        self.task = task
        self.reason = reason
    }
}

package struct UndoSettlement: Hashable, Sendable {
    package enum State: String, Hashable, Sendable {
        case undone
        /// There was nothing to undo, or it can't be undone: the task stays what it is.
        case left
        case failed
        case unclear
    }

    package var task: TaskID
    package var state: State
    package var reason: String
    package var by: String?

    package init(task: TaskID, state: State, reason: String, by: String? = nil) {
        self.task = task
        self.state = state
        self.reason = reason
        self.by = by
    }
}

package struct AskedQuestion: Hashable, Sendable {
    package var task: TaskID
    package var kind: QuestionKind
    package var text: String

    package init(task: TaskID, kind: QuestionKind, text: String) {
        self.task = task
        self.kind = kind
        self.text = text
    }
}

package struct GivenAnswer: Hashable, Sendable {
    package var task: TaskID
    package var kind: QuestionKind
    package var choice: Choice
    package var reason: String?
    package var by: String
    /// What an approval or refusal was signed with; nil in a rehearsal.
    package var signature: AnswerSignature?

    /// Whether an approval is given or refused; nil of other answers.
    package var isApproved: Bool? {
        switch choice {
        case .approve: true
        case .failed: false
        case .done, .confirm, .retry, .skip, .rollback, .stop: nil
        }
    }

    package init(
        task: TaskID, kind: QuestionKind, choice: Choice, reason: String?, by: String, signature: AnswerSignature? = nil
    ) {
        self.signature = signature
        self.task = task
        self.kind = kind
        self.choice = choice
        self.reason = reason
        self.by = by
    }
}

/// A person's own signature under an approval: over the journal up to the line that asked for it.
package struct AnswerSignature: Hashable, Sendable {
    /// The number of that line.
    package var covers: Int
    /// The public key, `TYPE BASE64`.
    package var key: String
    /// The SSHSIG, base64.
    package var blob: String

    package init(covers: Int, key: String, blob: String) {
        self.covers = covers
        self.key = key
        self.blob = blob
    }
}

/// A value that later steps may name.
package struct TaskValue: Hashable, Sendable {
    package var task: TaskID
    package var name: String
    /// At most ``Limits/valueBytes``.
    package var value: String

    package init(task: TaskID, name: String, value: String) {
        self.task = task
        self.name = name
        self.value = value
    }
}

/// That the run goes back, by a person's word or the runbook's: on record before anything follows from it.
package struct RollbackDecision: Hashable, Sendable {
    /// The checkpoint, or ``RollbackPlan/start``.
    package var target: String
    package var by: String
    /// A person knows what can't be undone.
    package var isConfirmed: Bool

    package init(target: String, by: String, isConfirmed: Bool) {
        self.target = target
        self.by = by
        self.isConfirmed = isConfirmed
    }
}

package struct RollbackPlan: Hashable, Sendable {
    /// The checkpoint, or ``start``.
    package var target: String
    /// What is to be looked at, in reading order.
    package var tasks: [TaskID]
    package var by: String

    /// The name of the point before the first step.
    package static let start = "start"

    package init(target: String, tasks: [TaskID], by: String) {
        self.target = target
        self.tasks = tasks
        self.by = by
    }
}

/// What a person is asked about.
package enum QuestionKind: String, Hashable, Sendable, CaseIterable {
    /// Do this by hand and say so: `done` or `failed`.
    case manual
    /// Agree that the run goes on: `approve`, `failed`, `stop`.
    case approval
    /// It may do harm: `confirm`, `skip`, `stop`.
    case danger
    /// An attempt failed: `retry`, `skip`, `rollback`, `stop`, `done`.
    case failure
    /// Nobody knows whether it ran: `done`, `failed`, `retry`, `skip`, `rollback`, `stop`.
    case unclear
    /// What was done no longer holds: `retry`, `skip`, `rollback`, `stop`.
    case lapsed
    /// An undo failed or is unclear: `retry`, `skip`, `done`, `stop`.
    case undo
    /// Some of what would be rolled back can't be undone: `rollback`, `stop`.
    case irreversible
}

package enum Choice: String, Hashable, Sendable, CaseIterable {
    case done, failed, confirm, approve, retry, skip, rollback, stop
}
