internal import RunbookModel

/// The keys of a fixture.
enum FixtureKeys {
    static let fixture = KeyTable(
        "fixture",
        [
            Key("version", .word(["1"]), isRequired: true, "The version of the language: 1."),
            Key("name", .words, isRequired: true, "What happens in it."),
            Key(
                "hosts", .map(.mapping(host)), isRequired: true,
                "How hosts answer, by name or pattern; first match wins."),
            Key(
                "clock", .shape("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$", "a date and time in UTC"),
                "2026-01-15T03:00:00Z", "When it begins."),
            Key("seed", .integer(0...Int.max), "1", "Tells one play from another."),
            Key("faults", .list(.mapping(fault)), "[]", "What breaks."),
            Key("operator", .list(.mapping(operatorLine)), "[]", "What the person at the controls does."),
            Key("secrets", .map(.text), "{}", "What stands for the runbook's secrets in a dry run.", since: "0.3"),
            Key("expect", .mapping(expectation), "How it has to end."),
        ])

    static let host = KeyTable(
        "fixture host",
        [
            Key("boot", .duration(isPositive: false), "0s", "From power to an answer."),
            Key("state", .map(.either([.text, .null])), "{}", "What is so at the beginning."),
            Key(
                "sudo", .either([.word(["free", "refused"]), .mapping(sudo)]), "free",
                "What it says to commands that run as root.", since: "0.3"),
            Key("answers", .list(.mapping(answer)), "[]", "What it says to which command; first match wins."),
        ])

    static let sudo = KeyTable(
        "sudo", [Key("password", .words, isRequired: true, "The password that it wants.", since: "0.3")])

    static let answer = KeyTable(
        "answer",
        [
            Key("run", .words, "The whole command, or a pattern with * and ?."),
            Key("tcp", .words, "The endpoint, or a pattern."),
            Key("http", .words, "The URL, or a pattern."),
            Key("when", .map(.either([.text, .null])), "{}", "State that has to hold for this answer; ~ means unset."),
            Key("takes", .duration(isPositive: false), "0s", "How long it takes."),
            Key("set", .map(.either([.text, .null])), "{}", "State that holds after; HOST.KEY sets it elsewhere."),
            Key("stdout", .text, "What it prints."),
            Key("stderr", .text, "What it complains."),
            Key("exit", .integer(0...255), "0", "Its exit status."),
            Key("status", .integer(100...599), "200", "Its HTTP status."),
        ], oneOf: CheckReader.probes)

    static let fault = KeyTable(
        "fault",
        [
            Key("kind", .word(Fault.Kind.allCases.map(\.rawValue)), isRequired: true, "What breaks."),
            Key("host", .words, "Where, by name or pattern."),
            Key("from", .id, "The step with which it begins."),
            Key("after", .id, "The step after which the run is killed; goes with `crash`."),
            Key("times", .integer(1...1_000_000), "How often it strikes."),
        ], excludes: [("host", "after")])

    static let operatorLine = KeyTable(
        "operator line",
        [
            Key("step", .id, isRequired: true, "The step that asks."),
            Key("host", .words, "The host of the task that asks."),
            Key(
                "answer", .either([.word(["done", "failed"]), .map(.text)]), "done",
                "What is said to a manual step: done, failed, or the values that its `ask` wants."),
            Key(
                "choose", .names(single: true), "[]",
                "What is chosen when a step fails or wants a confirmation, in turn."),
            Key("reason", .text, "The reason for a choice."),
            Key("after", .duration(isPositive: false), "0s", "How long the person takes."),
            Key("approve", .boolean, "true", "Whether an approval is given or refused.", since: "0.3"),
            Key("as", .names(single: true), "Who approves, in turn: contacts or roles.", since: "0.3"),
        ])

    static let expectation = KeyTable(
        "expectation",
        [
            Key("outcome", .word(Outcome.allCases.map(\.rawValue)), "How the run ends."),
            Key("order", .names(single: false), "[]", "Steps that begin in this order."),
            Key("steps", .map(.word(StepState.allCases.map(\.rawValue))), "{}", "The state of steps at the end."),
            Key("max_duration", .duration(isPositive: true), "How long it may take."),
        ])
}
