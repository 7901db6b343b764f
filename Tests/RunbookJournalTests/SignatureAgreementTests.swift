import Foundation
import RunbookJournal
import TestTools
import Testing

/// Random messages and namespaces, signed by one side and read by the other. `BLACKSTART_SIGNATURES` tells how many of each.
@Suite("What OpenSSH signs we accept, what we sign OpenSSH accepts, and neither takes a flipped bit", .serialized)
struct SignatureAgreementTests {
    private static let count =
        ProcessInfo.processInfo.environment["BLACKSTART_SIGNATURES"].flatMap { Int($0) } ?? 30
    private static let batch = 50
    private static let namespaces = ["file", "blackstart-journal", "a", "git", "ns@example.org", "é-ü", "x y z"]

    private let scratch: Scratch
    private let seed: UInt64 = 7

    init() throws { scratch = try Scratch() }

    private func makeKeys() throws {
        let made = try shell(
            """
            ssh-keygen -q -t ed25519 -N '' -f ed25519 && ssh-keygen -q -t rsa -b 3072 -N '' -f rsa
            for b in 256 384 521; do ssh-keygen -q -t ecdsa -b $b -N '' -f ecdsa$b; done
            for k in ed25519 ecdsa256 ecdsa384 ecdsa521 rsa; do printf 'me %s\\n' "$(cut -d' ' -f1,2 $k.pub)"; done >signers
            """, in: scratch.path)
        try #require(made.status == 0, "\(made.output)")
    }

    private func message(_ random: inout Random) -> [UInt8] {
        (0..<Int(random.next() % 400)).map { _ in UInt8(truncatingIfNeeded: random.next() >> 11) }
    }

    private func flip(_ bytes: [UInt8], _ random: inout Random) -> [UInt8] {
        guard !bytes.isEmpty else { return [1] }
        var flipped = bytes
        flipped[Int(random.next() % UInt64(bytes.count))] ^= 1 << UInt8(random.next() % 8)
        return flipped
    }

    @Test("theirs by us", arguments: ["ed25519", "ecdsa256", "ecdsa384", "ecdsa521", "rsa"])
    func theirs(_ key: String) throws {
        try makeKeys()
        var random = Random(seed: seed)
        let known = try SSHPublicKey(file: try scratch.read("\(key).pub"))
        for start in stride(from: 0, to: Self.count, by: Self.batch) {
            let size = min(Self.batch, Self.count - start)
            let namespace = Self.namespaces[Int(random.next() % UInt64(Self.namespaces.count))]
            let messages = (0..<size).map { _ in message(&random) }
            for (index, bytes) in messages.enumerated() { try scratch.write("m\(index)", bytes) }
            let names = (0..<size).map { "m\($0)" }.joined(separator: " ")
            let signed = try shell(
                "rm -f m*.sig; ssh-keygen -q -Y sign -n '\(namespace)' -f \(key) \(names)", in: scratch.path)
            try #require(signed.status == 0, "\(signed.output)")
            for (index, bytes) in messages.enumerated() {
                let text = try scratch.read("m\(index).sig")
                let signature = try SSHSIG(armoured: text)
                #expect(signature.publicKey == known && signature.namespace == namespace)
                #expect(signature.isValid(message: bytes))
                #expect(!signature.isValid(message: flip(bytes, &random)))
                // A flip in the blob: it is no signature any more, or none of this key, namespace and message.
                let bent = try? SSHSIG(blob: flip(signature.blob, &random))
                let isTaken =
                    bent.map { $0.publicKey == known && $0.namespace == namespace && $0.isValid(message: bytes) }
                    ?? false
                #expect(!isTaken)
            }
        }
    }

    @Test("ours by them", arguments: ["file", "ed25519", "ecdsa256", "ecdsa384", "ecdsa521", "rsa"])
    func ours(_ kind: String) throws {
        try makeKeys()
        let agent = try Agent(scratch)
        let environment = ["SSH_AUTH_SOCK": agent.socket]
        let path = "\(scratch.path)/\(kind == "file" ? "ed25519" : "\(kind).pub")"
        let added = try shell(
            "ssh-add -q ed25519 ecdsa256 ecdsa384 ecdsa521 rsa && chmod 600 ed25519", in: scratch.path,
            environment: environment)
        try #require(added.status == 0, "\(added.output)")
        let key = try OperatorKeyStore.resolve(
            flag: path, environment: environment, home: scratch.path, useAgent: true, principal: "me"
        ).key
        var random = Random(seed: seed)
        for start in stride(from: 0, to: Self.count, by: Self.batch) {
            let size = min(Self.batch, Self.count - start)
            let namespace = Self.namespaces[Int(random.next() % UInt64(Self.namespaces.count))]
            for index in 0..<size {
                let bytes = message(&random)
                let signature = try SSHSIG.make(digest: Digest.sha512(bytes), namespace: namespace, key: key)
                try scratch.write("m\(index)", bytes)
                try scratch.write("f\(index)", flip(bytes, &random))
                try scratch.write("s\(index)", Array(signature.armoured.utf8))
                var flipped = flip(signature.blob, &random)
                // The version: ssh-keygen takes 0 for 1, and we do not.
                while flipped[9] == 0 {
                    #expect((try? SSHSIG(blob: flipped)) == nil)
                    flipped = flip(signature.blob, &random)
                }
                let bent = String(decoding: Base64.encode(flipped), as: UTF8.self)
                try scratch.write(
                    "b\(index)", Array("-----BEGIN SSH SIGNATURE-----\n\(bent)\n-----END SSH SIGNATURE-----\n".utf8))
            }
            let checked = try shell(
                """
                verify() { ssh-keygen -Y verify -f signers -I me -n '\(namespace)' -s "$1" <"$2" >/dev/null 2>&1; }
                i=0
                while [ $i -lt \(size) ]; do
                    verify s$i m$i || echo "refused: $i"
                    ! verify s$i f$i || echo "taken, other message: $i"
                    ! verify b$i m$i || echo "taken, bent: $i"
                    i=$((i + 1))
                done
                """, in: scratch.path)
            #expect(checked.output == "")
        }
    }
}

/// The same row for the same seed (splitmix64).
private struct Random {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
