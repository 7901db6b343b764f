internal import Glibc
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookSSH

/// The person at the controls, by key.
enum Operator {
    /// Finds the operator's key, and says so on stderr where one was made just now.
    ///
    /// - Parameter asks: whether a person is there to type a passphrase.
    static func key(
        _ options: RunsOptions, _ places: Places, useAgent: Bool, asks: Bool
    ) throws(CommandFailure) -> any OperatorKey {
        ProcessMemory.close()
        do {
            let found = try OperatorKeyStore.resolve(
                flag: options.operatorKey, environment: places.environment, home: places.home, useAgent: useAgent,
                unlock: { (path) throws(KeyFault) in asks ? try unlock(path) : nil })
            if let path = found.madeAt {
                Terminal.message("blackstart: made an operator key at \(path); it signs your journals\n")
            }
            return found.key
        } catch {
            // Which key it is to be was said by a person.
            let isNamed = options.operatorKey != nil || places.environment["BLACKSTART_OPERATOR_KEY"]?.isEmpty == false
            throw CommandFailure(
                isNamed ? .usage : .programFailed, "no operator key: \(error.message)",
                hint: "name one with `--operator-key FILE`, or unset BLACKSTART_OPERATOR_KEY to have one made")
        }
    }

    private static let tries = 3

    private static func unlock(_ path: String) throws(KeyFault) -> [UInt8] {
        for _ in 0..<tries {
            guard let typed = HiddenLine.read("Passphrase of the operator's key \(TerminalText.shown(path)): ") else {
                throw .encryptedPrivateKey(path: path)
            }
            if let open = KeyFiles.opened(path, typed) { return open }
            Terminal.message("That does not open it.\n")
        }
        throw .wrongPassphrase(path: path)
    }

    /// Tells of sessions whose signer is not among the allowed ones. It is the person who decides whether that is well.
    static func warnOfStrangers(_ report: JournalReport, _ places: Places, at wall: Int64) {
        let path = OperatorKeyStore.allowedSignersPath(home: places.home)
        guard access(path, F_OK) == 0, let trust = try? AllowedSigners(path: path) else { return }
        for signer in report.signers where signer.principal != Principal.run(report.run) {
            let (principal, key) = (signer.principal, signer.key)
            guard !trust.permits(principal: principal, key: key, namespace: Seal.namespace, at: wall) else { continue }
            Terminal.message(
                "blackstart: warning: \(TerminalText.shown(principal)) (\(key.fingerprint)) opened a session of this run "
                    + "and is not among the signers in \(TerminalText.shown(path))\n")
        }
    }

    static func failure(_ fault: JournalFault, run: String, _ trust: SiteTrust? = nil) -> CommandFailure {
        switch fault {
        case .broken(let path, let broken) where broken.reason.isOfTrust:
            .broken(
                broken, path, consequence: ", so nothing was started",
                hint: "the lines are whole; whose key it is decides: list it in "
                    + "\(TerminalText.shown(trust?.signers.path ?? "the allowed signers")), or don't go on with this run"
            )
        case .broken(let path, let broken):
            .broken(
                broken, path, consequence: ", so nothing was started",
                hint: "compare it with a copy; `blackstart journal verify \(run)` says what stands")
        case .locked:
            CommandFailure(
                .programFailed, fault.message, hint: "let the other session end; two would start everything twice")
        case .neverBegan:
            CommandFailure(
                .programFailed, fault.message,
                hint: "nothing has happened: remove its folder, or begin a run under another name")
        default: CommandFailure(.programFailed, fault.message)
        }
    }
}

/// Names of runs: when they began, and two letters that tell runs of one minute apart.
enum RunName {
    /// A name that no run in `runs` has.
    static func free(at wall: Int64, in runs: String) -> String {
        var generator = SystemRandomNumberGenerator()
        return free(at: wall, in: runs, &generator)
    }

    /// Where a minute has had many runs, the name grows by further letters.
    static func free(at wall: Int64, in runs: String, _ generator: inout some RandomNumberGenerator) -> String {
        var name = new(at: wall, &generator)
        for draw in 1...draws where access("\(runs)/\(name)", F_OK) == 0 {
            name = new(at: wall, &generator) + (draw < 4 ? "" : String(generator.next() as UInt64 % 1_000))
        }
        return name
    }

    private static let draws = 20

    static func new(at wall: Int64, _ generator: inout some RandomNumberGenerator) -> String {
        let letters = Array("abcdefghjkmnpqrstuvwxyz")
        let digits = Array("23456789")
        let tail = [letters.randomElement(using: &generator), digits.randomElement(using: &generator)]
        return "\(TimeText.stamp(wall))-\(String(tail.compactMap(\.self)))"
    }

    /// See ``RunFacts/mark``: 64 bits of chance.
    static func mark() -> String {
        var generator = SystemRandomNumberGenerator()
        return String(generator.next() as UInt64, radix: 36)
    }
}
