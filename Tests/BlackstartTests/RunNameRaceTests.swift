import Foundation
import TestTools
import Testing

@Suite("One name, one run", .serialized)
struct RunNameRaceTests {
    private static let rounds = 4
    private static let atOnce = 6

    @Test("of several that take one name at once, one runs, and its frozen copies are its own")
    func race() throws {
        for round in 0..<Self.rounds {
            var files: [String: String] = ["site.yaml": "version: 1\nname: S\nhosts:\n  h: { address: 127.0.0.1 }\n"]
            for number in 0..<Self.atOnce {
                files["r\(number).yaml"] = """
                    version: 1
                    name: R\(number)
                    inventory: site.yaml
                    steps:
                    - { id: a, name: A, hosts: local, run: "echo \(number) >> \\"$HOME/ran\\"" }

                    """
            }
            let program = try Program(files)
            // The key is made before.
            _ = try program("run r0.yaml -y --no-input --run-id first")
            let began = try (0..<Self.atOnce).map { try program.start("run r\($0).yaml -y --no-input --run-id same") }
            let ends = try began.map { try $0.end() }
            let winners = ends.indices.filter { ends[$0].status == 0 }
            #expect(winners.count == 1, "round \(round): \(ends)")
            guard let winner = winners.first else { continue }
            let frozen = try program.scratch.text("home/runs/same/runbook.yaml")
            #expect(frozen == files["r\(winner).yaml"])
            #expect(try program.scratch.text("ran") == "0\n\(winner)\n")
            for (number, end) in ends.enumerated() where number != winner {
                // Whichever of the two is seen first: that the name is taken, or that its run is about this machine as well.
                let isTold = ["there is a run named `same` already", "error: run `same`, begun by"]
                    .contains { end.said.contains($0) }
                #expect(end.status == 64 && isTold, "\(end)")
            }
            #expect(try program("journal verify same").status == 0)
        }
    }
}
