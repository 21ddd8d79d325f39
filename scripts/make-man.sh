#!/usr/bin/env bash
# make-man.sh MONITORD
#
# Writes the manual page on standard output: what the binary's own --help says, of every verb.
set -euo pipefail

monitord=${1:?usage: make-man.sh MONITORD}

# roff takes backslashes, and dots and quotes at the start of a line, for itself.
literal() {
    echo .nf
    sed -e 's/\\/\\e/g' -e "s/^\([.']\)/\\\\\&\1/" -e 's/-/\\-/g'
    echo .fi
}

cat <<PAGE
.TH MONITORD 1 "" "monitord $("$monitord" --version)" "User Commands"
.SH NAME
monitord \- watch streams of numbers and say when something is not as usual
.SH SYNOPSIS
.B monitord
.RI [ verb ]
.RI [ options ]
.SH DESCRIPTION
PAGE
"$monitord" --help | sed -e 's/^OVERVIEW: //' -e "/See 'monitord help/d" | literal
for verb in $("$monitord" --help | sed -n '/^SUBCOMMANDS:/,$s/^  \([a-z][a-z]*\) .*/\1/p'); do
    echo ".SH MONITORD ${verb^^}"
    "$monitord" help "$verb" | sed 's/^OVERVIEW: //' | literal
done
cat <<'PAGE'
.SH SIGNALS
SIGTERM and SIGINT end it in order: what has arrived is used, alerts that are due are sent, the state is stored. SIGHUP
reads the configuration again where files of it are in use.
.SH EXIT STATUS
0 asked to stop, or the input has ended; 64 usage; 65 bad data; 66 no input; 69 the state is in use by another; 73 cannot
create; 74 input or output; 78 configuration.
.SH FILES
.I /etc/monitord/monitord.toml
and
.I /etc/monitord/conf.d/*.toml
hold the configuration, the first one with a sentence for every key;
.I /var/lib/monitord
the state and
.I /var/log/monitord
the rolling log of the service.
.SH SEE ALSO
.BR journalctl (1),
.BR systemctl (1),
.BR systemd.socket (5)
PAGE
