import Foundation
import TestTools
import Testing

/// Files of secrets, and what is told of them before a run needs them.
@Suite("Secrets before a run")
struct SecretsBeforeRunTests {
    @Test("check tells of key files and secrets that a run would not use")
    func check() throws {
        let program = try Program([
            "inventory.yaml":
                "version: 1\nname: A\nhosts: { a: { address: 127.0.0.1, identity_file: key }, b: { address: 127.0.0.2, identity_file: key } }\n",
            "key": "k", "pin": "hunter2-hunter2",
            "runbook.yaml": """
            version: 1
            name: A
            inventory: inventory.yaml
            secrets: { pin: { from: file, path: pin } }
            steps: [{ id: a, name: A, hosts: local, env: { P: "${{ secrets.pin }}" }, run: "true" }]

            """,
        ])
        _ = try shell("chmod 644 key pin", in: program.scratch.path)
        let said = try program("check runbook.yaml")
        #expect(
            said.stderr.contains(
                "warning: the key of `a` is not used by a run: \(program.scratch.path)/key can be read by others (mode 0644)"
            )
                || said.stderr.contains(
                    "warning: the key of `a` is not used by a run: key can be read by others (mode 0644)"),
            "\(said.stderr)")
        #expect(said.stderr.contains("warning: the secret `pin` is not used by a run: "), "\(said.stderr)")
        #expect(!said.stderr.contains("the key of `b`"))
        _ = try shell("chmod 600 key pin", in: program.scratch.path)
        #expect(try !program("check runbook.yaml").stderr.contains("is not used by a run"))
    }

    @Test("what a session with secrets starts leaves no core file")
    func core() throws {
        let program = try Program([
            "inventory.yaml": "version: 1\nname: A\nhosts: { a: { address: 127.0.0.1 } }\n",
            "runbook.yaml": """
            version: 1
            name: A
            inventory: inventory.yaml
            secrets: { pin: { from: command, run: "ulimit -c >limit; echo hunter2-hunter2" } }
            steps: [{ id: a, name: A, hosts: local, env: { P: "${{ secrets.pin }}" }, run: "ulimit -c >limit2" }]

            """,
        ])
        let line = "ulimit -c unlimited && '\(Program.executable)' run runbook.yaml --no-input"
        let said = try shell(line, in: program.scratch.path, environment: program.environment)
        #expect(said.status == 0, "\(said.output)")
        #expect(try program.scratch.text("limit") == "0\n")
    }

    @Test(
        "a variable that is a secret by its name is refused", arguments: ["db_password", "passwd", "ssh-private-key"])
    func variable(_ name: String) throws {
        let program = try Program([
            "inventory.yaml": "version: 1\nname: A\nhosts: { a: { address: 127.0.0.1 } }\n",
            "runbook.yaml":
                "version: 1\nname: A\ninventory: inventory.yaml\nvars: { \(name): hunter2, password_file: a, token_ring: b }\nsteps: [{ id: a, name: A, hosts: local, run: \"true\" }]\n",
        ])
        let said = try program("check runbook.yaml")
        #expect(said.status == 65)
        #expect(said.stderr.contains("`\(name)` is a secret by its name, and variables are written down and shown"))
        #expect(!said.stderr.contains("`password_file`") && !said.stderr.contains("`token_ring`"))
    }

    @Test(
        "a private key in a compressed file or an archive keeps a pack from being made",
        arguments: [
            "base64 key >a", "printf x | cat - key | base64 -w0 >a", "printf xy | cat - key | base64 -w 20 >a",
            "gzip -c key >a", "xz -c key >a", "bzip2 -c key >a", "tar cf a key", "tar czf a key", "tar cJf a key",
            "gzip -c key | gzip -c >a", "python3 -c 'import zipfile; zipfile.ZipFile(\"a\", \"w\", 8).write(\"key\")'",
        ])
    func archive(_ command: String) throws {
        let program = try Program([
            "inventory.yaml": "version: 1\nname: A\nhosts: { a: { address: 127.0.0.1 } }\n",
            "runbook.yaml":
                "version: 1\nname: A\ninventory: inventory.yaml\nsteps: [{ id: a, name: A, hosts: local, copy: { from: a, to: /nowhere/a } }]\n",
            "key": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n",
        ])
        let made = try shell(command, in: program.scratch.path)
        #expect(made.status == 0, "\(made.output)")
        let recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
        let pack = try program("pack make runbook.yaml --no-program --one-recipient --recipient \(recipient) -o p.age")
        #expect(pack.status == 65, "\(pack.stdout)\(pack.stderr)")
        #expect(
            pack.stderr.contains("a` holds a private key, and a pack holds none")
                || pack.stderr.contains("can't be searched"))
        _ = try shell("tar czf a runbook.yaml", in: program.scratch.path)
        let good = try program("pack make runbook.yaml --no-program --one-recipient --recipient \(recipient) -o p.age")
        #expect(good.status == 0, "\(good.stdout)\(good.stderr)")
    }

    @Test(
        "a secret that changed between two sessions shows nowhere: output under the old one is not taken over"
    )
    func changed() throws {
        let program = try Program([
            "inventory.yaml": "version: 1\nname: A\nhosts: { a: { address: 127.0.0.1 } }\n", "pin": "old-secret-0815",
            "runbook.yaml": """
            version: 1
            name: A
            inventory: inventory.yaml
            secrets: { pin: { from: file, path: pin } }
            steps:
            - id: a
              name: A
              hosts: local
              env: { P: "${{ secrets.pin }}" }
              run: "echo said $P; touch begun; until test -e go; do sleep 0.1; done; echo again $P"

            """,
        ])
        let said = try shell(
            """
            chmod 600 pin
            '\(Program.executable)' run runbook.yaml -y --no-input --run-id r >first 2>&1 & pid=$!
            timeout 60 sh -c 'until test -e begun; do sleep 0.1; done'
            kill -9 $pid; wait $pid
            echo new-secret-4711 >pin; touch go
            '\(Program.executable)' resume r --no-input -v; echo "ended $?"
            grep -rl old-secret home/runs first; echo "found $?"
            """, in: program.scratch.path, environment: program.environment)
        #expect(said.output.contains("ended 0\n"), "\(said.output)")
        #expect(said.output.contains("found 1\n"), "\(said.output)")
        #expect(!said.output.contains("old-secret"), "\(said.output)")
    }

    @Test("a secret from the environment is in that of the commands that ask for it alone")
    func inherited() throws {
        let program = try Program([
            "inventory.yaml": "version: 1\nname: A\nhosts: { a: { address: 127.0.0.1 } }\n",
            "runbook.yaml": """
            version: 1
            name: A
            inventory: inventory.yaml
            secrets: { pin: { from: env, name: SITE_PIN }, other: { from: env, name: SITE_OTHER } }
            steps:
            - { id: a, name: A, hosts: local, run: "env >with-none; tr '\\\\0' '\\\\n' </proc/$PPID/environ >parent" }
            - { id: b, name: B, needs: [], hosts: local, env: { P: "${{ secrets.pin }}" }, run: "env >with-pin" }

            """,
        ])
        var environment = program.environment
        environment["SITE_PIN"] = "hunter2-hunter2"
        environment["SITE_OTHER"] = "swordfish-11"
        let said = try shell(
            "'\(Program.executable)' run runbook.yaml -y --no-input", in: program.scratch.path, environment: environment
        )
        #expect(said.status == 0, "\(said.output)")
        for file in ["with-none", "parent", "with-pin"] {
            let text = try program.scratch.text(file)
            #expect(!text.isEmpty && !text.contains("SITE_PIN") && !text.contains("swordfish"), "\(file)")
            #expect(text.contains("hunter2") == (file == "with-pin"), "\(file)")
        }
    }

    @Test("a folder of keys and runs that others can change is not used")
    func home() throws {
        let program = try Program()
        let id = "mkdir home && chmod 775 home && '\(Program.executable)' runs"
        let open = try shell(id, in: program.scratch.path, environment: program.environment)
        #expect(open.status == 64 && open.output.contains("chmod go-w "), "\(open.output)")
        let within = try shell(
            "chmod 755 home && mkdir home/keys && chmod 777 home/keys && '\(Program.executable)' runs; rmdir home/keys",
            in: program.scratch.path, environment: program.environment)
        #expect(within.output.contains("home/keys` can be changed by others"), "\(within.output)")
        guard geteuid() == 0 else { return }
        let theirs = try shell(
            "chmod 755 home && chown 12345 home && '\(Program.executable)' runs", in: program.scratch.path,
            environment: program.environment)
        #expect(
            theirs.status == 64 && theirs.output.contains("belongs to another user (uid 12345)"), "\(theirs.output)")
    }
}
