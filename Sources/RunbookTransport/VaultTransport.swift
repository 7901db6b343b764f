internal import RunbookModel
internal import Synchronization

/// The values of a session's secrets; in memory only.
package struct SecretVault: Sendable {
    private let values: [String: String]
    fileprivate let mask: SecretMask

    /// - Parameter alsoHidden: what no step may use, and no host may be heard to say.
    package init(_ values: [String: String], alsoHidden: [String] = []) {
        self.values = values
        mask = SecretMask(values.values + alsoHidden)
    }

    package var isEmpty: Bool { mask.isEmpty }

    /// The text with the secrets themselves in it. One that is not known stays empty: a session begins with all it needs.
    func filled(_ text: HiddenText) -> HiddenText {
        var filled = text
        filled.parts = text.parts.map { part in
            if case .secret(let name) = part { return .plain(values[name] ?? "") }
            return part
        }
        return filled
    }
}

/// Hands secrets to hosts at the last moment, and hides them in what hosts say: nothing behind it ever sees one.
package struct VaultTransport: Transport {
    private let next: any Transport
    private let vault: SecretVault

    package init(_ vault: SecretVault, next: any Transport) {
        self.vault = vault
        self.next = next
    }

    package func send(
        _ request: HostRequest, progress: @escaping @Sendable (OutputChunk) -> Void,
        reply: @escaping @Sendable (HostReply) -> Void
    ) {
        let mask = vault.mask
        let streams = OpenStreams(mask)
        next.send(
            filled(request),
            progress: { chunk in
                let shown = streams.take(chunk)
                if !shown.bytes.isEmpty { progress(shown) }
            },
            reply: { said in
                // After a cut the rest is asked for again, from the last byte that was shown.
                if !Self.isCut(said) {
                    for chunk in streams.end() where !chunk.bytes.isEmpty { progress(chunk) }
                }
                reply(mask.masked(said))
            })
    }

    package func close() async { await next.close() }

    private static func isCut(_ reply: HostReply) -> Bool {
        switch reply {
        case .failure, .deadline: true
        case .contact, .survey, .probe, .receipt, .ended, .tidied, .heads, .witness: false
        }
    }

    private func filled(_ request: HostRequest) -> HostRequest {
        var request = request
        func filled(_ pairs: [EnvironmentPair]) -> [EnvironmentPair] {
            pairs.map { EnvironmentPair(name: $0.name, vault.filled($0.content)) }
        }
        func filled(_ privilege: Privilege?) -> Privilege? {
            privilege.map { Privilege(password: $0.password.map(vault.filled)) }
        }
        switch request.operation {
        case .submit(var submission, let deadline):
            submission.environment = filled(submission.environment)
            submission.privilege = filled(submission.privilege)
            request.operation = .submit(submission, deadline: deadline)
        case .probe(var probe):
            if case .run(let command, let environment) = probe.probe {
                probe.probe = .run(command: command, environment: filled(environment))
            }
            probe.privilege = filled(probe.privilege)
            request.operation = .probe(probe)
        case .kill(let id, let privilege): request.operation = .kill(id, filled(privilege))
        case .survey(let privilege): request.operation = .survey(filled(privilege))
        case .contact, .arrive, .attach, .inspect, .fence, .markLost, .tidy, .heads, .witness: break
        }
        return request
    }
}

private final class OpenStreams: Sendable {
    private let streams: Mutex<(stdout: MaskedStream, stderr: MaskedStream)>

    init(_ mask: SecretMask) { streams = Mutex((MaskedStream(mask), MaskedStream(mask))) }

    func take(_ chunk: OutputChunk) -> OutputChunk {
        streams.withLock { streams in
            switch chunk.stream {
            case .stdout: Self.chunk(chunk.stream, streams.stdout.take(chunk.bytes), streams.stdout.hasMasked)
            case .stderr: Self.chunk(chunk.stream, streams.stderr.take(chunk.bytes), streams.stderr.hasMasked)
            }
        }
    }

    func end() -> [OutputChunk] {
        streams.withLock { streams in
            [
                Self.chunk(.stdout, streams.stdout.end(), streams.stdout.hasMasked),
                Self.chunk(.stderr, streams.stderr.end(), streams.stderr.hasMasked),
            ]
        }
    }

    private static func chunk(_ stream: OutputChunk.Stream, _ bytes: [UInt8], _ isMasked: Bool) -> OutputChunk {
        var chunk = OutputChunk(stream, bytes)
        chunk.isMasked = isMasked
        return chunk
    }
}

extension SecretMask {
    /// Output that was cut at its limit may end in the middle of a secret.
    private func whole(_ bytes: [UInt8]) -> [UInt8] {
        let (masked, open) = masked(bytes)
        guard bytes.count >= Limits.checkOutputBytes else { return masked }
        return masked.dropLast(open) + Array(repeating: 0x2A, count: open)
    }

    fileprivate func masked(_ reply: HostReply) -> HostReply {
        switch reply {
        case .probe(var answer):
            let said = answer.stdout
            answer.stdout = whole(said)
            answer.isMasked = answer.isMasked || answer.stdout != said
            answer.stderr = whole(answer.stderr)
            switch answer.result {
            case .open(let isOpen, let words): answer.result = .open(isOpen, masked(words))
            case .http(let status, let words): answer.result = .http(status: status, masked(words))
            case .unreached(let words): answer.result = .unreached(masked(words))
            case .unasked(let words): answer.result = .unasked(masked(words))
            case .exit, .timedOut: break
            }
            return .probe(answer)
        case .failure(var failure):
            failure.message = masked(failure.message)
            return .failure(failure)
        case .contact, .survey, .receipt, .ended, .tidied, .heads, .witness, .deadline: return reply
        }
    }
}
