internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

/// What of a host's system configuration is not as in its newest snapshot.
struct ConfigurationDrift {
    enum State {
        /// There is no snapshot.
        case none
        case altered(stamp: String)
        /// It did not answer.
        case unasked(String)
        case compared(stamp: String, changes: [(name: String, gone: [String], new: [String])])
    }

    let host: String
    let state: State

    /// Of the machines of a plan that the inventory wants snapshots of, and that were reached. Changes nothing.
    static func ask(
        _ plan: Plan, _ found: Readiness, _ store: SnapshotStore, _ transport: any Transport
    ) async -> [ConfigurationDrift] {
        let reached = Set(found.machines.filter(\.isReached).compactMap(\.host))
        let hosts = plan.inventory.hosts.filter { $0.facts.snapshot != nil && reached.contains($0.name) }
        var drifts: [ConfigurationDrift] = []
        var asked: [(host: Host, stamp: String, old: ConfigurationSnapshot)] = []
        for host in hosts {
            guard let stamp = store.stamps(of: host.name).last else {
                drifts.append(ConfigurationDrift(host: host.name, state: .none))
                continue
            }
            guard let old = store.read(stamp, of: host.name) else {
                drifts.append(ConfigurationDrift(host: host.name, state: .altered(stamp: stamp)))
                continue
            }
            asked.append((host, stamp, old))
        }
        let answers = await SnapshotAsking.ask(asked.map(\.host), transport)
        for (one, answer) in zip(asked, answers) {
            let state: State =
                switch answer {
                case .failure(let failure): .unasked(failure.message)
                case .success(let snapshot): .compared(stamp: one.stamp, changes: snapshot.drift(from: one.old))
                }
            drifts.append(ConfigurationDrift(host: one.host.name, state: state))
        }
        return drifts
    }

    var json: String {
        var pairs: [(String, JournalValue)] = [("type", .string("configuration")), ("host", .string(host))]
        func list(_ lines: [String]) -> JournalValue { .array(lines.map(JournalValue.string)) }
        switch state {
        case .none: pairs.append(("state", .string("no-record")))
        case .altered(let stamp): pairs += [("state", .string("altered")), ("snapshot", .string(stamp))]
        case .unasked(let why): pairs += [("state", .string("not-asked")), ("words", .string(why))]
        case .compared(let stamp, let changes):
            pairs += [
                ("state", .string(changes.isEmpty ? "as-before" : "drift")), ("snapshot", .string(stamp)),
                (
                    "changes",
                    .array(
                        changes.map {
                            .object(["name": .string($0.name), "gone": list($0.gone), "new": list($0.new)])
                        })
                ),
            ]
        }
        return JSONText.line(pairs)
    }
}
