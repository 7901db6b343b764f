import Glibc

/// A file that is there as a whole or not at all, and takes nobody's place. Owns the descriptor.
///
/// It grows under a name that nobody can guess and gets its own at the end, durable. Whatever happens before that leaves
/// nothing under the name, and only a kill leaves the draft beside it.
package final class FileDraft: Sendable {
    package let path: String
    /// Where it grows: to read it back before it gets its name.
    package let draft: String
    private let descriptor: Int32

    /// Throws `EEXIST` where something has the name, a link included.
    package init(at path: String, mode: UInt32 = 0o644) throws(SystemError) {
        if SystemCalls.exists(path) { throw SystemError(EEXIST) }
        self.path = path
        draft = "\(path).part-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        descriptor = try SystemCalls.open(draft, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
    }

    deinit {
        Glibc.close(descriptor)
        // Gone by then if it has its name.
        unlink(draft)
    }

    package func write(_ bytes: [UInt8]) throws(SystemError) { try SystemCalls.write(bytes, to: descriptor) }

    /// Gives it its name.
    package func keep() throws(SystemError) {
        try SystemCalls.flush(descriptor)
        // A second name takes nobody's place, as renaming would.
        if link(draft, path) != 0 {
            // File systems without second names, as on a USB stick.
            guard [EPERM, ENOTSUP, ENOSYS, EMLINK].contains(errno) else { throw .last }
            if SystemCalls.exists(path) { throw SystemError(EEXIST) }
            guard rename(draft, path) == 0 else { throw .last }
        }
        try SystemCalls.flushFolder(SystemCalls.folder(of: path))
    }

    /// Makes a file of `bytes`.
    package static func make(_ bytes: [UInt8], at path: String, mode: UInt32 = 0o644) throws(SystemError) {
        let draft = try FileDraft(at: path, mode: mode)
        try draft.write(bytes)
        try draft.keep()
    }
}
