import Foundation
import TestTools
import Testing

@Suite("pack: one encrypted file for an emergency", .serialized)
struct PackCommandTests {
    private static let files = [
        "north/book.yaml": """
        version: 1
        name: Bring it up
        inventory: ../hosts/inventory.yaml
        secrets: { pool: { from: file, path: pool-key } }
        steps:
        - { id: one, name: One, hosts: h, script: scripts/one.sh }
        - { id: two, name: Two, hosts: h, needs: [one], copy: { from: files/motd, to: /etc/motd } }
        - { id: rest, name: The rest, needs: [two], uses: parts/rest.yaml }
        """,
        "north/parts/rest.yaml": """
        version: 1
        name: The rest
        inventory: inventory.yaml
        steps:
        - { id: three, name: Three, hosts: h, run: "true" }
        """,
        "north/scripts/one.sh": "#!/bin/sh\necho one\n",
        "north/files/motd": "hello\n",
        "hosts/inventory.yaml": """
        version: 1
        name: One host
        allowed_signers: who
        defaults: { known_hosts: known, identity_file: ~/.ssh/emergency }
        hosts:
          h: { kind: physical, address: 10.0.0.1, user: root }
          i: { kind: physical, address: 10.0.0.2, user: root, known_hosts: ~/.ssh/known_others }
        """,
        "hosts/known": "10.0.0.1 ssh-ed25519 AAAA\n",
        "hosts/who": "ops namespaces=\"x\" ssh-ed25519 AAAA\n",
        ".ssh/known_others": "10.0.0.2 ssh-ed25519 AAAA\n",
        ".ssh/emergency-cert.pub": "ssh-ed25519-cert-v01@openssh.com AAAA\n",
        ".ssh/emergency": "-----BEGIN OPENSSH PRIVATE KEY-----\n",
    ]

    private static let packed = [
        "CONTENTS", "README.txt", "elsewhere/home/.ssh/emergency-cert.pub",
        "elsewhere/home/.ssh/known_others", "site/hosts/inventory.yaml", "site/hosts/known",
        "site/hosts/who", "site/north/book.yaml", "site/north/files/motd", "site/north/parts/rest.yaml",
        "site/north/scripts/one.sh",
    ]

    /// A site, and two keys whose public halves lie in `keys`.
    private func site(_ more: [String: String] = [:]) throws -> Program {
        let program = try Program(Self.files.merging(more) { $1 })
        chmod("\(program.scratch.path)/north/scripts/one.sh", 0o750)
        var keys = ""
        for name in ["k1", "k2"] { keys += try program("pack key -o \(name)").stdout }
        try program.scratch.write("keys", Array(keys.utf8))
        return program
    }

    private func make(_ program: Program, _ more: String = "") throws -> Said {
        try program("pack make north/book.yaml --recipients-file keys --no-program -o north.age \(more)")
    }

    @Test("what goes in comes out, byte for byte, with its modes; with this program and with the stock ones")
    func roundTrip() throws {
        let program = try site()
        let made = try make(program)
        #expect(made.status == 0, "\(made.stderr)")
        for key in ["k1", "k2"] {
            let opened = try program("pack open north.age --identity \(key) -o \(key)-out")
            #expect(opened.status == 0, "\(opened.stderr)")
        }
        let said = try shell(
            """
            set -e
            mkdir stock; age -d -i k2 north.age | tar x -C stock
            diff -r stock k1-out; diff -r k1-out k2-out
            cd k1-out; sha256sum -c --quiet --strict CONTENTS
            diff -r north ../north 2>/dev/null || diff -r site/north ../north; diff -r site/hosts ../hosts
            cmp elsewhere/home/.ssh/known_others ../.ssh/known_others
            stat -c %a site/north/scripts/one.sh ../stock/site/north/scripts/one.sh
            find . -type f | cut -c3- | LC_ALL=C sort
            """, in: program.scratch.path)
        #expect(said.status == 0)
        #expect(said.output.split(separator: "\n").map(String.init) == ["750", "750"] + Self.packed)
        let page = try program.scratch.text("k1-out/README.txt")
        for words in [
            "EMERGENCY PACK", "blackstart plan site/north/book.yaml -i site/hosts/inventory.yaml",
            "mkdir -p ~/.ssh && cat elsewhere/home/.ssh/known_others >> ~/.ssh/known_others", "    ~/.ssh/emergency\n",
            "    pool: the file pool-key\n",
        ] { #expect(page.contains(words), "\(words)") }
        // What came out is a site that the program takes.
        #expect(try program("plan k1-out/site/north/book.yaml -i k1-out/site/hosts/inventory.yaml").status == 0)
    }

    @Test("the program is in it, and runs from there with nothing but its own libraries")
    func program() throws {
        let program = try site()
        let made = try program("pack make north/book.yaml --recipients-file keys -o north.age")
        #expect(made.status == 0, "\(made.stderr)")
        #expect(try program("pack open north.age --identity k1 -o out").status == 0)
        let said = try shell(
            """
            cd out && cmp blackstart \(Program.executable) && LD_LIBRARY_PATH=lib ./blackstart --version >/dev/null &&
            LD_LIBRARY_PATH=$PWD/lib ldd blackstart | awk '$3 ~ /^\\// { print $3 }' | grep -v "^$PWD/lib/" |
            grep -vE '/(libc|libm|libresolv)\\.so'
            """, in: program.scratch.path)
        #expect(said.output == "")
    }

    @Test("fixtures and the journals of drills go along")
    func drills() throws {
        let program = try site(["site.yaml": "version: 1\nname: All well\nhosts: { h: { answers: [{ run: '*' }] } }\n"])
        let run = try program("dry-run north/book.yaml --fixture site.yaml --run-id drill -y --no-input")
        #expect(run.status == 0, "\(run.stdout)\(run.stderr)")
        let made = try make(program, "--fixture site.yaml --run drill")
        #expect(made.status == 0, "\(made.stderr)")
        #expect(try program("pack open north.age --identity k1 -o out").status == 0)
        let verified = try program("journal verify out/runs/drill")
        #expect(verified.status == 0, "\(verified.stdout)\(verified.stderr)")
        let again = try program(
            "dry-run out/site/north/book.yaml -i out/site/hosts/inventory.yaml --fixture out/fixtures/site.yaml -y --no-input"
        )
        #expect(again.status == 0, "\(again.stdout)\(again.stderr)")
    }

    @Test("nothing but the pack is opened to be written, and what is written is not in plain text")
    func noPlainText() throws {
        let program = try site()
        let said = try said(
            by: [
                "/usr/bin/strace", "-f", "-qq", "-o", "trace", "-e",
                "trace=open,openat,openat2,creat,mkdir,mkdirat,memfd_create",
                Program.executable, "pack", "make", "north/book.yaml", "--recipients-file", "keys", "--no-program",
                "-o",
                "north.age",
            ], in: program.scratch.path, environment: program.environment)
        #expect(said.status == 0, "\(said.stderr)")
        let writes = try program.scratch.text("trace").split(separator: "\n").filter { line in
            ["O_WRONLY", "O_RDWR", "O_CREAT", "creat(", "mkdir", "memfd"].contains { line.contains($0) }
                && !line.contains("/dev/null") && !line.contains(" = -1 ")
        }
        #expect(writes.count == 1 && writes.allSatisfy { $0.contains("north.age.part-") }, "\(writes)")
        #expect(try program.scratch.read("north.age").firstRange(of: Array("Bring it up".utf8)) == nil)
    }

    @Test(
        "a pack that nobody or only one could open is refused, and says what to do",
        arguments: [
            ("", "nobody could open the pack: it has no recipient"),
            ("--recipient FIRST", "one key alone would open the pack: with that key the pack is lost"),
            (
                "--recipient FIRST --recipient FIRST",
                "one key alone would open the pack: with that key the pack is lost"
            ),
            ("--passphrase-from env:P", "one passphrase alone would open the pack: whoever knows it may be away"),
            (
                "--passphrase-from env:P --recipients-file keys --one-recipient",
                "a passphrase can't stand beside other recipients: the format of age does not allow it"
            ),
            ("--recipient age1x --recipient FIRST", "`age1x`: it is no public key of age (a letter may be wrong)"),
            (
                "--recipient AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
                "`--recipient`: it is a private key: the public one begins with `age1`"
            ),
            ("--recipients-file none", "can't read `none`: no such file or directory"),
        ])
    func fewKeys(_ options: String, _ words: String) throws {
        let program = try site()
        let key = try program.scratch.text("keys").split(separator: "\n")[0]
        let said = try program(
            "pack make north/book.yaml --no-program -o north.age \(options.replacingOccurrences(of: "FIRST", with: key))"
        )
        #expect(said.status == 64)
        #expect(said.stderr.hasPrefix("blackstart: error: \(words)\n"), "\(said.stderr)")
        #expect(access("\(program.scratch.path)/north.age", F_OK) != 0)
    }

    @Test("one key is enough where somebody says so")
    func oneKey() throws {
        let program = try site()
        let key = try program.scratch.text("keys").split(separator: "\n")[0]
        let said = try program("pack make north/book.yaml --no-program -o a.age --one-recipient --recipient \(key)")
        #expect(said.status == 0, "\(said.stderr)")
        #expect(try program("pack open a.age --identity k1 -o out").status == 0)
        #expect(try program("pack open a.age --identity k2 -o other").status == 65)
    }

    @Test(
        "private keys, and a site that could not be told from another, are not packed",
        arguments: [
            (["north/files/motd": "-----BEGIN PRIVATE KEY-----\n"], "holds a private key, and a pack holds none"),
            (["hosts/known": ""], nil),
            (["hosts/who": "AGE-SECRET-KEY-1X"], "holds a private key, and a pack holds none"),
        ] as [([String: String], String?)])
    func secrets(_ files: [String: String], _ words: String?) throws {
        let program = try site(files)
        if words == nil { unlink("\(program.scratch.path)/hosts/known") }
        let said = try make(program)
        #expect(said.status == 65)
        #expect(
            said.stderr.contains(words ?? "with the pack nobody could tell h from another machine"), "\(said.stderr)")
        #expect(access("\(program.scratch.path)/north.age", F_OK) != 0)
    }

    @Test("what can't be opened says why, ends with 65, and leaves nothing behind")
    func refused() throws {
        let program = try site()
        #expect(try make(program).status == 0)
        let whole = try program.scratch.read("north.age")
        var flipped = whole
        flipped[whole.count - 5] ^= 1
        var header = whole
        header[40] ^= 1
        _ = try program("pack key -o other")
        let rows: [([UInt8], String, String)] = [
            (flipped, "k1", "it is damaged or was changed (part 1 does not fit its seal)"),
            (Array(whole.prefix(whole.count - 1)), "k1", "it is damaged or was changed (part 1 does not fit its seal)"),
            (Array(whole.prefix(100)), "k1", "its end is missing"),
            (Array("hello".utf8), "k1", "it is no age file (it does not begin with `age-encryption.org/v1`)"),
            (whole, "other", "none of the given keys opens it"),
            (try sealedText(program), "k1", "what is inside is no archive of a pack: its end is missing"),
        ]
        let before = try FileManager.default.contentsOfDirectory(atPath: program.scratch.path).sorted()
        for (bytes, key, words) in rows {
            try program.scratch.write("north.age", bytes)
            let said = try program("pack open north.age --identity \(key) -o out")
            #expect(said.status == 65 && said.stdout == "")
            #expect(said.stderr.hasPrefix("blackstart: error: `north.age`: \(words)\n"), "\(said.stderr)")
        }
        try program.scratch.write("north.age", header)
        #expect(try program("pack open north.age --identity k1 -o out").status == 65)
        try program.scratch.write("north.age", whole)
        let unnamed = try program("pack open north.age -o out")
        #expect(
            unnamed
                == Said(
                    65, "",
                    "blackstart: error: `north.age`: it opens with a key, not with a passphrase\n"
                        + "blackstart: hint: name the file with the private key: `--identity FILE`\n"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: program.scratch.path).sorted() == before)
        #expect(try program("pack open north.age --identity k1 -o hosts").status == 64)
        #expect(try make(program).status == 64)
    }

    /// An age file that is no pack.
    private func sealedText(_ program: Program) throws -> [UInt8] {
        _ = try shell("echo hello | age -R keys -o text.age", in: program.scratch.path)
        defer { unlink("\(program.scratch.path)/text.age") }
        return try program.scratch.read("text.age")
    }

    @Test("a passphrase is asked for at the terminal, and not shown")
    func passphrase() throws {
        let program = try site(["phrase": "correct horse battery\n", "short": "eleven char\n"])
        let options = "pack make north/book.yaml --no-program --one-recipient -o north.age --passphrase-from"
        let short = try program("\(options) file:short")
        #expect(short.status == 64 && short.stderr.contains("it needs 12 at least"), "\(short.stderr)")
        #expect(try program("\(options) file:phrase").status == 0)
        let terminal = try Terminal(program, "pack open north.age -o out")
        try terminal.wait(for: "passphrase: ")
        try terminal.type("correct horse battery\n")
        let end = try terminal.end()
        #expect(end.status == 0 && !end.shown.contains("horse"), "\(end.shown)")
        #expect(try program.scratch.text("out/site/north/files/motd") == "hello\n")
    }

    @Test("the key that it makes is one of age-keygen's, and only its owner can read it")
    func key() throws {
        let program = try site()
        let said = try shell(
            "stat -c %a k1; age-keygen -y k1 k2 2>/dev/null || age-keygen -y k1", in: program.scratch.path)
        #expect(said.output == "600\n\(try program.scratch.text("keys").split(separator: "\n")[0])\n")
        #expect(try program("pack key -o k1").status == 64)
    }
}
