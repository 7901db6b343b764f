import RunbookCommands
import Testing

@Suite("The block that is redrawn")
struct LiveBlockTests {
    @Test(
        "a line gives up the step's name before its host or what it does",
        arguments: [
            (79, "11  Set the clocks of the machines  san1 (2 of 3)   running                0:07"),
            (60, "11  Set the clocks of the ...  san1 (2 of 3)   running  0:07"),
            (40, "11  Se...  san1 (2 of 3)   running  0:07"),
            (20, "...  san1 (2 of 0:07"),
            (0, "0:07"),
        ])
    func line(_ columns: Int, _ expected: String) {
        let line = LiveBlock.line(
            "11  Set the clocks of the machines  san1 (2 of 3)", "   running", "0:07", columns)
        #expect(line == expected)
    }

    @Test(
        "progress moves closer together, then drops its bar, then its last facts",
        arguments: [
            (80, "[##########..........] 2 of 4   elapsed 0:13   about 1:09 left   RTO 3:46 left"),
            (76, "[##########..........] 2 of 4  elapsed 0:13  about 1:09 left  RTO 3:46 left"),
            (70, "[#####.....] 2 of 4  elapsed 0:13  about 1:09 left  RTO 3:46 left"),
            (56, "2 of 4  elapsed 0:13  about 1:09 left  RTO 3:46 left"),
            (40, "2 of 4  elapsed 0:13  about 1:09 left"),
            (10, "2 of 4"),
            (3, "2 o"),
        ])
    func progress(_ columns: Int, _ expected: String) {
        let facts = ["2 of 4", "elapsed 0:13", "about 1:09 left", "RTO 3:46 left"]
        #expect(LiveBlock.progress(2, 4, facts, columns) == expected)
    }

    @Test("a run without tasks has an empty bar")
    func empty() { #expect(LiveBlock.progress(0, 0, ["0 of 0"], 40) == "[####################] 0 of 0") }
}
