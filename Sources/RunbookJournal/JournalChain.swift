import Crypto

/// Where a journal stands: the hash that the next line has to carry, a running hash of all bytes, and the tree of all
/// lines, so that a seal costs no more than the bytes since the last one.
struct JournalChain: Sendable {
    /// Of the last line; 0 before the first.
    private(set) var sequence = 0
    /// SHA-256 of the last line.
    private(set) var hash = JournalLine.origin
    private var tree = MerkleTree()
    /// Length of all lines.
    private(set) var bytes = 0
    /// Of the last line; a seal repeats them.
    private(set) var timestamp: Int64 = 0
    private(set) var uptime: Int64 = 0
    private var prefix = SHA512()

    /// `seq:sha256` of the last line.
    var head: String { "\(sequence):\(Hex.text(hash))" }

    /// SHA-512 of every byte so far, and `suffix`.
    func digest(with suffix: [UInt8] = []) -> [UInt8] {
        if suffix.isEmpty { return Array(prefix.finalize()) }
        var whole = prefix
        whole.update(data: suffix)
        return Array(whole.finalize())
    }

    /// Of the tree over all lines so far.
    var root: [UInt8] { tree.root }

    /// Takes a line in that `entry` was read from or written as.
    mutating func take(_ line: ArraySlice<UInt8>, of entry: JournalEntry) {
        sequence = entry.sequence
        timestamp = entry.timestamp
        uptime = entry.uptime
        bytes += line.count
        let hash = Self.digest(of: line)
        self.hash = Array(hash)
        tree.add(MerkleTree.hash(leaf: hash))
        line.withUnsafeBytes { prefix.update(bufferPointer: $0) }
    }

    /// The next line, taken in.
    mutating func line(_ draft: Draft, timestamp: Int64, uptime: Int64) throws(LineFault) -> [UInt8] {
        let entry = JournalEntry(
            sequence: sequence + 1, type: draft.type, timestamp: timestamp, uptime: uptime, fields: draft.fields)
        let line = try JournalLine.encode(entry, previous: hash)
        take(line[...], of: entry)
        return line
    }

    static func hash(of line: ArraySlice<UInt8>) -> [UInt8] { Array(digest(of: line)) }

    private static func digest(of line: ArraySlice<UInt8>) -> SHA256Digest {
        var hash = SHA256()
        line.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return hash.finalize()
    }
}
