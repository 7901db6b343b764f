package import RunbookModel

/// What the rules are, in words.
extension Rule {
    package enum Severity: String, Hashable, Sendable { case error, warning }

    package var severity: Severity {
        switch self {
        case .bootUnreachable, .exclusiveVirtual, .orderViolation, .runnerDepends, .rtoInfeasible, .affinity,
            .keyLock, .clock, .quorumDomain, .capacity, .backupCircular, .compromiseIncomplete, .theftIncomplete,
            .draftGap, .waiverExpired:
            .error
        case .drillOverdue, .changedSinceDrill, .onlyAuthorDrilled, .configStale, .configOnlyInside,
            .licenceGrace, .cumulation, .healthUnchecked, .forceMajeure, .packWeak, .personnel, .procedureMissing,
            .scenarioGap, .maxPrinciple, .backupMissing, .backupStale, .backupUntested, .backupNoImage, .snapshotOnly,
            .strangerUnready, .unsafeStep, .verifyWeak, .planOrphan:
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
        case .clock: "A cluster or directory starts before the clocks are right"
        case .licenceGrace: "Licences run out before their server is back"
        case .keyLock: "What opens the disks is kept on virtual machines alone"
        case .affinity: "Machines that must not share a fate share a place"
        case .quorumDomain: "One loss takes half of the votes, or the votes can be even"
        case .capacity: "The machines that are left can't hold what has to start"
        case .maxPrinciple: "A machine is protected less than what runs on it"
        case .cumulation: "Many machines on one raise its need for protection"
        case .backupCircular: "A backup can only be restored by what it restores"
        case .configStale: "The system configuration is not on record, or is old"
        case .configOnlyInside: "The system configuration is kept only where it would be lost"
        case .healthUnchecked: "Nobody has looked for errors lately"
        case .forceMajeure: "What is needed lies where the same fire would take it"
        case .packWeak: "The emergency pack is missing, weak or old"
        case .personnel: "Too few trained people can be reached"
        case .procedureMissing: "No runbook acts on something that has to be restarted"
        case .scenarioGap: "There is no runbook for an emergency, and no reason why not"
        case .compromiseIncomplete: "The answer to a compromise lacks a stage, or has them in the wrong order"
        case .theftIncomplete: "The answer to a theft lacks a stage"
        case .drillOverdue: "The runbook was not practised lately"
        case .changedSinceDrill: "The runbook was changed after it was last practised"
        case .onlyAuthorDrilled: "Nobody practised the runbook without its author"
        case .draftGap: "A draft was not filled in"
        case .backupMissing: "A virtual machine has no backup"
        case .backupStale: "Backups are made less often than the data loss allows"
        case .backupUntested: "No restore was tried, or none lately"
        case .backupNoImage: "A backup holds data, but not the machine"
        case .snapshotOnly: "The only protection is a snapshot"
        case .strangerUnready: "A step does not say what a stranger has to know"
        case .unsafeStep: "A command destroys, and nothing guards it"
        case .verifyWeak: "A check looks at nothing but an exit status"
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
            can't be started. A circle is no fault as long as one provider stands outside it. What a runbook `assumes` and no
            machine provides comes from outside as well.
            """
        case .exclusiveVirtual:
            """
            A machine that others are placed on, or a physical machine or appliance that provides something, requires a
            service, and every machine that provides this service is virtual. `instead_of` says that it does without: by
            literal-address (name resolution; its own addresses have to be literal), local-account (a directory; it has to
            be logged in at with a user and key of its own) or cached-key (a key server; `escrow` has to say where the key
            lies). What is not so is found.
            """
        case .orderViolation:
            """
            The steps are played against the inventory. A step that acts on a machine comes after steps that have made ready
            every service that the machine requires, and the machine that it is placed on requires: a step makes a service
            ready that names it in `provides`. What a service requires has to be ready before it. Only `needs` counts, not
            the order of lines. What the runbook `assumes` is ready, but after a total outage nothing is that a machine of
            the inventory provides.
            """
        case .runnerDepends:
            """
            A machine is reached through (`via`), or its commands run on (`delegate_to`), a virtual machine; the copies of
            the journal (`witnesses`) are kept on virtual machines alone; the command that a secret or a password comes from
            names a virtual machine; or the journal of a run would be written to a network file system, or to a disk that
            comes over iSCSI or Fibre Channel. (Addresses that are names are told as warnings of the inventory.)
            """
        case .rtoInfeasible:
            """
            The slowest chain of steps up to the last one that acts on a machine is longer than the `rto` of that machine; or
            the whole is longer than that of the runbook. A step takes as long as nine of ten past runs needed for it
            (`blackstart drills times`), else its estimate. Or a restore (`size` over `throughput` of the `backup`) takes
            longer than the `rto`, by itself or after those steps; a machine with a step that has the tag `restore` is
            restored by the runbook, and that step's time counts.
            """
        case .clock:
            """
            A step makes a directory or a cluster ready, or acts on what provides it, and no step before it makes a service
            of kind time ready or has the tag `time-check`. Both refuse to work with clocks that differ.
            """
        case .licenceGrace:
            """
            A service of kind licences has a `grace`, and the step that makes it ready ends later than that, by the
            estimates; or its server takes longer than that to be restored.
            """
        case .keyLock:
            """
            A machine that is not virtual requires a service of kind keys, only virtual machines provide it, and no `escrow`
            says where the keys are kept outside.
            """
        case .affinity:
            """
            Two machines of `apart_from` can run on one machine only, and it is the same; or every provider of a service can
            run on the same one machine only; or one machine or domain (of the kinds of `across`) takes so many members of a
            redundancy group that fewer than `at_least` are left.
            """
        case .quorumDomain:
            """
            Of a redundancy group with `votes`: the loss of one machine or domain leaves half of them or fewer; their number
            is even; or a member runs only on other members, so that it is no witness of theirs.
            """
        case .capacity:
            """
            For each machine that others are placed on: the guests that have another place are laid out anew on the machines
            that are left, by the memory and processors of `capacity`. It is found if they don't fit, or if no layout was
            found. Guests of which no `capacity` is said take nothing.
            """
        case .maxPrinciple:
            """
            For confidentiality, integrity and availability a machine's need for protection is at least the highest of those
            placed on it (maximum principle).
            """
        case .cumulation:
            """
            As many machines as `cumulation` says (10), all with the highest need for protection that there is on a machine,
            are placed on it, and its own need is not a class higher. Whoever accepts that says so in a waiver.
            """
        case .backupCircular:
            """
            The `server` that restores a machine is that machine, or can't run without it; or a service that the restore
            `requires` ends with it.
            """
        case .configStale:
            """
            Of a machine with `snapshot`, `blackstart snapshot` has made none beside the inventory, or the newest is older than
            `every` (30 days) or was altered; or a machine that others are placed on has no `snapshot` where others have it.
            """
        case .configOnlyInside:
            """
            All `copies` of a machine's snapshots are kept on virtual machines or on that machine itself, and the inventory is
            all that there is beside them.
            """
        case .healthUnchecked:
            """
            Disks, memory, pools and clusters of a machine that others are placed on, or of an appliance, were last looked
            after (`checked` of `health`) longer ago than `every` (30 days), or nothing is said. A site that says nothing of
            `health` anywhere is not asked.
            """
        case .forceMajeure:
            """
            A backup lies in no fire zone or site but those of its machine, by the domains of both; or all copies of the
            emergency pack lie in one fire zone or site with machines. A site that gives no domain to a backup or a pack is
            not asked.
            """
        case .packWeak:
            """
            Of `packs`: there is none; a file can't be read, is not encrypted, can be opened with one key alone, or is older
            than the runbook or the inventory.
            """
        case .personnel:
            """
            For each role of `roles`, and each that an approval wants: fewer people than wanted (2) were trained within
            `trained_every` (a year) and can be reached: with a phone, and without services that only virtual machines
            provide. A site that says nothing of people is not asked.
            """
        case .procedureMissing:
            """
            A machine that others are placed on, or that provides storage, a directory, name resolution, management, a
            broker, licences or keys, is acted on by no step of the runbooks of `scenarios`, and no step makes ready what it
            provides. Where `scenarios` is not given, nothing is asked.
            """
        case .scenarioGap:
            """
            `scenarios` lacks an emergency that the site may meet; or a runbook in it can't be read, or is about another
            scenario; or a machine that others run on is in no runbook for total-outage or one-host.
            """
        case .compromiseIncomplete:
            """
            A runbook for a compromise has steps with the tags isolate, evidence, rebuild, rotate, check-backups and
            reconnect, and each stage needs the one before it. No step acts on a machine before isolation.
            """
        case .theftIncomplete:
            """
            A runbook for a theft has steps with the tags revoke (keys and accounts of what was stolen) and rotate (secrets
            that it knew), and the second needs the first.
            """
        case .drillOverdue:
            """
            No journal of a run or dry run of this runbook, by its name, was declared a drill (`blackstart drills add`) within
            `every` of the inventory's `drills` (365 days). Journals that don't verify, or that a stranger signed, don't count.
            Where the inventory does not have `drills`, nothing is asked.
            """
        case .changedSinceDrill:
            """
            Steps, machines, services, groups or variables are not what they were in the run that was the last drill. That
            lines moved, or a comment was changed, does not count.
            """
        case .onlyAuthorDrilled:
            "In all drills within `every` of the inventory's `drills` the author of the runbook was there."
        case .draftGap:
            "A text of the runbook still says FILL-IN, as a draft of `blackstart plan --from-inventory` does."
        case .backupMissing: "The inventory says how machines are backed up, and says nothing of this virtual machine."
        case .backupStale: "The time between two backups (`every`) is longer than `rpo`, how much may be lost."
        case .backupUntested:
            "`last_test`, the day of the last restore that was tried, is missing or more than a year ago."
        case .backupNoImage:
            "`image_included` is not true: the machine itself has to be set up by hand before its data can come back."
        case .snapshotOnly:
            "`method` is `snapshot`: a snapshot lies on the storage of what it should protect, and is lost with it."
        case .strangerUnready:
            """
            A step lacks `why`, what to expect of a command (`expect`, or a `verify` that sees it), `if_it_fails`, what can be
            undone (`undo`, or `irreversible` with the reason), or, where the inventory has contacts, whom to call (`contact`
            of the step or of its machines). Or its texts say "as usual" or the like, or hold an abbreviation in capitals
            that is no common one and that no text of the runbook explains, as `BMC (what it stands for)`.
            """
        case .unsafeStep:
            """
            The command holds a word that destroys data (mkfs, wipefs, dd of=, rm -r, zpool destroy, drop database and the
            like), and the step asks nobody (`danger`), or neither can be undone nor says that it can't (`irreversible`), or
            has no check (`verify`).
            """
        case .verifyWeak:
            """
            `verify`, `wait_for`, `skip_if` or the check of an undo runs a command and looks at its exit status alone, and the
            command is not known to answer by it: `qm status 100` exits with 0 for a guest that is stopped. Known are test,
            grep, systemctl is-active, pg_isready, mountpoint, pgrep, curl -f, check_ plugins and the like, and a script that
            says `exit` itself. Compare what it prints (`equals`, `contains`, `matches`), or write `exit: 0` where the status
            is the answer.
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
        case .clock, .procedureMissing:
            "Therefore, for the following systems, if any, a failure procedure must be established"
        case .licenceGrace:
            "The failure of these systems may limit the availability of virtualization systems."
        case .exclusiveVirtual, .runnerDepends, .keyLock:
            "It must be ensured that the re-commissioning of the virtualization systems does not depend on a service in the data center, which is provided exclusively by a virtual IT system."
        case .rtoInfeasible, .capacity:
            "It is therefore important to consider in contingency planning that a more extensive recovery effort may have to be planned."
        case .affinity, .quorumDomain:
            "For example, two systems that can perform each other's tasks should not be run on a virtualization server."
        case .maxPrinciple, .cumulation: "Here, the maximum principle and the cumulation principle must be observed."
        case .backupMissing, .backupStale, .backupUntested, .backupCircular:
            "For all virtual IT systems, therefore, it must be checked to what extent the existing data protection concepts (cf. module B 1.4 Data backup concept) must be adapted to the chosen virtualization technology."
        case .backupNoImage: "Important images must be included in the backup."
        case .snapshotOnly:
            "It was to be tested for the virtual IT systems whether the new techniques of virtualization (snapshots) could be used for data backup and which advantages and disadvantages could result from this."
        case .configStale, .configOnlyInside:
            "The system configuration of the virtualization server (see M 2.318 Secure installation of an IT system, M 2.315 Planning the server deployment and M 4.237 Secure basic configuration of an IT system) must be available to administrators at all times."
        case .healthUnchecked: "Are the virtualization servers regularly checked for errors?"
        case .forceMajeure:
            "Has the need for action been examined that increase availability in cases of force majeure?"
        case .packWeak:
            "The corresponding documents for emergency situations must be accessible to authorized persons."
        case .personnel:
            "It must be ensured that trained personnel are available for the handling of virtual infrastructures in an emergency."
        case .scenarioGap, .compromiseIncomplete:
            "For these scenarios, it must be precisely described how to react to this and which actions should be performed."
        case .drillOverdue, .changedSinceDrill: "The procedure should be practiced regularly."
        case .onlyAuthorDrilled:
            "It must be designed in such a way that in the event of an emergency, the virtualisation servers can also be restored by personnel who are not familiar with the previous configuration in detail."
        case .theftIncomplete:
            "Have any regulations been written that describe the procedure for stealing virtual IT systems?"
        case .strangerUnready, .unsafeStep, .verifyWeak, .draftGap:
            "Timely contingency planning with pre-set instructions, which can also be performed by people who are unfamiliar with the administration of the virtualization systems, can reduce the consequences in the event of damage."
        case .planOrphan, .waiverExpired:
            "The emergency planning for virtualization systems must be integrated into the existing emergency plan (see module B 1.3 Emergency Management)."
        }
    }
}
