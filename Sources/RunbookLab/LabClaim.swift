import Glibc

/// The first file of a lab's folder: whose it is from now on, and how to know what was started for it. Two that want one
/// folder meet here, and a lab that was never finished is known by it.
struct LabClaim: Hashable, Sendable {
    static let title = "blackstart-lab-claim 1"

    /// Marks the processes of this lab, and makes its boot ids its own.
    var token: UInt64
    /// The boot of this machine in which the lab was made: after another, none of its processes is left.
    var machineBoot: String
    /// The process that brings the lab up.
    var builder: ProcessMark

    /// A claim of this process.
    static func fresh() throws(LabError) -> LabClaim {
        var random = SystemRandomNumberGenerator()
        guard let own = Processes.facts(getpid()) else { throw Files.failure("read", "/proc/self/stat", ENOENT) }
        return LabClaim(token: random.next(), machineBoot: try thisBoot(), builder: own.mark)
    }

    static func thisBoot() throws(LabError) -> String {
        let path = "/proc/sys/kernel/random/boot_id"
        guard let text = try Files.text(path) else { throw Files.failure("read", path, ENOENT) }
        return text.split(separator: "\n").first.map(String.init) ?? ""
    }

    var line: String {
        FieldLines.line(["claim", "\(token)", machineBoot, "\(builder.pid)", "\(builder.start)"])
    }

    init(token: UInt64, machineBoot: String, builder: ProcessMark) {
        self.token = token
        self.machineBoot = machineBoot
        self.builder = builder
    }

    init(_ line: inout FieldReader) throws(LabError) {
        guard line.kind == "claim" else { throw line.damage }
        token = try line.number()
        machineBoot = try line.text()
        builder = ProcessMark(pid: try line.number(), start: try line.number())
        try line.end()
    }

    static func read(_ folder: LabFolder) throws(LabError) -> LabClaim {
        var lines = try FieldLines.read(folder.claim, title: title)[...]
        guard var line = lines.popFirst(), lines.isEmpty else { throw .damaged(path: folder.claim, line: 2) }
        return try LabClaim(&line)
    }

    /// Takes the folder, which is made where there is none; throws ``LabError/folderInUse(_:)`` when someone was faster.
    func take(_ folder: LabFolder) throws(LabError) {
        try Files.makeFolders(above: folder.path)
        if mkdir(folder.path, 0o700) != 0 {
            guard errno == EEXIST else { throw Files.failure("make", folder.path) }
            guard Files.isOwnFolder(folder.path) else { throw .folderOwner(folder.path) }
            guard Files.names(in: folder.path).isEmpty else { throw .folderInUse(folder.path) }
            // sshd runs what lies in here: no one else may put anything in.
            if chmod(folder.path, 0o700) != 0 { throw Files.failure("close to others", folder.path) }
        }
        let draft = "\(folder.claim).\(token)"
        try Files.write("\(Self.title)\n\(line)\n", to: draft)
        defer { unlink(draft) }
        if link(draft, folder.claim) != 0 {
            if errno == EEXIST { throw .folderInUse(folder.path) }
            throw Files.failure("make", folder.claim)
        }
    }
}

extension LabFolder {
    /// Removes the folder with all in it; the claim goes last, so that what an interruption leaves is still known.
    func remove() {
        for name in Files.names(in: path) where "\(path)/\(name)" != claim { Files.removeTree("\(path)/\(name)") }
        Files.removeTree(path)
    }
}
