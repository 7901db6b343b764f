/// The hosts of a site and how to reach them without any service of the site.
package struct Inventory: Hashable, Sendable {
    package var path: String
    package var name: String
    /// Hosts in file order.
    package var hosts: [Host] = []
    /// Groups in file order; members are hosts or groups (no cycles; the reader checked).
    package var groups: [Group] = []
    /// Which program it was written for.
    package enum Origin: Hashable, Sendable { case own, ansible, openSSH }

    package var origin = Origin.own
    /// What could not be honoured of an inventory that was written for another program.
    package var notices: [Diagnostic] = []
    /// In file order.
    package var contacts: [Contact] = []
    /// In file order; those that hosts name need not be here.
    package var services: [Service] = []
    /// In file order.
    package var waivers: [Waiver] = []
    /// In file order.
    package var domains: [Domain] = []
    /// In file order.
    package var redundancy: [RedundancyGroup] = []
    /// In file order; a role that nobody describes here takes the standard.
    package var roles: [Role] = []
    /// In file order; nil: nothing is said of scenarios.
    package var scenarios: [ScenarioEntry]?
    /// In file order; nil: nothing is said of packs.
    package var packs: [PackCopy]?
    /// How often each runbook has to be practised; nil: nothing is said of drills.
    package var drillEvery: Duration?
    /// How many guests of the same need for protection raise that of their machine by a class.
    package var cumulation = Inventory.standardCumulation
    package static let standardCumulation = 10
    /// Hosts that keep copies of journals, which only ever grow.
    package var witnesses: [Named] = []
    /// Absolute path of the file that says who may operate and approve at this site; nil: whoever has the store's say.
    package var allowedSigners: String?
    /// How many times faster than real time the site's clock runs: 1 at a real site, more in a lab.
    package var labSpeed = 1
    /// Absolute path of the shell that plays the commands of `local` steps in a lab; nil at a real site.
    package var labShell: String?

    /// Whether it is of a lab: nothing that a run does there is live.
    package var isLab: Bool { labSpeed != 1 || labShell != nil }

    package init(path: String, name: String) {
        self.path = path
        self.name = name
    }

    package func host(_ name: String) -> Host? { hosts.first { $0.name == name } }

    /// Those of ``contacts`` that are people of the site.
    package var people: [Contact] { contacts.filter { $0.person != nil } }

    package func contact(_ name: String) -> Contact? { contacts.first { $0.id == name } }
    package func group(_ name: String) -> Group? { groups.first { $0.name == name } }
}

package struct Group: Hashable, Sendable {
    package var name: String
    package var members: [Named]
    package var place: SourcePlace

    package init(name: String, members: [Named], place: SourcePlace) {
        self.name = name
        self.members = members
        self.place = place
    }
}

/// A person or firm to call.
package struct Contact: Hashable, Sendable {
    /// What steps and hosts name it by.
    package var id: String
    package var name: String
    package var phone: String?
    package var reference: String?
    package var roles: [String]
    /// The name of their key among the allowed signers; nil means their id.
    package var signer: String?
    /// nil for firms, and for those of whom no more is said.
    package var person: Person?

    package init(
        id: String, name: String, phone: String?, reference: String?, roles: [String], signer: String? = nil
    ) {
        self.signer = signer
        self.id = id
        self.name = name
        self.phone = phone
        self.reference = reference
        self.roles = roles
    }
}

/// What is said of one of the site's people.
package struct Person: Hashable, Sendable {
    /// The person who stands in.
    package var deputy: Named?
    /// The day of the last training, as `2026-08-02`.
    package var trained: String?
    /// Services that have to be there to reach them, as a telephone system.
    package var requires: [Named]
    package var place: SourcePlace

    package init(deputy: Named?, trained: String?, requires: [Named], at place: SourcePlace) {
        self.deputy = deputy
        self.trained = trained
        self.requires = requires
        self.place = place
    }
}

package struct Host: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable { case physical, vm, appliance, container, service }

    package var name: String
    package var place: SourcePlace
    package var kind: Kind?
    /// A literal IPv4 or IPv6 address; a name is allowed and is a finding.
    package var address: String
    /// Literal addresses that are tried before ``address``: what its name meant while all was well.
    package var addresses: [String] = []
    package var port: Int
    /// Login name; nil means the name of whoever runs the program.
    package var user: String?
    /// Absolute paths, made so by the reader (relative to the inventory's folder, `~` expanded).
    package var identityFile: String?
    package var knownHosts: String?
    /// A user certificate for the key; nil: the one beside the key, if there is one.
    package var certificateFile: String?
    /// Where its login password comes from; nil: it is not logged in at with one.
    package var password: Secret?
    package var algorithms = SSHAlgorithms()
    /// `SHA256:…` of the host's key.
    package var hostKey: String?
    /// Whether the host can keep receipts.
    package var receipts = true
    package var location: String?
    package var bmc: String?
    /// Whether commands of steps that do not say run as root.
    package var become = false
    /// A name of the inventory's contacts.
    package var contact: Named?
    /// The host that it is reached through.
    package var via: Named?
    package var facts = SystemFacts()
    /// All its variables, where the inventory is one of Ansible's.
    package var variables: [VariableValue.Member] = []

    package init(name: String, address: String, port: Int = 22, at place: SourcePlace) {
        self.name = name
        self.address = address
        self.port = port
        self.place = place
    }

    /// The name of this machine in `hosts:`.
    package static let localName = "local"
}
