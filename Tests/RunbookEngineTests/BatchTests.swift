import RunbookEngine
import RunbookModel
import RunbookPlan
import RunbookTransport
import Testing

private let contact = HostReply.contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1"))

private func ended(_ code: Int) -> HostReply {
    var status = ReceiptStatus(
        claimed: true, digest: nil, go: .run(boot: "b1"), end: .exit(code), alive: false, boot: "b1")
    status.home = "h1"
    return .receipt(status)
}

private let back = Event.rollbackRequested(target: RollbackPlan.start, by: "lead")

@Suite("Batches of a step's hosts")
struct BatchTests {
    private func batches(_ change: (inout Step) -> Void = { _ in }) throws -> Dialogue {
        try Dialogue([
            step("db", on: ["a", "b", "c"]) {
                $0.serial = [.count(1)]
                $0.undo = .run(text("stop db"), timeout: .seconds(60), verify: nil)
                change(&$0)
            }
        ])
    }

    private func contacts(_ told: [String]) -> Int { told.count { $0 == "contact" } }

    @Test("a batch that is tried again and the next one are never under way together")
    func retried() throws {
        var dialogue = try batches { $0.maxFailures = 1 }
        #expect(contacts(dialogue.begin()) == 1)
        dialogue.reply(contact)
        // The question about `a` is open, and one may fail: `b` begins.
        let told = dialogue.reply(ended(1))
        #expect(contacts(told) == 1 && told.contains { $0.hasPrefix("ask failure") })
        #expect(contacts(dialogue.choose(.retry, about: TaskID(step: "db", host: "a"))) == 0)
        dialogue.reply(contact)
        // `b` has ended: now one of them, and not both.
        #expect(contacts(dialogue.reply(ended(0))) == 1)
    }

    @Test("undos go through the batches backwards, one at a time")
    func undos() throws {
        var dialogue = try batches()
        _ = dialogue.begin()
        for _ in 0..<3 {
            dialogue.reply(contact)
            dialogue.reply(ended(0))
        }
        dialogue.restart()
        #expect(contacts(dialogue.tell(back)) == 1)
        for (host, next) in [("c", 1), ("b", 1), ("a", 0)] {
            #expect(dialogue.reply(contact).contains { $0.hasPrefix("submit r1/db.\(host).u1") })
            #expect(contacts(dialogue.reply(ended(0))) == next)
        }
        #expect(dialogue.said.last == "finish rolled-back")
    }

    @Test("an undo that failed holds the batches before it until a person has decided")
    func failedUndo() throws {
        var dialogue = try batches()
        _ = dialogue.begin()
        for _ in 0..<3 {
            dialogue.reply(contact)
            dialogue.reply(ended(0))
        }
        dialogue.restart()
        dialogue.tell(back)
        dialogue.reply(contact)
        #expect(dialogue.reply(ended(1)).last == "ask undo: exit status 1")
        #expect(contacts(dialogue.choose(.skip, reason: "it stays")) == 1)
    }

    @Test("undos of a staggered step begin one after the other as well")
    func staggered() throws {
        var dialogue = try batches {
            $0.serial = []
            $0.stagger = .seconds(5)
        }
        _ = dialogue.begin()
        for _ in 0..<3 {
            dialogue.reply(contact)
            dialogue.reply(ended(0))
            dialogue.tell(.released(step: 0))
        }
        dialogue.restart()
        #expect(contacts(dialogue.tell(back)) == 1)
        #expect(dialogue.reply(contact).contains("hold 0 for 5000 ms"))
        #expect(contacts(dialogue.reply(ended(0))) == 0)
        #expect(contacts(dialogue.tell(.released(step: 0))) == 1)
    }
}
