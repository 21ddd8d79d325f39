#!/usr/bin/env bash
# all.sh MAKE SEED CAMPAIGN…
#
# Runs the campaigns one after the other, whatever each of them says, and ends with a line for each: how it went, how long it
# took, and its own last line. Ends with 1 when one of them failed.
set -uo pipefail
make=$1 seed=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 summary=
for campaign in "$@"; do
    echo "campaign: $campaign, seed $seed"
    begin=$SECONDS
    if "$make" --no-print-directory "campaign-$campaign" SEED="$seed" 2>&1 | tee "$work/$campaign"; then how=passed; else how=FAILED failed=1; fi
    summary+=$(printf '%-9s %-6s %5d s  %s' "$campaign" "$how" $((SECONDS - begin)) "$(grep -v '^make' "$work/$campaign" | tail -1 | cut -c 1-160)")$'\n'
done
printf '\nsummary, seed %s\n%s' "$seed" "$summary"
exit $failed
