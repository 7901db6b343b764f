internal import Glibc
internal import RunbookJournal
internal import RunbookModel

/// Looks for private keys in a file, also in what is compressed in it; the system's own tools take that apart.
enum KeySearch {
    enum Result: Equatable {
        case nothing
        case key
        case unreadable(String)
    }

    /// How compressed files and archives of such begin, and what prints their content. Archives of tar are read as they are.
    private static let formats: [(start: [UInt8], name: String, tool: String)] = [
        ([0x1F, 0x8B], "gzip", "gzip -dc <"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz", "xz -dc <"),
        (Array("BZh".utf8), "bzip2", "bzip2 -dc <"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd", "zstd -dc <"),
        ([0x50, 0x4B, 3, 4], "zip", "unzip -p"), ([0x37, 0x7A, 0xBC, 0xAF], "7z", ""),
        ([0x52, 0x61, 0x72, 0x21], "rar", ""), ([0x04, 0x22, 0x4D, 0x18], "lz4", "lz4 -dc <"),
    ]

    private static let marks = ["PRIVATE KEY-----", "AGE-SECRET-KEY-1"].map { Array($0.utf8) }
    /// The middle of such a mark as base64 has it, behind none, one or two bytes of a group.
    private static let encoded = (0...2).map { before in
        let mark = Array("PRIVATE KEY-----".utf8)
        let text = Base64.encode(Array(repeating: 0, count: before) + mark)
        return Array(text.prefix((before + mark.count) * 8 / 6).dropFirst([0, 2, 3][before]))
    }
    private static let contentBytes = 256 << 20
    private static let depth = 3

    static func result(in bytes: [UInt8], depth: Int = 0) -> Result {
        if marks.contains(where: { bytes.firstRange(of: $0) != nil }) { return .key }
        // Encoded text is often broken into lines.
        let joined = bytes.contains(0x0A) ? bytes.filter { $0 != 0x0A && $0 != 0x0D && $0 != 0x20 } : bytes
        if encoded.contains(where: { joined.firstRange(of: $0) != nil }) { return .key }
        guard let format = formats.first(where: { bytes.starts(with: $0.start) }) else { return .nothing }
        guard depth < Self.depth else { return .unreadable("it is compressed more than \(Self.depth) times") }
        guard !format.tool.isEmpty else { return .unreadable("\(format.name) can't be read here") }
        guard let content = content(of: bytes, format.tool) else {
            return .unreadable("\(format.name) failed, or is not installed")
        }
        guard content.count <= contentBytes else {
            return .unreadable("there are more than \(contentBytes >> 20) MiB in it")
        }
        return result(in: content, depth: depth + 1)
    }

    /// What `tool` prints of a file; nil where it fails. One byte more than ``contentBytes`` at most.
    private static func content(of bytes: [UInt8], _ tool: String) -> [UInt8]? {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(folder)/blackstart.XXXXXXXXXX".utf8CString)
        let descriptor = template.withUnsafeMutableBufferPointer {
            $0.baseAddress.map { mkstemp($0) } ?? -1
        }
        guard descriptor >= 0 else { return nil }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            close(descriptor)
            unlink(path)
        }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { return nil }
            written += max(0, count)
        }
        guard let stream = popen("\(tool) \(ShellWord.quote(path)) 2>/dev/null", "re") else { return nil }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while content.count <= contentBytes {
            let count = fread(&chunk, 1, chunk.count, stream)
            if count == 0 { break }
            content += chunk[..<count]
        }
        let isCut = content.count > contentBytes
        return pclose(stream) == 0 || isCut ? content : nil
    }
}
