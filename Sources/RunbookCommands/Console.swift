internal import Dispatch
internal import RunbookEngine
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport
internal import Synchronization

/// Shows a run to a person: one line for each thing that happened, and on a terminal a block below that is redrawn.
final class Console: RunObserver {
    struct Style: Sendable {
        var columns = 80
        var isVerbose = false
        var isQuiet = false
        var hasColor = false
        /// Redraws a block at the bottom.
        var isLive = false
        /// When the recovery time objective is due, from the session's beginning; nil where there is none.
        var due: Duration?
        /// Single keys do something: they are named below the block.
        var hasKeys = false
    }

    private struct Screen {
        var blockLines = 0
        var isHidden = false
        /// What a person is being asked for, at the start of the line they type on.
        var prompt: String?
        var glance: Glance?
        var isOver = false
        /// What commands are and print is shown as well.
        var hasDetails = false
    }

    /// What the block shows.
    private struct Glance {
        struct Line {
            var task: TaskID
            var name: String
            var since: Int64
            var text: String
            /// What its host was told to do.
            var command: String?
        }

        var activities: [Line] = []
        var isPaused = false
        var through = 0
        var total = 0
        var remaining: Int64 = 0
        /// What it is rolling back to; then tasks that were looked at are counted.
        var rollingBack: String?
    }

    private let narrator: Narrator
    private let style: Style
    private let clock: any RunClock
    private let screen = Mutex(Screen())
    /// Failures that were told, until something runs again: the question about one and its end say the same.
    private let told = Mutex<Set<String>>([])
    /// Tasks whose wait has been told of and is not over.
    private let waits = Mutex<Set<Int>>([])
    private let since = Mutex<[Int: Int64]>([:])
    /// The last of what tasks have printed.
    private let tails = Mutex<[TaskID: [UInt8]]>([:])
    private let queue = DispatchQueue(label: "blackstart.console")

    init(_ plan: Plan, style: Style, clock: any RunClock) {
        narrator = Narrator(plan: plan)
        self.style = style
        self.clock = clock
        if style.isLive { tick() }
    }

    /// Twice a second, as long as the run lasts.
    private func tick() {
        queue.asyncAfter(deadline: .now() + .milliseconds(500)) { [weak self] in
            guard let self, !screen.withLock({ $0.isOver }) else { return }
            // A screen that is held gets one block when it is read again, and not thousands.
            if !Terminal.isBehind { redraw() }
            tick()
        }
    }

    func recorded(_ records: [Record], by engine: borrowing Engine, at moment: Moment) {
        var text = ""
        for record in records {
            for line in narrator.lines(record) where isShown(line) && isNew(line) {
                text += format(line, at: moment.wall)
            }
        }
        for line in begun(engine) where isShown(line) { text += format(line, at: moment.wall) }
        let glance = style.isLive ? glance(engine, moment) : nil
        screen.withLock { screen in
            guard !screen.isOver else { return }
            if let glance { screen.glance = glance }
            if !text.isEmpty { print(text, on: &screen) }
        }
    }

    func printed(_ chunk: OutputChunk, by task: TaskID) {
        guard style.hasKeys else { return }
        tails.withLock { tails in
            let kept = tails[task, default: []].suffix(LiveBlock.tailBytes) + chunk.bytes.suffix(LiveBlock.tailBytes)
            tails[task] = Array(kept.suffix(LiveBlock.tailBytes))
        }
    }

    /// Shows or hides what commands are and print.
    func toggleDetails() {
        screen.withLock { $0.hasDetails.toggle() }
        redraw()
    }

    /// The block is gone for good; what comes after is plain text.
    func finish() {
        screen.withLock { screen in
            erase(&screen)
            screen.isOver = true
        }
    }

    /// Shows `text` above the block.
    func say(_ text: String) {
        screen.withLock { screen in if screen.isOver { Terminal.message(text) } else { print(text, on: &screen) } }
    }

    /// Shows `text` with the block out of the way, and keeps the block away until ``show()``.
    func hide(saying text: String) {
        screen.withLock { screen in
            erase(&screen)
            screen.isHidden = true
            Terminal.out(text)
        }
    }

    /// Asks for a line. What happens before it comes is shown above the question, which is asked again below.
    func prompt(_ text: String) {
        hide(saying: text)
        screen.withLock { $0.prompt = text }
    }

    /// The line has come.
    func prompted() { screen.withLock { $0.prompt = nil } }

    func show() { screen.withLock { $0.isHidden = false } }

    /// What is said in place of so many lines that nobody read in time.
    static func lost(_ count: Int) -> String {
        "(\(count) \(count == 1 ? "line was" : "lines were") not read in time and left out: `blackstart journal show` has all)\n"
    }

    // MARK: Lines

    /// The waits that have begun since the last look: nothing on record tells of them before they end.
    private func begun(_ engine: borrowing Engine) -> [Narration] {
        let plan = narrator.plan
        let now = Set(
            engine.activities.compactMap { task, activity in
                guard case .waitFor = plan.step(of: task).action, case .checking = activity else { return nil }
                return task
            } as [Int])
        return waits.withLock { waits in
            let new = now.subtracting(waits).sorted()
            waits.formUnion(now)
            waits = waits.filter { !engine.state.isThrough($0) }
            return new.map {
                Narration(word: StepState.running.word, text: "\(narrator.name(plan.tasks[$0].id))  waiting")
            }
        }
    }

    private func isNew(_ line: Narration) -> Bool {
        told.withLock { told in
            if line.word == StepState.running.word { told = [] }
            return line.word != StepState.failed.word || told.insert(line.text).inserted
        }
    }

    private func isShown(_ line: Narration) -> Bool {
        switch line.weight {
        case .detail: style.isVerbose
        case .normal: !style.isQuiet
        case .urgent: true
        }
    }

    private func format(_ line: Narration, at wall: Int64) -> String {
        let head = "\(TimeText.clock(wall))  \(line.word.padded(9))"
        let lines = Wrapping.lines("\(head) \(line.text)", columns: style.columns, indent: 24)
        return lines.map { paint($0, line.word) + "\n" }.joined()
    }

    /// Colour says nothing that the word does not say.
    private func paint(_ line: String, _ word: String) -> String {
        guard style.hasColor else { return line }
        let code: String
        switch word {
        case "OK", "ALREADY": code = "32"
        case "FAILED", "UNCLEAR": code = "31"
        case "YOUR-TURN", "ROLLBACK", "STOPPING": code = "33"
        default: return line
        }
        return "\u{1B}[\(code)m\(line)\u{1B}[0m"
    }

    // MARK: Block

    private func print(_ text: String, on screen: inout Screen) {
        if let prompt = screen.prompt { return Terminal.out("\n\(text)\(prompt)") }
        erase(&screen)
        Terminal.out(text)
        draw(&screen)
    }

    private func redraw() {
        screen.withLock { screen in
            guard !screen.isOver, !screen.isHidden else { return }
            erase(&screen)
            draw(&screen)
        }
    }

    private func erase(_ screen: inout Screen) {
        guard screen.blockLines > 0 else { return }
        // What was typed meanwhile stands where the cursor is.
        Terminal.out("\r\u{1B}[\(screen.blockLines)A\u{1B}[J")
        screen.blockLines = 0
    }

    private func draw(_ screen: inout Screen) {
        guard style.isLive, !screen.isHidden, !screen.isOver, let glance = screen.glance else { return }
        let now = clock.now().uptime
        let columns = min(style.columns, Terminal.columns) - 1
        var lines: [String] = []
        // A block that is higher than the screen could not be drawn again.
        let room = Terminal.rows - 4
        for activity in glance.activities.prefix(8) {
            let elapsed = DurationText.clock(.milliseconds(now - activity.since))
            lines.append(LiveBlock.line(activity.name, "   \(activity.text)", elapsed, columns))
            guard screen.hasDetails, let command = activity.command else { continue }
            let tail = tails.withLock { $0[activity.task] ?? [] }
            let details = LiveBlock.details(command, tail, columns)
            if lines.count + details.count + 8 <= max(room, 12) { lines += details }
        }
        if glance.activities.count > 8 { lines.append(" and \(glance.activities.count - 8) more") }
        // Estimates are in the site's own time.
        let remaining = glance.remaining / Int64(narrator.plan.inventory.labSpeed)
        var facts = ["\(glance.through) of \(glance.total)", "elapsed \(DurationText.clock(.milliseconds(now)))"]
        if let target = glance.rollingBack {
            facts.insert(RollingBack.words(target), at: 0)
        } else {
            facts.append("about \(DurationText.clock(.milliseconds(remaining))) left")
        }
        if let due = style.due {
            let left = due - .milliseconds(now)
            facts.append(left > .zero ? "RTO \(DurationText.clock(left)) left" : "RTO missed")
        }
        lines.append(LiveBlock.progress(glance.through, glance.total, facts, columns))
        if style.hasKeys { lines.append(LiveBlock.keys(isPaused: glance.isPaused, screen.hasDetails, columns)) }
        Terminal.out(lines.map { "\($0)\n" }.joined())
        screen.blockLines = lines.count
    }

    private func glance(_ engine: borrowing Engine, _ moment: Moment) -> Glance {
        let plan = narrator.plan
        var glance = Glance()
        glance.total = plan.tasks.count
        glance.isPaused = engine.state.isPaused
        if let rollback = engine.state.rollbackUnderWay {
            glance.rollingBack = rollback.target
            let members = rollback.tasks.compactMap { plan.index[$0] }
            glance.total = members.count
            glance.through = members.count { [.undone, .left].contains(engine.state.tasks[$0].undo?.state) }
        }
        for task in plan.tasks.indices where glance.rollingBack == nil {
            if engine.state.isThrough(task) {
                glance.through += 1
            } else {
                glance.remaining = max(glance.remaining, plan.remaining[task])
            }
        }
        glance.rollingBack = engine.state.goal
        let activities = engine.activities
        since.withLock { since in
            let active = Set(activities.map(\.task))
            since = since.filter { active.contains($0.key) }
            for (task, activity) in activities {
                let start = since[task] ?? moment.uptime
                since[task] = start
                let id = plan.tasks[task].id
                glance.activities.append(
                    Glance.Line(
                        task: id, name: narrator.name(id), since: start, text: Self.words(activity),
                        command: engine.state.tasks[task].open?.command))
            }
            tails.withLock { tails in tails = tails.filter { id, _ in plan.index[id].map(active.contains) ?? false } }
        }
        return glance
    }

    private static func words(_ activity: Activity) -> String {
        switch activity {
        case .connecting: "connecting"
        case .running: "running"
        case .rebooting: "restarting"
        case .checking(let attempt, let count), .pausing(let attempt, let count):
            count > 1 ? "waiting, check \(attempt) of \(count)" : "checking"
        case .settling: "finding out what became of it"
        case .asking: "waits for you"
        }
    }
}
