import Glibc
import RunbookModel
import RunbookSimulation

/// The hidden subcommand `lab-answer`: plays one command of a lab's host as its fixture says, and does the lab's chores.
///
///     lab-answer …/run              plays the submitted command whose text is in the file
///     lab-answer FILE               plays the question whose text is in the file
///     lab-answer -c TEXT            plays a question
///     lab-answer @session           a session begins on a host: faults that come with its step strike
///     lab-answer @disk              a receipt begins on a host: is there room for it?
///     lab-answer @boot DIR HOST     waits for a booting host and starts its server
///     lab-answer @power DIR HOST PID   cuts the power of the host whose answer is the process PID
///     lab-answer @gate DIR HOST     turns connections away while a counted fault lasts
///     lab-answer @watch DIR         ends the lab when its time is over
///
/// A host without receipts runs a submitted command in the session, with BLACKSTART_ATTEMPT set: that makes a submitted
/// command of any form. The text is BLACKSTART_COMMAND where that is set. Everything else comes from the lab's login:
/// BLACKSTART_LAB, BLACKSTART_LAB_HOST; BLACKSTART_STEP names the step it is for.
package enum LabAnswer {
    /// Needs no parsed command line, so that `main` can call it first.
    package static func run(arguments: [String]) -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        do {
            return try dispatch(arguments[...])
        } catch {
            Files.writeAll(Array("blackstart lab: error: \(error)\n".utf8), to: 2)
            return 125
        }
    }

    private static func dispatch(_ arguments: ArraySlice<String>) throws(LabError) -> Int32 {
        let words = Array(arguments)
        switch (words.first, words.count) {
        case ("@boot", 3): try LabSite(words[1]).boot(words[2])
        case ("@power", 4): try LabSite(words[1]).cutOwnPower(of: words[2], after: pid_t(words[3]) ?? -1)
        case ("@gate", 3): try LabSite(words[1]).guardGate(of: words[2])
        case ("@watch", 2): try Lab.watch(folder: words[1])
        case ("@session", 1): return try beginSession()
        case ("@disk", 1): return try beginReceipt()
        case ("-c", 2):
            return try play(variable("BLACKSTART_COMMAND") ?? words[1], submitted: isAttempt, receipt: nil)
        case (let file?, 1) where file != "-c":
            var text = variable("BLACKSTART_COMMAND")
            if text == nil { text = try Files.text(file) }
            guard let text else { throw Files.failure("read", file, ENOENT) }
            let path = try Lab.absolute(file)
            return try play(
                text, submitted: isAttempt || path.hasSuffix("/run"), receipt: LabCommand.receipt(ofFile: path))
        default:
            Files.writeAll(Array("usage: lab-answer FILE | -c TEXT\n".utf8), to: 2)
            return 64
        }
        return 0
    }

    private static var isAttempt: Bool { variable("BLACKSTART_ATTEMPT") != nil }

    static func variable(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    private static func openSite() throws(LabError) -> (LabSite, host: String) {
        guard let folder = variable("BLACKSTART_LAB"), let host = variable("BLACKSTART_LAB_HOST") else {
            throw .notALab("(BLACKSTART_LAB is not set)")
        }
        return (try LabSite(folder), host)
    }

    /// 1 when a fault takes the host off the network: the session is not to go on. 2 when it is to say nonsense.
    private static func beginSession() throws(LabError) -> Int32 {
        let (site, host) = try openSite()
        guard let step = variable("BLACKSTART_STEP") ?? stepNamed(in: variable("SSH_ORIGINAL_COMMAND") ?? "") else {
            return 0
        }
        if try site.begin(step, sessionOn: host) { return 1 }
        return try site.withSite { site throws(LabError) in site.strike([.garbage], on: host) } == nil ? 0 : 2
    }

    /// 1 when there is no room for a receipt just now.
    private static func beginReceipt() throws(LabError) -> Int32 {
        let (lab, host) = try openSite()
        if let step = variable("BLACKSTART_STEP") { _ = try lab.begin(step, sessionOn: nil) }
        return try lab.withSite { site throws(LabError) in site.strike([.fullDisk], on: host) } == nil ? 0 : 1
    }

    /// The step in a command that sets BLACKSTART_STEP itself.
    static func stepNamed(in command: String) -> String? {
        guard let range = command.firstRange(of: "BLACKSTART_STEP=") else { return nil }
        let name = command[range.upperBound...].drop { $0 == "'" || $0 == "\"" }.prefix { character in
            character.utf8.allSatisfy { LabScripts.isPlain($0) }
        }
        return name.isEmpty ? nil : String(name)
    }

    private static func play(_ text: String, submitted: Bool, receipt: String?) throws(LabError) -> Int32 {
        let (lab, host) = try openSite()
        let step = variable("BLACKSTART_STEP")
        if let step { _ = try lab.begin(step, sessionOn: nil) }
        var command = LabCommand(
            time: MachineTime.now, host: host, step: step ?? "", receipt: receipt,
            command: text.hasSuffix("\n") ? String(text.dropLast()) : text)
        let files = lab.folder.host(host)
        let plan = try lab.withSite { site throws(LabError) -> Played in
            let slowness = site.slowness(of: host)
            var played = Played(answer: site.answer(host: host, query: .run(text)), slowness: Int64(slowness))
            if submitted {
                played.hangs = site.strike([.hang], on: host) != nil
                played.drops = lab.record.host(host) != nil && site.strike([.drop], on: host) != nil
                played.restarts = lab.record.host(host) != nil && site.strike([.reboot], on: host) != nil
            }
            try Files.append(line: command.line(), to: submitted ? files.ran : files.probes)
            return played
        }
        try plan.carryOut(in: lab, on: host)
        command.time = MachineTime.now
        if submitted { try Files.append(line: command.line(exit: plan.answer.exit), to: files.ended) }
        return Int32(plan.answer.exit & 0xFF)
    }
}

/// A command as it is played: what it says, and what breaks meanwhile.
private struct Played {
    var answer: SiteAnswer
    var slowness: Int64
    var hangs = false
    var drops = false
    var restarts = false

    func carryOut(in lab: LabSite, on host: String) throws(LabError) {
        let (product, overflow) = answer.takes.wholeMilliseconds.multipliedReportingOverflow(by: slowness)
        let takes = overflow ? Int64.max : product / Int64(lab.record.speed)
        let began = MachineTime.now
        if drops {
            MachineTime.sleep(milliseconds: takes / 2, end: lab.record.endsAt)
            try lab.running.cutConnections(of: host)
        }
        if restarts {
            MachineTime.sleep(milliseconds: takes / 2 - min(takes / 2, MachineTime.now - began), end: lab.record.endsAt)
            try lab.restart(host)
        }
        let left = hangs || restarts ? .max : takes - min(takes, MachineTime.now - began)
        MachineTime.sleep(milliseconds: left, end: lab.record.endsAt)
        Files.writeAll(Array(answer.stdout.utf8), to: 1)
        Files.writeAll(Array(answer.stderr.utf8), to: 2)
        if !answer.set.isEmpty {
            let changes = try lab.withSite { site throws(LabError) in
                site.apply(answer.set, by: host, at: lab.record.siteTime)
            }
            try lab.carryOut(changes, answering: host)
        }
    }
}
