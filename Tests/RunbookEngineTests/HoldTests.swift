import RunbookEngine
import RunbookJournal
import RunbookModel
import RunbookTransport
import Testing

@Suite("A run stops where another run holds the host")
struct HoldTests {
    private let other = SiteClaim(run: "r0", mark: "m0", by: "eve\u{1B}[2J", from: "laptop7", since: 1_768_446_000)
    private let hold = SiteHold(claim: SiteClaim(run: "r1", mark: "m1", by: "tester", from: "here", since: 1))

    private func facts(_ claims: [SiteClaim]) -> HostReply {
        .contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1", claims: claims))
    }

    @Test("nothing is intended, and it is said who, from where, since when, and what to type")
    func stops() throws {
        var dialogue = try Dialogue([step("one")], hold: hold)
        _ = dialogue.begin()
        let said = dialogue.reply(facts([other])).joined(separator: "\n")
        #expect(said.contains("finish elsewhere") && !said.contains("intended") && !said.contains("submit"), "\(said)")
        let reason = dialogue.engine.state.halted ?? ""
        #expect(reason.contains("is claimed by run r0 (eve"), "\(reason)")
        #expect(reason.contains("at laptop7, since 2026-01-15 03:00 UTC)") && !reason.contains("\u{1B}"), "\(reason)")
        #expect(reason.contains("`blackstart resume r0`") && reason.contains("`--beside r0 --reason "), "\(reason)")
    }

    @Test("claims of runs that are known to be over are taken away, once")
    func over() throws {
        var hold = hold
        hold.over = ["r0~m0"]
        var dialogue = try Dialogue([step("one")], hold: hold)
        _ = dialogue.begin()
        #expect(dialogue.reply(facts([other])) == ["contact"])
        var stubborn = dialogue
        #expect(dialogue.reply(facts([])).contains { $0.hasPrefix("submit") })
        #expect(stubborn.reply(facts([other])).contains("finish elsewhere"))
    }

    @Test("the end takes the claim from each host where the run has been")
    func leaves() throws {
        var dialogue = try Dialogue([step("one")], hold: hold)
        _ = dialogue.begin()
        dialogue.reply(facts([]))
        #expect(dialogue.engine.tidying(isFinal: false).isEmpty)
        let requests = dialogue.engine.tidying(isFinal: true)
        #expect(requests.count == 1)
        guard case .tidy(_, leaving: hold.claim) = requests.first?.operation else {
            Issue.record("\(requests)")
            return
        }
    }
}
