import Foundation
import TestTools
import Testing

/// A terminal that is held, a pager at its first page, a `tee` that hangs.
@Suite("Output that nobody reads")
struct HeldOutputTests {
    private static let steps = 300

    private static let files = [
        "runbook.yaml": "version: 1\nname: Many\ninventory: inventory.yaml\nsteps:\n"
            + (1...steps).map {
                let name = "A step with a name that is long enough to fill what nobody reads, again and again, \($0)"
                return "- { id: s\($0), name: \"\(name)\", needs: [], hosts: local, run: \"true\" }\n"
            }.joined(),
        "inventory.yaml": "version: 1\nname: Site\nhosts: { a: { address: 127.0.0.1 } }\n",
    ]

    @Test("the run goes on to its end, and whoever reads again sees all of it", arguments: ["text", "json"])
    func goesOn(_ output: String) throws {
        let program = try Program(Self.files)
        // The FIFO is open for reading, so nothing fails; and nobody reads before the journal is closed.
        let said = try shell(
            """
            mkfifo out; exec 3<>out
            '\(Program.executable)' run runbook.yaml -y --no-input --run-id r --output \(output) >out 2>err 3<&- & pid=$!
            timeout 120 sh -c 'until grep -q "\\"t\\":\\"run.close\\"" home/runs/r/journal.jsonl 2>/dev/null; do sleep 0.1; done' || echo HELD
            cat <out >read 3<&- & reader=$!
            exec 3>&-
            wait $pid; echo "ended $?"; wait $reader
            """, in: program.scratch.path, environment: program.environment)
        #expect(said.output == "ended 0\n", "\(said.output)")
        let read = try program.scratch.text("read")
        #expect(read.utf8.count > 64 << 10, "\(read.utf8.count)")
        #expect(!read.contains("were left out") && !read.contains("\"lost\""))
        let last = read.split(separator: "\n").last.map(String.init) ?? ""
        if output == "json" {
            #expect(last.hasPrefix("{\"type\":\"summary\""), "\(last)")
            #expect(read.split(separator: "\n").count { $0.contains("\"event\":\"step.done\"") } == Self.steps)
        } else {
            #expect(read.contains("DONE. ") && read.contains("A step with a name that is long enough"))
        }
    }
}
