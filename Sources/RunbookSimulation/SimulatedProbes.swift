import RunbookModel
import RunbookTransport

/// Read-only questions: commands on a host; ports and URLs as seen from this machine.
extension WorldCore {
    mutating func ask(_ probe: ProbeRequest, _ pending: PendingRequest) {
        guard case .run(let command, _) = probe.probe else { return askFromHere(probe, pending) }
        if let refusal = site.refusal(of: probe.privilege, on: pending.host) {
            let why = "the host can't do this: sudo ran nothing (exit status 1): \(Self.firstLine(refusal))"
            return answer(pending, .failure(TransportFailure(.unsuitable, sent: true, why)))
        }
        let job = startJob(probe.label ?? command, probe.privilege, receipt: nil, hangs: false, pending)
        addFollower(
            to: job, .probe, limit: probe.timeout, late: .probe(ProbeAnswer(.timedOut)), cut: false, pending)
        putEnd(of: job)
    }

    /// A port or URL: the host it belongs to answers if it is up. Where the fixture does not say, a host's SSH port is
    /// open, and every other port is a question without an answer.
    mutating func askFromHere(_ probe: ProbeRequest, _ pending: PendingRequest) {
        let target: String
        let query: SiteQuery
        var isSSH = false
        switch probe.probe {
        case .run: return ask(probe, pending)
        case .tcp(let address, let port):
            let owner = address.map { hostName(at: $0) } ?? pending.host
            target = owner ?? pending.host
            query = .tcp(spellings(owner: owner, address: address, port: port))
            isSSH = owner.flatMap { host($0) }.map { $0.port == port } ?? false
        case .http(let url):
            target = Self.authority(of: url).flatMap { hostName(at: $0) } ?? pending.host
            query = .http(url)
        }
        if let failure = connect(to: target) {
            let isRefusal = failure == .refused
            return answer(
                pending,
                .probe(ProbeAnswer(isRefusal ? closed(query, failure.message) : .unreached(failure.message))))
        }
        if isSSH, !site.covers(host: target, query: query) {
            return answer(pending, .probe(ProbeAnswer(.open(true, ""))))
        }
        // What this machine sees of a host may also stand with the host that the check is for.
        let teller =
            !site.covers(host: target, query: query) && site.covers(host: pending.host, query: query)
            ? pending.host : target
        let said = site.answer(host: teller, query: query)
        let takes = said.takes.wholeMilliseconds.multipliedReportingOverflow(by: pending.slowness)
        let limit = probe.timeout.wholeMilliseconds
        if takes.overflow || takes.partialValue > limit {
            return answer(pending, .probe(ProbeAnswer(.timedOut)), after: limit)
        }
        answer(pending, .probe(Self.told(said, query)), after: takes.partialValue)
    }

    private static func told(_ said: SiteAnswer, _ query: SiteQuery) -> ProbeAnswer {
        let words = firstLine(said.stderr)
        switch query {
        // A fixture that does not know a page has not refused it.
        case _ where !said.known: return ProbeAnswer(.unreached(words))
        case .http:
            return ProbeAnswer(
                .http(status: said.status, words), stdout: Array(said.stdout.utf8.prefix(Limits.checkOutputBytes)),
                isCut: said.stdout.utf8.count > Limits.checkOutputBytes)
        case .tcp, .run: return ProbeAnswer(.open(said.exit == 0, words))
        }
    }

    private func closed(_ query: SiteQuery, _ words: String) -> ProbeAnswer.Result {
        if case .http = query { .http(status: nil, words) } else { .open(false, words) }
    }

    /// The host of this name or address.
    private func hostName(at address: String) -> String? {
        hosts.first { $0.name == address || $0.address == address }?.name
    }

    private func spellings(owner: String?, address: String?, port: Int) -> [String] {
        guard let owner else { return ["\(address ?? ""):\(port)"] }
        var spellings = ["\(port)", "\(owner):\(port)"]
        if let known = host(owner)?.address { spellings.append("\(known):\(port)") }
        return spellings
    }

    /// The host in `scheme://user@host:port/path`, without brackets of an IPv6 address.
    static func authority(of url: String) -> String? {
        guard let range = url.firstRange(of: "://") else { return nil }
        let rest = url[range.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let place = rest.lastIndex(of: "@").map { rest[rest.index(after: $0)...] } ?? rest
        if place.first == "[" { return String(place.dropFirst().prefix { $0 != "]" }) }
        return String(place.prefix { $0 != ":" })
    }

    private static func firstLine(_ text: String) -> String {
        String(text.unicodeScalars.prefix { $0 != "\n" && $0 != "\r" })
    }
}
