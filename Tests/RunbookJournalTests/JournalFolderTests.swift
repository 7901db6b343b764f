import Glibc
import RunbookJournal
import TestTools
import Testing

/// The journal on a real disk, checked with the tools that an administrator has.
@Suite struct JournalFolderTests {
    private let wall = Sample.wall

    private func create(_ folder: String) throws -> JournalWriter {
        try JournalWriter.create(
            folder: folder, opening: Sample.opening, operator: Sample.alice(), uptime: 0, wall: wall)
    }

    private func resume(_ folder: String) throws -> (JournalWriter, [JournalEntry]) {
        try JournalWriter.resume(
            folder: folder, opening: Sample.session, operator: Sample.bob(), uptime: 0, wall: wall)
    }

    @Test("a journal is made in folders of its own, readable by its owner only, with a reserve beside it")
    func files() throws {
        let scratch = try Scratch()
        let folder = "\(scratch.path)/runs/R1"
        let writer = try create(folder)
        defer { writer.close() }
        let listing = try shell("stat -c '%n %a %s' journal.jsonl journal.reserve; stat -c %a . ..", in: folder).output
        let size = try JournalReader.contents(of: "\(folder)/journal.jsonl").count
        #expect(listing == "journal.jsonl 600 \(size)\njournal.reserve 600 1048576\n700\n700\n")
        let blocks = try #require(Int(try shell("stat -c %b journal.reserve", in: folder).output.dropLast()))
        #expect(blocks * 512 >= 1_048_576)
    }

    @Test("a second run of the same name is refused, and the first is left alone")
    func exists() throws {
        let scratch = try Scratch()
        let writer = try create(scratch.path)
        let bytes = try scratch.read("journal.jsonl")
        #expect(throws: JournalFault.exists(path: "\(scratch.path)/journal.jsonl")) { try create(scratch.path) }
        try writer.append([Sample.step("a")], uptime: 1, wall: wall)
        #expect(Array(try scratch.read("journal.jsonl").prefix(bytes.count)) == bytes)
    }

    @Test("there is nothing to resume where no journal is")
    func absent() throws {
        let scratch = try Scratch()
        #expect(throws: JournalFault.absent(path: "\(scratch.path)/journal.jsonl")) { try resume(scratch.path) }
        #expect(try shell("ls -A", in: scratch.path).output == "")
    }

    @Test("a second writer is refused before any effect, and told who writes")
    func secondWriter() throws {
        let scratch = try Scratch()
        let writer = try create(scratch.path)
        let bytes = try scratch.read("journal.jsonl")
        let path = "\(scratch.path)/journal.jsonl"
        #expect(throws: JournalFault.locked(path: path, pid: Int(getpid()), elsewhere: false)) {
            try resume(scratch.path)
        }
        #expect(try scratch.read("journal.jsonl") == bytes)
        try writer.append([Sample.step("a")], uptime: 1, wall: wall)
        writer.close()
        let (resumed, entries) = try resume(scratch.path)
        #expect(entries.count == 3)
        resumed.close()
    }

    @Test("a lock is known by its holder: another process, or one on another machine")
    func foreignLock() throws {
        let scratch = try Scratch()
        try create(scratch.path).close()
        let path = "\(scratch.path)/journal.jsonl"
        let descriptor = open("\(scratch.path)/journal.lock", O_RDWR)
        defer { close(descriptor) }
        #expect(flock(descriptor, LOCK_EX) == 0)
        try scratch.write("journal.lock", Array("4711 0b0b0b0b-0000\n".utf8))
        #expect(throws: JournalFault.locked(path: path, pid: 4711, elsewhere: true)) { try resume(scratch.path) }
        try scratch.write("journal.lock", [])
        #expect(throws: JournalFault.locked(path: path, pid: nil, elsewhere: false)) { try resume(scratch.path) }
    }

    @Test("a lock file that a killed writer left behind stops nobody")
    func staleLock() throws {
        let scratch = try Scratch()
        try create(scratch.path).close()
        try scratch.write("journal.lock", Array("4711 0b0b0b0b-0000\n".utf8))
        try resume(scratch.path).0.close()
    }

    @Test("a copy of the folder resumes elsewhere, with or without what stands beside the journal")
    func copied() throws {
        let scratch = try Scratch()
        let writer = try create("\(scratch.path)/one")
        try writer.append([Sample.step("a")], uptime: 1, wall: wall)
        #expect(try shell("cp -r one two && mkdir three && cp one/journal.jsonl three/", in: scratch.path).status == 0)
        writer.close()
        for name in ["two", "three"] {
            let (resumed, entries) = try resume("\(scratch.path)/\(name)")
            #expect(entries.count == 3)
            try resumed.seal(closing: true)
            resumed.close()
            let bytes = try JournalReader.contents(of: "\(scratch.path)/\(name)/journal.jsonl")
            #expect(try JournalVerifier.verify(bytes).get().isClosed)
            #expect(try shell("stat -c %s journal.reserve", in: "\(scratch.path)/\(name)").output == "1048576\n")
        }
    }

    @Test("ssh-keygen accepts every seal of a journal, over the lines before it and over nothing else")
    func stockTools() throws {
        let scratch = try Scratch()
        let writer = try create(scratch.path)
        for index in 0..<3 {
            try writer.append([Sample.step("s\(index)"), Sample.step("é\u{7}")], uptime: 1, wall: wall)
            try writer.seal(closing: false)
        }
        writer.close()
        try scratch.write("journal.jsonl", try scratch.read("journal.jsonl") + Array("{\"torn".utf8))
        let (resumed, _) = try resume(scratch.path)
        try resumed.append([Sample.step("z")], uptime: 1, wall: wall)
        try resumed.seal(closing: true)
        resumed.close()

        let bytes = try scratch.read("journal.jsonl")
        #expect(try JournalVerifier.verify(bytes).get().allowedSigners == (try scratch.text("allowed_signers")))
        let entries = try JournalReader.entries(bytes)
        var seals = 0
        for (index, entry) in entries.enumerated() where entry.type == "seal" {
            let by = try #require(entry.fields["by"]?.string)
            func accepts(_ head: String, _ field: String, _ namespace: String) throws -> Bool {
                let signature = try #require(entry.fields[field]?.string)
                try scratch.write(
                    "seal.sig",
                    Array("-----BEGIN SSH SIGNATURE-----\n\(signature)\n-----END SSH SIGNATURE-----\n".utf8))
                return try shell(
                    "\(head) | ssh-keygen -Y verify -f allowed_signers -I \(by) -n \(namespace) -s seal.sig",
                    in: scratch.path
                ).status == 0
            }
            #expect(try accepts("head -n \(index) journal.jsonl", "sig", "blackstart-journal"))
            #expect(try !accepts("head -n \(index - 1) journal.jsonl", "sig", "blackstart-journal"))
            #expect(try !accepts("head -n \(index + 1) journal.jsonl", "sig", "blackstart-journal"))
            #expect(try !accepts("head -n \(index) journal.jsonl", "sig", "file"))
            // An opening announces the key that its operator vouches for.
            let next = (entry.fields["next"] ?? entries[index - 1].fields["next"])?.string
            let root = try #require(entry.fields["root"]?.string)
            let statement =
                "printf 'blackstart root 1\\nrun R1\\nlines \(index)\\nroot \(root)\\nnext \(next ?? "-")\\n'"
            #expect(try accepts(statement, "root_sig", "blackstart-root"))
            seals += 1
        }
        #expect(seals == 6)
    }

    @Test(
        "a run that was killed before its first line was whole never began: its name can be taken",
        arguments: ["", "{\"prev"])
    func neverBegan(_ text: String) throws {
        let scratch = try Scratch()
        let folder = "\(scratch.path)/runs/r"
        _ = try shell("mkdir -p runs/r", in: scratch.path)
        try scratch.write("runs/r/journal.jsonl", Array(text.utf8))
        let writer = try JournalWriter.create(
            folder: folder, opening: Sample.opening, operator: try Sample.alice(), uptime: 0, wall: Sample.wall)
        writer.close()
        #expect(JournalVerifier.verify(try scratch.read("runs/r/journal.jsonl")).broken == nil)
        #expect(throws: JournalFault.exists(path: "\(folder)/journal.jsonl")) {
            try JournalWriter.create(
                folder: folder, opening: Sample.opening, operator: try Sample.alice(), uptime: 0, wall: Sample.wall)
        }
    }
}
