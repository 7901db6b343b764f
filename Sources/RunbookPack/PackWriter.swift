internal import Crypto
internal import Glibc

/// A file that goes into a pack.
package struct PackItem: Sendable {
    package enum Content: Sendable {
        case bytes([UInt8])
        /// Read when its turn comes, piece by piece.
        case file(String)
    }

    /// In the pack.
    package var name: String
    package var content: Content
    /// nil: as those of the file on disk.
    package var mode: UInt32?
    package var modified: Int?

    package init(_ name: String, _ content: Content, mode: UInt32? = nil, modified: Int? = nil) {
        self.name = name
        self.content = content
        self.mode = mode
        self.modified = modified
    }
}

/// Writes a pack: an archive that goes straight into the encryption, so that nothing of it touches the disk in plain text.
package struct PackWriter<Sink: ByteSink> {
    private var archive: TarWriter<AgeEncryptor<Sink>>
    private var list = ""
    private var names: Set<String> = []
    /// Of each file that does not bring its own.
    private let made: Int

    package static var listName: String { "CONTENTS" }

    /// - Parameter made: now, in seconds since 1970 UTC.
    package init(_ lock: AgeLock, made: Int, to sink: Sink) throws(PackFault) {
        archive = TarWriter(to: try AgeEncryptor(lock, to: sink))
        self.made = made
    }

    package mutating func add(_ item: PackItem) throws(PackFault) {
        guard item.name != Self.listName, names.insert(item.name).inserted else {
            throw .unsuitable(item.name, "two files have this name in the pack")
        }
        guard names.count < PackLimits.entries else {
            throw .unsuitable(item.name, "there are more than \(PackLimits.entries) files")
        }
        switch item.content {
        case .bytes(let bytes):
            try begin(
                TarEntry(name: item.name, mode: item.mode ?? 0o644, modified: item.modified ?? made, size: bytes.count))
            try archive.write(bytes[...])
            enter(item.name, SHA256.hash(data: bytes))
        case .file(let path): try add(item, path)
        }
    }

    private mutating func add(_ item: PackItem, _ path: String) throws(PackFault) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .system(errno, path) }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw .system(errno, path) }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw .unsuitable(path, "it is no regular file") }
        let size = Int(facts.st_size)
        try begin(
            TarEntry(
                name: item.name, mode: item.mode ?? facts.st_mode & TarEntry.modes,
                modified: item.modified ?? Int(facts.st_mtim.tv_sec), size: size))
        let source = FileStream(descriptor, path: path)
        var digest = SHA256()
        var rest = size
        while true {
            let bytes = try source.read(PackLimits.chunkBytes)
            if bytes.isEmpty { break }
            guard bytes.count <= rest else { throw .unsuitable(path, "it grows while it is read") }
            rest -= bytes.count
            digest.update(data: bytes)
            try archive.write(bytes)
        }
        guard rest == 0 else { throw .unsuitable(path, "it was cut while it was read") }
        enter(item.name, digest.finalize())
    }

    private mutating func begin(_ entry: TarEntry) throws(PackFault) { try archive.begin(entry) }

    /// As `sha256sum` writes it.
    private mutating func enter(_ name: String, _ digest: SHA256.Digest) {
        list += "\(PackList.hexadecimal(digest))  \(name)\n"
    }

    /// Writes the list of what is inside, and the end. Gives back where it all went.
    package mutating func finish() throws(PackFault) -> Sink {
        let bytes = Array(list.utf8)
        guard bytes.count <= PackLimits.contentsBytes else {
            throw .unsuitable(Self.listName, "the list of what is inside is too long")
        }
        try begin(TarEntry(name: Self.listName, mode: 0o644, modified: made, size: bytes.count))
        try archive.write(bytes[...])
        try archive.end()
        try archive.withSink { (sink) throws(PackFault) in try sink.finish() }
        return archive.sink.sink
    }
}

/// The list of what a pack holds: a line for each file, as `sha256sum` writes and checks it.
enum PackList {
    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Checks that the list names just these files, with these digests.
    static func check(_ list: [UInt8], against digests: [String: String]) throws(PackFault) {
        guard let text = String(validating: list, as: UTF8.self), text.isEmpty || text.hasSuffix("\n") else {
            throw .contents("the list is no text")
        }
        var open = digests
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let parts = line.split(separator: "  ", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw .contents("a line of the list is malformed") }
            let name = String(parts[1])
            guard let digest = open.removeValue(forKey: name) else { throw .contents("`\(name)` is missing") }
            guard digest == parts[0] else { throw .contents("`\(name)` is another file") }
        }
        if let more = open.keys.min() { throw .contents("`\(more)` is not in the list") }
    }
}
