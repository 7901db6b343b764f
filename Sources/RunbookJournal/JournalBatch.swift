import Glibc

/// Whole lines on their way to the disk: one write (more where the system takes it in pieces) and one flush.
struct JournalBatch {
    /// A signal storm longer than this is a fault of its own.
    private static let interruptions = 10_000

    let storage: any JournalStorage
    var bytes: [UInt8]
    /// The disk was full and the reserve has been given up.
    var runsOnReserve = false

    init(_ storage: any JournalStorage, bytes: [UInt8] = []) {
        self.storage = storage
        self.bytes = bytes
    }

    /// Returns when the bytes are durable. After a throw nobody knows which of them are.
    mutating func write() throws(JournalFault) {
        var rest = bytes[...]
        var interruptions = 0
        while !rest.isEmpty {
            do throws(SystemError) {
                let taken = try storage.write(rest)
                guard taken > 0, taken <= rest.count else { throw SystemError(EIO) }
                rest = rest.dropFirst(taken)
            } catch {
                if error.code == EINTR, interruptions < Self.interruptions {
                    interruptions += 1
                } else if error.isFullDisk, !runsOnReserve, storage.freeReserve() {
                    runsOnReserve = true
                } else {
                    throw .system(operation: "write", path: storage.path, error: error)
                }
            }
        }
        try uninterrupted("flush") { (storage) throws(SystemError) in try storage.flush() }
    }

    func truncate(to length: Int) throws(JournalFault) {
        try uninterrupted("truncate") { (storage) throws(SystemError) in try storage.truncate(to: length) }
    }

    private func uninterrupted(
        _ operation: String, _ body: (any JournalStorage) throws(SystemError) -> Void
    ) throws(JournalFault) {
        for attempt in 0... {
            do {
                return try body(storage)
            } catch {
                guard error.code == EINTR, attempt < Self.interruptions else {
                    throw .system(operation: operation, path: storage.path, error: error)
                }
            }
        }
    }
}
