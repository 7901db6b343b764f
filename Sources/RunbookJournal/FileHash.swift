internal import Crypto

/// What a file is known by.
package enum FileHash {
    /// Lower-case hex SHA-256, as sha256sum prints it.
    package static func sha256(_ bytes: [UInt8]) -> String { Hex.text(SHA256.hash(data: bytes)) }
}
