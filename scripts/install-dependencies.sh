#!/usr/bin/env bash
# install-dependencies.sh [--deb | --tests]
#
# Installs what building monitord needs beside the Swift toolchain, on Debian and its kin; only what is missing. With --tests
# also what only the tests need: the numeric kernels are built for aarch64 and run under qemu, the package is packed, checked
# and installed, the service is run by a real systemd, the status page is shown by Chromium, the metrics are scraped by Prometheus,
# alerts go to Alertmanager and rsyslog, exported networks are run by ONNX Runtime, which comes from PyPI into .build/python. With --deb what packing needs.
#
# Does nothing, silently, when all is there. Uses sudo when it is not run by root.
set -euo pipefail

tests=false
packs=false
case "$*" in
    "") ;;
    --deb) packs=true ;;
    --tests) tests=true packs=true ;;
    *)
        echo "usage: install-dependencies.sh [--deb | --tests]" >&2
        exit 64
        ;;
esac

missing=()

# need PACKAGE REASON COMMAND…: PACKAGE is missing when COMMAND fails.
need() {
    local package=$1 reason=$2
    shift 2
    if ! "$@" >/dev/null 2>&1; then
        missing+=("$package")
        echo "install-dependencies: $package is missing: $reason"
    fi
}

has_library() {
    command -v pkg-config && pkg-config --exists "$1"
}

need pkg-config "SwiftPM asks it where the system libraries are" command -v pkg-config
need git "SwiftPM fetches the Swift packages with it" command -v git
need ca-certificates "the packages are fetched over https" test -e /etc/ssl/certs/ca-certificates.crt
need g++ "the TOML parser is C++ and needs the standard library's headers" compgen -G '/usr/include/c++/*/vector'
need libsystemd-dev "alerts go to the journal through it" has_library libsystemd
need librdkafka-dev "its header says how topics are read; the library is loaded when one is" has_library rdkafka
need libsqlite3-dev "the state is kept in an SQLite database" has_library sqlite3
need libcurl4-openssl-dev "alerts go to webhooks and Alertmanager through it" has_library libcurl
need libssl-dev "webhooks are signed by its libcrypto" has_library libcrypto
need tzdata "times without a zone are read by its rules, and the tests compare them with the C library's" test -e /usr/share/zoneinfo/Europe/Berlin
need libmosquitto-dev "brokers are spoken to through it; the program loads the library only then" test -e /usr/include/mosquitto.h
need zlib1g-dev "rotated logs are compressed with it" has_library zlib
if $packs; then
    need dpkg-dev "it finds out which libraries the package depends on" command -v dpkg-shlibdeps
    need binutils "the packed binary is stripped" command -v strip
fi
if $tests; then
    need man-db "it checks the manual pages" command -v man
    need zsh "the completions are loaded into it" command -v zsh
    need fish "the completions are loaded into it" command -v fish
    need chromium "the status page is tested in it" command -v chromium
    need curl "the tests ask the daemon with it" command -v curl
    need lintian "it checks the package" command -v lintian
    need gcc-aarch64-linux-gnu "the kernels' NEON build is linked with it" command -v aarch64-linux-gnu-gcc
    need libc6-dev-arm64-cross "the kernels' NEON build is linked with it" test -e /usr/aarch64-linux-gnu/include/stdio.h
    need systemd "the service is run by one that is booted in namespaces" test -x /lib/systemd/systemd
    need mosquitto "the tests read from it, and restart it" test -x /usr/sbin/mosquitto
    need mosquitto-clients "the tests publish with it" command -v mosquitto_pub
    need openssl "the tests make certificates with it" command -v openssl
    need nfdump "the tests read what it prints" command -v nfpcapd
    need softflowd "the tests make flows with it" test -x /usr/sbin/softflowd
    need argus-server "the tests make flows with it" test -x /usr/sbin/argus
    need argus-client "the tests read what it prints" command -v ra
    need python3-venv "exported networks are run by ONNX Runtime, a Python package" python3 -c "import venv, ensurepip"
    need python3 "the fault campaigns are driven by it" command -v python3
    need prometheus "it checks and scrapes the metrics" command -v promtool
    need prometheus-alertmanager "the tests send it alerts" command -v prometheus-alertmanager
    need rsyslog "the tests send it alerts" test -x /usr/sbin/rsyslogd
    need openssl "the tests make certificates with it" command -v openssl
    need procps "the service's test finds processes with it" command -v pgrep
    need qemu-user-static "the kernels' NEON build is run by it" command -v qemu-aarch64-static
fi

# Python's part of what the tests need, in an environment of its own that goes with the build folder.
make_python() {
    $tests || return 0
    local folder wanted=(onnxruntime==1.31.1 safetensors==0.8.0 numpy)
    folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/.build/python
    # Made again when a run was cut off, and when other versions are wanted.
    if [ "$(cat "$folder/wanted" 2>/dev/null)" = "${wanted[*]}" ]; then
        return 0
    fi
    echo "install-dependencies: pip install ${wanted[*]} into $folder: exported networks are run by them"
    if python3 -m venv --clear "$folder" &&
        "$folder/bin/pip" install -q --disable-pip-version-check "${wanted[@]}"; then
        echo "${wanted[*]}" >"$folder/wanted"
        return 0
    fi
    rm -rf "$folder"
    echo "install-dependencies: that failed: the tests that need it are left out" >&2
    # Continuous integration leaves nothing out.
    [ "${CI:-}" != true ]
}

if [ ${#missing[@]} -eq 0 ]; then
    make_python
    exit
fi
if ! command -v apt-get >/dev/null; then
    echo "install-dependencies: there is no apt-get here; please install the packages above by hand" >&2
    exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "install-dependencies: neither root nor sudo; please run: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

install() {
    echo "install-dependencies: apt-get install ${missing[*]}"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# A mirror in the middle of an update, or a package script that trips once: a second try often passes.
if ! install; then
    echo "install-dependencies: that failed; trying once more" >&2
    sleep 5
    install
fi
make_python
