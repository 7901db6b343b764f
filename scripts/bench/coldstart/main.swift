import Glibc
import RunbookModel
import RunbookPreparedness

// The cold-start proof of a large site, as a program of its own. For `scripts/bench/cold-start`.
//
//     coldstart SYSTEMS SEED FACTS
//
// Makes a site of so many machines and services by chance, and writes it to FACTS as a logic program for a peer. Prints
// one line: systems, edges, those that come up, knots, size of the remedy, milliseconds of the proof, its largest memory
// in KiB.

/// xorshift64*.
struct Dice {
    var state: UInt64
    mutating func roll(_ sides: Int) -> Int {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return Int((state &* 2_685_821_657_736_338_717) >> 33) % max(1, sides)
    }
}

let arguments = CommandLine.arguments
guard arguments.count == 4, let systems = Int(arguments[1]), let seed = UInt64(arguments[2]), systems >= 100, seed > 0
else {
    print("coldstart SYSTEMS SEED FACTS")
    exit(64)
}
var dice = Dice(state: seed)
let place = SourcePlace(path: "site.yaml", line: 1, column: 1)
let serviceCount = systems / 10
let hostCount = systems - serviceCount
var inventory = Inventory(path: "site.yaml", name: "Site")
func service(_ number: Int) -> Named { Named("s\(number)", at: place) }
// What is needed mostly comes before; now and then it comes after, which is how knots are tied.
@MainActor func before(_ number: Int) -> Int { dice.roll(2_000) == 0 ? dice.roll(serviceCount) : dice.roll(number) }
for number in 0..<serviceCount {
    inventory.services.append(
        Service(
            name: "s\(number)", isExternal: number < 5,
            requires: number < 5 ? [] : [service(before(number))], at: place))
}
for number in 0..<hostCount {
    var host = Host(name: "h\(number)", address: "10.0.0.1", at: place)
    let isVirtual = number >= hostCount / 10
    host.kind = isVirtual ? .vm : .physical
    // Early machines provide early services.
    let rank = max(1, number * serviceCount / hostCount)
    host.facts.requires = (0..<(number % 3 == 0 ? 3 : 2)).map { _ in service(before(rank)) }
    if isVirtual { host.facts.placedOn = [Named("h\(dice.roll(hostCount / 10))", at: place)] }
    if number % 9 == 0 { host.facts.provides = [service(min(serviceCount - 1, rank))] }
    inventory.hosts.append(host)
}

func milliseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) * 1_000 + Double(time.tv_nsec) / 1e6
}

let begin = milliseconds()
let model = SiteModel(inventory)
let part = BlockedPart(model.graph)
let causes = part.causes
let remedies = part.remedies(part.start.blocked.filter { !model.isHost($0) })
let end = milliseconds()
var used = rusage()
getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &used)

var edges = 0
if let file = fopen(arguments[3], "w") {
    for (number, node) in model.graph.nodes.enumerated() {
        edges += node.needs.count + (node.providers?.count ?? 0)
        var body = node.needs.map { "up(\($0))" }
        if let providers = node.providers {
            body.append("any(\(number))")
            for provider in providers { fputs("any(\(number)) :- up(\(provider)).\n", file) }
        }
        fputs("up(\(number))\(body.isEmpty ? "" : " :- \(body.joined(separator: ", "))").\n", file)
    }
    fputs("#show up/1.\n", file)
    fclose(file)
}
print(
    model.graph.nodes.count, edges, part.start.order.count, causes.count, remedies.sets.first?.count ?? 0,
    Int((end - begin).rounded()), used.ru_maxrss)
