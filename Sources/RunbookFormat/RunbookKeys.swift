internal import RunbookModel

/// The keys of a runbook.
enum RunbookKeys {
    static let runbook = KeyTable(
        "runbook",
        [
            Key("version", .word(["1"]), isRequired: true, "The version of the language: 1."),
            Key("name", .words, isRequired: true, "What it is called, for people."),
            Key(
                "inventory", .words, isRequired: true,
                "The inventory's file, relative to this one."),
            Key("steps", .steps(step), isRequired: true, "What is done, in reading order."),
            Key("scenario", .text, "The emergency that it answers."),
            Key("summary", .text, "What it does, in a sentence or two."),
            Key("use_when", .text, "How to see that this is the right runbook."),
            Key("do_not_use_when", .text, "How to see that it is the wrong one."),
            Key("owner", .text, "Who keeps it up to date."),
            Key("approver", .text, "Who has approved it."),
            Key("reviewed", .date, "The day of its last review, as \"2026-09-14\"."),
            Key("rto", .duration(isPositive: true), "The recovery time objective of the whole."),
            Key("plan", .text, "The emergency plan that it belongs to.", since: "0.3"),
            Key("classification", .text, "Who may read it, and where copies lie."),
            Key(
                "assumes", .names(single: false), "[]",
                "What has to be there before it begins, as power or cooling: services that checks then take as given.",
                since: "0.3"),
            Key(
                "vars", .map(.either([.text, .null, .mapping(variable)])), "{}",
                "Values that commands and texts name as ${{ vars.NAME }}."),
            Key(
                "secrets", .map(.mapping(secret)), "{}", "Values that are never written down; for `env` only.",
                since: "0.3"),
            Key(
                "defaults", .mapping(defaults), "{}", "What holds for every step that does not say it itself.",
                since: "0.3"),
            Key("max_parallel", .integer(1...Limits.tasksPerRun), "50", "Tasks at once, at most."),
        ])

    static let variable = KeyTable(
        "variable",
        [
            Key("default", .either([.text, .null]), "The value; without one it has to be given with -e."),
            Key("type", .word(Variable.Kind.allCases.map(\.rawValue)), "text", "What kind of value it is."),
            Key("description", .text, "What it stands for."),
        ])

    static let secret = KeyTable(
        "secret",
        [
            Key(
                "from", .word(Secret.Source.names), isRequired: true,
                "Where it comes from: a prompt, a file, a variable of the environment, or what a command prints.",
                since: "0.3"),
            Key("description", .text, "Where a person finds it.", since: "0.3"),
            Key("path", .words, "The file, relative to the runbook; goes with `file`.", since: "0.3"),
            Key("name", .words, "The variable; goes with `env`.", since: "0.3"),
            Key("run", .words, "The command, run on this machine; goes with `command`.", since: "0.3"),
        ])

    static let defaults = KeyTable("step defaults", step.keys.filter { Self.defaultable.contains($0.name) })

    private static let defaultable = [
        "timeout", "retries", "delay", "backoff", "on_failure", "become", "serial", "stagger", "max_failures", "tags",
        "contact",
    ]

    static let step = KeyTable(
        "step", identity + actions + scope + before + after + people, oneOf: actions.map(\.name),
        wants: [
            ("run", "hosts"), ("script", "hosts"), ("copy", "hosts"), ("reboot", "hosts"), ("ask", "manual"),
            ("with", "uses"),
        ],
        excludes: [("undo", "irreversible")] + idle.map { ("checkpoint", $0) } + inside.map { ("uses", $0) })

    /// A checkpoint does nothing: what belongs to an action has no meaning on it.
    static let idle = [
        "hosts", "env", "verify", "skip_if", "undo", "irreversible", "retries", "delay", "timeout", "idempotent",
        "on_failure", "delegate_to", "serial", "stagger", "max_failures", "lock", "become", "backoff", "danger",
        "outputs",
    ]

    /// What the steps of an included runbook say each for itself.
    static let inside = idle + ["provides", "expect", "estimate"]

    private static let identity = [
        Key("id", .id, isRequired: true, "Its name in `needs`, answers and journals: [a-z][a-z0-9-]*."),
        Key("name", .words, isRequired: true, "What it does, for people."),
        Key(
            "needs", .names(single: false),
            "The steps it waits for; [] starts it at once. Every step but the first has to say."),
        Key("phase", .text, "The part of the recovery that it belongs to."),
        Key("tags", .names(single: true), "[]", "Words to choose steps by, with --tags and --skip-tags.", since: "0.3"),
    ]

    private static let actions = [
        Key("run", .words, "A shell command on each of its hosts."),
        Key(
            "script", .either([.words, .mapping(script)]),
            "A script that lies beside the runbook, on each of its hosts.", since: "0.3"),
        Key(
            "copy", .mapping(copy), "A file that lies beside the runbook, put onto each of its hosts.", since: "0.3"),
        Key(
            "reboot", .either([.word(["true"]), .mapping(reboot)]),
            "A restart of each of its hosts, until it answers with a new boot id.", since: "0.3"),
        Key("wait_for", .mapping(CheckReader.table), "A check that is repeated until it passes."),
        Key("manual", .words, "What a person does by hand."),
        Key("approval", .mapping(approval), "People who have to agree before it goes on.", since: "0.3"),
        Key("checkpoint", .id, "A named point to roll back to."),
        Key(
            "uses", .words,
            "Another runbook, relative to this one: its steps `db` become `ID/db`, all on this inventory.",
            since: "0.3"),
    ]

    private static let scope = [
        Key("hosts", .names(single: true), "Hosts and groups of the inventory, or `local`: this machine."),
        Key(
            "delegate_to", .words,
            "The host, or `local`, on which its commands run on behalf of each of its hosts.", since: "0.3"),
        Key(
            "serial", .either([batch, .list(batch)]), "100%",
            "How many of its hosts at a time: a count, a percentage, or a list of them, one for each batch.",
            since: "0.3"),
        Key(
            "stagger", .duration(isPositive: false), "0s", "The time between the starts of two of its hosts.",
            since: "0.3"),
        Key(
            "max_failures", .integer(0...Limits.hostsPerInventory), "0",
            "How many of its hosts may fail before the rest of them is not begun.", since: "0.3"),
        Key("lock", .names(single: true), "[]", "Tasks that share a lock never run at the same time.", since: "0.3"),
        Key(
            "become", .either([.boolean, .mapping(become)]), "false",
            "Run its commands as root, with sudo; a password comes from a secret.", since: "0.3"),
        Key("env", .map(.text), "{}", "Variables of the environment of its commands."),
    ]

    private static let batch = KeyType.either([
        .integer(1...Limits.hostsPerInventory), .shape("^([1-9][0-9]?|100)%$", "a percentage"),
    ])

    private static let before = [
        Key("when", .words, "true", "A condition over values; where it is false, the step is skipped.", since: "0.3"),
        Key(
            "skip_if", .either([.word(["verified", "never"]), .mapping(CheckReader.table)]), "verified",
            "A task whose check already passes is not run; `verified` means its `verify`."),
        Key("danger", .words, "What may go wrong: before it runs, a person has to confirm it.", since: "0.3"),
    ]

    private static let after = [
        Key("verify", .mapping(CheckReader.table), "What has to hold when it is done."),
        Key(
            "outputs", .map(.mapping(output)), "{}", "Values for later steps: ${{ steps.ID.outputs.NAME }}.",
            since: "0.3"),
        Key(
            "undo", .either([.word(["none"]), .mapping(undo)]),
            "How to take it back, or `none` where nothing has to be."),
        Key("irreversible", .words, "Why it can't be undone."),
        Key("retries", .integer(0...Limits.retries), "0", "How often a failed attempt is made again."),
        Key("delay", .duration(isPositive: false), "10s", "The time before it is made again."),
        Key(
            "backoff", .number(1...Limits.backoff), "1", "How many times longer each `delay` is than the one before.",
            since: "0.3"),
        Key("timeout", .duration(isPositive: true), "5m", "How long an attempt may take before it is stopped."),
        Key(
            "on_failure",
            .either([
                .word(["ask", "retry", "rollback", "continue", "stop"]),
                .shape("^rollback:[a-z][a-z0-9/-]*$", "rollback:CHECKPOINT"),
            ]), "ask", "What happens when no retry is left."),
        Key("idempotent", .boolean, "false", "Whether it may run again where nobody knows if it ran."),
        Key("estimate", .duration(isPositive: false), "How long it takes, as a rule."),
    ]

    private static let people = [
        Key("with", .map(.text), "{}", "Values for the variables of the runbook that it `uses`.", since: "0.3"),
        Key(
            "ask", .map(.mapping(question)), "{}", "Values that a person reads off and types, in a manual step.",
            since: "0.3"),
        Key(
            "provides", .names(single: true), "[]", "Services of the inventory that are there once it is through.",
            since: "0.3"),
        Key("why", .text, "Why it is done, and done now."),
        Key("expect", .text, "What is normal while it runs."),
        Key("if_it_fails", .text, "What to try first."),
        Key("contact", .words, "Whom to call: a name in the inventory's `contacts`.", since: "0.3"),
    ]

    static let become = KeyTable(
        "become",
        [Key("password", .words, isRequired: true, "The password of sudo, as ${{ secrets.NAME }}.", since: "0.3")])

    static let undo = KeyTable(
        "undo",
        [
            Key("run", .words, "A shell command where the action ran."),
            Key(
                "script", .either([.words, .mapping(script)]),
                "A script that lies beside the runbook, where the action ran.",
                since: "0.3"),
            Key("timeout", .duration(isPositive: true), "5m", "How long it may take before it is stopped."),
            Key("verify", .mapping(CheckReader.table), "What shows that it worked; else the step's own check failing."),
        ], oneOf: ["run", "script"])

    static let approval = KeyTable(
        "approval",
        [
            Key(
                "roles", .names(single: true), isRequired: true, "Who may approve: roles of the inventory's contacts.",
                since: "0.3"),
            Key(
                "count", .integer(1...100), "1", "How many people; who began the run counts once at most.", since: "0.3"
            ),
            Key("message", .words, "What they agree to.", since: "0.3"),
            Key("timeout", .duration(isPositive: true), "After this time the step has failed.", since: "0.3"),
        ])

    static let script = KeyTable(
        "script",
        [
            Key("file", .words, isRequired: true, "The script, relative to the runbook.", since: "0.3"),
            Key("args", .list(.text), "[]", "What it is called with, each one word.", since: "0.3"),
        ])

    static let copy = KeyTable(
        "copy",
        [
            Key("from", .words, isRequired: true, "The file, relative to the runbook.", since: "0.3"),
            Key("to", .words, isRequired: true, "Where it goes: an absolute path on the host.", since: "0.3"),
            Key(
                "mode", .either([.integer(0...777), .shape("^0?[0-7]{3}$", "octal digits")]),
                "Its permissions, as \"0640\"; else those of the former file, or 0644.", since: "0.3"),
        ])

    static let reboot = KeyTable(
        "reboot",
        [
            Key(
                "command", .words, isRequired: true,
                "What brings it about, instead of systemctl reboot, shutdown or reboot.", since: "0.3")
        ])

    static let output = KeyTable(
        "output",
        [
            Key(
                "run", .words, "A read-only command whose output is looked at; without one, what the action printed.",
                since: "0.3"),
            Key("match", .words, "A regular expression; the value is its first group, or all of it.", since: "0.3"),
        ])

    static let question = KeyTable(
        "question",
        [
            Key("prompt", .words, isRequired: true, "What the person is asked for, with the unit.", since: "0.3"),
            Key("matches", .words, "A regular expression that the answer has to fit.", since: "0.3"),
        ])
}
