import Foundation
import TestTools
import Testing

@Suite("inventory pin", .serialized)
struct PinTests {
    private let server: TestServer
    private let program: Program

    /// A site of three hosts: one that answers by a name, the same with its key written down, and one that is dark.
    init() throws {
        server = try TestServer(moreKeys: ["rsa"])
        let dark = try TestServer.freePort()
        program = try Program([
            "site.yaml": """
            version: 1
            name: North   # as on the door
            defaults: { identity_file: \(server.scratch.path)/client_key, known_hosts: known }
            hosts:
              # The first one.
              web:
                address: localhost
                port: \(server.port)
              db: { address: 127.0.0.1, port: \(server.port), known_hosts: \(server.scratch.path)/known_hosts }
              dark: { address: 127.0.0.1, port: \(dark) }

            """
        ])
    }

    private func fingerprint(_ key: String) throws -> String {
        let line = try shell("ssh-keygen -l -f \(key).pub", in: server.scratch.path).output
        return String(line.split(separator: " ")[1])
    }

    @Test(
        "what is not written yet goes into a copy; nothing that was written is touched; a new key is not logged in at")
    func copy() throws {
        let key = try fingerprint("host_key")
        let before = try server.files
        let said = try program("inventory pin site.yaml --known-hosts all_keys")
        #expect(said.status == 4, "\(said)")
        #expect(said.lines[0].hasPrefix("NEW KEY   web   ssh-ed25519 \(key); ssh-rsa"), "\(said.stdout)")
        #expect(said.lines.contains { $0.hasPrefix("KNOWN     db    ssh-ed25519 \(key); ") }, "\(said.stdout)")
        #expect(said.lines.contains("NO ANSWER dark  Connection refused"), "\(said.stdout)")
        #expect(said.stdout.contains("diff -u site.yaml site.pinned.yaml"))
        let difference = try shell("diff site.yaml site.pinned.yaml", in: program.scratch.path).output
        let added = difference.split(separator: "\n").filter { $0.hasPrefix(">") }
        #expect(added.count == 5, "\(difference)")
        #expect(added[1] == ">     addresses: [\"127.0.0.1\"]" && added[2] == ">     host_key: \"\(key)\"", "\(added)")
        #expect(added[4].hasPrefix(">   db: { ") && added[4].contains("host_key: \"\(key)\", address"), "\(added)")
        #expect(difference.contains("compare it on the host itself"))
        // It logged in at `db` alone, and left nothing there.
        #expect(try server.files == before)
        let keys = try program.scratch.text("all_keys").split(separator: "\n")
        #expect(
            keys.count == 3 && keys[0].hasPrefix("[localhost]:\(server.port),[127.0.0.1]:\(server.port) ssh-ed25519 "))
        // The copy is as good as the inventory, and is known all over.
        let again = try program("inventory pin site.pinned.yaml -l web,db")
        #expect(again.status == 0 && again.lines.filter { $0.hasPrefix("KNOWN") }.count == 2, "\(again)")
    }

    @Test("a copy is never written over, and that is said before any host is asked")
    func keeps() throws {
        try program.scratch.write("site.pinned.yaml", Array("mine".utf8))
        let said = try program("inventory pin site.yaml")
        #expect(said.status == 64)
        #expect(
            said.stderr == """
                blackstart: error: can't write `site.pinned.yaml`: file exists
                blackstart: hint: it is never written over: name another file

                """)
        #expect(!server.wasEntered)
    }

    @Test("what is not as it is written is told, written nowhere, and nobody logs in")
    func differs() throws {
        let other = "SHA256:" + String(repeating: "A", count: 43)
        let text = try program.scratch.text("site.yaml").replacing("db: {", with: "db: { host_key: \"\(other)\",")
        try program.scratch.write("site.yaml", Array(text.utf8))
        let said = try program("inventory pin site.yaml -l db --output json")
        #expect(said.status == 2, "\(said)")
        #expect(said.lines[0].contains("\"state\":\"differs\""), "\(said.lines)")
        #expect(said.lines[0].contains("but the inventory expects \(other)"))
        #expect(said.lines[1].contains("\"differs\":1") && said.lines[1].contains("\"written\":false"))
        #expect(!FileManager.default.fileExists(atPath: "\(program.scratch.path)/site.pinned.yaml"))
        #expect(!server.wasEntered)
    }

    @Test("hosts that the limit leaves out are not asked; one that nobody knows is a slip of the pen")
    func limit() throws {
        let json = try program("inventory pin site.yaml -l !dark --output json").stdout
        #expect(json.split(separator: "\n").count == 3 && !json.contains("dark"), "\(json)")
        let said = try program("inventory pin site.yaml -l wep -o other.yaml")
        #expect(said.status == 64 && said.stderr.contains("did you mean `web`?"), "\(said.stderr)")
    }
}
