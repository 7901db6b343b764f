internal import Crypto
internal import Glibc

/// What came out of a pack.
package struct UnpackedPack: Hashable, Sendable {
    package var files: [String] = []
    package var bytes = 0
}

/// Unpacks a pack into a folder that is there as a whole, or not at all.
///
/// It grows in a folder beside it that only its owner can enter, and gets its name when all of it was checked.
package struct PackUnpacking {
    private let folder: String
    private let draft: String
    private let isStopped: @Sendable () -> Bool
    /// What was made, outermost first.
    private var folders: [String] = []
    private var unpacked = UnpackedPack()
    private var digests: [String: String] = [:]

    /// - Parameter folder: where it goes; nothing may be there yet.
    package init(into folder: String, isStopped: @escaping @Sendable () -> Bool = { false }) throws(PackFault) {
        var folder = folder[...]
        while folder.count > 1, folder.hasSuffix("/") { folder = folder.dropLast() }
        self.folder = String(folder)
        self.isStopped = isStopped
        var facts = stat()
        guard lstat(self.folder, &facts) != 0 else { throw .system(EEXIST, self.folder) }
        var template = Array("\(self.folder).part-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw .system(errno, self.folder) }
        draft = String(cString: made)
    }

    /// Reads the whole pack. Where anything is wrong with it, nothing stays.
    package mutating func unpack(_ source: some ByteSource) throws(PackFault) -> UnpackedPack {
        do throws(PackFault) {
            var archive = TarReader(from: source)
            var list: [UInt8]?
            while let entry = try archive.next() {
                guard list == nil else { throw .contents("a file stands behind the list") }
                if entry.name == PackWriter<MemorySink>.listName {
                    guard entry.size <= PackLimits.contentsBytes else { throw .contents("the list is too long") }
                    list = try write(entry, from: &archive, isKept: true)
                } else {
                    _ = try write(entry, from: &archive, isKept: false)
                }
            }
            guard let list else { throw .contents("there is no list") }
            digests[PackWriter<MemorySink>.listName] = nil
            try PackList.check(list, against: digests)
            try finish()
        } catch {
            remove()
            throw error
        }
        return unpacked
    }

    private mutating func write(
        _ entry: TarEntry, from archive: inout TarReader<some ByteSource>, isKept: Bool
    ) throws(PackFault) -> [UInt8] {
        try makeFolders(above: entry.name)
        let path = "\(draft)/\(entry.name)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            // A file where a folder is, or the other way round.
            throw [EEXIST, EISDIR, ENOTDIR].contains(errno)
                ? .archive("two files are in each other's way") : .system(errno, path)
        }
        defer { close(descriptor) }
        unpacked.files.append(entry.name)
        let file = FileStream(descriptor, path: path, isStopped: isStopped)
        var digest = SHA256()
        var kept: [UInt8] = []
        while true {
            let bytes = try archive.read(PackLimits.chunkBytes)
            if bytes.isEmpty { break }
            digest.update(data: bytes)
            if isKept { kept += bytes }
            try file.write(bytes)
        }
        // Its owner can always read it, and put it away.
        let times = [timespec(tv_sec: entry.modified, tv_nsec: 0), timespec(tv_sec: entry.modified, tv_nsec: 0)]
        guard fchmod(descriptor, entry.mode) == 0, futimens(descriptor, times) == 0, fsync(descriptor) == 0 else {
            throw .system(errno, path)
        }
        digests[entry.name] = PackList.hexadecimal(digest.finalize())
        unpacked.bytes += entry.size
        return kept
    }

    private mutating func makeFolders(above name: String) throws(PackFault) {
        var path = ""
        for part in name.split(separator: "/").dropLast() {
            path += path.isEmpty ? String(part) : "/\(part)"
            if mkdir("\(draft)/\(path)", 0o700) == 0 {
                folders.append(path)
            } else if errno != EEXIST {
                throw errno == ENOTDIR ? .archive("two files are in each other's way") : .system(errno, path)
            }
        }
    }

    private func finish() throws(PackFault) {
        if isStopped() { throw .interrupted }
        // The place of a file, or of a folder that holds something, is never taken.
        guard rename(draft, folder) == 0 else { throw .system(errno == ENOTEMPTY ? EEXIST : errno, folder) }
    }

    /// What was made so far goes; only that.
    private func remove() {
        for file in unpacked.files { unlink("\(draft)/\(file)") }
        for folder in folders.reversed() { rmdir("\(draft)/\(folder)") }
        rmdir(draft)
    }
}
