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
}
