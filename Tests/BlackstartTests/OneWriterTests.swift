import Foundation
import TestTools
import Testing

/// What a command makes: whole or not at all, once, and never through somebody else's link.
@Suite("Files that commands make", .serialized)
struct OneWriterTests {
    static let site = [
        "site.yaml": """
        version: 1
        name: S
        hosts: { h: { address: 127.0.0.1, port: 1 } }

        """,
        "book.yaml": """
        version: 1
        name: B
        inventory: site.yaml
        steps: [{ id: a, name: A, hosts: local, run: "true" }]

        """,
    ]

    private func ran() throws -> Program {
        let program = try Program(Self.site)
        let run = try program("run book.yaml --run-id r -y --no-input")
        try #require(run.status == 0, "\(run)")
        return program
    }

    private static let made = [
        "journal export r --out made", "journal export r --proof 2 --out made",
        "plan site.yaml --from-inventory -o made",
        "inventory import site.yaml -o made", "pack key -o made",
        "pack make book.yaml --passphrase-from file:pass --one-recipient --no-program -o made",
    ]

    @Test("of eight at once one makes it, and the others say that it is there", arguments: made)
    func atOnce(_ words: String) throws {
        let program = try ran()
        try program.scratch.write("pass", Array("correct horse battery staple\n".utf8))
        let running = try (0..<8).map { _ in try program.start(words) }
        let ends = try running.map { try $0.end() }
        guard ends.contains(where: { $0.status == 0 }) else {
            Issue.record("\(words): \(ends[0])")
            return
        }
        #expect(ends.count { $0.status == 0 } == 1, "\(ends)")
        #expect(ends.allSatisfy { $0.status == 0 || $0.said.lowercased().contains("exists") }, "\(ends)")
        let left = try FileManager.default.contentsOfDirectory(atPath: program.scratch.path)
        #expect(!left.contains { $0.contains(".part") }, "\(left)")
    }

    @Test("a link in its place is left as it is, and so is what it leads to", arguments: made)
    func link(_ words: String) throws {
        let program = try ran()
        try program.scratch.write("pass", Array("correct horse battery staple\n".utf8))
        for target in ["theirs", "nowhere"] {
            try program.scratch.write("theirs", Array("kept".utf8))
            _ = try shell("rm -f made nowhere; ln -s \(target) made", in: program.scratch.path)
            let said = try program(words)
            #expect(said.status != 0 && said.stderr.lowercased().contains("exists"), "\(said)")
            #expect(try program.scratch.text("theirs") == "kept")
            #expect(try shell("test -L made && ! test -e nowhere", in: program.scratch.path).status == 0)
        }
    }

    @Test("a disk without room leaves nothing of it")
    func fullDisk() throws {
        let program = try ran()
        let made = try shell(
            "ulimit -f 0; trap '' XFSZ; '\(Program.executable)' inventory import site.yaml -o made",
            in: program.scratch.path, environment: program.environment)
        #expect(made.status != 0)
        let left = try FileManager.default.contentsOfDirectory(atPath: program.scratch.path)
        #expect(!left.contains { $0.hasPrefix("made") }, "\(left)")
    }

    @Test("init: of eight at once one writes the site, and no link is followed")
    func initAtOnce() throws {
        let program = try Program()
        let ends = try (0..<8).map { _ in try program.start("init new") }.map { try $0.end() }
        #expect(ends.count { $0.status == 0 } <= 1)
        #expect(ends.allSatisfy { $0.status == 0 || $0.said.contains("exists already") }, "\(ends)")
        _ = try shell("mkdir other; ln -s ../theirs other/inventory.yaml", in: program.scratch.path)
        let said = try program("init other")
        #expect(said.status == 64 && said.stderr.contains("other/inventory.yaml` exists already"), "\(said)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(program.scratch.path)/other").count == 1)
        #expect(!FileManager.default.fileExists(atPath: "\(program.scratch.path)/theirs"))
    }

    @Test(
        "a run folder in which something leads elsewhere is not written to",
        arguments: ["journal.lock", "journal.reserve", "runbook.yaml", "outputs", "allowed_signers"])
    func linkInRun(_ name: String) throws {
        let program = try ran()
        try program.scratch.write("theirs", Array("kept".utf8))
        // A name that is free, in a folder of our own.
        _ = try shell(
            "mkdir home/runs/n; ln -s '\(program.scratch.path)/theirs' home/runs/n/\(name)", in: program.scratch.path)
        let begun = try program("run book.yaml --run-id n -y --no-input")
        #expect(begun.status == 1 && begun.stderr.contains("\(name)` is a link"), "\(begun)")
        // A run that came from somebody else.
        _ = try shell(
            "cp -r home/runs/r copy; rm -rf copy/\(name); ln -s '\(program.scratch.path)/theirs' copy/\(name)",
            in: program.scratch.path)
        _ = try program("resume ./copy --no-input")
        #expect(try program.scratch.text("theirs") == "kept")
    }

    @Test("a run is not begun in a folder that everybody may write to")
    func shared() throws {
        let program = try Program(Self.site)
        _ = try shell("mkdir -p home/runs/n; chmod 777 home/runs/n", in: program.scratch.path)
        let said = try program("run book.yaml --run-id n -y --no-input")
        #expect(said.status == 1 && said.stderr.contains("everybody may write to it"), "\(said)")
    }
}
