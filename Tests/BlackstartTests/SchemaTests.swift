import Foundation
import RunbookFormat
import TestTools
import Testing

/// The JSON Schemas that ship, held against the files of this project by a validator that is not ours.
@Suite("The schemas for editors")
struct SchemaTests {
    private static let corpus = "\(Program.project)/Tests/RunbookFormatTests/Corpus"

    private func schema(_ file: LanguageReference.File) -> String {
        "\(Program.project)/runbooks/schema/\(file.rawValue).json"
    }

    @Test(
        "what ships is what the tables say; BLACKSTART_RECORD=1 writes it anew",
        arguments: LanguageReference.File.allCases)
    func ships(_ file: LanguageReference.File) throws {
        let text = JSONSchema.text(file)
        if ProcessInfo.processInfo.environment["BLACKSTART_RECORD"] == "1" {
            try text.write(toFile: schema(file), atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOfFile: schema(file), encoding: .utf8) == text)
        #expect(try Program()("schema \(file.rawValue)").stdout == text)
    }

    private func validate(_ file: LanguageReference.File, _ paths: [String]) throws -> Said {
        try Python.run(
            ["-m", "check_jsonschema", "--output-format", "json", "--schemafile", schema(file)] + paths)
    }

    @Test("every file that ships, and every good one of the tests, is accepted")
    func accepted() throws {
        let good: [(LanguageReference.File, [String])] = [
            (.runbook, ["runbooks/cold-start.yaml", "Tests/Proofs/runbook.yaml"]),
            (.inventory, ["runbooks/inventory.yaml", "Tests/Proofs/inventory.yaml"]),
            (.fixture, ["Tests/Proofs/fixture.yaml"]),
        ]
        let fixtures = try FileManager.default.contentsOfDirectory(atPath: "\(Program.project)/Fixtures").sorted()
        for (file, paths) in good {
            var paths = paths.map { "\(Program.project)/\($0)" } + ["\(Self.corpus)/every-\(file.rawValue)-key.yaml"]
            if file == .fixture { paths += fixtures.map { "\(Program.project)/Fixtures/\($0)" } }
            let said = try validate(file, paths)
            #expect(said.status == 0, "\(said.stdout)")
        }
        let program = try Program()
        _ = try program("init site")
        for file in LanguageReference.File.allCases {
            let said = try validate(file, ["\(program.scratch.path)/site/\(file.rawValue).yaml"])
            #expect(said.status == 0, "\(said.stdout)")
        }
    }

    /// What no schema can tell: names that have to be known elsewhere, what stands inside expressions, and what a YAML
    /// parser takes that ours does not.
    static let beyond: [LanguageReference.File: [String]] = [
        .runbook: [
            "anchor", "bad-expressions", "byte-order-mark", "cycle", "duplicate-checkpoint", "duplicate-id",
            "expression-in-double-quotes", "expression-in-other-odd-places", "expression-in-single-quotes",
            "expression-never-closed", "merge-key", "needs-itself", "needs-unknown", "no-hosts-selected", "no-machine",
            "right-to-left", "roles", "rollback-too-early",
            "standard-tag", "two-cycles", "unknown-delegates", "unknown-host", "unknown-values", "uses-absent",
            "uses-circle", "uses-cycle", "uses-secrets", "uses-stranger",
        ],
        .inventory: [
            "duplicate-number", "group-cycle", "group-in-itself", "group-members", "group-named-as-host",
        ],
        .fixture: ["operator-values", "unknown-names"],
    ]

    @Test("every broken file that a schema can tell is rejected", arguments: LanguageReference.File.allCases)
    func rejected(_ file: LanguageReference.File) throws {
        let folder =
            "\(Self.corpus)/\([.runbook: "Runbooks", .inventory: "Inventories", .fixture: "Fixtures"][file] ?? "")"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
            .sorted()
        let said = try validate(file, names.map { "\(folder)/\($0)" })
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(said.stdout.utf8)) as? [String: Any], "\(said)")
        var found: Set<String> = []
        for key in ["errors", "parse_errors"] {
            for fault in report[key] as? [[String: Any]] ?? [] { found.insert(fault["filename"] as? String ?? "") }
        }
        let accepted = names.filter { !found.contains("\(folder)/\($0)") }.map { String($0.dropLast(5)) }
        #expect(accepted == Self.beyond[file])
        #expect(names.count > accepted.count)
    }
}

/// The Python that `scripts/test` has put beside the build, with the peers that tests compare with.
enum Python {
    static func run(_ arguments: [String], in folder: String? = nil, environment: [String: String] = [:]) throws -> Said
    {
        let python = "\(Program.project)/.build/python/bin/python"
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw ToolFault(what: "no \(python): run scripts/test once, which makes it")
        }
        return try said(by: [python] + arguments, in: folder, environment: environment)
    }
}
