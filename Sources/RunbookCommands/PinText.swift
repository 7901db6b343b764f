internal import RunbookJournal
internal import RunbookModel
internal import RunbookSSH
internal import RunbookTransport

/// What `inventory pin` found, for people and for programs.
struct PinText {
    /// What became of the files.
    struct Outcome {
        var copy: String
        var isWritten = false
        /// Not the person's own text with more in it, but a text of ours.
        var isAnew = false
        var knownHosts: String?

        init(copy: String) { self.copy = copy }
    }

    let pins: [HostPin]
    let columns: Int

    private static let words: [HostPin.State: String] = [
        .known: "KNOWN", .new: "NEW KEY", .differs: "DIFFERS", .unreached: "NO ANSWER",
    ]

    func text(_ outcome: Outcome, of file: String) -> String {
        let width = min(24, pins.map(\.host.name.count).max() ?? 0)
        var text = ""
        for pin in pins {
            text += line(pin.state, pin.host.name.padded(width) + "  " + summary(pin), indent: 12 + width)
        }
        let remarks = pins.flatMap { pin in
            pin.differences.map { (pin, "DIFFERS", $0) } + pin.advice.map { (pin, "LOOK AT", $0) }
        }
        if !remarks.isEmpty { text += "\n" }
        for (pin, word, remark) in remarks {
            text += wrapped(word, "\(pin.host.name): \(TerminalText.shown(remark))", indent: 10)
        }
        return text + "\n" + verdict(outcome, file)
    }

    private func line(_ state: HostPin.State, _ words: String, indent: Int) -> String {
        wrapped(Self.words[state] ?? "", words, indent: indent)
    }

    private func wrapped(_ word: String, _ words: String, indent: Int) -> String {
        Wrapping.lines("\(word.padded(9)) \(words)", columns: columns, indent: indent).map { "\($0)\n" }.joined()
    }

    private func summary(_ pin: HostPin) -> String {
        guard let key = pin.scan.keys.first else { return TerminalText.shown(pin.scan.failure?.message ?? "no answer") }
        // Of a host that is new, each key that is written has to be compared: another one may come from somebody on the way.
        let keys = pin.state == .new ? pin.scan.keys : [key]
        var parts = keys.map { "\($0.type) \($0.fingerprint)" }
        if !pin.scan.addresses.isEmpty {
            parts.append("\(pin.host.address) is \(pin.scan.addresses.joined(separator: ", "))")
        }
        if let facts = pin.facts, !facts.words.isEmpty { parts.append(facts.words) }
        if let silence = pin.silence { parts.append("not asked: \(silence)") }
        if let root = pin.survey?.isRoot { parts.append(root ? "sudo works" : "no sudo") }
        return TerminalText.shown(parts.joined(separator: "; "))
    }

    private func count(_ state: HostPin.State) -> Int { pins.filter { $0.state == state }.count }

    private func verdict(_ outcome: Outcome, _ file: String) -> String {
        var sentences: [String] = []
        if count(.differs) > 0 {
            sentences.append(
                "\(Count.of(count(.differs), "host")) \(count(.differs) == 1 ? "is" : "are") not what the inventory says: find out why before anything else. Nothing of it was written."
            )
        }
        if count(.unreached) > 0 { sentences.append("\(Count.of(count(.unreached), "host")) gave no answer.") }
        let (copy, file) = (TerminalText.shown(outcome.copy), TerminalText.shown(file))
        if outcome.isWritten {
            sentences.append(
                outcome.isAnew
                    ? "Wrote \(copy), a text of its own: comments of \(file) are not in it."
                    : "Wrote \(copy). Look at it with: diff -u \(file) \(copy)")
            if count(.new) > 0 {
                sentences.append(
                    "Compare each new key on the host itself: `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`. Then put the copy in place of the inventory, and pin once more: hosts that are known tell what they are."
                )
            }
        } else {
            sentences.append("There is nothing to add to \(file).")
        }
        if let known = outcome.knownHosts { sentences.append("All keys are in \(TerminalText.shown(known)).") }
        return sentences.flatMap { Wrapping.lines($0, columns: columns, indent: 0) }.map { "\($0)\n" }.joined()
    }

    // MARK: For programs

    /// A line for each host, and the summary.
    func json(_ outcome: Outcome) -> String {
        var text = ""
        for pin in pins {
            var pairs: [(String, JournalValue)] = [
                ("type", .string("host")), ("host", .string(pin.host.name)), ("state", .string(pin.state.rawValue)),
                ("addresses", .array(pin.scan.addresses.map { .string($0) })),
                (
                    "keys",
                    .array(
                        pin.scan.keys.map {
                            .object([
                                "type": .string($0.type), "blob": .string($0.blob),
                                "fingerprint": .string($0.fingerprint),
                            ])
                        })
                ),
            ]
            if let facts = pin.facts {
                pairs.append(
                    (
                        "facts",
                        .object([
                            "system": .string(facts.system), "kernel": .string(facts.kernel),
                            "virtualisation": .string(facts.virtualisation),
                        ])
                    ))
            }
            if let failure = pin.scan.failure?.message ?? pin.silence { pairs.append(("failure", .string(failure))) }
            pairs.append(("differences", .array(pin.differences.map { .string($0) })))
            pairs.append(("advice", .array(pin.advice.map { .string($0) })))
            text += JSONText.line(pairs)
        }
        return text
            + JSONText.line([
                ("type", .string("summary")), ("hosts", .integer(Int64(pins.count))),
                ("known", .integer(Int64(count(.known)))), ("new", .integer(Int64(count(.new)))),
                ("differs", .integer(Int64(count(.differs)))), ("unreached", .integer(Int64(count(.unreached)))),
                ("written", .boolean(outcome.isWritten)), ("file", .string(outcome.isWritten ? outcome.copy : "")),
            ])
    }
}
