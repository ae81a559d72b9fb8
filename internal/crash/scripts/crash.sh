#!/bin/bash
# The whole proof: the writer must pass everything, each planted bug must be
# caught. Prints a table and fails if a line of it is WRONG. As root on Linux;
# installs strace, e2fsprogs and xfsprogs if they are missing.
# usage: crash.sh [ci|long]     (some minutes, about an hour on 2 cores)
set -u
mode=${1:-ci}
case $mode in
ci) images=50000 random=2 ops=120 kills=500 cuts=60 xfscuts=20 syncs=24 faults=1-12,3-4+ calls=fdatasync,pwrite64,fsync,ftruncate,openat,renameat,unlinkat,flock,pread64 errors=EIO,ENOSPC,EDQUOT,EROFS,EMFILE,ENOMEM thin=3 rots=100 ;;
long) images=5000000 random=20 ops=400 kills=8000 cuts=3000 xfscuts=1000 syncs=60 faults=1-30,1-12+ calls=fdatasync,pwrite64,fsync,ftruncate,openat,renameat,unlinkat,flock,pread64 errors=EIO,ENOSPC,EDQUOT,EROFS,EMFILE,ENOMEM thin=30 rots=4000 ;;
*)
	echo "usage: crash.sh [ci|long]"
	exit 2
	;;
esac
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need mkfs.ext4 e2fsprogs
need mkfs.xfs xfsprogs

bad=0 t0=$SECONDS start=$SECONDS rows=()
# row WANTED GOT NAME FIGURES: WANTED is pass or catch, GOT an exit status. What
# caught a bug must say FAIL: a program that could not run catches nothing.
row() {
	local verdict=WRONG
	[ "$1" = pass ] && [ "$2" = 0 ] && verdict=ok
	[ "$1" = catch ] && [ "$2" != 0 ] && grep -q FAIL "$w/out" && verdict=ok
	if [ $verdict = WRONG ]; then
		bad=1
		tail -5 "$w/out"
		keep
	fi
	rows+=("$(printf '%-6s %-5s %5ss  %-46s %s' $verdict "$1" $((SECONDS - t0)) "$3" "$4")")
	echo "${rows[-1]}"
	t0=$SECONDS
}
# keep copies what was found wrong to where it outlives this script.
keep() {
	local to
	to=$(mktemp -d "${TMPDIR:-/tmp}/crash-wrong-XXXXXX")
	for f in out said rec d k f p/said; do [ -e "$w/$f" ] && cp -r "$w/$f" "$to"; done
	echo "output, recording (failing images in rec/fail) and files: $to"
}
# figure REGEXP: the part of the output that matches.
figure() { grep -oE "$1" "$w/out" | tail -1; }
# number REGEXP: the number in front of what matches, 0 without one.
number() { figure "[0-9]+ $1" | grep -oE '^[0-9]+' || echo 0; }
# rec PROGRAM ARGS: one run from an empty directory; $inject makes calls fail.
inject=
rec() {
	rm -rf "$w/d"
	"$kit" record -root "$w/d" -o "$w/rec" ${inject:+-inject "$inject"} -- "$@" -dir "$w/d" >"$w/out" 2>&1
}
explore() { "$kit" explore -t "$w/rec" -strict -check "$server" -maxfail 3 -singles 8 -prefixes 16 "$@" >>"$w/out" 2>&1; }
caught() { figure 'FAIL .*' | sed 's/^FAIL //' | cut -c1-90; }

echo "$WRITER judged by $CHECKER, $mode"

made=0 judged=0 seeds=0 st=0
while [ $made -lt $images ] && [ $seeds -lt 500 ] && [ $st = 0 ]; do
	seeds=$((seeds + 1))
	rec "$writer" -n $ops -seed $seeds -producers $((1 + seeds * 3 % 8)) -val $((300 + seeds * 211 % 2000)) &&
		explore -random $random -seed $seeds
	st=$?
	made=$((made + $(number 'images \('))) judged=$((judged + $(number 'checks,')))
done
[ $st = 0 ] && [ $made -lt $images ] && st=1
row pass $st "crash images, strict names, $seeds seeds" "$made images, $judged judged, $(number failures) failures"

rm -rf "$w/d"
"$kit" kill -root "$w/d" -n 3 -min 50ms -max 150ms -said "$w/said" -check "$server" -- "$writer" -dir "$w/d" -n 100000000 >"$w/out" 2>&1 &&
	"$kit" record -root "$w/d" -o "$w/rec" -said "$w/said" -- "$writer" -dir "$w/d" -n 50 >>"$w/out" 2>&1 && explore
row pass $? "crash images, restart after kill -9" "$(number 'images \(') images, $(number 'checks,') judged"

for b in ackearly nosync nodirsync rawinit; do
	rec "$planted" -n 100 -bug $b && explore
	row catch $? "planted bug $b: crash images" "$(caught)"
done

made=0 judged=0 reached=0 st=0
for how in stop rebuild; do
	for i in $(seq $syncs); do
		inject="fdatasync:error=EIO:when=$i"
		rec "$writer" -n $((24 + i)) -onerr $how && explore -random 1 -singles 3 -prefixes 6 || { st=1 && break 2; }
		made=$((made + $(number 'images \('))) judged=$((judged + $(number 'checks,')))
		[ "$(grep -oE '\([0-9]+ failed\)' "$w/out" | tr -dc 0-9)" -gt 0 ] && reached=$((reached + 1))
	done
done
[ $st = 0 ] && [ $reached -lt $((syncs * 3 / 2)) ] && st=1 && echo "only $reached of $((2 * syncs)) failing syncs reached" >>"$w/out"
row pass $st "failing sync 1 to $syncs, stop and rebuild" "$reached failed syncs, $made images, $judged judged"

# Only after a failed sync of the meta page is it fatal to go on.
st=0 i=3
while [ $st = 0 ] && [ $i -lt $syncs ]; do
	i=$((i + 1)) inject="fdatasync:error=EIO:when=$i"
	rec "$planted" -n 100 -bug goon && explore
	st=$?
done
inject=
row catch $st "planted bug goon: failing sync #$i" "$(caught)"

"$kit" kill -root "$w/k" -n $kills -max 150ms -check "$server" -- "$writer" -dir "$w/k" -n 100000000 >"$w/out" 2>&1
row pass $? "kill -9" "$(figure '[0-9]+ kills.*failures')"
rm -rf "$w/k"
"$kit" kill -root "$w/k" -n 300 -max 60ms -check "$server" -- "$planted" -dir "$w/k" -n 100000000 -bug ackearly >"$w/out" 2>&1
row catch $? "planted bug ackearly: kill -9" "$(caught)"

mkdir "$w/p"
"$kit" powerfail -work "$w/p" -n $cuts -check "$server" -- "$writer" -dir {} -n 100000000 >"$w/out" 2>&1
row pass $? "power cuts, ext4" "$(figure '[0-9]+ power.*failures')"
"$kit" powerfail -work "$w/p" -fs xfs -size 320M -opts '|allocsize=20480|noalign' -n $xfscuts -check "$server" -- "$writer" -dir {} -n 100000000 >"$w/out" 2>&1
row pass $? "power cuts, xfs" "$(figure '[0-9]+ power.*failures')"
"$kit" powerfail -work "$w/p" -n 60 -check "$server" -- "$planted" -dir {} -n 100000000 -bug nosync >"$w/out" 2>&1
row catch $? "planted bug nosync: power cuts, ext4" "$(caught)"

"$kit" fault -root "$w/f" -when $faults -calls $calls -errors $errors -check "$checker" -- "$writer" -dir "$w/f" -n 60 >"$w/out" 2>&1
row pass $? "failing system calls" "$(figure '[0-9]+ runs.*bad')"
scripts/enospc.sh >"$w/out" 2>&1
row pass $? "full disk, tmpfs and ext4" "$(grep -c 'store: ok' "$w/out") of 2 stores whole and in use again"
scripts/thin.sh stop $thin >"$w/out" 2>&1
row pass $? "real I/O errors, writer stops" "$(tail -1 "$w/out")"
mkdir "$w/r"
"$writer" -dir "$w/r" -n 300 -nodeliver >"$w/said" 2>"$w/out" &&
	"$kit" rot -dir "$w/r" -said "$w/said" -check "$server" -n $rots >"$w/out" 2>&1
row pass $? "damaged files" "$(figure '[0-9]+ damaged.*checker')"

printf '\n%-6s %-5s %6s  %-46s %s\n' result want time what figures
printf '%s\n' "${rows[@]}"
if [ $bad = 0 ]; then echo "all as wanted in $((SECONDS - start)) s"; else echo "SOMETHING IS WRONG"; fi
exit $bad
