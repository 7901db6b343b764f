internal import Glibc

/// A file that is there as a whole or not at all, and takes nobody's place.
package struct PackFile {
    private let path: String
    private let draft: String
    private let descriptor: Int32
    package let stream: FileStream

    package init(at path: String, isStopped: @escaping @Sendable () -> Bool) throws(PackFault) {
        var facts = stat()
        guard lstat(path, &facts) != 0 else { throw .system(EEXIST, path) }
        var template = Array("\(path).part-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw .system(errno, path) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        self.path = path
        draft = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        stream = FileStream(descriptor, path: path, isStopped: isStopped)
    }

    /// Writes it with `body`, and gives it its name. Where that fails, nothing stays.
    package func write(_ body: (FileStream) throws(PackFault) -> Void) throws(PackFault) {
        defer { close(descriptor) }
        do throws(PackFault) {
            try body(stream)
            guard fsync(descriptor) == 0 else { throw .system(errno, path) }
            try name()
        } catch {
            unlink(draft)
            throw error
        }
    }

    private func name() throws(PackFault) {
        // A second name can't take the place of another file, as a new one could.
        if link(draft, path) == 0 {
            unlink(draft)
        } else if [EPERM, ENOTSUP, ENOSYS].contains(errno) {
            // A file system without second names, as on a USB stick: nothing was there when this began.
            guard access(path, F_OK) != 0 else { throw .system(EEXIST, path) }
            guard rename(draft, path) == 0 else { throw .system(errno, path) }
        } else {
            throw .system(errno, path)
        }
    }
}
