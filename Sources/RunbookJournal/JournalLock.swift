import Glibc

/// The right to write a journal: held by the kernel for as long as this process lives, so that a killed writer leaves
/// no lock behind. The file says who holds it, for people.
struct JournalLock: Sendable {
    private static let limitBytes = 4096
    private let descriptor: Int32

    static func take(_ path: String, for journal: String) throws(JournalFault) -> JournalLock {
        do throws(SystemError) {
            let descriptor = try SystemCalls.open(path, O_RDWR | O_CREAT)
            do throws(SystemError) {
                _ = try SystemCalls.uninterrupted { flock(descriptor, LOCK_EX | LOCK_NB) }
                try claim(descriptor)
            } catch {
                Glibc.close(descriptor)
                throw error
            }
            return JournalLock(descriptor: descriptor)
        } catch {
            guard error.code == EWOULDBLOCK else { throw .system(operation: "lock", path: path, error: error) }
            let holder = holder(path)
            throw .locked(path: journal, pid: holder?.pid, elsewhere: holder.map { $0.boot != boot() } ?? false)
        }
    }

    /// The process on this machine that says it holds the lock at `path` and is alive; for people, and only as of now.
    static func livingHolder(_ path: String) -> Int? {
        guard let holder = holder(path), holder.boot == boot(), let pid = pid_t(exactly: holder.pid), pid > 0 else {
            return nil
        }
        return kill(pid, 0) == 0 || errno == EPERM ? holder.pid : nil
    }

    /// The file stays: taking it away would race with who is about to lock it.
    func release() {
        ftruncate(descriptor, 0)
        Glibc.close(descriptor)
    }

    private static func claim(_ descriptor: Int32) throws(SystemError) {
        _ = try SystemCalls.uninterrupted { ftruncate(descriptor, 0) }
        try SystemCalls.write(Array("\(getpid()) \(boot())\n".utf8), to: descriptor)
    }

    /// nil while the holder has not written its name yet.
    private static func holder(_ path: String) -> (pid: Int, boot: String)? {
        guard let bytes = try? SystemCalls.contents(of: path, limitBytes: limitBytes) else { return nil }
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let pid = Int(words[0]) else { return nil }
        return (pid, String(words[1]))
    }

    /// Tells this machine since it was booted from every other.
    private static func boot() -> String {
        let bytes = (try? SystemCalls.contents(of: "/proc/sys/kernel/random/boot_id", limitBytes: limitBytes)) ?? []
        let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        return text.isEmpty ? "unknown" : text
    }
}
