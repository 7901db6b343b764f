import RunbookEngine
import RunbookModel
import RunbookSimulation
import Testing

/// A run whose hosts look into another home, or that somebody else carries on: nothing runs twice.
@Suite("Another home, other hands")
struct OtherHandsTests {
    /// Nothing that could be looked at instead: only receipts tell.
    private func steps() -> [Step] {
        [step("one", on: ["a", "b"]), step("two", needs: ["one"], on: ["b"]), step("three", needs: ["two"])]
    }

    private func isOnce(_ run: SimulatedRun) -> Bool { Set(run.ran).count == run.ran.count }

    @Test("killed at any moment and resumed in another home, no command runs twice", arguments: [false, true])
    func otherHome(losesLast: Bool) async throws {
        var unclear = 0
        for crashAt in 1... {
            let run = try SimulatedRun(steps())
            guard try await run.session(crashAt: crashAt, losesLast: losesLast) == nil else { break }
            for host in ["a", "b"] { run.world.moveHome(of: host) }
            _ = try await run.session()
            #expect(isOnce(run), "killed at append \(crashAt): \(run.ran)")
            if run.words.values.contains(.unclear) { unclear += 1 }
        }
        #expect(unclear > 0)
    }

    @Test("in the same home, every command still runs exactly once")
    func sameHome() async throws {
        for crashAt in 1... {
            let run = try SimulatedRun(steps())
            guard try await run.session(crashAt: crashAt) == nil else { break }
            #expect(try await run.session() == .succeeded)
            #expect(run.ran.sorted() == ["start one@a", "start one@b", "start three@a", "start two@b"])
        }
    }

    @Test("of two copies of a run one goes on; the other stops at the first command that was sent before it")
    func forkedCopies() async throws {
        var stopped = 0
        for crashAt in 1... {
            let run = try SimulatedRun(steps())
            guard try await run.session(crashAt: crashAt) == nil else { break }
            let copy = run.forked()
            let first = try await run.session()
            #expect(first == .succeeded)
            let second = try await copy.session()
            #expect(isOnce(run), "forked at append \(crashAt): \(run.ran)")
            if second == .failed {
                stopped += 1
                #expect(
                    copy.storage.records.contains {
                        if case .halted(let why) = $0 { why.contains("another controller") } else { false }
                    })
            }
        }
        #expect(stopped > 3)
    }
}
