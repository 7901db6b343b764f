import Foundation
import RunbookModel
import RunbookTransport
import TestTools

/// A host in a folder: the receipt script is played by this machine's own `/bin/sh`.
struct ScriptHost {
    let scratch: Scratch
    var boot = "b1"
    /// Another shell in the place of `/bin/sh`, under the name `sh`.
    private var shells: Scratch?

    init() throws { scratch = try Scratch() }

    /// - Parameter shell: a program that is a shell by the name of `sh`; nil for the machine's own.
    init(shell: String?) throws {
        try self.init()
        guard let shell else { return }
        let shells = try Scratch()
        try FileManager.default.createSymbolicLink(atPath: "\(shells.path)/sh", withDestinationPath: shell)
        self.shells = shells
    }

    /// The shells of the hosts that there are.
    static let allShells = ["/bin/dash", "/bin/bash", "/bin/busybox", "/bin/mksh"]

    var shellPath: String { shells.map { "\($0.path)/sh" } ?? "/bin/sh" }

    struct Said: Equatable {
        var ending: ReceiptReply.Ending?
        var stdout: [UInt8] = []
        var stderr: [UInt8] = []

        var text: String { String(decoding: stdout, as: UTF8.self) }

        var status: ReceiptStatus? { if case .status(let status) = ending { status } else { nil } }
    }

    static let task = TaskID(step: "db", host: "a")
    static let receipt = ReceiptID(run: "r1", task: task, kind: .action, number: 1)

    /// Appends a line to the file `ran`, then does what is asked.
    static func submission(_ command: String = "true", digest: String = "d1", boot: String? = "b1") -> Submission {
        Submission(
            receipt: receipt, command: "echo ran >> \"$HOME/ran\"; \(command)", environment: [], boot: boot,
            journalHead: "7:00ff", digest: digest)
    }

    func text(_ operation: HostRequest.Operation, nonce: String = "n1") throws -> String {
        guard let text = ReceiptScript.text(operation, nonce: nonce, run: "r1", step: "db") else {
            throw ToolFault(what: "no script for \(operation)")
        }
        return text.replacing("/bin/sh", with: shellPath)
    }

    /// The reply of a whole script, or of the first `bytes` of it.
    @discardableResult
    func play(
        _ operation: HostRequest.Operation, bytes: Int = .max, path: String? = nil, nonce: String = "n1"
    ) throws -> Said {
        try feed(Array(try text(operation, nonce: nonce).utf8.prefix(bytes)), path: path)
        return try reply("out", nonce: nonce)
    }

    /// The run leaves its mark, `n1`.
    func arrive() throws { try play(.arrive(Arrival(run: "r1"))) }

    /// `path` is a folder whose tools come before the machine's own.
    func feed(_ script: [UInt8], more: String = "", path: String? = nil) throws {
        try scratch.write("script", script)
        var variables = variables
        if let path { variables["PATH"] = "\(path):/usr/bin:/bin" }
        _ = try shell("\(shellPath) -s < script > out 2> err\(more)", in: scratch.path, environment: variables)
    }

    var variables: [String: String] {
        ["HOME": scratch.path, "BLACKSTART_BOOT_ID": boot, "TMPDIR": scratch.path]
    }

    func reply(_ file: String, nonce: String = "n1") throws -> Said {
        var said = Said()
        var reply = ReceiptReply(nonce: nonce)
        reply.take(try scratch.read(file)) { chunk in
            switch chunk.stream {
            case .stdout: said.stdout += chunk.bytes
            case .stderr: said.stderr += chunk.bytes
            }
        }
        said.ending = reply.ending
        return said
    }

    /// How often the command ran.
    var runs: Int { ((try? scratch.text("ran")) ?? "").split(separator: "\n").count }

    var hasReceipts: Bool { FileManager.default.fileExists(atPath: "\(scratch.path)/.blackstart") }

    /// Submits and leaves: the script goes on by itself, its reply goes to the file `later`.
    func submitAndLeave(_ command: String) throws -> ReceiptStatus {
        try scratch.write("submit", Array(try text(.submit(Self.submission(command), deadline: .seconds(60))).utf8))
        _ = try shell("\(shellPath) -s < submit > later 2>&1 &", in: scratch.path, environment: variables)
        return try until { if case .run = $0.go { $0.alive } else { false } }
    }

    /// Looks at the receipt again and again until it is as wanted.
    func until(_ wanted: (ReceiptStatus) -> Bool) throws -> ReceiptStatus {
        for _ in 0..<2_000 {
            if let status = try play(.inspect(Self.receipt)).status, wanted(status) { return status }
        }
        throw ToolFault(what: "the receipt never came to be as wanted")
    }
}
