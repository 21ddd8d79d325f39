#!/usr/bin/env bash
# make-shared.sh MONITORD FOLDER [vendor]
#
# Puts what the binary itself can tell into FOLDER, which is a share folder such as /usr/share: the manual pages, packed, and the
# completions of bash, zsh and fish. Debian's zsh looks for those of packages (vendor) in another folder than for what an
# administrator puts below /usr/local.
set -euo pipefail
umask 022

usage="usage: make-shared.sh MONITORD FOLDER [vendor]"
binary=$(realpath "${1:?$usage}")
folder=$(realpath -m "${2:?$usage}")
here=$(cd "$(dirname "$0")" && pwd)
case "${3:-}" in
    vendor) zsh=zsh/vendor-completions fish=fish/vendor_completions.d ;;
    "") zsh=zsh/site-functions fish=fish/vendor_completions.d ;;
    *)
        echo "$usage" >&2
        exit 64
        ;;
esac

# put FILE COMMAND…: what a command prints, as a file of the folder; nothing half-written stays.
put() {
    local file=$folder/$1
    shift
    mkdir -p "$(dirname "$file")"
    "$@" >"$file.new" || { rm -f "$file.new"; return 1; }
    mv "$file.new" "$file"
    chmod 644 "$file"
}

packed() { bash "$here/make-man.sh" "$binary" "$1" | gzip -9n; }

put man/man1/monitord.1.gz packed monitord.1
put man/man5/monitord.toml.5.gz packed monitord.toml.5
# bash reads it, and does not run it: it wants no interpreter.
completion() { "$binary" --generate-completion-script "$1" | sed '1{/^#!/d}'; }

put bash-completion/completions/monitord completion bash
put "$zsh/_monitord" completion zsh
put "$fish/monitord.fish" completion fish
