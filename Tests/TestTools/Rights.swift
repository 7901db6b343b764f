import Foundation

/// What this machine lets the tests do. A test that needs more is skipped, and shown as skipped: passed it would say something.
package enum Rights {
    package static let isRoot = geteuid() == 0

    /// A small file system of one's own, in a namespace that ends with the command.
    package static let canMount = succeeds("unshare -m sh -c 'mount -t tmpfs -o size=64k tmpfs /mnt'")

    /// The machine's own sudo, without a password.
    package static let canSudo = succeeds("sudo -n true")

    private static func succeeds(_ command: String) -> Bool {
        ((try? shell(command, in: "/"))?.status ?? 1) == 0
    }
}
