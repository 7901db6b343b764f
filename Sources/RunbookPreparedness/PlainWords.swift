internal import RunbookModel

/// What texts for people say that only those understand who know the site.
struct PlainWords {
    /// Words with a meaning of their own here: names of hosts, services, groups and ids, in lower case.
    private let names: Set<String>
    /// Abbreviations that some text explains, and capitals that some text has as a word.
    private let explained: Set<String>

    init(_ runbook: Runbook, _ inventory: Inventory) {
        let named =
            inventory.hosts.map(\.name) + inventory.services.map(\.name) + inventory.groups.map(\.name)
            + inventory.contacts.map(\.id) + inventory.domains.map(\.name) + runbook.steps.map(\.id)
        names = Set(named.map { $0.lowercased() })
        let document = runbook.document
        var texts = [document.summary, document.useWhen, document.doNotUseWhen, document.plan].compactMap(\.self)
        texts += runbook.variables.compactMap(\.description) + runbook.secrets.compactMap(\.description)
        texts += runbook.steps.flatMap(Self.texts)
        explained = Set(texts.flatMap(Self.explained))
    }

    /// What a step says to people. A gap of a draft is told as one.
    static func texts(_ step: Step) -> [String] {
        (step.texts.map(\.text) + step.questions.map(\.prompt)).filter { !$0.contains(DraftGaps.mark) }
    }

    // MARK: As usual

    private static let leaning = [
        "as usual", "as always", "the usual way", "like last time", "as you know", "wie üblich", "wie immer",
        "wie gewohnt", "wie bekannt", "wie beim letzten mal",
    ]

    /// A phrase that leans on what its reader knows.
    static func leaningPhrase(in texts: [String]) -> String? {
        let words = texts.map { text in
            " " + text.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: " ") + " "
        }
        return leaning.first { phrase in words.contains { $0.contains(" \(phrase) ") } }
    }

    // MARK: Abbreviations

    /// What everybody knows who works with computers, and what is written large for weight.
    private static let common = Set(
        """
        AC AD AM API ARP BIOS CD CPU CSV DC DHCP DNS DVD EU FAX FC FTP GB GPU GUI HDD HTML HTTP HTTPS ICMP ID \
        IP IPMI ISCSI ISO IT JSON KB KVM LAN LDAP LED LUN MAC MB NAS NFS NIC NTP OS PC PDF PIN PM PXE RAID \
        RAM SAN SAS SATA SMB SMS SMTP SNMP SQL SSD SSH SSL TB TCP TLS TV UDP UEFI UPS URL USB USV UTC VLAN VM \
        VPN WAN XML YAML \
        ALL AND ANY DO DONE DOWN ERROR FAIL FIRST HIGH IF LINE LOW MUST NEVER NO NOT NOW \
        OFF OK ON ONE ONLY OPEN OR READY RED STOP THEN THIS UP WAIT YES
        """.split(separator: " ").map(String.init))

    /// Words of two to five capitals, digits among them, that no text explains, in the order of their first use.
    func unexplained(in texts: [String]) -> [String] {
        var found: [String] = []
        for word in texts.flatMap(Self.capitals)
        where !Self.common.contains(word) && !explained.contains(word) && !names.contains(word.lowercased())
            && !found.contains(word)
        {
            found.append(word)
        }
        return found
    }

    private struct Word {
        var text: String
        var before: Substring
        var after: Substring
    }

    /// The words of a text outside of quotes: what stands in them is shown, typed, or printed by a machine.
    private static func words(_ text: String) -> [Word] {
        var words: [Word] = []
        var quote: Character?
        var index = text.startIndex
        while index < text.endIndex {
            let character = text[index]
            if character == "\"" || character == "`" {
                quote = quote == nil ? character : quote == character ? nil : quote
            }
            guard isWordPart(character) else {
                index = text.index(after: index)
                continue
            }
            let end = text[index...].firstIndex { !isWordPart($0) } ?? text.endIndex
            if quote == nil {
                words.append(Word(text: String(text[index..<end]), before: text[..<index], after: text[end...]))
            }
            index = end
        }
        return words
    }

    private static func isWordPart(_ character: Character) -> Bool { character.isLetter || character.isNumber }

    private static func isCapitals(_ word: String) -> Bool {
        (2...5).contains(word.utf8.count)
            && word.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) }
            && word.utf8.count { (0x41...0x5A).contains($0) } > 1
    }

    /// Those in capitals that are no part of a path, a variable or the like.
    private static func capitals(_ text: String) -> [String] {
        words(text).filter { word in
            guard isCapitals(word.text) else { return false }
            if let last = word.before.last, "_/=$@.\\%".contains(last) { return false }
            guard let next = word.after.first else { return true }
            if "_/=@\\".contains(next) { return false }
            return !(".:".contains(next) && word.after.dropFirst().first.map(isWordPart) ?? false)
        }.map(\.text)
    }

    /// `BMC (the small computer …)`, `the small computer … (BMC)`, `BMC means …`; and words that are only written large
    /// somewhere else.
    private static func explained(_ text: String) -> [String] {
        words(text).flatMap { word -> [String] in
            guard isCapitals(word.text) else {
                return word.text == word.text.lowercased() ? [word.text.uppercased()] : []
            }
            let isInBrackets = word.before.last == "(" && (word.after.first == ")" || word.after.first == ",")
            let follows = [" (", " means ", " stands for ", " is the ", " is a ", " is an ", ": the ", ": a ", " = "]
            return isInBrackets || follows.contains(where: word.after.hasPrefix) ? [word.text] : []
        }
    }
}

extension Step {
    /// What it says to people, by its keys.
    var texts: [(key: String, text: String)] {
        var texts = [
            ("name", name), ("why", why), ("expect", expect), ("if_it_fails", ifItFails),
            ("irreversible", irreversible),
            ("danger", danger?.source),
        ]
        switch action {
        case .manual(let text): texts.append(("manual", text.source))
        case .approval(let approval): texts.append(("approval", approval.message?.source))
        case .run, .script, .copy, .reboot, .waitFor, .checkpoint: break
        }
        return texts.compactMap { key, text in text.map { (key, $0) } }
    }
}
