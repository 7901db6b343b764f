package import RunbookModel

/// An inventory as text that ``InventoryReader`` reads back to the same values.
package enum InventoryText {
    package static func write(_ inventory: Inventory) -> String {
        var lines = ["version: 1", "name: \(quote(inventory.name))"]
        if inventory.labSpeed != 1 { lines.append("lab_speed: \(inventory.labSpeed)") }
        if let shell = inventory.labShell { lines.append("lab_shell: \(quote(shell))") }
        if !inventory.witnesses.isEmpty {
            lines.append("witnesses: [\(inventory.witnesses.map { quote($0.name) }.joined(separator: ", "))]")
        }
        if let path = inventory.allowedSigners { lines.append("allowed_signers: \(quote(path))") }
        let defaults = common(inventory.hosts)
        if !defaults.isEmpty {
            lines.append("defaults:")
            lines += defaults.map { "  \($0.key): \(quote($0.value))" }
        }
        let contacts = inventory.contacts.filter { $0.person == nil }
        if !contacts.isEmpty { lines.append("contacts:") }
        for contact in contacts {
            lines += ["  \(quote(contact.id)):", "    name: \(quote(contact.name))"]
            if let phone = contact.phone { lines.append("    phone: \(quote(phone))") }
            if let reference = contact.reference { lines.append("    reference: \(quote(reference))") }
            if let signer = contact.signer { lines.append("    signer: \(quote(signer))") }
            if !contact.roles.isEmpty {
                lines.append("    roles: [\(contact.roles.map(quote).joined(separator: ", "))]")
            }
        }
        if !inventory.services.isEmpty { lines.append("services:") }
        for service in inventory.services {
            let external = service.isExternal ? ["external: true"] : []
            let facts = external + list("requires", service.requires) + SiteFactsText.words(service)
            lines.append("  \(quote(service.name)): { \(facts.joined(separator: ", ")) }")
        }
        lines += SiteFactsText.lines(inventory)
        lines.append("hosts:")
        for host in inventory.hosts {
            lines.append("  \(quote(host.name)):")
            lines += facts(of: host, beside: defaults).map { "    \($0)" }
        }
        if !inventory.groups.isEmpty { lines.append("groups:") }
        for group in inventory.groups {
            lines.append("  \(quote(group.name)): [\(group.members.map { quote($0.name) }.joined(separator: ", "))]")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What all hosts have in common, said once.
    private static func common(_ hosts: [Host]) -> [(key: String, value: String)] {
        guard let first = hosts.first else { return [] }
        return login(first).filter { pair in
            hosts.allSatisfy { login($0).contains { $0.key == pair.key && $0.value == pair.value } }
        }
    }

    private static func login(_ host: Host) -> [(key: String, value: String)] {
        [
            ("user", host.user), ("identity_file", host.identityFile), ("certificate_file", host.certificateFile),
            ("known_hosts", host.knownHosts),
        ]
        .compactMap { key, value in value.map { (key, $0) } }
    }

    private static func facts(of host: Host, beside defaults: [(key: String, value: String)]) -> [String] {
        var lines: [String] = []
        if let kind = host.kind { lines.append("kind: \(kind.rawValue)") }
        lines.append("address: \(quote(host.address))")
        if !host.addresses.isEmpty {
            lines.append("addresses: [\(host.addresses.map(quote).joined(separator: ", "))]")
        }
        if host.port != 22 { lines.append("port: \(host.port)") }
        for (key, value) in login(host) where !defaults.contains(where: { $0.key == key }) {
            lines.append("\(key): \(quote(value))")
        }
        if let key = host.hostKey { lines.append("host_key: \(quote(key))") }
        if let location = host.location { lines.append("location: \(quote(location))") }
        if let bmc = host.bmc { lines.append("bmc: \(quote(bmc))") }
        if let contact = host.contact { lines.append("contact: \(quote(contact.name))") }
        if !host.receipts { lines.append("receipts: false") }
        if host.become { lines.append("become: true") }
        if let via = host.via { lines.append("via: \(quote(via.name))") }
        if let password = host.password { lines.append("password: \(source(password))") }
        let algorithms = SSHAlgorithms.Kind.allCases.filter { !host.algorithms[$0].isEmpty }.map { kind in
            "\(kind.rawValue): [\(host.algorithms[kind].map(quote).joined(separator: ", "))]"
        }
        if !algorithms.isEmpty { lines.append("algorithms: { \(algorithms.joined(separator: ", ")) }") }
        return lines + self.facts(host.facts)
    }

    private static func source(_ secret: Secret) -> String {
        let source =
            switch secret.source {
            case .prompt: "from: prompt"
            case .file(let path): "from: file, path: \(quote(path))"
            case .environment(let name): "from: env, name: \(quote(name))"
            case .command(let command): "from: command, run: \(quote(command))"
            }
        let description = secret.description.map { ", description: \(quote($0))" } ?? ""
        return "{ \(source)\(description) }"
    }

    private static func facts(_ facts: SystemFacts) -> [String] {
        var lines = list("provides", facts.provides) + list("requires", facts.requires)
        lines += list("placed_on", facts.placedOn) + list("apart_from", facts.apartFrom)
        if let rto = facts.rto { lines.append("rto: \(DurationText.format(rto))") }
        if let rpo = facts.rpo { lines.append("rpo: \(DurationText.format(rpo))") }
        let needs = [
            ("confidentiality", facts.protection.confidentiality), ("integrity", facts.protection.integrity),
            ("availability", facts.protection.availability),
        ].compactMap { name, need in need.map { "\(name): \($0.rawValue)" } }
        if !needs.isEmpty { lines.append("protection: { \(needs.joined(separator: ", ")) }") }
        if let backup = facts.backup {
            var words = ["method: \(quote(backup.method))"]
            if let place = backup.place { words.append("where: \(quote(place))") }
            if let interval = backup.interval { words.append("every: \(DurationText.format(interval))") }
            if backup.imageIncluded { words.append("image_included: true") }
            if let date = backup.lastTest { words.append("last_test: \(quote(date))") }
            words += SiteFactsText.words(backup)
            lines.append("backup: { \(words.joined(separator: ", ")) }")
        }
        return lines + SiteFactsText.lines(facts)
    }

    private static func list(_ key: String, _ names: [Named]) -> [String] {
        names.isEmpty ? [] : ["\(key): [\(names.map { quote($0.name) }.joined(separator: ", "))]"]
    }

    /// A YAML scalar in double quotes, whatever is in it.
    package static func quote(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            default:
                if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
                    let digits = String(scalar.value, radix: 16)
                    quoted += "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
                } else {
                    quoted.unicodeScalars.append(scalar)
                }
            }
        }
        return quoted + "\""
    }
}
