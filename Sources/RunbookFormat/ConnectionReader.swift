internal import RunbookModel

/// How a host is reached and logged in at: the keys that a host and the defaults have in common.
struct ConnectionReader {
    let paths: InventoryPaths
    let findings: Findings

    func read(_ fields: Fields, _ host: inout Host) {
        if let port = fields.integer("port") { host.port = port }
        if let user = fields.nonEmpty("user") { host.user = user }
        if let become = fields.boolean("become") { host.become = become }
        if let file = fields.nonEmpty("identity_file") { host.identityFile = paths.absolute(file) }
        if let file = fields.nonEmpty("certificate_file") { host.certificateFile = paths.absolute(file) }
        if let file = fields.nonEmpty("known_hosts") { host.knownHosts = paths.absolute(file) }
        if let name = fields.nonEmpty("via"), let place = fields.value("via")?.place {
            host.via = Named(name, at: place)
        }
        readPassword(fields, &host)
        readAlgorithms(fields, &host)
    }

    private func readPassword(_ fields: Fields, _ host: inout Host) {
        guard let value = fields.value("password") else { return }
        let what = "`password`"
        guard
            let inner = Fields(
                value, RunbookKeys.secret, what: what, at: value.place, findings,
                hint: "write { from: prompt }: a password never stands in an inventory"),
            var source = SecretReader.source(inner, what)
        else { return }
        if case .file(let path) = source { source = .file(paths.absolute(path)) }
        host.password = Secret(
            name: "password", source: source, description: inner.text("description"), place: value.place)
    }

    private func readAlgorithms(_ fields: Fields, _ host: inout Host) {
        guard let value = fields.value("algorithms"),
            let inner = Fields(value, InventoryKeys.algorithms, what: "`algorithms`", at: value.place, findings)
        else { return }
        host.algorithms = SSHAlgorithms()
        for kind in SSHAlgorithms.Kind.allCases {
            guard let names = inner.names(kind.rawValue) else { continue }
            for name in names where !kind.known.contains(name.name) {
                findings.add(
                    at: name.place, "`\(Excerpt.of(name.name))` is not known in `\(kind.rawValue)`",
                    hint: Nearest.hint(name.name, kind.known))
            }
            host.algorithms.names[kind] = names
        }
    }
}
