import RunbookModel

/// The inventory of a lab: the hosts and groups of the real one, at the lab's addresses.
enum LabInventory {
    static func text(_ inventory: Inventory, record: LabRecord, folder: LabFolder, user: String) -> String {
        var lines = [
            "version: 1", "name: \(quote("\(inventory.name) (lab)"))", "lab_speed: \(record.speed)",
            "lab_shell: \(quote(folder.localShell))", "defaults:",
            "  user: \(quote(user))", "  identity_file: \(quote(folder.clientKey))",
            "  known_hosts: \(quote(folder.knownHosts))", "hosts:",
        ]
        for host in inventory.hosts {
            guard let lab = record.host(host.name) else { continue }
            lines.append("  \(quote(host.name)):")
            if let kind = host.kind { lines.append("    kind: \(kind.rawValue)") }
            lines += ["    address: \(quote(lab.address))", "    port: \(lab.port)"]
            if let location = host.location { lines.append("    location: \(quote(location))") }
            if let bmc = host.bmc { lines.append("    bmc: \(quote(bmc))") }
            if !host.receipts { lines.append("    receipts: false") }
            if host.become { lines.append("    become: true") }
            if let contact = host.contact { lines.append("    contact: \(quote(contact.name))") }
        }
        if !inventory.contacts.isEmpty { lines.append("contacts:") }
        for contact in inventory.contacts {
            lines += ["  \(quote(contact.id)):", "    name: \(quote(contact.name))"]
            if let phone = contact.phone { lines.append("    phone: \(quote(phone))") }
            if let reference = contact.reference { lines.append("    reference: \(quote(reference))") }
            if !contact.roles.isEmpty {
                lines.append("    roles: [\(contact.roles.map(quote).joined(separator: ", "))]")
            }
        }
        if !inventory.groups.isEmpty { lines.append("groups:") }
        for group in inventory.groups {
            lines.append("  \(quote(group.name)): [\(group.members.map { quote($0.name) }.joined(separator: ", "))]")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A YAML scalar in double quotes, whatever is in it.
    static func quote(_ text: String) -> String {
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
