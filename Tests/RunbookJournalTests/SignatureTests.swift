import Foundation
import RunbookJournal
import TestTools
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
        arguments: [
            ("ed25519", "256"), ("ecdsa", "256"), ("ecdsa", "384"), ("ecdsa", "521"), ("rsa", "2048"), ("rsa", "3072"),
            ("rsa", "4096"),
        ])
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

    @Test("a key that is too weak, or that can't be verified, is named")
    func unsuitable() throws {
        let scratch = try Scratch()
        _ = try shell("ssh-keygen -q -t rsa -b 1024 -N '' -f k", in: scratch.path)
        #expect(throws: KeyFault.unsuitableModulus(bits: 1_024)) { try SSHPublicKey(file: try scratch.read("k.pub")) }
        let dsa = "ssh-dss AAAAB3NzaC1kc3M="
        #expect(throws: KeyFault.unsupportedKeyType("ssh-dss")) { try SSHPublicKey(text: dsa) }
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

    @Test("an RSA key that is written in another way is no other key, by us and by the script")
    func padded() throws {
        let scratch = try Scratch()
        _ = try shell("ssh-keygen -q -t rsa -b 2048 -N '' -f k", in: scratch.path)
        let plain = try #require(try scratch.text("k.pub").split(separator: " ").dropFirst().first)
        let blob = [UInt8](try #require(Data(base64Encoded: String(plain))))
        // ssh-rsa, e, n: a zero more before n.
        let at = blob.count - 257 - 4
        let padded = Array(blob[..<at]) + [0, 0, 1, 2, 0] + blob[(at + 4)...]
        for (bytes, isKey) in [(blob, true), (padded, false), (blob + [0], false)] {
            let text = "ssh-rsa \(Data(bytes).base64EncodedString())"
            #expect((try? SSHPublicKey(text: text)) != nil || !isKey)
            let said = try shell(
                "work=.\n\(VerifyScript.lineFunctions)\n\(VerifyScript.signatureFunctions)\nis_key '\(text)'",
                in: scratch.path)
            #expect((said.status == 0) == isKey, "\(said.output)")
        }
    }
}
