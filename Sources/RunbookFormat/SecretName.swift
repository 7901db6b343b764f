/// Names of variables whose values are secrets: they are shown to nobody and copied nowhere.
package enum SecretName {
    package static let hidden = "(hidden)"

    private static let words = [
        "password", "passwd", "passphrase", "secret", "private_key", "token", "api_key", "apikey",
    ]
    private static let ends = ["_pass", "_pwd", "_passcode"]
    /// Where a secret is kept is no secret.
    private static let places = ["_file", "_path", "_dir"]

    package static func isOne(_ name: String) -> Bool {
        let name = name.lowercased()
        if places.contains(where: name.hasSuffix) { return false }
        return words.contains { name.contains($0) } || ends.contains { name.hasSuffix($0) } || name == "pass"
    }

    /// Whether nothing else can be meant: what ends so, and does not only have such a word in it.
    package static func isSurelyOne(_ name: String) -> Bool {
        let words = name.lowercased().split { $0 == "_" || $0 == "-" || $0 == "/" }
        return ["password", "passwd", "passphrase", "pwd"].contains(words.last ?? "")
            || words.suffix(2) == ["private", "key"] || words.suffix(2) == ["api", "key"]
            || words.suffix(2) == ["api", "token"] || words.suffix(2) == ["access", "token"]
    }
}
