#!/bin/bash
# The whole proof: the writers must pass everything, each planted bug must be
# caught. All of it for the outbox; for the inbox, which is one inside, less. Prints
# a table and fails if a line of it is WRONG. As root on Linux; installs strace,
# e2fsprogs and xfsprogs if they are missing.
# usage: crash.sh [ci|long [outbox|inbox]]  (some minutes, about an hour on 2 cores)
set -u
mode=${1:-ci} targets=${2:-outbox inbox}
case $mode in
ci) images=50000 random=2 ops=120 kills=500 cuts=60 xfscuts=20 syncs=24 faults=1-16,3-4+ calls=fdatasync,pwrite64,fsync,ftruncate,openat,renameat,unlinkat,flock,pread64 errors=EIO,ENOSPC,EDQUOT,EROFS,EMFILE,ENOMEM thin=3 rots=250
	inimages=30000 inkills=150 insyncs=8 incuts=20 ;;
long) images=5000000 random=20 ops=400 kills=8000 cuts=3000 xfscuts=1000 syncs=60 faults=1-30,1-12+ calls=fdatasync,pwrite64,fsync,ftruncate,openat,renameat,unlinkat,flock,pread64 errors=EIO,ENOSPC,EDQUOT,EROFS,EMFILE,ENOMEM thin=30 rots=4000
	inimages=500000 inkills=3000 insyncs=40 incuts=600 ;;
*)
	echo "usage: crash.sh [ci|long [outbox|inbox]]"
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

# images WANTED: crash images of runs of one seed after the other.
images() {
	local made=0 judged=0 seeds=0 st=0
	while [ $made -lt "$1" ] && [ $seeds -lt 500 ] && [ $st = 0 ]; do
		seeds=$((seeds + 1))
		rec "$writer" -n $ops -seed $seeds -producers $((1 + seeds * 3 % 8)) -val $((300 + seeds * 211 % 2000)) &&
			explore -random $random -seed $seeds
		st=$?
		made=$((made + $(number 'images \('))) judged=$((judged + $(number 'checks,')))
	done
	[ $st = 0 ] && [ $made -lt "$1" ] && st=1
	row pass $st "${of}crash images, strict names, $seeds seeds" "$made images, $judged judged, $(number failures) failures"
}
# restart: crash images of a run after kills.
restart() {
	rm -rf "$w/d"
	"$kit" kill -root "$w/d" -n 3 -min 50ms -max 150ms -said "$w/said" -check "$server" -- "$writer" -dir "$w/d" -n 100000000 >"$w/out" 2>&1 &&
		"$kit" record -root "$w/d" -o "$w/rec" -said "$w/said" -- "$writer" -dir "$w/d" -n 50 >>"$w/out" 2>&1 && explore
	row pass $? "${of}crash images, restart after kill -9" "$(number 'images \(') images, $(number 'checks,') judged"
}
# bugs NAME...: must be caught by crash images.
bugs() {
	for b in "$@"; do
		rec "$planted" -n 100 -bug "$b" && explore
		row catch $? "${of}planted bug $b: crash images" "$(caught)"
	done
}
# failsyncs N: crash images of runs in which each of the first N syncs fails.
failsyncs() {
	local made=0 judged=0 reached=0 st=0
	for how in stop rebuild; do
		for i in $(seq "$1"); do
			inject="fdatasync:error=EIO:when=$i"
			rec "$writer" -n $((24 + i)) -onerr $how && explore -random 1 -singles 3 -prefixes 6 || { st=1 && break 2; }
			made=$((made + $(number 'images \('))) judged=$((judged + $(number 'checks,')))
			[ "$(grep -oE '\([0-9]+ failed\)' "$w/out" | tr -dc 0-9)" -gt 0 ] && reached=$((reached + 1))
		done
	done
	inject=
	[ $st = 0 ] && [ $reached -lt $(($1 * 3 / 2)) ] && st=1 && echo "only $reached of $((2 * $1)) failing syncs reached" >>"$w/out"
	row pass $st "${of}failing sync 1 to $1, stop and rebuild" "$reached failed syncs, $made images, $judged judged"
}
# kills N, and those of a writer with a bug that they must catch.
kills() {
	rm -rf "$w/k"
	"$kit" kill -root "$w/k" -n "$1" -max 150ms -check "$server" -- "$writer" -dir "$w/k" -n 100000000 >"$w/out" 2>&1
	row pass $? "${of}kill -9" "$(figure '[0-9]+ kills.*failures')"
	rm -rf "$w/k"
	"$kit" kill -root "$w/k" -n 300 -max 60ms -check "$server" -- "$planted" -dir "$w/k" -n 100000000 -bug ackearly >"$w/out" 2>&1
	row catch $? "${of}planted bug ackearly: kill -9" "$(caught)"
}
# cuts N and nosync: power cuts of ext4, and those of a writer that does not sync.
cuts() {
	"$kit" powerfail -work "$w/p" -n "$1" -check "$server" -- "$writer" -dir {} -n 100000000 >"$w/out" 2>&1
	row pass $? "${of}power cuts, ext4" "$(figure '[0-9]+ power.*failures')"
}
nosync() {
	"$kit" powerfail -work "$w/p" -n 60 -check "$server" -- "$planted" -dir {} -n 100000000 -bug nosync >"$w/out" 2>&1
	row catch $? "${of}planted bug nosync: power cuts, ext4" "$(caught)"
}

# outbox: the stages of the outbox.
outbox() {
	images $images
	restart
	bugs ackearly nosync nodirsync rawinit
	failsyncs $syncs

	# Only after a failed sync of the meta page is it fatal to go on.
	st=0 i=3
	while [ $st = 0 ] && [ $i -lt $syncs ]; do
		i=$((i + 1)) inject="fdatasync:error=EIO:when=$i"
		rec "$planted" -n 100 -bug goon && explore
		st=$?
	done
	inject=
	row catch $st "planted bug goon: failing sync #$i" "$(caught)"

	kills $kills

	mkdir -p "$w/p"
	cuts $cuts
	"$kit" powerfail -work "$w/p" -fs xfs -size 320M -opts '|allocsize=20480|noalign' -n $xfscuts -check "$server" -- "$writer" -dir {} -n 100000000 >"$w/out" 2>&1
	row pass $? "power cuts, xfs" "$(figure '[0-9]+ power.*failures')"
	nosync

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
}
# inbox: the stages of the inbox.
inbox() {
	images $inimages
	restart
	bugs ackearly nosync nodirsync rawinit answerearly nomerge
	failsyncs $insyncs
	kills $inkills
	mkdir -p "$w/p"
	cuts $incuts
	nosync
}

for target in $targets; do
	use "$target"
	of=
	[ "$target" = outbox ] || of="$target: "
	echo "$writer judged by $checker, $mode"
	"$target"
done

printf '\n%-6s %-5s %6s  %-46s %s\n' result want time what figures
printf '%s\n' "${rows[@]}"
if [ $bad = 0 ]; then echo "all as wanted in $((SECONDS - start)) s"; else echo "SOMETHING IS WRONG"; fi
exit $bad
