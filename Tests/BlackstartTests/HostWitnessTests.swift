import Foundation
import TestTools
import Testing

@Suite("What hosts know of a journal", .serialized)
struct HostWitnessTests {
    private let server: TestServer
    private let program: Program

    init() throws {
        server = try TestServer()
        program = try Program([
            "runbook.yaml": """
            version: 1
            name: Two hosts
            inventory: inventory.yaml
            steps:
            - { id: one, name: One, hosts: [a, local], run: "true" }
            - { id: here, name: Here, checkpoint: here, needs: [one] }
            - { id: two, name: Two, hosts: a, needs: [here], run: "true" }

            """,
            "inventory.yaml": """
            version: 1
            name: Site
            defaults: { identity_file: \(server.scratch.path)/client_key, known_hosts: \(server.scratch.path)/known_hosts }
            hosts: { a: { address: 127.0.0.1, port: \(server.port) } }

            """,
        ])
        let run = try program("run runbook.yaml --run-id r --no-input")
        try #require(run.status == 0, "\(run)")
    }

    /// A copy whose journal ends at its first seal after the line `from`.
    private func cut(_ name: String, after: Int) throws {
        let made = try shell(
            """
            cp -r home/runs/r \(name)
            n=$(grep -n '"t":"seal"' home/runs/r/journal.jsonl | cut -d: -f1 | while read -r n; do [ $n -gt \(after) ] && echo $n && break; done)
            head -n $n home/runs/r/journal.jsonl >\(name)/journal.jsonl
            """, in: program.scratch.path)
        try #require(made.status == 0, "\(made.output)")
    }

    @Test("they agree with the journal that they saw, and nothing changes on them")
    func agrees() throws {
        let before = try server.files
        let said = try program("journal verify r --hosts")
        #expect(said.status == 0, "\(said)")
        #expect(said.stdout.contains("Hosts     a knows this journal, up to line "), "\(said.stdout)")
        #expect(said.stdout.contains("Hosts     local knows this journal, up to line "), "\(said.stdout)")
        #expect(try server.files == before)
        let json = try program("journal verify r --hosts --output json").stdout
        #expect(json.hasPrefix("{\"ok\":true,") && json.contains("\"host\":\"a\""), "\(json)")
    }

    @Test("a journal that was cut at a seal stands in itself, and the hosts know better")
    func truncated() throws {
        try cut("cut", after: 3)
        #expect(try program("journal verify ./cut").status == 0)
        let said = try program("journal verify ./cut --hosts")
        #expect(said.status == 7, "\(said)")
        #expect(said.stderr.contains(" has heard of line ") && said.stderr.contains("it was cut"), "\(said.stderr)")
    }

    @Test("one that was cut and went on otherwise is another journal")
    func forked() throws {
        try cut("fork", after: 3)
        // Somebody goes on with it on another machine: lines come where the hosts know others, until a host has heard before
        // what it is sent.
        let other = try program.elsewhere("resume ./fork --no-input")
        #expect(other.status == 8 && other.stdout.contains("STOPPED. Somebody else is at work"), "\(other)")
        #expect(try program("journal verify ./fork").status == 0)
        let said = try program("journal verify ./fork --hosts")
        #expect(said.status == 7, "\(said)")
        #expect(said.stderr.contains(" has heard of another line "), "\(said.stderr)")
    }

    @Test("a host that gives no answer is named, and that is no proof of anything")
    func dark() throws {
        let port = try TestServer.freePort()
        // The frozen inventory is part of the plan: the port is taken from under it.
        _ = try shell("sed -i 's/\(server.port)/\(port)/' home/runs/r/inventory.yaml", in: program.scratch.path)
        let changed = try program("journal verify r --hosts")
        #expect(changed.status == 65, "\(changed)")
        _ = try shell("sed -i 's/\(port)/\(server.port)/' home/runs/r/inventory.yaml", in: program.scratch.path)
        server.end()
        let said = try program("journal verify r --hosts")
        #expect(said.status == 4, "\(said)")
        #expect(said.stdout.contains("a could not be asked: Connection refused"), "\(said.stdout)")
    }
}
