internal import RunbookModel

/// An inventory in Ansible's INI form: hosts with variables, `[group]`, `[group:children]`, `[group:vars]`.
struct AnsibleINI {
    private enum Section: String { case hosts, children, vars }

    let source: SourceText
    let findings: Findings

    func read(into site: inout AnsibleSite) {
        var group = AnsibleSite.ungrouped
        var section = Section.hosts
        /// Groups that are named and not declared yet, with where that is.
        var pending: [String: (place: SourcePlace, message: String)] = [:]
        var declared: Set<String> = [AnsibleSite.all, AnsibleSite.ungrouped]
        for (number, raw) in source.lines.enumerated() {
            let indentation = raw.unicodeScalars.prefix { $0.properties.isWhitespace }.count
            let place = source.place(number + 1, indentation + 1)
            let line = Self.trimmed(raw)
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), let (name, kind) = header(line) {
                guard let known = Section(rawValue: kind ?? "hosts") else {
                    findings.add(
                        at: place, "`\(Excerpt.of(kind ?? ""))` is no kind of section",
                        hint: "sections are [group], [group:children] and [group:vars]")
                    continue
                }
                (group, section) = (Self.safe(name), known)
                site.addGroup(group, at: place)
                if known == .vars {
                    if !declared.contains(group), pending[group] == nil {
                        pending[group] = (place, "`[\(Excerpt.of(name)):vars]` is of a group that there is not")
                    }
                } else {
                    declared.insert(group)
                    pending[group] = nil
                }
                continue
            }
            if line.hasPrefix("["), line.hasSuffix("]") {
                findings.add(at: place, "this is no section", hint: "write [group], without blanks")
                continue
            }
            switch section {
            case .hosts: host(line, group, place, &site)
            case .vars:
                guard let sign = line.firstIndex(of: "=") else {
                    findings.add(at: place, "a variable is written name=value, not `\(Excerpt.of(line))`")
                    continue
                }
                let name = Self.trimmed(line[..<sign])
                let value = PythonLiteral.value(Self.trimmed(line[line.index(after: sign)...]))
                site.setGroup(group, name, value, at: place)
            case .children:
                let name = Self.trimmed(line.prefix { $0 != "#" })
                guard !name.isEmpty, !name.contains(where: { $0.isWhitespace || $0 == ":" || $0 == "]" }) else {
                    findings.add(at: place, "`\(Excerpt.of(line))` is no name of a group")
                    continue
                }
                site.addGroup(name, at: place)
                site.addChild(name, to: group)
                if !declared.contains(name), pending[name] == nil {
                    pending[name] = (place, "unknown group `\(Excerpt.of(name))`")
                }
            }
        }
        for (_, fault) in pending.sorted(by: { $0.value.place.line < $1.value.place.line }) {
            findings.add(at: fault.place, fault.message, hint: "declare it as [NAME]")
        }
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var scalars = Substring(text).unicodeScalars
        while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        return String(Substring(scalars))
    }

    /// `[name:kind]` and a comment; nil where it is no such thing.
    private func header(_ line: String) -> (name: String, kind: String?)? {
        guard let close = line.firstIndex(of: "]") else { return nil }
        let rest = Self.trimmed(line[line.index(after: close)...])
        guard rest.isEmpty || rest.hasPrefix("#") else { return nil }
        let inner = line[line.index(after: line.startIndex)..<close]
        let parts = inner.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.first, !name.isEmpty, parts.count <= 2, !inner.contains(where: \.isWhitespace) else {
            return nil
        }
        return (name, parts.count == 2 ? parts[1] : nil)
    }

    /// Ansible changes nothing about names by default, and neither do we.
    private static func safe(_ name: String) -> String { name }

    private func host(_ line: String, _ group: String, _ place: SourcePlace, _ site: inout AnsibleSite) {
        guard let words = ShellWords.split(line) else {
            return findings.add(
                at: place, "a quoted text never ends here", hint: "close it with the quote it begins with")
        }
        guard let pattern = words.first else { return }
        guard let (names, port) = AnsibleNames.expand(pattern, at: place, findings) else { return }
        var variables: [(String, VariableValue)] = []
        for word in words.dropFirst() {
            guard let sign = word.firstIndex(of: "="), sign != word.startIndex else {
                return findings.add(
                    at: place, "a variable of a host is written name=value, not `\(Excerpt.of(word))`")
            }
            variables.append((String(word[..<sign]), PythonLiteral.value(String(word[word.index(after: sign)...]))))
        }
        for name in names {
            site.addHost(name, to: group, port: port, at: place)
            for (key, value) in variables { site.setHost(name, key, value, at: place) }
        }
    }
}

/// Words as a shell splits them: blanks, quotes, backslashes, and comments at the end.
enum ShellWords {
    /// nil where a quote is not closed.
    static func split(_ line: String) -> [String]? {
        var words: [String] = []
        var word = ""
        // Two quotes make a word that is empty.
        var isOpen = false
        var quote: Character?
        var isEscaped = false
        for character in line {
            if isEscaped {
                // Inside double quotes only these lose their backslash.
                if quote == "\"", character != "\"", character != "\\" { word += "\\" }
                word.append(character)
                isEscaped = false
                continue
            }
            switch (quote, character) {
            case (nil, "\\"), ("\"", "\\"): (isEscaped, isOpen) = (true, true)
            case (nil, "'"), (nil, "\""): (quote, isOpen) = (character, true)
            case (.some(let open), character) where open == character: quote = nil
            case (nil, "#"):
                if isOpen { words.append(word) }
                return words
            case (nil, _) where character.isWhitespace:
                if isOpen { words.append(word) }
                (word, isOpen) = ("", false)
            default:
                word.append(character)
                isOpen = true
            }
        }
        guard quote == nil, !isEscaped else { return nil }
        if isOpen { words.append(word) }
        return words
    }
}

/// Host patterns of Ansible: ranges, and a port behind a colon.
enum AnsibleNames {
    static func expand(
        _ pattern: String, at place: SourcePlace, _ findings: Findings
    ) -> (names: [String], port: Int?)? {
        var name = pattern
        var port: Int?
        if let colon = pattern.lastIndex(of: ":") {
            let digits = pattern[pattern.index(after: colon)...]
            let head = pattern[..<colon]
            // A colon inside brackets is a range's, one among several an IPv6 address's.
            let isPort =
                !digits.isEmpty && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
                && (head.hasSuffix("]") || !head.contains(":") || head.contains("["))
            if isPort {
                port = Int(digits)
                if port == nil {
                    findings.add(at: place, "`\(Excerpt.of(String(digits)))` is no port")
                    return nil
                }
                name = String(head)
            } else if digits.isEmpty {
                findings.add(at: place, "a port is missing behind the colon")
                return nil
            }
        }
        if name.hasPrefix("["), name.hasSuffix("]"), name.split(separator: ":").count > 3 {
            name = String(name.dropFirst().dropLast())
            return ([name], port)
        }
        do throws(HostRange.Fault) { return (try HostRange.expand(name), port) } catch {
            findings.add(at: place, error.message)
            return nil
        }
    }
}
