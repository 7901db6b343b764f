/// Every limit a person can hit, with its unit. Each has an error of its own; none is silent.
package enum Limits {
    package static let runbookBytes = 1 << 20
    package static let inventoryBytes = 8 << 20
    package static let fixtureBytes = 8 << 20
    package static let stepsPerRunbook = 10_000
    package static let tasksPerRun = 100_000
    package static let hostsPerInventory = 100_000
    package static let domainsPerInventory = 10_000
    /// The domains that a machine, or a domain, fails with, through others too.
    package static let domainsAround = 64
    package static let redundancyGroups = 10_000
    package static let yamlDepth = 32
    /// How deep runbooks include each other.
    package static let includeDepth = 8
    /// Runbooks that one may include, directly or through others.
    package static let includedRunbooks = 200
    /// Needs of all steps together, once each step that includes a runbook is replaced by what it includes.
    package static let includedNeeds = 500_000
    /// Variables of a runbook and of all that it includes.
    package static let includedVariables = 10_000
    package static let yamlNodes = 1_000_000
    /// Output kept of one attempt: the head and the tail; the rest is counted and hashed.
    package static let outputKeptBytes = 16 << 20
    package static let lineBytes = 64 << 10
    package static let environmentValueBytes = 32 << 10
    package static let commandBytes = 128 << 10
    /// The values of one command together: an operating system gives a program no more than some megabytes.
    package static let commandValuesBytes = 256 << 10
    /// A script or a file to copy, and all of them together.
    package static let scriptBytes = 1 << 20
    package static let copyBytes = 8 << 20
    package static let attachmentsBytes = 64 << 20
    /// What the journal keeps of a command's text and of its last words; the whole lies beside it.
    package static let recordedCommandBytes = 8 << 10
    package static let recordedTailBytes = 2 << 10
    package static let tasksPerHost = 4
    package static let tasksAtOnce = 50
    package static let retries = 1_000
    /// How many times longer a delay may be than the one before, and how long it gets in the end.
    package static let backoff = 100.0
    package static let delay = Duration.seconds(3_600)
    /// A value of `ask` or `outputs`.
    package static let valueBytes = 4 << 10
    /// What an action printed last, as far as `outputs` without a command look at it.
    package static let outputSearchedBytes = 64 << 10
    package static let secretBytes = 16 << 10
    package static let conditionBytes = 1_000
    /// What a check may print before the rest is dropped (and the check says so).
    package static let checkOutputBytes = 1 << 20
    /// `on_failure: retry` begins again this often before a person is asked.
    package static let failureRetryRounds = 3
}
