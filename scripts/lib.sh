# Sourced by the scripts beside it: installs Debian packages that are missing.

# need PACKAGE…: installs those that are not there, as root or through sudo.
need() {
    missing=""
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ]; then as_root=""; elif command -v sudo >/dev/null 2>&1; then as_root="sudo"; else
        echo "blackstart: error: these Debian packages are missing and neither root nor sudo is there to install them:$missing" >&2
        exit 1
    fi
    echo "Installing$missing" >&2
    $as_root apt-get update -qq
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# Python's peers of what we write, in a folder of their own under .build: tests compare with them.
need_python() {
    need python3-venv
    python=.build/python
    want="check-jsonschema==0.39.0 ansible-core==2.19.14 asyncssh==2.24.1 pydantic-sarif==0.1.1"
    [ "$(cat $python/have 2>/dev/null)" = "$want" ] && return 0
    rm -rf $python
    python3 -m venv $python
    # shellcheck disable=SC2086
    $python/bin/pip install --quiet --disable-pip-version-check $want
    echo "$want" >$python/have
}

# Every script that builds needs these.
need_build() {
    command -v swift >/dev/null 2>&1 || {
        echo "blackstart: error: no Swift toolchain on the PATH; install Swift 6.2 or later from swift.org" >&2
        exit 1
    }
    need libssh-dev libre2-dev pkg-config openssh-client openssh-server
}
