internal import CLibssh
internal import RunbookModel
internal import RunbookTransport

/// Where libssh's callbacks of one channel put what comes. Touched on the loop's thread only.
final class ChannelSink {
    /// What may wait here. A host that talks before it has read the question, or while somebody else listens, sends no more.
    static let limitBytes = 4 << 20
    /// Of the name of a signal.
    private static let nameBytes = 32

    private var chunks: [OutputChunk] = []
    private var heldBytes = 0
    /// Whether more came than may wait here; it was dropped.
    private(set) var isFlooded = false
    private(set) var isClosed = false
    private(set) var status: Int?
    private(set) var signal: String?
    /// Whether what comes is nobody's: it is not kept.
    var isResting = false
    /// libssh keeps the address: it stays where it is as long as the sink lives.
    private let callbacks: UnsafeMutablePointer<ssh_channel_callbacks_struct>

    init() {
        callbacks = .allocate(capacity: 1)
        callbacks.initialize(to: ssh_channel_callbacks_struct())
    }

    deinit {
        callbacks.deinitialize(count: 1)
        callbacks.deallocate()
    }

    var isEmpty: Bool { chunks.isEmpty }

    /// What has come since the last time.
    func take() -> [OutputChunk] {
        defer {
            chunks = []
            heldBytes = 0
        }
        return chunks
    }

    private func put(_ stream: OutputChunk.Stream, _ bytes: UnsafeRawBufferPointer) {
        guard heldBytes + bytes.count <= Self.limitBytes else {
            isFlooded = true
            return
        }
        heldBytes += bytes.count
        chunks.append(OutputChunk(stream, [UInt8](bytes)))
    }

    func attach(_ channel: ssh_channel) {
        callbacks.pointee.size = MemoryLayout<ssh_channel_callbacks_struct>.size
        callbacks.pointee.userdata = Unmanaged.passUnretained(self).toOpaque()
        callbacks.pointee.channel_data_function = { _, _, data, length, isError, context in
            guard let data, let sink = ChannelSink.of(context) else { return Int32(bitPattern: length) }
            guard !sink.isResting else {
                sink.isClosed = true
                return Int32(bitPattern: length)
            }
            sink.put(isError == 0 ? .stdout : .stderr, UnsafeRawBufferPointer(start: data, count: Int(length)))
            return Int32(bitPattern: length)
        }
        callbacks.pointee.channel_close_function = { _, _, context in ChannelSink.of(context)?.isClosed = true }
        callbacks.pointee.channel_exit_status_function = { _, _, status, context in
            // -1 would mean that none was received.
            if status >= 0 { ChannelSink.of(context)?.status = Int(status) }
        }
        callbacks.pointee.channel_exit_signal_function = { _, _, name, _, _, _, context in
            ChannelSink.of(context)?.signal = name.map {
                // It goes into the journal: a name as RFC 4254 has them, and no more.
                String(TerminalText.shown(String(cString: $0)).prefix(ChannelSink.nameBytes))
            }
        }
        ssh_add_channel_callbacks(channel, callbacks)
    }

    func detach(_ channel: ssh_channel) { ssh_remove_channel_callbacks(channel, callbacks) }

    private static func of(_ context: UnsafeMutableRawPointer?) -> ChannelSink? {
        context.map { Unmanaged<ChannelSink>.fromOpaque($0).takeUnretainedValue() }
    }
}
