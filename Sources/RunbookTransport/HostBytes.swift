internal import RunbookModel

/// Bytes that a host sends, kept up to a limit. Every reader of a host's words keeps them in one of these, because a
/// hostile host sends forever; a test holds the readers to it.
package struct HostBytes: Hashable, Sendable {
    package let limitBytes: Int
    package private(set) var bytes: [UInt8] = []
    /// Whether more came than the limit.
    package private(set) var isOver = false

    package init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// Keeps what there is room for and drops the rest.
    package mutating func take(_ more: some Collection<UInt8>) {
        let room = limitBytes - bytes.count
        if more.count > room { isOver = true }
        bytes += more.prefix(room)
    }

    /// For a reader whose host breaks the protocol by sending more.
    package var hearing: Hearing { isOver ? .tooMuch(limitBytes: limitBytes) : .more }
}

/// What a reader of a reply wants next.
package enum Hearing: Hashable, Sendable {
    case more
    /// The reply is complete.
    case whole
    /// The host sent more than any honest one does: the connection is closed.
    case tooMuch(limitBytes: Int)
}

extension TransportFailure {
    /// The sentence for a host that sends more than is kept.
    package static func flood(_ limitBytes: Int) -> String {
        "the host sent more than \(SizeText.words(Int64(limitBytes)))"
    }
}
