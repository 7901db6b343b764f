package import ArgumentParser
internal import Glibc
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPack
internal import Synchronization

/// `pack make|open|key`: one encrypted file that holds all an emergency needs.
package struct PackCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "pack", abstract: "Put all that an emergency needs into one encrypted file, and open it again.",
        discussion: """
            A pack holds runbooks with all that they name, the inventory, the program itself, and whatever else is named. It \
            is an age file with a tar archive in it: `blackstart pack open` needs nothing else, and the stock programs open \
            it too: age -d -i KEY north.age | tar x
            """,
        subcommands: [PackMake.self, PackOpen.self, PackKey.self])

    package init() {}

    /// What a fault comes to: what is said, and the exit code.
    /// - Parameter path: the file that it is about, where the fault itself names none.
    static func failure(_ fault: PackFault, _ path: String) -> any Error {
        let what = "`\(TerminalText.shown(path))`: \(TerminalText.shown(fault.message))"
        let another = "nothing was unpacked; take another copy of the pack"
        switch fault {
        case .interrupted:
            Terminal.message("\nblackstart: interrupted: nothing was written\n")
            return ExitCode(130)
        case .system(let code, let path):
            return CommandFailure(
                code == EEXIST ? .usage : .programFailed,
                "can't use `\(TerminalText.shown(path))`: \(SystemError(code).words)",
                hint: code == EEXIST ? "it is never written over: name another one" : nil)
        case .unsuitable: return CommandFailure(.invalidFile, TerminalText.shown(fault.message))
        case .badRecipient, .badIdentity: return CommandFailure(.usage, what)
        case .noIdentityFits:
            return CommandFailure(
                .invalidFile, what, hint: "its private key is one that `pack make` was given the public one of")
        case .wrongPassphrase: return CommandFailure(.invalidFile, what)
        case .wantsPassphrase:
            return CommandFailure(.invalidFile, what, hint: "leave out `--identity`: the passphrase is asked for")
        case .wantsIdentity:
            return CommandFailure(.invalidFile, what, hint: "name the file with the private key: `--identity FILE`")
        case .notAge: return CommandFailure(.invalidFile, what, hint: "a pack is not text: `age -a` makes another form")
        case .tooMuchWork: return CommandFailure(.invalidFile, what)
        case .header, .headerChanged, .cutOff, .chunkChanged, .archive, .contents:
            return CommandFailure(.invalidFile, what, hint: another)
        }
    }
}

/// Ctrl-C while a pack is made or opened: what was begun is taken away first.
enum PackStop {
    private static let isWanted = Atomic(false)

    static func heed() {
        isWanted.store(false, ordering: .relaxed)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { _ in PackStop.isWanted.store(true, ordering: .relaxed) }
        }
    }

    @Sendable static func isStopped() -> Bool { isWanted.load(ordering: .relaxed) }
}

/// Where a passphrase comes from. Never from the command line itself: every user of the machine could read that.
package struct PassphraseSource: ExpressibleByArgument, Sendable {
    let source: Secret.Source

    package init?(argument: String) {
        if argument == "prompt" {
            source = .prompt
        } else if argument.hasPrefix("env:"), argument.utf8.count > 4 {
            source = .environment(String(argument.dropFirst(4)))
        } else if argument.hasPrefix("file:"), argument.utf8.count > 5 {
            source = .file(String(argument.dropFirst(5)))
        } else {
            return nil
        }
    }

    private static let name = "passphrase"
    private static let leastBytes = 12

    var isPrompt: Bool { if case .prompt = source { true } else { false } }

    func read(_ places: Places) throws(CommandFailure) -> String {
        let here = SourcePlace(path: "", line: 1, column: 1)
        let secret = Secret(name: Self.name, source: source, description: nil, place: here)
        return try SecretPlaces(folder: ".", places: places, asks: Terminal.hasTerminalIn).value(of: secret)
    }

    /// For a new pack: long enough, and typed twice.
    func readNew(_ places: Places) throws(CommandFailure) -> String {
        let text = try read(places)
        guard text.utf8.count >= Self.leastBytes else {
            throw CommandFailure(
                .usage, "the passphrase has \(text.utf8.count) bytes; it needs \(Self.leastBytes) at least",
                hint: "five words that have nothing to do with each other are better than one with signs in it")
        }
        guard isPrompt else { return text }
        guard HiddenLine.read("The same again: ") == text else {
            throw CommandFailure(.usage, "the two are not the same: nothing was written")
        }
        return text
    }
}

package struct PackKey: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Make a key that packs are opened with.",
        discussion: """
            The file has the form of age-keygen's. Keep it where the emergency finds it and nobody else does: on a stick in \
            the safe. What is printed is the public half: give it to `pack make --recipient`.
            """)

    @Option(name: [.customShort("o"), .customLong("out")], help: "The file for the private key; only you can read it.")
    package var out: String

    package init() {}

    package func run() throws {
        let key = AgeIdentity()
        let now = Int64(time(nil)) * 1_000
        let text = "# created: \(TimeText.date(now))\n# public key: \(key.recipient.text)\n\(key.text)\n"
        try NewFile.write(text, to: out, mode: 0o600)
        Terminal.message("Wrote \(TerminalText.shown(out)). Its public key:\n")
        Terminal.out("\(key.recipient.text)\n")
    }
}
