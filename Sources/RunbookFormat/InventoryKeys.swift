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
            Key("lab_speed", .integer(1...1_000), "1", "How much faster than real time a lab goes."),
            Key("lab_shell", .words, "What plays the commands of `local` steps in a lab."),
        ], later: ["services", "domains", "redundancy", "people", "roles"])

    static let defaults = KeyTable("host defaults", connection, later: ["via"])

    static let host = KeyTable(
        "host",
        [
            Key(
                "address", .words, isRequired: true, "Its address, as 10.0.0.5 or fd00::5; a name needs a name service."
            ),
            Key("kind", .word(Host.Kind.allCases.map(\.rawValue)), "What kind of machine it is."),
        ] + connection + [
            Key(
                "host_key", .shape("^SHA256:[A-Za-z0-9+/]{43}$", "SHA256: and 43 characters"),
                "The fingerprint of its key."),
            Key("receipts", .boolean, "true", "Whether it can keep receipts; false for hosts without a POSIX shell."),
            Key("location", .words, "Where it stands: room, rack and unit."),
            Key("bmc", .words, "The address of the small computer that can switch it on."),
            Key("contact", .words, "Whom to call about it: a name in `contacts`.", since: "0.3"),
        ],
        later: [
            "via", "provides", "requires", "protection", "placed_on", "rto", "rpo", "apart_from", "backup", "domain",
            "capacity", "snapshot", "escrow",
        ])

    private static let connection = [
        Key("become", .boolean, "false", "Whether commands of steps that do not say run as root.", since: "0.3"),
        Key("user", .words, "Whom to log in as; else whoever runs the program."),
        Key("port", .integer(1...65_535), "22", "The port of its SSH server."),
        Key("identity_file", .words, "The private key, relative to this file; else those of an agent."),
        Key("known_hosts", .words, "~/.ssh/known_hosts", "The file of known host keys, relative to this file."),
    ]

    static let contact = KeyTable(
        "contact",
        [
            Key("name", .words, isRequired: true, "The person or firm.", since: "0.3"),
            Key("phone", .words, "The number to call.", since: "0.3"),
            Key("reference", .words, "What to say when asked: a contract or customer number.", since: "0.3"),
            Key(
                "signer", .words,
                "The name of their key in allowed_signers, for approvals; else the contact's own name.",
                since: "0.3"),
            Key("roles", .names(single: true), "[]", "What they may approve, as incident-lead.", since: "0.3"),
        ])
}
