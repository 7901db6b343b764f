import Glibc

/// A journal in the folder of its run, under a lock, with a reserve beside it.
///
///     journal.jsonl     the journal
///     journal.lock      locked while somebody writes; says who
///     journal.reserve   1 MiB for the last words when the disk is full
///     allowed_signers   the keys of this run, for ssh-keygen
///     verify-journal.sh proves the journal with stock tools
package struct FileStorage: JournalStorage {
    static let lockName = "journal.lock"
    private static let reserveName = "journal.reserve"
    private static let reserveBytes = 1 << 20
    package static let signersName = "allowed_signers"

    package let path: String
    private let folder: String
    private let journal: Int32
    private let lock: JournalLock

    /// A new, empty journal whose name is durable. `folder` and what is missing above it are made. A file without a whole
    /// line is of a run that was killed before it began: nothing has followed from it, and it is taken over.
    ///
    /// - Parameter beside: makes what the run keeps beside its journal. Under the lock, once it is sure that the name is
    ///   free: of several that begin at once, one writes.
    package static func create(
        _ folder: String, beside: () throws(SystemError) -> Void = { () throws(SystemError) in }
    ) throws(JournalFault) -> FileStorage {
        let path = "\(folder)/\(JournalReader.fileName)"
        try checked("make", folder) { () throws(SystemError) in try SystemCalls.makeFolders(folder) }
        // Before anything is made: a journal that is there stays as it is, lock and all.
        try checkFree(path)
        var facts = stat()
        guard lstat(folder, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR, facts.st_uid == geteuid(),
            facts.st_mode & S_IWOTH == 0
        else { throw .sharedFolder(path: folder) }
        return try opened(folder, path: path, flags: O_CREAT, beside)
    }

    /// The journal that is there.
    package static func open(_ folder: String) throws(JournalFault) -> FileStorage {
        let path = "\(folder)/\(JournalReader.fileName)"
        guard access(path, F_OK) == 0 else { throw .absent(path: path) }
        return try opened(folder, path: path, flags: 0) { () throws(SystemError) in }
    }

    private static func opened(
        _ folder: String, path: String, flags: Int32, _ beside: () throws(SystemError) -> Void
    ) throws(JournalFault) -> FileStorage {
        try checkNoLinks(folder)
        let lock = try JournalLock.take("\(folder)/\(lockName)", for: path)
        do throws(JournalFault) {
            if flags & O_CREAT != 0 {
                // Again, now that nobody else writes.
                try checkFree(path)
                try checked("keep the files of the run in", folder, beside)
            }
            try checked("keep a reserve in", folder) { () throws(SystemError) in
                try keepReserve("\(folder)/\(reserveName)")
            }
            let journal = try checked("open", path) { () throws(SystemError) in
                try SystemCalls.open(path, O_RDWR | O_APPEND | flags)
            }
            do throws(JournalFault) {
                if flags & O_CREAT != 0, ftruncate(journal, 0) != 0 {
                    throw .system(operation: "empty", path: path, error: .last)
                }
                try checked("flush", path) { () throws(SystemError) in
                    try SystemCalls.flush(journal)
                    try SystemCalls.flushFolder(folder)
                }
            } catch {
                Glibc.close(journal)
                throw error
            }
            return FileStorage(path: path, folder: folder, journal: journal, lock: lock)
        } catch {
            lock.release()
            throw error
        }
    }

    /// A run that came from elsewhere could lead what is written to it to any file of whoever goes on with it.
    private static func checkNoLinks(_ folder: String) throws(JournalFault) {
        let names = try checked("read", folder) { () throws(SystemError) in try SystemCalls.names(in: folder) }
        for name in names.sorted() {
            var facts = stat()
            guard lstat("\(folder)/\(name)", &facts) == 0, facts.st_mode & S_IFMT == S_IFLNK else { continue }
            throw .link(path: "\(folder)/\(name)")
        }
    }

    private static func checkFree(_ path: String) throws(JournalFault) {
        let hasBegun = try checked("read", path) { () throws(SystemError) in try JournalReader.hasBegun(path) }
        if hasBegun { throw .exists(path: path) }
    }

    private static func checked<Value>(
        _ operation: String, _ path: String, _ body: () throws(SystemError) -> Value
    ) throws(JournalFault) -> Value {
        do {
            return try body()
        } catch {
            throw error.code == EEXIST ? .exists(path: path) : .system(operation: operation, path: path, error: error)
        }
    }

    /// A disk without room for the reserve has none for a run. A file system that can't set space aside goes without.
    private static func keepReserve(_ path: String) throws(SystemError) {
        let descriptor = try SystemCalls.open(path, O_WRONLY | O_CREAT)
        defer { Glibc.close(descriptor) }
        var code = EINTR
        while code == EINTR { code = posix_fallocate(descriptor, 0, off_t(reserveBytes)) }
        guard SystemError(code).isFullDisk else { return }
        unlink(path)
        throw SystemError(code)
    }

    package func contents() throws(SystemError) -> [UInt8] {
        guard lseek(journal, 0, SEEK_SET) == 0 else { throw .last }
        return try SystemCalls.contents(of: journal, limitBytes: JournalReader.limitBytes)
    }

    package func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int {
        let count = bytes.withUnsafeBytes { Glibc.write(journal, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw .last }
        return count
    }

    package func flush() throws(SystemError) {
        guard fdatasync(journal) == 0 else { throw .last }
    }

    package func truncate(to length: Int) throws(SystemError) {
        guard ftruncate(journal, off_t(length)) == 0 else { throw .last }
    }

    package func freeReserve() -> Bool { unlink("\(folder)/\(Self.reserveName)") == 0 }

    package func writeSigners(_ text: String) -> Bool {
        let isWritten = replace(Self.signersName, text)
        // Also where there is one: a power loss may have left it empty, and an empty script finds no fault.
        let hasScript = replace(VerifyScript.name, VerifyScript.text)
        try? SystemCalls.flushFolder(folder)
        return isWritten && hasScript
    }

    private func replace(_ name: String, _ text: String) -> Bool {
        // Under another name first: a reader never sees half of it.
        let draft = "\(folder)/.\(name).new"
        let isWritten = Self.write(text, to: draft, flags: O_CREAT | O_TRUNC)
        if isWritten, rename(draft, "\(folder)/\(name)") == 0 { return true }
        unlink(draft)
        return false
    }

    package func addSigners(_ text: String) -> Bool {
        Self.write(text, to: "\(folder)/\(Self.signersName)", flags: O_APPEND)
    }

    package func close() {
        Glibc.close(journal)
        lock.release()
    }

    private static func write(_ text: String, to path: String, flags: Int32) -> Bool {
        guard let descriptor = try? SystemCalls.open(path, O_WRONLY | flags, mode: 0o644) else { return false }
        defer { Glibc.close(descriptor) }
        do {
            try SystemCalls.write(Array(text.utf8), to: descriptor)
            try SystemCalls.flush(descriptor)
            return true
        } catch {
            return false
        }
    }
}
