internal import RunbookModel

/// Reads what a receipt script prints, byte by byte as it comes, and trusts none of it: every line is short, every
/// number is bounded, and whatever does not fit ends the reading.
package struct ReceiptReply: Sendable {
    package enum Ending: Hashable, Sendable {
        case status(ReceiptStatus)
        case facts(boot: String, home: String, nowSeconds: Int64?, claims: [SiteClaim] = [], session: String = "")
        case survey(HostSurvey, nowSeconds: Int64?)
        /// `isCut`: it printed more than is told.
        case probe(status: Int, isCut: Bool = false)
        case late
        case tidied
        case heads([ReceiptHead])
        /// The host says why it can't.
        case refused(String)
        /// What came is no reply.
        case garbage
    }

    private enum State: Sendable {
        case noise
        case line
        case bytes(OutputChunk.Stream, left: Int)
        case over
    }

    /// Noise before the reply, at most, in bytes.
    static let noiseLimit = 256 << 10
    static let lineLimit = 4 << 10
    static let headsLimit = 100_000
    /// Of the names of all receipts together.
    static let headsBytes = 8 << 20
    static let claimsLimit = 16

    private let nonce: [UInt8]
    private var state = State.noise
    private var line: [UInt8] = []
    private var noise = 0
    private var heads: [ReceiptHead] = []
    private var headsBytes = 0
    private var claims: [SiteClaim] = []
    package private(set) var ending: Ending?

    /// Whether the host has begun to answer.
    package var hasBegun: Bool { if case .noise = state { false } else { true } }

    package init(nonce: String) { self.nonce = Array("BS1 \(nonce)".utf8) }

    /// Takes the next bytes; hands out what the command printed.
    package mutating func take(_ bytes: [UInt8], _ output: (OutputChunk) -> Void) {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch state {
            case .over: return
            case .bytes(let stream, let left):
                let part = rest.prefix(left)
                output(OutputChunk(stream, Array(part)))
                rest = rest.dropFirst(part.count)
                state = left == part.count ? .line : .bytes(stream, left: left - part.count)
            case .noise, .line:
                guard let end = rest.firstIndex(of: 0x0A) else {
                    line += rest
                    if line.count > Self.lineLimit { overlong() }
                    rest = []
                    continue
                }
                line += rest[..<end]
                rest = rest[(end + 1)...]
                let whole = line
                line = []
                takeLine(whole)
            }
        }
    }

    private mutating func overlong() {
        if case .noise = state {
            noise += line.count
            line = Array(line.suffix(nonce.count))
            if noise > Self.noiseLimit { end(.garbage) }
        } else {
            end(.garbage)
        }
    }

    private mutating func end(_ ending: Ending) {
        self.ending = ending
        state = .over
    }

    private mutating func takeLine(_ line: [UInt8]) {
        if case .noise = state {
            noise += line.count + 1
            // A login that prints without a line end stands before the marker on its line.
            if line.count >= nonce.count, line.suffix(nonce.count).elementsEqual(nonce) { state = .line }
            if noise > Self.noiseLimit { end(.garbage) }
            return
        }
        let words = String(decoding: line, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: true)
        switch words.first {
        case "H" where words.count == 1: break
        case "O", "E":
            guard words.count == 2, let count = Int(words[1]), (1...(1 << 20)).contains(count) else {
                return end(.garbage)
            }
            state = .bytes(words[0] == "O" ? .stdout : .stderr, left: count)
        case "S": end(Self.status(words.dropFirst()).map(Ending.status) ?? .garbage)
        case "F":
            let fields = Self.fields(words.dropFirst())
            guard let boot = fields["boot"] else { return end(.garbage) }
            let now = fields["now"].flatMap { Int64($0) }
            end(
                .facts(
                    boot: boot, home: fields["home"] ?? "", nowSeconds: now, claims: claims,
                    session: fields["session"] ?? ""))
        case "V": end(survey(words.dropFirst()) ?? .garbage)
        case "C":
            guard claims.count < Self.claimsLimit else { return end(.garbage) }
            claims.append(SiteClaim(told: words.dropFirst()))
        case "X":
            guard words.count == 2 || words.count == 3 && words[2] == "cut", let code = Int(words[1]),
                (0...255).contains(code)
            else { return end(.garbage) }
            end(.probe(status: code, isCut: words.count == 3))
        case "L": end(.late)
        case "T": end(.tidied)
        case "K":
            guard let head = Self.head(words.dropFirst()), heads.count < Self.headsLimit else { return end(.garbage) }
            headsBytes += head.receipt.utf8.count
            guard headsBytes <= Self.headsBytes else { return end(.garbage) }
            heads.append(head)
        case "J": end(.heads(heads))
        case "N": end(.refused(words.dropFirst().joined(separator: " ")))
        default: end(.garbage)
        }
    }

    private static func fields(_ words: ArraySlice<Substring>) -> [String: String] {
        var fields: [String: String] = [:]
        for word in words {
            guard let sign = word.firstIndex(of: "=") else { continue }
            fields[String(word[..<sign])] = String(word[word.index(after: sign)...])
        }
        return fields
    }

    private func survey(_ words: ArraySlice<Substring>) -> Ending? {
        let fields = Self.fields(words)
        guard let boot = fields["boot"], let folder = fields["folder"].flatMap({ HostSurvey.Folder(rawValue: $0) }),
            let root = fields["root"]
        else { return nil }
        let survey = HostSurvey(
            facts: HostFacts(boot: boot, clockOffset: nil, claims: claims), folder: folder,
            freeKiB: fields["free"].flatMap { Int64($0) }.flatMap { $0 < 0 ? nil : $0 },
            missing: (fields["missing"] ?? "").split(separator: ",").map(String.init), user: fields["user"] ?? "",
            shell: fields["shell"] ?? "", isRoot: root.isEmpty ? nil : root == "0")
        return .survey(survey, nowSeconds: fields["now"].flatMap { Int64($0) })
    }

    /// `STEP.HOST.N SEQ:SHA256`.
    private static func head(_ words: ArraySlice<Substring>) -> ReceiptHead? {
        guard words.count == 2, let receipt = words.first, let head = words.last else { return nil }
        let parts = head.split(separator: ":", omittingEmptySubsequences: false)
        let isHex: (UInt8) -> Bool = { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard parts.count == 2, let sequence = Int(parts[0]), sequence > 0, parts[1].utf8.count == 64,
            parts[1].utf8.allSatisfy(isHex)
        else { return nil }
        return ReceiptHead(receipt: String(receipt), sequence: sequence, hash: String(parts[1]))
    }

    private static func status(_ words: ArraySlice<Substring>) -> ReceiptStatus? {
        let fields = fields(words)
        guard let boot = fields["boot"], let claim = fields["claim"], let go = fields["go"], let end = fields["end"],
            let alive = fields["alive"], let out = fields["out"].flatMap({ Int($0) }),
            let err = fields["err"].flatMap({ Int($0) }), out >= 0, err >= 0
        else { return nil }
        var status = ReceiptStatus(
            claimed: claim == "1", boot: boot, stdoutBytes: out, stderrBytes: err)
        if let digest = fields["id"], !digest.isEmpty { status.digest = digest }
        status.alive = alive == "1"
        status.home = fields["home"] ?? ""
        if let run = fields["run"], !run.isEmpty { status.run = run }
        status.wasStopped = fields["stopped"] == "1"
        if let left = fields["left"], !left.isEmpty {
            guard let count = Int(left), count >= 0 else { return nil }
            status.leftRunning = count
        }
        let refused = fields["refused"] ?? ""
        if !refused.isEmpty {
            guard let refusal = ReceiptStatus.Refusal(rawValue: refused) else { return nil }
            status.refused = refusal
        }
        if go.hasPrefix("run:") {
            let parts = go.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return nil }
            status.go = .run(boot: String(parts[2]))
        } else if go.hasPrefix("fenced:") {
            status.go = .fenced
        } else if !go.isEmpty {
            return nil
        }
        if end.hasPrefix("exit:") {
            let parts = end.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 3, let code = Int(parts[1]), (0...255).contains(code),
                parts.count == 2 || parts[2] == "cut"
            else { return nil }
            status.isOutputCut = parts.count == 3
            status.end = .exit(code)
        } else if end == "lost" {
            status.end = .lost
        } else if !end.isEmpty {
            return nil
        }
        return status
    }
}
