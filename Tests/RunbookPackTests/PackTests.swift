import Foundation
import RunbookPack
import TestTools
import Testing

@Suite("A pack, from files to files")
struct PackTests {
    private let key = AgeIdentity()

    private func pack(_ items: [PackItem]) throws -> [UInt8] {
        var writer = try PackWriter(.recipients([key.recipient]), made: 1_700_000_000, to: MemorySink())
        for item in items { try writer.add(item) }
        return try writer.finish().bytes
    }

    private func unpack(_ file: [UInt8], into folder: String) throws -> UnpackedPack {
        var source = MemorySource(file)
        let header = try AgeHeader(from: &source)
        var unpacking = try PackUnpacking(into: folder)
        return try unpacking.unpack(try AgeDecryptor(header, .identities([key]), from: source))
    }

    /// An archive of our own making, encrypted.
    private func encrypted(_ files: [(entry: TarEntry, bytes: [UInt8])]) throws -> [UInt8] {
        try sealed(try archived(files), .recipients([key.recipient]))
    }

    private static func file(_ name: String, _ text: String) -> (entry: TarEntry, bytes: [UInt8]) {
        (TarEntry(name: name, mode: 0o644, modified: 0, size: text.utf8.count), Array(text.utf8))
    }

    private static let digestOfA = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"

    @Test("bytes, modes and times come back, and sha256sum accepts the list")
    func roundTrip() throws {
        let scratch = try Scratch()
        let modes: [mode_t] = [0o600, 0o755, 0o444, 0o777]
        for (number, mode) in modes.enumerated() { try scratch.write("\(number)", bytes(100_000 * number), mode: mode) }
        let items =
            modes.indices.map { PackItem("folder/\($0)", .file("\(scratch.path)/\($0)")) }
            + [PackItem("README.txt", .bytes(Array("read me".utf8)), modified: 1_600_000_000)]
        let found = try unpack(try pack(items), into: "\(scratch.path)/out")
        #expect(found.files == items.map(\.name) + ["CONTENTS"])
        for (number, mode) in modes.enumerated() {
            #expect(try scratch.read("out/folder/\(number)") == bytes(100_000 * number))
            var facts = stat()
            #expect(stat("\(scratch.path)/out/folder/\(number)", &facts) == 0 && facts.st_mode & 0o7777 == mode)
        }
        let said = try shell(
            "cd out && sha256sum -c --strict --quiet CONTENTS && stat -c '%a %Y' . README.txt", in: scratch.path)
        #expect(said.status == 0, "\(said.output)")
        #expect(said.output.hasPrefix("700 ") && said.output.hasSuffix("644 1600000000\n"))
    }

    @Test("a pack that is not whole leaves nothing behind, wherever it ends")
    func cuts() throws {
        let scratch = try Scratch()
        let file = try pack([PackItem("a/b", .bytes(bytes(70_000))), PackItem("a/c", .bytes(bytes(70_000)))])
        for length in stride(from: 0, to: file.count, by: 997) {
            #expect(fault { _ = try unpack(Array(file[..<length]), into: "\(scratch.path)/out") } != nil, "\(length)")
        }
        var flipped = file
        flipped[file.count - 20] ^= 1
        #expect(fault { _ = try unpack(flipped, into: "\(scratch.path)/out") } != nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == [])
    }

    @Test("what is inside has to be what the list says, and the list comes last")
    func lists() throws {
        let scratch = try Scratch()
        let a = Self.file("a", "a")
        let rows: [([(entry: TarEntry, bytes: [UInt8])], String?)] = [
            ([a, Self.file("CONTENTS", "\(Self.digestOfA)  a\n")], nil),
            ([a], "there is no list"), ([a, Self.file("CONTENTS", "")], "`a` is not in the list"),
            ([a, Self.file("CONTENTS", "\(Self.digestOfA)  b\n")], "`b` is missing"),
            ([a, Self.file("CONTENTS", "\(Self.digestOfA)  a\n\(Self.digestOfA)  a\n")], "`a` is missing"),
            ([Self.file("a", "b"), Self.file("CONTENTS", "\(Self.digestOfA)  a\n")], "`a` is another file"),
            ([a, Self.file("CONTENTS", "\(Self.digestOfA) a\n")], "malformed"),
            ([a, Self.file("CONTENTS", "\(Self.digestOfA)  a")], "no text"),
            ([Self.file("CONTENTS", "\(Self.digestOfA)  a\n"), a], "behind the list"),
            ([a, Self.file("a/b", ""), Self.file("CONTENTS", "")], "in each other's way"),
            ([Self.file("a/b", ""), a, Self.file("CONTENTS", "")], "in each other's way"),
        ]
        for (number, (files, words)) in rows.enumerated() {
            let found = fault { _ = try unpack(try encrypted(files), into: "\(scratch.path)/\(number)") }
            if let words {
                #expect(found?.message.contains(words) == true, "\(number): \(String(describing: found))")
            } else {
                #expect(found == nil)
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["0"])
    }

    @Test("nothing that is there is taken the place of")
    func places() throws {
        let scratch = try Scratch()
        let file = try pack([PackItem("a", .bytes([1]))])
        try scratch.write("there", [])
        #expect(
            fault { _ = try unpack(file, into: "\(scratch.path)/there") } == .system(EEXIST, "\(scratch.path)/there"))
        let out = "\(scratch.path)/there"
        #expect(fault { _ = try PackFile(at: out) { false } } == .system(EEXIST, out))
        // One that comes while the file grows.
        let late = "\(scratch.path)/late"
        let grown = try PackFile(at: late) { false }
        let end = fault {
            try grown.write { (stream) throws(PackFault) in
                try stream.write([1])
                close(open(late, O_WRONLY | O_CREAT, 0o600))
            }
        }
        #expect(end == .system(EEXIST, late))
        #expect(try scratch.read("late") == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted() == ["late", "there"])
    }

    @Test("an interruption leaves nothing behind")
    func interrupted() throws {
        let scratch = try Scratch()
        let out = try PackFile(at: "\(scratch.path)/pack.age") { true }
        #expect(fault { try out.write { (stream) throws(PackFault) in try stream.write([1]) } } == .interrupted)
        var source = MemorySource(try pack([PackItem("a/b/c", .bytes([1]))]))
        let header = try AgeHeader(from: &source)
        var unpacking = try PackUnpacking(into: "\(scratch.path)/out") { true }
        let decryptor = try AgeDecryptor(header, .identities([key]), from: source)
        #expect(fault { _ = try unpacking.unpack(decryptor) } == .interrupted)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == [])
    }

    @Test("what is no file, and what comes twice, is not packed")
    func unsuitable() throws {
        let scratch = try Scratch()
        mkfifo("\(scratch.path)/pipe", 0o600)
        for path in [scratch.path, "\(scratch.path)/pipe", "/dev/zero"] {
            #expect(fault { _ = try pack([PackItem("a", .file(path))]) } == .unsuitable(path, "it is no regular file"))
        }
        #expect(fault { _ = try pack([PackItem("a", .file("\(scratch.path)/none"))]) } != nil)
        #expect(fault { _ = try pack([PackItem("a", .bytes([])), PackItem("a", .bytes([]))]) } != nil)
        #expect(fault { _ = try pack([PackItem("CONTENTS", .bytes([]))]) } != nil)
    }
}
