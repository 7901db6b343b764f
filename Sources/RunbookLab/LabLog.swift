import Glibc

/// A command that a lab's host played, as its logs keep it: `ran.log` has a line for each attempt that began, `probes.log`
/// for each question, `ended.log` for each attempt that came to its end. Lines are
///
///     MILLISECONDS  HOST  STEP  RECEIPT  COMMAND  [EXIT STATUS]
///
/// parted by tabs, in ``FieldLines`` form. The time is this machine's since its boot, so it compares across hosts.
package struct LabCommand: Hashable, Sendable {
    /// Milliseconds since this machine booted.
    package var time: Int64
    package var host: String
    /// Empty where the command came without a step.
    package var step: String
    /// `RUN/STEP.HOST.N` of the attempt; nil for a question, and where the host keeps no receipts.
    package var receipt: String?
    package var command: String

    package init(time: Int64, host: String, step: String, receipt: String?, command: String) {
        self.time = time
        self.host = host
        self.step = step
        self.receipt = receipt
        self.command = command
    }
}

extension LabCommand {
    func line(exit status: Int? = nil) -> String {
        FieldLines.line(["\(time)", host, step, receipt, command] + (status.map { ["\($0)"] } ?? []))
    }

    /// The commands of a log, in order; none where there is no log yet.
    static func read(_ path: String) throws(LabError) -> [LabCommand] {
        guard let text = try Files.text(path) else { return [] }
        var commands: [LabCommand] = []
        for (index, line) in text.unicodeScalars.split(separator: "\n").enumerated() {
            var reader = try FieldReader(line, path: path, number: index + 1)
            guard let time = Int64(reader.kind) else { throw reader.damage }
            commands.append(
                LabCommand(
                    time: time, host: try reader.text(), step: try reader.text(), receipt: try reader.optionalText(),
                    command: try reader.text()))
        }
        return commands
    }

    /// The receipt whose command lies in this file: `…/RUN/STEP.HOST.N/run`.
    static func receipt(ofFile path: String) -> String? {
        let parts = path.split(separator: "/").suffix(4)
        guard parts.count == 4, parts.first == "receipts", parts.last == "run" else { return nil }
        return parts.dropFirst().dropLast().joined(separator: "/")
    }
}
