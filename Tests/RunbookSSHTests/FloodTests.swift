import Foundation
import RunbookModel
import RunbookSSH
import RunbookTransport
import TestTools
import Testing

/// A host that sends without end, and the question it answers so.
struct Flood: Sendable, CustomTestStringConvertible {
    /// A function of hostile-server.py.
    var way: String
    var operation: HostRequest.Operation
    /// What the failure says; nil: what was given in time is over.
    var words: String?
    var isJump = false

    var testDescription: String { "\(way) \(String(describing: operation).prefix(12))" }

    private static let probe = HostRequest.Operation.probe(
        ProbeRequest(.run(command: "true", environment: []), timeout: .milliseconds(-12_000)))
    private static let attach = HostRequest.Operation.attach(
        Visit.receipt(), stdoutOffset: 0, stderrOffset: 0, deadline: .seconds(3))
    private static let submit = HostRequest.Operation.submit(
        Submission(
            receipt: Visit.receipt(), command: "true", environment: [], boot: nil, journalHead: "1:00", digest: "d1"),
        deadline: .seconds(3))
    private static let tooMuch = "the host sent more than"
    private static let senseless = "the host's answer makes no sense"

    static let all = [
        Flood(way: "printing", operation: probe, words: "\(tooMuch) 1 MiB"),
        Flood(way: "signs", operation: probe), Flood(way: "dripping", operation: probe),
        Flood(way: "errors", operation: probe),
        Flood(way: "chatter", operation: submit), Flood(way: "signs", operation: submit),
        Flood(way: "errors", operation: submit), Flood(way: "deaf", operation: submit, words: tooMuch),
        Flood(way: "chatter", operation: attach), Flood(way: "dripping", operation: attach),
        Flood(way: "noise", operation: .survey(nil), words: senseless),
        Flood(way: "lines", operation: .inspect(Visit.receipt()), words: senseless),
        Flood(way: "refusing", operation: .survey(nil), words: "the host can't do this: \\u{1b}[2Jno"),
        Flood(way: "receipts", operation: .heads(run: "r1"), words: senseless),
        Flood(
            way: "witness", operation: .witness(.get(run: "r1", limitBytes: 4_095)), words: "\(tooMuch) 4 KiB"),
        Flood(way: "endlessCopy", operation: .witness(.get(run: "r1", limitBytes: 1 << 30)), words: "\(tooMuch) 1 GiB"),
        Flood(
            way: "preamble", operation: .witness(.get(run: "r1", limitBytes: 1 << 30)), words: "\(tooMuch) 256 KiB"),
        Flood(way: "witness", operation: .witness(.tell(run: "r1")), words: "\(tooMuch) 256 KiB"),
        Flood(way: "flood", operation: .contact, words: "the host did not finish the SSH handshake in time"),
        Flood(way: "endless", operation: .contact, words: "no SSH connection: "),
        Flood(way: "wordy", operation: .contact, words: "the host did not let us in in time"),
        Flood(way: "slow", operation: .contact, words: "the host did not let us in in time"),
        Flood(way: "locked", operation: .contact, words: "login as \(NSUserName()) failed: "),
        Flood(way: "jump", operation: .contact, words: "no SSH connection: ", isJump: true),
    ]
}

@Suite("Hosts that send without end", .serialized)
struct FloodTests {
    private let server: TestServer

    init() throws { server = try TestServer() }

    /// `a` floods, or the host that leads to it does.
    private func visit(_ hostile: PythonServer, isJump: Bool = false) -> Visit {
        var host = server.host
        host.port = hostile.port
        var hosts = [host]
        if isJump {
            hosts.append(host)
            hosts[1].name = "jump"
            hosts[0].via = Named("jump", at: place)
        }
        var options = SSHOptions(user: NSUserName())
        options.home = server.scratch.path
        options.localHome = server.scratch.path
        options.connectTimeout = .seconds(3)
        options.passwords = ["a": "correct horse"]
        return Visit(SSHTransport(hosts: hosts, options: options))
    }

    /// Resident memory of this process at its highest since it was last asked, KiB.
    private var peak: Int {
        let facts = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = facts.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
        return line.split(separator: " ").compactMap { Int($0) }.first ?? 0
    }

    private static let mostKiB = 96 << 10

    @Test("the question ends with a clear failure and in time, and memory stays flat", arguments: Flood.all)
    func question(_ flood: Flood) async throws {
        let hostile = try PythonServer("hostile-server.py", flood.way, server.scratch)
        let visit = visit(hostile, isJump: flood.isJump)
        _ = peak
        let before = peak
        let start = ContinuousClock.now
        let said = await visit.ask(flood.operation, keeps: 1 << 20)
        #expect(ContinuousClock.now - start < .seconds(25))
        #expect(peak - before < Self.mostKiB)
        if let words = flood.words {
            let failure = try #require(said.failure, "\(said.reply)")
            #expect(failure.message.hasPrefix(words), "\(failure)")
            #expect(failure.message.utf8.count < 500 && !failure.message.contains("\u{1B}"))
        } else {
            switch (flood.operation, said.reply) {
            case (.probe, .probe(let answer)): #expect(answer.result == .timedOut)
            case (_, .deadline): break
            default: Issue.record("\(said.reply)")
            }
        }
        await visit.end()
    }

    @Test("a host key scan ends in time, and memory stays flat", arguments: ["flood", "endless", "drip", "jump"])
    func scan(_ way: String) async throws {
        let hostile = try PythonServer("hostile-server.py", way, server.scratch)
        let visit = visit(hostile, isJump: way == "jump")
        _ = peak
        let before = peak
        #expect(await visit.transport.scan("a").failure != nil)
        #expect(peak - before < Self.mostKiB)
        await visit.end()
    }
}
