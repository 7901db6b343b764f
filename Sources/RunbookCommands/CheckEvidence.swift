internal import Glibc
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPack
internal import RunbookPlan
internal import RunbookPreparedness

/// Reads what the rules look at beside a runbook and its inventory.
enum CheckEvidence {
    /// `seen` has what was read for the runbooks before.
    static func read(
        _ files: SiteFiles, _ plan: Plan, _ archive: RunArchive, _ seen: inout [String: SiteEvidence.Runbook]
    ) -> SiteEvidence {
        let home = archive.places.userHome
        var evidence = SiteEvidence()
        evidence.measured = RunArchive.measured(archive.liveRuns(files.runbook.name).entries)
        evidence.drills = archive.drills([files.runbook.name]).entries.compactMap(PractisedRun.init).map {
            $0.evidence(beside: plan)
        }
        evidence.journal = RunFolderDisk.remote(archive.runs)
        evidence.packs = files.inventory.packs?.map { pack($0, files) }
        evidence.snapshots = SnapshotStore(inventory: files.inventoryPath).evidence(files.inventory)
        evidence.runbooks = [:]
        let folder = Places.folder(of: files.inventoryPath)
        for path in files.inventory.scenarios?.flatMap(\.runbooks).map(\.name) ?? [] {
            let whole = path.hasPrefix("/") || folder == "." ? path : "\(folder)/\(path)"
            // One and the same runbook means the same beside the same inventory.
            let key = "\(files.inventoryPath)\0\(whole)"
            let runbook = seen[key] ?? runbook(whole, inventory: files.inventoryPath, home: home)
            seen[key] = runbook
            evidence.runbooks?[path] = runbook
        }
        return evidence
    }

    private static func runbook(_ path: String, inventory: String, home: String) -> SiteEvidence.Runbook {
        do throws(CommandFailure) {
            let files = try SiteFiles.read(runbook: path, inventory: inventory, home: home)
            return .plan(try files.plan(files.filled([]), Selection()))
        } catch {
            let first = error.diagnostics.first
            return .unreadable(first.map { "\($0.message) (\($0.place))" } ?? error.message)
        }
    }

    private static func pack(_ copy: PackCopy, _ files: SiteFiles) -> SiteEvidence.Pack {
        guard let path = copy.file else { return .elsewhere }
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return .unreadable(SystemError(errno).words) }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { return .unreadable(SystemError(errno).words) }
        guard facts.st_mode & S_IFMT == S_IFREG else { return .unreadable("it is no file") }
        var source = FileStream(descriptor, path: path)
        do throws(PackFault) {
            let header = try AgeHeader(from: &source)
            let others = [files.runbookPath, files.inventoryPath] + files.runbook.included.map(\.path)
            let newer = others.filter { path in
                var other = stat()
                return stat(path, &other) == 0 && other.st_mtim.tv_sec > facts.st_mtim.tv_sec
            }
            return .encrypted(keys: header.stanzas.count, newer: newer)
        } catch .notAge {
            return .unencrypted
        } catch {
            return .unreadable(error.message)
        }
    }
}

extension SiteFiles {
    /// `overrides`, and some value for each variable that has none: what an emergency gives with `-e` is no matter of
    /// preparedness.
    func filled(_ overrides: [(name: String, value: String)]) -> [(name: String, value: String)] {
        overrides
            + runbook.variables.filter { variable in
                variable.value == nil && variable.given == nil && !overrides.contains { $0.name == variable.name }
            }.map { (name: $0.name, value: $0.kind.sample) }
    }
}

extension Variable.Kind {
    /// A value of this kind.
    fileprivate var sample: String {
        switch self {
        case .text: "-"
        case .number, .integer: "0"
        case .boolean: "false"
        case .duration: "1s"
        }
    }
}
