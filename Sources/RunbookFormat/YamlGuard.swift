internal import RunbookModel

/// What the YAML parser would work on for ever is refused before it sees it: values that stand for values that stand
/// for values, in keys, which it compares whole; and keys within keys. Nothing that a person writes comes near.
struct YamlGuard {
    private static let aliasLimit = 8
    private static let keyInKeyLimit = 8
    private static let listInListLimit = 100

    let findings: Findings

    func check() throws(InvalidFiles) {
        var anchor: SourcePlace?
        var aliases = 0
        var keysInKeys = 0
        for (number, line) in findings.source.lines.enumerated() {
            var isStart = true
            var lists = 0
            var column = 0
            var previous: UInt8 = 0x20
            let bytes = line.utf8
            var index = bytes.startIndex
            while index < bytes.endIndex {
                let byte = bytes[index]
                let next = bytes.index(after: index)
                let following = next < bytes.endIndex ? bytes[next] : 0x20
                switch byte {
                case UInt8(ascii: "&") where begins(previous) && isName(following):
                    anchor = anchor ?? findings.source.place(number + 1, column + 1)
                case UInt8(ascii: "*") where begins(previous) && isName(following): aliases += 1
                case UInt8(ascii: "?") where begins(previous) && following == 0x20: keysInKeys += 1
                case UInt8(ascii: "-") where isStart && following == 0x20: lists += 1
                default: break
                }
                if let anchor, aliases > Self.aliasLimit {
                    throw findings.failure(at: anchor, YamlProblem.anchors, hint: YamlProblem.anchorsHint)
                }
                if lists > Self.listInListLimit {
                    throw findings.failure(at: findings.source.place(number + 1, column + 1), YamlProblem.tooDeep)
                }
                if keysInKeys > Self.keyInKeyLimit {
                    throw findings.failure(
                        at: findings.source.place(number + 1, column + 1), "a key can't begin with `? `",
                        hint: "write `key: value`")
                }
                if byte != 0x20, byte != UInt8(ascii: "-") { isStart = false }
                if byte & 0xC0 != 0x80 { column += 1 }
                previous = byte
                index = next
            }
        }
    }

    /// Whether a value may begin after this byte.
    private func begins(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ","): true
        default: false
        }
    }

    private func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
