internal import RunbookModel

/// OpenSSH's configuration of a user as an inventory: each host that it names, with what it says about it.
///
/// As with OpenSSH, the first value that fits a host holds; patterns fit by `*` and `?`, and not where one with `!` fits.
struct SSHConfig {
    private struct Block {
        var patterns: [String]
        /// Lower-case keywords.
        var values: [(key: String, value: String, place: SourcePlace)] = []
        var place: SourcePlace
        /// Behind `Match`, which fits nothing here.
        var isMatch = false

        func fits(_ name: String) -> Bool {
            var fits = false
            for pattern in patterns {
                if pattern.hasPrefix("!") {
                    if Glob.matches(String(pattern.dropFirst()), name) { return false }
                } else if Glob.matches(pattern, name) {
                    fits = true
                }
            }
            return fits
        }
    }

    let source: SourceText
    let findings: Findings
    /// The files that an `Include` names, in order.
    let include: (String) -> [(path: String, bytes: [UInt8])]

    private static let includeDepth = 16
    /// Each as often as it is included: two lines in each of sixteen files would be 65,536.
    private static let includedFiles = 1_000
    /// What ssh takes where nothing is said, and what is read here as well.
    private static let globalKnownHosts = "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2"
    private static let honoured = ["hostname", "user", "port", "identityfile", "userknownhostsfile"]
    /// Wherever these stand, they may revoke the key of a host.
    private static let revoking = ["userknownhostsfile", "revokedhostkeys", "globalknownhostsfile"]

    func inventory(_ paths: InventoryPaths, _ defaults: Host) -> Inventory {
        let blocks = blocks()
        var inventory = Inventory(path: source.path, name: source.path)
        var seen: Set<String> = []
        for block in blocks {
            for name in block.patterns where !name.contains("*") && !name.contains("?") && !name.hasPrefix("!") {
                guard seen.insert(name).inserted else { continue }
                inventory.hosts.append(host(name, block.place, blocks, paths, defaults))
            }
        }
        keepJumps(&inventory)
        if inventory.hosts.isEmpty { findings.add(at: source.place(1, 1), "the configuration names no host") }
        inventory.notices = findings.warnings
        inventory.origin = .openSSH
        return inventory
    }

    /// A jump host has to be one of the hosts, for its user, port and keys; others are named.
    private func keepJumps(_ inventory: inout Inventory) {
        let names = Set(inventory.hosts.map(\.name))
        for index in inventory.hosts.indices {
            guard let via = inventory.hosts[index].via else { continue }
            // What holds for all hosts holds for the jump host as well, which is reached without.
            if via.name == inventory.hosts[index].name { inventory.hosts[index].via = nil }
            guard !names.contains(via.name) else { continue }
            inventory.hosts[index].via = nil
            findings.warn(
                at: via.place,
                "`\(Excerpt.of(inventory.hosts[index].name))` is behind `\(Excerpt.of(via.name))`, which is none of the hosts here: that is left out",
                hint: "give the jump host a `Host` of its own, and name that")
        }
        SystemFactsReader(findings: findings).check(inventory)
    }

    private func blocks() -> [Block] {
        var blocks = [Block(patterns: ["*"], place: source.place(1, 1))]
        var files = 0
        read(source, at: nil, within: [source.path], count: &files, into: &blocks)
        return blocks
    }

    /// `at` is where the file is included; nil for the one that a person named.
    /// `chain` is what includes it, itself at the end; `count` is how many files have been read.
    private func read(
        _ text: SourceText, at outer: SourcePlace?, within chain: [String], count: inout Int, into blocks: inout [Block]
    ) {
        for (number, raw) in text.lines.enumerated() {
            let indentation = raw.unicodeScalars.prefix { $0.properties.isWhitespace }.count
            let place = outer ?? source.place(number + 1, indentation + 1)
            guard let words = ShellWords.split(spaced(String(raw))) else {
                findings.add(at: place, "a quoted text never ends here")
                continue
            }
            guard let first = words.first else { continue }
            let key = first.lowercased()
            let values = Array(words.dropFirst())
            switch key {
            case "host": blocks.append(Block(patterns: values, place: place))
            case "match":
                findings.warn(
                    at: place, "`Match` is not honoured: what stands under it is left out", hint: "write `Host` instead"
                )
                blocks.append(Block(patterns: [], place: place, isMatch: true))
            case "include":
                guard chain.count <= Self.includeDepth else {
                    findings.add(at: place, "files include each other more than \(Self.includeDepth) deep")
                    return
                }
                // What comes after belongs where this line stands.
                let own = blocks.last?.patterns ?? ["*"]
                for name in values {
                    for file in include(name) {
                        guard !chain.contains(file.path) else {
                            findings.add(
                                at: place, "`\(Excerpt.of(file.path))` includes itself", hint: "take one `Include` away"
                            )
                            continue
                        }
                        count += 1
                        guard count <= Self.includedFiles else {
                            if count == Self.includedFiles + 1 {
                                findings.add(
                                    at: place,
                                    "more than \(Self.includedFiles) files are included, one file counted each time")
                            }
                            return
                        }
                        read(
                            SourceText(known: file.bytes, path: file.path), at: place, within: chain + [file.path],
                            count: &count, into: &blocks)
                    }
                }
                blocks.append(Block(patterns: own, place: place, isMatch: blocks.last?.isMatch ?? false))
            default:
                let value = values.joined(separator: " ")
                let isNothing = value == "none" || value == "/dev/null"
                if blocks[blocks.count - 1].isMatch, Self.revoking.contains(key), !isNothing {
                    findings.add(
                        at: place, "`\(Excerpt.of(key))` under `Match` is not read, and may revoke the key of a host",
                        hint:
                            "write what it revokes as `@revoked` lines into the known_hosts file, and take this line out"
                    )
                }
                blocks[blocks.count - 1].values.append((key, value, place))
            }
        }
    }

    /// `Key=value` is `Key value`.
    private func spaced(_ line: String) -> String {
        let trimmed = line.drop { $0 == " " || $0 == "\t" }
        let key = trimmed.prefix { $0.isLetter || $0.isNumber }
        let rest = trimmed[key.endIndex...].drop { $0 == " " || $0 == "\t" }
        return rest.hasPrefix("=") ? "\(key) \(rest.dropFirst())" : line
    }

    private func host(
        _ name: String, _ place: SourcePlace, _ blocks: [Block], _ paths: InventoryPaths, _ defaults: Host
    ) -> Host {
        InventoryReader.checkName(Named(name, at: place), what: "host", findings)
        var host = defaults
        host.name = name
        host.place = place
        host.address = name
        var taken: Set<String> = []
        for block in blocks where block.fits(name) {
            for (key, value, at) in block.values where taken.insert(key).inserted {
                let text = value.replacing("%h", with: name).replacing("%%", with: "%")
                switch key {
                case "hostname": host.address = text
                case "user": host.user = text
                case "port":
                    if let port = Int(text), (1...65_535).contains(port) {
                        host.port = port
                    } else {
                        findings.add(at: at, "`\(Excerpt.of(text))` is no port")
                    }
                case "identityfile": if text != "none" { host.identityFile = paths.absolute(unquoted(text)) }
                case "userknownhostsfile":
                    let files = text.split(separator: " ").map(String.init)
                    if files.count > 1 {
                        findings.add(
                            at: at,
                            "more than one file in `UserKnownHostsFile`: each may revoke a key, and one is read",
                            hint: "put their lines into one file")
                    }
                    host.knownHosts = paths.absolute(files.first ?? text)
                case "revokedhostkeys", "globalknownhostsfile":
                    // Left out, a key that is revoked there would be taken.
                    if text != "none", text != Self.globalKnownHosts {
                        findings.add(
                            at: at, "`\(Excerpt.of(key))` is not read, and may revoke the key of a host",
                            hint:
                                "write what it revokes as `@revoked` lines into the known_hosts file, and take this line out"
                        )
                    }
                case "certificatefile": if text != "none" { host.certificateFile = paths.absolute(unquoted(text)) }
                case _ where Self.algorithms[key] != nil: allow(text, Self.algorithms[key], at, &host)
                case "identitiesonly":
                    if text.lowercased() == "yes" {
                        findings.warn(
                            at: at, "`IdentitiesOnly` is not honoured: each key of the agent is offered to the host",
                            hint: "put into the agent what is meant for these hosts, or run with SSH_AUTH_SOCK unset")
                    }
                case "proxyjump": if text != "none" { host.via = Named(text, at: at) }
                default:
                    if !Self.honoured.contains(key) { findings.warn(at: at, "`\(Excerpt.of(key))` is not honoured") }
                }
            }
        }
        if !HostAddress.isAddress(host.address) {
            findings.add(at: place, "`\(Excerpt.of(host.address))` is no address", hint: HostAddress.hint(host.address))
        }
        return host
    }

    private static let algorithms: [String: SSHAlgorithms.Kind] = [
        "kexalgorithms": .kex, "ciphers": .ciphers, "macs": .macs, "hostkeyalgorithms": .hostKeys,
        "pubkeyacceptedalgorithms": .userKeys, "pubkeyacceptedkeytypes": .userKeys,
    ]

    /// What a list has beyond the safe ones, which are used with every host: `+NAMES`, `^NAMES` or all that are wanted.
    private func allow(_ list: String, _ kind: SSHAlgorithms.Kind?, _ place: SourcePlace, _ host: inout Host) {
        guard let kind, host.algorithms[kind].isEmpty else { return }
        // What is left out there is a wish that is not kept: all safe ones stay.
        if list.hasPrefix("-") { return }
        let safe = host.algorithms.offered(kind)
        for name in list.drop(while: { $0 == "+" || $0 == "^" }).split(separator: ",").map(String.init)
        where !safe.contains(name) {
            if kind.known.contains(name) {
                host.algorithms.names[kind, default: []].append(Named(name, at: place))
            } else if !name.hasSuffix("-cert-v01@openssh.com") {
                findings.warn(at: place, "`\(Excerpt.of(name))` is not known here, and left out")
            }
        }
    }

    private func unquoted(_ text: String) -> String { text.replacing("%d", with: "~") }
}
