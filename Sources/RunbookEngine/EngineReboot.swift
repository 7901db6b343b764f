internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

// A restart: its command ends with the host, so only a new boot id tells that it has come to pass.

extension Engine {
    func isReboot(_ task: Int) -> Bool { if case .reboot = plan.step(of: task).action { true } else { false } }

    mutating func awaitReboot(_ task: Int) {
        work[task].kind = .action
        work[task].waited = 0
        work[task].wasDown = false
        pause(task, Self.rebootPause, then: .rebooting)
    }

    /// A host that went down asks its disks first.
    private static var rebootPause: Duration { .seconds(5) }

    mutating func awaited(_ task: Int, _ reply: HostReply) {
        let before = state.tasks[task].boot
        switch reply {
        case .contact(let facts):
            let areTold = !facts.boot.isEmpty && !before.isEmpty
            // Away is what a host is that restarts, and one behind a broken switch as well: its check may know, or a person.
            if !areTold, work[task].wasDown, plan.step(of: task).verify == nil {
                return leaveUnclear(task, "it was away and is back, and can't tell whether it was restarted")
            }
            let isNew = areTold ? facts.boot != before : work[task].wasDown
            if isNew, let host = plan.machineName(of: task) {
                let home = state.hosts[host]?.home ?? ""
                record(
                    .hostSeen(
                        HostSighting(host: host, boot: facts.boot, clockOffset: facts.clockOffset, home: home)))
                return verify(task, done: .restarted)
            }
            again(task, "it still runs as before: the restart did not come to pass")
        case .failure(let failure):
            work[task].wasDown = true
            again(task, "it did not come back after its restart: \(failure.message)")
        case .deadline, .survey, .probe, .receipt, .ended, .tidied, .heads, .witness:
            again(task, "it gave no answer that fits the question")
        }
    }

    /// Asks again, about as long as the step may take.
    private mutating func again(_ task: Int, _ why: String) {
        let pause = Self.rebootPause.wholeMilliseconds
        guard work[task].waited < plan.step(of: task).timeout.wholeMilliseconds else { return attemptFailed(task, why) }
        work[task].waited += pause
        self.pause(task, Self.rebootPause, then: .rebooting)
    }
}
