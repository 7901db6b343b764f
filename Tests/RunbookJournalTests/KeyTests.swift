import Foundation
import RunbookJournal
import Testing

@Suite struct SignatureTests {
    private let message = Array("{\"seq\":0}\n".utf8)
    private let blob = """
        53534853494700000001000000330000000b7373682d656432353531390000002003a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d\
        5f1ddc8664125531b800000012626c61636b73746172742d6a6f75726e616c0000000000000006736861353132000000530000000b737368\
        2d6564323535313900000040bccb244a73b17b13ed59033c4e1b421d71ebd2e438b255d9a8c3189f97e33e157538f3e235dd178ec060a28d\
        ff5e41aa94802afec51e6489c312317d88702e02
        """

    @Test("a signature over a known message is bytewise the known one, and stock OpenSSH's armour of it is read")
    func knownAnswer() throws {
        // Ed25519 leaves no choice: the same key, the same bytes.
        let key = try Sample.alice()
        let made = try SSHSIG.make(digest: Digest.sha512(message), namespace: "blackstart-journal", key: key)
        let known = try SSHSIG(blob: try #require(Hex.decode(blob.utf8)))
        #expect(made.blob.hex == blob)
        #expect(known == made)
        #expect(known.isValid(message: message))
        #expect(!known.isValid(message: message + [0]))
        #expect(try SSHSIG(armoured: Array(known.armoured.utf8)) == known)
        #expect(
            SSHSIG.toBeSigned(namespace: "blackstart-journal", digest: Digest.sha512(message)).hex.hasPrefix(
                "53534853494700000012626c61636b73746172742d6a6f75726e616c000000000000000673686135313200000040585b69f800"
            ))
    }

    @Test("every bit that flips in a signature is refused")
    func everyBit() throws {
        let bytes = try #require(Hex.decode(blob.utf8))
        for index in bytes.indices {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[index] ^= 1 << bit
                let signature = try? SSHSIG(blob: flipped)
                let isSame =
                    signature?.namespace == "blackstart-journal"
                    && signature?.publicKey == (try? Sample.alice().publicKey)
                #expect(!(isSame && signature?.isValid(message: message) == true), "byte \(index), bit \(bit)")
            }
        }
        #expect(throws: KeyFault.malformedSignature) { try SSHSIG(blob: bytes + [0]) }
        for length in bytes.indices { #expect(throws: KeyFault.self) { try SSHSIG(blob: Array(bytes[..<length])) } }
    }

    @Test(
        "signatures of ssh-keygen are accepted, of every kind of key that can be verified",
        arguments: [("ed25519", "256"), ("ecdsa", "256"), ("ecdsa", "384"), ("ecdsa", "521")])
    func fromStock(type: String, bits: String) throws {
        let scratch = try Scratch()
        try scratch.write("m", message)
        let made = try shell(
            "ssh-keygen -q -t \(type) -b \(bits) -N '' -f k && ssh-keygen -Y sign -n blackstart-journal -f k m",
            in: scratch.path)
        #expect(made.status == 0, "\(made.output)")
        let signature = try SSHSIG(armoured: try scratch.read("m.sig"))
        #expect(signature.isValid(message: message))
        #expect(!signature.isValid(message: message + [1]))
        let fingerprint = try shell("ssh-keygen -l -f k.pub", in: scratch.path).output
        #expect(fingerprint.contains(" \(signature.publicKey.fingerprint) "))
    }

    @Test("a key that can't be verified yet is named")
    func unsupported() throws {
        let scratch = try Scratch()
        _ = try shell("ssh-keygen -q -t rsa -b 2048 -N '' -f k", in: scratch.path)
        let text = try scratch.text("k.pub").split(separator: " ").prefix(2).joined(separator: " ")
        #expect(throws: KeyFault.unsupportedKeyType("ssh-rsa")) { try SSHPublicKey(text: text) }
    }
}

@Suite struct PrivateKeyTests {
    @Test("a key file of ours is read by ssh-keygen, which signs with it")
    func readByStock() throws {
        let scratch = try Scratch()
        let key = try Sample.alice()
        try scratch.write("k", Array(OpenSSHPrivateKey.text(key, comment: "alice@ops").utf8))
        let shown = try shell("ssh-keygen -y -f k", in: scratch.path)
        #expect(shown.output == "\(key.publicKey.text) alice@ops\n")
        try scratch.write("m", [1, 2, 3])
        #expect(try shell("ssh-keygen -Y sign -n file -f k m", in: scratch.path).status == 0)
        let signature = try SSHSIG(armoured: try scratch.read("m.sig"))
        #expect(signature.publicKey == key.publicKey)
        #expect(signature.isValid(message: [1, 2, 3]))
    }

    @Test(
        "a key file of ssh-keygen is read by us, whatever its comment",
        arguments: ["", "a", "alice@ops", "long comment, with é"])
    func readByUs(comment: String) throws {
        let scratch = try Scratch()
        let made = try shell("ssh-keygen -q -t ed25519 -N '' -C '\(comment)' -f k", in: scratch.path)
        #expect(made.status == 0, "\(made.output)")
        let (seed, read) = try OpenSSHPrivateKey.parse(try scratch.read("k"), path: "k")
        #expect(read == comment)
        let key = try Ed25519Key(seed: seed, principal: "x")
        #expect(try scratch.text("k.pub").hasPrefix(key.publicKey.text))
    }

    @Test("a key file that can't be used says why")
    func refused() throws {
        let scratch = try Scratch()
        _ = try shell(
            """
            ssh-keygen -q -t ed25519 -N secret -f locked; ssh-keygen -q -t ecdsa -N '' -f ecdsa
            ssh-keygen -q -t rsa -b 2048 -m PEM -N secret -f pem
            """, in: scratch.path)
        func parse(_ name: String) throws { _ = try OpenSSHPrivateKey.parse(try scratch.read(name), path: name) }
        #expect(throws: KeyFault.encryptedPrivateKey(path: "locked")) { try parse("locked") }
        #expect(throws: KeyFault.malformedPrivateKey(path: "ecdsa")) { try parse("ecdsa") }
        #expect(throws: KeyFault.encryptedPrivateKey(path: "pem")) { try parse("pem") }
        let text = Array(OpenSSHPrivateKey.text(try Sample.alice(), comment: "c").utf8)
        for length in text.indices.dropLast(1) {
            #expect(throws: KeyFault.malformedPrivateKey(path: "k")) {
                try OpenSSHPrivateKey.parse(Array(text[..<length]), path: "k")
            }
        }
    }
}

/// A real ssh-agent, ended by its id.
private final class Agent {
    let socket: String
    private let pid: pid_t

    init(_ scratch: Scratch) throws {
        socket = "\(scratch.path)/agent"
        // It goes to the background once it listens.
        let started = try shell("ssh-agent -s -a '\(socket)'", in: scratch.path)
        let digits = try #require(started.output.firstMatch(of: /SSH_AGENT_PID=([0-9]+)/)).1
        pid = try #require(pid_t(String(digits)))
    }

    deinit { kill(pid, SIGTERM) }
}

@Suite struct AgentTests {
    @Test("a key in a real ssh-agent signs a journal that ssh-keygen accepts, and is found without being named")
    func signs() throws {
        let scratch = try Scratch()
        let agent = try Agent(scratch)
        let environment = ["SSH_AUTH_SOCK": agent.socket]
        let added = try shell(
            """
            ssh-keygen -q -t rsa -b 2048 -N '' -f r && ssh-keygen -q -t ed25519 -N '' -C carol@ops -f k
            ssh-add -q r && ssh-add -q k && rm k
            """, in: scratch.path, environment: environment)
        #expect(added.status == 0, "\(added.output)")
        #expect(try SSHAgent(path: agent.socket).identities().map(\.comment).contains("carol@ops"))

        let found = try OperatorKeyStore.resolve(
            flag: nil, environment: environment, home: "\(scratch.path)/home", useAgent: true)
        #expect(found.source == .agent(path: agent.socket))
        #expect(found.madeAt == nil)
        #expect(found.key.principal == "carol@ops")
        #expect(try scratch.text("k.pub").hasPrefix(found.key.publicKey.text))
        let writer = try JournalWriter.create(
            folder: "\(scratch.path)/run", opening: Sample.opening, operator: found.key, uptime: 0, wall: Sample.wall)
        writer.close()
        let entries = try JournalReader.entries(try scratch.read("run/journal.jsonl"))
        let signature = try #require(entries[1].fields["sig"]?.string)
        try scratch.write(
            "seal.sig", Array("-----BEGIN SSH SIGNATURE-----\n\(signature)\n-----END SSH SIGNATURE-----\n".utf8))
        let checked = try shell(
            """
            head -n 1 run/journal.jsonl \
            | ssh-keygen -Y verify -f run/allowed_signers -I carol@ops -n blackstart-journal -s seal.sig
            """, in: scratch.path)
        #expect(checked.status == 0, "\(checked.output)")

        // A public key that is named stands for its private half in the agent.
        let named = try OperatorKeyStore.resolve(
            flag: "\(scratch.path)/k.pub", environment: environment, home: scratch.path, useAgent: true)
        #expect(named.key.publicKey == found.key.publicKey)
        #expect(throws: KeyFault.agentAbsent) {
            try OperatorKeyStore.resolve(
                flag: "\(scratch.path)/k.pub", environment: environment, home: scratch.path, useAgent: false)
        }
        _ = try shell("ssh-add -q -d k.pub", in: scratch.path, environment: environment)
        #expect(throws: KeyFault.agentLacksKey(fingerprint: found.key.publicKey.fingerprint)) {
            try OperatorKeyStore.resolve(
                flag: "\(scratch.path)/k.pub", environment: environment, home: scratch.path, useAgent: true)
        }
        #expect(throws: KeyFault.agentRefused) { try found.key.sign([1]) }
    }

    @Test("an agent that is not there is passed over")
    func absent() throws {
        let scratch = try Scratch()
        let found = try OperatorKeyStore.resolve(
            flag: nil, environment: ["SSH_AUTH_SOCK": "\(scratch.path)/none"], home: scratch.path, useAgent: true)
        #expect(found.madeAt == "\(scratch.path)/keys/operator")
    }
}

@Suite struct OperatorKeyStoreTests {
    private func resolve(
        _ scratch: Scratch, flag: String? = nil, variable: String? = nil, principal: String? = nil
    ) throws -> OperatorKeyStore.Found {
        try OperatorKeyStore.resolve(
            flag: flag, environment: variable.map { [OperatorKeyStore.variable: $0] } ?? [:],
            home: "\(scratch.path)/home",
            useAgent: false, principal: principal)
    }

    @Test("a key is made on first use, told so once, and trusted by its own store")
    func made() throws {
        let scratch = try Scratch()
        let first = try resolve(scratch)
        #expect(first.madeAt == "\(scratch.path)/home/keys/operator")
        let second = try resolve(scratch)
        #expect(second.madeAt == nil)
        #expect(second.source == .store(path: "\(scratch.path)/home/keys/operator", made: false))
        #expect(second.key.publicKey == first.key.publicKey)
        #expect(second.key.principal == first.key.principal)
        let listing = try shell(
            "stat -c '%n %a' keys keys/*; ssh-keygen -y -f keys/operator", in: "\(scratch.path)/home"
        ).output
        #expect(
            listing == """
                keys 700
                keys/allowed_signers 644
                keys/operator 600
                \(first.key.publicKey.text) \(first.key.principal)

                """)
        let signers = try AllowedSigners(path: OperatorKeyStore.allowedSignersPath(home: "\(scratch.path)/home"))
        for namespace in ["blackstart-journal", "blackstart-approval"] {
            #expect(
                signers.permits(
                    principal: first.key.principal, key: first.key.publicKey, namespace: namespace, at: Sample.wall))
        }
        #expect(
            !signers.permits(
                principal: first.key.principal, key: first.key.publicKey, namespace: "file", at: Sample.wall))
    }

    @Test("the flag comes before the environment, the environment before the store; names come from comments")
    func order() throws {
        let scratch = try Scratch()
        try scratch.write("a", Array(OpenSSHPrivateKey.text(try Sample.alice(), comment: "alice@ops").utf8))
        try scratch.write("b", Array(OpenSSHPrivateKey.text(try Sample.bob(), comment: "no name").utf8))
        let (a, b) = ("\(scratch.path)/a", "\(scratch.path)/b")
        let flagged = try resolve(scratch, flag: a, variable: b)
        #expect(flagged.source == .flag(path: a))
        #expect(flagged.key.principal == "alice@ops")
        #expect(flagged.key.publicKey == (try Sample.alice().publicKey))
        let environment = try resolve(scratch, variable: b)
        #expect(environment.source == .environment(path: b))
        #expect(environment.key.principal.contains("@"))
        #expect(environment.key.principal != "no name")
        #expect(try resolve(scratch, flag: b, principal: "dora@ops").key.principal == "dora@ops")
        #expect(try shell("ls", in: scratch.path).output == "a\nb\n")
    }

    @Test("a key that is named and can't be used is an error, never passed over")
    func unusable() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/k"
        #expect(throws: KeyFault.system(operation: "read", path: path, error: SystemError(ENOENT))) {
            try resolve(scratch, flag: path)
        }
        let text = Array(OpenSSHPrivateKey.text(try Sample.alice(), comment: "").utf8)
        try scratch.write("k", text, mode: 0o644)
        #expect(throws: KeyFault.exposedPrivateKey(path: path)) { try resolve(scratch, flag: path) }
        try scratch.write("k", Array(repeating: 0x41, count: 70_000))
        #expect(throws: KeyFault.tooLarge(path: path, limitBytes: 65_536)) { try resolve(scratch, variable: path) }
        try scratch.write("k", Array("nonsense\n".utf8))
        #expect(throws: KeyFault.malformedPrivateKey(path: path)) { try resolve(scratch, flag: path) }
        #expect(throws: KeyFault.self) { try resolve(scratch, flag: scratch.path) }
    }

    @Test("sessions that start in the same instant share one key")
    func race() async throws {
        let scratch = try Scratch()
        let found = try await withThrowingTaskGroup(of: OperatorKeyStore.Found.self) { group in
            for _ in 0..<8 { group.addTask { try resolve(scratch) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(found.map(\.key.publicKey)).count == 1)
        #expect(found.count { $0.madeAt != nil } == 1)
        #expect(try shell("ls home/keys", in: scratch.path).output == "allowed_signers\noperator\n")
    }

    @Test("a signer is listed once, after what people wrote into the list by hand")
    func listed() throws {
        let scratch = try Scratch()
        _ = try shell("mkdir -p home/keys && printf '# ours' >home/keys/allowed_signers", in: scratch.path)
        let alice = try Sample.alice()
        for _ in 0..<2 { try OperatorKeyStore.trust(alice, home: "\(scratch.path)/home") }
        #expect(
            try scratch.text("home/keys/allowed_signers")
                == "# ours\nalice@ops namespaces=\"blackstart-journal,blackstart-approval\" \(alice.publicKey.text)\n")
    }

    @Test(
        "a signer's name is the key's comment if that is one, else login and machine",
        arguments: [
            ("alice@ops", "alice@ops"), ("", "root@host"), ("my key", "root@host"), ("a@b@c", "root@host"),
            ("@ops", "root@host"), ("*@ops", "root@host"), ("a,b@ops", "root@host"),
        ])
    func names(comment: String, name: String) {
        #expect(Principal.of(comment: comment, login: "root", machine: "host") == name)
        #expect(Principal.of(comment: "", login: "", machine: "\u{1B}[") == "operator@localhost")
    }
}

@Suite struct AllowedSignersTests {
    @Test(
        "a list permits what ssh-keygen permits",
        arguments: [
            ("alice@ops KEY", true), ("alice@ops,bob@ops KEY", true), ("*@ops KEY", true), ("bob@ops KEY", false),
            ("*@ops,!alice@ops KEY", false), ("al?ce@ops KEY comment", true), ("\"alice@ops\" KEY", true),
            ("alice@ops namespaces=\"blackstart-journal\" KEY", true),
            ("alice@ops namespaces=\"file,black*\" KEY", true),
            ("alice@ops namespaces=\"file\" KEY", false), ("alice@ops NAMESPACES=\"blackstart-journal\" KEY", true),
            ("alice@ops valid-after=\"20260114Z\" KEY", true), ("alice@ops valid-after=\"20260116Z\" KEY", false),
            ("alice@ops valid-before=\"20260116Z\",valid-after=\"20260114Z\" KEY", true),
            ("alice@ops valid-before=\"202601150259Z\" KEY", false),
            ("alice@ops valid-before=\"20260115030000Z\" KEY", true), ("# comment\n\n\talice@ops KEY", true),
            ("alice@ops OTHER\nalice@ops KEY", true), ("alice@ops OTHER", false), ("", false),
        ])
    func permits(list: String, isPermitted: Bool) throws {
        let scratch = try Scratch()
        let (alice, bob) = (try Sample.alice(), try Sample.bob())
        let text = list.replacing("KEY", with: alice.publicKey.text).replacing("OTHER", with: bob.publicKey.text)
        try scratch.write("signers", Array("\(text)\n".utf8))
        let signers = try AllowedSigners(path: "\(scratch.path)/signers")
        #expect(
            signers.permits(
                principal: "alice@ops", key: alice.publicKey, namespace: "blackstart-journal", at: 1_768_446_000_123)
                == isPermitted)
        let signature = try SSHSIG.make(digest: Digest.sha512([1]), namespace: "blackstart-journal", key: alice)
        try scratch.write("m.sig", Array(signature.armoured.utf8))
        try scratch.write("m", [1])
        let checked = try shell(
            """
            ssh-keygen -Y verify -f signers -I alice@ops -n blackstart-journal -s m.sig -Overify-time=20260115030000Z <m
            """, in: scratch.path)
        #expect((checked.status == 0) == isPermitted, "\(checked.output)")
    }

    @Test(
        "a line that is not understood is refused with its place",
        arguments: [
            ("alice@ops", .malformed), ("alice@ops ssh-ed25519", .malformed),
            ("alice@ops ssh-ed25519 AAAA", .malformed),
            ("alice@ops \"x KEY", .malformed), ("alice@ops cert-authority KEY", .certificateAuthority),
            ("alice@ops colour=\"red\" KEY", .unknownOption("colour")),
            ("alice@ops valid-after=\"20260230\" KEY", .badTime("20260230")),
            ("alice@ops valid-before=\"soon\" KEY", .badTime("soon")),
        ] as [(String, KeyFault.SignersLineFault)])
    func refused(line: String, fault: KeyFault.SignersLineFault) throws {
        let text = "# signers\n\(line.replacing("KEY", with: try Sample.alice().publicKey.text))\n"
        #expect(throws: KeyFault.signers(path: "s", line: 2, fault)) {
            try AllowedSigners(text: Array(text.utf8), path: "s")
        }
    }
}
