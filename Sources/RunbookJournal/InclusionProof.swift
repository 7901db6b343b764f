import Crypto
import RunbookModel

/// One line of a journal with what proves it: for somebody who does not have, or must not see, the rest.
///
/// The line leads, through the hashes beside its way up the tree, to the root that a seal's ``RootStatement`` names. That
/// statement is signed by a key which the statement before it names, and so on back to the person who opened the session.
package struct InclusionProof: Hashable, Sendable {
    package struct Link: Hashable, Sendable {
        package var by: String
        package var statement: RootStatement
        var signature: SSHSIG
    }

    package var run: String
    /// Of the line, from 1.
    package var sequence: Int
    /// The whole line, line feed included.
    package var line: [UInt8]
    var path: [[UInt8]]
    /// From the opening of the session to the seal that covers the line.
    package var links: [Link]

    /// Why there is no proof of a line.
    package enum Absence: Error, Hashable, Sendable {
        case noSuchLine(lines: Int)
        case unsealed(through: Int)
    }

    /// The proof of a line of a journal that stands.
    package init(of sequence: Int, in bytes: [UInt8]) throws(Absence) {
        var hashes: [[UInt8]] = []
        var links: [Link] = []
        var wanted: [UInt8]?
        var announced: SSHPublicKey?
        var run = ""
        var at = 0
        while let range = JournalReader.line(of: bytes, from: at) {
            at = range.upperBound
            let entry = try? JournalLine.decode(bytes[range]).entry
            let (type, fields) = (entry?.type ?? "", entry?.fields ?? [:])
            if type == LineTypes.runOpen { run = fields["run"]?.string ?? "" }
            if type == LineTypes.runOpen || type == LineTypes.sessionOpen {
                links = []
                announced = fields["next"]?.string.flatMap { try? SSHPublicKey(text: $0) }
            }
            if type == LineTypes.seal, let by = fields["by"]?.string, let root = fields["root"]?.string,
                let signature = Seal.signature(fields["root_sig"])
            {
                let next = links.isEmpty ? announced : fields["next"]?.string.flatMap { try? SSHPublicKey(text: $0) }
                let statement = RootStatement(
                    run: run, lines: hashes.count, root: Hex.decode(root.utf8) ?? [], next: next)
                links.append(Link(by: by, statement: statement, signature: signature))
                if let line = wanted {
                    self.run = run
                    self.sequence = sequence
                    self.line = line
                    self.links = links
                    path = MerklePath.path(to: sequence - 1, in: hashes)
                    return
                }
            }
            hashes.append(JournalChain.hash(of: bytes[range]))
            if hashes.count == sequence { wanted = Array(bytes[range]) }
        }
        guard wanted != nil else { throw .noSuchLine(lines: hashes.count) }
        throw .unsealed(through: links.last?.statement.lines ?? 0)
    }

    // MARK: As text

    package static let limitBytes = 64 << 20

    package var text: String {
        var text = "blackstart proof 1\nrun \(run)\nline \(sequence)\n" + String(decoding: line, as: UTF8.self)
        for hash in path { text += "path \(Hex.text(hash))\n" }
        for link in links {
            let statement = link.statement
            text += "seal by \(link.by)\nlines \(statement.lines)\nroot \(Hex.text(statement.root))\n"
            text += "next \(statement.next?.text ?? "-")\nsig \(Base64.text(link.signature.blob))\n"
        }
        return text
    }

    /// nil unless `text` is exactly what ``text`` writes.
    package init?(_ text: String) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        func word(_ key: String) -> String? {
            guard let line = lines.first, line.hasPrefix("\(key) ") else { return nil }
            lines.removeFirst()
            return String(line.dropFirst(key.count + 1))
        }
        guard word("blackstart") == "proof 1", let run = word("run"), Principal.isRunName(run),
            let sequence = word("line").flatMap({ Int($0) }), sequence > 0, let line = lines.popFirst()
        else { return nil }
        self.run = run
        self.sequence = sequence
        self.line = Array(line.utf8) + [0x0A]
        path = []
        links = []
        while let hash = word("path") {
            guard let bytes = Hex.decode(hash.utf8), bytes.count == 32 else { return nil }
            path.append(bytes)
        }
        while let by = word("seal") {
            guard by.hasPrefix("by "), let count = word("lines").flatMap({ Int($0) }),
                let root = word("root").flatMap({ Hex.decode($0.utf8) }), let next = word("next"),
                let blob = word("sig").flatMap({ Base64.decode($0.utf8) }), let signature = try? SSHSIG(blob: blob)
            else { return nil }
            var successor: SSHPublicKey?
            if next != "-" {
                guard let key = try? SSHPublicKey(text: next) else { return nil }
                successor = key
            }
            let statement = RootStatement(run: run, lines: count, root: root, next: successor)
            links.append(Link(by: String(by.dropFirst(3)), statement: statement, signature: signature))
        }
        guard self.text == text else { return nil }
    }

    // MARK: The proof

    package enum Fault: Error, Hashable, Sendable {
        case line(LineFault)
        case otherLine(found: Int)
        /// Of the seal of this number, from 1.
        case seal(Int, String)
        case path
        case untrusted(principal: String, fingerprint: String)

        package var message: String {
            switch self {
            case .line(let fault): "the line is none of a journal: \(fault.message)"
            case .otherLine(let found): "it is line \(found) that stands there"
            case .seal(let number, let why): "seal \(number) of the proof: \(why)"
            case .path: "the line is not among those that the seal covers"
            case .untrusted(let principal, let fingerprint):
                "\(TerminalText.shown(principal)) signed with \(fingerprint), which is not among the allowed signers"
            }
        }
    }

    /// What a proof proves.
    package struct Report: Hashable, Sendable {
        package var entry: JournalEntry
        package var by: String
        package var fingerprint: String
        /// How many lines the seal covers that proves it.
        package var lines: Int
        package var trust: JournalReport.Trust
    }

    /// Checks it all, with nothing but itself and `trust`. The signer's key has to be valid at the time that the line gives.
    package func verify(trust: AllowedSigners?) throws(Fault) -> Report {
        let entry: JournalEntry
        do { entry = try JournalLine.decode(line[...]).entry } catch { throw .line(error) }
        guard entry.sequence == sequence else { throw .otherLine(found: entry.sequence) }
        guard let first = links.first, let last = links.last else { throw .seal(1, "there is none") }
        var signer = first.signature.publicKey
        var lines = 0
        for (index, link) in links.enumerated() {
            let number = index + 1
            guard index == 0 || link.by == Principal.run(run), Principal.isValid(link.by) else {
                throw .seal(number, "it is by somebody else than is due")
            }
            guard link.statement.lines > lines else { throw .seal(number, "it covers no more than the one before") }
            lines = link.statement.lines
            guard link.statement.isSigned(link.signature, by: signer) else {
                throw .seal(number, "its signature is not one of the key that is due")
            }
            guard number < links.count else { break }
            guard let next = link.statement.next else { throw .seal(number, "it lets no key follow") }
            signer = next
        }
        guard
            MerklePath.leads(
                path, from: JournalChain.hash(of: line[...]), at: sequence - 1, of: last.statement.lines,
                to: last.statement.root)
        else { throw .path }
        let key = first.signature.publicKey
        if let trust,
            !trust.permits(principal: first.by, key: key, namespace: Seal.namespace, at: entry.timestamp)
        {
            throw .untrusted(principal: first.by, fingerprint: key.fingerprint)
        }
        return Report(
            entry: entry, by: first.by, fingerprint: key.fingerprint, lines: lines,
            trust: trust == nil ? .unchecked : .checked)
    }
}
