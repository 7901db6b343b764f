import Glibc

/// The person at this machine, by its own files alone: a name service may be one of the things that are down.
package struct LocalUser: Hashable, Sendable {
    package var name: String
    package var home: String

    package init(name: String, home: String) {
        self.name = name
        self.home = home
    }

    /// Whoever runs this program, from `/etc/passwd`, else from the environment; nil where neither knows.
    package static var current: LocalUser? {
        let passwords = try? SystemCalls.contents(of: "/etc/passwd", limitBytes: 16 << 20)
        if let found = find(Int(geteuid()), in: passwords ?? []) { return found }
        let name = variable("LOGNAME") ?? variable("USER")
        return name.map { LocalUser(name: $0, home: variable("HOME") ?? "/") }
    }

    /// The entry of a user in the text of a `passwd` file: `name:password:uid:gid:comment:home:shell`.
    package static func find(_ user: Int, in text: [UInt8]) -> LocalUser? {
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self)
            }
            guard fields.count == 7, Int(fields[2]) == user, !fields[0].isEmpty else { continue }
            return LocalUser(name: fields[0], home: fields[5].isEmpty ? "/" : fields[5])
        }
        return nil
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
