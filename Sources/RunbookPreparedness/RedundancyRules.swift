internal import RunbookModel

/// What is left of groups of machines when one machine, or one domain, is lost.
struct RedundancyRules {
    let model: SiteModel
    let domains: FailureDomains

    var findings: [Finding] { model.inventory.redundancy.flatMap { $0.votes == nil ? spares($0) : quorum($0) } }

    /// One loss that a group should survive.
    private struct Loss {
        var name: String
        /// Members of the group that are down, by their places in the group.
        var down: [Int]
    }

    /// A machine below the group is a loss of its own, unless there are more of them than anybody would set up: then those
    /// that run on no other.
    private static let mostMachines = 2_000

    /// Every loss that takes more than one member, or a machine that others run on; the smallest name for equal losses first.
    private func losses(_ group: RedundancyGroup, _ members: [Int]) -> [Loss] {
        let order = domains.below(members)
        let hosts = model.inventory.hosts
        let machines = order.count > Self.mostMachines ? order.filter { hosts[$0].facts.placedOn.isEmpty } : order
        var losses: [Loss] = []
        func add(_ name: String, _ lost: Set<Int>) {
            let down = domains.down(lost, among: order)
            losses.append(Loss(name: name, down: members.indices.filter { down.contains(members[$0]) }))
        }
        for machine in machines.sorted() { add(hosts[machine].name, [machine]) }
        let around = Set(order.flatMap { domains.domains[$0] }).sorted()
        for number in around where group.across.contains(model.inventory.domains[number].kind) {
            add(model.inventory.domains[number].name, Set(domains.hosts[number]))
        }
        return losses
    }

    private func members(_ group: RedundancyGroup) -> [Int] { group.members.compactMap { model.hostNumbers[$0.name] } }

    // MARK: AFFINITY

    private func spares(_ group: RedundancyGroup) -> [Finding] {
        let members = members(group)
        var said: Set<[Int]> = []
        return losses(group, members).compactMap { loss in
            let left = members.count - loss.down.count
            guard left < group.atLeast, said.insert(loss.down).inserted else { return nil }
            return Finding(
                .affinity, group.name,
                "without `\(loss.name)` \(left) of the \(members.count) machines of `\(group.name)` "
                    + "\(left == 1 ? "is" : "are") left, and \(group.atLeast) of them \(group.atLeast == 1 ? "has" : "have") to be up",
                path: ["with `\(loss.name)` \(fail(loss, members))"],
                fix: loss.down.count == 1
                    ? "add a machine to the group, so that it can spare one"
                    : "move one of them to where it does not fail with `\(loss.name)`",
                at: group.place)
        }
    }

    private func fail(_ loss: Loss, _ members: [Int]) -> String {
        "\(ColdStartRules.names(loss.down.map { model.name(members[$0]) })) \(loss.down.count == 1 ? "fails" : "fail")"
    }

    // MARK: QUORUM-DOMAIN

    private func quorum(_ group: RedundancyGroup) -> [Finding] {
        let members = members(group)
        let votes = members.map { group.votes?[model.name($0)] ?? 1 }
        let total = votes.reduce(0, +)
        var findings: [Finding] = []
        func find(_ message: String, path: [String] = [], fix: String) {
            findings.append(
                Finding(.quorumDomain, group.name, message, path: path, fix: fix, at: group.place))
        }
        var said: Set<[Int]> = []
        for loss in losses(group, members) {
            let left = total - loss.down.map { votes[$0] }.reduce(0, +)
            guard left * 2 <= total, !loss.down.isEmpty, said.insert(loss.down).inserted else { continue }
            find(
                "without `\(loss.name)` `\(group.name)` has \(left) of \(total) votes, and decides nothing",
                path: ["with `\(loss.name)` \(fail(loss, members))"],
                fix: "spread the votes so that more than half are left, with a witness elsewhere")
        }
        if total % 2 == 0 {
            find(
                "`\(group.name)` has an even number of votes, \(total): two halves can't decide",
                fix: "give it one vote more or less, as a witness in a third place")
        }
        let set = Set(members)
        for (place, member) in members.enumerated() where votes[place] > 0 {
            let under = domains.below([member]).filter { $0 != member }
            guard !under.isEmpty, domains.down(set.subtracting([member]), among: under + [member]).contains(member)
            else { continue }
            find(
                "`\(model.name(member))` votes in `\(group.name)`, and runs only on others that do",
                fix: "let it run on a machine that has no vote there")
        }
        return findings
    }
}
