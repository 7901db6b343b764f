internal import RunbookModel

/// The shell text by which a host keeps receipts. It goes to the stdin of `/bin/sh -s` in brace groups: one transfer that
/// is cut is a syntax error, and nothing of it runs. The first group, ``opening``, tells the shell how; each one after it
/// is a ``call(_:nonce:run:step:)``. It needs a POSIX shell and the usual small tools; as processes are what it costs a
/// host, it starts few.
///
/// A receipt is a folder `$HOME/.blackstart/receipts/RUN/STEP.HOST.N`:
///
///     id         its exclusive creation claims it: of two equal submissions one goes on; then a line: the digest of
///                command and environment, the nonce of the submission, the mark of the run
///     go         link, made once: `run:PID:BOOT` by the runner or `fenced:…` by the fence, whoever comes first
///     end.exit:N the ending, an empty file; on a full disk `run` is renamed to it, which needs neither blocks nor inodes
///     end.exit:N:cut   the same, where the disk was full by then: what it printed may be cut
///     end.lost   it died without one
///     stopped    a signal to end it was about to be sent: it is there before the signal is
///     run env out err head   the command, its environment if it has one, what it printed, the journal's head
///
/// `RUN/.home` is made at the first contact of a run and has a random line: whoever does not find it again looks at another
/// folder (another user, another home, one that was lost), where it proves nothing that a receipt is missing.
///
/// A command that runs as root, or that is given secrets, gets its secrets through a pipe: they are in no file, and in no
/// list of processes. What runs was written whole: each write is checked, by a command of the shell itself where it has one.
///
/// What comes back is lines and counted bytes after a line `BS1 NONCE`, so that noise of a login is passed over:
/// `O n` and `E n` with n bytes each, `H` for "still here", and at the end `S …`, `F …` or `X n`.
package enum ReceiptScript {
    /// What a shell has to be told first.
    package static let opening = "{ \(functions)\n} </dev/null\n"

    /// All of it for a shell that is asked once.
    package static func text(_ operation: HostRequest.Operation, nonce: String, run: String, step: String) -> String? {
        call(operation, nonce: nonce, run: run, step: step).map { opening + $0 }
    }

    /// One question to a shell that knows the opening; nil where it can't be asked of a host.
    package static func call(_ operation: HostRequest.Operation, nonce: String, run: String, step: String) -> String? {
        guard let words = words(operation) else { return nil }
        let privilege = operation.privilege
        let hidden = operation.environment.filter(\.content.isHidden)
        // sudo keeps nothing of the environment.
        let marks = [
            EnvironmentPair(name: "BLACKSTART_RUN", value: run), EnvironmentPair(name: "BLACKSTART_STEP", value: step),
        ]
        let variables = [
            "nonce=\(ShellWord.quote(nonce))", "BLACKSTART_RUN=\(ShellWord.quote(run))",
            "BLACKSTART_STEP=\(ShellWord.quote(step))", "export BLACKSTART_RUN BLACKSTART_STEP",
            "bs_as=\(caller(privilege, hides: !hidden.isEmpty))",
            "bs_pw=\(ShellWord.quote(privilege?.password?.text ?? ""))",
            "bs_hidden=\(ShellWord.quote(exports(marks + hidden)))",
        ]
        // Whole only with the very last brace.
        return
            "{ { \(variables.joined(separator: "; "))\necho \"BS1 $nonce\"\n\(words)\nbs_pw=; bs_hidden=; } </dev/null; }\n"
    }

    private static func words(_ operation: HostRequest.Operation) -> String? {
        switch operation {
        case .contact: "bs_contact"
        case .arrive(let arrival): turn(arrival.turn) + arrive(arrival)
        case .survey: "bs_survey"
        case .probe(let request):
            if case .run(let command, let environment) = request.probe {
                words(["bs_probe", seconds(request.timeout), open(named(request.label) + environment), command])
            } else {
                nil
            }
        case .submit(let submission, _):
            words([
                "bs_submit", submission.receipt.path, submission.boot ?? "-", submission.digest,
                submission.journalHead, open(named(submission.label) + submission.environment), submission.command,
                submission.mark, submission.home ?? "-", submission.session ?? "-",
            ])
        case .attach(let id, let stdout, let stderr, _): words(["bs_follow", id.path, "\(stdout)", "\(stderr)"])
        case .inspect(let id): words(["bs_inspect", id.path])
        case .fence(let id): words(["bs_fence", id.path])
        case .markLost(let id): words(["bs_lost", id.path])
        case .kill(let id, _): words(["bs_kill", id.path])
        case .tidy(let ids, let claim): leave(claim) + words(["bs_tidy"] + ids.map(\.path))
        case .heads(let run, let mark): words(["bs_heads", run, mark ?? ""])
        case .witness: nil
        }
    }

    private static func words(_ words: [String]) -> String { words.map(ShellWord.quote).joined(separator: " ") }

    private static func seconds(_ duration: Duration) -> String {
        String(max(1, min(86_400, (duration.wholeMilliseconds + 999) / 1_000)))
    }

    /// As whom a command runs, in the words of the script.
    private static func caller(_ privilege: Privilege?, hides: Bool) -> String {
        guard let privilege else { return hides ? "user" : "plain" }
        return privilege.password == nil ? "free" : "password"
    }

    private static func turn(_ turn: Turn?) -> String {
        let words = [("bs_me", turn?.session), ("bs_since", turn?.after), ("bs_first", turn?.mark)]
        return words.map { "\($0)=\(ShellWord.quote($1 ?? ""))\n" }.joined()
    }

    private static func arrive(_ arrival: Arrival) -> String {
        guard let claim = arrival.claim else { return words(["bs_arrive", arrival.run]) }
        return words([
            "bs_arrive", arrival.run, claim.mark, claim.words, arrival.beside.joined(separator: " "),
            arrival.over.joined(separator: " "),
        ])
    }

    private static func leave(_ claim: SiteClaim?) -> String {
        claim.map { words(["bs_leave", $0.run ?? "", $0.mark]) + "\n" } ?? ""
    }

    /// The name of a command, for a lab that plays it.
    private static func named(_ label: String?) -> [EnvironmentPair] {
        label.map { [EnvironmentPair(name: "BLACKSTART_COMMAND", value: $0)] } ?? []
    }

    /// What may stand in a file on the host.
    private static func open(_ environment: [EnvironmentPair]) -> String {
        exports(environment.filter { !$0.content.isHidden })
    }

    /// `export NAME='value'` lines; names that are none are left out, for they could be code.
    private static func exports(_ environment: [EnvironmentPair]) -> String {
        environment.filter { isName($0.name) }.map { "export \($0.name)=\(ShellWord.quote($0.value))\n" }.joined()
    }

    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
            default: false
            }
        }
    }

    private static let functions =
        "\(SoundPath.functions)\n\(basics)\n\(turns)\n\(claims)\n\(submissions)\n\(endings)\n\(questions)"
}

extension HostRequest.Operation {
    fileprivate var privilege: Privilege? {
        switch self {
        case .submit(let submission, _): submission.privilege
        case .probe(let probe): probe.privilege
        case .kill(_, let privilege), .survey(let privilege): privilege
        case .contact, .arrive, .attach, .inspect, .fence, .markLost, .tidy, .heads, .witness: nil
        }
    }

    fileprivate var environment: [EnvironmentPair] {
        switch self {
        case .submit(let submission, _): return submission.environment
        case .probe(let probe):
            if case .run(_, let environment) = probe.probe { return environment }
            return []
        case .contact, .arrive, .survey, .attach, .inspect, .fence, .markLost, .kill, .tidy, .heads, .witness: return []
        }
    }
}
