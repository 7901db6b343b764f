internal import CLibssh
internal import RunbookTransport

/// Where libssh's callbacks of one channel put what comes. Touched on the loop's thread only.
final class ChannelSink {
    private var chunks: [OutputChunk] = []
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
        defer { chunks = [] }
        return chunks
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
            let bytes = [UInt8](UnsafeRawBufferPointer(start: data, count: Int(length)))
            sink.chunks.append(OutputChunk(isError == 0 ? .stdout : .stderr, bytes))
            return Int32(bitPattern: length)
        }
        callbacks.pointee.channel_close_function = { _, _, context in ChannelSink.of(context)?.isClosed = true }
        callbacks.pointee.channel_exit_status_function = { _, _, status, context in
            // -1 would mean that none was received.
            if status >= 0 { ChannelSink.of(context)?.status = Int(status) }
        }
        callbacks.pointee.channel_exit_signal_function = { _, _, name, _, _, _, context in
            ChannelSink.of(context)?.signal = name.map { String(cString: $0) }
        }
        ssh_add_channel_callbacks(channel, callbacks)
    }

    func detach(_ channel: ssh_channel) { ssh_remove_channel_callbacks(channel, callbacks) }

    private static func of(_ context: UnsafeMutableRawPointer?) -> ChannelSink? {
        context.map { Unmanaged<ChannelSink>.fromOpaque($0).takeUnretainedValue() }
    }
}
