import Foundation
import RunbookJournal
import TestTools
import Testing

/// FIDO tokens, with one in software behind the real ssh-keygen and ssh-agent.
@Suite("A token that a person touches signs as well", .serialized)
struct TokenTests {
    private let scratch: Scratch
    private var environment: [String: String] { ["SSH_SK_PROVIDER": "\(scratch.path)/token.so"] }

    init() throws {
        scratch = try Scratch()
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "token.c").path
        let made = try shell(
            """
            cc=$(command -v clang || command -v cc) &&
            $cc -shared -fPIC -O1 -Wno-deprecated-declarations -o token.so \(source) -lcrypto &&
            ssh-keygen -q -t ed25519-sk -N '' -C dora@ops -f ed && ssh-keygen -q -t ecdsa-sk -N '' -C dora@ops -f ec
            """, in: scratch.path, environment: environment)
        try #require(made.status == 0, "\(made.output)")
    }

    @Test("what stock ssh-keygen signs with it we accept, and nothing else", arguments: ["ed", "ec"])
    func byStock(_ key: String) throws {
        let message = Array("until the pool is up\n".utf8)
        try scratch.write("m", message)
        let signed = try shell("ssh-keygen -Y sign -n file -f \(key) m", in: scratch.path, environment: environment)
        try #require(signed.status == 0, "\(signed.output)")
        let signature = try SSHSIG(armoured: try scratch.read("m.sig"))
        let known = try SSHPublicKey(file: try scratch.read("\(key).pub"))
        #expect(signature.publicKey == known && known.kind.isOfToken)
        #expect(signature.isValid(message: message) && !signature.isValid(message: message + [0]))
        // Flags and counter are signed: they are the last five bytes.
        for back in 1...5 {
            var blob = signature.blob
            blob[blob.count - back] ^= 1
            #expect(try !SSHSIG(blob: blob).isValid(message: message))
        }
    }

    @Test("through an agent it opens a session, and ssh-keygen accepts the seal", arguments: ["ed", "ec"])
    func operates(_ name: String) throws {
        let agent = try Agent(scratch, options: "-P '\(scratch.path)/*'")
        var environment = environment
        environment["SSH_AUTH_SOCK"] = agent.socket
        let added = try shell("ssh-add -q -S $PWD/token.so \(name)", in: scratch.path, environment: environment)
        try #require(added.status == 0, "\(added.output)")
        let found = try OperatorKeyStore.resolve(
            flag: nil, environment: ["SSH_AUTH_SOCK": agent.socket], home: "\(scratch.path)/home", useAgent: true)
        #expect(found.key.principal == "dora@ops" && found.key.publicKey.kind.isOfToken)
        let writer = try JournalWriter.create(
            folder: "\(scratch.path)/run", opening: Sample.opening, operator: found.key, uptime: 0, wall: Sample.wall)
        try writer.append([Sample.step("a")], uptime: 1, wall: Sample.wall)
        try writer.seal(closing: true)
        writer.close()
        let report = try JournalVerifier.verify(try scratch.read("run/journal.jsonl")).get()
        #expect(report.sessions.map(\.fingerprint) == [found.key.publicKey.fingerprint])
        let script = try shell("sh verify-journal.sh journal.jsonl allowed_signers", in: "\(scratch.path)/run")
        #expect(script.status == 0, "\(script.output)")
    }
}
