import RunbookEngine
import RunbookModel
import RunbookPlan
import RunbookTransport
import Testing

private let keyUnknown = HostReply.failure(
    TransportFailure(.hostKey, sent: false, isLasting: true, "the host's key is not known"))
private let refused = HostReply.failure(TransportFailure(.unreachable, sent: false, "Connection refused"))

@Suite("What stays so until a person changes something")
struct LastingFailureTests {
    @Test(
        "no retry, no round of retries and no wait goes by: a person is asked at once",
        arguments: [
            step("db") { $0.retries = 3 },
            step("db") { $0.onFailure = .retry },
            step("db") {
                $0.retries = 3
                $0.verify = check("is db")
            },
            step("db") { $0.action = .waitFor(check("is db", retries: 30)) },
        ])
    func lasting(_ one: Step) throws {
        var dialogue = try Dialogue([one])
        #expect(dialogue.begin().last?.hasPrefix("contact") == true || dialogue.said.last == "probe is db")
        let said = dialogue.reply(keyUnknown)
        #expect(said.last?.hasPrefix("ask failure: ") == true, "\(said)")
        #expect(said.last?.hasSuffix("the host's key is not known") == true, "\(said)")
        // Mended, and tried again by a person's word.
        #expect(dialogue.choose(.retry).contains { $0 == "contact" || $0 == "probe is db" })
    }

    @Test("what may pass is tried again")
    func passing() throws {
        var dialogue = try Dialogue([step("db") { $0.retries = 3 }])
        _ = dialogue.begin()
        #expect(dialogue.reply(refused).last == "wait 1000 ms")
        var waiting = try Dialogue([step("db") { $0.action = .waitFor(check("is db", retries: 30)) }])
        _ = waiting.begin()
        #expect(waiting.reply(refused).last == "wait 1000 ms")
    }

    @Test("a step that stops the run when it fails stops it at once")
    func stops() throws {
        var dialogue = try Dialogue([
            step("db") {
                $0.retries = 3
                $0.onFailure = .stop
            }
        ])
        _ = dialogue.begin()
        #expect(dialogue.reply(keyUnknown).last == "finish unreachable")
    }
}
