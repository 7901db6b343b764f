package import ArgumentParser
internal import Glibc
internal import RunbookFormat
internal import RunbookJournal
internal import RunbookModel

/// `init [FOLDER]`: a small site to begin from.
package struct InitCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a small runbook, inventory and fixture to begin from.")

    @Argument(help: "The folder; made if need be.")
    package var folder = "."

    package init() {}

    package func run() throws {
        for (name, _) in StarterSite.files where SystemCalls.exists("\(folder)/\(name)") { throw exists(name) }
        var made: [String] = []
        do {
            try SystemCalls.makeFolders("\(folder)/\(StarterSite.schemas)")
            for (name, text) in StarterSite.files {
                try FileDraft.make(Array(text.utf8), at: "\(folder)/\(name)")
                made.append(name)
            }
        } catch {
            for name in made { unlink("\(folder)/\(name)") }
            // Somebody made it in this moment.
            if error.code == EEXIST, made.count < StarterSite.files.count {
                throw exists(StarterSite.files[made.count].name)
            }
            let isWrongFolder = [EACCES, EPERM, EROFS, ENOTDIR].contains(error.code)
            throw CommandFailure(
                isWrongFolder ? .usage : .programFailed,
                "can't write to `\(TerminalText.shown(folder))`: \(error.words)",
                hint: isWrongFolder ? "name a folder that you may write to" : nil)
        }
        let at = folder == "." ? "" : "\(folder)/"
        let (shown, runbook) = (TerminalText.shown(at), ShellWord.typed("\(at)runbook.yaml"))
        Terminal.out(
            """
            Wrote \(StarterSite.sources.map { shown + $0.name }.joined(separator: ", ")), and \(shown)\(StarterSite.schemas)/ for editors.
            Try:  blackstart check \(runbook)
                  blackstart dry-run \(runbook) --fixture \(ShellWord.typed("\(at)fixture.yaml"))

            """)
    }

    private func exists(_ name: String) -> CommandFailure {
        CommandFailure(
            .usage, "`\(TerminalText.shown("\(folder)/\(name)"))` exists already; nothing was written",
            hint: "name an empty folder")
    }
}

/// Two hosts, five steps: what a first runbook looks like.
enum StarterSite {
    static let sources =
        [("runbook.yaml", runbook), ("inventory.yaml", inventory), ("fixture.yaml", fixture)]
        as [(name: String, text: String)]
    static let files =
        sources
        + LanguageReference.File.allCases.map { ("\(schemas)/\($0.rawValue).json", JSONSchema.text($0)) }

    /// The folder of the schemas by which an editor checks the files while they are written.
    static let schemas = "schema"

    private static let runbook = """
        # yaml-language-server: $schema=schema/runbook.json
        version: 1
        name: Restart of a small site
        scenario: total-outage
        use_when: Everything was off, and power is back.
        do_not_use_when: Only one service failed.
        owner: it-operations
        inventory: inventory.yaml
        vars: { pool: tank }
        steps:
        - id: power-ok
          name: Confirm power
          manual: |
            Read the display of the UPS. It must say ON LINE.
          ask: { ups_charge: { prompt: Charge of the UPS in percent, matches: '^(100|[4-9][0-9])$' } }
          why: Starting on battery loses data if power fails again.
          if_it_fails: Do not go on. Call facilities.
          contact: facilities
          estimate: 5m
        - id: pool
          name: Import the storage pool
          needs: [power-ok]
          hosts: storage
          run: zpool import ${{ vars.pool }}
          verify: { run: "zpool list -H -o health ${{ vars.pool }}", equals: ONLINE, retries: 30, delay: 10s }
          undo: { run: "zpool export ${{ vars.pool }}" }
          estimate: 1m
          why: Database and application keep their files in it.
          if_it_fails: Do not force the import. A second import can destroy the pool.
          contact: storage
        - { id: cp-storage, name: Storage is up, needs: [pool], checkpoint: storage }
        - id: database
          name: Start the database
          needs: [cp-storage]
          hosts: server
          run: systemctl start postgresql
          verify: { run: systemctl is-active postgresql, equals: active, retries: 6, delay: 5s }
          undo: { run: systemctl stop postgresql }
          estimate: 30s
          why: The application can't start without it.
          if_it_fails: Read the last lines of its log, and call operations.
        - id: application
          name: Start the application
          needs: [database]
          hosts: server
          run: systemctl start shop
          verify: { run: systemctl is-active shop, equals: active, retries: 6, delay: 5s }
          undo: { run: systemctl stop shop }
          estimate: 30s
          why: This is what people wait for.
          if_it_fails: Read the last lines of its log, and call operations.

        """

    private static let inventory = """
        # yaml-language-server: $schema=schema/inventory.json
        version: 1
        name: Small site
        defaults: { user: ops, identity_file: ~/.ssh/id_ed25519, known_hosts: ~/.ssh/known_hosts }
        contacts:
          facilities: { name: Facilities, phone: "+49 30 555 0100" }
          storage: { name: Storage vendor, phone: "+49 800 555 0133", reference: contract 4711 }
          operations: { name: Operations, phone: "+49 30 555 0101" }
        hosts:
          storage: { kind: appliance, address: 192.0.2.11, location: "room 1, rack 1, unit 10" }
          server: { kind: physical, address: 192.0.2.12, location: "room 1, rack 1, unit 20", contact: operations }

        """

    private static let fixture = """
        # yaml-language-server: $schema=schema/fixture.json
        version: 1
        name: Everything comes up
        clock: "2026-01-15T03:00:00Z"
        seed: 7
        hosts:
          storage:
            answers:
            - { run: "zpool import tank", takes: 40s, set: { pool: ONLINE } }
            - { run: "zpool export tank", takes: 5s, set: { pool: ~ } }
            - { run: "zpool list*", when: { pool: ONLINE }, stdout: "ONLINE\\n" }
            - { run: "zpool list*", exit: 1, stderr: "no such pool\\n" }
          server:
            answers:
            - { run: "systemctl start postgresql", takes: 12s, set: { postgresql: active } }
            - { run: "systemctl start shop", takes: 8s, set: { shop: active } }
            - { run: "systemctl stop postgresql", takes: 3s, set: { postgresql: ~ } }
            - { run: "systemctl stop shop", takes: 3s, set: { shop: ~ } }
            - { run: "systemctl is-active postgresql", when: { postgresql: active }, stdout: "active\\n" }
            - { run: "systemctl is-active shop", when: { shop: active }, stdout: "active\\n" }
            - { run: "systemctl is-active*", exit: 3, stdout: "inactive\\n" }
        operator:
        - { step: power-ok, answer: { ups_charge: "87" }, after: 2m }
        expect: { outcome: succeeded, order: [power-ok, pool, database, application], max_duration: 10m }

        """
}
