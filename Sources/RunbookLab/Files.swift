import Glibc
import RunbookModel

/// Files as the lab needs them: small, whole, and owned by one user.
enum Files {
    /// More than any file of a lab has.
    static let limitBytes = 64 << 20

    static func failure(_ action: String, _ path: String, _ code: Int32 = errno) -> LabError {
        .system(action: action, path: path, reason: String(cString: strerror(code)))
    }

    static func exists(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0
    }

    static func isExecutable(_ path: String) -> Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }

    /// Whether it is a folder, no link to one, and of this user.
    static func isOwnFolder(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR && facts.st_uid == geteuid()
    }

    /// Makes the folders that `path` lies in, where they are missing.
    static func makeFolders(above path: String) throws(LabError) {
        for index in path.indices.dropFirst() where path[index] == "/" {
            let folder = String(path[..<index])
            if mkdir(folder, 0o700) != 0, errno != EEXIST { throw failure("make", folder) }
        }
    }

    static func makeFolder(_ path: String) throws(LabError) {
        if mkdir(path, 0o700) != 0 { throw failure("make", path) }
    }

    /// The whole file, or nil where there is none. Files of /proc have no size, so it is read to its end.
    static func read(_ path: String) throws(LabError) -> [UInt8]? {
        // A FIFO that nobody writes to is empty, and not waited for.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        if descriptor < 0 {
            if errno == ENOENT { return nil }
            throw failure("read", path)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= limitBytes {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("read", path)
            }
            bytes += buffer[..<count]
        }
        throw failure("read", path, EFBIG)
    }

    /// How many lines a log has; none where there is no log yet.
    static func lineCount(_ path: String) throws(LabError) -> Int {
        try (read(path) ?? []).count { $0 == UInt8(ascii: "\n") }
    }

    static func text(_ path: String) throws(LabError) -> String? {
        guard let bytes = try read(path) else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw failure("read", path, EILSEQ) }
        return text
    }

    /// The last words in a log, for an error.
    static func lastLine(_ path: String) throws(LabError) -> String {
        let lines = String(decoding: try read(path) ?? [], as: UTF8.self).split {
            $0 == "\n" || $0 == "\r\n" || $0 == "\r"
        }
        return lines.last.map { TerminalText.shown(String($0.prefix(300))) } ?? ""
    }

    /// Puts the file in place whole: whoever reads sees the old or the new.
    static func write(_ text: String, to path: String, mode: mode_t = 0o600) throws(LabError) {
        let draft = "\(path).new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        if descriptor < 0 { throw failure("write", draft) }
        let whole = writeAll(Array(text.utf8), to: descriptor)
        let code = errno
        close(descriptor)
        if !whole { throw failure("write", draft, code) }
        if rename(draft, path) != 0 { throw failure("write", path) }
    }

    /// One line at the end, in one write, so that lines of several writers do not mix.
    static func append(line: String, to path: String) throws(LabError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw failure("write", path) }
        defer { close(descriptor) }
        if !writeAll(Array("\(line)\n".utf8), to: descriptor) { throw failure("write", path) }
    }

    /// False with `errno` when not all could be written.
    @discardableResult
    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                return false
            }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Names in a folder, sorted; none where the folder can't be read.
    static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a file, or a folder with all in it; follows no link. What lies deeper than the lab ever puts it is left.
    static func removeTree(_ path: String, depth: Int = 0) {
        var facts = stat()
        guard depth < 32, lstat(path, &facts) == 0 else { return }
        guard facts.st_mode & S_IFMT == S_IFDIR else {
            unlink(path)
            return
        }
        for name in names(in: path) { removeTree("\(path)/\(name)", depth: depth + 1) }
        rmdir(path)
    }

    /// Runs `body` while no other process is in here for this lock file.
    static func withLock<Result>(_ path: String, _ body: () throws(LabError) -> Result) throws(LabError) -> Result {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw failure("lock", path) }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            if errno != EINTR { throw failure("lock", path) }
        }
        return try body()
    }
}
