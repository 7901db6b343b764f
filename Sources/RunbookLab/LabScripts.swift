import RunbookModel

/// The shell texts and configurations of a lab.
enum LabScripts {
    /// Tools that receipt scripts and people's shells need: never given a stub, whatever a fixture says.
    static let realTools: Set<String> = [
        "[", "awk", "basename", "cat", "cd", "chmod", "cksum", "cp", "cut", "date", "dd", "df", "dirname", "du", "echo",
        "env",
        "expr", "false", "find", "grep", "head", "hostname", "id", "kill", "ln", "ls", "mkdir", "mktemp", "mv", "nohup",
        "od",
        "pgrep", "printf", "ps", "pwd", "readlink", "rm", "rmdir", "sed", "setsid", "sh", "sha256sum", "sleep", "sort",
        "stat", "stty", "sync", "sysctl", "tail", "tee", "test", "timeout", "touch", "tr", "true", "tty", "uname",
        "uniq",
        "wc", "xargs",
    ]

    /// First words of the fixture's commands that can be the name of a stub, sorted.
    static func stubNames(_ fixture: Fixture) -> [String] {
        var names: Set<String> = []
        for answer in fixture.hosts.flatMap(\.answers) {
            guard case .run(let pattern) = answer.matcher else { continue }
            let word = String(pattern.unicodeScalars.prefix { $0 != " " && $0 != "\n" && $0 != "\t" })
            let name = word.last == "*" ? String(word.dropLast()) : word
            if isPlainName(name), !realTools.contains(name) { names.insert(name) }
        }
        return names.sorted()
    }

    /// Letters, digits and `. _ -`, not hidden: safe as the name of a file and in every configuration.
    static func isPlainName(_ name: String) -> Bool {
        guard let first = name.utf8.first, first != UInt8(ascii: "."), first != UInt8(ascii: "-"),
            name.utf8.count <= 128
        else { return false }
        return name.utf8.allSatisfy(isPlain)
    }

    static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    /// What every session on a host begins with: a home and a path of the host's own, and the shell that plays.
    ///
    /// - Parameter watched: whether a session may find that a fault begins with its step.
    static func login(host: String, folder: LabFolder, record: LabRecord, watched: Bool) -> String {
        let files = folder.host(host)
        let watch =
            watched
            ? """
            "$BLACKSTART_LAB_PROGRAM" lab-answer @session
            case $? in 0) ;; 2) printf '\\377\\376\\200\\033\\377\\n'; exit 0 ;; *) exit 255 ;; esac

            """ : ""
        return """
            \(variables(host: host, folder: folder, record: record, shell: folder.labShell))
            HOME=\(ShellWord.quote(files.home))
            PATH=\(ShellWord.quote(files.stubs)):/usr/bin:/bin
            TMPDIR=$HOME
            export HOME PATH TMPDIR
            IFS= read -r BLACKSTART_BOOT_ID <\(ShellWord.quote(files.bootID)) && export BLACKSTART_BOOT_ID
            cd "$HOME" || exit 255
            \(watch)[ -n "$SSH_ORIGINAL_COMMAND" ] || exec /bin/sh
            exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"

            """
    }

    /// Stands in for mkdir where receipts may find no room.
    static let fullDisk = """
        #!/bin/sh
        case $*/$# in
        # As receipts make a folder: `mkdir -m 700 FOLDER`.
        */.blackstart/receipts/*/*/3)
          "$BLACKSTART_LAB_PROGRAM" lab-answer @disk || {
            echo "mkdir: cannot create directory '$3': No space left on device" >&2; exit 1
          };;
        esac
        exec /usr/bin/env PATH=/usr/bin:/bin mkdir "$@"

        """

    /// Plays a command: `lab-shell FILE` for a submitted one, `lab-shell -c TEXT` for a question.
    static let labShell = """
        #!/bin/sh
        exec "$BLACKSTART_LAB_PROGRAM" lab-answer "$@"

        """

    /// The same for steps of this machine itself, which no login comes before.
    static func localShell(folder: LabFolder, record: LabRecord) -> String {
        """
        #!/bin/sh
        \(variables(host: Host.localName, folder: folder, record: record, shell: folder.localShell))
        exec "$BLACKSTART_LAB_PROGRAM" lab-answer "$@"

        """
    }

    /// Plays a command typed by hand over SSH: its own name and arguments are the command.
    static let stub = """
        #!/bin/sh
        exec "$BLACKSTART_LAB_PROGRAM" lab-answer -c "${0##*/}${*:+ $*}"

        """

    /// What a person or a runbook gets who wants to be root on a host: the words of sudo, and what the fixture says.
    static func sudo(_ sudo: Sudo) -> String {
        let (wanted, refused) = (sudo.refusal(nil) ?? "", sudo.refusal("") ?? "")
        var decision = ""
        switch sudo {
        case .free: break
        case .refused: decision = "no \(ShellWord.quote(wanted))"
        case .password(let password):
            decision = """
                [ -n "$reads" ] || no \(ShellWord.quote(wanted))
                IFS= read -r given
                [ "$given" = \(ShellWord.quote(password)) ] || no \(ShellWord.quote(refused))
                """
        }
        return """
            #!/bin/sh
            no() { printf %s "$1" >&2; exit 1; }
            reads=
            while :; do
              case $1 in
              --) shift; break;;
              -S) reads=yes; shift;;
              -p|-u|-g) shift 2;;
              -*) shift;;
              *) break;;
              esac
            done
            \(decision)
            exec "$@"

            """
    }

    private static func variables(host: String, folder: LabFolder, record: LabRecord, shell: String) -> String {
        """
        BLACKSTART_LAB=\(ShellWord.quote(folder.path))
        \(LabProcesses.hostVariable)=\(ShellWord.quote(host))
        \(LabProcesses.tokenVariable)=\(record.claim.token)
        BLACKSTART_LAB_PROGRAM=\(ShellWord.quote(record.program))
        BLACKSTART_SHELL=\(ShellWord.quote(shell))
        export BLACKSTART_LAB \(LabProcesses.hostVariable) \(LabProcesses.tokenVariable)
        export BLACKSTART_LAB_PROGRAM BLACKSTART_SHELL
        """
    }

    /// How the sshd of this machine has to be talked to.
    struct ServerTraits: Hashable, Sendable {
        /// It knows PerSourcePenalties, which would lock out a lab's own address. Versions before 9.8 refuse the word.
        var knowsPenalties = true
        /// Only PAM lets this account in: without it sshd turns away one whose password is locked, as root's often is.
        var needsPAM = false
    }

    static func serverConfig(
        _ host: LabRecord.LabHost, folder: LabFolder, user: String, traits: ServerTraits
    ) -> String {
        let files = folder.host(host.name)
        // HOME is set here already, so that the login shell finds no start file of the person's own.
        return """
            ListenAddress \(host.address)
            Port \(host.port)
            HostKey \(files.hostKey)
            AuthorizedKeysFile \(folder.clientKey).pub
            AllowUsers \(user)
            ForceCommand /bin/sh \(files.login)
            AcceptEnv BLACKSTART_STEP BLACKSTART_RUN BLACKSTART_ATTEMPT
            SetEnv HOME=\(files.home)
            PidFile none
            StrictModes no
            UsePAM \(traits.needsPAM ? "yes" : "no")
            UseDNS no
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            PermitRootLogin prohibit-password
            PermitUserRC no
            PrintMotd no
            PrintLastLog no
            X11Forwarding no
            AllowAgentForwarding no
            AllowTcpForwarding no
            MaxStartups 200:30:400
            MaxSessions 64
            LogLevel ERROR
            \(traits.knowsPenalties ? "PerSourcePenalties no\n" : "")
            """
    }
}
