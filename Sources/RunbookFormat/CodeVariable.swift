/// Variables of the environment whose values shells, loaders and other programs run, or load code from.
///
/// What an author writes there is the author's. A value from elsewhere would be code, whatever the command does.
enum CodeVariable {
    static func isOne(_ name: String) -> Bool {
        names.contains(name) || prefixes.contains(where: name.hasPrefix) || ends.contains(where: name.hasSuffix)
    }

    private static let prefixes = [
        "LD_", "DYLD_", "BASH_FUNC_", "GIT_CONFIG", "LUA_INIT", "LUA_PATH", "LUA_CPATH", "PYTHON", "PERL", "RUBY",
        "npm_config_", "NPM_CONFIG_",
    ]

    /// `GIT_PAGER`, `SUDO_EDITOR`, `SSH_ASKPASS`, `RSYNC_RSH`
    private static let ends = ["PAGER", "EDITOR", "_ASKPASS", "_RSH"]

    private static let names: Set<String> = [
        "PATH", "ENV", "BASH_ENV", "IFS", "PS0", "PS1", "PS2", "PS3", "PS4", "CDPATH", "FPATH", "ZDOTDIR", "SHELL",
        "BASH_LOADABLES_PATH", "VISUAL", "BROWSER", "LESSOPEN", "LESSCLOSE", "GIT_SSH", "GIT_EXTERNAL_DIFF",
        "GIT_EXEC_PATH", "GIT_TEMPLATE_DIR", "SVN_SSH", "MAKEFLAGS", "MFLAGS", "MAKEFILES", "NODE_PATH", "CLASSPATH",
        "PHPRC", "PHP_INI_SCAN_DIR", "R_PROFILE", "R_ENVIRON", "AWKPATH", "AWKLIBPATH", "GCONV_PATH", "OPENSSL_CONF",
        "OPENSSL_ENGINES", "OPENSSL_MODULES", "GIO_EXTRA_MODULES", "GTK_MODULES", "QT_PLUGIN_PATH", "ANSIBLE_CONFIG",
        "GLIBC_TUNABLES", "TAR_OPTIONS", "GREP_OPTIONS", "SHELLOPTS", "BASHOPTS", "PROMPT_COMMAND", "GIT_SSH_COMMAND",
        "GIT_PROXY_COMMAND", "NODE_OPTIONS", "JAVA_OPTS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS",
    ]

    // MARK: Names of one's own

    /// Whether no program obeys a variable of this name: it has a small letter in it, which POSIX keeps for applications, and
    /// is none of the few that programs read all the same. No list of capitals is ever whole.
    static func isOwn(_ name: String) -> Bool {
        name.contains { $0.isLowercase } && !isOne(name) && !small.contains(name)
            && !name.lowercased().hasSuffix("_proxy")
    }

    private static let small: Set<String> = [
        "path", "fpath", "cdpath", "module_path", "prompt", "precmd", "preexec", "chpwd", "home", "term", "user",
        "shell",
        "cwd", "histchars", "psvar", "watch", "mailpath", "manpath",
    ]

    static func foreignFault(_ name: String) -> String {
        "a value of another step can't be given to `\(name)`: a program may obey a variable of that name"
    }

    static func foreignHint(_ name: String) -> String {
        "use a name with a small letter in it, such as `my_\(name.lowercased())`"
    }
}
