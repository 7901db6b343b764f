import Glibc
import RunbookModel

/// Reads a journal without proving it: for `journal show`, `status`, and what resume has proven before.
package enum JournalReader {
    package static let limitBytes = 1 << 30

    /// The name of the journal in a run's folder.
    package static let fileName = "journal.jsonl"

    /// The process on this machine that is writing the journal in a run's folder; nil where none is known.
    package static func writer(of folder: String) -> Int? {
        JournalLock.livingHolder("\(folder)/\(FileStorage.lockName)")
    }

    /// Whether a journal file has a whole line: before its first one is on disk, nothing follows from a run.
    package static func hasBegun(_ path: String) throws(SystemError) -> Bool {
        do throws(SystemError) {
            return try SystemCalls.bytes(of: path, from: 0, count: Limits.lineBytes).contains(UInt8(ascii: "\n"))
        } catch {
            guard error.code == ENOENT || error.code == ENOTDIR else { throw error }
            return false
        }
    }

    /// The bytes of a journal file.
    package static func contents(of path: String) throws(JournalFault) -> [UInt8] {
        do {
            return try SystemCalls.contents(of: path, limitBytes: limitBytes)
        } catch {
            switch error.code {
            case ENOENT, ENOTDIR: throw .absent(path: path)
            case EFBIG: throw .tooLarge(path: path, limitBytes: limitBytes)
            default: throw .system(operation: "read", path: path, error: error)
            }
        }
    }

    /// Every entry of a journal. An unterminated tail is passed over: it may be a line that is being written just now.
    package static func entries(_ bytes: [UInt8]) throws(JournalBroken) -> [JournalEntry] {
        let reading = read(bytes)
        if let broken = reading.broken { throw broken }
        return reading.entries
    }

    /// As far as the journal can be read.
    package static func read(_ bytes: [UInt8]) -> JournalReading {
        var reading = JournalReading()
        var at = 0
        while let range = line(of: bytes, from: at) {
            do {
                reading.entries.append(try JournalLine.decode(bytes[range]).entry)
            } catch {
                reading.broken = JournalBroken(line: reading.entries.count + 1, reason: .unreadable(error))
                return reading
            }
            at = range.upperBound
        }
        reading.unterminatedBytes = bytes.count - at
        return reading
    }

    /// The SHA-256 of every whole line, lower-case hex.
    package static func hashes(of bytes: [UInt8]) -> [String] {
        var hashes: [String] = []
        var at = 0
        while let range = line(of: bytes, from: at) {
            hashes.append(Hex.text(JournalChain.hash(of: bytes[range])))
            at = range.upperBound
        }
        return hashes
    }

    /// The line that begins at `start`, line feed included; nil if none ends after it.
    static func line(of bytes: [UInt8], from start: Int) -> Range<Int>? {
        bytes.withUnsafeBytes { raw -> Range<Int>? in
            guard start < raw.count, let base = raw.baseAddress,
                let end = memchr(base + start, 0x0A, raw.count - start)
            else { return nil }
            return start..<(UnsafeRawPointer(end) - base) + 1
        }
    }
}

package struct JournalReading: Hashable, Sendable {
    package var entries: [JournalEntry] = []
    /// Bytes after the last whole line.
    package var unterminatedBytes = 0
    /// The first line that can't be read; nothing after it is.
    package var broken: JournalBroken?

    /// Of entries that were read before.
    package init(entries: [JournalEntry] = []) { self.entries = entries }

    /// Whether the last session has ended: a seal that lets no key follow, and not that of an opening.
    package var isClosed: Bool {
        guard let last = entries.last, last.type == LineTypes.seal, last.fields["next"] == nil else { return false }
        let before = entries.dropLast().last?.type
        return before != LineTypes.runOpen && before != LineTypes.sessionOpen
    }

    /// The lines that ``entries`` were read from, line feeds included.
    package func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var at = 0
        while lines.count < entries.count, let range = JournalReader.line(of: bytes, from: at) {
            lines.append(bytes[range])
            at = range.upperBound
        }
        return lines
    }
}
