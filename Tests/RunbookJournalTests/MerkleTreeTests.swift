import RunbookJournal
import Testing

@Suite("The tree of RFC 6962")
struct MerkleTreeTests {
    /// The leaves that implementations of certificate transparency test with.
    private static let leaves: [[UInt8]] = [
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    ].map { Hex.decode($0.utf8) ?? [] }

    private static let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]

    @Test("as it grows, its roots are the known ones", arguments: 0...8)
    func roots(_ count: Int) {
        var tree = MerkleTree()
        for leaf in Self.leaves[..<count] { tree.add(leaf: leaf) }
        #expect(tree.root.hex == Self.roots[count] && tree.count == count)
    }

    /// Section 2.1 of the standard, word for word.
    private func root(_ leaves: ArraySlice<[UInt8]>) -> [UInt8] {
        if leaves.count < 2 { return Digest.sha256(leaves.first.map { [0] + $0 } ?? []) }
        var split = 1
        while 2 * split < leaves.count { split *= 2 }
        return Digest.sha256([1] + root(leaves.prefix(split)) + root(leaves.dropFirst(split)))
    }

    /// Section 2.1.1, word for word.
    private func path(_ index: Int, _ leaves: ArraySlice<[UInt8]>) -> [[UInt8]] {
        if leaves.count < 2 { return [] }
        var split = 1
        while 2 * split < leaves.count { split *= 2 }
        let (left, right) = (leaves.prefix(split), leaves.dropFirst(split))
        return index < split
            ? path(index, left) + [root(right)] : path(index - split, right) + [root(left)]
    }

    @Test("root and paths of every size up to 70 are those of the standard's own definition, and lead to the root")
    func definition() {
        let all = (0..<70).map { [UInt8($0), 7] }
        for count in 1...70 {
            let leaves = Array(all[..<count])
            var tree = MerkleTree()
            for leaf in leaves { tree.add(leaf: leaf) }
            #expect(tree.root == root(leaves[...]))
            for index in leaves.indices {
                let found = MerklePath.path(to: index, in: leaves)
                #expect(found == path(index, leaves[...]))
                #expect(MerklePath.leads(found, from: leaves[index], at: index, of: count, to: tree.root))
            }
        }
    }

    @Test("no path leads to the root from another leaf, another place, another count, or with a hash too many")
    func wrong() {
        let leaves = (0..<13).map { [UInt8($0)] }
        let top = root(leaves[...])
        for index in leaves.indices {
            let way = MerklePath.path(to: index, in: leaves)
            #expect(!MerklePath.leads(way, from: [99], at: index, of: 13, to: top))
            #expect(!MerklePath.leads(way + [top], from: leaves[index], at: index, of: 13, to: top))
            #expect(!MerklePath.leads(Array(way.dropLast()), from: leaves[index], at: index, of: 13, to: top))
            for other in leaves.indices where other != index {
                #expect(!MerklePath.leads(way, from: leaves[index], at: other, of: 13, to: top))
            }
            for step in way.indices {
                var bent = way
                bent[step][31] ^= 1
                #expect(!MerklePath.leads(bent, from: leaves[index], at: index, of: 13, to: top))
            }
        }
        #expect(!MerklePath.leads([], from: leaves[0], at: 1, of: 1, to: top))
        #expect(!MerklePath.leads([], from: leaves[0], at: -1, of: 1, to: top))
        #expect(MerklePath.path(to: 13, in: leaves).isEmpty)
    }
}
