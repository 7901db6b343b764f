import RunbookEngine
import RunbookModel
import RunbookPlan
import RunbookTransport
import Testing

private let facts = HostReply.contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1"))

private func ended(_ code: Int, out: Int = 0) -> HostReply {
    .receipt(
        ReceiptStatus(
            claimed: true, go: .run(boot: "b1"), end: .exit(code), alive: false, boot: "b1", stdoutBytes: out))
}

private func said(_ text: String, exit code: Int = 0, isCut: Bool = false, isMasked: Bool = false) -> ProbeAnswer {
    var answer = ProbeAnswer(.exit(.exited(code)), stdout: Array(text.utf8), isCut: isCut)
    answer.isMasked = isMasked
    return answer
}

@Suite("Whose work it is, and what it leaves")
struct OwnWorkTests {
    // MARK: Somebody else

    @Test("what never ran and is there all the same is somebody else's: ALREADY, and no rollback takes it away")
    func somebodyElse() throws {
        var dialogue = try Dialogue([RunbookEngineTests.step("db") { $0.verifiedAndUndone() }])
        _ = dialogue.begin()
        dialogue.reply(.probe(said("", exit: 1)))
        dialogue.reply(facts)
        dialogue.reply(.failure(TransportFailure(.unreachable, sent: false, "No route to host")))
        dialogue.choose(.retry)
        #expect(dialogue.reply(.probe(said(""))).first == "already db@a: verified: `is db` exited with 0")
        dialogue.restart()
        let told = dialogue.tell(.rollbackRequested(target: "start", by: "lead"))
        #expect(told.contains("rollback to start: ") && !told.contains("contact"), "\(told)")
    }

    @Test("what may have run is ours: OK, and a rollback undoes it")
    func ours() throws {
        var dialogue = try Dialogue([RunbookEngineTests.step("db") { $0.verifiedAndUndone() }])
        _ = dialogue.begin()
        dialogue.reply(.probe(said("", exit: 1)))
        dialogue.reply(facts)
        dialogue.reply(ended(1))
        dialogue.choose(.retry)
        #expect(dialogue.reply(.probe(said(""))).first == "ok db@a: verified: `is db` exited with 0")
        dialogue.restart()
        #expect(dialogue.tell(.rollbackRequested(target: "start", by: "lead")).last == "contact")
    }

    @Test("what was done already, lapsed and holds again is still not ours")
    func notOursAgain() throws {
        var dialogue = try Dialogue([RunbookEngineTests.step("db") { $0.verifiedAndUndone() }])
        _ = dialogue.begin()
        dialogue.reply(.probe(said("")))
        dialogue.restart()
        _ = dialogue.begin()
        for _ in 0..<2 {
            dialogue.reply(.probe(said("", exit: 1)))
            _ = dialogue.elapse()
        }
        #expect(dialogue.reply(.probe(said("", exit: 1))).contains("asked lapsed"))
        dialogue.restart()
        _ = dialogue.begin()
        #expect(dialogue.reply(.probe(said(""))).first == "already db@a: verified: `is db` exited with 0")
    }

    // MARK: Outputs

    private static func leaving(run: String?, match: String? = nil) throws -> Dialogue {
        var dialogue = try Dialogue([
            RunbookEngineTests.step("db") {
                ($0.skipIf, $0.retries) = (.never, 3)
                $0.outputs = [Output(name: "pool", run: run.map(text), match: match, place: place)]
            }
        ])
        _ = dialogue.begin()
        dialogue.reply(facts)
        return dialogue
    }

    private static func printed(_ text: String, isMasked: Bool = false) -> AttemptOutput {
        AttemptOutput(
            stdout: OutputDigest(bytes: Int64(text.utf8.count), sha256: text),
            stderr: OutputDigest(bytes: 0, sha256: ""),
            tail: [], text: Array(text.utf8), isMasked: isMasked, milliseconds: 1)
    }

    @Test(
        "a value that can't be read leaves the step unclear: it is not done again for that",
        arguments: [
            HostReply.probe(said("tank", isCut: true)), .probe(said("", exit: 127)),
            .probe(said("", exit: 255)), .probe(ProbeAnswer(.timedOut)), .deadline, .tidied,
            .failure(TransportFailure(.unreachable, sent: false, "No route to host")),
        ])
    func outputUnread(_ reply: HostReply) throws {
        var dialogue = try Self.leaving(run: "which pool")
        #expect(dialogue.reply(ended(0)) == ["end 1 exited 0", "probe which pool"])
        let told = dialogue.reply(reply)
        #expect(told.first?.hasPrefix("unclear db@a: it is done, but its output `pool` could not be read: ") == true)
        #expect(told.last?.hasPrefix("ask unclear") == true)
        // A person knows that it is done: the value is asked for again.
        #expect(dialogue.choose(.done).last == "probe which pool")
        #expect(dialogue.reply(.probe(said("tank\n"))).first == "value pool: tank")
    }

    @Test("a whole answer without the value makes the attempt a failed one")
    func outputLacks() throws {
        var dialogue = try Self.leaving(run: "which pool")
        _ = dialogue.reply(ended(0))
        #expect(dialogue.reply(.probe(said("", exit: 1))) == ["wait 1000 ms"])
    }

    @Test(
        "stars that stand for a secret are no value; stars that a host printed are one", arguments: [true, false],
        [nil, "which pool"])
    func masked(_ isMasked: Bool, _ command: String?) throws {
        var dialogue = try Self.leaving(run: command)
        var told: [String]
        if command == nil {
            told = Array(dialogue.reply(ended(0, out: 3), output: Self.printed("a**", isMasked: isMasked)).dropFirst())
        } else {
            dialogue.reply(ended(0))
            told = dialogue.reply(.probe(said("a**", isMasked: isMasked)))
        }
        let why = "its output `pool` is not known: it contains `*`, which may stand for a secret"
        #expect(told.first == (isMasked ? "ok db@a: exit status 0; \(why)" : "value pool: a**"))
    }

    @Test("what was not fetched is not nothing: only a host that says so printed nothing", arguments: [0, 5])
    func notFetched(_ bytes: Int) throws {
        var dialogue = try Self.leaving(run: nil)
        let told = dialogue.reply(ended(0, out: bytes))
        #expect(
            told[1]
                == (bytes == 0
                    ? "value pool: " : "ok db@a: exit status 0; its output `pool` is not known"))
    }
}
