/// What is known of a machine beside how to reach it: what it gives, what it needs, and how it is kept safe.
package struct SystemFacts: Hashable, Sendable {
    /// Services that are there while it runs.
    package var provides: [Named] = []
    /// Services that have to be there before it can run.
    package var requires: [Named] = []
    /// The hosts of the inventory that it may run on; one of them is enough.
    package var placedOn: [Named] = []
    /// Hosts of the inventory that must not share its fate.
    package var apartFrom: [Named] = []
    /// How long it may be gone.
    package var rto: Duration?
    /// How much of its data may be lost, in time.
    package var rpo: Duration?
    package var protection = Protection()
    package var backup: Backup?
    /// The domains of the inventory that it fails with.
    package var domains: [Named] = []
    package var capacity = Capacity()
    /// Where what opens its disks or lets people in is kept outside, for people.
    package var escrow: String?
    package var health: Health?
    /// nil: nothing is said of snapshots of its configuration.
    package var snapshot: SnapshotRule?
    /// What it does without where a service is not there.
    package var mitigations: [Mitigation] = []

    package init() {}
}

/// How much a machine has to be protected, as BSI IT-Grundschutz classes it; nil where nothing is said.
package struct Protection: Hashable, Sendable {
    package enum Need: String, Hashable, Sendable, CaseIterable {
        case normal, high
        case veryHigh = "very-high"
    }

    package var confidentiality: Need?
    package var integrity: Need?
    package var availability: Need?

    package init() {}
}

extension Protection.Need: Comparable {
    package static func < (one: Self, other: Self) -> Bool {
        (allCases.firstIndex(of: one) ?? 0) < (allCases.firstIndex(of: other) ?? 0)
    }
}

/// How a machine's data are kept elsewhere.
package struct Backup: Hashable, Sendable {
    /// `image`, `file`: what the site calls it.
    package var method: String
    /// The place where it lies, for people.
    package var place: String?
    /// The time between two of them.
    package var interval: Duration?
    /// Whether the machine itself can be made from it, and not its data alone.
    package var imageIncluded = false
    /// The day of the last restore that was tried, as `2026-08-02`.
    package var lastTest: String?
    /// The host that it is restored by.
    package var server: Named?
    /// Services that a restore needs: a catalogue, a key.
    package var requires: [Named] = []
    /// The domains in which it lies.
    package var domains: [Named] = []
    /// Bytes to restore.
    package var size: Int64?
    /// Bytes a second that a restore brings back.
    package var throughput: Int64?

    package init(method: String) { self.method = method }
}

/// A service of the site: what hosts provide and require.
package struct Service: Hashable, Sendable {
    /// What rules ask after.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case power, network, storage, time, dns, directory, keys, virtualisation, cluster, management, broker, licences
        case backup, telephony, console, other
    }

    package var name: String
    package var kind: Kind
    /// How long those who need it run on without it; nil where nothing is said.
    package var grace: Duration?
    /// It comes from outside, as power from the grid.
    package var isExternal: Bool
    package var requires: [Named]
    package var place: SourcePlace

    /// The kind that a name, or its part before a colon, stands for, where nothing is said.
    package static func kind(named name: String) -> Kind {
        let word = name.prefix { $0 != ":" }.lowercased()
        if let kind = Kind(rawValue: word) { return kind }
        return switch word {
        case "ntp", "clock": .time
        case "ldap", "ad", "active-directory", "kerberos", "idm": .directory
        case "kms", "key-server": .keys
        case "licence", "license", "licenses", "licensing": .licences
        case "virtualization", "hypervisor", "hypervisors": .virtualisation
        case "connection-broker": .broker
        case "telephone", "phone", "voip": .telephony
        default: .other
        }
    }

    package init(
        name: String, kind: Kind? = nil, isExternal: Bool, grace: Duration? = nil, requires: [Named],
        at place: SourcePlace
    ) {
        self.kind = kind ?? Self.kind(named: name)
        self.grace = grace
        self.place = place
        self.name = name
        self.isExternal = isExternal
        self.requires = requires
    }
}
