package import RunbookModel
package import RunbookPlan
package import RunbookTransport

/// Whether a runbook could begin just now: what is asked of its hosts, without changing any, and what the answers mean.
package struct Readiness: Sendable {
    /// How good an answer is.
    package enum Grade: String, Hashable, Sendable {
        case good
        /// Worth a look before the emergency.
        case doubtful
        /// The run would fail there.
        case bad
    }

    /// One thing that was looked at, in words for people: lower case, no full stop.
    package struct Finding: Hashable, Sendable {
        package enum Aspect: String, Hashable, Sendable, CaseIterable {
            case reach
            case hostKey = "host-key"
            case login
            case root
            case receipts
            case clock
            case claims
        }

        package var aspect: Aspect
        package var grade: Grade
        package var words: String
    }

    /// A machine of the plan, or one that leads to it.
    package struct Machine: Hashable, Sendable {
        /// A host of the inventory, or ``Host/localName``.
        package var host: String
        package var findings: [Finding]

        package func finding(_ aspect: Finding.Aspect) -> Finding? { findings.first { $0.aspect == aspect } }

        /// The worst of its findings.
        package var grade: Grade {
            findings.contains { $0.grade == .bad }
                ? .bad : findings.contains { $0.grade == .doubtful } ? .doubtful : .good
        }

        package var isReached: Bool { finding(.login)?.grade == .good }

        /// Nobody could be spoken to, for whatever reason but a wrong key or a refused login.
        package var isUnreachable: Bool { finding(.reach)?.grade == .bad }
    }

    /// What `verify` of a task says of today.
    package struct State: Hashable, Sendable {
        package enum Word: String, Hashable, Sendable {
            /// It holds: the step would be passed over.
            case holds
            /// It does not hold just now: the step would act.
            case open
            /// The question itself can't be asked: the step could never be found done.
            case broken
            /// Not asked: it hangs on what an earlier step leaves, or its host was not reached.
            case notAsked = "not-asked"
        }

        package var task: TaskID
        package var word: Word
        package var words: String
        /// Not asked because its host was not reached.
        package var isOfUnreached = false
    }

    package var machines: [Machine]
    package var states: [State]

    package var isReady: Bool { !machines.contains { $0.grade == .bad } && !states.contains { $0.word == .broken } }

    package var hasUnreachable: Bool { machines.contains(where: \.isUnreachable) }

    // MARK: Asking

    /// Questions under way at once; the transport keeps its own limits.
    private static let atOnce = 500
    /// A clock that is off by more makes times in logs, and certificates, doubtful.
    private static let clockTolerance: Int64 = 60_000
    /// Under this, in KiB, receipts soon have no room.
    private static let littleRoom: Int64 = 10 << 10

    /// Asks all machines side by side, and then the checks of those that answered.
    ///
    /// - Parameter over: names of claims whose runs are known to be over.
    package static func probe(
        _ plan: Plan, run: RunFacts, _ transport: any Transport, over: Set<String> = []
    ) async -> Readiness {
        let engine = Engine(plan: plan, run: run)
        let subjects = subjects(engine)
        let machines = await SideBySide.map(subjects, atOnce: atOnce) { await survey($0, transport, over) }
        let reached = Set(machines.filter(\.isReached).map(\.host))
        let tasks = plan.tasks.indices.filter { plan.step(of: $0).verify != nil }
        let states = await SideBySide.map(tasks, atOnce: atOnce) { await state($0, engine, reached, transport) }
        return Readiness(machines: machines, states: states)
    }

    private struct Subject: Sendable {
        /// A host of the inventory, or ``Host/localName``.
        var name: String
        var host: Host?
        /// Its first task, or the first one behind it.
        var task: TaskID
        /// The rights that tasks want there, each once.
        var privileges: [Privilege] = []
        var isOnlyOnTheWay = false
    }

    /// The machines in the order of the plan, each with those that lead to it before it.
    private static func subjects(_ engine: Engine) -> [Subject] {
        let plan = engine.plan
        var subjects: [Subject] = []
        var places: [String: Int] = [:]
        func place(of name: String, _ task: Int, isOnlyOnTheWay: Bool) -> Int {
            if let known = places[name] { return known }
            let host = plan.inventory.host(name)
            if let via = host?.via { _ = place(of: via.name, task, isOnlyOnTheWay: true) }
            places[name] = subjects.count
            subjects.append(
                Subject(name: name, host: host, task: plan.tasks[task].id, isOnlyOnTheWay: isOnlyOnTheWay))
            return subjects.count - 1
        }
        for task in plan.tasks.indices where plan.step(of: task).talksToItsMachine {
            guard let name = plan.machineName(of: task) else { continue }
            let index = place(of: name, task, isOnlyOnTheWay: false)
            subjects[index].isOnlyOnTheWay = false
            if let privilege = engine.privilege(task), !subjects[index].privileges.contains(privilege) {
                subjects[index].privileges.append(privilege)
            }
        }
        return subjects
    }

    // MARK: A machine

    private static func survey(
        _ subject: Subject, _ transport: any Transport, _ over: Set<String>
    ) async -> Machine {
        let name = subject.name
        let keepsReceipts = subject.host?.receipts ?? true
        guard keepsReceipts, !subject.isOnlyOnTheWay else {
            let reply = await transport.ask(HostRequest(host: name, task: subject.task, .contact))
            let isMeant = subject.host?.receipts == false
            let words = subject.isOnlyOnTheWay ? "leads to others" : "keeps none, as the inventory says"
            return Machine(
                host: name, findings: findings(reply, receipts: isMeant || subject.isOnlyOnTheWay ? words : nil))
        }
        var findings: [Finding] = []
        // One look for each right that is wanted there: mostly one.
        let looks: [Privilege?] = subject.privileges.isEmpty ? [nil] : subject.privileges
        for privilege in looks {
            let reply = await transport.ask(HostRequest(host: name, task: subject.task, .survey(privilege)))
            var seen = Self.findings(reply, receipts: nil)
            if case .survey(let survey) = reply { seen += claims(survey.facts, over) }
            for finding in seen {
                if let index = findings.firstIndex(where: { $0.aspect == finding.aspect }) {
                    // The worse one is the one to be told.
                    if finding.grade == .bad { findings[index] = finding }
                } else {
                    findings.append(finding)
                }
            }
        }
        return Machine(host: name, findings: findings)
    }

    private static func findings(_ reply: HostReply, receipts: String?) -> [Finding] {
        let reached = [
            Finding(aspect: .reach, grade: .good, words: "answers"),
            Finding(aspect: .hostKey, grade: .good, words: "known"),
        ]
        switch reply {
        case .contact(let facts):
            return reached + [Finding(aspect: .login, grade: .good, words: "let in")]
                + (receipts.map { [Finding(aspect: .receipts, grade: .good, words: $0)] } ?? []) + clock(facts)
        case .survey(let survey):
            let who = survey.user.isEmpty ? "let in" : "as \(survey.user)"
            let shell = survey.shell.split(separator: "/").last.map { ", \($0)" } ?? ""
            return reached + [Finding(aspect: .login, grade: .good, words: who + shell)] + root(survey) + [room(survey)]
                + clock(survey.facts)
        case .failure(let failure):
            switch failure.kind {
            case .unreachable: return [Finding(aspect: .reach, grade: .bad, words: failure.message)]
            case .lost where !failure.sent: return [Finding(aspect: .reach, grade: .bad, words: failure.message)]
            case .hostKey: return [reached[0], Finding(aspect: .hostKey, grade: .bad, words: failure.message)]
            case .authentication: return reached + [Finding(aspect: .login, grade: .bad, words: failure.message)]
            case .lost, .unsuitable:
                return reached + [
                    Finding(aspect: .login, grade: .good, words: "let in"),
                    Finding(aspect: .receipts, grade: .bad, words: failure.message),
                ]
            }
        case .deadline: return [Finding(aspect: .reach, grade: .bad, words: "no answer in time")]
        case .probe, .receipt, .ended, .tidied, .heads, .witness:
            return [Finding(aspect: .reach, grade: .bad, words: "the answer was to another question")]
        }
    }

    /// A run would stop before its first effect there, unless a person knows better.
    private static func claims(_ facts: HostFacts, _ over: Set<String>) -> [Finding] {
        let open = facts.claims.filter { !over.contains($0.name) }
        guard let first = open.first else { return [] }
        let more = open.count > 1 ? " and \(open.count - 1) more" : ""
        return [
            Finding(
                aspect: .claims, grade: .bad,
                words: "\(first.holder)\(more) is not over there: another run would stop at it")
        ]
    }

    private static func root(_ survey: HostSurvey) -> [Finding] {
        switch survey.isRoot {
        case nil: []
        case true?: [Finding(aspect: .root, grade: .good, words: "sudo works")]
        case false?: [Finding(aspect: .root, grade: .bad, words: "sudo does not let \(survey.user) become root")]
        }
    }

    private static func room(_ survey: HostSurvey) -> Finding {
        func bad(_ words: String) -> Finding { Finding(aspect: .receipts, grade: .bad, words: words) }
        if !survey.missing.isEmpty { return bad("the host lacks \(survey.missing.joined(separator: ", "))") }
        switch survey.folder {
        case .closed: return bad("their folder is not for \(survey.user)")
        case .exposed: return bad("other users can change their folder, or one that it is in")
        case .readOnly: return bad("their file system is read-only")
        case .writable: break
        }
        guard let free = survey.freeKiB else {
            return Finding(aspect: .receipts, grade: .doubtful, words: "how much is free is not known")
        }
        if free == 0 { return bad("the disk is full") }
        return Finding(aspect: .receipts, grade: free < littleRoom ? .doubtful : .good, words: "\(size(free)) free")
    }

    private static func size(_ kib: Int64) -> String {
        switch kib {
        case ..<(1 << 10): "\(kib) KiB"
        case ..<(1 << 20): "\(kib >> 10) MiB"
        default: "\(kib >> 20) GiB"
        }
    }

    private static func clock(_ facts: HostFacts) -> [Finding] {
        guard let offset = facts.clockOffset else { return [] }
        guard offset.magnitude > UInt64(clockTolerance) else {
            return [Finding(aspect: .clock, grade: .good, words: "right")]
        }
        let length = DurationText.words(.milliseconds(Int64(clamping: offset.magnitude)))
        return [Finding(aspect: .clock, grade: .doubtful, words: "\(length) \(offset > 0 ? "ahead" : "behind")")]
    }

    // MARK: A check

    private static func state(
        _ task: Int, _ engine: Engine, _ reached: Set<String>, _ transport: any Transport
    ) async -> State {
        let (plan, scope) = (engine.plan, engine.scope(task))
        let id = plan.tasks[task].id
        guard let check = plan.step(of: task).verify else { return State(task: id, word: .notAsked, words: "") }
        let named = check.references + plan.step(of: task).environment.flatMap(\.value.references)
        if let missing = scope.unknown(among: named) {
            return State(task: id, word: .notAsked, words: "needs ${{ \(missing.path.joined(separator: ".")) }}")
        }
        if case .run(let template) = check.probe,
            let fault = scope.fault(in: [template], inShell: engine.keepsReceipts(task))
        {
            return State(task: id, word: .broken, words: fault.what)
        }
        let request = check.request(
            scope, plan.attachments, environment: engine.environment(task), privilege: engine.privilege(task),
            inShell: engine.keepsReceipts(task))
        let machine = plan.machineName(of: task)
        guard request.isAskedFromHere || machine.map(reached.contains) ?? false else {
            return State(task: id, word: .notAsked, words: "its host was not reached", isOfUnreached: true)
        }
        let reply = await transport.ask(HostRequest(host: machine ?? Host.localName, task: id, .probe(request)))
        switch engine.verdict(task, check, reply) {
        case .holds(let evidence): return State(task: id, word: .holds, words: evidence.words)
        case .fails(let refutation): return State(task: id, word: .open, words: refutation.words)
        // What is to be started is not up yet.
        case .unreached(let why): return State(task: id, word: .open, words: why)
        // A run would learn no more than this.
        case .unanswered(let why): return State(task: id, word: .broken, words: why)
        }
    }
}

extension Step {
    /// Whether a run asks anything of the machine the step is for.
    fileprivate var talksToItsMachine: Bool {
        switch action {
        case .run, .script, .copy, .reboot: true
        case .waitFor(let check): check.isAskedThere
        default: verify?.isAskedThere ?? false
        }
    }
}

extension Check {
    fileprivate var isAskedThere: Bool {
        switch probe {
        case .run, .copied: true
        case .tcp, .http: false
        }
    }

    /// Every value that it names.
    fileprivate var references: [Template.Reference] {
        let question: Template =
            switch probe {
            case .run(let template), .tcp(let template), .http(let template): template
            case .copied(let copy): copy.target
            }
        return [question, equals, contains, matches].compactMap(\.self).flatMap(\.references)
    }
}
