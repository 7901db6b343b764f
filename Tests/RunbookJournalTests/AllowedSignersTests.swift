import RunbookJournal
import TestTools
import Testing

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
            (
                "alice@ops valid-before=\"20200101\",valid-before=\"20400101\" KEY", .repeatedOption("valid-before")
            ),
            ("alice@ops namespaces=\"a\",NAMESPACES=\"b\" KEY", .repeatedOption("namespaces")),
            ("alice@ops namespaces=a KEY", .unquotedOption("namespaces")),
            ("alice@ops valid-after=20200101 KEY", .unquotedOption("valid-after")),
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
