package import ArgumentParser
internal import Glibc
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPack

/// `pack make RUNBOOK… --recipient age1… -o FILE.age`.
package struct PackMake: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "make", abstract: "Put all that an emergency needs into one encrypted file.",
        discussion: """
            In it are the runbooks with all files that they name, the inventory with its known hosts and allowed signers, \
            this program with its libraries, and a page that tells a stranger how to begin. Private keys and secrets are \
            never in it: a runbook that carries one is refused.

            Name two recipients at least: a pack that only one key opens is lost with that key. The format allows a \
            passphrase beside nothing else, so a pack with a passphrase has one way in, and wants `--one-recipient` too.
            """)

    @Argument(help: "The runbooks.")
    package var runbook: [String]

    @Option(name: [.customShort("i"), .long], help: "The inventory, instead of the ones that the runbooks name.")
    package var inventory: String?

    @Option(help: ArgumentHelp("A public key that opens it: age1…. May be given again.", valueName: "key"))
    package var recipient: [String] = []

    @Option(help: ArgumentHelp("A file of public keys, one on each line. May be given again.", valueName: "file"))
    package var recipientsFile: [String] = []

    @Option(help: "A passphrase opens it, which comes from: prompt, env:NAME or file:PATH.")
    package var passphraseFrom: PassphraseSource?

    @Flag(help: "One key, or one passphrase, is really all that opens it.")
    package var oneRecipient = false

    @Option(name: [.customShort("f"), .long], help: "A fixture to rehearse on. May be given again.")
    package var fixture: [String] = []

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("A run whose journal goes along: its name or folder. May be given again.", valueName: "run"))
    package var drills: [String] = []

    @Option(help: "The folder of all runs, instead of $BLACKSTART_HOME/runs.")
    package var runDir: String?

    @Flag(help: "Leave the program out: wherever the pack goes, it is there already.")
    package var noProgram = false

    @Option(name: [.customShort("o"), .customLong("out")], help: "The file to make.")
    package var out: String

    package init() {}

    private static let recipientsBytes = 1 << 20

    package func run() throws {
        let places = Places()
        let keys = try recipients()
        try checkWays(keys)
        try NewFile.check(out)
        var site = PackSite(places)
        for path in runbook { try site.add(runbook: path, inventory: inventory) }
        for path in fixture { try site.add(fixture: path) }
        for name in drills { try site.add(run: name, runs: places.runs(runDir)) }
        let program = noProgram ? nil : PackProgram()
        let made = Int(time(nil))
        let opens =
            passphraseFrom == nil ? keys.map(\.text) : ["the passphrase that it was made with"]
        var items = try site.items()
        let readme = PackReadme(
            site: site, program: program, made: made, by: LocalUser.current?.name ?? "", opens: opens)
        items.insert(PackItem(PackReadme.name, .bytes(Array(readme.text.utf8))), at: 0)
        items += program?.items ?? []
        for warning in site.warnings { Terminal.message("blackstart: warning: \(TerminalText.shown(warning))\n") }
        do {
            let lock: AgeLock
            if let passphraseFrom {
                lock = .passphrase(try AgePassphrase(try passphraseFrom.readNew(places)))
            } else {
                lock = .recipients(keys)
            }
            PackStop.heed()
            let file = try PackFile(at: out, isStopped: PackStop.isStopped)
            try file.write { (stream) throws(PackFault) in
                var writer = try PackWriter(lock, made: made, to: stream)
                for item in items { try writer.add(item) }
                _ = try writer.finish()
            }
        } catch let fault as PackFault { throw PackCommand.failure(fault, out) }
        var facts = stat()
        let size = stat(out, &facts) == 0 ? ByteText.of(Int(facts.st_size)) : ""
        Terminal.out(
            "Wrote \(TerminalText.shown(out)): \(Count.of(site.runbooks.count, "runbook")), \(Count.of(items.count + 1, "file")), "
                + "\(size).\nIt opens with\(opens.count > 1 ? " any one of these keys" : ""):\n"
                + opens.map { "  \($0)\n" }.joined())
    }

    /// Each once.
    private func recipients() throws -> [AgeRecipient] {
        var keys: [AgeRecipient] = []
        for text in recipient {
            do { keys.append(try AgeRecipient(text)) } catch {
                // A private key that was given by mistake is not shown again.
                throw PackCommand.failure(error, text.hasPrefix("age1") ? text : "--recipient")
            }
        }
        for path in recipientsFile {
            let bytes: [UInt8]
            do { bytes = try SystemCalls.contents(of: path, limitBytes: Self.recipientsBytes) } catch {
                throw CommandFailure(.usage, "can't read `\(TerminalText.shown(path))`: \(error.words)")
            }
            do { keys += try AgeRecipient.list(String(decoding: bytes, as: UTF8.self)) } catch {
                throw PackCommand.failure(error, path)
            }
        }
        var seen: Set<AgeRecipient> = []
        return keys.filter { seen.insert($0).inserted }
    }

    /// Refuses what nobody, or only one, could open.
    private func checkWays(_ keys: [AgeRecipient]) throws(CommandFailure) {
        guard passphraseFrom == nil || keys.isEmpty else {
            throw CommandFailure(
                .usage, "a passphrase can't stand beside other recipients: the format of age does not allow it",
                hint: "name two or more keys and no passphrase, or make two packs")
        }
        if passphraseFrom == nil, keys.isEmpty {
            throw CommandFailure(
                .usage, "nobody could open the pack: it has no recipient",
                hint: "`blackstart pack key -o FILE` makes a key; give the public half of two with `--recipient`")
        }
        guard keys.count >= 2 || oneRecipient else {
            throw CommandFailure(
                .usage,
                passphraseFrom == nil
                    ? "one key alone would open the pack: with that key the pack is lost"
                    : "one passphrase alone would open the pack: whoever knows it may be away",
                hint: "name two keys with `--recipient`, or say `--one-recipient`")
        }
    }
}
