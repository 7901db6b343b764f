import RunbookFormat
import RunbookModel
import Testing

/// Each broken file of the corpus, and all that is said about it.
@Suite struct BrokenFileTests {
    @Test("a broken runbook is told what is wrong, where, and what to do", arguments: Corpus.names(.runbook))
    func runbook(name: String) throws { try check(.runbook, name) }

    @Test("a broken inventory is told what is wrong, where, and what to do", arguments: Corpus.names(.inventory))
    func inventory(name: String) throws { try check(.inventory, name) }

    @Test("a broken fixture is told what is wrong, where, and what to do", arguments: Corpus.names(.fixture))
    func fixture(name: String) throws { try check(.fixture, name) }

    private func check(_ kind: Corpus.Kind, _ name: String) throws {
        let said = try Corpus.said(kind, Corpus.bytes("\(kind.rawValue)/\(name).yaml"), path: "\(name).yaml")
        if Corpus.isRecording { try Corpus.record(said, kind, name) }
        #expect(try said == Corpus.expected(kind, name))
        #expect(!said.isEmpty)
    }

    @Test("every expected text belongs to a broken file, and there are enough of them")
    func isWhole() {
        var count = 0
        for kind in Corpus.Kind.allCases {
            #expect(Corpus.names(kind) == Corpus.stems(kind, "expected"))
            count += Corpus.names(kind).count
        }
        #expect(count >= 120)
    }

    @Test("the files that broken ones are read against are good")
    func siteIsGood() throws {
        #expect(Corpus.inventory.hosts.map(\.name) == ["san1", "san2", "db01"])
        #expect(Corpus.runbook.steps.map(\.id) == ["power-ok", "pool", "cp-storage"])
        #expect(RunbookNames.check(Corpus.runbook, against: Corpus.inventory, runbookText: []).isEmpty)
    }

    @Test("five faults of a file are told in one go, in file order")
    func inOneGo() throws {
        let found = try Corpus.diagnostics(
            .runbook, Corpus.bytes("Runbooks/five-faults.yaml"), path: "five-faults.yaml")
        let places = found.map { "\($0.place.line):\($0.place.column)" }
        #expect(places == ["4:8", "6:56", "7:29", "7:59", "8:58"])
    }
}
