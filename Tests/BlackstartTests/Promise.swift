import Foundation
import TestTools
import Testing

/// What a key of the language promises: a small site, a runbook, and what must come of it, whether the site is simulated
/// or stands behind real SSH servers.
struct Promise: CustomTestStringConvertible, Sendable {
    /// The claim.
    var name: String
    /// The keys that it is about, as `step.serial`.
    var keys: [String]
    /// What stands in the runbook before `steps`.
    var head = ""
    var steps: String
    /// Hosts and their answers, as in a fixture; what is not listed answers every command at once.
    var hosts = ""
    /// Lines of the fixture beside `hosts`.
    var more = ""
    /// Lines of the inventory for each host, as `become: true`.
    var inventory: [String: String] = [:]
    var hostNames = ["h1", "h2"]
    /// Further words of the command line.
    var flags: [String] = []
    /// Whether `ops`, who has the role incident-lead, runs it; else somebody whom the inventory does not know.
    var byLead = false
    /// Whether approvals from elsewhere are waited for.
    var waits = false
    /// Files beside the runbook.
    var files: [String: String] = [:]
    var exit: Int32 = 0
    /// What became of each task, in reading order; see ``RunTranscript``.
    var tasks: [String]
    /// What may be told of either way, and is left out of `tasks`: how a command ended that took its host with it.
    var ignoring: [String] = []
    /// Further claims; see ``RunTranscript/holds(_:)``.
    var claims: [String] = []

    var testDescription: String { name }

    enum Transport: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case simulated, real

        var testDescription: String { rawValue }
    }

    private var runbookText: String {
        "version: 1\nname: A promise\ninventory: inventory.yaml\n\(head)\nsteps:\n\(steps)\n"
    }

    private var inventoryText: String {
        let lines = hostNames.enumerated().map { number, name in
            "  \(name): { address: 10.0.0.\(number + 1)\(inventory[name].map { ", \($0)" } ?? "") }\n"
        }
        return
            "version: 1\nname: A site\nhosts:\n\(lines.joined())groups: { all: [\(hostNames.joined(separator: ", "))] }\n"
            + "contacts: { ops: { name: Operations, phone: \"+49 30 555 01\", roles: [incident-lead], signer: lead@site } }\n"
    }

    private var fixtureText: String {
        "version: 1\nname: A site that answers\nhosts:\n\(hosts)\n  \"*\": { answers: [{ run: \"*\" }] }\n\(more)\n"
    }

    /// How much faster than real time the lab goes.
    static let speed = 20

    /// Plays it, and reads what the journal tells.
    ///
    /// - Parameter more: further words of the command line, for a run on real servers.
    func play(
        _ transport: Transport, _ more: [String] = []
    ) throws -> (said: Said, transcript: RunTranscript, program: Program) {
        let program = try Program(
            [
                "runbook.yaml": runbookText, "inventory.yaml": inventoryText, "fixture.yaml": fixtureText,
            ].merging(files) { $1 })
        var flags = flags
        if byLead {
            let made = try shell(
                "ssh-keygen -q -t ed25519 -N '' -C lead@site -f lead", in: program.scratch.path)
            guard made.status == 0 else { throw ToolFault(what: made.output) }
            let listed = try shell("echo \"lead@site $(cut -d' ' -f1,2 lead.pub)\" >signers", in: program.scratch.path)
            guard listed.status == 0 else { throw ToolFault(what: listed.output) }
            flags += ["--operator-key", "lead"]
            if transport == .real { flags += ["--allowed-signers", "signers"] }
        }
        let said: Said
        switch transport {
        case .simulated:
            said = try program(["dry-run", "runbook.yaml", "-f", "fixture.yaml", "--run-id", "r"] + flags)
        case .real:
            let lab = "\(program.scratch.path)/lab"
            let up = try program([
                "lab", "up", "fixture.yaml", "-i", "inventory.yaml", "--dir", lab, "--speed", "\(Self.speed)",
                "--lifetime", "5m",
            ])
            guard up.status == 0 else { throw ToolFault(what: "no lab: \(up.stdout)\(up.stderr)") }
            defer { _ = try? program(["lab", "down", "--dir", lab]) }
            said = try program(
                ["run", "runbook.yaml", "-i", "\(lab)/inventory.yaml", "--run-id", "r"]
                    + (waits ? [] : ["--no-input"]) + flags + more)
        }
        return (said, try Self.transcript(program, "r", speed: transport == .real ? Self.speed : 1), program)
    }

    static func transcript(_ program: Program, _ run: String, speed: Int = 1) throws -> RunTranscript {
        try RunTranscript((try? program.scratch.text("home/runs/\(run)/journal.jsonl")) ?? "", speed: speed)
    }
}

/// What a journal tells, task by task.
///
/// A task is a line: `step@host: ` and what happened to it, in order: `run`, `exit 0`, `check` results as settled states
/// (`ok`, `already`, `skipped (reason)`, …), `asks failure`, `says retry`, `name=value`, `undo run`, `undo undone`.
struct RunTranscript {
    private struct Entry {
        var task: String
        var text: String
        /// Milliseconds of site time.
        var at: Int64
    }

    private var entries: [Entry] = []

    init(_ journal: String, speed: Int) throws {
        var starter = ""
        for line in journal.split(separator: "\n") {
            guard let value = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                let type = value["t"] as? String, let step = value["step"] as? String
            else {
                if let value = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                    value["t"] as? String == "run.open"
                {
                    starter = value["by"] as? String ?? ""
                }
                continue
            }
            func text(_ key: String) -> String { value[key].map { "\($0)" } ?? "" }
            let what: String
            switch type {
            case "step.intent": what = "run"
            case "undo.intent": what = "undo run"
            case "step.result": what = Self.end(value)
            case "undo.result": what = "undo \(Self.end(value))"
            case "step.done":
                let state = text("state")
                what =
                    ["ok", "already", "pending"].contains(state)
                    ? state : "\(state) (\(text("reason").replacing(starter, with: "USER")))"
            case "undo.done": what = "undo \(text("state"))"
            case "question.asked": what = "asks \(text("kind"))"
            case "question.answered", "approval": what = "says \(text("choice"))"
            case "step.value": what = "\(text("name"))=\(text("value"))"
            default: continue
            }
            let host = value["host"].map { "@\($0)" } ?? ""
            let up = (value["up"] as? NSNumber)?.int64Value ?? 0
            entries.append(Entry(task: step + host, text: what, at: up * Int64(speed)))
        }
    }

    private static func end(_ value: [String: Any]) -> String {
        let end = value["end"].map { "\($0)" } ?? ""
        return end == "exited" ? "exit \(value["status"] ?? "")" : end
    }

    /// One line a task, in order of its first word.
    var tasks: [String] { tasks(ignoring: []) }

    func tasks(ignoring: [String]) -> [String] {
        var names: [String] = []
        for entry in entries where !names.contains(entry.task) { names.append(entry.task) }
        return names.map { name in
            "\(name): "
                + entries.filter { $0.task == name && !ignoring.contains($0.text) }.map(\.text).joined(separator: ", ")
        }
    }

    private func position(_ event: Substring) -> Int? {
        guard let blank = event.firstIndex(of: " ") else { return nil }
        let (task, text) = (event[..<blank], event[event.index(after: blank)...])
        return entries.firstIndex { $0.task == task && $0.text == text }
    }

    /// Whether a claim holds:
    ///
    ///     a@h1 ok < b@h1 run          the first comes before the second
    ///     a@h1 run +5s a@h2 run       at least so long before
    ///     a@h1 | a@h2                 their commands never run at the same time
    ///     a@h1 & a@h2                 their commands run at the same time
    func holds(_ claim: String) -> Bool {
        if let parts = split(claim, " < ") {
            guard let one = position(parts.0), let other = position(parts.1) else { return false }
            return one < other
        }
        if let parts = split(claim, " | ") ?? split(claim, " & ") {
            func span(_ task: Substring) -> ClosedRange<Int>? {
                guard let from = position("\(task) run"), let to = position("\(task) exit 0"), from < to else {
                    return nil
                }
                return from...to
            }
            guard let one = span(parts.0), let other = span(parts.1) else { return false }
            return one.overlaps(other) == claim.contains(" & ")
        }
        guard let parts = split(claim, " +"), let rest = split(String(parts.1), "s "), let seconds = Int64(rest.0),
            let one = position(parts.0), let other = position(rest.1)
        else { return false }
        return entries[other].at - entries[one].at >= seconds * 1_000
    }

    private func split(_ text: String, _ sign: String) -> (Substring, Substring)? {
        guard let range = text.range(of: sign) else { return nil }
        return (text[..<range.lowerBound], text[range.upperBound...])
    }
}

@Suite("What each key promises, on a simulated site and over real SSH", .serialized)
struct PromiseTests {
    static let all =
        PromisedActions.all + PromisedFaults.all + PromisedFiles.all + PromisedInclusions.all + PromisedScheduling.all
        + PromisedValues.all

    @Test("a key keeps its promise", arguments: all, Promise.Transport.allCases)
    func keeps(_ promise: Promise, _ transport: Promise.Transport) throws {
        let (said, transcript, _) = try promise.play(transport)
        #expect(said.status == promise.exit, "\(said.stdout)\(said.stderr)")
        #expect(
            transcript.tasks(ignoring: promise.ignoring).sorted() == promise.tasks.sorted(),
            "\(said.stdout)\(said.stderr)")
        for claim in promise.claims { #expect(transcript.holds(claim), "\(claim)\n\(said.stdout)") }
    }
}
