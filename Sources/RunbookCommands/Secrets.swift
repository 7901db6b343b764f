internal import Glibc
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookSSH
internal import RunbookTransport

/// Gets the secrets that a plan needs, each from where the runbook says, before anything begins.
struct SecretSources {
    let plan: Plan
    let places: Places
    /// Whether a person may be asked.
    let asks: Bool

    /// - Parameter logins: what hosts are logged in at with, to be hidden as well.
    func vault(beside logins: LoginSecrets) throws(CommandFailure) -> SecretVault {
        var values: [String: String] = [:]
        let folder = SecretPlaces(folder: Places.folder(of: plan.runbook.path), places: places, asks: asks)
        for secret in needed { values[secret.name] = try folder.value(of: secret) }
        for secret in plan.runbook.secrets { secret.leaveEnvironment() }
        return SecretVault(values, alsoHidden: logins.passwords.values.sorted())
    }

    /// Those that some step of the plan uses, in file order.
    private var needed: [Secret] {
        let used = Set(
            plan.runbook.steps.flatMap { $0.references + $0.environment.flatMap(\.value.references) }
                .filter { $0.path.first == "secrets" }.compactMap(\.path.last))
        return plan.runbook.secrets.filter { used.contains($0.name) }
    }

}

extension Secret {
    /// Children inherit the environment: what it held for this program is not for each local command.
    func leaveEnvironment() { if case .environment(let name) = source { unsetenv(name) } }
}

/// Where secrets come from: a file's folder, this program's environment, a person.
struct SecretPlaces {
    /// What paths and commands are relative to.
    let folder: String
    let places: Places
    let asks: Bool

    private static let leastBytes = 4

    func value(of secret: Secret) throws(CommandFailure) -> String {
        ProcessMemory.close()
        let value = try source(secret)
        guard value.utf8.count >= Self.leastBytes else {
            throw CommandFailure(
                .usage,
                "the secret `\(secret.name)` has \(value.utf8.count) bytes; it needs \(Self.leastBytes) at least",
                hint: "a shorter one can't be kept out of what hosts print")
        }
        return value
    }

    private func source(_ secret: Secret) throws(CommandFailure) -> String {
        switch secret.source {
        case .prompt: return try prompt(secret)
        case .environment(let name):
            guard let value = places.environment[name], !value.isEmpty else {
                throw missing(secret, "the environment has no \(TerminalText.shown(name))")
            }
            return value
        case .file(let path):
            let whole = path.hasPrefix("~/") ? places.userHome + path.dropFirst() : path
            let file = whole.hasPrefix("/") ? whole : "\(folder)/\(whole)"
            if let objection = FilePrivacy.objection(file) {
                throw CommandFailure(
                    .usage, "the secret `\(secret.name)` is not used: its file \(objection)",
                    hint: FilePrivacy.remedy(file))
            }
            do {
                return try text(try SystemCalls.contents(of: file, limitBytes: Limits.secretBytes), secret)
            } catch let error as SystemError {
                throw missing(secret, "can't read \(TerminalText.shown(file)): \(error.words)")
            } catch let error as CommandFailure { throw error } catch { throw missing(secret, "\(error)") }
        case .command(let command): return try output(of: command, secret)
        }
    }

    private func missing(_ secret: Secret, _ why: String) -> CommandFailure {
        CommandFailure(
            .usage, "the secret `\(secret.name)` is not there: \(why)",
            hint: secret.description.map { TerminalText.shown($0) } ?? "nothing was started")
    }

    /// Without the line end that files and commands put behind it.
    private func text(_ bytes: [UInt8], _ secret: Secret) throws(CommandFailure) -> String {
        var bytes = bytes[...]
        while bytes.last == 0x0A || bytes.last == 0x0D { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(0) else {
            throw missing(secret, "it is no text")
        }
        return text
    }

    private func output(of command: String, _ secret: Secret) throws(CommandFailure) -> String {
        guard let stream = popen("cd \(ShellWord.quote(folder)) && { \(command)\n}", "re") else {
            throw missing(secret, "its command can't be run")
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while bytes.count <= Limits.secretBytes {
            let count = fread(&chunk, 1, chunk.count, stream)
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        let status = pclose(stream)
        guard bytes.count <= Limits.secretBytes else {
            throw missing(secret, "its command prints more than \(Limits.secretBytes) bytes")
        }
        guard status == 0 else {
            throw missing(secret, "its command ended with status \(status >> 8 & 0xFF)")
        }
        return try text(bytes, secret)
    }

    private func prompt(_ secret: Secret) throws(CommandFailure) -> String {
        guard asks else {
            throw CommandFailure(
                .waiting, "the secret `\(secret.name)` has to be typed, and nobody may be asked",
                hint: secret.description.map { TerminalText.shown($0) } ?? "run it at a terminal, without --no-input")
        }
        let place = secret.description.map { " (\(TerminalText.shown($0)))" } ?? ""
        for _ in 0..<3 {
            guard let typed = HiddenLine.read("\(TerminalText.shown(secret.name))\(place): ") else {
                throw missing(secret, "the input has ended")
            }
            if typed.utf8.count > Limits.secretBytes { throw missing(secret, "it is too long") }
            if !typed.isEmpty { return typed }
        }
        throw missing(secret, "nothing was typed")
    }
}

/// A line that is typed without being shown.
enum HiddenLine {
    /// nil at the end of the input, and where a signal came: what the terminal shows is as before in any case.
    static func read(_ prompt: String) -> String? {
        var shown = termios()
        guard tcgetattr(STDIN_FILENO, &shown) == 0 else {
            Terminal.message(prompt)
            return readLine()
        }
        // A signal ends the reading, and not the program.
        var noticing = sigaction()
        noticing.__sigaction_handler.sa_handler = { _ in }
        let signals = [SIGINT, SIGTERM, SIGHUP, SIGTSTP]
        var before = Array(repeating: sigaction(), count: signals.count)
        for (index, signal) in signals.enumerated() { sigaction(signal, &noticing, &before[index]) }
        var hidden = shown
        hidden.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown)
            Terminal.message("\n")
            for (index, signal) in signals.enumerated() { sigaction(signal, &before[index], nil) }
        }
        // Only now: what is typed before would be thrown away, or shown.
        Terminal.message(prompt)
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while line.count <= Limits.secretBytes {
            guard Glibc.read(STDIN_FILENO, &byte, 1) == 1 else { return nil }
            if byte == 0x0A { break }
            line.append(byte)
        }
        return String(validating: line, as: UTF8.self)
    }
}
