/// Every limit of a pack, with its unit.
package enum PackLimits {
    /// Of an age header, and of one of its lines.
    package static let headerBytes = 1 << 20
    package static let headerLineBytes = 8 << 10
    /// The base-two logarithm of the scrypt work: what is read at most (4 GiB of memory), and what we write (256 MiB).
    package static let workFactor = 22
    package static let usualWorkFactor = 18
    package static let passphraseBytes = 16 << 10
    /// Recipients of one pack, and identities of one file.
    package static let keys = 1_000
    /// Plaintext of one chunk of the payload.
    package static let chunkBytes = 64 << 10
    /// Entries of the archive, the length of a name, and how deep its folders go.
    package static let entries = 100_000
    package static let nameBytes = 1_024
    package static let namePartBytes = 255
    package static let depth = 32
    /// The largest file that a ustar header can tell: eleven octal digits.
    package static let fileBytes = 8 << 30 - 1
    /// The list of what is inside.
    package static let contentsBytes = 32 << 20
}
