internal import Glibc
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPreparedness

/// The answers of one machine to the questions of its platforms.
struct ConfigurationSnapshot: Hashable, Sendable {
    struct Answer: Hashable, Sendable {
        var name: String
        var command: String
        /// nil: there was no whole answer.
        var status: Int?
        var text: String
    }

    var answers: [Answer]

    /// What differs from an older one, question by question: lines that went, and lines that came.
    func drift(from old: ConfigurationSnapshot) -> [(name: String, gone: [String], new: [String])] {
        let before = Dictionary(old.answers.map { ($0.name, $0) }, uniquingKeysWith: { one, _ in one })
        let after = Dictionary(answers.map { ($0.name, $0) }, uniquingKeysWith: { one, _ in one })
        let names = old.answers.map(\.name) + answers.map(\.name).filter { before[$0] == nil }
        return names.compactMap { name in
            let (one, other) = (before[name], after[name])
            guard one?.text != other?.text || one?.status != other?.status else { return nil }
            // A host that did not answer has not lost what it said before.
            let areBothAnswered = [one, other].allSatisfy { $0?.status != nil }
            let lines = [one, other].map { ($0?.text ?? "").split(separator: "\n").map(String.init) }
            var gone = areBothAnswered ? Self.difference(lines[0], lines[1]) : []
            var new = areBothAnswered ? Self.difference(lines[1], lines[0]) : []
            if one?.status != other?.status {
                gone.insert("(\(Self.ending(one)))", at: 0)
                new.insert("(\(Self.ending(other)))", at: 0)
            }
            return (name, gone, new)
        }
    }

    private static func ending(_ answer: Answer?) -> String {
        guard let answer else { return "not asked" }
        return answer.status.map { $0 == 127 ? "no such command" : "exit \($0)" } ?? "no whole answer"
    }

    /// The lines of one that the other does not have, as often as it lacks them.
    private static func difference(_ one: [String], _ other: [String]) -> [String] {
        var left = Dictionary(other.map { ($0, 1) }, uniquingKeysWith: +)
        return one.filter { line in
            guard let count = left[line], count > 0 else { return true }
            left[line] = count - 1
            return false
        }
    }
}

/// Snapshots beside an inventory: `snapshots/HOST/2026-11-26T031500Z/`, in each a file for every question, `COMMANDS` with
/// what was asked and how it ended, and `SHA256SUMS`, which `sha256sum -c` checks.
struct SnapshotStore {
    /// `…/snapshots`.
    let folder: String

    init(inventory path: String) {
        let beside = Places.folder(of: path)
        folder = beside == "." ? "snapshots" : "\(beside)/snapshots"
    }

    private static let commands = "COMMANDS"
    private static let sums = "SHA256SUMS"
    static let limitBytes = 4 << 20

    // MARK: Writing

    /// So many of one host have room in one second.
    private static let mostInSecond = 9

    /// Writes one whole, or nothing. Returns its stamp: where there is one of this second already, with a number behind it.
    func write(_ snapshot: ConfigurationSnapshot, of host: String, at stamp: String) throws(SystemError) -> String {
        let parent = "\(folder)/\(host)"
        try SystemCalls.makeFolders(parent)
        let draft = "\(parent)/.\(stamp).\(getpid())"
        guard mkdir(draft, 0o700) == 0 else { throw .last }
        do throws(SystemError) {
            var files = snapshot.answers.map { ("\($0.name).txt", $0.text) }
            let lines = snapshot.answers.map { answer in
                "\(answer.name)\t\(answer.status.map(String.init) ?? "-")\t\(answer.command.replacing("\n", with: " "))\n"
            }
            files.append((Self.commands, lines.joined()))
            var sums = ""
            for (name, text) in files {
                let bytes = Array(text.utf8)
                try write(bytes, to: "\(draft)/\(name)")
                sums += "\(FileHash.sha256(bytes))  \(name)\n"
            }
            try write(Array(sums.utf8), to: "\(draft)/\(Self.sums)")
            try SystemCalls.flushFolder(draft)
            let stamps = [stamp] + (2...Self.mostInSecond).map { "\(stamp)-\($0)" }
            for name in stamps {
                // A folder takes the place of none that has something in it.
                if rename(draft, "\(parent)/\(name)") == 0 {
                    try SystemCalls.flushFolder(parent)
                    return name
                }
                guard errno == EEXIST || errno == ENOTEMPTY else { throw .last }
            }
            throw .last
        } catch {
            for name in (try? SystemCalls.names(in: draft)) ?? [] { unlink("\(draft)/\(name)") }
            rmdir(draft)
            throw error
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
        let descriptor = try SystemCalls.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        defer { close(descriptor) }
        try SystemCalls.write(bytes, to: descriptor)
        try SystemCalls.flush(descriptor)
    }

    // MARK: Reading

    /// The stamps of a host's snapshots, the oldest first.
    func stamps(of host: String) -> [String] {
        ((try? SystemCalls.names(in: "\(folder)/\(host)")) ?? []).filter(Self.isStamp).sorted()
    }

    /// `2026-11-26T031500Z`, and `2026-11-26T031500Z-2` for the second one of that second.
    static func isStamp(_ name: String) -> Bool {
        let shape = Array("dddd-dd-ddTddddddZ-d".utf8)
        return [shape.count - 2, shape.count].contains(name.utf8.count)
            && zip(name.utf8, shape).allSatisfy { $1 == UInt8(ascii: "d") ? (0x30...0x39).contains($0) : $0 == $1 }
    }

    static func day(_ stamp: String) -> String { String(stamp.prefix(10)) }

    /// nil where a file is missing, or is not what it was when it was written.
    func read(_ stamp: String, of host: String) -> ConfigurationSnapshot? {
        let path = "\(folder)/\(host)/\(stamp)"
        guard let sums = text("\(path)/\(Self.sums)") else { return nil }
        var files: [String: String] = [:]
        for line in sums.split(separator: "\n") {
            guard let gap = line.firstRange(of: "  ") else { return nil }
            let name = String(line[gap.upperBound...])
            guard !name.contains("/"),
                let bytes = try? SystemCalls.contents(of: "\(path)/\(name)", limitBytes: Self.limitBytes),
                FileHash.sha256(bytes) == line[..<gap.lowerBound]
            else { return nil }
            files[name] = String(decoding: bytes, as: UTF8.self)
        }
        guard let commands = files[Self.commands] else { return nil }
        var answers: [ConfigurationSnapshot.Answer] = []
        for line in commands.split(separator: "\n") {
            let parts = line.split(separator: "\t", maxSplits: 2).map(String.init)
            guard parts.count == 3, let text = files["\(parts[0]).txt"] else { return nil }
            answers.append(.init(name: parts[0], command: parts[2], status: Int(parts[1]), text: text))
        }
        return ConfigurationSnapshot(answers: answers)
    }

    private func text(_ path: String) -> String? {
        (try? SystemCalls.contents(of: path, limitBytes: Self.limitBytes)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// What the rules look at.
    func evidence(_ inventory: Inventory) -> [String: SiteEvidence.Snapshot] {
        var evidence: [String: SiteEvidence.Snapshot] = [:]
        for host in inventory.hosts where host.facts.snapshot != nil {
            guard let newest = stamps(of: host.name).last else { continue }
            evidence[host.name] = SiteEvidence.Snapshot(
                day: Self.day(newest), isAltered: read(newest, of: host.name) == nil)
        }
        return evidence
    }
}
