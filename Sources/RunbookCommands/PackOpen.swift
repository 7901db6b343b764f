package import ArgumentParser
internal import Glibc
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPack
internal import RunbookTransport

/// `pack open FILE --identity FILE -o FOLDER`.
package struct PackOpen: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "open", abstract: "Open a pack into a new folder.",
        discussion: """
            Everything is checked before the folder gets its name: a pack that is cut off, damaged or changed leaves nothing \
            behind. Begin with README.txt in the folder. Ends with 65 where the pack can't be opened.
            """)

    @Argument(help: "The pack.")
    package var file: String

    @Option(help: "A file with the private key. May be given again. Without, a passphrase is asked for.")
    package var identity: [String] = []

    @Option(help: "Where the passphrase comes from: prompt, env:NAME or file:PATH.")
    package var passphraseFrom: PassphraseSource?

    @Option(name: [.customShort("o"), .customLong("out")], help: "The folder to make.")
    package var out: String

    package init() {}

    private static let identityBytes = 1 << 20
    private static let tries = 3

    package func run() throws {
        guard identity.isEmpty || passphraseFrom == nil else {
            throw CommandFailure(.usage, "a pack opens with keys or with a passphrase, not with both")
        }
        try NewFile.check(out)
        let places = Places()
        let keys = try identities()
        let descriptor: Int32
        do { descriptor = try SystemCalls.open(file, O_RDONLY) } catch {
            throw CommandFailure(.usage, "can't read `\(TerminalText.shown(file))`: \(error.words)")
        }
        defer { close(descriptor) }
        do {
            var source = FileStream(descriptor, path: file, isStopped: PackStop.isStopped)
            let header = try AgeHeader(from: &source)
            let payload = try unlock(header, source, keys, places)
            PackStop.heed()
            var unpacking = try PackUnpacking(into: out, isStopped: PackStop.isStopped)
            let found = try unpacking.unpack(payload)
            Terminal.out(
                "Opened \(TerminalText.shown(out)): \(Count.of(found.files.count, "file")), \(ByteText.of(found.bytes)), all "
                    + "as they were packed.\nRead \(TerminalText.shown(out))/\(PackReadme.name) next.\n")
        } catch let fault as PackFault { throw PackCommand.failure(fault, file) }
    }

    private func identities() throws -> [AgeIdentity] {
        var keys: [AgeIdentity] = []
        for path in identity {
            let bytes: [UInt8]
            if let objection = FilePrivacy.objection(path) {
                throw CommandFailure(.usage, "the identity \(objection)", hint: FilePrivacy.remedy(path))
            }
            do { bytes = try SystemCalls.contents(of: path, limitBytes: Self.identityBytes) } catch {
                throw CommandFailure(.usage, "can't read `\(TerminalText.shown(path))`: \(error.words)")
            }
            do { keys += try AgeIdentity.list(String(decoding: bytes, as: UTF8.self)) } catch {
                throw PackCommand.failure(error, path)
            }
        }
        return keys
    }

    private func unlock(
        _ header: AgeHeader, _ source: FileStream, _ keys: [AgeIdentity], _ places: Places
    ) throws -> AgeDecryptor<FileStream> {
        let wantsPassphrase = try header.isForPassphrase
        guard keys.isEmpty else { return try AgeDecryptor(header, .identities(keys), from: source) }
        guard wantsPassphrase else { throw PackFault.wantsIdentity }
        let from = passphraseFrom ?? PassphraseSource.prompt
        for _ in 1..<(from.isPrompt ? Self.tries : 1) {
            do {
                return try AgeDecryptor(header, .passphrase(AgePassphrase(try from.read(places))), from: source)
            } catch PackFault.wrongPassphrase { Terminal.message("That does not open it.\n") }
        }
        return try AgeDecryptor(header, .passphrase(AgePassphrase(try from.read(places))), from: source)
    }
}

extension PassphraseSource {
    static let prompt = PassphraseSource(source: .prompt)

    private init(source: Secret.Source) { self.source = source }
}

/// Sizes as people read them.
enum ByteText {
    static func of(_ bytes: Int) -> String {
        switch bytes {
        case ..<10_000: "\(bytes) bytes"
        case ..<10_000_000: "\(bytes / 1_000) kB"
        default: "\(bytes / 1_000_000) MB"
        }
    }
}
