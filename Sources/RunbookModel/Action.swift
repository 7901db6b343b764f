/// What a step does.
package enum Action: Hashable, Sendable {
    /// A shell command on the step's hosts.
    case run(Template)
    /// A script that lies beside the runbook, on the step's hosts.
    case script(ScriptFile)
    /// A file that lies beside the runbook, put onto the step's hosts.
    case copy(CopyFile)
    /// A restart of the step's hosts; the command that brings it about, nil for what the host has.
    case reboot(Template?)
    /// Wait until a check passes.
    case waitFor(Check)
    /// A person does something and says so.
    case manual(Template)
    /// People agree that it goes on.
    case approval(Approval)
    /// A named point to roll back to.
    case checkpoint(String)
}

/// Who has to agree before the run goes on.
package struct Approval: Hashable, Sendable {
    /// One of these is enough for a person.
    package var roles: [Named]
    /// How many people.
    package var count: Int
    package var message: Template?
    /// nil means as long as it takes.
    package var timeout: Duration?

    package init(roles: [Named], count: Int, message: Template?, timeout: Duration?) {
        self.roles = roles
        self.count = count
        self.message = message
        self.timeout = timeout
    }
}

/// A script and what it is called with.
package struct ScriptFile: Hashable, Sendable {
    /// As written, relative to the runbook's folder.
    package var path: Named
    package var arguments: [Template]

    package init(path: Named, arguments: [Template]) {
        self.path = path
        self.arguments = arguments
    }
}

/// A file, and where it goes.
package struct CopyFile: Hashable, Sendable {
    /// As written, relative to the runbook's folder.
    package var source: Named
    /// An absolute path on the host.
    package var target: Template
    /// Octal digits; nil means as the former file has it, or 0644.
    package var mode: String?

    package init(source: Named, target: Template, mode: String?) {
        self.source = source
        self.target = target
        self.mode = mode
    }
}

package enum SkipRule: Hashable, Sendable {
    /// Skip when `verify` already passes (the default).
    case verified
    case never
    case check(Check)
}

package enum FailureRule: Hashable, Sendable {
    case ask
    /// Begin again, ``Limits/failureRetryRounds`` times, then ask.
    case retry
    /// Roll back to the named checkpoint, or to the last one reached.
    case rollback(Named?)
    /// Go on as if it had not failed; the run ends with gaps.
    case carryOn
    case stop
}

package enum Undo: Hashable, Sendable {
    /// Nothing has to be undone.
    case nothing
    case run(Template, timeout: Duration, verify: Check?)
    case script(ScriptFile, timeout: Duration, verify: Check?)
    /// The file that was there before a copy, put back.
    case restore(CopyFile, timeout: Duration)
}

/// A read-only question to a host: does this hold?
package struct Check: Hashable, Sendable {
    package enum Probe: Hashable, Sendable {
        /// A shell command where the action runs.
        case run(Template)
        /// `host:port` or `port` (of the step's host), tried from this machine.
        case tcp(Template)
        /// A URL, asked from this machine.
        case http(Template)
        /// Whether a copied file is there, whole and with its permissions: what a copy is verified by.
        case copied(CopyFile)
    }

    package var probe: Probe
    /// The exit status that passes, where the file says one: then somebody meant it.
    package var exit: Int?
    /// The exit status that passes; 0 unless the file says otherwise.
    package var passingExit: Int { exit ?? 0 }
    package var equals: Template?
    package var matches: Template?
    package var contains: Template?
    /// The HTTP status that passes.
    package var status = 200
    package var retries = 0
    package var delay = Duration.seconds(10)
    package var timeout = Duration.seconds(30)
    package var place: SourcePlace

    package init(_ probe: Probe, at place: SourcePlace) {
        self.probe = probe
        self.place = place
    }
}

extension Check {
    /// Its commands; none where it is asked without one.
    package var commands: [Template] { if case .run(let template) = probe { [template] } else { [] } }
}
