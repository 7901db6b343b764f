/// The bytes of a line where they lie: nothing is counted or copied, and every access is checked. Must not outlive the
/// closure that lent them.
struct LineBytes {
    private let bytes: UnsafeBufferPointer<UInt8>

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes.assumingMemoryBound(to: UInt8.self) }

    @inline(__always)
    var count: Int { bytes.count }

    @inline(__always)
    subscript(index: Int) -> UInt8 {
        // Below zero is a large number here.
        precondition(UInt(bitPattern: index) < UInt(bitPattern: bytes.count))
        return bytes[index]
    }

    /// Eight bytes, the first the lowest.
    @inline(__always)
    func word(at index: Int) -> UInt64 {
        precondition(index >= 0 && index <= bytes.count - 8)
        return UInt64(littleEndian: UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: index, as: UInt64.self))
    }

    @inline(__always)
    subscript(range: Range<Int>) -> Slice<UnsafeBufferPointer<UInt8>> {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        return bytes[range]
    }
}
