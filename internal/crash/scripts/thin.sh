#!/bin/bash
# Real I/O errors without device-mapper: ext4 on a loop device whose backing
# file lies, sparse, on a tmpfs that is nearly full ("thin pool out of space").
# Writes to blocks not yet backed fail in write-back, so fdatasync says EIO.
# After a while the pool gets room again; then the file system is unmounted and
# mounted, so that only what reached the disk is left.
# usage: thin.sh stop|rebuild [cycles]
set -u
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need mkfs.ext4 e2fsprogs
how=${1:-stop} n=${2:-10} bad=0 errs=0
mkdir "$w/pool" "$w/m"
for i in $(seq "$n"); do
	mount -t tmpfs -o size=20m tmpfs "$w/pool" && truncate -s 64M "$w/pool/img" || exit 1
	mkfs.ext4 -q -E nodiscard,lazy_itable_init=0,lazy_journal_init=0 "$w/pool/img" || exit 1
	mount -o loop,errors=continue,data=ordered "$w/pool/img" "$w/m" && mkdir "$w/m/d" && sync -f "$w/m" || exit 1
	# leave room for a part of what is to come
	free=$(df -k --output=avail "$w/pool" | tail -1)
	dd if=/dev/zero of="$w/pool/other" bs=1k count=$((free - 300 - i * 37)) status=none
	"$writer" -dir "$w/m/d" -n 4000 -nodeliver -pace 1ms -onerr "$how" >"$w/said" 2>"$w/err" &
	pid=$!
	sleep 1
	rm "$w/pool/other"
	wait $pid; st=$?
	[ $st = 0 ] || errs=$((errs + 1))
	umount "$w/m" && mount -o loop "$w/pool/img" "$w/m" || exit 1
	verdict=$("$checker" "$w/m/d" "$w/said") && verdict=ok || bad=$((bad + 1))
	echo "cycle $i: exit $st, $(wc -l <"$w/said") promises, $(tail -1 "$w/err"); after remount: $verdict"
	umount "$w/m" && umount "$w/pool" || exit 1
done
echo "$how: $n cycles, $errs ended by an error, $bad bad stores"
[ $bad = 0 ] && [ $errs -gt 0 ]
