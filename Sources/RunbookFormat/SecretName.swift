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
}
