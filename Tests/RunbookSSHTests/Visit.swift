import RunbookModel
import RunbookSSH
import RunbookTransport
import TestTools

/// A transport, asked and awaited.
struct Visit: Sendable {
    let transport: SSHTransport

    init(_ transport: SSHTransport) { self.transport = transport }

    struct Said: Sendable {
        var reply: HostReply
        var stdout: [UInt8] = []
        var stderr: [UInt8] = []

        var text: String { String(decoding: stdout, as: UTF8.self) }
        var failure: TransportFailure? { if case .failure(let failure) = reply { failure } else { nil } }
        var status: ReceiptStatus? { if case .receipt(let status) = reply { status } else { nil } }
    }

    static func receipt(_ number: Int = 1) -> ReceiptID {
        ReceiptID(run: "r1", task: TaskID(step: "db", host: "a"), kind: .action, number: number)
    }

    func ask(
        _ operation: HostRequest.Operation, host: String = "a", keeps: Int = .max,
        hears: @escaping @Sendable (OutputChunk) -> Void = { _ in }
    ) async -> Said {
        let heard = Shared<Said>(Said(reply: .tidied))
        let request = HostRequest(host: host, task: TaskID(step: "db", host: host), operation)
        let reply = await withCheckedContinuation { continuation in
            transport.send(
                request,
                progress: { chunk in
                    heard.withLock {
                        guard $0.stdout.count + $0.stderr.count < keeps else { return }
                        if chunk.stream == .stdout { $0.stdout += chunk.bytes } else { $0.stderr += chunk.bytes }
                    }
                    hears(chunk)
                }, reply: { continuation.resume(returning: $0) })
        }
        var said = heard.now
        said.reply = reply
        return said
    }

    func submit(
        _ command: String, number: Int = 1, boot: String? = "b1", deadline: Duration = .seconds(300),
        keeps: Int = .max, hears: @escaping @Sendable (OutputChunk) -> Void = { _ in }
    ) async -> Said {
        await ask(
            .submit(
                Submission(
                    receipt: Self.receipt(number), command: TestServer.counted(command), environment: [], boot: boot,
                    journalHead: "1:00", digest: "d1"), deadline: deadline), keeps: keeps, hears: hears)
    }

    /// Asks for the receipt until it is as wanted.
    func until(_ wanted: (ReceiptStatus) -> Bool) async throws -> ReceiptStatus {
        for _ in 0..<2_000 {
            if let status = await ask(.inspect(Self.receipt())).status, wanted(status) { return status }
        }
        throw ToolFault(what: "the receipt never came to be as wanted")
    }

    func end() async { await transport.close() }
}
