internal import RunbookFormat
internal import RunbookModel
internal import RunbookTransport

/// Key files and files of secrets that a run would refuse because others can read or replace them.
enum ExposedFiles {
    static func warnings(_ files: SiteFiles, home: String) -> [Diagnostic] {
        var seen: Set<String> = []
        var warnings: [Diagnostic] = []
        func look(_ path: String, _ what: String, _ place: SourcePlace) {
            guard seen.insert(path).inserted, let objection = FilePrivacy.objection(path) else { return }
            warnings.append(
                Diagnostic(
                    .warning, at: place, "\(what) is not used by a run: \(objection)", hint: FilePrivacy.remedy(path)))
        }
        for host in files.inventory.hosts {
            if let key = host.identityFile { look(key, "the key of `\(host.name)`", host.place) }
            if let secret = host.password {
                look(secret, in: files.inventoryPath, "the password of `\(host.name)`")
            }
        }
        for secret in files.runbook.secrets { look(secret, in: files.runbookPath, "the secret `\(secret.name)`") }
        func look(_ secret: Secret, in file: String, _ what: String) {
            guard case .file(let path) = secret.source else { return }
            let whole = path.hasPrefix("~/") ? home + path.dropFirst() : path
            look(whole.hasPrefix("/") ? whole : "\(Places.folder(of: file))/\(whole)", what, secret.place)
        }
        return warnings
    }
}
