import RunbookJournal
import TestTools
import Testing

@Suite("One line, proven to whoever does not have the rest")
struct InclusionProofTests {
    @Test("every line under a seal has a proof, which is read back and proves it, by the person of its session")
    func everyLine() throws {
        let bytes = try Sample.journal()
        let lines = Sample.lines(bytes)
        let trust = try Sample.trust(Sample.alice(), Sample.bob())
        for sequence in 1..<lines.count {
            let made = try InclusionProof(of: sequence, in: bytes)
            let proof = try #require(InclusionProof(made.text))
            #expect(proof == made)
            let report = try proof.verify(trust: trust)
            #expect(report.entry == (try JournalLine.decode(lines[sequence - 1][...]).entry))
            // What the killed session left unsealed, and the seals of others, the next one answers for.
            #expect(report.by == (sequence < 5 ? "alice@ops" : "bob@ops"), "line \(sequence)")
            #expect(report.trust == .checked && report.lines >= sequence)
        }
        #expect(throws: InclusionProof.Absence.unsealed(through: 11)) { try InclusionProof(of: 12, in: bytes) }
        #expect(throws: InclusionProof.Absence.noSuchLine(lines: 12)) { try InclusionProof(of: 13, in: bytes) }
    }

    @Test("a proof in which any bit is flipped is refused")
    func everyBit() throws {
        let text = Array(try InclusionProof(of: 3, in: try Sample.journal()).text.utf8)
        let trust = try Sample.trust(Sample.alice())
        for index in text.indices {
            for bit in 0..<8 {
                var flipped = text
                flipped[index] ^= 1 << bit
                guard let read = String(validating: flipped, as: UTF8.self), let proof = InclusionProof(read) else {
                    continue
                }
                #expect(throws: InclusionProof.Fault.self, "byte \(index), bit \(bit)") {
                    try proof.verify(trust: trust)
                }
            }
        }
    }

    @Test("a stranger's proof is refused where it is asked who may sign, and is nobody's word where it is not")
    func strangers() throws {
        let proof = try InclusionProof(of: 1, in: try Sample.journal())
        let alice = try Sample.alice()
        #expect(
            throws: InclusionProof.Fault.untrusted(principal: "alice@ops", fingerprint: alice.publicKey.fingerprint)
        ) { try proof.verify(trust: try Sample.trust(Sample.bob())) }
        #expect(try proof.verify(trust: nil).trust == .unchecked)
    }

    @Test("ssh-keygen accepts each statement that a proof rests on")
    func stock() throws {
        let scratch = try Scratch()
        let bytes = try Sample.journal()
        let proof = try InclusionProof(of: 10, in: bytes)
        let signers = try JournalVerifier.verify(bytes).get().allowedSigners
        try scratch.write("signers", Array(signers.utf8))
        try scratch.write("proof", Array(proof.text.utf8))
        let checked = try shell(
            """
            run=$(sed -n 's/^run //p' proof)
            sed -n '/^seal by /,$p' proof | while read -r _ _ by && read -r lines && read -r root && read -r next && read -r _ sig; do
                printf -- '-----BEGIN SSH SIGNATURE-----\\n%s\\n-----END SSH SIGNATURE-----\\n' "$sig" >sig
                printf 'blackstart root 1\\nrun %s\\n%s\\n%s\\n%s\\n' "$run" "$lines" "$root" "$next" |
                    ssh-keygen -Y verify -f signers -I "$by" -n blackstart-root -s sig || exit 1
                echo "$by"
            done
            """, in: scratch.path)
        #expect(checked.status == 0, "\(checked.output)")
        #expect(
            checked.output.split(separator: "\n").filter { !$0.hasPrefix("Good") }.joined(separator: " ")
                == "bob@ops run-R1", "\(checked.output)")
    }
}
