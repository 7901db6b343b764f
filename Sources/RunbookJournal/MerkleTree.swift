import Crypto

/// The hash tree of RFC 6962, 2.1, over SHA-256, as it grows: one hash for each whole subtree so far.
package struct MerkleTree: Sendable {
    package private(set) var count = 0
    /// Of subtrees whose sizes are the bits of ``count``, the largest first.
    private var peaks: [LineHash] = []

    package init() {}

    package mutating func add(leaf: some Collection<UInt8>) { add(LineHash(Self.hash(leaf: leaf))) }

    /// `hash` is that of a leaf.
    mutating func add(_ hash: LineHash) {
        var hash = hash
        // As in counting: a carry joins two subtrees of one size.
        var carry = count
        while carry & 1 == 1, let left = peaks.popLast() {
            hash = Self.hash(left, hash)
            carry >>= 1
        }
        peaks.append(hash)
        count += 1
    }

    /// SHA-256 of nothing where there is no leaf.
    package var root: [UInt8] {
        guard var root = peaks.last else { return Array(SHA256().finalize()) }
        for left in peaks.dropLast().reversed() { root = Self.hash(left, root) }
        return root.bytes
    }

    static func hash(leaf: some Collection<UInt8>) -> SHA256Digest {
        var hash = SHA256()
        hash.update(data: [0] + Array(leaf))
        return hash.finalize()
    }

    /// A leaf that is a hash itself.
    static func hash(leaf: LineHash) -> LineHash {
        withUnsafeTemporaryAllocation(byteCount: 1 + LineHash.length, alignment: 1) { buffer in
            buffer[0] = 0
            leaf.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: buffer[1...]).copyMemory(from: $0) }
            return LineHash(of: UnsafeRawBufferPointer(buffer))
        }
    }

    private static func hash(_ left: LineHash, _ right: LineHash) -> LineHash {
        withUnsafeTemporaryAllocation(byteCount: 1 + 2 * LineHash.length, alignment: 1) { buffer in
            buffer[0] = 1
            left.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: buffer[1...]).copyMemory(from: $0) }
            right.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: buffer[(1 + LineHash.length)...]).copyMemory(from: $0)
            }
            return LineHash(of: UnsafeRawBufferPointer(buffer))
        }
    }

    static func hash(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: [1] + left + right)
        return Array(hash.finalize())
    }
}

/// That one leaf is in a tree of a known root: RFC 6962, 2.1.1, checked as RFC 9162, 2.1.3.2 says.
package enum MerklePath {
    /// The hashes beside the way from leaf `index` (from 0) to the root, from the leaf on.
    package static func path(to index: Int, in leaves: [[UInt8]]) -> [[UInt8]] {
        guard leaves.indices.contains(index) else { return [] }
        var level = leaves.map { Array(MerkleTree.hash(leaf: $0)) }
        var index = index
        var path: [[UInt8]] = []
        // Level by level: one without a partner goes up as it is, which is the tree of the standard.
        while level.count > 1 {
            let partner = index ^ 1
            if partner < level.count { path.append(level[partner]) }
            var next: [[UInt8]] = []
            for start in stride(from: 0, to: level.count, by: 2) {
                next.append(start + 1 < level.count ? MerkleTree.hash(level[start], level[start + 1]) : level[start])
            }
            level = next
            index >>= 1
        }
        return path
    }

    /// Whether `path` leads from `leaf`, at `index` of `count`, to `root`.
    package static func leads(
        _ path: [[UInt8]], from leaf: some Collection<UInt8>, at index: Int, of count: Int, to root: [UInt8]
    ) -> Bool {
        guard index >= 0, index < count else { return false }
        var (place, last) = (index, count - 1)
        var hash = Array(MerkleTree.hash(leaf: leaf))
        for beside in path {
            guard last > 0, beside.count == SHA256Digest.byteCount else { return false }
            if place & 1 == 1 || place == last {
                hash = MerkleTree.hash(beside, hash)
                while place & 1 == 0, place > 0 {
                    place >>= 1
                    last >>= 1
                }
            } else {
                hash = MerkleTree.hash(hash, beside)
            }
            place >>= 1
            last >>= 1
        }
        return last == 0 && hash == root
    }
}
