import Foundation
import RunbookFormat
import RunbookModel
import Synchronization

// Random shell text with expressions, hostile values, real shells. For `scripts/prove values`.
//
//     values [FROM-]COUNT SEED FOLDER SHELL…
//
// Each text is read as `check` reads it. What is accepted is run twice by every shell: with the value in quotes in place of the
// expression, and as a host gets it. What `w` and `cat` print has to be the same, byte for byte, and nothing of the value may
// run. Where an expression is accepted in a place where it should not be, the two differ. Where a shell calculates with a value it
// may end at a syntax error, so what is printed says nothing there: of such texts only that nothing runs. Prints its figures: made,
// accepted, refused, withheld, arrived, not compared; ends with 1 where a value did not arrive, or ran.

let batch = 400
let faultsAtMost = 20
let arguments = CommandLine.arguments
// A proof that was broken off goes on where it was.
let stretch = arguments.count > 4 ? arguments[1].split(separator: "-").compactMap { Int($0) } : []
guard let count = stretch.last, let seed = UInt64(arguments[2]) else {
    print("values [FROM-]COUNT SEED FOLDER SHELL…")
    exit(64)
}
let folder = arguments[3]
let runs = ShellRuns(folder: folder)
let shells = arguments[4...].map { $0.split(separator: " ").map(String.init) }

var maker = TemplateMaker(Draws(seed))
var (accepted, refused, withheld, made, arrived, uncompared) = (0, 0, 0, 0, 0, 0)
var found: [String] = []
while made < count {
    var cases: [Case] = []
    while made < count, cases.count < batch {
        made += 1
        let template = maker.template()
        let values = [maker.value(), maker.value()]
        if made <= stretch[0], stretch.count > 1 { continue }
        switch Reading(template, values) {
        case .refused: refused += 1
        case .withheld: withheld += 1
        case .accepted(let one): cases.append(one)
        }
    }
    accepted += cases.count
    uncompared += cases.count { !$0.isOrderly }
    let faults = Mutex<[String]>([])
    let reached = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: shells.count) { [cases, runs, shells] index in
        let (shell, name) = (shells[index], "shell\(index)")
        do {
            var suspects: [(Case, String)] = []
            for (one, _) in try runs.broken(cases, shell, name) {
                if let what = try runs.confirmed(one, shell, name) { suspects.append((one, what)) }
            }
            for (one, what) in suspects {
                faults.withLock {
                    $0.append(
                        "\(shell.joined(separator: " ")): \(one.template.debugDescription)\n    with \(one.values.map(\.debugDescription).joined(separator: ", ")): \(what)"
                    )
                }
            }
            reached.withLock { $0 += cases.count - suspects.count }
        } catch { faults.withLock { $0.append("\(error)") } }
    }
    arrived += reached.withLock { $0 }
    found += faults.withLock { $0 }
    if found.count >= faultsAtMost { break }
    FileHandle.standardError.write(Data("\r\(made) of \(count)".utf8))
}
FileHandle.standardError.write(Data("\r".utf8))
for fault in found.prefix(faultsAtMost) { print(fault) }
if !found.isEmpty { exit(1) }
print("\(made) \(accepted) \(refused) \(withheld) \(arrived) \(uncompared)")
