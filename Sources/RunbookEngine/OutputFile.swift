internal import Crypto
internal import Glibc
internal import RunbookModel
internal import RunbookPlan
package import RunbookTransport
internal import Synchronization

/// What one attempt prints, in files: the head and the tail of each stream are kept, all of it is counted and hashed.
/// Memory stays flat however much a host prints.
///
/// While the attempt runs the files have names of their own; ``keep()`` gives them the name `SHA256-BYTES` of the whole
/// stream (`.head` and `.tail` where the middle is not kept).
package final class OutputFile: OutputSink {
    private let streams: Mutex<Streams>

    private struct Streams {
        var stdout: StreamFile
        var stderr: StreamFile
        var tail = TailBytes(limit: Limits.recordedTailBytes)
        /// Of stdout alone.
        var text = TailBytes(limit: Limits.outputSearchedBytes)
        var isMasked = false
        var isClosed = false
    }

    /// `folder` exists; `name` is free in it.
    package init(folder: String, name: String, keptBytes: Int = Limits.outputKeptBytes) {
        streams = Mutex(
            Streams(
                stdout: StreamFile(folder: folder, draft: "\(name).out", keptBytes: keptBytes / 2),
                stderr: StreamFile(folder: folder, draft: "\(name).err", keptBytes: keptBytes / 2)))
    }

    package func take(_ chunk: OutputChunk) {
        streams.withLock { streams in
            guard !streams.isClosed else { return }
            switch chunk.stream {
            case .stdout:
                streams.stdout.take(chunk.bytes)
                streams.text.take(chunk.bytes)
                streams.isMasked = streams.isMasked || chunk.isMasked
            case .stderr: streams.stderr.take(chunk.bytes)
            }
            streams.tail.take(chunk.bytes)
        }
    }

    package func summary() -> OutputSummary {
        streams.withLock {
            OutputSummary(
                stdout: $0.stdout.digest, stderr: $0.stderr.digest, tail: $0.tail.bytes,
                text: $0.text.bytes, isMasked: $0.isMasked)
        }
    }

    package func keep() throws(StorageFault) {
        try streams.withLock { (streams: inout Streams) throws(StorageFault) in
            guard !streams.isClosed else { return }
            streams.isClosed = true
            try streams.stdout.keep()
            try streams.stderr.keep()
        }
    }

    package func discard() {
        streams.withLock { streams in
            guard !streams.isClosed else { return }
            streams.isClosed = true
            streams.stdout.remove()
            streams.stderr.remove()
        }
    }
}

/// The last bytes that came.
private struct TailBytes {
    let limit: Int
    private(set) var bytes: [UInt8] = []

    init(limit: Int) { self.limit = limit }

    mutating func take(_ new: [UInt8]) {
        bytes += new.suffix(limit)
        if bytes.count > limit { bytes.removeFirst(bytes.count - limit) }
    }
}

/// Calls again while a signal interrupts it.
private func uninterrupted(_ body: () -> Int32) -> Int32 {
    while true {
        let value = body()
        if value >= 0 || errno != EINTR { return value }
    }
}

extension StorageFault {
    /// What failed, and the system's words for it.
    fileprivate static func last(_ what: String) -> StorageFault {
        let code = errno
        let words = "\(what): \(String(cString: strerror(code)))"
        return code == ENOSPC || code == EDQUOT ? .full(words) : .failed(words)
    }
}

/// A file that is made when the first byte comes. What goes wrong is remembered and told at the end.
private struct Piece {
    let path: String
    private(set) var descriptor: Int32 = -1
    private(set) var fault: StorageFault?

    init(_ path: String) { self.path = path }

    mutating func write(_ bytes: ArraySlice<UInt8>, at offset: Int64) {
        guard fault == nil, !bytes.isEmpty else { return }
        if descriptor < 0 {
            descriptor = uninterrupted { open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600) }
        }
        if descriptor < 0 { return note() }
        var rest = bytes
        while !rest.isEmpty {
            let place = off_t(offset) + off_t(bytes.count - rest.count)
            let written = rest.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, place) }
            if written < 0 {
                if errno == EINTR { continue }
                return note()
            }
            // Never seen, and would never end.
            if written == 0 { errno = EIO }
            guard written > 0 else { return note() }
            rest = rest.dropFirst(written)
        }
    }

    /// Copies a stretch of another file to this one.
    mutating func copy(_ other: Piece, from start: Int, count: Int, to offset: Int) {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var done = 0
        while done < count, fault == nil {
            let got = pread(other.descriptor, &buffer, min(buffer.count, count - done), off_t(start + done))
            if got < 0, errno == EINTR { continue }
            if got <= 0 { return note() }
            write(buffer[..<got], at: Int64(offset + done))
            done += got
        }
    }

    private mutating func note() { fault = .last("can't write \(path)") }

    /// Durable under its final name.
    func settle(_ name: String) throws(StorageFault) {
        if let fault { throw fault }
        guard uninterrupted({ fdatasync(descriptor) }) == 0, uninterrupted({ rename(path, name) }) == 0 else {
            throw .last("can't keep \(name)")
        }
    }

    mutating func remove() {
        if descriptor >= 0 { unlink(path) }
        shut()
    }

    mutating func shut() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }
}

/// One stream: its first bytes in one file, its last bytes in another that is written round and round.
private struct StreamFile {
    private let folder: String
    /// Bytes of the head, and as many of the tail.
    private let halfBytes: Int
    private var head: Piece
    private var tail: Piece
    private var count: Int64 = 0
    private var hasher = SHA256()

    init(folder: String, draft: String, keptBytes: Int) {
        self.folder = folder
        halfBytes = max(1, keptBytes / 2)
        head = Piece("\(folder)/\(draft).head")
        tail = Piece("\(folder)/\(draft).tail")
    }

    var digest: OutputDigest { OutputDigest(bytes: count, sha256: Hex.text(hasher.finalize())) }

    private var tailCount: Int64 { max(0, count - Int64(halfBytes)) }

    mutating func take(_ bytes: [UInt8]) {
        hasher.update(data: bytes)
        var rest = bytes[...]
        let room = Int64(halfBytes) - count
        if room > 0 {
            let part = rest.prefix(Int(min(room, Int64(rest.count))))
            head.write(part, at: count)
            rest = rest.dropFirst(part.count)
        }
        count += Int64(bytes.count)
        var position = tailCount - Int64(rest.count)
        while !rest.isEmpty {
            let offset = position % Int64(halfBytes)
            let part = rest.prefix(halfBytes - Int(offset))
            tail.write(part, at: offset)
            position += Int64(part.count)
            rest = rest.dropFirst(part.count)
        }
    }

    /// Flushes the files and gives them their names. A stream that printed nothing has no file.
    mutating func keep() throws(StorageFault) {
        defer { remove() }
        guard count > 0 else { return }
        let name = "\(folder)/\(Hex.text(hasher.finalize()))-\(count)"
        if let fault = head.fault ?? tail.fault { throw fault }
        if tailCount <= Int64(halfBytes) {
            // Nothing is left out: head and tail are one file again.
            head.copy(tail, from: 0, count: Int(tailCount), to: halfBytes)
            try head.settle(name)
        } else {
            var straight = Piece("\(tail.path).straight")
            // Under its own name it is gone once it is kept.
            defer { straight.remove() }
            let start = Int(tailCount % Int64(halfBytes))
            straight.copy(tail, from: start, count: halfBytes - start, to: 0)
            straight.copy(tail, from: 0, count: start, to: halfBytes - start)
            try head.settle("\(name).head")
            try straight.settle("\(name).tail")
        }
        let directory = uninterrupted { open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        defer { if directory >= 0 { close(directory) } }
        guard directory >= 0, uninterrupted({ fsync(directory) }) == 0 else { throw .last("can't keep \(name)") }
    }

    mutating func remove() {
        head.remove()
        tail.remove()
    }
}
