import RunbookEngine
import RunbookModel
import RunbookPlan
import RunbookSimulation
import RunbookTransport
import Testing

/// Answers each host in its own way, and notes what it was asked.
private final class Hosts: Transport {
    typealias Answers = [String: HostReply]
    private let surveys: Answers
    private let checks: Answers
    let asked = Lock<[String]>([])

    init(_ surveys: Answers, checks: Answers = [:]) {
        self.surveys = surveys
        self.checks = checks
    }

    func send(
        _ request: HostRequest, progress: @escaping @Sendable (OutputChunk) -> Void,
        reply: @escaping @Sendable (HostReply) -> Void
    ) {
        let host = request.host
        let kind: String
        let answer: HostReply?
        switch request.operation {
        case .contact, .arrive: (kind, answer) = ("contact", surveys[host])
        case .survey(let privilege): (kind, answer) = (privilege == nil ? "survey" : "survey as root", surveys[host])
        case .probe: (kind, answer) = ("check \(request.task)", checks[request.task.description])
        default: (kind, answer) = ("something that changes hosts", nil)
        }
        asked.withLock { $0.append("\(host): \(kind)") }
        let said = answer ?? .failure(TransportFailure(.unsuitable, sent: false, "not foreseen"))
        Task { reply(said) }
    }

    func close() async {}
}

private func seen(_ change: (inout HostSurvey) -> Void = { _ in }) -> HostReply {
    var survey = HostSurvey(
        facts: HostFacts(boot: "b1", clockOffset: 0), folder: .writable, freeKiB: 1 << 21, user: "ops",
        shell: "/bin/bash")
    change(&survey)
    return .survey(survey)
}

private func failed(_ kind: TransportFailure.Kind, sent: Bool = false) -> HostReply {
    .failure(TransportFailure(kind, sent: sent, "in its words"))
}

private func checked(_ id: String, on host: String, _ change: (inout Step) -> Void = { _ in }) -> Step {
    var step = step(id, on: [host])
    step.verify = Check(.run(text("is-up")), at: place)
    change(&step)
    return step
}

@Suite("Whether a runbook could begin")
struct ReadinessTests {
    private func probe(_ steps: [Step], _ hosts: Hosts) async throws -> Readiness {
        await Readiness.probe(try plan(steps), run: RunFacts(id: "ready", by: "me", mark: ""), hosts)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var reply: HostReply
        /// `ASPECT GRADE: WORDS` of what is not good, joined by commas.
        var told: String
        var isUnreachable = false
    }

    static let rows = [
        Row(testDescription: "all is well", reply: seen(), told: ""),
        Row(testDescription: "dark", reply: failed(.unreachable), told: "reach bad: in its words", isUnreachable: true),
        Row(
            testDescription: "lost before it began", reply: failed(.lost), told: "reach bad: in its words",
            isUnreachable: true),
        Row(
            testDescription: "no time to answer", reply: .deadline, told: "reach bad: no answer in time",
            isUnreachable: true),
        Row(testDescription: "another key", reply: failed(.hostKey), told: "host-key bad: in its words"),
        Row(testDescription: "not let in", reply: failed(.authentication), told: "login bad: in its words"),
        Row(testDescription: "no shell", reply: failed(.lost, sent: true), told: "receipts bad: in its words"),
        Row(
            testDescription: "a folder of others", reply: seen { $0.folder = .closed },
            told: "receipts bad: their folder is not for ops"),
        Row(
            testDescription: "read-only", reply: seen { $0.folder = .readOnly },
            told: "receipts bad: their file system is read-only"),
        Row(testDescription: "full", reply: seen { $0.freeKiB = 0 }, told: "receipts bad: the disk is full"),
        Row(testDescription: "nearly full", reply: seen { $0.freeKiB = 900 }, told: "receipts doubtful: 900 KiB free"),
        Row(
            testDescription: "size unknown", reply: seen { $0.freeKiB = nil },
            told: "receipts doubtful: how much is free is not known"),
        Row(
            testDescription: "tools missing", reply: seen { $0.missing = ["ps", "awk"] },
            told: "receipts bad: the host lacks ps, awk"),
        Row(
            testDescription: "no root", reply: seen { $0.isRoot = false },
            told: "root bad: sudo does not let ops become root"),
        Row(
            testDescription: "a clock an hour ahead", reply: seen { $0.facts.clockOffset = 3_600_000 },
            told: "clock doubtful: 1 hour ahead"),
        Row(
            testDescription: "a clock behind beyond all bounds", reply: seen { $0.facts.clockOffset = .min },
            told: "clock doubtful"),
        Row(
            testDescription: "an answer to another question", reply: .tidied,
            told: "reach bad: the answer was to another question", isUnreachable: true),
    ]

    @Test("each answer of a host is told for what it is", arguments: rows)
    func machine(_ row: Row) async throws {
        let found = try await probe([step("one")], Hosts(["a": row.reply]))
        let machine = try #require(found.machines.first)
        let told = machine.findings.filter { $0.grade != .good }.map {
            "\($0.aspect.rawValue) \($0.grade.rawValue): \($0.words)"
        }
        #expect(told.joined(separator: ", ").hasPrefix(row.told) && told.isEmpty == row.told.isEmpty, "\(told)")
        #expect(found.hasUnreachable == row.isUnreachable)
        #expect(found.isReady == !row.told.contains("bad"))
    }

    @Test("a check that does not hold is a state; one that can't be asked is a fault")
    func states() async throws {
        let steps =
            ["holds", "open", "no-tool", "late", "cut"].map { checked($0, on: "a") } + [checked("dark", on: "b")]
        func exit(_ code: Int, _ words: String = "") -> HostReply {
            .probe(ProbeAnswer(.exit(.exited(code)), stderr: Array(words.utf8)))
        }
        let hosts = Hosts(
            ["a": seen(), "b": failed(.unreachable)],
            checks: [
                "holds@a": exit(0), "open@a": exit(3, "inactive"), "no-tool@a": exit(127, "sh: is-up: not found"),
                "late@a": .probe(ProbeAnswer(.timedOut)), "cut@a": failed(.lost, sent: false), "dark@b": exit(0),
            ])
        let found = try await probe(steps, hosts)
        #expect(
            found.states.map { "\($0.task) \($0.word.rawValue): \($0.words)" } == [
                "holds@a holds: `is-up` exited with 0",
                "open@a open: the check exited with 3, not 0: inactive",
                "no-tool@a broken: the check could not run (exit status 127): sh: is-up: not found",
                "late@a broken: the check gave no answer within 30 seconds",
                "cut@a broken: in its words", "dark@b not-asked: its host was not reached",
            ])
        #expect(!found.isReady)
        #expect(!hosts.asked.withLock(\.self).contains("b: check dark@b"))
    }

    @Test("nothing but surveys, contacts and checks is asked, each machine once, with the rights its steps need")
    func asked() async throws {
        let steps = [
            checked("one", on: "a"), checked("two", on: "a") { $0.become = .yes },
            checked("three", on: "b"), checked("four", on: "b"),
        ]
        let hosts = Hosts(["a": seen { $0.isRoot = true }, "b": seen()])
        _ = try await probe(steps, hosts)
        #expect(
            hosts.asked.withLock(\.self).sorted() == [
                "a: check one@a", "a: check two@a", "a: survey as root", "b: check four@b", "b: check three@b",
                "b: survey",
            ])
    }
}
