import RunbookFormat
import RunbookModel
import Testing

/// What becomes of the steps of a runbook that another one includes.
@Suite struct IncludedRunbookTests {
    private static let files = [
        "parts/tiers.yaml": """
        version: 1
        name: Tiers
        inventory: ../i.yaml
        vars: { pool: none }
        assumes: [power, cooling]
        secrets: { near: { from: file, path: word }, far: { from: file, path: /etc/word }, own: { from: file, path: ~/word } }
        steps:
        - { id: db, name: DB, hosts: a, script: start.sh, tags: [data], phase: Data, why: It holds all., contact: dba,
            when: "vars.pool != 'x'", on_failure: "rollback:start" }
        - { id: cp, name: CP, needs: [db], checkpoint: core }
        - { id: web, name: Web, needs: [cp], hosts: a, copy: { from: ./deep/motd, to: /etc/motd }, on_failure: "rollback:core" }
        - { id: app, name: App, needs: [cp], uses: more/app.yaml }
        """,
        "parts/more/app.yaml": """
        version: 1
        name: App
        inventory: ../../i.yaml
        steps: [ { id: one, name: One, hosts: a, run: one }, { id: two, name: Two, needs: [], hosts: a, run: two } ]
        """,
    ]

    private let runbook: Runbook

    init() throws {
        let text = """
            version: 1
            name: Whole
            inventory: i.yaml
            vars: { pool: tank }
            assumes: [power]
            steps:
            - { id: begin, name: Begin, hosts: a, run: begin }
            - { id: tiers, name: The tiers, needs: [begin], uses: ./parts/tiers.yaml, with: { pool: "my ${{ vars.pool }}" },
                tags: [tier], when: vars.pool == 'tank', if_it_fails: Call., contact: ops }
            - { id: end, name: End, needs: [tiers], hosts: a, run: end }
            - { id: late, name: Late, needs: [tiers/app], hosts: a, run: late }
            """
        runbook = try RunbookReader.read(bytes: Array(text.utf8), path: "r.yaml") { path in
            Self.files[path].map { .bytes(Array($0.utf8)) } ?? .unreadable("No such file")
        }
    }

    private func step(_ id: String) throws -> Step { try #require(runbook.steps.first { $0.id == id }) }

    @Test("its steps stand in the place of the step, numbered, with the step's name before theirs")
    func order() {
        #expect(
            runbook.steps.map(\.id) == [
                "begin", "tiers/db", "tiers/cp", "tiers/web", "tiers/app/one", "tiers/app/two", "end", "late",
            ])
        #expect(runbook.steps.map(\.number) == Array(1...8))
        #expect(runbook.included.map(\.path) == ["parts/tiers.yaml", "parts/more/app.yaml"])
    }

    @Test("they wait for what the step waits for, and who waits for the step waits for those at its end")
    func needs() throws {
        #expect(try step("tiers/db").needs.map(\.name) == ["begin"])
        #expect(try step("tiers/web").needs.map(\.name) == ["tiers/cp"])
        #expect(try step("tiers/app/one").needs.map(\.name) == ["tiers/cp"])
        #expect(try step("tiers/app/two").needs.map(\.name) == ["tiers/cp"])
        #expect(try step("end").needs.map(\.name) == ["tiers/web", "tiers/app/one", "tiers/app/two"])
        #expect(try step("late").needs.map(\.name) == ["tiers/app/one", "tiers/app/two"])
    }

    @Test("what the step says holds where they say nothing")
    func inherited() throws {
        let (db, web, one) = (try step("tiers/db"), try step("tiers/web"), try step("tiers/app/one"))
        #expect(db.phase == "Data" && web.phase == "The tiers" && one.phase == "App")
        #expect(db.tags == ["data", "tier"] && one.tags == ["tier"])
        #expect(db.contact?.name == "dba" && web.contact?.name == "ops" && one.contact?.name == "ops")
        #expect(db.why == "It holds all." && web.why == nil && web.ifItFails == "Call.")
        #expect(db.when?.references.map(\.name) == ["vars.pool", "vars.tiers/pool"])
        #expect(one.when?.references.map(\.name) == ["vars.pool"])
        #expect(runbook.assumes == ["power", "cooling"])
    }

    @Test("checkpoints are theirs, and the start is that of the run")
    func checkpoints() throws {
        #expect(runbook.checkpoints == ["tiers/core"])
        guard case .rollback(let start?) = try step("tiers/db").onFailure,
            case .rollback(let core?) = try step("tiers/web").onFailure
        else {
            Issue.record("no rollback")
            return
        }
        #expect(start.name == "start" && core.name == "tiers/core")
    }

    @Test("paths are relative to the file that they stand in; others stay as they are")
    func paths() {
        #expect(runbook.attachments.map(\.name) == ["parts/start.sh", "parts/deep/motd"])
        #expect(
            runbook.secrets.map(\.source) == [.file("parts/word"), .file("/etc/word"), .file("~/word")])
    }

    @Test("variables are declared under the step's name, with what is given for them")
    func variables() {
        #expect(runbook.variables.map(\.name) == ["pool", "tiers/pool"])
        #expect(runbook.variables.last?.given?.source == "my ${{ vars.pool }}")
    }

    @Test("a thousand ends and a thousand beginnings are refused, and a checkpoint between them is not")
    func many() throws {
        func book(_ steps: String) -> [UInt8] { Array("version: 1\nname: R\ninventory: i.yaml\nsteps:\n\(steps)".utf8) }
        let wide = book((0..<1_000).map { "- { id: s\($0), name: S, needs: [], hosts: a, run: x }\n" }.joined())
        func read(_ steps: String) -> [String] {
            do throws(InvalidFiles) {
                _ = try RunbookReader.read(bytes: book(steps), path: "r.yaml") { _ in .bytes(wide) }
                return []
            } catch { return error.diagnostics.map(\.message) }
        }
        let one = "- { id: one, name: One, uses: w.yaml }\n"
        #expect(
            read(one + "- { id: two, name: Two, needs: [one], uses: w.yaml }\n") == [
                "too many steps wait for too many others: more than 500000 in all"
            ])
        #expect(
            read(
                one + "- { id: cp, name: CP, needs: [one], checkpoint: cp }\n"
                    + "- { id: two, name: Two, needs: [cp], uses: w.yaml }\n"
            ).isEmpty)
        let more = (1...11).map { "- { id: u\($0), name: U, needs: [], uses: w.yaml }\n" }.joined()
        #expect(read(more) == ["with what it includes the runbook has more than 10000 steps"])
    }
}
