import Testing

@testable import RunbookModel

@Suite("Sizes")
struct SizeTextTests {
    @Test(
        "a size is read to the byte",
        arguments: [
            ("0B", 0), ("1B", 1), ("64KiB", 65_536), ("1.5KiB", 1_536), ("0.001KiB", 1), ("1.005MiB", 1_053_818),
            ("500MiB", 524_288_000), ("1GiB", 1 << 30), ("1.5TiB", 3 << 39), ("1024PiB", 1 << 60),
            ("1023.999PiB", 1_152_920_378_706_940_133), ("007B", 7),
        ] as [(String, Int64)])
    func read(_ text: String, _ bytes: Int64) { #expect(SizeText.parse(text) == bytes) }

    @Test(
        "what is no size, or over the limit, is none",
        arguments: [
            "", "B", "KiB", "1", "1KB", "1K", "1 KiB", "-1B", "+1B", ".5KiB", "1.KiB", "1..5KiB", "1.5.5KiB",
            "1.0001KiB",
            "1024.001PiB", "1025PiB", "9223372036854775807PiB", "9223372036854775808B", "1e3KiB", "0x10B", "١B",
            "1kib", "99999999999999999999999999B",
        ])
    func refused(_ text: String) { #expect(SizeText.parse(text) == nil) }

    @Test(
        "words have one digit after the point, and no unit too small",
        arguments: [
            (0, "0 B"), (-5, "0 B"), (1_023, "1023 B"), (1_024, "1 KiB"), (1_536, "1.5 KiB"), (1_075, "1 KiB"),
            (1_076, "1.1 KiB"), (2_047, "2 KiB"), ((1 << 20) - 1, "1024 KiB"), (1_800 << 20, "1.8 GiB"),
            (3 << 39, "1.5 TiB"), (1 << 60, "1024 PiB"), (.max, "8192 PiB"),
        ] as [(Int64, String)])
    func words(_ bytes: Int64, _ wanted: String) { #expect(SizeText.words(bytes) == wanted) }
}
