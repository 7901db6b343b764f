internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookSSH
internal import RunbookTransport

/// The hosts of a plan over SSH, and this machine.
enum LiveTransport {
    static func make(_ plan: Plan, _ places: Places) -> any Transport {
        var options = SSHOptions(user: LocalUser.current?.name ?? "root")
        options.home = places.userHome
        options.localHome = places.home
        options.agentSocket = places.environment["SSH_AUTH_SOCK"]
        options.workingFolder = Places.folder(of: plan.runbook.path)
        options.localShell = plan.inventory.labShell
        return SSHTransport(hosts: plan.inventory.hosts, options: options)
    }
}
