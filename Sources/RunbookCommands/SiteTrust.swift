internal import Glibc
internal import RunbookJournal
internal import RunbookModel

/// Who may operate, by the site's own word: `--allowed-signers`, or what the inventory names. Where neither does, the list in
/// the store of who runs the program is only advice: it is theirs to change.
struct SiteTrust {
    let signers: TrustedSigners
    /// Whether a stranger is refused.
    let isEnforced: Bool

    /// nil where no list is to be found.
    static func of(
        _ options: TrustOptions, _ inventory: Inventory, _ places: Places
    ) throws(CommandFailure) -> SiteTrust? {
        if let path = options.allowedSigners ?? inventory.allowedSigners {
            guard access(path, R_OK) == 0 else {
                throw CommandFailure(
                    options.allowedSigners == nil ? .invalidFile : .usage,
                    "can't read the allowed signers in `\(TerminalText.shown(path))`: \(SystemError.last.words)",
                    hint: "it decides who may operate here; `--allowed-signers` names another copy")
            }
            return try TrustedSigners.read(path, revoked: nil, places).map { SiteTrust(signers: $0, isEnforced: true) }
        }
        return try TrustedSigners.read(nil, revoked: nil, places).map { SiteTrust(signers: $0, isEnforced: false) }
    }

    /// For a journal that is not to be gone on with after a stranger; nil where that is only told.
    var enforced: AllowedSigners? { isEnforced ? signers.signers : nil }

    func admit(_ key: any OperatorKey, _ namespace: String, at wall: Int64) throws(CommandFailure) {
        try admit(key.principal, key.publicKey, namespace, at: wall)
    }

    /// Refuses, or warns of, a key that is not among the allowed signers.
    func admit(
        _ principal: String, _ key: SSHPublicKey, _ namespace: String, at wall: Int64
    ) throws(CommandFailure) {
        guard !signers.signers.permits(principal: principal, key: key, namespace: namespace, at: wall) else { return }
        let path = TerminalText.shown(signers.path)
        let who = "\(TerminalText.shown(principal)) (\(key.fingerprint))"
        var line = AllowedSigners.line(principal: principal, namespaces: OperatorKeyStore.namespaces, key: key)
        line.removeLast()
        guard isEnforced else {
            return Terminal.message(
                "blackstart: warning: \(who) is not among the allowed signers in \(path): "
                    + "`journal verify` will not accept what it signs\n")
        }
        throw CommandFailure(
            .usage, "\(who) may not operate here: not among the allowed signers in \(path), so nothing was started",
            hint: "who looks after that file adds this line: \(line)")
    }
}
