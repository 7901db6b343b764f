package enum HostReply: Hashable, Sendable {
    case contact(HostFacts)
    case survey(HostSurvey)
    case probe(ProbeAnswer)
    /// The state of the receipt, for submit, attach, inspect, fence, markLost, kill.
    case receipt(ReceiptStatus)
    /// Only for hosts with `receipts: false`: the command ran in the session and ended.
    case ended(ExitStatus)
    case tidied
    /// The heads of the journal that submissions brought, by receipt.
    case heads([ReceiptHead])
    case witness(WitnessReply)
    /// `deadline` passed and the attempt had not ended.
    case deadline
    /// No answer. `sent` tells whether any byte of the request may have reached the host.
    case failure(TransportFailure)
}

/// Where the journal stood when a command was submitted, as its host has kept it.
package struct ReceiptHead: Hashable, Sendable {
    /// `STEP.HOST.N`, as in ``ReceiptID/path`` after the run.
    package var receipt: String
    /// From 1.
    package var sequence: Int
    /// Lower-case hex SHA-256 of that line.
    package var hash: String

    package init(receipt: String, sequence: Int, hash: String) {
        self.receipt = receipt
        self.sequence = sequence
        self.hash = hash
    }
}

package struct HostFacts: Hashable, Sendable {
    /// Changes at every boot; empty where the host can't tell.
    package var boot: String
    /// Host clock minus ours, milliseconds; nil where unknown.
    package var clockOffset: Int64?
    /// What tells the folder of the run's receipts from every other; empty where that was not asked, or none is kept.
    package var home: String
    /// Other runs that claim the host. A run that arrived and hears of one has no claim there, and must not act.
    package var claims: [SiteClaim]
    /// The session that came to the host last for the run that arrives; empty where none is told.
    package var session: String

    package init(
        boot: String, clockOffset: Int64?, home: String = "", claims: [SiteClaim] = [], session: String = ""
    ) {
        self.session = session
        self.claims = claims
        self.boot = boot
        self.clockOffset = clockOffset
        self.home = home
    }
}

/// What a host can do for a run, without having done it.
package struct HostSurvey: Hashable, Sendable {
    /// The folder where receipts would be kept.
    package enum Folder: String, Hashable, Sendable {
        case writable
        /// Not for whoever logs in.
        case closed
        /// Other users can change it, or a folder that it is in.
        case exposed
        /// The file system is mounted so.
        case readOnly = "read-only"
    }

    package var facts: HostFacts
    package var folder: Folder
    /// KiB that are free there; nil where the host can't tell.
    package var freeKiB: Int64?
    /// Tools that the receipts need, and that are not there.
    package var missing: [String]
    package var user: String
    /// The login shell; empty where the host does not tell.
    package var shell: String
    /// Whether acting as root works; nil where it was not wanted.
    package var isRoot: Bool?

    package init(
        facts: HostFacts, folder: Folder, freeKiB: Int64? = nil, missing: [String] = [], user: String = "",
        shell: String = "", isRoot: Bool? = nil
    ) {
        self.facts = facts
        self.folder = folder
        self.freeKiB = freeKiB
        self.missing = missing
        self.user = user
        self.shell = shell
        self.isRoot = isRoot
    }
}

package struct ProbeAnswer: Hashable, Sendable {
    package enum Result: Hashable, Sendable {
        case exit(ExitStatus)
        /// tcp: whether something accepted; false where the machine itself refused.
        case open(Bool, String)
        /// http: the status; nil where the machine itself refused.
        case http(status: Int?, String)
        /// tcp and http: no answer came, or not in HTTP, and why. It says nothing about what runs there.
        case unreached(String)
        /// tcp and http: why the question can't be asked at all.
        case unasked(String)
        case timedOut
    }

    package var result: Result
    /// At most ``Limits/checkOutputBytes``.
    package var stdout: [UInt8]
    package var stderr: [UInt8]
    /// Whether stdout is not all that was said: more came than is kept, or a page broke off.
    package var isCut: Bool
    /// Whether stars stand in stdout where a secret was.
    package var isMasked = false

    package init(_ result: Result, stdout: [UInt8] = [], stderr: [UInt8] = [], isCut: Bool = false) {
        self.result = result
        self.stdout = stdout
        self.stderr = stderr
        self.isCut = isCut
    }
}

package enum ExitStatus: Hashable, Sendable {
    case exited(Int)
    case signalled(String)
}

/// A receipt as the host reports it.
package struct ReceiptStatus: Hashable, Sendable {
    package enum Go: Hashable, Sendable {
        /// Neither started nor fenced.
        case none
        case run(boot: String)
        case fenced
    }

    package enum End: Hashable, Sendable {
        /// Exit status 0…255; 128 + n where the shell saw a signal.
        case exit(Int)
        case lost
    }

    package var claimed: Bool
    package var digest: String?
    package var go: Go
    package var end: End?
    package var alive: Bool
    /// The host's boot id now.
    package var boot: String
    package var stdoutBytes: Int
    package var stderrBytes: Int
    /// A submission that the host turned down.
    package var refused: Refusal?
    /// What tells the folder of the run's receipts from every other: only in the folder in which the attempt was submitted
    /// does a missing receipt prove anything. Empty where the run has not been there.
    package var home = ""
    /// The mark of the run whose receipt it is.
    package var run: String?
    /// Whether a signal to end it was sent, or about to be sent, before it ended.
    package var wasStopped = false
    /// Whether the host's disk was full when it ended: what it printed may be cut.
    package var isOutputCut = false
    /// Of a kill: how many processes that it began may still be running; nil where the host can't tell.
    package var leftRunning: Int?

    package enum Refusal: String, Hashable, Sendable {
        /// The host was restarted.
        case boot
        /// Another command has this receipt.
        case conflict
        /// The folder is not the one in which the run has been.
        case home
        /// It was submitted before, by another controller of the same run.
        case taken
    }

    package init(
        claimed: Bool, digest: String? = nil, go: Go = .none, end: End? = nil, alive: Bool = false, boot: String,
        stdoutBytes: Int = 0, stderrBytes: Int = 0, refused: Refusal? = nil
    ) {
        self.claimed = claimed
        self.digest = digest
        self.go = go
        self.end = end
        self.alive = alive
        self.boot = boot
        self.stdoutBytes = stdoutBytes
        self.stderrBytes = stderrBytes
        self.refused = refused
    }
}

package struct TransportFailure: Error, Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// No connection could be made: refused, no route, no answer.
        case unreachable
        /// The host's key is not the one we know, or not known.
        case hostKey = "host-key"
        /// The host does not let us in.
        case authentication
        /// The connection broke after it stood.
        case lost
        /// The host can't do what was asked (no receipt folder, no shell).
        case unsuitable
    }

    package var kind: Kind
    /// Whether a byte of the request may have reached the host. False proves that nothing ran.
    package var sent: Bool
    /// For a person: the last words of the system, one line.
    package var message: String
    /// Whether it stays so until a person changes something: trying again is no use. A name that is unknown is not among these,
    /// for the server that knows it may be dark.
    package var isLasting: Bool

    package init(_ kind: Kind, sent: Bool, isLasting: Bool = false, _ message: String) {
        self.kind = kind
        self.sent = sent
        self.isLasting = isLasting
        self.message = message
    }
}

/// A piece of an attempt's output, in order within its stream.
package struct OutputChunk: Hashable, Sendable {
    package enum Stream: String, Hashable, Sendable { case stdout, stderr }

    package var stream: Stream
    package var bytes: [UInt8]
    /// Whether stars stand in it where a secret was.
    package var isMasked = false

    package init(_ stream: Stream, _ bytes: [UInt8]) {
        self.stream = stream
        self.bytes = bytes
    }
}
