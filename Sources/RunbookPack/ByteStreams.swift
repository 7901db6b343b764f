internal import Glibc

/// Bytes that come one after the other.
package protocol ByteSource {
    /// The next bytes, `limit` at most and one at least; none at the end.
    mutating func read(_ limit: Int) throws(PackFault) -> ArraySlice<UInt8>
}

/// Where bytes go, one after the other.
package protocol ByteSink {
    mutating func write(_ bytes: ArraySlice<UInt8>) throws(PackFault)
}

/// Bytes in memory.
package struct MemorySource: ByteSource {
    private var rest: ArraySlice<UInt8>

    package init(_ bytes: [UInt8]) { rest = bytes[...] }

    package mutating func read(_ limit: Int) -> ArraySlice<UInt8> {
        defer { rest = rest.dropFirst(limit) }
        return rest.prefix(limit)
    }
}

package struct MemorySink: ByteSink {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func write(_ more: ArraySlice<UInt8>) { bytes += more }
}

/// An open file, and the path that errors name. It is closed by whoever opened it.
package struct FileStream: ByteSource, ByteSink {
    let descriptor: Int32
    let path: String
    /// Asked before each read and write: whether to go on.
    let isStopped: @Sendable () -> Bool

    package init(_ descriptor: Int32, path: String, isStopped: @escaping @Sendable () -> Bool = { false }) {
        self.descriptor = descriptor
        self.path = path
        self.isStopped = isStopped
    }

    package func read(_ limit: Int) throws(PackFault) -> ArraySlice<UInt8> {
        var code: Int32 = 0
        while true {
            if isStopped() { throw .interrupted }
            let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
                let got = Glibc.read(descriptor, buffer.baseAddress, limit)
                code = got < 0 ? errno : 0
                count = max(0, got)
            }
            if code == 0 { return bytes[...] }
            if code != EINTR { throw .system(code, path) }
        }
    }

    package func write(_ bytes: ArraySlice<UInt8>) throws(PackFault) {
        var rest = bytes
        while !rest.isEmpty {
            if isStopped() { throw .interrupted }
            let (count, code) = rest.withUnsafeBytes { buffer in
                let count = Glibc.write(descriptor, buffer.baseAddress, buffer.count)
                return (count, count < 0 ? errno : EIO)
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if code != EINTR {
                throw .system(code, path)
            }
        }
    }
}

extension ByteSource {
    /// Exactly so many bytes; fewer where the source ends before.
    mutating func readWhole(_ count: Int) throws(PackFault) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            let more = try read(count - bytes.count)
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }
}
