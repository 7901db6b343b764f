import Crypto
import Dispatch
import Glibc
import Synchronization

/// A stretch of a journal, read ahead of its proof: what each line says whatever stands before it, and the SHA-512 of all
/// bytes so far. Those don't wait for each other, so that every processor can take a share.
final class JournalStretch: Sendable {
    private static let length = 2 << 20
    private static let pieceLength = 128 << 10
    /// A copy of the running hash is kept after so many bytes each.
    private static let markLength = 8 << 10
    /// The running hash is one thread's work: more threads than this would only wait for it.
    private static let threads = min(4, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    struct Line: Sendable {
        /// After its line feed.
        var end: Int
        var read: LineReader.Line
        var hash: LineHash
        /// Of ``hash`` as a leaf of the tree.
        var leaf: LineHash
    }

    /// Lines that follow each other, as far as they can be read.
    struct Piece: Sendable {
        var lines: [Line] = []
        /// Of the line after them.
        var fault: JournalBroken.Reason?
    }

    private struct Work {
        /// Of ``shares``.
        var taken = 0
        var pieces: [Int: Piece] = [:]
        var marks: [SHA512] = []
    }

    private let bytes: [UInt8]
    private let start: Int
    private let ranges: [Range<Int>]
    private let prefix: SHA512
    private let work = Mutex(Work())
    private let unfinished = DispatchGroup()

    /// From `start`, all bytes before which have the hash `prefix`; nil at the end of the journal.
    init?(of bytes: [UInt8], from start: Int = 0, after prefix: SHA512 = SHA512()) {
        guard start < bytes.count else { return nil }
        var ranges: [Range<Int>] = []
        var at = start
        while at < bytes.count, at - start < Self.length {
            let line = JournalReader.line(of: bytes, from: min(at + Self.pieceLength, bytes.count) - 1)
            let end = line?.upperBound ?? bytes.count
            ranges.append(at..<end)
            at = end
        }
        self.bytes = bytes
        self.start = start
        self.ranges = ranges
        self.prefix = prefix
    }

    private var end: Int { ranges.last?.upperBound ?? start }

    /// What follows, once this is read.
    var next: JournalStretch? { JournalStretch(of: bytes, from: end, after: hash(to: end)) }

    /// Lets other threads begin.
    func begin() {
        guard ranges.count > 1 else { return }
        for _ in 1..<Self.threads { DispatchQueue.global().async { [self] in takeShares() } }
    }

    /// Returns when all is read. Depends on no other thread's coming: only those that have taken a share are waited for.
    func finish() -> [Piece] {
        takeShares()
        unfinished.wait()
        return work.withLock { work in ranges.indices.compactMap { work.pieces[$0] } }
    }

    /// SHA-512 of all bytes before `position`, which is of this stretch, once that is read.
    func hash(to position: Int) -> SHA512 {
        let mark = (position - start) / Self.markLength
        var hash = work.withLock { $0.marks[mark] }
        update(&hash, start + mark * Self.markLength..<position)
        return hash
    }

    // MARK: Shares

    private func takeShares() {
        while let share = takeShare() {
            if share == 0 {
                let marks = hashes()
                work.withLock { $0.marks = marks }
            } else {
                let piece = read(ranges[share - 1])
                work.withLock { $0.pieces[share - 1] = piece }
            }
            unfinished.leave()
        }
    }

    /// 0 is the running hash, which takes longest; the others are pieces. nil: none is left.
    private func takeShare() -> Int? {
        work.withLock { work in
            guard work.taken <= ranges.count else { return nil }
            unfinished.enter()
            defer { work.taken += 1 }
            return work.taken
        }
    }

    /// At every mark.
    private func hashes() -> [SHA512] {
        var hash = prefix
        var marks = [hash]
        for at in stride(from: start, to: end, by: Self.markLength) {
            update(&hash, at..<min(at + Self.markLength, end))
            marks.append(hash)
        }
        return marks
    }

    private func update(_ hash: inout SHA512, _ range: Range<Int>) {
        bytes[range].withUnsafeBytes { hash.update(bufferPointer: $0) }
    }

    private func read(_ range: Range<Int>) -> Piece {
        var piece = Piece()
        piece.lines.reserveCapacity(range.count / 256)
        var at = range.lowerBound
        bytes.withUnsafeBytes { all in
            while at < range.upperBound {
                guard let line = JournalReader.line(of: bytes, from: at) else {
                    piece.fault = .unterminated
                    return
                }
                let bytes = UnsafeRawBufferPointer(rebasing: all[line])
                do throws(LineFault) {
                    var reader = try LineReader(LineBytes(bytes))
                    let read = try reader.line(keeping: .proven)
                    let hash = LineHash(of: bytes)
                    piece.lines.append(
                        Line(end: line.upperBound, read: read, hash: hash, leaf: MerkleTree.hash(leaf: hash)))
                } catch {
                    piece.fault = .unreadable(error)
                    return
                }
                at = line.upperBound
            }
        }
        return piece
    }
}
