/// Takes the bytes of one line, in room that is there from the start: nothing grows while a line is written. What does
/// not fit is only counted. Must not outlive the closure that lent the room.
struct LineSink {
    private let room: UnsafeMutableBufferPointer<UInt8>
    /// Of the bytes so far; more than there is room for where they did not fit.
    private(set) var count = 0

    init(_ room: UnsafeMutableBufferPointer<UInt8>) { self.room = room }

    /// What it has taken; all of the line unless ``count`` says that it did not fit.
    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: room[..<min(count, room.count)]) }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        if count < room.count { room[count] = byte }
        count += 1
    }

    @inline(__always)
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if let from = bytes.baseAddress, let to = room.baseAddress, bytes.count <= room.count - count {
            (to + count).withMemoryRebound(to: UInt8.self, capacity: bytes.count) {
                UnsafeMutableRawPointer($0).copyMemory(from: from, byteCount: bytes.count)
            }
        }
        count += bytes.count
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { append(UnsafeRawBufferPointer($0)) }
    }

    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// In decimal.
    mutating func append(_ number: Int64) {
        // 20 digits and a sign hold every number.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 21) { digits in
            var (rest, at) = (number.magnitude, digits.count)
            repeat {
                at -= 1
                digits[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if number < 0 {
                at -= 1
                digits[at] = UInt8(ascii: "-")
            }
            append(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(digits)[at...]))
        }
    }
}
