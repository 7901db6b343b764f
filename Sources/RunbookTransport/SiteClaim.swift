internal import RunbookModel

/// What a run leaves on each host that it is about to change, until it is over: two runs would undo each other's work, and
/// the person at the second one may know nothing of the first.
///
/// On a host it is a link `receipts/.claims/RUN~MARK~NONCE` to the words `SINCE BY FROM`: a link is there whole or not at
/// all, is never long, and costs no more than a file would.
package struct SiteClaim: Hashable, Sendable {
    /// nil where what is there names none.
    package var run: String?
    /// Tells the run from every other of its name.
    package var mark: String
    /// The operator who began it.
    package var by: String
    /// The machine from which it is run.
    package var from: String
    /// When it began, seconds since 1970 UTC; nil where that can't be read.
    package var since: Int64?

    package init(run: String?, mark: String, by: String, from: String, since: Int64?) {
        self.run = run
        self.mark = mark
        self.by = by
        self.from = from
        self.since = since
    }

    /// What tells it on a host: `RUN~MARK`.
    package var name: String { "\(run ?? "")~\(mark)" }

    /// The words that the link leads to.
    var words: String { "\(since ?? 0) \(Self.word(by)) \(Self.word(from))" }

    /// The claim as a host tells it: name and words. Whatever a host has there is a claim, if only one of nobody.
    init(told words: ArraySlice<Substring>) {
        let words = Array(words)
        let parts = (words.first ?? "").split(separator: "~", omittingEmptySubsequences: false)
        run = parts.count == 3 && Self.isRunName(parts[0]) ? String(parts[0]) : nil
        mark = parts.count == 3 ? String(parts[1]) : ""
        let isWhole = words.count == 4
        since = isWhole ? Int64(words[1]).flatMap { (1...1 << 40).contains($0) ? $0 : nil } : nil
        by = isWhole ? Self.text(words[2]) : ""
        from = isWhole ? Self.text(words[3]) : ""
    }

    private static let wordLimit = 200

    private static func isRunName(_ name: Substring) -> Bool {
        (1...100).contains(name.utf8.count) && name.utf8.allSatisfy { isPlain($0) && $0 != UInt8(ascii: "@") }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "@"): true
        default: false
        }
    }

    /// A text without spaces: other bytes as `%XX`.
    private static func word(_ text: String) -> String {
        let bytes = text.utf8.prefix(wordLimit)
        guard !bytes.isEmpty else { return "%" }
        return bytes.map { byte in
            guard !isPlain(byte) else { return String(UnicodeScalar(byte)) }
            return "%" + String(Int(byte) + 0x100, radix: 16).dropFirst()
        }.joined()
    }

    private static func text(_ word: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = word.utf8.prefix(3 * wordLimit)
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { continue }
            bytes.append(code)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The first thing that a host hears of a run that is about to act there.
package struct Arrival: Hashable, Sendable {
    package var run: String
    /// nil for a run that claims nothing.
    package var claim: SiteClaim?
    /// Names of runs beside which a person lets it go on.
    package var beside: [String]
    /// Names of claims whose runs are known to be over: they are taken away.
    package var over: [String]
    /// nil for a run that is not carried on by sessions.
    package var turn: Turn?

    package init(
        run: String, claim: SiteClaim? = nil, beside: [String] = [], over: [String] = [], turn: Turn? = nil
    ) {
        self.turn = turn
        self.run = run
        self.claim = claim
        self.beside = beside
        self.over = over
    }
}
