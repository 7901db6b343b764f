import RunbookEngine
import RunbookModel
import RunbookPlan
import RunbookSimulation
import RunbookTransport
import Testing

/// A host of one command that prints in two pieces, with the connection cut between them.
private final class CutTransport: Transport {
    /// Offsets at which the output was asked for again.
    let asked = Lock<[[Int]]>([])
    let tidied = Lock<[String]>([])

    func send(
        _ request: HostRequest, progress: @escaping @Sendable (OutputChunk) -> Void,
        reply: @escaping @Sendable (HostReply) -> Void
    ) {
        let status = ReceiptStatus(
            claimed: true, go: .run(boot: "b1"), alive: true, boot: "b1", stdoutBytes: 3, stderrBytes: 2)
        switch request.operation {
        case .contact, .arrive: reply(.contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1")))
        case .submit:
            progress(OutputChunk(.stdout, Array("one".utf8)))
            progress(OutputChunk(.stderr, Array("ab".utf8)))
            reply(.failure(TransportFailure(.lost, sent: true, "reset")))
        case .inspect: reply(.receipt(status))
        case .attach(_, let stdout, let stderr, _):
            asked.withLock { $0.append([stdout, stderr]) }
            progress(OutputChunk(.stdout, Array("two".utf8)))
            var ended = status
            ended.end = .exit(0)
            ended.alive = false
            reply(.receipt(ended))
        case .tidy(let receipts, _):
            tidied.withLock { $0 += receipts.map(\.path) }
            reply(.tidied)
        case .survey, .probe, .fence, .markLost, .kill, .heads, .witness:
            reply(.failure(TransportFailure(.unsuitable, sent: false, "?")))
        }
    }

    func close() async {}
}

private func ends(_ records: [Record]) -> [AttemptEnd] {
    records.compactMap { if case .attemptEnded(let end) = $0 { end } else { nil } }
}

@Suite("What attempts print")
struct PrintoutTests {
    private func play(_ transport: CutTransport, _ storage: MemoryStorage) async throws -> Outcome {
        let plan = try RunbookEngineTests.plan([step("first")])
        let clock = SystemClock(speed: 100)
        let conductor = Conductor(
            Conductor.Parts(
                transport: transport, storage: storage, clock: clock, desk: NobodyDesk(), observer: SilentObserver()))
        let engine = Engine(plan: plan, run: RunFacts(id: "r1", by: "tester", mark: "m1", isRehearsal: true))
        return try await conductor.run(engine, first: .began).outcome
    }

    @Test("after a cut only what has not come yet is asked for, and the record has all of it once")
    func offsets() async throws {
        let transport = CutTransport()
        let storage = MemoryStorage()
        #expect(try await play(transport, storage) == .succeeded)
        #expect(transport.asked.withLock { $0 } == [[3, 2]])
        #expect(ends(storage.records).map { String(decoding: $0.tail, as: UTF8.self) } == ["oneabtwo"])
        #expect(ends(storage.records).map(\.stdout?.bytes) == [6])
        #expect(ends(storage.records).map(\.stderr?.bytes) == [2])
    }

    @Test("when the run is over its hosts are told what they need not keep")
    func tidy() async throws {
        let transport = CutTransport()
        #expect(try await play(transport, MemoryStorage()) == .succeeded)
        #expect(transport.tidied.withLock { $0 } == ["r1/first.a.1"])
    }

    @Test("what a command printed while nobody looked is on record all the same")
    func afterCrash() async throws {
        let loud = answer("start first", takes: 3) { $0.stdout = "mounted\n" }
        let run = try SimulatedRun([step("first")], special: [loud])
        // The command has ended, but its end is not on record.
        #expect(try await run.session(crashAt: 2, losesLast: true) == nil)
        #expect(try await run.session() == .succeeded)
        #expect(run.ran == ["start first@a"])
        #expect(ends(run.storage.records).map { String(decoding: $0.tail, as: UTF8.self) } == ["mounted\n"])
    }
}

private struct NobodyDesk: OperatorDesk {
    func ask(_ question: Question, reply: @escaping @Sendable (OperatorReply) -> Void) { reply(.nobody) }
    func withdraw(_ task: TaskID) {}
}
