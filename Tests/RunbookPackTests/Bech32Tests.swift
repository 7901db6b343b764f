import RunbookPack
import Testing

@Suite("Bech32 and the keys that are written in it")
struct Bech32Tests {
    @Test(
        "what BIP 173 calls valid is read",
        arguments: [
            "A12UEL5L", "a12uel5l", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
            "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
            "?1ezyfcl",
        ])
    func valid(_ text: String) { #expect(Bech32.decode(text) != nil) }

    @Test(
        "what is not valid is refused",
        arguments: [
            "\u{20}1nwldj5", "\u{7F}1axkwrx", "pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v", "li1dgmt3",
            "de1lg7wt\u{FF}",
            "A1G7SGD8", "10a06t8", "1qzzfhee", "", "1", "a12UEL5L", "A12uEL5L", "a12uel5m",
            // More than four bits of padding, and padding that is not zero.
            "abcdef1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
        ])
    func invalid(_ text: String) { #expect(Bech32.decode(text) == nil) }

    @Test("any bytes come back", arguments: 0..<70)
    func roundTrip(_ count: Int) throws {
        let text = Bech32.encode(prefix: "age", bytes(count))
        #expect(Bech32.decode(text)?.bytes == bytes(count))
        #expect(Bech32.decode(text.uppercased())?.bytes == bytes(count))
    }

    @Test("the key pair of the specification")
    func specification() throws {
        let identity = try AgeIdentity("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX")
        let public1 = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
        #expect(identity.recipient.text == public1)
        #expect(try AgeRecipient(public1).text == public1)
        #expect(identity.text == "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX")
    }

    @Test("a key with one wrong letter is refused, whichever it is")
    func oneLetter() {
        let right = Array("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj")
        for place in right.indices {
            for letter in "qpzry9x8gf2tvdw0s3jn54khce6mua7lb1Q " where letter != right[place] {
                var wrong = right
                wrong[place] = letter
                #expect(fault { _ = try AgeRecipient(String(wrong)) } != nil)
            }
        }
    }

    @Test(
        "what is no public key of age says what it is",
        arguments: [
            ("AGE1ZVKYG2LQZRAA2LNJVQEJ32NKUU0UES2S82HZRYE869XEEXVN73EQUNUJWJ", "a kind that is not known here"),
            ("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX", "private key"),
            ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA", "SSH key"), ("a12uel5l", "a kind that is not known here"),
        ])
    func kinds(_ text: String, _ words: String) {
        #expect(fault { _ = try AgeRecipient(text) }?.message.contains(words) == true)
    }

    @Test("a private key in small letters is refused")
    func smallPrivateKey() {
        let text = AgeIdentity().text
        #expect(fault { _ = try AgeIdentity(text.lowercased()) } != nil)
        #expect(fault { _ = try AgeIdentity(text) } == nil)
    }

    @Test("a file of keys has comments and empty lines, and names the line that is wrong")
    func lists() throws {
        let keys = [AgeIdentity(), AgeIdentity()]
        let text = "# created: today\n\n\(keys[0].text)\r\n# another\n\(keys[1].text)\n"
        #expect(try AgeIdentity.list(text).map(\.text) == keys.map(\.text))
        #expect(fault { _ = try AgeIdentity.list("# nothing\n") } == .badIdentity("it holds no key"))
        #expect(fault { _ = try AgeIdentity.list("#\nx\n") }?.message.hasPrefix("line 2: ") == true)
        let two = keys.map(\.recipient)
        #expect(try AgeRecipient.list("\(two[0].text)\n# b\n\(two[1].text)") == two)
    }
}
