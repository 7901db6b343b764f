internal import RunbookModel

/// The keys of an inventory.
enum InventoryKeys {
    static let inventory = KeyTable(
        "inventory",
        [
            Key("version", .word(["1"]), isRequired: true, "The version of the language: 1."),
            Key("name", .words, isRequired: true, "What the site is called."),
            Key("hosts", .named(.mapping(host)), isRequired: true, "The machines, by name."),
            Key("groups", .named(.names(single: false)), "{}", "Names for several hosts or groups."),
            Key("defaults", .mapping(defaults), "{}", "What holds for every host that does not say it itself."),
            Key(
                "contacts", .named(.mapping(contact)), "{}", "People and firms to call, by the name that steps use.",
                since: "0.3"),
            Key(
                "services", .services(.mapping(service)), "{}", "Services that hosts provide and require, by name.",
                since: "0.3"),
            Key(
                "waivers", .list(.mapping(waiver)), "[]",
                "Findings of `blackstart check` that somebody accepts, for a while.", since: "0.3"),
            Key(
                "witnesses", .names(single: true), "[]",
                "Hosts, by name, that keep copies of journals; see `blackstart witness script`.", since: "0.3"),
            Key(
                "allowed_signers", .words,
                "The file that says who may operate and approve, as ssh-keygen(1) describes it, relative to this file.",
                since: "0.3"),
            Key(
                "domains", .named(.mapping(domain)), "{}", "Parts of the site that fail as a whole, by name.",
                since: "0.3"),
            Key(
                "redundancy", .named(.mapping(redundancy)), "{}",
                "Groups of machines that can do each other's work, or that decide by votes, by name.", since: "0.3"),
            Key("people", .named(.mapping(person)), "{}", "People of the site, by name; also contacts.", since: "0.3"),
            Key("roles", .named(.mapping(role)), "{}", "Roles that an emergency needs people for.", since: "0.3"),
            Key(
                "scenarios", .mapping(scenarios),
                "What there is for each emergency; without it, `blackstart check` asks for none.", since: "0.3"),
            Key(
                "packs", .list(.mapping(pack)), "The copies of the emergency pack; without it, none is asked for.",
                since: "0.3"),
            Key(
                "drills", .mapping(drills),
                "How often runbooks are to be practised; without it, `blackstart check` does not ask.", since: "0.3"),
            Key(
                "cumulation", .integer(2...1_000), "10",
                "How many guests of the same need for protection raise that of their machine by a class.", since: "0.3"),
            Key("lab_speed", .integer(1...1_000), "1", "How much faster than real time a lab goes."),
            Key("lab_shell", .words, "What plays the commands of `local` steps in a lab."),
        ])

    static let defaults = KeyTable("host defaults", connection)

    static let host = KeyTable(
        "host",
        [
            Key(
                "address", .words, isRequired: true, "Its address, as 10.0.0.5 or fd00::5; a name needs a name service."
            ),
            Key(
                "addresses", .names(single: true), "[]",
                "Its literal addresses, tried before `address`: what a name meant while all was well.", since: "0.3"),
            Key("kind", .word(Host.Kind.allCases.map(\.rawValue)), "What kind of machine it is."),
        ] + connection + [
            Key(
                "host_key", .shape("^SHA256:[A-Za-z0-9+/]{43}$", "SHA256: and 43 characters"),
                "The fingerprint of its key."),
            Key("receipts", .boolean, "true", "Whether it can keep receipts; false for hosts without a POSIX shell."),
            Key("location", .words, "Where it stands: room, rack and unit."),
            Key("bmc", .words, "The address of the small computer that can switch it on."),
            Key("contact", .words, "Whom to call about it: a name in `contacts`.", since: "0.3"),
        ] + facts)

    private static let facts = [
        Key("provides", .names(single: true), "[]", "Services that are there while it runs.", since: "0.3"),
        Key("requires", .names(single: true), "[]", "Services that it can't run without.", since: "0.3"),
        Key("placed_on", .names(single: true), "[]", "The hosts that it may run on; one is enough.", since: "0.3"),
        Key("apart_from", .names(single: true), "[]", "Hosts that must not share its fate.", since: "0.3"),
        Key("rto", .duration(isPositive: true), "How long it may be gone.", since: "0.3"),
        Key("rpo", .duration(isPositive: false), "How much of its data may be lost, in time.", since: "0.3"),
        Key("protection", .mapping(protection), "{}", "How much it has to be protected.", since: "0.3"),
        Key("backup", .mapping(backup), "How its data are kept elsewhere.", since: "0.3"),
        Key("domain", .names(single: true), "[]", "The domains that it fails with: names in `domains`.", since: "0.3"),
        Key(
            "capacity", .mapping(capacity), "{}",
            "What it has for machines on it, or takes where it runs on another.", since: "0.3"),
        Key(
            "escrow", .words, "Where what opens its disks or lets people in is kept outside, as a sealed envelope.",
            since: "0.3"),
        Key(
            "snapshot", .mapping(snapshot), "What `blackstart snapshot` keeps of its system configuration.",
            since: "0.3"),
        Key("health", .mapping(health), "When it was last looked after for errors.", since: "0.3"),
        Key(
            "instead_of", .services(.word(Mitigation.Means.allCases.map(\.rawValue))), "{}",
            "What it does without a service that it requires, by the service's name.", since: "0.3"),
    ]

    static let service = KeyTable(
        "service",
        [
            Key("external", .boolean, "false", "Whether it comes from outside, as power from the grid.", since: "0.3"),
            Key("requires", .names(single: true), "[]", "Services that have to be there before it.", since: "0.3"),
            Key(
                "kind", .word(Service.Kind.allCases.map(\.rawValue)),
                "What kind of service it is; else what its name says, as dns, ldap or ntp.", since: "0.3"),
            Key(
                "grace", .duration(isPositive: true), "How long those who need it run on without it.", since: "0.3"),
        ])

    static let domain = KeyTable(
        "domain",
        [
            Key(
                "kind", .word(Domain.Kind.allCases.map(\.rawValue)), isRequired: true, "What kind of part it is.",
                since: "0.3"),
            Key("part_of", .names(single: true), "[]", "The domains that it fails with.", since: "0.3"),
        ])

    static let redundancy = KeyTable(
        "redundancy group",
        [
            Key("members", .names(single: false), isRequired: true, "The hosts of the group.", since: "0.3"),
            Key("at_least", .integer(1...1_000), "1", "How many of them have to be up.", since: "0.3"),
            Key(
                "votes", .named(.integer(0...1_000)),
                "That it decides by more than half of its votes: `{}` for one each, else by host.", since: "0.3"),
            Key(
                "across", .list(.word(Domain.Kind.allCases.map(\.rawValue))), "[rack, feed, datastore, fire-zone]",
                "The kinds of domains of which the group has to survive the loss of each.", since: "0.3"),
        ], excludes: [("at_least", "votes")])

    static let person = KeyTable(
        "person",
        contactKeys + [
            Key("deputy", .words, "Who stands in: a name in `people`.", since: "0.3"),
            Key("trained", .date, "The day of the last training.", since: "0.3"),
            Key(
                "requires", .names(single: true), "[]", "Services that reaching them needs, as a telephone system.",
                since: "0.3"),
        ])

    static let role = KeyTable(
        "role",
        [
            Key("people", .integer(1...100), "2", "How many people have to have it.", since: "0.3"),
            Key("trained_every", .duration(isPositive: true), "365d", "How long a training holds.", since: "0.3"),
        ])

    static let scenarios = KeyTable(
        "scenarios",
        Scenario.allCases.map { scenario in
            Key(scenario.rawValue, .mapping(InventoryKeys.scenario), scenario.summary, since: "0.3")
        })

    static let scenario = KeyTable(
        "scenario",
        [
            Key(
                "runbooks", .names(single: true), "[]", "Its runbooks: paths relative to this file.", since: "0.3"),
            Key("none", .words, "Why there is none.", since: "0.3"),
        ], excludes: [("runbooks", "none")])

    static let pack = KeyTable(
        "pack copy",
        [
            Key("where", .words, isRequired: true, "Where it lies, for people.", since: "0.3"),
            Key("file", .words, "The file, relative to this one, where it can be read from here.", since: "0.3"),
            Key("domain", .names(single: true), "[]", "The domains in which it lies.", since: "0.3"),
        ])

    static let drills = KeyTable(
        "drills",
        [
            Key(
                "every", .duration(isPositive: true), "365d", "How often each runbook has to be practised.",
                since: "0.3")
        ])

    static let capacity = KeyTable(
        "capacity",
        [
            Key("memory", .size, "Memory.", since: "0.3"),
            Key("cpus", .integer(1...1_000_000), "Processors.", since: "0.3"),
        ])

    static let snapshot = KeyTable(
        "snapshot",
        [
            Key(
                "platform", .either([.word(platforms), .list(.word(platforms))]), isRequired: true,
                "What it is, one or several: each has commands of its own.", since: "0.3"),
            Key("every", .duration(isPositive: true), "30d", "How often one has to be made.", since: "0.3"),
            Key(
                "copies", .names(single: true), "[]",
                "Hosts that keep copies beside the one with the inventory.", since: "0.3"),
        ])

    private static let platforms = SnapshotRule.Platform.allCases.map(\.rawValue)

    static let health = KeyTable(
        "health",
        [
            Key("checked", .date, "The day on which it was last done.", since: "0.3"),
            Key("every", .duration(isPositive: true), "30d", "How often it has to be done.", since: "0.3"),
        ])

    static let waiver = KeyTable(
        "waiver",
        [
            Key(
                "rule", .word(Rule.allCases.map(\.rawValue)), isRequired: true, "The rule that has found it.",
                since: "0.3"),
            Key(
                "about", .names(single: true), "[]",
                "The hosts, services or steps that it is about; without it, whatever the rule finds.", since: "0.3"),
            Key("who", .words, isRequired: true, "Who accepts it.", since: "0.3"),
            Key("why", .words, isRequired: true, "Why it may stay as it is.", since: "0.3"),
            Key("until", .date, isRequired: true, "The last day that it holds.", since: "0.3"),
        ])

    private static let need = KeyType.word(Protection.Need.allCases.map(\.rawValue))

    static let protection = KeyTable(
        "protection",
        [
            Key("confidentiality", need, "How bad it is if others read it.", since: "0.3"),
            Key("integrity", need, "How bad it is if somebody alters it.", since: "0.3"),
            Key("availability", need, "How bad it is if it is gone.", since: "0.3"),
        ])

    static let backup = KeyTable(
        "backup",
        [
            Key("method", .words, isRequired: true, "How it is made, as image or file.", since: "0.3"),
            Key("where", .words, "Where it lies.", since: "0.3"),
            Key("every", .duration(isPositive: true), "The time between two of them.", since: "0.3"),
            Key(
                "image_included", .boolean, "false", "Whether the machine itself can be made from it.", since: "0.3"),
            Key("last_test", .date, "The day of the last restore that was tried.", since: "0.3"),
            Key("server", .words, "The host that it is restored by.", since: "0.3"),
            Key(
                "requires", .names(single: true), "[]", "Services that a restore needs, as a catalogue or a key.",
                since: "0.3"),
            Key("domain", .names(single: true), "[]", "The domains in which it lies.", since: "0.3"),
            Key("size", .size, "How much has to be restored.", since: "0.3"),
            Key("throughput", .size, "How much a restore brings back in a second.", since: "0.3"),
        ])

    private static let connection = [
        Key("become", .boolean, "false", "Whether commands of steps that do not say run as root.", since: "0.3"),
        Key("user", .words, "Whom to log in as; else whoever runs the program."),
        Key("port", .integer(1...65_535), "22", "The port of its SSH server."),
        Key("identity_file", .words, "The private key, relative to this file; else those of an agent."),
        Key("known_hosts", .words, "~/.ssh/known_hosts", "The file of known host keys, relative to this file."),
        Key("via", .words, "The host that it is reached through: a jump host, by its name here.", since: "0.3"),
        Key(
            "certificate_file", .words, "The user certificate of the key; else the one beside it, `KEY-cert.pub`.",
            since: "0.3"),
        Key(
            "password", .mapping(RunbookKeys.secret),
            "Where the password comes from, for a host that takes no key. It never stands here.", since: "0.3"),
        Key(
            "algorithms", .mapping(algorithms), "{}",
            "Algorithms that are used with it besides the safe ones, for old machines. `check` warns of the weak ones.",
            since: "0.3"),
    ]

    static let algorithms = KeyTable(
        "algorithms",
        [
            key(.kex, "For the exchange of session keys, as diffie-hellman-group14-sha1."),
            key(.ciphers, "To encrypt, as aes128-cbc."),
            key(.macs, "Against alteration, as hmac-sha1."),
            key(.hostKeys, "For the host's key, as ssh-rsa."),
            key(.userKeys, "For the key of whoever logs in, as ssh-rsa."),
        ])

    private static func key(_ kind: SSHAlgorithms.Kind, _ text: String) -> Key {
        Key(kind.rawValue, .list(.word(kind.known)), "[]", text, since: "0.3")
    }

    static let contact = KeyTable("contact", contactKeys)

    private static let contactKeys = [
        Key("name", .words, isRequired: true, "The person or firm.", since: "0.3"),
        Key("phone", .words, "The number to call.", since: "0.3"),
        Key("reference", .words, "What to say when asked: a contract or customer number.", since: "0.3"),
        Key(
            "signer", .words,
            "The name of their key in allowed_signers, for approvals; else the contact's own name.",
            since: "0.3"),
        Key("roles", .names(single: true), "[]", "What they may approve, as incident-lead.", since: "0.3"),
    ]
}
