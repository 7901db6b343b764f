import Glibc
import RunbookJournal
import TestTools
import Testing

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

    @Test("signers that are listed in the same instant are all listed")
    func listedAtOnce() async throws {
        let scratch = try Scratch()
        let keys = try (0..<24).map { try Ed25519Key(principal: "p\($0)@ops") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for key in keys {
                group.addTask { try OperatorKeyStore.trust(key, home: "\(scratch.path)/home") }
            }
            try await group.waitForAll()
        }
        let list = try scratch.text("home/keys/allowed_signers")
        #expect(keys.allSatisfy { list.contains("\($0.principal) ") }, "\(list)")
    }

    @Test("a signer is listed once, after what people wrote into the list by hand")
    func listed() throws {
        let scratch = try Scratch()
        _ = try shell("mkdir -p home/keys && printf '# ours' >home/keys/allowed_signers", in: scratch.path)
        let alice = try Sample.alice()
        for _ in 0..<2 { try OperatorKeyStore.trust(alice, home: "\(scratch.path)/home") }
        #expect(
            try scratch.text("home/keys/allowed_signers")
                == "# ours\nalice@ops namespaces=\"blackstart-journal,blackstart-root,blackstart-approval,blackstart-by-hand\" \(alice.publicKey.text)\n"
        )
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
