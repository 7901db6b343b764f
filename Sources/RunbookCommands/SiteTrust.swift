internal import Glibc
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan

/// Who may operate, by the site's own word: `--allowed-signers`, or what an inventory names that a person has named. Where
/// neither does, the list in the store of who runs the program counts, and their own key.
///
/// **A run folder never vouches for itself.** What its frozen inventory names counts only where this machine has begun a run
/// with the same list before: see ``SiteLists``.
struct SiteTrust {
    let signers: TrustedSigners
    /// Whether a stranger is refused.
    let isEnforced: Bool
    /// For the opening of a session.
    let stated: StatedSigners

    private init(_ signers: TrustedSigners, _ origin: StatedSigners.Origin, instead: String? = nil) {
        self.signers = signers
        isEnforced = origin != .store
        stated = StatedSigners(
            origin: origin, path: Places.absolute(signers.path), digest: signers.signers.digest,
            revoked: signers.signers.revoked?.digest, instead: instead.map { Places.absolute($0) })
    }

    /// What a session states that goes by this list, or by none.
    static func stated(_ trust: SiteTrust?) -> StatedSigners { trust?.stated ?? .nobody }

    /// By an inventory that was named now. nil where no list is to be found.
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
            let instead = inventory.allowedSigners.flatMap { $0 == path ? nil : $0 }
            return try TrustedSigners.read(path, revoked: nil, places).map {
                options.allowedSigners == nil
                    ? SiteTrust($0, .inventory) : SiteTrust($0, .flag, instead: instead)
            }
        }
        return try TrustedSigners.read(nil, revoked: nil, places).map { SiteTrust($0, .store) }
    }

    /// For a run that stands in a folder: its own inventory is no word of the site.
    static func of(
        _ options: TrustOptions, frozen inventory: Inventory, _ places: Places
    ) throws(CommandFailure) -> SiteTrust? {
        if let path = inventory.allowedSigners, options.allowedSigners == nil, !SiteLists(places).contains(path) {
            throw CommandFailure(
                .usage,
                "the inventory in the run's folder names the allowed signers in `\(TerminalText.shown(path))`, and no run was "
                    + "begun with them on this machine",
                hint: "if that is your site's list, name it: `--allowed-signers \(TerminalText.shown(path))`")
        }
        return try of(options, inventory, places)
    }

    /// Whose sessions a journal may hold that is gone on with: those of the site's list, or those of the store and of the
    /// person at hand.
    static func sessions(_ trust: SiteTrust?, _ own: any OperatorKey) -> AllowedSigners {
        guard let trust else { return AllowedSigners.nobody.adding(own.publicKey, as: own.principal) }
        if trust.isEnforced { return trust.signers.signers }
        return trust.signers.signers.adding(own.publicKey, as: own.principal)
    }

    /// What decides about the approvals of a run; where there is no list, nobody's signature counts.
    static func approvals(_ trust: SiteTrust?, _ plan: Plan) -> ApprovalBasis {
        ApprovalBasis(stated: plan.statedApprovals, signers: trust?.signers.signers ?? .nobody)
    }

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

/// The lists of allowed signers that runs on this machine were begun with, a path a line: `keys/site_lists` in the store.
/// They were named by whoever began a run, so that a resume of it need not name them again.
struct SiteLists {
    private static let limitBytes = 1 << 20

    private let path: String

    init(_ places: Places) { path = "\(places.home)/keys/site_lists" }

    private var text: String {
        (try? SystemCalls.contents(of: path, limitBytes: Self.limitBytes)).map { String(decoding: $0, as: UTF8.self) }
            ?? ""
    }

    func contains(_ list: String) -> Bool {
        let list = Places.absolute(list)
        return text.split(separator: "\n").contains { $0 == list }
    }

    /// Best effort: where it fails, a resume has to name the list.
    func remember(_ list: String) {
        let list = Places.absolute(list)
        guard !contains(list), !list.contains("\n") else { return }
        do throws(SystemError) {
            try SystemCalls.makeFolders(SystemCalls.folder(of: path))
            let descriptor = try SystemCalls.open(path, O_WRONLY | O_CREAT | O_APPEND)
            defer { close(descriptor) }
            try SystemCalls.write(Array("\(list)\n".utf8), to: descriptor)
            try SystemCalls.flush(descriptor)
        } catch {
            Terminal.message(
                "blackstart: warning: can't write \(TerminalText.shown(path)): \(error.words); a resume has to name the "
                    + "allowed signers\n")
        }
    }
}

extension StatedSigners {
    /// Where the list is, who named it, and what it is known by.
    var words: String {
        switch origin {
        case .nobody: return "no list of allowed signers"
        case .store: return "the operator's own list, \(TerminalText.shown(path))"
        case .flag, .inventory: break
        }
        let named =
            origin == .inventory
            ? "named by the inventory"
            : "named by --allowed-signers"
                + (instead.map { " instead of \(TerminalText.shown($0)), which the inventory names" } ?? "")
        return "\(TerminalText.shown(path)), \(named); sha256 \(digest.prefix(16))"
            + (revoked.map { ", revoked keys \($0.prefix(16))" } ?? "")
    }
}
