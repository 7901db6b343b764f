import Crypto

/// The SHA-256 of a line, or of a node above it: 32 bytes that need no heap of their own, for a journal has millions.
struct LineHash: Hashable, Sendable {
    static let length = SHA256Digest.byteCount
    /// The `prev` of the first line.
    static let origin = LineHash(SIMD32())

    private let held: SIMD32<UInt8>

    private init(_ held: SIMD32<UInt8>) { self.held = held }

    init(_ digest: SHA256Digest) { held = digest.withUnsafeBytes { $0.loadUnaligned(as: SIMD32<UInt8>.self) } }

    init(of line: UnsafeRawBufferPointer) {
        var hash = SHA256()
        hash.update(bufferPointer: line)
        self.init(hash.finalize())
    }

    /// nil unless they are 32 bytes.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        held = bytes.withUnsafeBytes { $0.loadUnaligned(as: SIMD32<UInt8>.self) }
    }

    /// From 64 characters at `start`; nil unless they are there and lower-case hexadecimal.
    init?(hex text: LineBytes, at start: Int) {
        guard text.count - start >= 2 * Self.length else { return nil }
        var parts = SIMD8<UInt32>()
        for index in 0..<8 {
            // Eight characters at once, one a byte: their values, and back again, which only `0` to `o` survive.
            let characters = text.word(at: start + 8 * index)
            let values = (characters & 0x0F0F_0F0F_0F0F_0F0F) &+ (characters >> 6 & 0x0101_0101_0101_0101) &* 9
            let letters = (values &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
            guard values &+ 0x3030_3030_3030_3030 &+ letters &* 0x27 == characters,
                values & 0xF0F0_F0F0_F0F0_F0F0 == 0
            else { return nil }
            var pairs = (values << 4 | values >> 8) & 0x00FF_00FF_00FF_00FF
            pairs = (pairs | pairs >> 8) & 0x0000_FFFF_0000_FFFF
            parts[index] = UInt32(truncatingIfNeeded: pairs | pairs >> 16).littleEndian
        }
        held = unsafeBitCast(parts, to: SIMD32<UInt8>.self)
    }

    var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

    /// As 64 characters, lower-case hexadecimal.
    func appendHex(to text: inout LineSink) {
        var words = SIMD8<UInt64>()
        let parts = unsafeBitCast(held, to: SIMD8<UInt32>.self)
        for index in 0..<8 {
            // Four bytes to eight characters at once, the reverse of reading them.
            var pairs = UInt64(UInt32(littleEndian: parts[index]))
            pairs = (pairs | pairs << 16) & 0x0000_FFFF_0000_FFFF
            pairs = (pairs | pairs << 8) & 0x00FF_00FF_00FF_00FF
            let values = (pairs >> 4 & 0x000F_000F_000F_000F) | (pairs & 0x000F_000F_000F_000F) << 8
            let letters = (values &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
            words[index] = (values &+ 0x3030_3030_3030_3030 &+ letters &* 0x27).littleEndian
        }
        Swift.withUnsafeBytes(of: words) { text.append($0) }
    }

    func withUnsafeBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        Swift.withUnsafeBytes(of: held, body)
    }
}
