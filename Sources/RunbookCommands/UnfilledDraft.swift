internal import RunbookEngine
internal import RunbookModel
internal import RunbookPlan
internal import RunbookPreparedness

/// What a draft leaves open and nobody has written yet is not run on real machines. A lab may play it, and so may a dry run,
/// which say so.
enum UnfilledDraft {
    static func refuse(_ plan: Plan) throws(CommandFailure) {
        guard !plan.inventory.isLab, let gap = DraftGaps(plan: plan).findings.first else { return }
        throw CommandFailure(
            .invalidFile, "\(gap.place): \(gap.message), so nothing was started",
            hint: "\(list(plan)) lists all that is left to fill in; `--start-at` and `--until` run a part of the rest")
    }

    /// Of a run that was begun: its own copy of the runbook does not change any more.
    static func refuse(_ recorded: RecordedRun) throws(CommandFailure) {
        guard !recorded.plan.inventory.isLab, let gap = DraftGaps(plan: recorded.plan).findings.first else { return }
        throw CommandFailure(
            .invalidFile, "\(gap.place): \(gap.message), so nothing was started",
            hint:
                "fill it in and begin a new run; `blackstart rollback \(recorded.opening.run) --to start` ends this one, "
                + "and shows first what it would undo")
    }

    static func warn(_ plan: Plan) {
        let gaps = DraftGaps(plan: plan).findings
        guard let gap = gaps.first else { return }
        let more = gaps.count > 1 ? ", and \(Count.of(gaps.count - 1, "more place"))" : ""
        Terminal.message(
            "blackstart: warning: \(gap.place): \(gap.message)\(more): not to be run on real machines; "
                + "\(list(plan)) lists all\n")
    }

    private static func list(_ plan: Plan) -> String {
        "`blackstart check \(ShellWord.typed(plan.runbook.path))`"
    }
}
