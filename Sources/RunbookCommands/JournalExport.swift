package import ArgumentParser
internal import Glibc
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel

/// `journal export`: one line with its proof, or the whole run as it stands, for somebody else.
package struct JournalExport: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Take one line with its proof out of a journal, or a sound copy of a run.",
        discussion: """
            With `--proof`, one line of the journal comes with what proves it, and nothing else of the journal: \
            `journal verify --proof FILE` checks it anywhere. Without, `--out FOLDER` becomes a copy of the whole run, also \
            while it is being written: it can be verified, shown, and resumed on another machine.
            """)

    @Argument(help: ArgumentHelp("The run, its folder, or a journal file; the newest run.", valueName: "run"))
    package var name: String?

    @Option(help: ArgumentHelp("The number of the line to prove.", valueName: "line"))
    package var proof: Int?

    @Option(name: [.customShort("o"), .customLong("out")], help: "The file for the proof, or the folder for the copy.")
    package var out: String?

    @Option(help: "The folder of all runs, instead of $BLACKSTART_HOME/runs.")
    package var runDir: String?

    package init() {}

    package func run() throws {
        let places = Places()
        let path = try JournalCommand.path(name, places.runs(runDir))
        let (whole, report) = try RunCopy.journal(at: path)
        if let proof { return try export(line: proof, of: whole, report) }
        guard let out else {
            throw CommandFailure(.usage, "name the folder for the copy with `--out`, or a line with `--proof`")
        }
        try RunCopy(from: Places.folder(of: path), journal: whole, signers: report.allowedSigners).make(at: out)
        Terminal.out(
            "Wrote \(TerminalText.shown(out)): run \(report.run), \(Count.of(report.lines, "line")), head "
                + "\(HeadCode(head: report.head)?.text ?? report.head).\n")
    }

    private func export(line: Int, of bytes: [UInt8], _ report: JournalReport) throws(CommandFailure) {
        let proof: InclusionProof
        do { proof = try InclusionProof(of: line, in: bytes) } catch {
            switch error {
            case .noSuchLine(let lines):
                throw CommandFailure(.usage, "the journal has \(Count.of(lines, "line")), and no line \(line)")
            case .unsealed(let through):
                throw CommandFailure(
                    .usage, "line \(line) is not sealed yet: a proof reaches up to line \(through)",
                    hint:
                        "a session seals every few seconds and at its end; a killed one is sealed by `blackstart resume`"
                )
            }
        }
        guard let out else { return Terminal.out(proof.text) }
        try NewFile.write(proof.text, to: out)
        Terminal.out("Wrote \(TerminalText.shown(out)): line \(line) of run \(report.run), and what proves it.\n")
    }
}

/// A copy of a run's folder with a journal of whole lines. What lines name lies there before them, so whatever is copied
/// after the journal was read holds all that it names.
struct RunCopy {
    let from: String
    let journal: [UInt8]
    let signers: String

    init(from: String, journal: [UInt8], signers: String) {
        self.from = from
        self.journal = journal
        self.signers = signers
    }

    private static let fileLimit = 64 << 20
    private static let left: Set<String> = [
        JournalReader.fileName, "journal.lock", "journal.reserve", FileStorage.signersName, VerifyScript.name,
    ]

    /// The whole lines of a journal, verified.
    static func journal(at path: String) throws(CommandFailure) -> (bytes: [UInt8], report: JournalReport) {
        let bytes = try RecordedRun.bytes(of: path)
        // What is being written just now has a last line that is not finished: it is not there yet.
        let whole = bytes.lastIndex(of: 0x0A).map { Array(bytes[...$0]) } ?? []
        switch JournalVerifier.verify(whole) {
        case .success(let report): return (whole, report)
        case .failure(let broken):
            throw CommandFailure.broken(
                broken, path, consequence: ", and nothing of it is exported",
                hint: "`blackstart journal verify` says what stands")
        }
    }

    enum Part {
        case folder
        /// The path of what is copied.
        case file(String)
        case bytes([UInt8])
    }

    /// What the copy holds, by names in it; a folder stands before what is in it, and the journal is the last.
    func parts() throws(SystemError) -> [(name: String, part: Part)] {
        try copied("", depth: 0) + [
            (VerifyScript.name, .bytes(Array(VerifyScript.text.utf8))),
            (FileStorage.signersName, .bytes(Array(signers.utf8))), (JournalReader.fileName, .bytes(journal)),
        ]
    }

    private func copied(_ folder: String, depth: Int) throws(SystemError) -> [(name: String, part: Part)] {
        var parts: [(name: String, part: Part)] = []
        let names = try SystemCalls.names(in: "\(from)/\(folder)").sorted()
        for name in names where depth > 0 || !Self.left.contains(name) {
            let name = folder + name
            var facts = stat()
            guard lstat("\(from)/\(name)", &facts) == 0 else { continue }
            switch facts.st_mode & S_IFMT {
            case S_IFDIR where depth < 2:
                parts.append((name, .folder))
                parts += try copied("\(name)/", depth: depth + 1)
            case S_IFREG where !name.dropFirst(folder.count).hasPrefix(".") && !name.hasSuffix(".part"):
                parts.append((name, .file("\(from)/\(name)")))
            default: continue
            }
        }
        return parts
    }

    func make(at target: String) throws(CommandFailure) {
        try NewFile.check(target)
        let draft = "\(target).part-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        var made: [String] = []
        do throws(SystemError) {
            guard mkdir(draft, 0o700) == 0 else { throw SystemError(errno) }
            for (name, part) in try parts() {
                made.append(name)
                switch part {
                case .folder: guard mkdir("\(draft)/\(name)", 0o700) == 0 else { throw SystemError(errno) }
                case .bytes(let bytes): try Self.write(bytes, "\(draft)/\(name)")
                case .file(let path):
                    try Self.write(try SystemCalls.contents(of: path, limitBytes: Self.fileLimit), "\(draft)/\(name)")
                }
            }
            try SystemCalls.flushFolder(draft)
            // The place of a file, or of a folder that holds something, is never taken.
            guard rename(draft, target) == 0 else { throw SystemError(errno == ENOTEMPTY ? EEXIST : errno) }
            try SystemCalls.flushFolder(SystemCalls.folder(of: target))
        } catch {
            for name in made.reversed() { Glibc.remove("\(draft)/\(name)") }
            rmdir(draft)
            throw NewFile.failure(target, error)
        }
    }

    private static func write(_ bytes: [UInt8], _ path: String) throws(SystemError) {
        let descriptor = try SystemCalls.open(path, O_WRONLY | O_CREAT | O_EXCL)
        defer { close(descriptor) }
        try SystemCalls.write(bytes, to: descriptor)
        try SystemCalls.flush(descriptor)
    }
}
