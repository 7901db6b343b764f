import RunbookJournal
import RunbookModel
import Testing

@Suite struct RecordCodingTests {
    private static let tasks = [TaskID(step: "db", host: "db1"), TaskID(step: "cp", host: nil)]

    /// Every case, every optional with and without, every word.
    private static let records: [Record] = {
        var records: [Record] = []
        for host in ["db1", Host.localName] {
            for offset in [nil, 0, -86_400_000, 5] as [Int64?] {
                records.append(
                    .hostSeen(HostSighting(host: host, boot: host == Host.localName ? "" : "b-1", clockOffset: offset)))
            }
        }
        for task in tasks {
            for kind in [AttemptKind.action, .undo] {
                let name = AttemptName(task: task, kind: kind, number: 3)
                records.append(
                    .attemptIntended(
                        AttemptIntent(attempt: name, digest: "00ff", command: "echo 'é'\n\u{1B}[0m", boot: "b")))
                let results: [AttemptEnd.Result] = [
                    .exited(0), .exited(255), .signalled("KILL"), .neverRan("no route"), .timedOut(status: 143),
                    .unknown(""),
                ]
                for result in results {
                    records.append(.attemptEnded(AttemptEnd(attempt: name, result: result)))
                    let running = AttemptEnd(attempt: name, result: result, mayStillRun: true)
                    if running.isUnknown || running.isTimedOut { records.append(.attemptEnded(running)) }
                }
                records.append(.attemptReopened(name))
                let out = OutputDigest(bytes: 3, sha256: "aa")
                for (stdout, stderr) in [(out, nil), (nil, out), (out, out)] as [(OutputDigest?, OutputDigest?)] {
                    records.append(
                        .attemptEnded(
                            AttemptEnd(
                                attempt: name, result: .exited(1), stdout: stdout, stderr: stderr,
                                tail: stdout == nil ? [0xFF, 0x0A] : Array("e\u{301}\r\n".utf8), milliseconds: 1_234)))
                }
            }
            for by in ["alice@ops", nil] {
                for state in StepState.allCases {
                    for tolerated in [true, false] {
                        records.append(
                            .taskSettled(
                                TaskSettlement(task: task, state: state, reason: "r", by: by, tolerated: tolerated)))
                    }
                }
                for state in [UndoSettlement.State.undone, .left, .failed, .unclear] {
                    records.append(.undoSettled(UndoSettlement(task: task, state: state, reason: "", by: by)))
                }
            }
            for kind in QuestionKind.allCases {
                records.append(.asked(AskedQuestion(task: task, kind: kind, text: "What now?")))
                for choice in Choice.allCases {
                    for reason in ["because", "", nil] {
                        records.append(
                            .answered(
                                GivenAnswer(task: task, kind: kind, choice: choice, reason: reason, by: "bob@ops")))
                    }
                }
            }
        }
        for (choice, reason) in [(Choice.approve, nil), (.failed, "not tonight")] as [(Choice, String?)] {
            records.append(
                .answered(
                    GivenAnswer(
                        task: TaskID(step: "go", host: nil), kind: .approval, choice: choice, reason: reason,
                        by: "bob@ops",
                        signature: AnswerSignature(covers: 8, key: "ssh-ed25519 AAAA", blob: "U1NIU0lH"))))
        }
        for value in ["87", "", "two\nlines \u{1}", "é"] {
            for task in tasks { records.append(.valueRead(TaskValue(task: task, name: "ups_charge", value: value))) }
        }
        records.append(.checkpointReached(step: "cp", name: "storage"))
        records += [true, false].map {
            .rollbackDecided(RollbackDecision(target: "storage", by: "alice@ops", isConfirmed: $0))
        }
        records.append(.rollbackBegun(RollbackPlan(target: RollbackPlan.start, tasks: tasks, by: "alice@ops")))
        records.append(.rollbackBegun(RollbackPlan(target: "storage", tasks: [], by: "")))
        records += tasks.map { .notChecked(UncheckedTask(task: $0, reason: "No route to host")) }
        records += [
            .rollbackEnded(complete: true), .rollbackEnded(complete: false), .rollbackAbandoned(by: "o"),
            .halted(reason: "Ctrl-C"),
        ]
        records += [.paused(by: "a@b"), .wentOn(by: "a@b")]
        records += Outcome.allCases.map(Record.closed)
        return records
    }()

    @Test("every record comes back from its line as it was")
    func roundTrip() throws {
        for record in Self.records {
            let draft = Draft(record)
            let entry = JournalEntry(sequence: 1, type: draft.type, timestamp: 0, uptime: 0, fields: draft.fields)
            let line = try JournalLine.encode(entry, previous: JournalLine.origin)
            #expect(try Record(try JournalLine.decode(line[...]).entry) == record)
            #expect(record.drafts == [draft])
        }
        // Every type of line that is not the journal's own or a note, and no other, is made by some record.
        let made = Set(Self.records.map { Draft($0).type })
        #expect(made.union(LineTypes.own).union(LineTypes.notes).union([LineTypes.rollbackTasks]) == LineTypes.known)
    }

    @Test("a whole run comes back from its journal, in order")
    func wholeRun() throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        // An approval without a valid signature breaks a journal, as it should.
        let records = Self.records.filter {
            if case .answered(let answer) = $0 { answer.kind != .approval } else { true }
        }
        try writer.append(records.map { Draft($0) }, uptime: 1, wall: Sample.wall)
        try writer.seal(closing: true)
        #expect(try Record.all(in: JournalReader.entries(storage.bytes)) == records)
        #expect(try JournalVerifier.verify(storage.bytes).get().records == records.count)
    }

    @Test("the line of a record reads as the words of the format")
    func text() throws {
        let attempt = AttemptName(task: Self.tasks[0], kind: .action, number: 1)
        let end = AttemptEnd(
            attempt: attempt, result: .exited(2), stdout: OutputDigest(bytes: 3, sha256: "aa"),
            tail: Array("no\n".utf8),
            milliseconds: 9)
        let draft = Draft(.attemptEnded(end))
        #expect(draft.type == "step.result")
        #expect(
            draft.fields == [
                "step": .string("db"), "host": .string("db1"), "attempt": .integer(1), "end": .string("exited"),
                "status": .integer(2), "stdout": .object(["bytes": .integer(3), "sha256": .string("aa")]),
                "tail": .string("no\n"), "ms": .integer(9),
            ])
        let rollback = Draft(.rollbackBegun(RollbackPlan(target: "core", tasks: Self.tasks, by: "a")))
        #expect(
            rollback.fields["tasks"] == .array([.array([.string("db"), .string("db1")]), .array([.string("cp")])]))
    }

    @Test(
        "a text that is too long is cut so that its line fits, whatever is in it",
        arguments: ["x", "\u{7}", "é", "\u{1F600}", "\u{202E}"])
    func cut(unit: String) throws {
        let long = String(repeating: unit, count: 20_000)
        let attempt = AttemptName(task: Self.tasks[0], kind: .action, number: 1)
        let records: [Record] = [
            .attemptIntended(AttemptIntent(attempt: attempt, digest: "00", command: long, boot: "b")),
            .attemptEnded(AttemptEnd(attempt: attempt, result: .unknown(long), tail: Array(long.utf8))),
            .taskSettled(TaskSettlement(task: Self.tasks[0], state: .failed, reason: long)),
            .undoSettled(UndoSettlement(task: Self.tasks[0], state: .failed, reason: long)),
            .asked(AskedQuestion(task: Self.tasks[0], kind: .manual, text: long)),
            .answered(GivenAnswer(task: Self.tasks[0], kind: .manual, choice: .done, reason: long, by: "a")),
            .halted(reason: long),
        ]
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        try writer.append(records.map { Draft($0) }, uptime: 0, wall: 0)
        let read = try Record.all(in: JournalReader.entries(storage.bytes))
        #expect(read.count == records.count)
        guard case .halted(let kept) = read[6] else {
            Issue.record("\(read[6])")
            return
        }
        #expect(kept.utf8.count <= 8_192)
        #expect(kept.utf8.count > 8_185)
        #expect(kept.hasSuffix("…"))
        #expect(long.utf8.starts(with: kept.unicodeScalars.dropLast().map(String.init).joined().utf8))
        // What was cut stays as it is when it is recorded again.
        #expect(
            read.map { Draft($0) }
                == (try JournalReader.entries(storage.bytes).filter { !LineTypes.own.contains($0.type) }.map {
                    Draft(type: $0.type, fields: $0.fields)
                }))
    }

    @Test("texts as long as the engine makes them are kept whole")
    func kept() throws {
        let attempt = AttemptName(task: Self.tasks[0], kind: .undo, number: 1)
        let command = String(repeating: "\n", count: Limits.recordedCommandBytes)
        let tail = [UInt8](repeating: 0xFE, count: Limits.recordedTailBytes)
        let records: [Record] = [
            .attemptIntended(AttemptIntent(attempt: attempt, digest: "00", command: command, boot: "b")),
            .attemptEnded(AttemptEnd(attempt: attempt, result: .unknown(command), tail: tail, milliseconds: 1)),
        ]
        let storage = MemoryStorage()
        try Sample.writer(on: storage).append(records.map { Draft($0) }, uptime: 0, wall: 0)
        #expect(try Record.all(in: JournalReader.entries(storage.bytes)) == records)
    }

    @Test("a rollback of a hundred thousand tasks is recorded whole, or, torn, never began")
    func largeRollback() throws {
        let tasks = (0..<100_000).map { TaskID(step: "restart-service", host: $0 % 7 == 0 ? nil : "host\($0)") }
        let record = Record.rollbackBegun(RollbackPlan(target: "core", tasks: tasks, by: "alice@ops"))
        #expect(record.drafts.count > 10)
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        let parts = record.drafts
        try writer.append(Array(parts.dropLast()), uptime: 0, wall: 0)
        try writer.seal(closing: false)
        let torn = storage.bytes
        try writer.append(Array(parts.suffix(1)), uptime: 0, wall: 0)
        #expect(try Record.all(in: JournalReader.entries(storage.bytes)) == [record])
        #expect(try Record.all(in: JournalReader.entries(torn)) == [])
        let again = MemoryStorage(torn)
        let (resumed, _) = try JournalWriter.resume(
            on: again, opening: Sample.session, operator: Sample.bob(), uptime: 0, wall: 0)
        let small = Record.rollbackBegun(RollbackPlan(target: "core", tasks: Self.tasks, by: "bob@ops"))
        try resumed.append(small.drafts, uptime: 0, wall: 0)
        #expect(try Record.all(in: JournalReader.entries(again.bytes)) == [small])
    }

    @Test("the journal's own lines are no records")
    func own() throws {
        for type in LineTypes.own.sorted() {
            #expect(try Record(JournalEntry(sequence: 1, type: type, timestamp: 0, uptime: 0, fields: [:])) == nil)
        }
    }

    @Test("a line with a field too few, too many or of another kind is no record")
    func refused() throws {
        for record in Self.records {
            let draft = Draft(record)
            func read(_ fields: JournalFields) throws -> Record? {
                try Record(JournalEntry(sequence: 1, type: draft.type, timestamp: 0, uptime: 0, fields: fields))
            }
            var more = draft.fields
            more["zzz"] = .integer(1)
            #expect(throws: RecordFault.unknown(type: draft.type, field: "zzz")) { try read(more) }
            for key in draft.fields.keys.sorted() {
                var other = draft.fields
                other[key] = .array([.integer(1)])
                #expect(throws: RecordFault.malformed(type: draft.type, field: key)) { try read(other) }
                // Without it, it is another record or none.
                var fewer = draft.fields
                fewer[key] = nil
                #expect((try? read(fewer)) != record)
            }
        }
        let part = JournalEntry(sequence: 1, type: "rollback.tasks", timestamp: 0, uptime: 0, fields: [:])
        #expect(throws: RecordFault.misplaced(type: "rollback.tasks")) { try Record(part) }
    }
}
