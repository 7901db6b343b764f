package import RunbookModel

/// What the rules are, in words.
extension Rule {
    package enum Severity: String, Hashable, Sendable { case error, warning }

    package var severity: Severity {
        switch self {
        case .bootUnreachable, .exclusiveVirtual, .orderViolation, .runnerDepends, .rtoInfeasible, .affinity,
            .waiverExpired:
            .error
        case .maxPrinciple, .backupMissing, .backupStale, .backupUntested, .backupNoImage, .snapshotOnly,
            .strangerUnready, .unsafeStep, .planOrphan:
            .warning
        }
    }

    /// In a few words.
    package var title: String {
        switch self {
        case .bootUnreachable: "Something can't be started from power alone"
        case .exclusiveVirtual: "What starts first needs a service that only virtual machines provide"
        case .orderViolation: "A step comes before what its machine needs is ready"
        case .runnerDepends: "The recovery leans on what it is about to start"
        case .rtoInfeasible: "The steps take longer than the objective allows"
        case .affinity: "Machines that must not share a fate share a machine"
        case .maxPrinciple: "A machine is protected less than what runs on it"
        case .backupMissing: "A virtual machine has no backup"
        case .backupStale: "Backups are made less often than the data loss allows"
        case .backupUntested: "No restore was tried, or none lately"
        case .backupNoImage: "A backup holds data, but not the machine"
        case .snapshotOnly: "The only protection is a snapshot"
        case .strangerUnready: "A step does not say what a stranger has to know"
        case .unsafeStep: "A command destroys, and nothing guards it"
        case .planOrphan: "The runbook belongs to no plan and to nobody"
        case .waiverExpired: "An exception has run out"
        }
    }

    /// What it looks at, and when it finds something.
    package var explanation: String {
        switch self {
        case .bootUnreachable:
            """
            Everything is off. What comes from outside comes back first. Then each machine starts once all services that it
            `requires` are there and one of the machines of its `placed_on` runs; each service of `services` is there once
            what it requires is, and one machine that `provides` it runs. What has not started when nothing more changes
            can't be started. A circle is no fault as long as one provider stands outside it.
            """
        case .exclusiveVirtual:
            """
            A machine that others are placed on, or a physical machine or appliance that provides something, requires a
            service, and every machine that provides this service is virtual.
            """
        case .orderViolation:
            """
            The steps are played against the inventory. A step that acts on a machine comes after steps that have made ready
            every service that the machine requires, and the machine that it is placed on requires: a step makes a service
            ready that names it in `provides`. What a service requires has to be ready before it. Only `needs` counts, not
            the order of lines.
            """
        case .runnerDepends:
            """
            A machine is reached through (`via`), or its commands run on (`delegate_to`), a virtual machine; or a copy of
            the journal, a witness, is kept on a virtual machine alone.
            """
        case .rtoInfeasible:
            """
            The slowest chain of steps up to the last one that acts on a machine, with their estimates, is longer than the
            `rto` of that machine; or the whole is longer than that of the runbook.
            """
        case .affinity:
            """
            Two machines of `apart_from` can run on one machine only, and it is the same; or every provider of a service can
            run on the same one machine only.
            """
        case .maxPrinciple:
            """
            For confidentiality, integrity and availability a machine's need for protection is at least the highest of those
            placed on it (maximum principle).
            """
        case .backupMissing: "The inventory says how machines are backed up, and says nothing of this virtual machine."
        case .backupStale: "The time between two backups (`every`) is longer than `rpo`, how much may be lost."
        case .backupUntested:
            "`last_test`, the day of the last restore that was tried, is missing or more than a year ago."
        case .backupNoImage:
            "`image_included` is not true: the machine itself has to be set up by hand before its data can come back."
        case .snapshotOnly:
            "`method` is `snapshot`: a snapshot lies on the storage of what it should protect, and is lost with it."
        case .strangerUnready:
            "`why`, `if_it_fails`, or what can be undone (`undo`, or `irreversible` with the reason) is missing."
        case .unsafeStep:
            """
            The command holds a word that destroys data (mkfs, wipefs, dd of=, rm -r, zpool destroy, drop database and the
            like), and the step asks nobody (`danger`), or neither can be undone nor says that it can't (`irreversible`).
            """
        case .planOrphan:
            "The runbook names no `plan` that it is part of, no `owner`, no `approver`, or no day on which it was `reviewed`."
        case .waiverExpired: "`until` of an entry of `waivers` is past. The finding that it stood for is back."
        }
    }

    /// The sentence of M 6.138 that it serves.
    package var source: String {
        switch self {
        case .bootUnreachable, .orderViolation:
            "A recovery plan has to be created that ensures a controlled restart of the virtualization servers and the virtual IT systems that fail with them."
        case .exclusiveVirtual, .runnerDepends:
            "It must be ensured that the re-commissioning of the virtualization systems does not depend on a service in the data center, which is provided exclusively by a virtual IT system."
        case .rtoInfeasible:
            "It is therefore important to consider in contingency planning that a more extensive recovery effort may have to be planned."
        case .affinity:
            "For example, two systems that can perform each other's tasks should not be run on a virtualization server."
        case .maxPrinciple: "Here, the maximum principle and the cumulation principle must be observed."
        case .backupMissing, .backupStale, .backupUntested:
            "For all virtual IT systems, therefore, it must be checked to what extent the existing data protection concepts (cf. module B 1.4 Data backup concept) must be adapted to the chosen virtualization technology."
        case .backupNoImage: "Important images must be included in the backup."
        case .snapshotOnly:
            "It was to be tested for the virtual IT systems whether the new techniques of virtualization (snapshots) could be used for data backup and which advantages and disadvantages could result from this."
        case .strangerUnready, .unsafeStep:
            "Timely contingency planning with pre-set instructions, which can also be performed by people who are unfamiliar with the administration of the virtualization systems, can reduce the consequences in the event of damage."
        case .planOrphan, .waiverExpired:
            "The emergency planning for virtualization systems must be integrated into the existing emergency plan (see module B 1.3 Emergency Management)."
        }
    }
}
