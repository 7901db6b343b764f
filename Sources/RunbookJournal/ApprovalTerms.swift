package import RunbookModel

/// What an approval step asks for: so many people out of a list. It stands in the opening of a journal, in a form that
/// a shell can read: `STEP COUNT NAME,NAME NAME`, a word for each person.
package struct ApprovalTerms: Hashable, Sendable {
    package var step: String
    package var count: Int
    /// A number that every shell can count to.
    private static let mostPeople = 999_999_999
    /// Who may approve; each is one vote, by every name that their key may be listed under.
    package var people: [[String]]
    /// In a rehearsal a fixture may let a role speak, without a name.
    package var roles: [String] = []
    /// Nobody says who may approve, so that each name stands for itself.
    private var isUnstated = false

    /// Of a journal that does not say, as versions up to 0.9 wrote them: one person, whoever it is.
    static func unstated(_ step: String) -> Self {
        var terms = Self(step: step, count: 1, people: [])
        terms.isUnstated = true
        return terms
    }

    private init(step: String, count: Int, people: [[String]]) {
        self.step = step
        self.count = count
        self.people = people
    }

    /// Contacts that share a name are one person: what two entries call the same is not two votes, and it may approve only
    /// where each of the entries may. `check` refuses such an inventory.
    package init(step: String, _ approval: Approval, contacts: [Contact]) {
        let roles = approval.roles.map(\.name)
        var found: [(names: [String], mayApprove: Bool)] = []
        for contact in contacts {
            var names = [contact.id]
            if let signer = contact.signer, signer != contact.id { names.append(signer) }
            var mayApprove = contact.roles.contains { roles.contains($0) }
            for index in found.indices.reversed() where found[index].names.contains(where: names.contains) {
                let other = found.remove(at: index)
                names = other.names + names.filter { !other.names.contains($0) }
                mayApprove = mayApprove && other.mayApprove
            }
            found.append((names, mayApprove))
        }
        self.step = step
        self.roles = roles
        count = min(max(1, approval.count), Self.mostPeople)
        people = found.filter(\.mayApprove).map { $0.names.filter(Principal.isValid) }.filter { !$0.isEmpty }
    }

    /// Which of ``people`` signs with this name.
    package func person(_ name: String) -> Int? { people.firstIndex { $0.contains(name) } }

    /// Whether a name that is nobody's among ``people`` is a vote of its own.
    fileprivate func takes(_ name: String, _ proof: ApprovalProof) -> Bool {
        switch proof {
        case .signature: isUnstated
        case .rehearsal: isUnstated || roles.contains(name)
        }
    }

    // MARK: In a journal

    package var text: String {
        (["\(step) \(count)"] + people.map { $0.joined(separator: ",") }).joined(separator: " ")
    }

    /// nil where `text` is not of this form.
    package init?(_ text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count >= 2, Principal.isValid(words[0]), let count = Int(words[1]),
            (1...Self.mostPeople).contains(count)
        else { return nil }
        let people = words[2...].map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        guard people.allSatisfy({ $0.allSatisfy(Principal.isValid) }) else { return nil }
        self.init(step: words[0], count: count, people: people)
        guard self.text == text else { return nil }
    }
}

/// What an approval has to carry to count.
package enum ApprovalProof: Hashable, Sendable {
    /// The signature of a listed person: in every run that has hosts.
    case signature
    /// Nothing: nobody signs what a fixture plays, and no run takes up a rehearsal.
    case rehearsal
}

/// The votes for one approval step: **the one place that decides who counts**. The engine folds records into it, and
/// the verifier folds lines into it whose signatures it has checked; `verify-journal.sh` follows the same rules.
///
/// - A vote is a signature by one of the people of the terms. One person is one vote, by whatever name; one key is one
///   vote, whosever name it is listed under.
/// - A refusal by one of them takes back all votes.
/// - Whatever settles the step, and a rollback, takes back all votes.
package struct ApprovalTally: Hashable, Sendable {
    package enum Weight: Hashable, Sendable {
        case counted
        /// Not one of the people who may approve.
        case notListed
        /// No signature, and this is no rehearsal.
        case unsigned
        /// The same person has approved before.
        case samePerson
        /// Another person has approved with this key.
        case sameKey
    }

    private enum Voter: Hashable, Sendable {
        case person(Int)
        /// A name that stands for itself: a role in a rehearsal, anybody where the terms are not stated.
        case name(String)
    }

    /// The names of those who count, in the order in which they approved.
    package private(set) var approvers: [String] = []
    private var voters: Set<Voter> = []
    private var keys: Set<String> = []

    package init() {}

    /// What an answer would count for.
    ///
    /// - Parameter key: `TYPE BASE64`, of a signature that was found to be valid and to be that of an allowed signer.
    package func weight(
        isApproved: Bool, by name: String, key: String?, _ terms: ApprovalTerms, _ proof: ApprovalProof
    ) -> Weight {
        guard let voter = voter(name, terms, proof) else { return .notListed }
        if key == nil, proof == .signature { return .unsigned }
        guard isApproved else { return .counted }
        if voters.contains(voter) { return .samePerson }
        if let key, keys.contains(key) { return .sameKey }
        return .counted
    }

    package mutating func take(
        isApproved: Bool, by name: String, key: String?, _ terms: ApprovalTerms, _ proof: ApprovalProof
    ) -> Weight {
        let weight = weight(isApproved: isApproved, by: name, key: key, terms, proof)
        guard weight == .counted, let voter = voter(name, terms, proof) else { return weight }
        guard isApproved else {
            self = ApprovalTally()
            return weight
        }
        approvers.append(name)
        voters.insert(voter)
        if let key { keys.insert(key) }
        return weight
    }

    /// Whether the step may be settled so. Only votes pass it: nobody can skip it, say that it is done, or let its failure
    /// be. An approval that its `when` leaves out has no terms, and the opening says so.
    package func carries(_ state: StepState, tolerated: Bool, _ terms: ApprovalTerms) -> Bool {
        switch state {
        case .ok, .already: approvers.count >= terms.count
        case .skipped: false
        case .failed: !tolerated
        case .pending, .yourTurn, .running, .undone, .unclear: true
        }
    }

    private func voter(_ name: String, _ terms: ApprovalTerms, _ proof: ApprovalProof) -> Voter? {
        if let person = terms.person(name) { return .person(person) }
        return terms.takes(name, proof) ? .name(name) : nil
    }
}
