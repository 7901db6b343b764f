internal import Glibc
internal import RunbookJournal
internal import RunbookPreparedness

/// On what the folder of runs lies, by the mounts of this machine: a disk here, or something that other machines are for.
package enum RunFolderDisk {
    /// Where journals would be written to other machines; nil: they would not, or it can't be told.
    static func remote(_ folder: String) -> SiteEvidence.Remote? {
        guard let path = existing(folder),
            let bytes = try? SystemCalls.contents(of: "/proc/self/mountinfo", limitBytes: 16 << 20),
            let mount = mount(of: path, String(decoding: bytes, as: UTF8.self))
        else { return nil }
        return medium(mount, blocks: "/sys/dev/block").map { SiteEvidence.Remote(path: folder, medium: $0) }
    }

    /// The folder, or the nearest one above it that is there, without links.
    private static func existing(_ folder: String) -> String? {
        var path = Places.absolute(folder)
        while true {
            if let real = realpath(path, nil) {
                defer { free(real) }
                return String(cString: real)
            }
            guard errno == ENOENT, path != "/" else { return nil }
            path = Places.folder(of: path)
        }
    }

    /// One line of `/proc/self/mountinfo` (proc(5)).
    package struct Mount: Hashable, Sendable {
        /// `MAJOR:MINOR`.
        package var device: String
        package var type: String

        package init(device: String, type: String) {
            self.device = device
            self.type = type
        }
    }

    /// The mount that a path lies on: the last one of the longest that it lies under.
    package static func mount(of path: String, _ table: String) -> Mount? {
        var best: (length: Int, mount: Mount)?
        for line in table.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), fields.count > 4, dash + 1 < fields.count else { continue }
            let point = unescaped(fields[4])
            guard point == "/" || path == point || path.hasPrefix(point + "/"), point.utf8.count >= best?.length ?? 0
            else { continue }
            best = (point.utf8.count, Mount(device: String(fields[2]), type: String(fields[dash + 1])))
        }
        return best?.mount
    }

    /// Space, tab, newline and backslash stand as three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        var text = String(field)
        for (code, character) in [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")] {
            text = text.replacing(code, with: character)
        }
        return text
    }

    private static let networkTypes: Set<String> = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "afs", "gfs2", "ocfs2", "lustre", "gpfs", "beegfs",
        "glusterfs", "fuse.glusterfs", "fuse.sshfs", "fuse.ceph", "fuse.ceph-fuse", "fuse.moosefs", "fuse.s3fs",
    ]

    /// In words, what a mount lies on; nil: a disk of this machine, or nothing that is known.
    package static func medium(_ mount: Mount, blocks: String) -> String? {
        if networkTypes.contains(mount.type) { return "a network file system (\(mount.type))" }
        return bus(mount.device, blocks, depth: 0).map { "a disk that comes over \($0)" }
    }

    /// How a block device is reached, through what it is mapped onto.
    private static func bus(_ device: String, _ blocks: String, depth: Int) -> String? {
        guard depth < 8, let real = realpath("\(blocks)/\(device)", nil) else { return nil }
        defer { free(real) }
        let path = String(cString: real)
        let parts = path.split(separator: "/")
        if parts.contains(where: { isNumbered($0, "session") }) { return "iSCSI" }
        if parts.contains(where: { $0.hasPrefix("rport-") }) { return "Fibre Channel" }
        // Of a partition, and of a disk.
        for name in ["\(path)/slaves", "\(path)/../slaves"] {
            for slave in (try? SystemCalls.names(in: name)) ?? [] {
                guard
                    let bytes = try? SystemCalls.contents(of: "\(name)/\(slave)/dev", limitBytes: 64),
                    let number = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first,
                    let found = bus(String(number), blocks, depth: depth + 1)
                else { continue }
                return found
            }
        }
        return nil
    }

    private static func isNumbered(_ part: Substring, _ word: String) -> Bool {
        part.hasPrefix(word) && part.count > word.count && part.dropFirst(word.count).allSatisfy(\.isNumber)
    }
}
