import Foundation
import TestTools
import Testing

/// Something that the program reads, and the words that make it read it: `FILE` stands for it.
struct FileReader: Sendable, CustomTestStringConvertible {
    var name: String
    var words: String

    var testDescription: String { name }

    static let all = [
        FileReader(name: "runbook", words: "check FILE"),
        FileReader(name: "runbook for a plan", words: "plan FILE --output json"),
        FileReader(name: "included runbook", words: "check including.yaml"),
        FileReader(name: "inventory", words: "check book.yaml -i FILE"),
        FileReader(name: "inventory, Ansible or ssh_config", words: "inventory show FILE"),
        FileReader(name: "inventory to import", words: "inventory import FILE"),
        FileReader(name: "fixture", words: "dry-run book.yaml --fixture FILE"),
        FileReader(name: "fixture of a lab", words: "lab up FILE --dir lab"),
        FileReader(name: "lab", words: "lab status --dir labs"),
        FileReader(name: "known_hosts", words: "ready known.yaml --no-input"),
        FileReader(name: "login key", words: "ready key.yaml --no-input"),
        FileReader(name: "script", words: "check script.yaml"),
        FileReader(name: "file to copy", words: "run copy.yaml --no-input -y --run-id NEW"),
        FileReader(name: "secret", words: "run secret.yaml --no-input -y --run-id NEW"),
        FileReader(name: "journal", words: "journal show FILE"),
        FileReader(name: "journal to prove", words: "journal verify FILE"),
        FileReader(name: "journal of a run", words: "status taken"),
        FileReader(name: "journals of all runs", words: "runs"),
        FileReader(name: "run to go on with", words: "resume taken --no-input"),
        FileReader(name: "proof", words: "journal verify --proof FILE"),
        FileReader(name: "allowed signers", words: "journal verify r --allowed-signers FILE"),
        FileReader(name: "operator's key", words: "run book.yaml --no-input -y --run-id NEW --operator-key FILE"),
        FileReader(name: "signature", words: "approve r a --signature FILE --as x@y"),
        FileReader(name: "pack", words: "pack open FILE --identity id -o opened"),
        FileReader(name: "identity", words: "pack open good.pack --identity FILE -o opened"),
        FileReader(name: "recipients", words: "pack make book.yaml --recipients-file FILE --no-program -o packed"),
        FileReader(name: "passphrase", words: "pack open good.pack --passphrase-from file:FILE -o opened"),
        FileReader(name: "snapshot", words: "snapshot -i site.yaml --list"),
    ]
}

/// What may be where a file is expected.
struct OddFile: Sendable {
    var name: String
    /// Shell text that makes `odd`.
    var make: String

    private static func python(_ expression: String) -> String {
        "python3 -c \"import sys; sys.stdout.buffer.write(\(expression))\" > odd"
    }

    static let all = [
        OddFile(name: "absent", make: "true"),
        OddFile(name: "empty", make: ": > odd"),
        OddFile(name: "a folder", make: "mkdir odd"),
        OddFile(name: "a FIFO that nobody writes to", make: "mkfifo odd"),
        OddFile(name: "a device without end", make: "ln -s /dev/zero odd"),
        OddFile(name: "a link to itself", make: "ln -s odd odd"),
        OddFile(name: "NULs", make: python("bytes(5000)")),
        OddFile(name: "no UTF-8", make: python("b'version: 1\\nname: \\xff\\xed\\xa0\\x80\\n'")),
        OddFile(name: "a byte-order mark and CRLF", make: python("b'\\xef\\xbb\\xbfversion: 1\\r\\nname: A\\r\\n'")),
        OddFile(name: "deep brackets", make: python("b'[' * 200000")),
        OddFile(name: "deep braces", make: python("b'{\\x22a\\x22:' * 100000")),
        OddFile(name: "one long line", make: python("b'a' * 3000000")),
        OddFile(name: "many lines", make: python("b'a: -0x8000000000000000\\n' * 10000")),
        OddFile(name: "many digits", make: python("b'{\\x22seq\\x22:' + b'9' * 60000 + b'}\\n'")),
        OddFile(name: "bytes of all kinds", make: python("bytes(range(256)) * 2000")),
    ]
}

/// Whatever stands where a file is expected: it ends with words, soon, and never with a trap.
@Suite("Every reader of files", .serialized)
struct EveryReaderTests {
    private func program() throws -> Program {
        func book(_ step: String, _ more: String = "inventory: site.yaml") -> String {
            "version: 1\nname: B\n\(more)\nsteps: [{ id: a, name: A, hosts: local, \(step) }]\n"
        }
        func site(_ host: String) -> String {
            "version: 1\nname: S\nhosts: { h: { address: 127.0.0.1, port: 1, snapshot: { platform: linux }\(host) } }\n"
        }
        let program = try Program([
            "site.yaml": site(""), "known-site.yaml": site(", known_hosts: odd"),
            "key-site.yaml": site(", identity_file: odd"), "book.yaml": book("run: \"true\""),
            "known.yaml": book("run: \"true\"", "inventory: known-site.yaml").replacing("local", with: "h"),
            "key.yaml": book("run: \"true\"", "inventory: key-site.yaml").replacing("local", with: "h"),
            "script.yaml": book("script: odd"), "copy.yaml": book("copy: { from: odd, to: /nowhere/at/all }"),
            "secret.yaml": book(
                "run: \"cat\", env: { S: \"${{ secrets.s }}\" }",
                "inventory: site.yaml\nsecrets: { s: { from: \"file:odd\" } }"),
            "including.yaml":
                "version: 1\nname: I\ninventory: site.yaml\nsteps: [{ id: a, name: A, runbook: odd }]\n",
            "pass": "correct horse battery staple\n",
        ])
        let made = try shell(
            """
            p='\(Program.executable)'
            $p run book.yaml --run-id r --no-input -y && $p pack key -o id &&
            $p pack make book.yaml --recipient "$(sed -n 's/.*public key: //p' id)" --one-recipient --no-program -o good.pack
            mkdir -p home/runs/taken labs snapshots/h/2026-01-01T000000Z && cp -r home first-home
            """, in: program.scratch.path, environment: program.environment)
        try #require(made.status == 0, "\(made.output)")
        return program
    }

    /// Names under which a file lies that no word names.
    private static let placed = [
        "home/runs/taken/journal.jsonl", "labs/claim", "labs/lab", "snapshots/h/2026-01-01T000000Z/SHA256SUMS",
    ]

    @Test("ends with words, and soon, whatever the file is", arguments: FileReader.all)
    func ends(_ reader: FileReader) throws {
        let program = try program()
        for odd in OddFile.all {
            // A home as at first each time: a run that failed keeps this machine from the next one.
            let links = Self.placed.map { "rm -rf \($0); ln -s '\(program.scratch.path)/odd' \($0)" }
            let made = try shell(
                "rm -rf odd lab opened packed home; cp -r first-home home; \(odd.make); \(links.joined(separator: "; "))",
                in: program.scratch.path)
            try #require(made.status == 0, "\(made.output)")
            let words = reader.words.replacing("FILE", with: "odd").replacing("NEW", with: "n")
            // In bounded memory: what has no end is not read to it.
            let said = try said(
                by: ["/bin/sh", "-c", "ulimit -v 4000000; exec timeout -k 1 30 \"$0\" \"$@\"", Program.executable]
                    + words.split(separator: " ").map(String.init),
                in: program.scratch.path, environment: program.environment)
            let statuses: [Int32] = [0, 1, 2, 3, 4, 5, 6, 7, 64, 65]
            #expect(statuses.contains(said.status), "\(odd.name): \(said.status) \(said.stderr.prefix(500))")
            #expect(!(said.status != 0 && said.stdout.isEmpty && said.stderr.isEmpty), "\(odd.name): no words")
            #expect(said.stderr.utf8.count < 20_000, "\(odd.name): \(said.stderr.utf8.count) bytes")
            #expect(!said.stderr.contains("\u{1B}") && !said.stderr.contains("\0"), "\(odd.name)")
        }
    }
}
