#!/usr/bin/env bash
# make-man.sh MONITORD PAGE
#
# Writes a manual page on standard output: monitord.1 or monitord.toml.5, from its text in man/. What changes with every verb
# and every key is not written there a second time: verbs and options are what the binary's --help says, keys are what
# `monitord check --keys` lists, each with the sentences that stand above it in etc/monitord/monitord.toml.
set -euo pipefail

usage="usage: make-man.sh MONITORD monitord.1|monitord.toml.5"
monitord=$(realpath "${1:?$usage}")
page=${2:?$usage}
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# roff takes backslashes, hyphens, and dots and quotes at the start of a line, for itself.
escape='function escape(text) {
    gsub(/\\/, "\\e", text); gsub(/-/, "\\-", text); gsub(/\^/, "\\(ha", text); gsub(/~/, "\\(ti", text)
    gsub(/`/, "\\(ga", text); sub(/^[.'"'"']/, "\\\\\\&&", text)
    return text
}'

# One verb: its --help as paragraphs, what is indented as it stands, and a tagged paragraph for each argument and option.
verb() {
    local words=$*
    echo ".SS monitord $words"
    # Wide, so that nothing but paragraphs breaks lines.
    # shellcheck disable=SC2086
    COLUMNS=1000 "$monitord" help $words | awk "$escape"'
        function literal(on) { if (on != inside) print on ? ".PP\n.EX" : ".EE"; inside = on }
        /^OVERVIEW: / { sub(/^OVERVIEW: /, ""); overview = 1 }
        /^USAGE: / { literal(0); overview = 0; sub(/^USAGE: /, ""); print ".PP\n" escape($0); next }
        /^(ARGUMENTS|OPTIONS):$/ { lists = 1; next }
        /^SUBCOMMANDS:$/ { lists = 0; exit }
        overview && /^$/ { literal(0); blank = 1; next }
        overview && /^ / { literal(1); print escape($0); next }
        overview { literal(0); if (blank) print ".PP"; blank = 0; print escape($0); next }
        lists && /^  [^ ]/ {
            label = substr($0, 3); text = ""
            if (match(label, /  +/)) { text = substr(label, RSTART + RLENGTH); label = substr(label, 1, RSTART - 1) }
            tells = label !~ /^(--version|-h, --help)$/
            if (tells) { print ".TP\n.B " escape(label); if (text != "") print escape(text) }
            next
        }
        lists && /^   / { if (tells) { sub(/^ +/, ""); print escape($0) } }
        END { literal(0) }'
    local sub
    for sub in $(subverbs "$@"); do verb "$@" "$sub"; done
}

# The verbs that a verb has, in the order of its help.
subverbs() {
    COLUMNS=1000 "$monitord" ${1:+help "$@"} ${1:---help} | sed -n '/^SUBCOMMANDS:/,$s/^  \([a-z][a-z-]*\)\( .*\)\?$/\1/p'
}

# The keys of one table, from `check --keys`, with what the sample file says of each.
keys() {
    awk -F '\t' -v table="$1" "$escape"'
        FNR == NR {
            if ($0 ~ /^#?\[/) { section = $0; gsub(/[#\[\]]/, "", section); sub(/\..*/, "", section); text = "" }
            else if ($0 ~ /^# /) text = text (text == "" ? "" : "\n") substr($0, 3)
            else if ($0 ~ /^#[a-z_]+ = /) {
                key = substr($0, 2); example = key; sub(/  # example$/, "", example); sub(/ = .*/, "", key)
                place = (section == "" ? "global" : section) SUBSEP key
                told[place] = text; shown[place] = example; text = ""
            } else if ($0 == "") text = ""
            next
        }
        $1 == table {
            place = table SUBSEP $2
            if (!(place in told)) { print "make-man: the sample file does not have " $2 >"/dev/stderr"; exit 1 }
            print ".TP\n.B " escape($2)
            n = split(told[place], lines, "\n")
            for (i = 1; i <= n; i++) print escape(lines[i])
            print ".br\nTakes " escape($4) "."
            example = escape(shown[place])
            gsub(/ /, "\\ ", example)
            print ".br\n" ($3 == "" ? "Not set by default. Example: " : "Default: ") example
        }' etc/monitord/monitord.toml "$work/keys"
}

case $page in
    monitord.1)
        for word in $(subverbs); do verb "$word"; done >"$work/VERBS"
        ;;
    monitord.toml.5)
        "$monitord" check --keys >"$work/keys"
        keys global >"$work/GLOBAL"
        keys defaults >"$work/DEFAULTS"
        keys source >"$work/SOURCE"
        keys sink >"$work/SINK"
        ;;
    *)
        echo "$usage" >&2
        exit 64
        ;;
esac
date=$(date -u -d "$(sed -n 's/^ -- .*>  //p' packaging/debian/changelog | head -1)" +%Y-%m-%d)
version=$("$monitord" --version)
while IFS= read -r line; do
    part=${line//@/}
    case $line in
        @*@) cat "$work/$part" ;;
        *)
            line=${line//@DATE@/$date}
            printf '%s\n' "${line//@VERSION@/$version}"
            ;;
    esac
done <"man/$page.in"
