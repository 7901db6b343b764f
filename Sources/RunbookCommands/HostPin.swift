internal import RunbookFormat
internal import RunbookModel
internal import RunbookSSH
internal import RunbookTransport

/// What a host was found to be while all is well, and what of it an inventory does not say yet.
struct HostPin: Sendable {
    enum State: String, Sendable {
        /// What is written of it holds.
        case known
        /// Nothing was known of its key: it is for a person to look at.
        case new
        /// It is not what is written of it.
        case differs
        case unreached
    }

    /// What it says of itself, once it is known and has let us in.
    struct Facts: Sendable {
        var system = ""
        var kernel = ""
        /// As systemd names it: `none` on a machine of its own.
        var virtualisation = ""

        /// - Parameter text: what ``question`` prints.
        init(_ text: String) {
            for line in text.split(separator: "\n") {
                guard let sign = line.firstIndex(of: "=") else { continue }
                let value = String(TerminalText.shown(String(line[line.index(after: sign)...])).prefix(80))
                switch line[..<sign] {
                case "system": system = value
                case "kernel": kernel = value
                case "virt": virtualisation = value
                default: break
                }
            }
        }

        static let question = #"""
            echo "system=$(sed -n 's/^PRETTY_NAME=//p' /etc/os-release 2>/dev/null | tr -d '"')"
            echo "kernel=$(uname -srm 2>/dev/null)"
            v=$(systemd-detect-virt 2>/dev/null); [ -n "$v" ] || v=$(sysctl -n kern.vm_guest 2>/dev/null)
            echo "virt=$v"
            """#

        private static let containers = [
            "openvz", "lxc", "lxc-libvirt", "systemd-nspawn", "docker", "podman", "rkt", "proot", "pouch", "jail",
            "container-other",
        ]

        /// nil where it does not tell.
        var kind: Host.Kind? {
            switch virtualisation {
            case "": nil
            case "none": .physical
            case let name where Self.containers.contains(name): .container
            default: .vm
            }
        }

        var words: String {
            let machine = kind == .physical ? "a machine of its own" : virtualisation
            return [system, kernel, machine].filter { !$0.isEmpty }.joined(separator: ", ")
        }
    }

    let host: Host
    let scan: HostScan
    /// nil where it was not asked.
    var survey: HostSurvey?
    var facts: Facts?
    /// Why it was not asked, or gave no answer.
    var silence: String?
    /// At the login another key was shown than at the look.
    var showsAnotherKey = false

    var state: State {
        guard !scan.keys.isEmpty else { return .unreached }
        if showsAnotherKey { return .differs }
        if !scan.isKnown { return .new }
        return scan.objection == nil && differences.isEmpty ? .known : .differs
    }

    /// Where what is written and what was found are not the same; for a person to decide.
    var differences: [String] {
        var found: [String] = []
        if scan.isKnown, let objection = scan.objection {
            found.append(objection.replacing("; nothing was sent", with: ""))
        }
        if showsAnotherKey {
            found.append("at the login it showed another key than before: somebody may be on the way")
        }
        if !host.addresses.isEmpty, !scan.addresses.isEmpty, Set(host.addresses) != Set(scan.addresses) {
            found.append(
                "its name means \(scan.addresses.joined(separator: ", ")) now; the inventory has \(host.addresses.joined(separator: ", "))"
            )
        }
        if let kind = host.kind, let seen = facts?.kind, kind != seen, kind == .physical || seen == .physical,
            kind != .appliance, kind != .service
        {
            found.append(
                "it says that it is \(seen == .physical ? "a machine of its own" : "virtual (\(facts?.virtualisation ?? ""))"); the inventory says `kind: \(kind.rawValue)`"
            )
        }
        return found
    }

    /// What is worth a look, and stops nothing.
    var advice: [String] {
        var found = scan.doubts.map { "\($0.address) is left out: \($0.why)" }
        if host.receipts, let survey {
            if !survey.missing.isEmpty {
                found.append(
                    "it lacks \(survey.missing.joined(separator: ", ")), and can keep no receipts; `receipts: false` says so"
                )
            } else if survey.folder != .writable {
                found.append(
                    "its home is \(survey.folder.rawValue): it can keep no receipts; `receipts: false` says so")
            }
        }
        if host.via != nil, HostAddress.needsNameService(host.address), host.addresses.isEmpty {
            found.append("its address is a name that only the host before it knows; write a literal one")
        }
        return found
    }

    /// What goes into the inventory beside what stands there.
    ///
    /// - Parameter day: for the comment, as 2026-11-25.
    func note(_ day: String) -> InventoryAmendment.Note? {
        guard let key = scan.keys.first, state != .differs else { return nil }
        var note = InventoryAmendment.Note(host: host.name)
        if host.hostKey == nil { note.hostKey = key.fingerprint }
        if host.addresses.isEmpty { note.addresses = scan.addresses }
        if host.kind == nil { note.kind = facts?.kind }
        var words = state == .new ? ["the key is new: compare it on the host itself"] : []
        if let facts, !facts.words.isEmpty { words.append(facts.words) }
        if let survey { words.append("as \(survey.user)") }
        if let root = survey?.isRoot { words.append(root ? "sudo works" : "sudo does not let it become root") }
        if note.hostKey == nil, note.addresses.isEmpty, note.kind == nil { return nil }
        note.comment = "\(day): \(words.isEmpty ? "seen" : words.joined(separator: "; "))"
        return note
    }

    /// Lines of a known_hosts file: all its keys, by all its names.
    var knownHosts: String {
        guard state != .differs else { return "" }
        return scan.knownHosts(of: host)
    }
}
