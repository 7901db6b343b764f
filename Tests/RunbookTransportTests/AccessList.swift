import Foundation

/// An access control list that lets another user write, without the tools for it.
enum AccessList {
    enum Kind: String {
        case access = "system.posix_acl_access"
        /// What is made in the folder later begins with it.
        case `default` = "system.posix_acl_default"
    }

    /// Owner, group and `user` may do everything in a folder, all others may look; false where the disk keeps no such lists.
    static func give(_ user: UInt32, _ kind: Kind, _ path: String) -> Bool {
        let none = UInt32.max
        let entries: [(tag: UInt16, rights: UInt16, id: UInt32)] = [
            (0x01, 7, none), (0x02, 7, user), (0x04, 7, none), (0x10, 7, none), (0x20, 5, none),
        ]
        var list: [UInt8] = [2, 0, 0, 0]
        for entry in entries {
            for part in [entry.tag, entry.rights] { list += withUnsafeBytes(of: part.littleEndian) { Array($0) } }
            list += withUnsafeBytes(of: entry.id.littleEndian) { Array($0) }
        }
        // Glibc has it, and its module for Swift has not.
        typealias Call =
            @convention(c) (
                UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeRawPointer, Int, CInt
            ) -> CInt
        guard let call = dlsym(nil, "setxattr") else { return false }
        return unsafeBitCast(call, to: Call.self)(path, kind.rawValue, list, list.count, 0) == 0
    }
}
