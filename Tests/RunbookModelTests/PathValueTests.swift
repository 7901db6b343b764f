import RunbookModel
import Testing

@Suite("A value in a path stays where the text puts it")
struct PathValueTests {
    private func fault(_ before: String, _ values: [String], _ after: String) -> String? {
        let place = SourcePlace(path: "x", line: 1, column: 1)
        let references = values.indices.map { Template.Reference(path: ["vars", "v\($0)"], place: place) }
        let template = Template(
            [.literal(before)].filter { $0 != .literal("") } + references.map { .reference($0) } + [.literal(after)],
            at: place)
        return template.pathFault { reference in
            references.firstIndex(of: reference).map { values[$0] } ?? ""
        }
    }

    @Test(
        "what leads elsewhere is refused",
        arguments: [
            ("/opt/", ["../etc/passwd"], ""), ("/opt/", [".."], "/x"), ("/opt/", [".", "."], "/x"),
            ("/opt/.", ["."], "/x"), ("/opt/", ["a/../../etc"], ""), ("/opt/", ["/etc/passwd"], ""),
            ("/opt/", ["a\nb"], ""), ("/opt/", ["a\u{0}"], ""), ("", ["etc/passwd"], ""), ("", [""], "etc"),
        ])
    func refused(_ before: String, _ values: [String], _ after: String) {
        #expect(fault(before, values, after) != nil)
    }

    @Test(
        "what is a name, or a way further down, is taken",
        arguments: [
            ("/opt/", ["app"], "/x"), ("/opt/", ["a/b"], ""), ("", ["/etc/x"], ""), ("/opt/", ["..a"], ""),
            ("/opt/", ["a.."], "/b"), ("/opt/x", [""], ""), ("/opt/", ["it's"], ""),
        ])
    func taken(_ before: String, _ values: [String], _ after: String) {
        #expect(fault(before, values, after) == nil)
    }
}
