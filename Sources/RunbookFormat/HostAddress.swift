internal import Glibc

/// Addresses as an inventory has them: IPv4, IPv6, or a name (which a check warns of: names need DNS).
package enum HostAddress {
    static func isAddress(_ text: String) -> Bool {
        if text.contains(":") { return isIPv6(text) }
        let isNumeric = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
        return isNumeric ? isIPv4(text) : isName(text)
    }

    /// Whether it is a name, for which somebody has to be asked.
    package static func needsNameService(_ text: String) -> Bool {
        !text.contains(":") && !isIPv4(text) && text != "localhost"
    }

    static func hint(_ text: String) -> String {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count == 2, isAddress(String(parts[0])), Int(parts[1]) != nil {
            return "write `address: \(Excerpt.of(String(parts[0])))` and `port: \(Excerpt.of(String(parts[1])))`"
        }
        return "write it as 10.0.0.5 or fd00::5"
    }

    private static func isIPv4(_ text: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, text, &address) == 1
    }

    /// With or without a zone: `fe80::1%eth0`.
    private static func isIPv6(_ text: String) -> Bool {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        var address = in6_addr()
        guard let literal = parts.first, inet_pton(AF_INET6, String(literal), &address) == 1 else { return false }
        return parts.count == 1 || isName(String(parts[1]))
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: "."),
            text.utf8.count <= 253
        else { return false }
        return text.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
            default: false
            }
        }
    }
}
