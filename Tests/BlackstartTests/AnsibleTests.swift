import Foundation
import TestTools
import Testing

/// Inventories after the shapes that Ansible's documentation describes, held against Ansible itself.
@Suite("Ansible's inventories")
struct AnsibleTests {
    static let folder = "\(Program.project)/Tests/BlackstartTests/Ansible"
    static let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()

    @Test("hosts, groups and variables are those that ansible-inventory tells", arguments: files)
    func same(_ file: String) throws {
        let path = "\(Self.folder)/\(file)"
        let theirs = try said(
            by: ["\(Program.project)/.build/python/bin/ansible-inventory", "-i", path, "--list"],
            environment: ["LC_ALL": "C.UTF-8", "HOME": "/nonexistent"])
        try #require(theirs.status == 0, "\(theirs.stderr)")
        let ours = try Program()(["inventory", "show", path, "--output", "json"])
        try #require(ours.status == 0, "\(ours.stderr)")
        let (mine, ansible) = (try Site(ours: ours.stdout), try Site(ansible: theirs.stdout))
        #expect(mine.variables == ansible.variables)
        #expect(mine.hosts == ansible.hosts)
        #expect(mine.groups == ansible.groups)
    }

    @Test("there are twenty of them")
    func count() { #expect(Self.files.count >= 20) }

    /// What both tell, in one form.
    private struct Site {
        var hosts: Set<String> = []
        /// Each host's variables as canonical JSON.
        var variables: [String: String] = [:]
        /// Each group's hosts and children, but for groups that have none.
        var groups: [String: [Set<String>]] = [:]

        private static func object(_ text: String) throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        }

        private static func canonical(_ value: Any) throws -> String {
            String(
                decoding: try JSONSerialization.data(
                    withJSONObject: value, options: [.sortedKeys, .fragmentsAllowed]), as: UTF8.self)
        }

        private mutating func take(_ group: String, _ value: Any?) {
            let members = value as? [String: Any] ?? [:]
            let hosts = Set(members["hosts"] as? [String] ?? [])
            let children = Set(members["children"] as? [String] ?? [])
            if !hosts.isEmpty || !children.isEmpty { groups[group] = [hosts, children] }
        }

        init(ours text: String) throws {
            let object = try Self.object(text)
            for (name, value) in object["hosts"] as? [String: [String: Any]] ?? [:] {
                hosts.insert(name)
                let variables = value["variables"] as? [String: Any] ?? [:]
                if !variables.isEmpty { self.variables[name] = try Self.canonical(variables) }
            }
            for (name, value) in object["groups"] as? [String: Any] ?? [:] { take(name, value) }
            // Theirs name no group that holds nothing.
            drop()
        }

        init(ansible text: String) throws {
            let object = try Self.object(text)
            let meta = object["_meta"] as? [String: Any] ?? [:]
            for (name, value) in meta["hostvars"] as? [String: Any] ?? [:] {
                variables[name] = try Self.canonical(value)
            }
            for (name, value) in object where name != "_meta" { take(name, value) }
            for members in groups.values { hosts.formUnion(members[0]) }
            drop()
        }

        /// Names of groups that hold nothing: one tells them, the other does not.
        private mutating func drop() {
            let known = Set(groups.keys)
            for name in groups.keys {
                groups[name]?[1].formIntersection(known)
                if groups[name] == [[], []] { groups[name] = nil }
            }
        }
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        var name: String
        var text: String
        var said: String
        var testDescription: String { name }
    }

    static let refusals = [
        Refusal(
            name: "Jinja", text: "[a]\nh1 ansible_host=\"{{ ip }}\"\n",
            said: "inv:2:1: error: `ansible_host` has a Jinja expression, which is not worked out here"),
        Refusal(
            name: "Jinja in YAML", text: "all:\n  vars:\n    x: [\"{% if a %}b\"]\n  hosts: {a: }\n",
            said: "inv:3:5: error: `x` has a Jinja expression"),
        Refusal(
            name: "a vault",
            text: "all:\n  vars:\n    x: !vault |\n      $ANSIBLE_VAULT;1.1;AES256\n      6162\n  hosts: {a: }\n",
            said: "inv:3:8: error: a value is encrypted with Ansible Vault, which is not read"),
        Refusal(
            name: "a whole vault", text: "$ANSIBLE_VAULT;1.1;AES256\n6162\n",
            said: "inv:1:1: error: the file is encrypted with Ansible Vault"),
        Refusal(
            name: "a program", text: "#!/usr/bin/env python3\nprint('{}')\n",
            said: "inv:1:1: error: this is a program: dynamic inventories are not run"),
        Refusal(
            name: "a plugin", text: "plugin: aws_ec2\nall: {}\n",
            said: "inv:1:1: error: this configures a plugin: dynamic inventories are not run"),
        Refusal(
            name: "a range that ends before it begins", text: "[a]\nh[c:a]\n",
            said: "inv:2:1: error: a range begins before it ends"),
        Refusal(name: "a range without end", text: "h[1:]\n", said: "error: a range is written [BEGIN:END]"),
        Refusal(name: "a range too far", text: "h[1:99999999]\n", said: "error: a range stands for more than"),
        Refusal(
            name: "a group that there is not", text: "[a:children]\nnone\n",
            said: "inv:2:1: error: unknown group `none`"),
        Refusal(
            name: "variables of no group", text: "[a]\nh\n[b:vars]\nx=1\n",
            said: "inv:3:1: error: `[b:vars]` is of a group that there is not"),
        Refusal(name: "a quote", text: "h a='b\n", said: "inv:1:1: error: a quoted text never ends here"),
        Refusal(name: "a port", text: "h ansible_port=high\n", said: "error: `ansible_port` of `h` is no port: `high`"),
        Refusal(
            name: "no variable", text: "h1 h2\n", said: "error: a variable of a host is written name=value, not `h2`"),
        Refusal(
            name: "a section", text: "[a b]\n", said: "inv:1:1: error: this is no section"),
        Refusal(
            name: "groups in a circle", text: "[a:children]\nb\n[b:children]\na\n[b]\nh\n",
            said: "these groups hold each other: a -> b -> a"),
    ]

    @Test("what can't be honoured is refused, with its place", arguments: refusals)
    func refused(_ row: Refusal) throws {
        let program = try Program(["inv": row.text])
        let said = try program("inventory show inv")
        #expect(said.status == 65)
        #expect(said.stderr.contains(row.said), "\(said.stderr)")
    }

    @Test("what is passed over is named")
    func named() throws {
        let program = try Program([
            "inv":
                "h ansible_host=10.0.0.1 ansible_ssh_common_args='-J jump' ansible_password=x ansible_connection=winrm\n"
        ])
        let said = try program("inventory show inv")
        #expect(said.status == 0)
        for name in ["ansible_ssh_common_args", "ansible_password", "ansible_connection"] {
            #expect(said.stderr.contains("warning: `\(name)` of `h` is not honoured"), "\(said.stderr)")
        }
    }

    @Test("an inventory with variables in folders beside it is refused, and told how to make it whole")
    func folders() throws {
        let program = try Program(["inv": "h ansible_host=10.0.0.1\n"])
        try FileManager.default.createDirectory(
            atPath: "\(program.scratch.path)/group_vars", withIntermediateDirectories: false)
        let said = try program("inventory show inv")
        #expect(said.status == 65)
        #expect(said.stderr.contains("`group_vars` lies beside inv, and is not read"), "\(said.stderr)")
    }

    @Test("a runbook runs on Ansible's inventory as it is, and on what import makes of it")
    func runs() throws {
        let program = try Program([
            "hosts.ini":
                "[web]\nw[1:2] ansible_host=127.0.0.1 ansible_become=yes\n[all:vars]\nansible_user=ops\nansible_port=2222\n",
            "book.yaml":
                "version: 1\nname: A\ninventory: hosts.ini\nsteps: [{ id: a, name: A, hosts: web, run: \"at ${{ host.user }} ${{ host.port }}\" }]\n",
            "fixture.yaml":
                "version: 1\nname: F\nhosts: { \"*\": { answers: [{ run: at ops 2222 }] } }\nexpect: { outcome: succeeded }\n",
        ])
        let first = try program("dry-run book.yaml -f fixture.yaml")
        #expect(first.status == 0, "\(first.stdout)\(first.stderr)")
        let said = try program("inventory import hosts.ini -o ours.yaml")
        #expect(said == Said(0, "Wrote ours.yaml: 2 hosts.\n"))
        let second = try program("dry-run book.yaml -i ours.yaml -f fixture.yaml")
        #expect(second.status == 0, "\(second.stdout)\(second.stderr)")
        #expect(try program("inventory import hosts.ini -o ours.yaml").status == 64)
        // Nothing is lost on the way.
        func facts(_ name: String) throws -> [String] {
            let object =
                try JSONSerialization.jsonObject(
                    with: Data(try program("inventory show \(name) --output json").stdout.utf8)) as? [String: Any]
            let hosts = object?["hosts"] as? [String: [String: Any]] ?? [:]
            return hosts.sorted { $0.key < $1.key }.map {
                "\($0.key) \($0.value.filter { $0.key != "variables" }.sorted { $0.key < $1.key })"
            }
        }
        #expect(try facts("hosts.ini") == facts("ours.yaml"))
    }
}

/// OpenSSH's configuration as an inventory, held against OpenSSH itself.
@Suite("The configuration of OpenSSH as an inventory")
struct SSHConfigTests {
    private static let config = """
        # What holds for all stands last.
        Include more.d/*
        Host san1 san2
            HostName 10.0.0.%h
            User root
        Host san1
            HostName 10.0.0.11
            Port=2222
            IdentityFile ~/.ssh/san
        Host hv* !hv2
            User = virt
            Port 2200
            ProxyJump san2
        Host hv1
            HostName 10.0.1.1
            CertificateFile ~/.ssh/san-cert.pub
            KexAlgorithms +diffie-hellman-group14-sha1
            HostKeyAlgorithms ^ssh-rsa,ssh-ed25519
            PubkeyAcceptedAlgorithms +ssh-rsa
            Ciphers aes256-ctr,aes256-cbc
            MACs -hmac-sha1
            ProxyJump none
        Host hv2
            ProxyJump san1
            HostName "10.0.1.2"
            UserKnownHostsFile ~/.ssh/other_hosts
        Match user nobody
            Port 9
        Host *
            User ops
            IdentityFile ~/.ssh/emergency

        """

    @Test(
        "files that may revoke a host key and are not read are refused, not left out",
        arguments: [
            ("UserKnownHostsFile ~/.ssh/a ~/.ssh/b", "more than one file in `UserKnownHostsFile`"),
            ("RevokedHostKeys /etc/ssh/revoked", "`revokedhostkeys` is not read"),
            ("GlobalKnownHostsFile /srv/known", "`globalknownhostsfile` is not read"),
        ])
    func revocations(_ line: String, _ words: String) throws {
        let program = try Program(["config": "Host a\n  HostName 10.0.0.1\n  \(line)\n"])
        let said = try program("inventory show config")
        #expect(said.status == 65 && said.stderr.contains(words), "\(said)")
    }

    @Test("each host's address, port, user, key and known hosts are those that ssh -G tells")
    func same() throws {
        let program = try Program()
        let home = program.scratch.path
        try FileManager.default.createDirectory(atPath: "\(home)/.ssh/more.d", withIntermediateDirectories: true)
        try program.scratch.write(".ssh/config", Array(Self.config.replacing("10.0.0.%h", with: "10.0.0.12").utf8))
        try program.scratch.write(
            ".ssh/more.d/web", Array("Host web\n  HostName fd00::7\n  Port 8022\nHost san2\n  Port 23\n".utf8))
        let shown = try program(["inventory", "show", ".ssh/config", "--output", "json"])
        try #require(shown.status == 0, "\(shown.stderr)")
        let object = try JSONSerialization.jsonObject(with: Data(shown.stdout.utf8)) as? [String: Any]
        let hosts = try #require(object?["hosts"] as? [String: [String: Any]])
        #expect(Set(hosts.keys) == ["web", "san1", "san2", "hv1", "hv2"])
        for (name, host) in hosts {
            // ssh asks the user's record for the home folder, not HOME.
            let config = try program.scratch.text(".ssh/config").replacing("~", with: home)
                .replacing("Include ", with: "Include \(home)/.ssh/")
            try program.scratch.write("config", Array(config.utf8))
            let theirs = try said(by: ["/usr/bin/ssh", "-F", "\(home)/config", "-G", name]).stdout
            func value(_ key: String) -> String? {
                theirs.split(separator: "\n").first { $0.hasPrefix("\(key) ") }.map {
                    String($0.dropFirst(key.count + 1))
                }
            }
            #expect(host["address"] as? String == value("hostname"), "\(name)")
            #expect((host["port"] as? Int).map(String.init) == value("port"), "\(name)")
            #expect(host["user"] as? String == value("user"), "\(name)")
            #expect(host["identity_file"] as? String == value("identityfile"), "\(name)")
            #expect((host["via"] as? [String])?.first == value("proxyjump"), "\(name)")
            #expect(host["certificate_file"] as? String == value("certificatefile"), "\(name)")
            // Each that is let use besides the safe ones is one that ssh would use as well.
            let kinds = [
                "kex": "kexalgorithms", "host_keys": "hostkeyalgorithms", "user_keys": "pubkeyacceptedalgorithms",
                "ciphers": "ciphers", "macs": "macs",
            ]
            let algorithms = host["algorithms"] as? [String: [String]] ?? [:]
            #expect(algorithms.keys.sorted() == (name == "hv1" ? ["ciphers", "host_keys", "kex", "user_keys"] : []))
            for (kind, names) in algorithms {
                let allowed = (value(kinds[kind] ?? "") ?? "").split(separator: ",").map(String.init)
                #expect(names.allSatisfy(allowed.contains), "\(kind): \(names) \(allowed)")
            }
            if name == "hv2" { #expect(host["known_hosts"] as? String == value("userknownhostsfile")) }
        }
    }

    @Test("what is not honoured is named, with its place")
    func named() throws {
        let program = try Program([
            "config":
                "Host a\n  HostName 10.0.0.1\n  ProxyJump jump\n  Compression yes\n  MACs hmac-md5\nMatch all\n  Port 1\n"
        ])
        let said = try program("inventory show config")
        #expect(said.status == 0)
        #expect(said.stdout.contains("a  10.0.0.1\n"), "\(said.stdout)")
        for text in [
            "config:3:3: warning: `a` is behind `jump`, which is none of the hosts here: that is left out",
            "config:4:3: warning: `compression` is not honoured",
            "config:5:3: warning: `hmac-md5` is not known here, and left out",
            "config:6:1: warning: `Match` is not honoured",
        ] { #expect(said.stderr.contains(text), "\(said.stderr)") }
    }

    @Test(
        "what may revoke the key of a host is refused wherever it stands, also under `Match`",
        arguments: ["RevokedHostKeys revoked", "GlobalKnownHostsFile /etc/other", "UserKnownHostsFile one two"])
    func revoking(_ line: String) throws {
        for head in ["Host *", "Match all"] {
            let program = try Program(["config": "Host a\n  HostName 10.0.0.1\n\(head)\n  \(line)\n"])
            let said = try program("inventory show config")
            #expect(said.status == 65 && said.stderr.contains("config:4:3: error: "), "\(head): \(said)")
        }
    }

    @Test("a file that holds nothing revokes nothing, also under `Match`")
    func nothing() throws {
        let program = try Program([
            "config": "Host a\n  HostName 10.0.0.1\nMatch host 192.168.*\n  UserKnownHostsFile /dev/null\n"
        ])
        #expect(try program("inventory show config").status == 0)
    }

    @Test("that keys of an agent are offered although the configuration wants named ones alone is said")
    func identities() throws {
        let program = try Program(["config": "Host a\n  HostName 10.0.0.1\n  IdentitiesOnly yes\n"])
        #expect(try program("inventory show config").stderr.contains("warning: `IdentitiesOnly` is not honoured"))
    }
}
