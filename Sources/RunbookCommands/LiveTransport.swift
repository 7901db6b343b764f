internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookSSH
internal import RunbookTransport

/// The hosts of a plan over SSH, and this machine.
enum LiveTransport {
    static func make(_ plan: Plan, _ places: Places, _ secrets: LoginSecrets) -> any Transport {
        make(plan.inventory, folder: Places.folder(of: plan.runbook.path), places, secrets)
    }

    /// - Parameter folder: where `local` commands run.
    static func make(
        _ inventory: Inventory, folder: String, _ places: Places, _ secrets: LoginSecrets
    ) -> SSHTransport {
        var options = options(places)
        options.workingFolder = folder
        options.localShell = inventory.labShell
        // What a lab does on this machine is no part of the site: its claims and receipts stay apart.
        if inventory.isLab {
            options.localHome += "/lab"
            // Where it can't be made, the first question to this machine says what lacks.
            try? SystemCalls.makeFolders(options.localHome)
        }
        options.passphrases = secrets.passphrases
        options.passwords = secrets.passwords
        return SSHTransport(hosts: inventory.hosts, options: options)
    }

    static func options(_ places: Places) -> SSHOptions {
        var options = SSHOptions(user: LocalUser.current?.name ?? "root")
        options.home = places.userHome
        options.localHome = places.home
        options.agentSocket = places.environment["SSH_AUTH_SOCK"]
        return options
    }
}
