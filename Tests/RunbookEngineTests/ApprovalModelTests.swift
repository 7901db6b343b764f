import Crypto
import Foundation
import RunbookEngine
import RunbookJournal
import RunbookModel
import RunbookPlan
import RunbookTransport
import Synchronization
import TestTools
import Testing

/// Approvals held against a few lines of brute force: whoever writes what into a journal with a valid session, the engine,
/// a resume, our verifier and `verify-journal.sh` agree with it about whether the step was passed.
///
/// `APPROVAL_CASES` is how many sequences are played, of all that there are; `APPROVAL_SCRIPTS` how many of those the
/// script looks at too; 0 means all. `APPROVAL_SEED` chooses which.
@Suite("Who may approve, against brute force")
struct ApprovalModelTests {
    /// What somebody with an operator's session can write between the question and the end of the step.
    enum Act: Hashable {
        case vote(name: String, key: Int, approves: Bool)
        /// Signed over another line than the one that asked.
        case misplaced
        case unsigned(Choice)
        case askedAgain
        case putBack
        case rolledBack
    }

    struct Case: Hashable {
        var acts: [Act]
        var count: Int
        var end: StepState
        var tolerated: Bool
        /// The step has a `when`, which holds.
        var isConditional = false
        /// Each line has another field before its own in which all says the opposite: what a search by name would find.
        var hasDecoys = false
    }

    /// Key 0 is Anna's, listed under both her names, and under Bert's too; key 1 is Bert's, key 2 the cook's, key 3
    /// nobody's.
    private static let listed: [(name: String, key: Int)] = [
        ("anna@site", 0), ("anna", 0), ("bert", 0), ("bert", 1), ("carl", 2), ("lead", 2),
    ]
    private static let people = ["anna@site": "Anna", "anna": "Anna", "bert": "Bert"]

    private static let acts: [Act] =
        ["anna@site", "anna", "bert", "carl", "lead"].flatMap { name in
            (0..<4).map { Act.vote(name: name, key: $0, approves: true) }
        } + [
            .vote(name: "anna", key: 0, approves: false), .vote(name: "bert", key: 1, approves: false),
            .vote(name: "carl", key: 2, approves: false), .misplaced, .unsigned(.approve), .unsigned(.failed),
            .askedAgain, .putBack, .rolledBack,
        ]

    private static let cases: [Case] = {
        var sequences: [[Act]] = [[]]
        sequences += acts.map { [$0] }
        for first in acts { sequences += acts.map { [first, $0] } }
        let useful = acts.filter { if case .vote(let name, let key, _) = $0 { isListed(name, key) } else { true } }
        for first in useful { for second in useful { sequences += useful.map { [first, second, $0] } } }
        return sequences.flatMap { acts in
            [1, 2].flatMap { count in
                [(StepState.ok, false), (.already, false), (.skipped, false), (.skipped, true), (.failed, true)].flatMap
                { end in
                    [false, true].flatMap { isConditional in
                        [false, true].map { hasDecoys in
                            Case(
                                acts: acts, count: count, end: end.0, tolerated: end.1, isConditional: isConditional,
                                hasDecoys: hasDecoys)
                        }
                    }
                }
            }
        }
    }()

    private static func isListed(_ name: String, _ key: Int) -> Bool { listed.contains { $0 == (name, key) } }

    // MARK: Brute force

    /// Whether the step is passed; nil where the journal breaks before anything is said of that.
    private static func passes(_ tried: Case) -> Bool? {
        var votes: [(person: String, key: Int)] = []
        var isAsked = true
        for act in tried.acts {
            switch act {
            case .vote(let name, let key, let approves):
                guard isAsked, isListed(name, key) else { return nil }
                guard let person = people[name] else { continue }
                if approves { votes.append((person, key)) } else { (votes, isAsked) = ([], false) }
            case .misplaced, .unsigned: return nil
            case .askedAgain: isAsked = true
            case .putBack, .rolledBack: (votes, isAsked) = ([], false)
            }
        }
        guard tried.end == .ok || tried.end == .already else { return false }
        var counted: [(person: String, key: Int)] = []
        for vote in votes where !counted.contains(where: { $0.person == vote.person || $0.key == vote.key }) {
            counted.append(vote)
        }
        return counted.count >= tried.count
    }

    // MARK: The site

    private static func key(_ number: Int) throws -> Ed25519Key {
        try Ed25519Key(seed: Array(repeating: UInt8(number + 1), count: 32), principal: "key\(number)")
    }

    private static func plan(count: Int, isConditional: Bool) throws -> Plan {
        var runbook = Runbook(path: "r.yaml", name: "r", inventory: "i.yaml")
        let place = SourcePlace(path: "r.yaml", line: 1, column: 1)
        let roles = [Named("lead", at: place)]
        runbook.variables = [Variable(name: "real", value: "yes", kind: .text, description: nil, place: place)]
        runbook.steps = [
            step("go", on: []) {
                $0.action = .approval(Approval(roles: roles, count: count, message: nil, timeout: nil))
                let real = Template.Reference(path: ["vars", "real"], place: place)
                $0.when = isConditional ? .equal(.reference(real), .literal("yes")) : nil
            }
        ]
        var inventory = Inventory(path: "i.yaml", name: "i")
        for (id, roles, signer) in [
            ("anna", ["lead"], "anna@site"), ("bert", ["lead"], nil), ("carl", ["cook"], nil),
        ] as [(String, [String], String?)] {
            inventory.contacts.append(
                Contact(id: id, name: id, phone: nil, reference: nil, roles: roles, signer: signer))
        }
        return try Planner.plan(
            PlanSource(runbook: runbook, runbookBytes: [1], inventory: inventory, inventoryBytes: [2]))
    }

    private let signers: AllowedSigners
    private let text: String
    private struct Terms: Hashable {
        var count: Int
        var isConditional = false
    }

    private let plans: [Terms: Plan]

    init() throws {
        text =
            try Self.listed.map {
                AllowedSigners.line(
                    principal: $0.name, namespaces: [ApprovalSignature.namespace], key: try Self.key($0.key).publicKey)
            }.joined()
            + AllowedSigners.line(
                principal: "key9", namespaces: [Seal.namespace], key: try Self.key(9).publicKey)
        signers = try AllowedSigners(text: Array(text.utf8), path: "signers")
        var plans: [Terms: Plan] = [:]
        for count in [1, 2] {
            for isConditional in [false, true] {
                plans[Terms(count: count, isConditional: isConditional)] = try Self.plan(
                    count: count, isConditional: isConditional)
            }
        }
        self.plans = plans
    }

    // MARK: A journal

    private static let task = TaskID(step: "go", host: nil)
    private static let wall: Int64 = 1_768_446_000_123
    private static let question = Record.asked(AskedQuestion(task: task, kind: .approval, text: "May it?"))

    /// Written by somebody who has an operator's key and may leave out, add and forge what they like.
    private func journal(_ tried: Case, _ plan: Plan) throws -> [UInt8] {
        let storage = PlainStorage()
        var opening = RunOpening(
            run: "R1", mark: "m", mode: .live, title: "r", plan: plan.hash, runbook: "/r", inventory: "/i",
            overrides: [])
        opening.approvals = plan.statedApprovals
        let writer = try JournalWriter.create(
            on: storage, opening: opening.draft, operator: Self.key(9), uptime: 0, wall: Self.wall)
        func append(_ record: Record) throws {
            var drafts = record.drafts
            if tried.hasDecoys {
                for index in drafts.indices { drafts[index].fields["a"] = Self.decoy(drafts[index].fields) }
            }
            try writer.append(drafts, uptime: 1, wall: Self.wall)
        }
        try append(Self.question)
        var covers = lines(storage.bytes)
        for act in tried.acts {
            switch act {
            case .vote(let name, let key, let approves):
                let signed = try ApprovalSignature(approves, over: storage.bytes, covers: covers, by: Self.key(key))
                try append(answer(approves ? .approve : .failed, name, signed.word))
            case .misplaced:
                let signed = try ApprovalSignature(true, over: storage.bytes, covers: covers - 1, by: Self.key(0))
                var word = signed.word
                word.covers = covers
                try append(answer(.approve, "anna", word))
            case .unsigned(let choice): try append(answer(choice, "anna@site", nil))
            case .askedAgain:
                try append(Self.question)
                covers = lines(storage.bytes)
            case .putBack:
                try append(.taskSettled(TaskSettlement(task: Self.task, state: .pending, reason: "again")))
            case .rolledBack: try append(.rollbackEnded(complete: true))
            }
        }
        try append(
            .taskSettled(
                TaskSettlement(task: Self.task, state: tried.end, reason: "forged", tolerated: tried.tolerated)))
        try writer.seal(closing: true)
        return storage.bytes
    }

    /// What says the opposite of a line's own fields, at a place where no rule looks.
    private static func decoy(_ fields: JournalFields) -> JournalValue {
        var decoy: JournalFields = [
            "by": .string("anna"), "choice": .string("approve"), "kind": .string("manual"), "step": .string("other"),
            "tolerated": .boolean(false), "covers": .integer(3),
        ]
        decoy["state"] = .string(fields["state"]?.string == "ok" ? "failed" : "ok")
        decoy["key"] = fields["key"]
        return .array([.object(decoy), .string("\",\"step\":\"other\",\"state\":\"failed\",\"tolerated\":true")])
    }

    private func answer(_ choice: Choice, _ by: String, _ signature: AnswerSignature?) -> Record {
        .answered(
            GivenAnswer(task: Self.task, kind: .approval, choice: choice, reason: nil, by: by, signature: signature))
    }

    private func lines(_ bytes: [UInt8]) -> Int { bytes.count { $0 == 0x0A } }

    // MARK: The claims

    @Test("a resume and both verifiers say of every journal what brute force says")
    func journals() throws {
        let wanted = ProcessInfo.processInfo.environment["APPROVAL_CASES"].flatMap(Int.init) ?? 2_000
        let scripts = ProcessInfo.processInfo.environment["APPROVAL_SCRIPTS"].flatMap(Int.init) ?? 60
        let cases = Self.share(Self.cases, wanted)
        print("approvals: \(cases.count) of \(Self.cases.count) journals, \(scripts) of them by the script")
        let looked = Set(Self.share(Array(cases.indices), scripts))
        let scratch = try Scratch()
        try scratch.write("verify-journal.sh", Array(VerifyScript.text.utf8))
        try scratch.write("signers", Array(text.utf8))
        var passed = 0
        for (number, tried) in cases.enumerated() {
            let plan = try #require(plans[Terms(count: tried.count, isConditional: tried.isConditional)])
            let bytes = try journal(tried, plan)
            let passes = Self.passes(tried)
            let holds = passes == true
            if holds { passed += 1 }
            // By the journal's own opening, and by the plan.
            for stated in [nil, plan.statedApprovals] {
                let basis = ApprovalBasis(stated: stated, signers: signers)
                let said = JournalVerifier.verify(bytes, trust: signers, approvals: basis)
                #expect(((try? said.get()) != nil) == holds, "\(tried): \(said)")
            }
            let basis = ApprovalBasis(stated: plan.statedApprovals, signers: signers)
            let resumed = try? JournalWriter.resume(
                on: PlainStorage(bytes), opening: Draft(type: LineTypes.sessionOpen, fields: [:]),
                operator: Self.key(9), trust: signers, approvals: basis, uptime: 0, wall: Self.wall)
            #expect((resumed != nil) == holds, "\(tried)")
            // The fold by itself, which takes signatures as checked: what is not carried by votes is not passed.
            // It takes no line with a field that it does not know.
            if passes != nil, !tried.hasDecoys {
                var state = RunState(tasks: 1, approvals: .signature)
                for record in try Record.all(in: try JournalReader.entries(bytes)) { state.evolve(record, plan) }
                #expect(state.isThrough(0) == holds, "\(tried)")
            }
            if looked.contains(number) {
                try scratch.write("journal.jsonl", bytes)
                let said = try shell("sh ./verify-journal.sh journal.jsonl signers", in: scratch.path)
                #expect(said.status == (holds ? 0 : 7), "\(tried): \(said.output)")
            }
        }
        #expect(passed > 0)
    }

    @Test("the engine goes on exactly where brute force says, whatever it is told")
    func engine() throws {
        let wanted = ProcessInfo.processInfo.environment["APPROVAL_CASES"].flatMap(Int.init) ?? 2_000
        // What reaches the engine has a valid signature of a listed key, or none.
        let acts: [Act] =
            Self.listed.flatMap { [true, false].map { [name = $0.name, key = $0.key] in (name, key, $0) } }
            .map { Act.vote(name: $0.0, key: $0.1, approves: $0.2) } + [.unsigned(.approve), .unsigned(.failed)]
        var sequences: [[Act]] = acts.map { [$0] }
        for _ in 0..<2 { sequences += sequences.flatMap { before in acts.map { before + [$0] } } }
        for sequence in Self.share(Array(Set(sequences.map { $0 })).sorted { "\($0)" < "\($1)" }, wanted) {
            for count in [1, 2] {
                let plan = try #require(plans[Terms(count: count)])
                var engine = Engine(plan: plan, run: RunFacts(id: "R1", by: "key9", mark: "m"))
                var asked = Self.asked(engine.handle(.began))
                var told: [Act] = []
                for act in sequence {
                    guard let open = asked, open.2 == .approval else { break }
                    told.append(act)
                    asked = Self.asked(engine.handle(.answered(task: open.0, token: open.1, Self.reply(act)))) ?? nil
                }
                // An unsigned answer is none.
                let signed = told.filter { if case .unsigned = $0 { false } else { true } }
                let passes = Self.passes(Case(acts: signed, count: count, end: .ok, tolerated: false))
                #expect(engine.state.isThrough(0) == (passes ?? false), "\(told) of \(count)")
            }
        }
    }

    private static func reply(_ act: Act) -> OperatorReply {
        switch act {
        case .vote(let name, let key, let approves):
            .choice(
                approves ? .approve : .failed, reason: nil, by: name,
                signature: AnswerSignature(covers: 3, key: "key \(key)", blob: ""))
        case .unsigned(let choice): .choice(choice, reason: nil, by: "anna@site")
        case .misplaced, .askedAgain, .putBack, .rolledBack: .nobody
        }
    }

    private static func asked(_ decision: Decision) -> (Int, Int, QuestionKind)? {
        for case .ask(let task, let token, let question) in decision.effects { return (task, token, question.kind) }
        return nil
    }

    /// So many, evenly spread.
    private static func share<Element>(_ all: [Element], _ wanted: Int) -> [Element] {
        guard wanted < all.count, wanted > 0 else { return all }
        let seed = ProcessInfo.processInfo.environment["APPROVAL_SEED"].flatMap(Int.init) ?? 0
        let offset = seed * 7_919 % all.count
        return (0..<wanted).map { all[($0 * all.count / wanted + offset) % all.count] }
    }
}

/// A journal in memory.
private final class PlainStorage: JournalStorage {
    let path = "journal.jsonl"
    private let held: Mutex<[UInt8]>

    init(_ bytes: [UInt8] = []) { held = Mutex(bytes) }

    var bytes: [UInt8] { held.withLock { $0 } }

    func contents() -> [UInt8] { bytes }
    func write(_ bytes: ArraySlice<UInt8>) -> Int {
        held.withLock { $0 += bytes }
        return bytes.count
    }
    func flush() {}
    func truncate(to length: Int) { held.withLock { $0.removeSubrange(length...) } }
    func freeReserve() -> Bool { false }
    func writeSigners(_ text: String) -> Bool { true }
    func addSigners(_ text: String) -> Bool { true }
    func close() {}
}
