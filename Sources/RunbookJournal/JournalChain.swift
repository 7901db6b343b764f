import Crypto

/// Where a journal stands: the hash that the next line has to carry, a running hash of all bytes, and the tree of all
/// lines, so that a seal costs no more than the bytes since the last one. Only a seal asks for the latter two: they may
/// lag behind, and catch up while the disk is waited for.
struct JournalChain: Sendable {
    /// Of the last line; 0 before the first.
    private(set) var sequence = 0
    /// Of the last line.
    private(set) var lineHash = LineHash.origin
    private var tree = MerkleTree()
    /// Length of all lines.
    private(set) var bytes = 0
    /// Of the last line; a seal repeats them.
    private(set) var timestamp: Int64 = 0
    private(set) var uptime: Int64 = 0
    /// Who takes lines by their hashes alone sets it before he asks for a digest.
    var prefix = SHA512()
    /// What ``prefix`` and the tree have yet to take.
    private var waiting: (bytes: [UInt8], lines: [LineHash]) = ([], [])

    /// SHA-256 of the last line.
    var hash: [UInt8] { lineHash.bytes }

    /// `seq:sha256` of the last line.
    var head: String { "\(sequence):\(Hex.text(hash))" }

    /// SHA-512 of every byte so far, and `suffix`.
    func digest(with suffix: [UInt8] = []) -> [UInt8] {
        var whole = prefix
        whole.update(data: waiting.bytes)
        whole.update(data: suffix)
        return Array(whole.finalize())
    }

    /// Of the tree over all lines so far.
    var root: [UInt8] {
        guard !waiting.lines.isEmpty else { return tree.root }
        var chain = self
        chain.catchUp()
        return chain.tree.root
    }

    /// How many lines ``catchUp()`` would take.
    var lag: Int { waiting.lines.count }

    mutating func catchUp() {
        guard !waiting.lines.isEmpty else { return }
        prefix.update(data: waiting.bytes)
        for line in waiting.lines { tree.add(MerkleTree.hash(leaf: line)) }
        waiting = ([], [])
    }

    /// Takes a line in by its hash, and that hash's own as a leaf of the tree; ``prefix`` stays as it is.
    ///
    /// - Parameter count: the length of the line.
    mutating func take(_ hash: LineHash, leaf: LineHash, of entry: JournalEntry, count: Int) {
        take(hash, of: entry, count)
        tree.add(leaf)
    }

    private mutating func take(_ hash: LineHash, of entry: JournalEntry, _ count: Int) {
        bytes += count
        sequence = entry.sequence
        timestamp = entry.timestamp
        uptime = entry.uptime
        lineHash = hash
    }

    /// Appends the next line to `lines`, and takes it in. Where it throws, both stay as they were.
    mutating func append(
        _ draft: Draft, timestamp: Int64, uptime: Int64, to lines: inout [UInt8]
    ) throws(LineFault) {
        let entry = JournalEntry(
            sequence: sequence + 1, type: draft.type, timestamp: timestamp, uptime: uptime, fields: draft.fields)
        let start = lines.count
        try JournalLine.append(entry, previous: lineHash, to: &lines)
        take(Self.lineHash(of: lines[start...]), of: entry, lines.count - start)
        waiting.bytes += lines[start...]
        waiting.lines.append(lineHash)
    }

    static func hash(of line: ArraySlice<UInt8>) -> [UInt8] { lineHash(of: line).bytes }

    private static func lineHash(of line: ArraySlice<UInt8>) -> LineHash {
        line.withUnsafeBytes { LineHash(of: $0) }
    }
}
