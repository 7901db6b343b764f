internal import RunbookModel

extension Engine {
    /// What is going on with a task in this session; a crash forgets it, and records bring back what matters.
    struct Work: Hashable, Sendable {
        var phase = Phase.idle
        /// Grows with everything sent; a reply with an older token is about something that is over.
        var token = 0
        var kind = AttemptKind.action
        var retriesUsed = 0
        var rounds = 0
        /// How often the host proved that an attempt never ran.
        var fences = 0
        /// How often in a row the connection broke over a mere question.
        var cuts = 0
        var checkTries = 0
        /// A host that is being restarted has been seen not to answer.
        var wasDown = false
        /// Waited so far for a host to come back, milliseconds.
        var waited: Int64 = 0
        /// Milliseconds of pauses after ``cuts``.
        var cutMilliseconds: Int64 = 0
        var holdsSlot = false
        var isQueued = false
        /// The next task of its step waits until its action has begun.
        var holdsStep = false
        /// Its action, or its question, has begun before: its turn in its step has come.
        var hasBegun = false
        /// Left behind by an earlier session, and not looked at yet.
        var recheck = false
        /// A person has said that it is done, and its check has the last word.
        var isByHand = false
        /// Of its outputs, how many are read.
        var outputsRead = 0
        /// What its action printed, for outputs.
        var printed = Printed.unread
        /// What it settles as once its outputs are read.
        var conclusion: Conclusion?
        /// Whether it is done already could not be checked: a person is asked, or has said that it may begin all the same.
        var doubt: Doubt?
        /// A person has said that its undo is to run.
        var isUndoChosen = false
        /// Its host has been asked once more in this session whether its last command has stopped.
        var wasReopened = false
        /// The last attempt that this session sent.
        var sent: AttemptName?
        /// What the contact with its host is for.
        var coming = Coming.toBegin
        /// Its host has been told to take away the claims of runs that are over.
        var clearedClaims = false
        /// The session that its host was told this one comes after.
        var cameAfter: String?
        var lastReason = ""
        /// Of the wait after which an approval comes too late: answers that don't suffice don't begin it anew.
        var approvalWait: Int?
    }

    enum Doubt: Hashable, Sendable { case asked, accepted }

    enum Coming: Hashable, Sendable {
        case toBegin
        /// The session takes its turn before it looks at what an earlier one left there.
        case toLook
        /// The session takes its turn, and nothing else.
        case toVisit
    }

    /// What a successful action printed to stdout. Nothing printed is an empty text; text that is not at hand is none.
    enum Printed: Hashable, Sendable {
        /// Not at hand in this session; the run may keep it.
        case unread
        /// Where a secret was hidden, or that is not known, no star in it is taken for the host's.
        case read([UInt8], mayBeMasked: Bool)
        /// The run does not keep it.
        case lost
    }

    enum Phase: Hashable, Sendable {
        /// The receipts of a host are compared with what the journal knows of it.
        case comparing
        case idle, skipCheck, contacting, inspecting, fencing, marking, killing, gathering, rebooting
        /// A submission is on its way: until a receipt is seen, a failure may still mean that it never left.
        case submitting
        /// The receipt was seen, and is followed to its end.
        case following
        /// What the attempt printed is read again from where the run keeps it.
        case recalling
        case verifying, waitingFor, settling, rechecking, undoCheck, confirming
        indirect case pausing(then: Phase)
        case asking(QuestionKind)
    }
}
