internal import Glibc

/// Why a pack can't be made or opened.
package enum PackFault: Error, Hashable, Sendable {
    // What is read.
    /// It does not begin as an age file does.
    case notAge
    /// Its header is not as the format wants it: what is wrong there.
    case header(String)
    /// The header was changed after it was written.
    case headerChanged
    /// No identity that was given fits a recipient.
    case noIdentityFits
    case wrongPassphrase
    /// It is for a passphrase, and identities were given; or the other way round.
    case wantsPassphrase, wantsIdentity
    case tooMuchWork(Int)
    /// The file ends before its last chunk.
    case cutOff
    /// A chunk of the payload does not fit its seal; they are counted from 1.
    case chunkChanged(UInt64)
    /// What was decrypted is no archive that a pack may hold.
    case archive(String)
    /// A file inside differs from the list of what is inside.
    case contents(String)
    // What is given.
    case badRecipient(String)
    case badIdentity(String)
    /// A file can't be packed.
    case unsuitable(String, String)
    case system(Int32, String)
    case interrupted

    /// Lower case, no full stop.
    package var message: String {
        switch self {
        case .notAge: "it is no age file (it does not begin with `age-encryption.org/v1`)"
        case .header(let what): "its header is broken: \(what)"
        case .headerChanged: "its header was changed after it was made"
        case .noIdentityFits: "none of the given keys opens it"
        case .wrongPassphrase: "this passphrase does not open it"
        case .wantsPassphrase: "it opens with a passphrase, not with a key"
        case .wantsIdentity: "it opens with a key, not with a passphrase"
        case .tooMuchWork(let factor):
            "its passphrase asks for too much work (2^\(factor); 2^\(PackLimits.workFactor) at most)"
        case .cutOff: "its end is missing"
        case .chunkChanged(let number): "it is damaged or was changed (part \(number) does not fit its seal)"
        case .archive(let what): "what is inside is no archive of a pack: \(what)"
        case .contents(let what): "what is inside does not fit its list: \(what)"
        case .badRecipient(let why): why
        case .badIdentity(let why): why
        case .unsuitable(let file, let why): "`\(file)` can't be packed: \(why)"
        case .system(let code, let path): "can't use `\(path)`: \(String(cString: strerror(code)))"
        case .interrupted: "interrupted"
        }
    }
}
