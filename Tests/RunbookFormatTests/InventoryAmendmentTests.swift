import RunbookFormat
import RunbookModel
import Testing

@Suite("More about hosts, written into what a person wrote")
struct InventoryAmendmentTests {
    private static let key = "SHA256:" + String(repeating: "k", count: 43)

    private func note(
        _ host: String, comment: String? = nil, addresses: [String] = [], key: String? = nil, kind: Host.Kind? = nil
    )
        -> InventoryAmendment.Note
    {
        var note = InventoryAmendment.Note(host: host)
        (note.comment, note.addresses, note.hostKey, note.kind) = (comment, addresses, key, kind)
        return note
    }

    private func amended(_ text: String, _ notes: [InventoryAmendment.Note]) throws -> (text: String, isAnew: Bool) {
        let bytes = Array(text.utf8)
        let inventory = try InventoryReader.read(bytes: bytes, path: "site.yaml", home: "/home/me")
        return try InventoryAmendment(notes).text(of: inventory, bytes: bytes, home: "/home/me")
    }

    @Test("blocks, braces and comments stay as they are")
    func forms() throws {
        let (text, isAnew) = try amended(
            """
            # The site.
            version: 1
            name: North   # as on the door
            hosts:
              # Storage first.
              san1:
                address: san1.example   # a name
                location: "room 0.14"
              hv1: { address: 10.0.1.1, kind: physical }   # old
              hv2: {address: 10.0.1.2}
            groups: { all: [san1, hv1, hv2] }

            """,
            [
                note(
                    "san1", comment: "2026-11-25: seen", addresses: ["10.0.0.11", "fd00::b"], key: Self.key,
                    kind: .appliance),
                note("hv1", comment: "2026-11-25: seen", key: Self.key), note("hv2", kind: .vm),
            ])
        #expect(!isAnew)
        #expect(
            text == """
                # The site.
                version: 1
                name: North   # as on the door
                hosts:
                  # Storage first.
                  # 2026-11-25: seen
                  san1:
                    kind: appliance
                    addresses: ["10.0.0.11", "fd00::b"]
                    host_key: "\(Self.key)"
                    address: san1.example   # a name
                    location: "room 0.14"
                  # 2026-11-25: seen
                  hv1: { host_key: "\(Self.key)", address: 10.0.1.1, kind: physical }   # old
                  hv2: { kind: vm,address: 10.0.1.2}
                groups: { all: [san1, hv1, hv2] }

                """)
    }

    @Test("several hosts in one line each get theirs")
    func oneLine() throws {
        let (text, isAnew) = try amended(
            "version: 1\nname: N\nhosts: { a: { address: 10.0.0.1 }, b: { address: 10.0.0.2 } }\n",
            [note("a", kind: .vm), note("b", comment: "new", key: Self.key)])
        #expect(!isAnew)
        #expect(
            text
                == "version: 1\nname: N\n# new\nhosts: { a: { kind: vm, address: 10.0.0.1 }, b: { host_key: \"\(Self.key)\", address: 10.0.0.2 } }\n"
        )
    }

    @Test("line ends stay what they are", arguments: ["\n", "\r\n"])
    func lineEnds(_ end: String) throws {
        let lines = ["version: 1", "name: N", "hosts:", "  a:", "    address: 10.0.0.1"]
        let (text, _) = try amended(lines.joined(separator: end), [note("a", kind: .vm)])
        #expect(
            Array(text.utf8)
                == Array((lines.dropLast() + ["    kind: vm", lines[4]]).joined(separator: end).utf8))
    }

    @Test("another program's inventory becomes one of ours")
    func foreign() throws {
        let (text, isAnew) = try amended("[all]\nweb1 ansible_host=10.0.0.7\n", [note("web1", key: Self.key)])
        #expect(isAnew)
        let read = try InventoryReader.read(bytes: Array(text.utf8), path: "site.yaml", home: "/home/me")
        #expect(read.host("web1")?.hostKey == Self.key && read.host("web1")?.address == "10.0.0.7")
    }
}
