import Glibc

/// An `errno`.
package struct SystemError: Error, Hashable, Sendable {
    package var code: Int32

    package init(_ code: Int32) { self.code = code }

    package static var last: SystemError { SystemError(errno) }

    /// No room left, or none left for this user.
    var isFullDisk: Bool { code == ENOSPC || code == EDQUOT }

    /// The system's own words: `No space left on device` begins in lower case, `I/O error` stays as it is.
    package var words: String {
        let text = String(cString: strerror(code))
        guard let first = text.first, text.dropFirst().first?.isLowercase ?? false else { return text }
        return first.lowercased() + text.dropFirst()
    }
}

/// The few system calls that keys and journals need, with EINTR dealt with.
package enum SystemCalls {
    /// Calls `body` again while a signal interrupts it; nothing else is tried twice.
    static func uninterrupted<Value: SignedInteger>(_ body: () -> Value) throws(SystemError) -> Value {
        while true {
            let value = body()
            if value >= 0 { return value }
            let error = SystemError.last
            guard error.code == EINTR else { throw error }
        }
    }

    /// What is written is never written through a link: whoever put it there chose the file that would be lost. What is
    /// read may be a pipe; one that nobody writes to is empty, and not waited for.
    package static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0o600) throws(SystemError) -> Int32 {
        let reads = flags & O_ACCMODE == O_RDONLY
        let descriptor = try uninterrupted {
            Glibc.open(path, flags | O_CLOEXEC | (reads ? O_NONBLOCK : O_NOFOLLOW), mode)
        }
        if reads { _ = fcntl(descriptor, F_SETFL, flags & ~(O_NONBLOCK | O_CREAT)) }
        return descriptor
    }

    /// Whether something has this name: a link that leads nowhere too.
    package static func exists(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0
    }

    /// All of a small file. A pipe is read to its end.
    package static func contents(of path: String, limitBytes: Int) throws(SystemError) -> [UInt8] {
        let descriptor = try open(path, O_RDONLY)
        defer { Glibc.close(descriptor) }
        return try contents(of: descriptor, limitBytes: limitBytes)
    }

    static func contents(of descriptor: Int32, limitBytes: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try uninterrupted { Glibc.read(descriptor, &chunk, chunk.count) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limitBytes else { throw SystemError(EFBIG) }
        }
    }

    /// Writes everything, however short the writes.
    package static func write(_ bytes: [UInt8], to descriptor: Int32) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let from = written
            let count = try uninterrupted {
                bytes.withUnsafeBytes { raw in
                    Glibc.write(descriptor, raw.baseAddress.map { $0 + from }, raw.count - from)
                }
            }
            guard count > 0 else { throw SystemError(EIO) }
            written += count
        }
    }

    /// Bytes of a file from `offset` on, fewer where it ends before.
    package static func bytes(of path: String, from offset: Int, count: Int) throws(SystemError) -> [UInt8] {
        let descriptor = try open(path, O_RDONLY)
        defer { Glibc.close(descriptor) }
        var bytes: [UInt8] = []
        while bytes.count < count {
            var part = [UInt8](repeating: 0, count: min(1 << 20, count - bytes.count))
            let at = off_t(offset + bytes.count)
            let read = try uninterrupted {
                part.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, at) }
            }
            guard read > 0 else { break }
            bytes += part.prefix(read)
        }
        return bytes
    }

    package static func flush(_ descriptor: Int32) throws(SystemError) { _ = try uninterrupted { fsync(descriptor) } }

    /// Makes the names in a folder durable.
    package static func flushFolder(_ path: String) throws(SystemError) {
        let descriptor = try open(path, O_RDONLY | O_DIRECTORY)
        defer { Glibc.close(descriptor) }
        try flush(descriptor)
    }

    /// What a folder holds, without `.` and `..`, in no order.
    package static func names(in folder: String) throws(SystemError) -> [String] {
        guard let directory = opendir(folder) else { throw .last }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Makes `path` and what is missing above it, readable by the owner only, each name durable.
    package static func makeFolders(_ path: String) throws(SystemError) {
        if access(path, F_OK) == 0 { return }
        let parent = folder(of: path)
        if parent != path { try makeFolders(parent) }
        do {
            _ = try uninterrupted { mkdir(path, 0o700) }
        } catch {
            guard error.code == EEXIST else { throw error }
            return
        }
        try flushFolder(parent)
    }

    /// The folder that `path` stands in.
    package static func folder(of path: String) -> String {
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.last == "/" { trimmed = trimmed.dropLast() }
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    /// Monotonic milliseconds, for deadlines.
    static var monotonicMilliseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

extension SystemError {
    /// A file is larger than the reader allows.
    package static let tooBig = EFBIG
}
