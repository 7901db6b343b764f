package import RunbookJournal
internal import RunbookModel
package import RunbookTransport
internal import Synchronization

/// Brings a journal to the hosts that keep copies of it: what is sealed, as it is sealed, one transfer under way to each.
/// It never holds up a run: a witness that does not answer is asked again at the next seal.
///
/// A witness that signs what it keeps is noted in the journal. Notes alone are no reason to bring anything.
package final class WitnessFeed: Sendable {
    /// What a person has to know.
    package enum News: Hashable, Sendable {
        case silent(host: String, why: String)
        case back(host: String)
        /// It keeps another journal of this run. Nothing more is brought there.
        case forked(host: String)
    }

    private struct Copy {
        /// Over what it keeps; nil before it was asked.
        var kept: PrefixDigest?
        /// How much of what was recorded it has.
        var has = 0
        var isBusy = false
        /// Transfers in a row that brought nothing.
        var vain = 0
        var isSilent = false
        var isForked = false
    }

    private struct State {
        var copies: [String: Copy]
        /// Batches of records so far, and how many of them stand under a seal.
        var recorded = 0
        var sealed = 0
        var part = SealedPart()
    }

    /// In one transfer, at most.
    private static let transferBytes = 4 << 20
    /// In a row, before it is left until the next seal.
    private static let vainTransfers = 3
    /// After the end of a session.
    private static let patience = Duration.seconds(10)

    private let run: String
    private let path: String
    private let journal: JournalWriter
    private let transport: any Transport
    private let clock: any RunClock
    private let tell: @Sendable (News) -> Void
    private let state: Mutex<State>
    /// For what is real time at a lab too.
    private let waiting = SystemClock()

    /// `path` is the journal's file; `clock` that of the session.
    package init(
        run: String, path: String, journal: JournalWriter, witnesses: [String], transport: any Transport,
        clock: any RunClock, tell: @escaping @Sendable (News) -> Void
    ) {
        self.run = run
        self.path = path
        self.journal = journal
        self.transport = transport
        self.clock = clock
        self.tell = tell
        // Named twice is one. What stands already goes with the next seal.
        let copies = Dictionary(witnesses.map { ($0, Copy()) }, uniquingKeysWith: { first, _ in first })
        state = Mutex(State(copies: copies, part: journal.sealed))
    }

    /// Records have gone into the journal.
    package func recorded() {
        state.withLock { $0.recorded += 1 }
        sealed()
    }

    /// A seal may have been added.
    package func sealed() {
        let hosts = state.withLock { state -> [String] in
            let part = journal.sealed
            guard part != state.part else { return [] }
            state.part = part
            state.sealed = state.recorded
            return state.copies.keys.sorted()
        }
        for host in hosts { bring(host) }
    }

    /// Waits until every witness has all of it, or has not answered.
    package func finish() async {
        sealed()
        waiting.schedule(after: Self.patience) { [waiting] in waiting.wake() }
        let began = waiting.now().uptime
        _ = await waiting.idle { [self] in
            waiting.now().uptime - began >= Self.patience.wholeMilliseconds
                || state.withLock { state in
                    state.copies.values.allSatisfy {
                        !$0.isBusy && ($0.has >= state.sealed || $0.isSilent || $0.isForked)
                    }
                }
        }
    }

    // MARK: One witness

    private func bring(_ host: String) {
        let question = state.withLock { state -> (WitnessRequest, SealedPart, Int)? in
            guard let copy = state.copies[host], !copy.isBusy, !copy.isForked, copy.has < state.sealed else {
                return nil
            }
            guard let question = self.question(copy, upTo: state.part) else { return nil }
            state.copies[host]?.isBusy = true
            return (question, state.part, state.sealed)
        }
        guard let (question, part, sealed) = question else { return }
        let request = HostRequest(host: host, task: TaskID(step: "witness", host: host), .witness(question))
        transport.send(request, progress: { _ in }) { [self] reply in
            let news = heard(reply, host, question, part, sealed)
            for one in news.told { tell(one) }
            waiting.wake()
            if news.goesOn { bring(host) }
        }
    }

    /// What is to be asked next; nil where there is nothing to bring, or it can't be read.
    private func question(_ copy: Copy, upTo part: SealedPart) -> WitnessRequest? {
        guard let kept = copy.kept else { return .tell(run: run) }
        guard kept.bytes < part.bytes,
            var bytes = try? SystemCalls.bytes(
                of: path, from: kept.bytes, count: min(part.bytes - kept.bytes, Self.transferBytes)),
            let end = bytes.lastIndex(of: UInt8(ascii: "\n"))
        else { return nil }
        bytes.removeSubrange((end + 1)...)
        return .push(run: run, offset: kept.bytes, bytes: bytes)
    }

    private func heard(
        _ reply: HostReply, _ host: String, _ question: WitnessRequest, _ part: SealedPart, _ sealed: Int
    ) -> (told: [News], goesOn: Bool) {
        let note: WitnessNote?
        let outcome: (told: [News], goesOn: Bool)
        (note, outcome) = state.withLock { state in
            guard var copy = state.copies[host] else { return (nil, ([], false)) }
            copy.isBusy = false
            defer { state.copies[host] = copy }
            let before = copy.kept?.bytes
            guard case .witness(let answer) = reply, answer.verdict != .refused, copy.vain < Self.vainTransfers else {
                copy.vain = 0
                let isNews = !copy.isSilent
                copy.isSilent = true
                copy.kept = nil
                return (nil, (isNews ? [.silent(host: host, why: Self.why(reply))] : [], false))
            }
            let told: [News] = copy.isSilent ? [.back(host: host)] : []
            copy.isSilent = false
            switch (question, answer.verdict) {
            case (.push(_, _, let bytes), .have):
                copy.kept?.take(bytes[...])
                if let kept = copy.kept, kept.bytes != answer.bytes { copy.kept = prefix(answer.bytes, of: part) }
            case (_, .have), (_, .gap), (_, .torn): copy.kept = prefix(answer.bytes, of: part)
            default: copy.kept = nil
            }
            let signature = answer.signature.flatMap { try? SSHSIG(armoured: Array($0.utf8)) }
            // It keeps more than there is, or other bytes than there are.
            guard answer.verdict != .fork, let kept = copy.kept, signature.map(kept.isSigned) ?? true else {
                copy.isForked = true
                return (nil, (told + [.forked(host: host)], false))
            }
            copy.vain = before.map { kept.bytes <= $0 } ?? false ? copy.vain + 1 : 0
            let isWhole = kept.bytes == part.bytes
            if isWhole { copy.has = sealed }
            guard isWhole, case .push = question, let signature else { return (nil, (told, true)) }
            return (
                WitnessNote(host: host, covers: part.lines, bytes: part.bytes, signature: signature), (told, true)
            )
        }
        if let note {
            // A journal that is closed, or that can't be written any more, goes without.
            let now = clock.now()
            try? journal.append([note.draft], uptime: now.uptime, wall: now.wall)
        }
        return outcome
    }

    /// Over the first `count` bytes of the journal; nil where its sealed part has fewer.
    private func prefix(_ count: Int, of part: SealedPart) -> PrefixDigest? {
        guard count <= part.bytes, let bytes = try? SystemCalls.bytes(of: path, from: 0, count: count),
            bytes.count == count
        else { return nil }
        var digest = PrefixDigest()
        digest.take(bytes[...])
        return digest
    }

    private static func why(_ reply: HostReply) -> String {
        switch reply {
        case .witness(let answer): answer.reason
        case .failure(let failure): failure.message
        default: "the answer was to another question"
        }
    }
}
