internal import RunbookModel
internal import RunbookPattern
internal import RunbookPlan
internal import RunbookTransport

// What a step leaves for later ones, read once it is known to be done.

extension Engine {
    /// The task is done: reads its outputs, if it has any, and settles.
    mutating func conclude(_ task: Int, _ settled: StepState, _ reason: String, by: String? = nil) {
        work[task].conclusion = Conclusion(state: settled, reason: reason, by: by)
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
            case .read(let text): guard take(output, text, task) else { return }
            case .unread: return recall(task)
            case .lost:
                // Whoever needs it fails before anything is sent: a hole is no value.
                work[task].conclusion?.reason += "; its output `\(output.name)` is not known"
                work[task].outputsRead += 1
            }
        }
        guard let conclusion = work[task].conclusion else { return rest(task) }
        work[task].conclusion = nil
        work[task].printed = .unread
        settle(task, conclusion.state, conclusion.reason, by: conclusion.by)
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
        work[task].printed = text.map(Printed.read) ?? .lost
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
            case .exit(.exited(0)): if take(output, answer.stdout, task) { gather(task) }
            case .exit(.exited(let status)): lacks(output, "its command exited with \(status)", task)
            case .exit(.signalled(let name)): lacks(output, "its command was ended by signal \(name)", task)
            case .timedOut: lacks(output, "its command gave no answer in time", task)
            case .open, .http, .unreached: lacks(output, "the answer was to another question", task)
            }
        case .failure(let failure): lacks(output, failure.message, task)
        case .deadline: lacks(output, "its command gave no answer in time", task)
        case .contact, .survey, .receipt, .ended, .tidied, .heads, .witness:
            lacks(output, "the answer was to another question", task)
        }
    }

    /// Puts the value on record; false where there is none, which makes the attempt a failed one.
    private mutating func take(_ output: Output, _ bytes: [UInt8], _ task: Int) -> Bool {
        guard let value = output.value(in: bytes) else {
            lacks(output, "what was printed does not match \"\(output.match ?? "")\"", task)
            return false
        }
        guard value.utf8.count <= Limits.valueBytes else {
            lacks(output, "it is longer than \(Limits.valueBytes) bytes", task)
            return false
        }
        record(.valueRead(TaskValue(task: plan.tasks[task].id, name: output.name, value: value)))
        work[task].outputsRead += 1
        return true
    }

    private mutating func lacks(_ output: Output, _ why: String, _ task: Int) {
        work[task].conclusion = nil
        attemptFailed(task, "it is done, but its output `\(output.name)` could not be read: \(why)")
    }
}

extension Output {
    /// The text without white space at its end, and of that what `match` wants.
    func value(in bytes: [UInt8]) -> String? {
        var bytes = bytes[...]
        while let last = bytes.last, last == 0x20 || (0x09...0x0D).contains(last) { bytes.removeLast() }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let match else { return text }
        do throws(PatternFault) { return try Pattern(match).first(in: text) } catch { return nil }
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
