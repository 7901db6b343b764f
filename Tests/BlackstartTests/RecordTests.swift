import Foundation
import TestTools
import Testing

/// What `run --record` keeps, played again.
@Suite("A recorded run", .serialized)
struct RecordTests {
    /// Those whose path hangs on nothing but answers: a cut connection and a lost time limit are not answers.
    static let replayed = PromiseTests.all.filter { promise in
        !promise.waits && promise.more.isEmpty && !promise.keys.contains("step.timeout") && promise.ignoring.isEmpty
            && !promise.keys.contains("check.timeout")
    }

    @Test("a dry run on its fixture takes the same path, with the same answers of people", arguments: replayed)
    func replay(_ promise: Promise) throws {
        let (said, transcript, program) = try promise.play(.real, ["--record", "rec"])
        let fixture = try program.scratch.text("rec/fixture.yaml")
        #expect(said.status == promise.exit, "\(said.stdout)\(said.stderr)")
        // The command line chooses the part of the runbook; the fixture knows the answers by itself.
        var flags: [String] = []
        var words = promise.flags[...]
        while let word = words.popFirst() {
            if word == "--answer" { _ = words.popFirst() } else { flags.append(word) }
        }
        let again = try program(["dry-run", "runbook.yaml", "-f", "rec/fixture.yaml", "--run-id", "again"] + flags)
        let replayed = try Promise.transcript(program, "again")
        #expect(again.status == said.status, "\(fixture)\(again.stdout)\(again.stderr)")
        func plain(_ tasks: [String]) -> [String] {
            // Who began the run refuses in their own name; the fixture's operator in its, or in the name that was recorded.
            tasks.map { $0.replacing("fixture operator", with: "USER").replacing("lead@site", with: "USER") }.sorted()
        }
        #expect(plain(replayed.tasks) == plain(transcript.tasks), "\(fixture)\(again.stdout)")
        #expect(!again.stderr.contains("no answer for"), "\(again.stderr)")
    }

    @Test("a folder that holds a record already is refused before anything begins")
    func taken() throws {
        let program = try Program([
            "runbook.yaml":
                "version: 1\nname: A\ninventory: i.yaml\nsteps: [{ id: a, name: A, hosts: local, run: \"echo >> ran\" }]\n",
            "i.yaml": "version: 1\nname: A\nhosts: { a: { address: 127.0.0.1 } }\n",
        ])
        #expect(try program("run runbook.yaml --no-input --record rec").status == 0)
        let again = try program("run runbook.yaml --no-input --record rec")
        #expect(again.status == 64)
        #expect(again.stderr.contains("`rec/fixture.yaml` exists already; nothing was started"), "\(again.stderr)")
        #expect(try program.scratch.text("ran") == "\n")
    }
}

@Suite("Reports for other programs")
struct MachineReportTests {
    private func program() throws -> Program {
        try Program([
            "runbook.yaml": """
            version: 1
            name: Start <all> & "more"
            inventory: i.yaml
            steps:
            - { id: a, name: A, phase: One, hosts: local, run: "true" }
            - { id: b, name: B, hosts: local, needs: [a], run: "echo 50%, no; exit 3", on_failure: continue }
            - { id: c, name: C, hosts: local, needs: [b], when: "run.id == 'other'", run: "true" }
            - { id: d, name: D, hosts: local, needs: [c], run: "exit 4", on_failure: stop }
            - { id: e, name: E, hosts: local, needs: [d], run: "true" }

            """,
            "i.yaml": "version: 1\nname: A\nhosts: { a: { address: 127.0.0.1 } }\n",
            "broken.yaml":
                "version: 1\nname: A\ninventory: i.yaml\nsteps: [{ id: a, name: A, hosts: local, rum: \"true\" }]\n",
        ])
    }

    @Test("junit: a case for each task, well-formed, and nothing else on stdout")
    func junit() throws {
        let program = try program()
        let said = try program("run runbook.yaml --run-id r --no-input --output junit")
        #expect(said.status == 2)
        let text = said.stdout.replacing(/time="[0-9.]+"/, with: "time=\"T\"")
        #expect(
            text == """
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuites tests="5" failures="2" errors="0" skipped="2" time="T">
                  <testsuite name="Start &lt;all&gt; &amp; &quot;more&quot;" id="r" tests="5" failures="2" errors="0" skipped="2" time="T">
                    <testcase classname="One" name="a@local A" time="T"/>
                    <testcase classname="Start &lt;all&gt; &amp; &quot;more&quot;" name="b@local B" time="T">
                      <failure message="exit status 3"/>
                    </testcase>
                    <testcase classname="Start &lt;all&gt; &amp; &quot;more&quot;" name="c@local C" time="T">
                      <skipped message="skipped: its condition does not hold"/>
                    </testcase>
                    <testcase classname="Start &lt;all&gt; &amp; &quot;more&quot;" name="d@local D" time="T">
                      <failure message="exit status 4"/>
                    </testcase>
                    <testcase classname="Start &lt;all&gt; &amp; &quot;more&quot;" name="e@local E" time="T">
                      <skipped message="not begun, or not over"/>
                    </testcase>
                  </testsuite>
                </testsuites>

                """)
        try program.scratch.write("report.xml", Array(said.stdout.utf8))
        let parsed = try Python.run(
            ["-c", "import sys, xml.dom.minidom as m; m.parse(sys.argv[1])", "\(program.scratch.path)/report.xml"])
        #expect(parsed.status == 0, "\(parsed.stderr)")
    }

    @Test("github: each failure is an annotation at its step, each fault of a file at its place")
    func github() throws {
        let program = try program()
        let run = try program("run runbook.yaml --run-id r --no-input --output github")
        #expect(
            run.stdout.contains("::error file=runbook.yaml,line=6,col=3::b@local: exit status 3\n"), "\(run.stdout)")
        #expect(
            run.stdout.contains("::error file=runbook.yaml,line=8,col=3::d@local: exit status 4\n"), "\(run.stdout)")
        let check = try program("check broken.yaml --output github")
        #expect(check.status == 65)
        #expect(
            check.stdout == "::error file=broken.yaml,line=4,col=41::unknown key `rum`%0Ahint: did you mean `run`?\n",
            "\(check.stdout)\(check.stderr)")
    }

    @Test("a form that a command does not have is refused")
    func misfit() throws {
        let program = try program()
        for words in ["plan runbook.yaml --output junit", "runs --output github", "check runbook.yaml --output junit"] {
            let said = try program(words)
            #expect(said.status == 64, "\(words)")
            #expect(said.stderr.contains("is not supported by this command"), "\(said.stderr)")
        }
    }
}
