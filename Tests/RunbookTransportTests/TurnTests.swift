import RunbookModel
import RunbookTransport
import TestTools
import Testing

@Suite("One session at a time carries a run on")
struct TurnTests {
    private func arrive(
        _ session: String, after: String = "", _ host: ScriptHost, nonce: String = "n1", mark: String = "m"
    ) throws -> String? {
        let arrival = Arrival(run: "r1", turn: Turn(session: session, after: after, mark: mark))
        guard case .facts(_, _, _, _, let last) = try host.play(.arrive(arrival), nonce: nonce).ending else {
            return nil
        }
        return last
    }

    private func submit(_ session: String?, _ host: ScriptHost) throws -> ReceiptStatus? {
        var submission = ScriptHost.submission()
        submission.session = session
        return try host.play(.submit(submission, deadline: .seconds(60))).status
    }

    @Test("the next session has its turn only after the one that came last", arguments: ScriptHost.allShells)
    func order(_ shell: String) throws {
        let host = try ScriptHost(shell: shell)
        #expect(try arrive("a1", host) == "a1")
        #expect(try arrive("a1", host) == "a1")
        // A copy that knows nothing of it, and one that takes it for another.
        #expect(try arrive("b1", host) == "a1")
        #expect(try arrive("b1", after: "c9", host) == "a1")
        #expect(try arrive("a2", after: "a1", host) == "a2")
        #expect(try arrive("b1", after: "a1", host) == "a2")
        #expect(try arrive("a1", host) == "a2")
        // A run of the same name that is another one.
        #expect(try arrive("d1", host, mark: "m2") == "d1")
        #expect(try arrive("a2", host) == "a2")
    }

    @Test("a session that was overtaken sends nothing any more", arguments: ScriptHost.allShells)
    func overtaken(_ shell: String) throws {
        let host = try ScriptHost(shell: shell)
        #expect(try arrive("a1", host) == "a1")
        #expect(try arrive("a2", after: "a1", host) == "a2")
        let late = try submit("a1", host)
        #expect(late?.refused == .taken && late?.claimed == false && host.runs == 0, "\(String(describing: late))")
        #expect(try submit("a2", host)?.end == .exit(0))
        #expect(host.runs == 1)
    }

    @Test("of several that come after the same one at once, one has its turn", arguments: ScriptHost.allShells)
    func race(_ shell: String) throws {
        let host = try ScriptHost(shell: shell)
        #expect(try arrive("a1", host) == "a1")
        let sessions = ["b1", "c1", "d1", "e1"]
        for session in sessions {
            let arrival = Arrival(run: "r1", turn: Turn(session: session, after: "a1", mark: "m"))
            try host.scratch.write("in-\(session)", Array(try host.text(.arrive(arrival), nonce: session).utf8))
        }
        let words = sessions.map { "\(host.shellPath) -s <in-\($0) >out-\($0) 2>&1 &" }.joined(separator: " ")
        _ = try TestTools.shell("\(words) wait", in: host.scratch.path, environment: host.variables)
        let told = try sessions.map { session -> String in
            guard case .facts(_, _, _, _, let last) = try host.reply("out-\(session)", nonce: session).ending else {
                return ""
            }
            return last
        }
        #expect(Set(told).count == 1 && sessions.contains(told[0]), "\(told)")
    }

    @Test(
        "a chain of turns that cannot be read ends the question, and never hangs",
        arguments: ["ln -s a1 .after.a1", "ln -s 'x y' .after.a1", "ln -s /etc/passwd .after.a1"], ScriptHost.allShells)
    func broken(_ making: String, _ shell: String) throws {
        let host = try ScriptHost(shell: shell)
        #expect(try arrive("a1", host) == "a1")
        _ = try TestTools.shell(
            "cd .blackstart/receipts/r1 && \(making)", in: host.scratch.path, environment: host.variables)
        let arrival = Arrival(run: "r1", turn: Turn(session: "a2", after: "a1", mark: "m"))
        guard case .refused(let why) = try host.play(.arrive(arrival)).ending else {
            Issue.record("it was let in")
            return
        }
        #expect(why.contains("can't be read"))
    }

    @Test("the receipts of another run of the same name are not told", arguments: ScriptHost.allShells)
    func heads(_ shell: String) throws {
        let host = try ScriptHost(shell: shell)
        #expect(try arrive("a1", host) == "a1")
        var submission = ScriptHost.submission()
        submission.mark = "m"
        submission.journalHead = "7:" + String(repeating: "0f", count: 32)
        _ = try host.play(.submit(submission, deadline: .seconds(60)))
        #expect(try host.play(.heads(run: "r1", mark: "m2")).ending == .heads([]))
        for mark in ["m", nil] {
            guard case .heads(let heads) = try host.play(.heads(run: "r1", mark: mark)).ending else {
                Issue.record("no heads")
                continue
            }
            #expect(heads.map(\.receipt) == ["db.a.1"])
        }
    }
}
