internal import Glibc
package import RunbookJournal
internal import RunbookModel
package import RunbookPlan

/// The folder of one run: all that a resume needs, here or on another machine.
///
///     RUN/journal.jsonl   the signed journal
///     RUN/runbook.yaml    the files as they were when the run began
///     RUN/inventory.yaml
///     RUN/runbooks/N      the runbooks that it includes, numbered as they are first named
///     RUN/files/N         the files that lay beside the runbook, numbered as it names them
///     RUN/outputs/        what commands printed, by SHA-256 and size
package struct RunFolder: Hashable, Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    /// The run's name is its folder's.
    package var name: String {
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.last == "/" { trimmed = trimmed.dropLast() }
        return String(trimmed[(trimmed.lastIndex(of: "/").map { trimmed.index(after: $0) } ?? trimmed.startIndex)...])
    }

    /// What a person types for it: its name where it lies in `runs`, else its path.
    package func called(in runs: String) -> String { path == "\(runs)/\(name)" ? name : path }

    package var journal: String { "\(path)/\(JournalReader.fileName)" }
    package var runbook: String { "\(path)/runbook.yaml" }
    package var inventory: String { "\(path)/inventory.yaml" }
    package var outputs: String { "\(path)/outputs" }

    /// Throws where a run has this folder already.
    package func checkFree() throws(RunFolderFault) {
        do {
            guard try JournalReader.hasBegun(journal) else { return }
        } catch { throw .system(path: path, error) }
        throw .exists(name)
    }

    /// Writes the frozen copies, durable. Only whoever holds the journal's lock may: see ``FileStorage/create(_:beside:)``.
    package func freeze(
        runbook runbookBytes: [UInt8], inventory inventoryBytes: [UInt8], included: [[UInt8]] = [],
        files: [[UInt8]] = []
    ) throws(SystemError) {
        try SystemCalls.makeFolders(outputs)
        try Self.write(runbookBytes, to: runbook)
        try Self.write(inventoryBytes, to: inventory)
        try writeAll(included, "runbooks")
        try writeAll(files, "files")
        try SystemCalls.flushFolder(path)
    }

    /// The frozen copy of the file that the runbook names in this place, from 0.
    package func file(_ number: Int) -> String { "\(path)/files/\(number)" }

    /// The frozen copy of an included runbook, from 0.
    package func included(_ number: Int) -> String { "\(path)/runbooks/\(number)" }

    private func writeAll(_ files: [[UInt8]], _ name: String) throws(SystemError) {
        guard !files.isEmpty else { return }
        try SystemCalls.makeFolders("\(path)/\(name)")
        for (number, bytes) in files.enumerated() { try Self.write(bytes, to: "\(path)/\(name)/\(number)") }
        try SystemCalls.flushFolder("\(path)/\(name)")
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
        let descriptor = try SystemCalls.open(path, O_WRONLY | O_CREAT | O_TRUNC)
        defer { close(descriptor) }
        try SystemCalls.write(bytes, to: descriptor)
        try SystemCalls.flush(descriptor)
    }

    /// The runbook and inventory as they were when the run began.
    package func frozen() throws(RunFolderFault) -> (runbook: [UInt8], inventory: [UInt8]) {
        do {
            return (
                try SystemCalls.contents(of: runbook, limitBytes: Limits.runbookBytes),
                try SystemCalls.contents(of: inventory, limitBytes: Limits.inventoryBytes)
            )
        } catch { throw .system(path: path, error) }
    }

    /// Every run in `folder`, the one that began last comes last; none where there is no such folder. What is written to an old
    /// run does not make it the newest.
    package static func all(in folder: String) -> [RunFolder] {
        var found: [(run: RunFolder, at: Int64)] = []
        for name in (try? SystemCalls.names(in: folder)) ?? [] {
            let run = RunFolder("\(folder)/\(name)")
            var facts = stat()
            guard !name.hasPrefix("."), stat(run.journal, &facts) == 0 else { continue }
            // One that never began counts by its file.
            found.append((run, run.opening?.began ?? Int64(facts.st_mtim.tv_sec) * 1_000))
        }
        return found.sorted { ($0.at, $0.run.name) < ($1.at, $1.run.name) }.map(\.run)
    }

    /// What the first line of its journal says, from the beginning of the file alone: there may be many runs, and large ones.
    package var opening: RunOpening? {
        // Most openings are a few hundred bytes.
        guard let head = try? SystemCalls.bytes(of: journal, from: 0, count: 64 << 10),
            let end = head.firstIndex(of: 0x0A)
        else { return nil }
        return try? RunOpening(JournalReader.read(Array(head[...end])).entries)
    }
}

package enum RunFolderFault: Error, Hashable, Sendable {
    case exists(String)
    case system(path: String, SystemError)
    /// The journal's first line does not say what it has to.
    case noOpening

    package var message: String {
        switch self {
        case .exists(let name): "there is a run named `\(TerminalText.shown(name))` already"
        case .system(let path, let error): "can't use the run folder `\(TerminalText.shown(path))`: \(error.words)"
        case .noOpening: "the journal does not begin with the opening of a run that this version understands"
        }
    }
}

/// What the first line of a journal says of its run.
package struct RunOpening: Hashable, Sendable {
    package enum Mode: String, Hashable, Sendable {
        /// On real hosts.
        case live
        /// On the hosts of a lab, over real connections.
        case lab
        /// On a fixture, in memory; ``LineTypes/rehearsal``.
        case dryRun = "dry-run"

        /// What an approval has to carry in such a run.
        package var approvals: ApprovalProof {
            switch self {
            case .live, .lab: .signature
            case .dryRun: .rehearsal
            }
        }

        /// Whether hosts outside this process were asked: such a run can be resumed, and has a journal that counts.
        package var hasHosts: Bool {
            switch self {
            case .live, .lab: true
            case .dryRun: false
            }
        }

        /// As a heading has it.
        package var word: String {
            switch self {
            case .live: "LIVE"
            case .lab: "LAB"
            case .dryRun: "DRY RUN"
            }
        }
    }

    package var run: String
    /// See ``RunFacts/mark``.
    package var mark: String
    package var mode: Mode
    /// Name of the runbook, for people.
    package var title: String
    /// ``Plan/hash``: what a resume must find unchanged.
    package var plan: String
    /// Absolute paths of the files the run began with.
    package var runbook: String
    package var inventory: String
    /// `-e name=value`, in order.
    package var overrides: [(name: String, value: String)] { pairs.map { ($0.name, $0.value) } }
    private var pairs: [Pair]
    package var selection: Selection
    /// What it asks of approvers, as the journal states it; a resume takes it from the plan.
    package var approvals: StatedApprovals?
    /// The list that says who may operate and approve.
    package var signers: StatedSigners?
    /// Runs that are not over, and beside which a person began it all the same.
    package var beside: Beside?
    /// Who began it; known once the journal is open.
    package private(set) var by = ""
    /// When, milliseconds since 1970 UTC by the clock of the machine that began it.
    package private(set) var began: Int64 = 0

    private struct Pair: Hashable, Sendable {
        var name: String
        var value: String
    }

    package init(
        run: String, mark: String, mode: Mode, title: String, plan: String, runbook: String, inventory: String,
        overrides: [(name: String, value: String)], selection: Selection = Selection(), beside: Beside? = nil
    ) {
        self.beside = beside
        self.selection = selection
        self.run = run
        self.mark = mark
        self.mode = mode
        self.title = title
        self.plan = plan
        self.runbook = runbook
        self.inventory = inventory
        pairs = overrides.map { Pair(name: $0.name, value: $0.value) }
    }

    package var draft: Draft {
        var own: JournalFields = [
            "run": .string(run), "mark": .string(mark), "mode": .string(mode.rawValue), "title": .string(title),
            "plan": .string(plan),
            "runbook": .string(runbook), "inventory": .string(inventory), "version": .integer(1),
            "vars": .array(pairs.map { .array([.string($0.name), .string($0.value)]) }),
        ]
        for more in [approvals?.fields, signers?.fields, selection.fields, beside?.fields] {
            own = own.merging(more ?? JournalFields())
        }
        return Draft(type: LineTypes.runOpen, fields: own)
    }

    package init(_ entries: [JournalEntry]) throws(RunFolderFault) {
        guard let entry = entries.first, entry.type == LineTypes.runOpen, entry.fields["version"]?.integer == 1,
            let run = entry.fields["run"]?.string, let mark = entry.fields["mark"]?.string,
            let plan = entry.fields["plan"]?.string,
            let mode = entry.fields["mode"]?.string.flatMap(Mode.init), let title = entry.fields["title"]?.string,
            let runbook = entry.fields["runbook"]?.string, let inventory = entry.fields["inventory"]?.string,
            let vars = entry.fields["vars"]?.array, let by = entry.fields["by"]?.string
        else { throw .noOpening }
        var overrides: [(name: String, value: String)] = []
        for pair in vars {
            guard let words = pair.array, words.count == 2, let name = words[0].string, let value = words[1].string
            else { throw .noOpening }
            overrides.append((name, value))
        }
        self.init(
            run: run, mark: mark, mode: mode, title: title, plan: plan, runbook: runbook, inventory: inventory,
            overrides: overrides, selection: try Selection(entry.fields), beside: Beside(entry.fields))
        self.by = by
        began = entry.timestamp
    }
}

extension Selection {
    /// What of it stands in the opening of a run: nothing where all is wanted.
    fileprivate var fields: JournalFields {
        var fields = JournalFields()
        for (key, words) in [("limit", limit), ("tags", tags), ("skip_tags", skipTags)] where !words.isEmpty {
            fields[key] = .array(words.map(JournalValue.string))
        }
        fields["start_at"] = startAt.map(JournalValue.string)
        fields["until"] = until.map(JournalValue.string)
        return fields
    }

    fileprivate init(_ fields: JournalFields) throws(RunFolderFault) {
        func words(_ key: String) throws(RunFolderFault) -> [String] {
            guard let value = fields[key] else { return [] }
            guard let words = value.array?.map(\.string), words.allSatisfy({ $0 != nil }) else { throw .noOpening }
            return words.compactMap(\.self)
        }
        func word(_ key: String) throws(RunFolderFault) -> String? {
            guard let value = fields[key] else { return nil }
            guard let word = value.string else { throw .noOpening }
            return word
        }
        self.init()
        limit = try words("limit")
        tags = try words("tags")
        skipTags = try words("skip_tags")
        startAt = try word("start_at")
        until = try word("until")
    }
}
