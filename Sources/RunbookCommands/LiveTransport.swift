internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookSSH
internal import RunbookTransport

/// The hosts of a plan over SSH, and this machine.
enum LiveTransport {
    static func make(_ plan: Plan, _ places: Places) throws(CommandFailure) -> any Transport {
        for task in plan.tasks.indices {
            guard let host = plan.machine(of: task), let via = host.via else { continue }
            throw CommandFailure(
                .invalidFile,
                "`\(host.name)` is reached through `\(via.name)` (\(via.place)): jump hosts are not supported yet",
                hint:
                    "dry-run and lab do without; for a run, name an address that this machine reaches, and leave `via` out"
            )
        }
        var options = SSHOptions(user: LocalUser.current?.name ?? "root")
        options.home = places.userHome
        options.localHome = places.home
        options.agentSocket = places.environment["SSH_AUTH_SOCK"]
        options.workingFolder = Places.folder(of: plan.runbook.path)
        options.localShell = plan.inventory.labShell
        return SSHTransport(hosts: plan.inventory.hosts, options: options)
    }
}
