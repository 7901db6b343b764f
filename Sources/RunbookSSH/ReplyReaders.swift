internal import RunbookModel
internal import RunbookTransport

/// Reads the reply of a receipt script as it comes.
final class ReplyReader: Sendable {
    private struct State {
        var reply: ReceiptReply
        // The script prints no more of a check than this.
        var stdout = HostBytes(limitBytes: Limits.checkOutputBytes)
        var stderr = HostBytes(limitBytes: Limits.checkOutputBytes)
        var noise = HostBytes(limitBytes: ReplyReader.noiseBytes)

        mutating func keep(_ part: OutputChunk) {
            switch part.stream {
            case .stdout: stdout.take(part.bytes)
            case .stderr: stderr.take(part.bytes)
            }
        }
    }

    /// Of what a host says instead of a reply.
    private static let noiseBytes = 800

    private let state: LoopLock<State>
    private let keepsOutput: Bool
    private let progress: @Sendable (OutputChunk) -> Void

    /// - Parameter keepsOutput: whether the output is part of the reply; else it is handed to `progress` as it comes.
    init(nonce: String, keepsOutput: Bool, _ progress: @escaping @Sendable (OutputChunk) -> Void) {
        state = LoopLock(State(reply: ReceiptReply(nonce: nonce)))
        self.keepsOutput = keepsOutput
        self.progress = progress
    }

    func take(_ chunk: OutputChunk) -> Hearing {
        var printed: [OutputChunk] = []
        let hearing = state.withLock { state -> Hearing in
            guard chunk.stream == .stdout else {
                // The script itself says nothing here; a shell that can't run it does.
                state.noise.take(chunk.bytes)
                return .more
            }
            state.reply.take(chunk.bytes) { printed.append($0) }
            if keepsOutput {
                for part in printed { state.keep(part) }
                for kept in [state.stdout, state.stderr] where kept.isOver { return kept.hearing }
            }
            return state.reply.ending == nil ? .more : .whole
        }
        if !keepsOutput { for part in printed { progress(part) } }
        return hearing
    }

    var ending: ReceiptReply.Ending? { state.withLock { $0.reply.ending } }
    var stdout: [UInt8] { state.withLock { $0.stdout.bytes } }
    var stderr: [UInt8] { state.withLock { $0.stderr.bytes } }
    var hasBegun: Bool { state.withLock { $0.reply.hasBegun } }

    /// What a host said instead of a reply.
    var noise: String {
        let lines = state.withLock { $0.noise.bytes }.split { $0 == 0x0A || $0 == 0x0D }
        let text = lines.map { TerminalText.shown(bytes: $0) }.joined(separator: " / ")
        return text.isEmpty ? "the host closed the session without an answer" : "the host says: \(text)"
    }
}

/// Takes the output of a session as it is: handed on, or kept within bounds.
final class PlainReader: Sendable {
    private struct Kept {
        var stdout = HostBytes(limitBytes: Limits.checkOutputBytes)
        var stderr = HostBytes(limitBytes: Limits.checkOutputBytes)
        var dropped = 0
    }

    /// An honest check may print more than is kept; one that never stops is cut off here.
    private static let droppedBytes = 64 << 20

    private let kept = LoopLock(Kept())
    private let progress: (@Sendable (OutputChunk) -> Void)?

    init(_ progress: (@Sendable (OutputChunk) -> Void)?) { self.progress = progress }

    func take(_ chunk: OutputChunk) -> Hearing {
        if let progress {
            progress(chunk)
            return .more
        }
        return kept.withLock { kept in
            switch chunk.stream {
            case .stdout: kept.stdout.take(chunk.bytes)
            case .stderr: kept.stderr.take(chunk.bytes)
            }
            if kept.stdout.isOver || kept.stderr.isOver { kept.dropped &+= Int(chunk.bytes.count) }
            return kept.dropped > Self.droppedBytes ? .tooMuch(limitBytes: Self.droppedBytes) : .more
        }
    }

    var stdout: [UInt8] { kept.withLock { $0.stdout.bytes } }
    var stderr: [UInt8] { kept.withLock { $0.stderr.bytes } }
    /// Whether more came to stdout than is kept.
    var isCut: Bool { kept.withLock { $0.stdout.isOver } }
}

/// What a witness says on stdout: words that are kept, or a copy that is handed on.
final class WitnessReader: Sendable {
    private enum Heard {
        case words(HostBytes)
        case copy(WitnessCopy)
    }

    private let heard: LoopLock<Heard>
    private let progress: @Sendable (OutputChunk) -> Void

    /// - Parameter limitBytes: of its words.
    init(_ question: WitnessRequest, limitBytes: Int, _ progress: @escaping @Sendable (OutputChunk) -> Void) {
        self.progress = progress
        if case .get(_, let limitBytes) = question {
            heard = LoopLock(.copy(WitnessCopy(limitBytes: limitBytes)))
        } else {
            heard = LoopLock(.words(HostBytes(limitBytes: limitBytes)))
        }
    }

    func take(_ chunk: OutputChunk) -> Hearing {
        guard chunk.stream == .stdout else { return .more }
        var parts: [[UInt8]] = []
        let hearing = heard.withLock { heard -> Hearing in
            switch heard {
            case .words(var words):
                // Taken out first: two that hold it would copy it at each piece.
                heard = .words(HostBytes(limitBytes: 0))
                words.take(chunk.bytes)
                heard = .words(words)
                return words.hearing
            case .copy(var copy):
                defer { heard = .copy(copy) }
                return copy.take(chunk.bytes) { parts.append($0) }
            }
        }
        for part in parts { progress(OutputChunk(.stdout, part)) }
        return hearing
    }

    /// Whether a copy began and did not come to its end.
    var isCut: Bool {
        heard.withLock { if case .copy(let copy) = $0 { copy.reply != nil && !copy.isWhole } else { false } }
    }

    /// nil where it was no answer, or a copy that was cut.
    var reply: WitnessReply? {
        heard.withLock { heard in
            switch heard {
            case .words(let words): WitnessReply(words.bytes)
            case .copy(let copy): copy.isWhole ? copy.reply : nil
            }
        }
    }
}
