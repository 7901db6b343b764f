import RunbookPack
import TestTools
import Testing

@Suite("The archive in a pack")
struct TarTests {
    private static func entry(_ name: String, _ size: Int = 0, mode: UInt32 = 0o644) -> TarEntry {
        TarEntry(name: name, mode: mode, modified: 1_700_000_000, size: size)
    }

    static let long = (0..<25).map { "folder-\($0)" }.joined(separator: "/") + "/file"
    static let names = [
        "a", "a b/c", String(repeating: "n", count: 100), String(repeating: "n", count: 101), "täglich/übung.yaml",
        long,
        String(repeating: "p", count: 120) + "/" + String(repeating: "n", count: 90),
        (0..<4).map { _ in String(repeating: "q", count: 250) }.joined(separator: "/"),
    ]

    @Test("any name and any size come back, and GNU tar reads the same")
    func roundTrip() throws {
        let sizes = [0, 1, 511, 512, 513, 10_240, 100_000, 7]
        let files = zip(Self.names, sizes).map { (entry: Self.entry($0, $1, mode: 0o750), bytes: bytes($1)) }
        let archive = try archived(files)
        #expect(archive.count % 10_240 == 0)
        let back = try unpacked(archive)
        #expect(back.map(\.entry) == files.map(\.entry))
        #expect(back.map(\.bytes) == files.map(\.bytes))
        let scratch = try Scratch()
        try scratch.write("archive.tar", archive)
        let said = try shell("tar -xf archive.tar && tar -tf archive.tar --quoting-style=literal", in: scratch.path)
        #expect(said.status == 0, "\(said.output)")
        #expect(said.output.split(separator: "\n").map(String.init) == Self.names)
        for (name, size) in zip(Self.names, sizes) { #expect(try scratch.read(name) == bytes(size)) }
    }

    @Test(
        "a name that could lead elsewhere is not written",
        arguments: [
            "", "/etc/passwd", "../a", "a/../b", "a/..", "..", ".", "./a", "a/./b", "a//b", "a/", "a\nb", "a\u{0}b",
            "a\\b", String(repeating: "n", count: 256), String(repeating: "a/", count: 40) + "b",
            (0..<5).map { _ in String(repeating: "q", count: 250) }.joined(separator: "/"),
        ])
    func badNames(_ name: String) {
        #expect(fault { _ = try archived([(Self.entry(name), [])]) } != nil)
    }

    /// An archive of one file, with a field of its header written over.
    private func changed(_ offset: Int, _ text: String, keepsSum: Bool = false) throws -> [UInt8] {
        var archive = try archived([(Self.entry("abcdef", 3), [1, 2, 3])])
        for (place, byte) in text.utf8.enumerated() { archive[offset + place] = byte }
        if !keepsSum {
            for place in 148..<156 { archive[place] = 0x20 }
            let sum = String(archive[..<512].reduce(0) { $0 + Int($1) }, radix: 8)
            for (place, byte) in (String(repeating: "0", count: 6 - sum.count) + sum).utf8.enumerated() {
                archive[148 + place] = byte
            }
            archive[154] = 0
        }
        return archive
    }

    @Test(
        "a header that says anything else than a regular file is refused",
        arguments: [
            (156, "1", "link"), (156, "2", "link"), (156, "3", "no regular file"), (156, "4", "no regular file"),
            (156, "5", "no regular file"), (156, "6", "no regular file"), (156, "7", "no regular file"),
            (156, "\u{0}", "no regular file"), (156, "g", "no regular file"), (156, "L", "no regular file"),
            (156, "S", "no regular file"), (157, "x", "link"), (0, "/bcdef", "not relative"),
            (0, "../def", "elsewhere"),
            (0, "a/../f", "elsewhere"), (0, "abc/./", "elsewhere"), (0, "\u{0}bcdef", "no text"),
            (345, "..", "elsewhere"),
            (345, "/", "not relative"), (100, "0004755", "rights"), (100, "0002644", "rights"),
            (100, "abc", "no number"),
            (124, "-0000000001", "no number"), (124, "99999999999", "no number"), (124, "777777777777", "no number"),
            (124, "77777777777", "cut off"), (136, "x", "no number"), (257, "ustar  ", "ustar"), (263, "01", "ustar"),
        ])
    func badHeaders(_ offset: Int, _ text: String, _ words: String) throws {
        let archive = try changed(offset, text)
        let found = fault { _ = try unpacked(archive) }
        #expect(found?.message.contains(words) == true, "\(String(describing: found))")
    }

    @Test("a header with another checksum is refused, whichever byte differs")
    func checksum() throws {
        let archive = try archived([(Self.entry("abcdef", 3), [1, 2, 3])])
        for place in 0..<512 {
            var flipped = archive
            flipped[place] ^= 4
            #expect(fault { _ = try unpacked(flipped) } != nil, "byte \(place)")
        }
    }

    @Test("an extended header that says more than a name is refused")
    func extended() throws {
        let long = try archived([(Self.entry(String(repeating: "n", count: 101)), [])])
        #expect(fault { _ = try unpacked(long) } == nil)
        // `111 path=nnn` becomes another key of the same length, another length, and a value with a line of its own.
        for (offset, text) in [(4, "size"), (0, "112"), (0, "011"), (20, "\n12 size="), (9, "/"), (9, "../")] {
            var archive = long
            for (place, byte) in text.utf8.enumerated() { archive[512 + offset + place] = byte }
            #expect(fault { _ = try unpacked(archive) } != nil, "\(text)")
        }
        // Two of them, and one before nothing.
        #expect(fault { _ = try unpacked(Array(long[..<1_024] + long)) } != nil)
        #expect(fault { _ = try unpacked(Array(long[..<1_024]) + [UInt8](repeating: 0, count: 1_024)) } != nil)
    }

    @Test("a name that comes twice is refused")
    func twice() throws {
        let archive = try archived([(Self.entry("a"), []), (Self.entry("b"), []), (Self.entry("a"), [])])
        #expect(fault { _ = try unpacked(archive) } == .archive("it holds `a` twice"))
    }

    @Test("an archive is refused at every length but its own, and with anything behind it")
    func cuts() throws {
        let archive = try archived([(Self.entry("a", 600), bytes(600)), (Self.entry("b", 3), [1, 2, 3])])
        let least = 512 + 1_024 + 512 + 512 + 1_024
        for length in 0..<least { #expect(fault { _ = try unpacked(Array(archive[..<length])) } != nil, "\(length)") }
        #expect(fault { _ = try unpacked(Array(archive[..<least])) } == nil)
        #expect(fault { _ = try unpacked(archive + [1]) } == .archive("something stands behind its end"))
        var padded = archive
        padded[512 + 600] = 1
        #expect(fault { _ = try unpacked(padded) } == .archive("something stands between two files"))
    }

    @Test("a file is written as long as its header says")
    func lengths() throws {
        var writer = TarWriter(to: MemorySink())
        try writer.begin(Self.entry("a", 3))
        #expect(fault { try writer.write([1, 2, 3, 4]) } != nil)
        try writer.write([1])
        #expect(fault { try writer.begin(Self.entry("b")) } != nil)
        #expect(fault { try writer.end() } != nil)
    }
}
