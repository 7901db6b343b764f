internal import Glibc
internal import RunbookEngine
internal import RunbookFormat
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan

/// A runbook with its inventory, read and found to fit each other.
struct SiteFiles {
    var runbookPath: String
    var runbookBytes: [UInt8]
    var inventoryPath: String
    var inventoryBytes: [UInt8]
    var runbook: Runbook
    var inventory: Inventory
    /// What lies beside the runbook and is named by it, by paths as written.
    var attachments: [String: [UInt8]] = [:]

    /// Reads the files a person names. `inventory` nil means the one that the runbook names.
    static func read(runbook path: String, inventory flag: String?, home: String) throws(CommandFailure) -> SiteFiles {
        let bytes = try contents(of: path, limit: Limits.runbookBytes)
        let runbook: Runbook
        do {
            runbook = try RunbookReader.read(bytes: bytes, path: path) { included($0, limit: Limits.runbookBytes) }
        } catch { throw invalid(error.diagnostics) }
        let named = runbook.inventory
        let beside = Places.folder(of: path)
        let inventoryPath = flag ?? (named.hasPrefix("/") ? named : beside == "." ? named : "\(beside)/\(named)")
        let (_, inventoryBytes) = try Self.inventory(at: inventoryPath, home: home)
        var files = try SiteFiles(
            runbook, path: path, bytes: bytes, inventoryPath: inventoryPath, inventoryBytes: inventoryBytes, home: home)
        try files.attach { named, _ in
            named.name.hasPrefix("/") ? named.name : beside == "." ? named.name : "\(beside)/\(named.name)"
        }
        return files
    }

    /// Reads the files that the runbook names; `path` tells where each lies.
    private mutating func attach(_ path: (Named, Int) -> String) throws(CommandFailure) {
        var total = 0
        var faults: [Diagnostic] = []
        for (number, named) in runbook.attachments.enumerated() {
            let isScript = runbook.scripts.contains(named.name)
            let limit = isScript ? Limits.scriptBytes : Limits.copyBytes
            func fault(_ message: String) -> Diagnostic {
                RunbookNames.fault(message, at: named, of: runbook, runbookText: runbookBytes)
            }
            do {
                let bytes = try SystemCalls.contents(of: path(named, number), limitBytes: limit)
                attachments[named.name] = bytes
                total += bytes.count
                if isScript, bytes.contains(0) || String(validating: bytes, as: UTF8.self) == nil {
                    faults.append(fault("the script `\(TerminalText.shown(named.name))` is no text"))
                }
                if total > Limits.attachmentsBytes {
                    faults.append(fault("the files beside the runbook have more than \(Limits.attachmentsBytes) bytes"))
                    break
                }
            } catch {
                let isLarge = error.code == SystemError.tooBig
                faults.append(
                    fault(
                        isLarge
                            ? "`\(TerminalText.shown(named.name))` is larger than \(limit) bytes"
                            : "can't read `\(TerminalText.shown(named.name))`: \(error.words)"))
            }
        }
        if !faults.isEmpty { throw Self.invalid(faults) }
    }

    private static func included(_ path: String, limit: Int) -> RunbookReader.IncludedText {
        do {
            return .bytes(try SystemCalls.contents(of: path, limitBytes: limit))
        } catch {
            return .unreadable(error.code == SystemError.tooBig ? "it is larger than \(limit) bytes" : error.words)
        }
    }

    /// Takes the frozen copies of a run; paths are those it began with, so that relative ones mean what they meant.
    static func frozen(
        _ folder: RunFolder, runbook bytes: [UInt8], path: String, inventory inventoryBytes: [UInt8],
        inventoryPath: String, home: String
    ) throws(CommandFailure) -> SiteFiles {
        let runbook: Runbook
        var next = 0
        do {
            runbook = try RunbookReader.read(bytes: bytes, path: path) { _ in
                defer { next += 1 }
                return included(folder.included(next), limit: Limits.runbookBytes)
            }
        } catch { throw invalid(error.diagnostics) }
        var files = try SiteFiles(
            runbook, path: path, bytes: bytes, inventoryPath: inventoryPath, inventoryBytes: inventoryBytes, home: home)
        try files.attach { _, number in folder.file(number) }
        return files
    }

    /// In the order in which the runbook names them.
    var attached: [[UInt8]] { runbook.attachments.map { attachments[$0.name] ?? [] } }

    private init(
        _ runbook: Runbook, path: String, bytes: [UInt8], inventoryPath: String, inventoryBytes: [UInt8], home: String
    ) throws(CommandFailure) {
        let inventory = try Self.inventory(inventoryBytes, path: inventoryPath, home: home)
        let faults = RunbookNames.check(runbook, against: inventory, runbookText: bytes)
        if faults.contains(where: { $0.severity == .error }) { throw Self.invalid(faults) }
        runbookPath = path
        runbookBytes = bytes
        self.inventoryPath = inventoryPath
        self.inventoryBytes = inventoryBytes
        self.runbook = runbook
        self.inventory = inventory
    }

    static func inventory(_ bytes: [UInt8], path: String, home: String) throws(CommandFailure) -> Inventory {
        do {
            return try InventoryReader.read(bytes: bytes, path: path, home: home) { Self.included($0, home: home) }
        } catch {
            throw invalid(error.diagnostics)
        }
    }

    /// The files that an `Include` of OpenSSH's configuration means: patterns, relative to ~/.ssh.
    private static func included(_ pattern: String, home: String) -> [(path: String, bytes: [UInt8])] {
        let whole = pattern.hasPrefix("~/") ? home + pattern.dropFirst() : pattern
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(whole.hasPrefix("/") ? whole : "\(home)/.ssh/\(whole)", 0, nil, &found) == 0 else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { index in
            guard let name = found.gl_pathv[index] else { return nil }
            let path = String(cString: name)
            return (try? SystemCalls.contents(of: path, limitBytes: Limits.inventoryBytes)).map { (path, $0) }
        }
    }

    /// Reads an inventory that a person names. Ansible keeps variables in folders beside it, too.
    static func inventory(at path: String, home: String) throws(CommandFailure) -> (Inventory, bytes: [UInt8]) {
        let bytes = try contents(of: path, limit: Limits.inventoryBytes)
        let inventory = try inventory(bytes, path: path, home: home)
        // A configuration of OpenSSH may be many files: what they come to is one.
        if inventory.origin == .openSSH { return (inventory, Array(InventoryText.write(inventory).utf8)) }
        guard inventory.origin == .ansible else { return (inventory, bytes) }
        for name in ["group_vars", "host_vars"] where access("\(Places.folder(of: path))/\(name)", F_OK) == 0 {
            throw CommandFailure(
                .invalidFile, "`\(name)` lies beside \(TerminalText.shown(path)), and is not read",
                hint:
                    "make one file of it: `ansible-inventory -i \(ShellWord.typed(path)) --list --yaml --export > inventory.yaml`"
            )
        }
        return (inventory, bytes)
    }

    func plan(
        _ overrides: [(name: String, value: String)], _ selection: Selection, maxParallel: Int? = nil
    ) throws(CommandFailure) -> Plan {
        var runbook = runbook
        if let maxParallel { runbook.maxParallel = maxParallel }
        do {
            return try Planner.plan(
                PlanSource(
                    runbook: runbook, runbookBytes: runbookBytes, inventory: inventory, inventoryBytes: inventoryBytes,
                    overrides: overrides, selection: selection, attachments: attachments))
        } catch { throw Self.failure(error, runbook) }
    }

    static func contents(of path: String, limit: Int) throws(CommandFailure) -> [UInt8] {
        do {
            return try SystemCalls.contents(of: path, limitBytes: limit)
        } catch {
            if error.code == SystemError.tooBig {
                throw CommandFailure(.invalidFile, "`\(TerminalText.shown(path))` is larger than \(limit) bytes")
            }
            throw CommandFailure(.invalidFile, "can't read `\(TerminalText.shown(path))`: \(error.words)")
        }
    }

    static func invalid(_ diagnostics: [Diagnostic]) -> CommandFailure {
        CommandFailure(.invalidFile, "", diagnostics: diagnostics)
    }

    static func failure(_ fault: PlanFault, _ runbook: Runbook? = nil) -> CommandFailure {
        switch fault {
        case .unknownVariable(let name, let nearest):
            return CommandFailure(
                .usage, "the runbook has no variable `\(TerminalText.shown(name))`",
                hint: nearest.map { "did you mean `\($0)`?" })
        case .missingVariable(let name, let place):
            return CommandFailure(
                .usage, "the variable `\(name)` has no value (\(place))", hint: "give it with `-e \(name)=VALUE`")
        case .unsuitableValue(let name, let value, let kind):
            return CommandFailure(
                .usage, "`\(TerminalText.shown(value))` is no \(kind.rawValue), which `\(name)` has to be")
        case .unknownHost(let name):
            return invalid([Diagnostic(at: name.place, "unknown host or group `\(name.name)`")])
        case .noHosts(let name, let step):
            return invalid([
                Diagnostic(
                    at: name.place, "step `\(step)` selects no host: `\(name.name)` is an empty group",
                    hint: "add hosts to the group, or leave the step out")
            ])
        case .unknownStep(let name): return invalid([Diagnostic(at: name.place, "unknown step `\(name.name)`")])
        case .cycle(let path):
            let place = runbook?.steps.first { $0.id == path.first }?.place
            return invalid([
                Diagnostic(
                    at: place ?? SourcePlace(path: runbook?.path ?? "", line: 1, column: 1),
                    "these steps wait for each other: \(path.joined(separator: " -> "))")
            ])
        case .tooManyTasks(let count):
            return CommandFailure(
                .invalidFile, "the runbook makes more than \(Limits.tasksPerRun) tasks (at least \(count))")
        case .selection(let fault): return failure(fault)
        }
    }

    private static func failure(_ fault: SelectionFault) -> CommandFailure {
        switch fault {
        case .unknownHost(let name, let nearest):
            return CommandFailure(
                .usage, "`--limit \(TerminalText.shown(name))` matches no host or group of the inventory",
                hint: nearest.map { "did you mean `\($0)`?" })
        case .unknownTag(let name, let nearest):
            return CommandFailure(
                .usage, "no step of the runbook has the tag `\(TerminalText.shown(name))`",
                hint: nearest.map { "did you mean `\($0)`?" })
        case .unknownStep(let name, let option, let nearest):
            return CommandFailure(
                .usage, "`\(option) \(TerminalText.shown(name))` names a step that the runbook does not have",
                hint: nearest.map { "did you mean `\($0)`?" })
        case .nothingLeft: return CommandFailure(.usage, "no step of the runbook is left to do")
        case .valueLeftOut(let reference, let user):
            return CommandFailure(
                .usage, "the step `\(user)` needs \(reference.name), and the step that it comes from is left out",
                hint: "take `\(reference.path.count > 1 ? reference.path[1] : "")` in as well (\(reference.place))")
        }
    }
}
