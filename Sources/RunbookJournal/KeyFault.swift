import RunbookModel

/// What can be wrong with a key, a signature, an agent or a list of signers.
package enum KeyFault: Error, Hashable, Sendable {
    case malformedPublicKey
    case unsupportedKeyType(String)
    /// An RSA key that is too short, or beyond all measure.
    case unsuitableModulus(bits: Int)
    case malformedPrivateKey(path: String)
    case encryptedPrivateKey(path: String)
    case wrongPassphrase(path: String)
    /// Others than its owner can read it.
    case exposedPrivateKey(path: String)
    case malformedSignature
    case system(operation: String, path: String, error: SystemError)
    case agentAbsent
    case agentUnreachable(path: String, error: SystemError)
    /// The agent didn't answer in time.
    case agentSilent(path: String)
    case agentRefused
    case agentLacksKey(fingerprint: String)
    case agentHasNoUsableKey
    case agentMalformed
    case signers(path: String, line: Int, SignersLineFault)
    /// No list of revoked keys; `line` where it is one of keys.
    case malformedRevocations(path: String, line: Int?)
    case tooLarge(path: String, limitBytes: Int)
    case signingFailed

    package enum SignersLineFault: Error, Hashable, Sendable {
        case malformed
        case certificateAuthority
        case unknownOption(String)
        case repeatedOption(String)
        case unquotedOption(String)
        case badTime(String)
    }

    package var message: String {
        switch self {
        case .malformedPublicKey: "the public key is malformed"
        case .unsupportedKeyType(let type):
            "keys of type `\(TerminalText.shown(type))` are not supported; use an Ed25519 key"
        case .unsuitableModulus(let bits):
            "an RSA key of \(bits) bits is not accepted; it has to have between \(SSHPublicKey.shortestModulusBits) and \(SSHPublicKey.longestModulusBits)"
        case .malformedPrivateKey(let path):
            "`\(shown(path))` is no OpenSSH private key of type Ed25519; other types sign through ssh-agent"
        case .encryptedPrivateKey(let path):
            "`\(shown(path))` is locked with a passphrase; be there to type it, or put the key into ssh-agent"
        case .wrongPassphrase(let path): "no passphrase that was typed opens `\(shown(path))`"
        case .exposedPrivateKey(let path): "`\(shown(path))` can be read by others than its owner; `chmod 600` it"
        case .malformedSignature: "the signature is malformed"
        case .system(let operation, let path, let error): "can't \(operation) `\(shown(path))`: \(error.words)"
        case .agentAbsent: "no ssh-agent to ask: SSH_AUTH_SOCK is not set, or this command asks none"
        case .agentUnreachable(let path, let error): "can't reach the ssh-agent at `\(shown(path))`: \(error.words)"
        case .agentSilent(let path): "the ssh-agent at `\(shown(path))` did not answer in time"
        case .agentRefused: "the ssh-agent refused to sign"
        case .agentLacksKey(let fingerprint): "the ssh-agent does not hold the key \(fingerprint)"
        case .agentHasNoUsableKey: "the ssh-agent holds no key that can sign a journal"
        case .agentMalformed: "the ssh-agent answered with something that is no answer"
        case .malformedRevocations(let path, let line):
            "\(shown(path))\(line.map { ":\($0)" } ?? ""): that is neither a list of public keys nor a key revocation list"
        case .signers(let path, let line, let fault): "\(shown(path)):\(line): \(fault.message)"
        case .tooLarge(let path, let limit): "`\(shown(path))` is larger than \(limit) bytes"
        case .signingFailed: "the key could not sign"
        }
    }

    private func shown(_ path: String) -> String { TerminalText.shown(path) }
}

extension KeyFault.SignersLineFault {
    package var message: String {
        switch self {
        case .malformed: "expected principals, options and a public key"
        case .certificateAuthority: "`cert-authority` is not supported; list the keys themselves"
        case .repeatedOption(let option): "the option `\(TerminalText.shown(option))` is given twice"
        case .unquotedOption(let option):
            "the value of `\(TerminalText.shown(option))` is not in quotes; write \(TerminalText.shown(option))=\"…\""
        case .unknownOption(let option): "the option `\(TerminalText.shown(option))` is not known"
        case .badTime(let text):
            "`\(TerminalText.shown(text))` is no time; write YYYYMMDD or YYYYMMDDHHMM[SS], with Z for UTC"
        }
    }
}
