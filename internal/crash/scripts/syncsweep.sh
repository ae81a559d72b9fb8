#!/bin/bash
# For each N: the Nth fdatasync of a thread fails once, the writer stops,
# rebuilds, or (planted bug) goes on; then the power may go at any moment.
# Prints the failures of each.
# usage: syncsweep.sh [first last]
set -u
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

for how in stop rebuild goon; do
	run=("$writer" -onerr "$how")
	[ $how = goon ] && run=("$planted" -bug goon)
	for n in $(seq "${1:-7}" "${2:-18}"); do
		rm -rf "$w/d"
		"$kit" record -root "$w/d" -o "$w/r" -inject "fdatasync:error=EIO:when=$n" -- "${run[@]}" -dir "$w/d" -n 100 >/dev/null || exit 1
		"$kit" explore -t "$w/r" -strict -maxfail 0 -random 3 -check "$server" >"$w/out" 2>&1
		printf '%-8s #%-3s %s\n' "$how" "$n" "$(sed -nE 's/.*points, ([0-9]+ images).*, ([0-9]+ checks, [0-9]+ failures);.*/\1, \2/p' "$w/out")"
	done
done
