internal import Glibc
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPack

/// What of a site goes into a pack, and where it lies there.
///
/// Runbooks, inventories and what they name beside them keep their places to each other, under `site/`. What is named by
/// an absolute path, or by one of the home folder, goes under `elsewhere/`, and the page at the top says where it belongs.
struct PackSite {
    struct PackedRunbook {
        var title: String
        /// Paths on this machine, absolute and without `.` and `..`.
        var path: String
        var inventory: String
    }

    struct Elsewhere {
        /// In the pack, and where it is looked for: `~/…` or absolute.
        var name: String
        var target: String
        /// Lines that may be put behind what is there already.
        var isList: Bool
    }

    private(set) var runbooks: [PackedRunbook] = []
    /// Each with the first runbook that it fits.
    private(set) var fixtures: [(name: String, runbook: Int)] = []
    private(set) var runs: [String] = []
    private(set) var elsewhere: [Elsewhere] = []
    /// Private keys that the inventories log in with: they are not in the pack.
    private(set) var keys: [String] = []
    /// What else they need and the pack does not hold, in words.
    private(set) var secrets: [String] = []
    private(set) var warnings: [String] = []

    private let places: Places
    /// By their paths: what keeps its place to the others.
    private var beside: [String: PackItem] = [:]
    private var others: [PackItem] = []
    private var sites: [SiteFiles] = []
    private var inventories: Set<String> = []

    private static let namedBytes = 16 << 20
    static let folder = "site"

    init(_ places: Places) { self.places = places }

    // MARK: What goes in

    mutating func add(runbook path: String, inventory: String?) throws {
        let files = try SiteFiles.read(runbook: path, inventory: inventory, home: places.userHome)
        sites.append(files)
        let whole = Self.absolute(path)
        let inventoryPath = Self.absolute(files.inventoryPath)
        guard !runbooks.contains(where: { $0.path == whole }) else {
            throw CommandFailure(.usage, "the runbook `\(TerminalText.shown(path))` is named twice")
        }
        for secret in files.runbook.secrets { note(secret, of: secret.name) }
        runbooks.append(PackedRunbook(title: files.runbook.name, path: whole, inventory: inventoryPath))
        try put(files.runbookBytes, path)
        for included in files.runbook.included { try put(included.bytes, included.path) }
        let folder = Places.folder(of: path)
        for named in files.runbook.attachments {
            let bytes = files.attachments[named.name] ?? []
            if named.name.hasPrefix("/") {
                try put(bytes, elsewhere: named.name, target: named.name)
            } else {
                try put(bytes, "\(folder)/\(named.name)")
            }
        }
        try put(files.inventoryBytes, files.inventoryPath)
        if inventories.insert(inventoryPath).inserted {
            try add(files.inventory, text: files.inventoryBytes)
            try add(snapshotsOf: files.inventory, beside: files.inventoryPath)
        }
    }

    /// The newest snapshot of each host's configuration.
    private mutating func add(snapshotsOf inventory: Inventory, beside path: String) throws {
        let store = SnapshotStore(inventory: path)
        for host in inventory.hosts where host.facts.snapshot != nil {
            guard let newest = store.stamps(of: host.name).last else {
                warnings.append("the pack holds no configuration of \(host.name); `blackstart snapshot` keeps it")
                continue
            }
            let folder = "\(store.folder)/\(host.name)/\(newest)"
            for name in try names(in: folder).sorted() {
                try put(
                    SiteFiles.contents(of: "\(folder)/\(name)", limit: SnapshotStore.limitBytes), "\(folder)/\(name)")
            }
        }
    }

    private func names(in folder: String) throws(CommandFailure) -> [String] {
        do { return try SystemCalls.names(in: folder) } catch {
            throw CommandFailure(.programFailed, "can't read `\(TerminalText.shown(folder))`: \(error.words)")
        }
    }

    /// The files that an inventory names: none of them is a secret.
    private mutating func add(_ inventory: Inventory, text bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        let usual = "\(places.userHome)/.ssh/known_hosts"
        var seen: Set<String> = []
        for host in inventory.hosts {
            if let key = host.identityFile, !keys.contains(shortened(key)) { keys.append(shortened(key)) }
            if let file = host.certificateFile {
                if seen.insert(file).inserted { try put(named: file, text) }
            } else if let key = host.identityFile, access("\(key)-cert.pub", F_OK) == 0, seen.insert(key).inserted {
                // The one beside the key is used without being named.
                try put(named: "\(key)-cert.pub", text, after: key)
            }
            if let secret = host.password { note(secret, of: "the password of \(host.name)") }
            guard let file = host.knownHosts, seen.insert(file).inserted else { continue }
            if access(file, F_OK) == 0 {
                try put(named: file, text, isList: true, isUsual: file == usual)
                continue
            }
            let bare = inventory.hosts.filter { $0.knownHosts == file && $0.hostKey == nil }
            guard let first = bare.first else { continue }
            let who = bare.count == 1 ? first.name : "\(first.name) and \(bare.count - 1) more"
            guard file == usual else {
                throw CommandFailure(
                    .invalidFile,
                    "there is no `\(TerminalText.shown(file))`: with the pack nobody could tell \(who) from another machine",
                    hint: "`blackstart inventory pin` writes down the host keys while all is well")
            }
            warnings.append("the pack holds no host key of \(who); `blackstart inventory pin` writes them down")
        }
        if let file = inventory.allowedSigners, seen.insert(file).inserted { try put(named: file, text) }
    }

    mutating func add(fixture path: String) throws {
        var failure: CommandFailure?
        var fitting: Int?
        for (number, files) in sites.enumerated() where fitting == nil {
            do {
                _ = try FixtureFile.read(path, files)
                fitting = number
            } catch { failure = failure ?? error }
        }
        guard let fitting else { throw failure ?? CommandFailure(.usage, "a fixture goes with a runbook") }
        let name = "fixtures/\(path.split(separator: "/").last ?? "")"
        guard !fixtures.contains(where: { $0.name == name }) else {
            throw CommandFailure(.usage, "two fixtures have the name `\(TerminalText.shown(name))` in the pack")
        }
        fixtures.append((name, fitting))
        others.append(try item(name, SiteFiles.contents(of: path, limit: Limits.fixtureBytes), path))
    }

    mutating func add(run name: String, runs folder: String) throws {
        let path = try JournalCommand.path(name, folder)
        let (journal, report) = try RunCopy.journal(at: path)
        let place = "runs/\(report.run)"
        guard !runs.contains(place) else { throw CommandFailure(.usage, "the run \(report.run) is named twice") }
        runs.append(place)
        let parts: [(name: String, part: RunCopy.Part)]
        do {
            parts = try RunCopy(from: Places.folder(of: path), journal: journal, signers: report.allowedSigners).parts()
        } catch {
            throw CommandFailure(.programFailed, "can't read the run `\(TerminalText.shown(name))`: \(error.words)")
        }
        for (name, part) in parts {
            switch part {
            case .folder: continue
            case .file(let path):
                if let bytes = try? SystemCalls.contents(of: path, limitBytes: Self.searchedBytes) {
                    try search(bytes, path)
                } else {
                    warnings.append("`\(place)/\(name)` is too large to be searched for private keys")
                }
                others.append(PackItem("\(place)/\(name)", .file(path)))
            case .bytes(let bytes):
                try search(bytes, "\(place)/\(name)")
                others.append(PackItem("\(place)/\(name)", .bytes(bytes)))
            }
        }
    }

    // MARK: Where it lies

    private mutating func put(_ bytes: [UInt8], _ path: String) throws {
        let whole = Self.absolute(path)
        beside[whole] = try item(whole, bytes, path)
    }

    private mutating func put(_ bytes: [UInt8], elsewhere path: String, target: String, isList: Bool = false) throws {
        guard !elsewhere.contains(where: { $0.target == target }) else { return }
        let below = target.hasPrefix("~/") ? "home\(target.dropFirst())" : Self.absolute(target)
        let name = "elsewhere/\(below.drop { $0 == "/" })"
        elsewhere.append(Elsewhere(name: name, target: target, isList: isList))
        others.append(try item(name, bytes, path))
    }

    /// A file that an inventory of this text names, or finds by the path of another one.
    private mutating func put(
        named path: String, _ text: String, isList: Bool = false, isUsual: Bool = false, after other: String? = nil
    ) throws {
        let bytes = try SiteFiles.contents(of: path, limit: Self.namedBytes)
        let (written, home) = (other ?? path, shortened(other ?? path))
        if isUsual || home.hasPrefix("~/") && text.contains(home) {
            try put(bytes, elsewhere: path, target: shortened(path), isList: isList)
        } else if written.hasPrefix("/"), text.contains(written) {
            try put(bytes, elsewhere: path, target: path, isList: isList)
        } else {
            try put(bytes, path)
        }
    }

    /// Secrets are not in a pack: the page says where they are looked for.
    private mutating func note(_ secret: Secret, of what: String) {
        let words =
            switch secret.source {
            case .prompt: "\(what): you are asked for it"
            case .file(let path): "\(what): the file \(shortened(path))"
            case .environment(let name): "\(what): the variable \(name) of the environment"
            case .command: "\(what): a command that the file names"
            }
        if !secrets.contains(words) { secrets.append(words) }
    }

    /// With `~` for the home folder.
    private func shortened(_ path: String) -> String {
        path.hasPrefix("\(places.userHome)/") ? "~\(path.dropFirst(places.userHome.count))" : path
    }

    /// Of one file of a run.
    private static let searchedBytes = 64 << 20

    /// Refuses what holds a private key, and what can't be looked into.
    private func search(_ bytes: [UInt8], _ path: String) throws(CommandFailure) {
        switch KeySearch.result(in: bytes) {
        case .nothing: return
        case .key:
            throw CommandFailure(
                .invalidFile, "`\(TerminalText.shown(path))` holds a private key, and a pack holds none",
                hint: "let the runbook take it from a place of its own, and keep it in the safe")
        case .unreadable(let why):
            throw CommandFailure(
                .invalidFile,
                "`\(TerminalText.shown(path))` is compressed, and can't be searched for private keys: \(why)",
                hint: "put what is in it beside the runbook instead, not compressed")
        }
    }

    private mutating func item(_ name: String, _ bytes: [UInt8], _ path: String) throws(CommandFailure) -> PackItem {
        try search(bytes, path)
        var facts = stat()
        guard stat(path, &facts) == 0 else { return PackItem(name, .bytes(bytes)) }
        return PackItem(
            name, .bytes(bytes), mode: facts.st_mode & 0o777, modified: Int(facts.st_mtim.tv_sec))
    }

    /// The innermost folder that all that keeps its place lies in; it ends with a slash.
    private var root: String {
        var shared: [Substring]?
        for path in beside.keys.sorted() {
            let parts = Array(path.split(separator: "/").dropLast())
            shared = shared.map { old in zip(old, parts).prefix { $0.0 == $0.1 }.map(\.0) } ?? parts
        }
        return "/" + (shared ?? []).map { "\($0)/" }.joined()
    }

    /// Where a runbook or inventory lies in the pack.
    func place(_ path: String) -> String { "\(Self.folder)/\(path.dropFirst(root.count))" }

    func items() throws -> [PackItem] {
        let root = root
        let site = beside.keys.sorted().compactMap { path in
            beside[path].map { item in
                var item = item
                item.name = "\(Self.folder)/\(path.dropFirst(root.count))"
                return item
            }
        }
        return site + others.sorted { $0.name < $1.name }
    }

    /// Absolute, without `.` and `..`.
    static func absolute(_ path: String) -> String {
        var parts: [Substring] = []
        for part in Places.absolute(path).split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}

/// The program that runs just now, and the libraries that it was started with.
struct PackProgram {
    /// Where each lies, by the name that programs ask for it.
    let libraries: [(name: String, path: String)]

    static let name = "blackstart"
    static let folder = "lib"
    private static let path = "/proc/self/exe"
    /// They belong to the system's loader, and come with it.
    private static let system = [
        "ld-linux", "libc.", "libm.", "libdl.", "libpthread.", "librt.", "libresolv.", "libnss",
    ]
    private static let mapsBytes = 16 << 20

    init() {
        let maps = (try? SystemCalls.contents(of: "/proc/self/maps", limitBytes: Self.mapsBytes)) ?? []
        var found: [String: String] = [:]
        for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
            guard let slash = line.firstIndex(of: "/"), let name = line.split(separator: "/").last.map(String.init),
                name.hasPrefix("l"), name.contains(".so"), !Self.system.contains(where: name.hasPrefix)
            else { continue }
            let path = String(line[slash...])
            found[Self.asked(name, in: Places.folder(of: path))] = path
        }
        libraries = found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// `libssh.so.4` for `libssh.so.4.9.6`, where the folder has both.
    private static func asked(_ name: String, in folder: String) -> String {
        guard let end = name.firstRange(of: ".so.")?.upperBound else { return name }
        let short = String(name[..<end] + name[end...].prefix { $0 != "." })
        return access("\(folder)/\(short)", F_OK) == 0 ? short : name
    }

    var items: [PackItem] {
        [PackItem(Self.name, .file(Self.path), mode: 0o755)]
            + libraries.map { PackItem("\(Self.folder)/\($0.name)", .file($0.path)) }
    }
}
