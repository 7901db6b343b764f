internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport
internal import Synchronization

/// What hosts know of a journal: each command that was submitted brought the journal's head, and its receipt has kept it;
/// and witnesses keep copies.
struct HostWitness: Sendable {
    struct Testimony: Sendable {
        /// A host of the inventory, or ``Host/localName``.
        var host: String
        /// The receipt that says most: what speaks against the journal, else the newest line that it knows.
        var head: ReceiptHead?
        /// Of a witness: how much it keeps, and with which key it signed that.
        var copy: (bytes: Int, lines: Int, fingerprint: String?)?
        var comparison: Comparison
    }

    enum Comparison: Hashable, Sendable {
        case agrees
        /// The journal ends before the line that the host has heard of.
        case cut(lines: Int)
        /// Another line stands there.
        case forked
        /// Nothing was submitted there, as far as the host knows.
        case silent
        /// It was not asked, or gave no answer.
        case unasked(String)
    }

    let testimonies: [Testimony]

    /// Asks every machine on which the journal says that a command was to run.
    static func ask(_ recorded: RecordedRun, journal: [UInt8], _ transport: any Transport) async -> HostWitness {
        let hashes = JournalReader.hashes(of: journal)
        let plan = recorded.plan
        var hosts: [String] = []
        for case .attemptIntended(let intent) in recorded.records {
            guard let task = plan.index[intent.attempt.task], let name = plan.machineName(of: task) else { continue }
            if !hosts.contains(name) { hosts.append(name) }
        }
        let run = recorded.opening.run
        let found = await SideBySide.map(hosts, atOnce: 200) { host in
            let task = TaskID(step: "verify", host: host)
            let reply = await transport.ask(HostRequest(host: host, task: task, .heads(run: run)))
            return testimony(of: host, reply, hashes)
        }
        return HostWitness(testimonies: found + (await copies(plan, run, journal, transport)))
    }

    /// Asks the witnesses alone.
    static func copies(
        _ plan: Plan, _ run: String, _ journal: [UInt8], _ transport: any Transport
    ) async -> [Testimony] {
        await SideBySide.map(plan.inventory.witnesses.map(\.name), atOnce: 200) { host in
            func ask(_ question: WitnessRequest, _ shown: ShownCopy? = nil) async -> HostReply {
                await transport.ask(
                    HostRequest(host: host, task: TaskID(step: "verify", host: host), .witness(question))
                ) { shown?.take($0.bytes) }
            }
            var reply = await ask(.tell(run: run))
            var isSame = false
            // One that can't sign shows what it has.
            if case .witness(let answer) = reply, answer.verdict == .have, answer.bytes > 0, answer.signature == nil,
                answer.bytes <= journal.count
            {
                let shown = ShownCopy(of: journal)
                reply = await ask(.get(run: run, limitBytes: journal.count), shown)
                isSame = shown.isSame
            }
            return testimony(of: host, reply, journal: journal, showsSame: isSame)
        }
    }

    /// Of a witness. `showsSame`: it showed the journal's own bytes.
    static func testimony(of host: String, _ reply: HostReply, journal: [UInt8], showsSame: Bool) -> Testimony {
        switch reply {
        case .witness(let answer) where answer.verdict == .have:
            guard answer.bytes > 0 else { return Testimony(host: host, copy: (0, 0, nil), comparison: .silent) }
            let lines = journal.prefix(answer.bytes).count { $0 == UInt8(ascii: "\n") }
            let signature = answer.signature.flatMap { try? SSHSIG(armoured: Array($0.utf8)) }
            let copy = (answer.bytes, lines, signature?.publicKey.fingerprint)
            guard answer.bytes <= journal.count else {
                return Testimony(host: host, copy: copy, comparison: .cut(lines: lines))
            }
            var prefix = PrefixDigest()
            prefix.take(journal[..<answer.bytes])
            let isSame = signature.map(prefix.isSigned) ?? showsSame
            return Testimony(host: host, copy: copy, comparison: isSame ? .agrees : .forked)
        case .witness(let answer):
            return Testimony(host: host, comparison: .unasked("it refuses: \(answer.reason)"))
        case .failure(let failure): return Testimony(host: host, comparison: .unasked(failure.message))
        case .contact, .survey, .probe, .receipt, .ended, .tidied, .heads, .deadline:
            return Testimony(host: host, comparison: .unasked("the answer was to another question"))
        }
    }

    static func testimony(of host: String, _ reply: HostReply, _ hashes: [String]) -> Testimony {
        switch reply {
        case .heads(let heads):
            func comparison(_ head: ReceiptHead) -> Comparison {
                head.sequence > hashes.count
                    ? .cut(lines: hashes.count) : hashes[head.sequence - 1] == head.hash ? .agrees : .forked
            }
            if let against = heads.first(where: { comparison($0) != .agrees }) {
                return Testimony(host: host, head: against, comparison: comparison(against))
            }
            let newest = heads.max { $0.sequence < $1.sequence }
            return Testimony(host: host, head: newest, comparison: newest == nil ? .silent : .agrees)
        case .failure(let failure): return Testimony(host: host, comparison: .unasked(failure.message))
        case .contact, .survey, .probe, .receipt, .ended, .tidied, .witness, .deadline:
            return Testimony(host: host, comparison: .unasked("the answer was to another question"))
        }
    }

    /// The first that speaks against the journal.
    var objection: String? {
        for one in testimonies {
            guard let words = Self.words(one), one.isAgainst else { continue }
            return words
        }
        return nil
    }

    var hasUnasked: Bool {
        testimonies.contains { if case .unasked = $0.comparison { true } else { false } }
    }

    /// Those who could not be asked, a line each.
    var unasked: [String] {
        testimonies.compactMap { if case .unasked = $0.comparison { Self.words($0) } else { nil } }
    }

    /// For people, a line each.
    var lines: [String] { testimonies.compactMap(Self.words) }

    private static func words(_ one: Testimony) -> String? {
        let host = TerminalText.shown(one.host)
        let receipt = TerminalText.shown(one.head?.receipt ?? "")
        let line = one.head?.sequence ?? 0
        if let words = words(one, host) { return words }
        return switch one.comparison {
        case .agrees: "\(host) knows this journal, up to line \(line)"
        case .cut(let lines):
            "\(host) has heard of line \(line) (receipt \(receipt)), and this journal has \(lines): it was cut, or is an older copy"
        case .forked:
            "\(host) has heard of another line \(line) (receipt \(receipt)): this is another journal, or a rewritten one"
        case .silent: "\(host) keeps no receipt of this run"
        case .unasked(let why): "\(host) could not be asked: \(TerminalText.shown(why))"
        }
    }

    /// Of a witness; nil of a host that keeps receipts.
    private static func words(_ one: Testimony, _ host: String) -> String? {
        guard let copy = one.copy else { return nil }
        let signed = copy.fingerprint.map { ", signed \($0)" } ?? ""
        return switch one.comparison {
        case .agrees: "\(host) is a witness: it keeps a copy of lines 1 to \(copy.lines)\(signed)"
        case .cut(let lines):
            "\(host) is a witness: it keeps \(copy.bytes) bytes\(signed), more than this journal, which has \(Count.of(lines, "line")): it was cut, or is an older copy"
        case .forked:
            "\(host) is a witness: it keeps other bytes\(signed): this is another journal, or a rewritten one"
        case .silent: "\(host) is a witness, and has no copy of this run"
        case .unasked: nil
        }
    }

    var json: JournalValue {
        .array(
            testimonies.map { one in
                var members: JournalFields = ["host": .string(one.host)]
                members["bytes"] = one.copy.map { .integer(Int64($0.bytes)) }
                members["line"] = one.head.map { .integer(Int64($0.sequence)) }
                members["words"] = .string(Self.words(one) ?? "")
                members["agrees"] = .boolean(one.comparison == .agrees)
                return .object(members)
            })
    }
}

/// What a witness shows, held against a journal as it comes.
private final class ShownCopy: Sendable {
    private let journal: [UInt8]
    private let seen = Mutex((count: 0, isSame: true))

    init(of journal: [UInt8]) { self.journal = journal }

    func take(_ bytes: [UInt8]) {
        seen.withLock { seen in
            seen.isSame = seen.isSame && journal.dropFirst(seen.count).starts(with: bytes)
            seen.count += bytes.count
        }
    }

    var isSame: Bool { seen.withLock { $0.isSame } }
}

extension HostWitness.Testimony {
    fileprivate var isAgainst: Bool {
        switch comparison {
        case .cut, .forked: true
        case .agrees, .silent, .unasked: false
        }
    }
}
