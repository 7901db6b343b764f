internal import RunbookModel
internal import RunbookPattern
internal import RunbookPlan
internal import RunbookTransport

// What a step leaves for later ones, read once it is known to be done.

extension Engine {
    /// The task is done: reads its outputs, if it has any, and settles.
    mutating func conclude(_ task: Int, _ settled: Conclusion.State, _ proof: Proof) {
        work[task].conclusion = Conclusion(state: settled, proof: proof)
        work[task].outputsRead = 0
        gather(task)
    }

    /// Reads the next output; settles after the last.
    mutating func gather(_ task: Int) {
        let step = plan.step(of: task)
        while let output = step.outputs.dropFirst(work[task].outputsRead).first {
            if let template = output.run {
                let request = filled(template, task).probe(
                    environment(task), privilege: privilege(task), timeout: Self.outputTimeout)
                return send(task, .gathering, .probe(request))
            }
            switch work[task].printed {
            case .read(let text, let mayBeMasked):
                guard take(output, text, mayBeMasked: mayBeMasked, task) else { return }
            case .unread: return recall(task)
            case .lost:
                leaveOut(output, "", task)
            }
        }
        guard let conclusion = work[task].conclusion else { return rest(task) }
        work[task].conclusion = nil
        work[task].printed = .unread
        settle(task, conclusion)
    }

    /// What the action printed is read from where an earlier session kept it.
    private mutating func recall(_ task: Int) {
        guard let last = state.tasks[task].last, last.attempt.kind == .action, case .exited(0) = last.result,
            !last.isOutputCut, let stdout = last.stdout
        else {
            work[task].printed = .lost
            return gather(task)
        }
        move(task, .recalling)
        decision.effects.append(.recall(task: task, token: work[task].token, stdout))
    }

    mutating func recalled(_ task: Int, _ text: [UInt8]?) {
        guard case .recalling = work[task].phase else { return }
        // Whether stars stood for a secret then is not on record.
        work[task].printed = text.map { .read($0, mayBeMasked: true) } ?? .lost
        gather(task)
    }

    private static var outputTimeout: Duration { .seconds(30) }

    mutating func gathered(_ task: Int, _ reply: HostReply) {
        guard let output = plan.step(of: task).outputs.dropFirst(work[task].outputsRead).first else {
            return gather(task)
        }
        switch reply {
        case .probe(let answer):
            switch answer.result {
            case .exit(.exited(0)):
                guard !answer.isCut else {
                    let most = SizeText.words(Int64(Limits.checkOutputBytes))
                    return unread(output, "its command printed more than \(most)", task)
                }
                if take(output, answer.stdout, mayBeMasked: answer.isMasked, task) { gather(task) }
            case .exit(.exited(let status)) where Check.isAnswer(status):
                lacks(output, "its command exited with \(status)", task)
            case .exit(.exited(let status)):
                unread(output, "its command could not run (exit status \(status))", task)
            case .exit(.signalled(let name)): unread(output, "its command was ended by signal \(name)", task)
            case .timedOut: unread(output, "its command gave no answer in time", task)
            case .open, .http, .unreached, .unasked: unread(output, "the answer was to another question", task)
            }
        case .failure(let failure): unread(output, failure.message, task)
        case .deadline: unread(output, "its command gave no answer in time", task)
        case .contact, .survey, .receipt, .ended, .tidied, .heads, .witness:
            unread(output, "the answer was to another question", task)
        }
    }

    /// There is no such value, and asking again would not bring one. Whoever needs it fails before anything is sent.
    private mutating func leaveOut(_ output: Output, _ why: String, _ task: Int) {
        work[task].conclusion?.note += "; its output `\(output.name)` is not known\(why)"
        work[task].outputsRead += 1
    }

    /// Puts the value on record; false where that has to be looked into first.
    private mutating func take(_ output: Output, _ bytes: [UInt8], mayBeMasked: Bool, _ task: Int) -> Bool {
        let found: String?
        do throws(PatternFault) { found = try output.value(in: bytes) } catch {
            leaveOut(output, ": \"\(output.match ?? "")\" can't be looked for: \(error.why)", task)
            return true
        }
        guard let value = found else {
            lacks(output, "what was printed does not match \"\(output.match ?? "")\"", task)
            return false
        }
        // Stars in the place of a secret are no value: a command with them is about something that does not exist.
        if mayBeMasked, value.contains("*") {
            leaveOut(output, ": it contains `*`, which may stand for a secret", task)
            return true
        }
        guard value.utf8.count <= Limits.valueBytes else {
            lacks(output, "it is longer than \(Limits.valueBytes) bytes", task)
            return false
        }
        record(.valueRead(TaskValue(task: plan.tasks[task].id, name: output.name, value: value)))
        work[task].outputsRead += 1
        return true
    }

    /// A whole answer without the value makes the attempt a failed one.
    private mutating func lacks(_ output: Output, _ why: String, _ task: Int) {
        work[task].conclusion = nil
        attemptFailed(task, "it is done, but its output `\(output.name)` could not be read: \(why)")
    }

    /// No answer says nothing against what was done: it is not done again for that.
    private mutating func unread(_ output: Output, _ why: String, _ task: Int) {
        let state = work[task].conclusion?.state
        work[task].conclusion = nil
        let reason = "it is done, but its output `\(output.name)` could not be read: \(why)"
        switch (plan.step(of: task).action, state) {
        // Its check is asked first, and nothing runs where it still passes.
        case (_, .already): attemptFailed(task, reason)
        case (.waitFor, _): attemptFailed(task, reason)
        case (.run, _), (.script, _), (.copy, _), (.reboot, _), (.manual, _), (.approval, _), (.checkpoint, _):
            leaveUnclear(task, reason)
        }
    }
}

extension Output {
    /// The text without white space at its end, and of that what `match` wants.
    func value(in bytes: [UInt8]) throws(PatternFault) -> String? {
        var bytes = bytes[...]
        while let last = bytes.last, last == 0x20 || (0x09...0x0D).contains(last) { bytes.removeLast() }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let match else { return text }
        return try Pattern(match).first(in: text)
    }
}

extension ValueQuestion {
    /// What is wrong with an answer; nil where it is what was asked for.
    package func fault(in answer: String) -> String? {
        if answer.isEmpty { return "no \(name) was given" }
        if answer.utf8.count > Limits.valueBytes { return "\(name) is longer than \(Limits.valueBytes) bytes" }
        guard let matches else { return nil }
        do throws(PatternFault) { if try Pattern(matches).isWhole(answer) { return nil } } catch {
            return "\"\(matches)\" can't be looked for: \(error.why)"
        }
        return "\(name) is \"\(TerminalText.shown(String(answer.prefix(200))))\", which does not fit \"\(matches)\""
    }
}
