/// A part of the site that fails as a whole: a rack, a feed, a fire zone.
package struct Domain: Hashable, Sendable {
    /// The kinds but ``site`` and ``room`` are those that machines of one redundancy group must not share.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case rack, feed, datastore, room, site
        case fireZone = "fire-zone"
    }

    package var name: String
    package var kind: Kind
    /// The domains that it fails with.
    package var partOf: [Named]
    package var place: SourcePlace

    package init(name: String, kind: Kind, partOf: [Named], at place: SourcePlace) {
        self.name = name
        self.kind = kind
        self.partOf = partOf
        self.place = place
    }
}

/// Machines that can do each other's work, or that decide by votes.
package struct RedundancyGroup: Hashable, Sendable {
    package var name: String
    package var members: [Named]
    /// How many of them have to be up.
    package var atLeast: Int
    /// Votes by member, 1 where nothing is said; nil: it does not decide by votes.
    package var votes: [String: Int]?
    /// The kinds of domains that its members must not all share.
    package var across: [Domain.Kind]
    package var place: SourcePlace

    package static let standardAcross: [Domain.Kind] = [.rack, .feed, .datastore, .fireZone]

    package init(
        name: String, members: [Named], atLeast: Int = 1, votes: [String: Int]? = nil,
        across: [Domain.Kind] = RedundancyGroup.standardAcross, at place: SourcePlace
    ) {
        self.name = name
        self.members = members
        self.atLeast = atLeast
        self.votes = votes
        self.across = across
        self.place = place
    }
}

/// What a machine has for those on it, or takes where it runs on another.
package struct Capacity: Hashable, Sendable {
    /// Bytes.
    package var memory: Int64?
    package var processors: Int?

    package init() {}
}

/// How often disks, memory, pools and clusters are looked after for errors.
package struct Health: Hashable, Sendable {
    /// The day on which it was last done, as `2026-08-02`; nil: never, as far as is said.
    package var checked: String?
    package var every: Duration

    package init(checked: String?, every: Duration) {
        self.checked = checked
        self.every = every
    }
}

/// What a machine does without a service that it otherwise uses.
package struct Mitigation: Hashable, Sendable {
    package enum Means: String, Hashable, Sendable, CaseIterable {
        case literalAddress = "literal-address"
        case localAccount = "local-account"
        case cachedKey = "cached-key"
    }

    /// The service that it does without.
    package var service: Named
    package var means: Means

    package init(service: Named, means: Means) {
        self.service = service
        self.means = means
    }
}

/// A role that an emergency needs people for.
package struct Role: Hashable, Sendable {
    package var name: String
    /// How many people have to have it.
    package var people: Int
    /// How long a training holds.
    package var trainedEvery: Duration
    package var place: SourcePlace

    package static let standardPeople = 2
    package static let standardTraining = Duration.seconds(365 * 86_400)

    package init(
        name: String, people: Int = standardPeople, trainedEvery: Duration = standardTraining, at place: SourcePlace
    ) {
        self.name = name
        self.people = people
        self.trainedEvery = trainedEvery
        self.place = place
    }
}

/// An emergency that a site may have to recover from.
package enum Scenario: String, Hashable, Sendable, CaseIterable {
    case totalOutage = "total-outage"
    case oneHost = "one-host"
    case management, broker, licensing, directory, dns, storage
    case partialCompromise = "partial-compromise"
    case fullCompromise = "full-compromise"
    case theft
    case forceMajeure = "force-majeure"
    case staffAbsent = "staff-absent"
    case dataLoss = "data-loss"
}

extension Scenario {
    /// In a sentence, for people.
    package var summary: String {
        switch self {
        case .totalOutage: "Everything was off."
        case .oneHost: "One machine that others run on failed."
        case .management: "The management of the virtual machines failed."
        case .broker: "The connection broker failed."
        case .licensing: "The licensing server failed."
        case .directory: "The directory failed."
        case .dns: "Name resolution failed."
        case .storage: "Storage failed."
        case .partialCompromise: "Some machines are in the hands of somebody else."
        case .fullCompromise: "Everything may be in the hands of somebody else."
        case .theft: "A machine, or its disks or images, was stolen."
        case .forceMajeure: "Fire, water or the like took a part of the site."
        case .staffAbsent: "Those who know the site are not there."
        case .dataLoss: "Data of machines are gone."
        }
    }
}

/// What a site has for a scenario.
package struct ScenarioEntry: Hashable, Sendable {
    package var scenario: Scenario
    /// Paths as written, relative to the inventory's folder.
    package var runbooks: [Named]
    /// Why there is no runbook.
    package var none: String?
    package var place: SourcePlace

    package init(scenario: Scenario, runbooks: [Named], none: String?, at place: SourcePlace) {
        self.scenario = scenario
        self.runbooks = runbooks
        self.none = none
        self.place = place
    }
}

/// A copy of the emergency pack.
package struct PackCopy: Hashable, Sendable {
    /// Where it lies, for people.
    package var whereabouts: String
    /// Absolute path, where it can be read from here.
    package var file: String?
    package var domains: [Named]
    package var place: SourcePlace

    package init(whereabouts: String, file: String?, domains: [Named], at place: SourcePlace) {
        self.whereabouts = whereabouts
        self.file = file
        self.domains = domains
        self.place = place
    }
}

/// How a machine's system configuration is kept.
package struct SnapshotRule: Hashable, Sendable {
    /// What is asked of it: each has commands of its own.
    package enum Platform: String, Hashable, Sendable, CaseIterable {
        case linux, proxmox, ceph, zfs, libvirt, esxi, ovirt
        case xcpNG = "xcp-ng"
    }

    package var platforms: [Platform]
    package var every: Duration
    /// Hosts that keep further copies; the one beside the inventory is not named.
    package var copies: [Named]
    package var place: SourcePlace

    package init(platforms: [Platform], every: Duration, copies: [Named], at place: SourcePlace) {
        self.platforms = platforms
        self.every = every
        self.copies = copies
        self.place = place
    }
}
