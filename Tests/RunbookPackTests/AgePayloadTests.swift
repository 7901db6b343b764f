import RunbookPack
import Testing

@Suite("What an age file hides, and how it is found out")
struct AgePayloadTests {
    static let sizes = [0, 1, 100, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 200_000]

    @Test("any size comes back", arguments: sizes)
    func roundTrip(_ size: Int) throws {
        let keys = [AgeIdentity(), AgeIdentity()]
        let file = try sealed(bytes(size), .recipients(keys.map(\.recipient)))
        for key in keys { #expect(try opened(file, .identities([AgeIdentity(), key])) == bytes(size)) }
        let phrase = try AgePassphrase("correct horse", workFactor: 2)
        #expect(try opened(try sealed(bytes(size), .passphrase(phrase)), .passphrase(phrase)) == bytes(size))
    }

    @Test("it does not matter in which pieces it is written", arguments: [1, 1_000, 65_535, 65_536, 65_537])
    func pieces(_ piece: Int) throws {
        let key = AgeIdentity()
        let whole = bytes(140_000)
        var encryptor = try AgeEncryptor(.recipients([key.recipient]), to: MemorySink())
        var rest = whole[...]
        while !rest.isEmpty {
            try encryptor.write(rest.prefix(piece))
            rest = rest.dropFirst(piece)
        }
        try encryptor.finish()
        #expect(try opened(encryptor.sink.bytes, .identities([key])) == whole)
    }

    @Test("every flipped bit of a small file is found out, also one that is for somebody else", arguments: [0, 5])
    func flips(_ size: Int) throws {
        let key = AgeIdentity()
        let file = try sealed(bytes(size), .recipients([key.recipient, AgeIdentity().recipient]))
        var found = 0
        for place in file.indices {
            for bit in 0..<8 {
                var changed = file
                changed[place] ^= 1 << bit
                if fault({ _ = try opened(changed, .identities([key])) }) != nil { found += 1 }
            }
        }
        #expect(found == file.count * 8)
    }

    @Test("every flipped bit of a file with a passphrase is found out")
    func phraseFlips() throws {
        let phrase = try AgePassphrase("open", workFactor: 1)
        let file = try sealed(bytes(3), .passphrase(phrase))
        for place in file.indices {
            for bit in 0..<8 {
                var changed = file
                changed[place] ^= 1 << bit
                #expect(fault { _ = try opened(changed, .passphrase(phrase)) } != nil, "bit \(bit) of byte \(place)")
            }
        }
    }

    @Test("every length but the whole is found out")
    func cuts() throws {
        let key = AgeIdentity()
        let file = try sealed(bytes(40), .recipients([key.recipient, AgeIdentity().recipient]))
        for length in file.indices {
            #expect(fault { _ = try opened(Array(file[..<length]), .identities([key])) } != nil, "\(length) bytes")
        }
        #expect(fault { _ = try opened(file + [0], .identities([key])) } != nil)
    }

    @Test("a file that ends between two chunks is found out, and says so", arguments: [1, 2])
    func wholeChunks(_ count: Int) throws {
        let key = AgeIdentity()
        let file = try sealed(bytes(65_536 * 2 + 5), .recipients([key.recipient]))
        var source = MemorySource(file)
        let header = try AgeHeader(from: &source)
        let head = header.text(code: header.code).count + 16
        let cut = Array(file[..<(head + count * (65_536 + 16))])
        #expect(fault { _ = try opened(cut, .identities([key])) } == .cutOff)
        // The chunks in another order.
        let (one, two) = (head..<(head + 65_552), (head + 65_552)..<(head + 2 * 65_552))
        let swapped = Array(file[..<head] + file[two] + file[one] + file[two.upperBound...])
        #expect(fault { _ = try opened(swapped, .identities([key])) } == .chunkChanged(1))
    }

    @Test("nothing of a chunk comes out before its seal is checked")
    func noEarlyBytes() throws {
        let key = AgeIdentity()
        var file = try sealed(bytes(65_536 * 2), .recipients([key.recipient]))
        file[file.count - 1] ^= 1
        var source = MemorySource(file)
        let header = try AgeHeader(from: &source)
        var decryptor = try AgeDecryptor(header, .identities([key]), from: source)
        var count = 0
        let end = fault { while case let more = try decryptor.read(10_000), !more.isEmpty { count += more.count } }
        #expect(end == .chunkChanged(2))
        #expect(count == 65_536)
    }

    @Test("who can't open it is told what it wants")
    func openers() throws {
        let phrase = try AgePassphrase("open", workFactor: 1)
        let key = AgeIdentity()
        let byKey = try sealed([1], .recipients([key.recipient]))
        let byPhrase = try sealed([1], .passphrase(phrase))
        #expect(fault { _ = try opened(byKey, .identities([AgeIdentity()])) } == .noIdentityFits)
        #expect(fault { _ = try opened(byKey, .passphrase(phrase)) } == .wantsIdentity)
        #expect(fault { _ = try opened(byPhrase, .identities([key])) } == .wantsPassphrase)
        #expect(fault { _ = try opened(byPhrase, .passphrase(try AgePassphrase("Open"))) } == .wrongPassphrase)
        #expect(fault { _ = try AgePassphrase("") } != nil)
    }

    @Test("two files of the same bytes have nothing in common behind the first line")
    func fresh() throws {
        let key = AgeIdentity()
        let (one, other) = (
            try sealed(bytes(64), .recipients([key.recipient])), try sealed(bytes(64), .recipients([key.recipient]))
        )
        #expect(one.suffix(96) != other.suffix(96))
        #expect(one[30..<80] != other[30..<80])
    }
}
