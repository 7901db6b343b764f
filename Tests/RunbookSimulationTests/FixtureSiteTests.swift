import RunbookModel
import RunbookSimulation
import Testing

@Suite("The answering machine")
struct FixtureSiteTests {
    @Test(
        "a glob is a whole match, `*` any text and `?` one scalar",
        arguments: [
            ("*", "", true), ("", "", true), ("", "a", false), ("zpool", "zpool", true), ("zpool", "zpool list", false),
            ("zpool*", "zpool list", true), ("*list", "zpool list", true), ("z*l*t", "zpool list", true),
            ("z*x*t", "zpool list", false), ("hv?", "hv1", true), ("hv?", "hv", false), ("hv?", "hv12", false),
            ("?", "ü", true), ("a*b", "a\nb", true), ("**a**", "xxa", true),
            ("a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaa", false),
            ("[a]", "a", false),
        ])
    func glob(pattern: String, text: String, fits: Bool) { #expect(Glob.matches(pattern, text) == fits) }

    @Test("the first answer that fits wins, and `when` looks at the state")
    func firstWins() {
        var site = FixtureSite(siteFixture())
        #expect(site.answer(host: "san1", query: .run("zpool list -H")).exit == 1)
        let changes = site.apply(site.answer(host: "san1", query: .run("zpool import tank")).set, by: "san1", at: 0)
        #expect(changes.isEmpty)
        #expect(site.answer(host: "san1", query: .run("zpool list -H")).stdout == "ONLINE\n")
    }

    @Test("`when` with no value wants the key unset, and `set` with no value unsets")
    func unset() {
        var fixture = Fixture(path: "f", name: "f", clock: 0, seed: 0)
        var host = FixtureHost(pattern: "*", at: place)
        host.state = [StateValue(key: "a", value: "1")]
        host.answers = [
            answer(.run("x"), when: [StateValue(key: "a", value: nil)], stdout: "unset"),
            answer(.run("x"), stdout: "set"),
        ]
        fixture.hosts = [host]
        var site = FixtureSite(fixture)
        #expect(site.answer(host: "h", query: .run("x")).stdout == "set")
        _ = site.apply([StateValue(key: "a", value: nil)], by: "h", at: 0)
        #expect(site.answer(host: "h", query: .run("x")).stdout == "unset")
        #expect(site.answer(host: "other", query: .run("x")).stdout == "set", "state is per host")
    }

    @Test("an unknown command fails loudly, and is remembered once")
    func unknown() {
        var site = FixtureSite(siteFixture())
        for _ in 0..<2 {
            let said = site.answer(host: "san1", query: .run("reboot now\n"))
            #expect(said.exit == 127)
            #expect(said.stderr == "blackstart fixture: no answer for `reboot now` on san1\n")
        }
        #expect(site.coverage.uncovered == [UncoveredQuestion(host: "san1", text: "reboot now")])
    }

    @Test("only the first part whose pattern fits the host answers for it")
    func firstPart() {
        var fixture = siteFixture()
        var everyone = FixtureHost(pattern: "*", at: place)
        everyone.answers = [answer(.run("*"), stdout: "anyone\n")]
        fixture.hosts.append(everyone)
        var site = FixtureSite(fixture)
        #expect(site.answer(host: "db01", query: .run("poweroff")).stdout == "anyone\n")
        #expect(site.answer(host: "san1", query: .run("poweroff")).exit == 127)
    }

    @Test("a line end after the command or the pattern means nothing")
    func lineEnd() {
        var site = FixtureSite(siteFixture())
        #expect(site.answer(host: "hv1", query: .run("uptime\n")).stdout == "up\n")
        #expect(site.answer(host: "hv1", query: .run("uptime \n")).exit == 127)
    }

    @Test("coverage counts what was used and places what was not")
    func coverage() {
        var site = FixtureSite(siteFixture())
        _ = site.answer(host: "local", query: .run("date"))
        _ = site.answer(host: "local", query: .run("date"))
        #expect(site.coverage.used == 1)
        #expect(site.coverage.total == 10)
        #expect(site.coverage.unused.count == 9)
    }

    @Test("a host that is switched on boots for its time, and has a new boot id")
    func power() {
        var site = FixtureSite(siteFixture())
        let before = site.bootID(of: "hv1")
        #expect(site.presence(of: "hv1", at: 0) == .off)
        #expect(
            site.apply([StateValue(host: "hv1", key: "power", value: "on")], by: "box", at: 1_000)
                == [.boots("hv1", readyAt: 61_000)])
        #expect(site.presence(of: "hv1", at: 60_999) == .booting(until: 61_000))
        #expect(site.presence(of: "hv1", at: 61_000) == .up)
        #expect(site.bootID(of: "hv1") != before)
        #expect(site.apply([StateValue(host: "hv1", key: "power", value: "on")], by: "box", at: 70_000).isEmpty)
        #expect(site.apply([StateValue(key: "power", value: "off")], by: "hv1", at: 70_000) == [.wentOff("hv1")])
        #expect(
            site.apply([StateValue(key: "power", value: "cycle")], by: "san1", at: 0)
                == [.wentOff("san1"), .boots("san1", readyAt: 90_000)])
        #expect(site.presence(of: "san1", at: 0) == .booting(until: 90_000))
    }

    @Test("boot ids come from seed, host and number of boots, and look like those of Linux")
    func bootIDs() throws {
        let site = FixtureSite(siteFixture())
        #expect(site.bootID(of: "san1") == FixtureSite(siteFixture()).bootID(of: "san1"))
        #expect(site.bootID(of: "san1") != site.bootID(of: "box"))
        #expect(site.bootID(of: "san1") != FixtureSite(siteFixture(seed: 8)).bootID(of: "san1"))
        #expect(site.bootID(of: "san1") != FixtureSite(siteFixture(), salt: 1).bootID(of: "san1"))
        let form = try Regex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
        #expect(site.bootID(of: "san1").wholeMatch(of: form) != nil)
    }

    @Test("a fault hits from its step on, as often as it says")
    func faults() {
        var site = FixtureSite(
            siteFixture(faults: [fault(.unreachable, "hv*", from: "power", times: 2), fault(.crash, nil, from: "core")])
        )
        #expect(site.strike([.unreachable], on: "hv1") == nil)
        site.begin("power")
        #expect(site.strike([.refuse], on: "hv1") == nil)
        #expect(site.strike([.unreachable], on: "san1") == nil)
        #expect(site.strike([.unreachable, .refuse], on: "hv1") == .unreachable)
        #expect(site.strike([.unreachable], on: "hv2") == .unreachable)
        #expect(site.strike([.unreachable], on: "hv1") == nil)
        #expect(site.crashAfterStep == "core")
        site.crashStruck()
        #expect(site.crashAfterStep == nil)
    }
}
