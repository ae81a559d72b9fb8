#!/bin/bash
# Fills a tiny file system (tmpfs, then ext4 on a loop device) with the writer
# and looks at what is left: the error, the files, whether entries are delivered
# while the disk is full, and whether all goes on once there is room.
# usage: enospc.sh
set -u
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need mkfs.ext4 e2fsprogs
bad=0
mkdir "$w/m"

# try RESERVE: in $w/m, of which a file of so many 64 KiB is given back at the end.
try() {
	local d=$w/m/d st
	mkdir -p "$d"
	dd if=/dev/zero of="$w/m/other" bs=64k count="$1" status=none
	"$writer" -dir "$d" -n 1000000 -nodeliver -val 4000 >"$w/said" 2>"$w/err"; st=$?
	echo "  full: exit $st, $(wc -l <"$w/said") promises; $(tail -1 "$w/err")"
	[ $st = 3 ] || { echo "  WRONG: a full disk must end the writer with 3"; bad=1; }
	df -k --output=avail "$w/m" | tail -1 | sed 's/^/  KiB left: /'
	cp -r "$d" "$w/copy"
	"$checker" "$w/copy" "$w/said" && echo "  copy of the store elsewhere: ok" || bad=1
	rm -rf "$w/copy"
	"$writer" -dir "$d" -drainonly >"$w/said2" 2>"$w/err"; st=$?
	echo "  deliver while full: exit $st, $(wc -l <"$w/said2") promises; $(tail -1 "$w/err")"
	[ $st = 0 ] || { echo "  WRONG: a full disk must not stop deliveries"; bad=1; }
	cat "$w/said2" >>"$w/said"
	rm "$w/m/other"
	"$writer" -dir "$d" -n 500 -nodeliver >>"$w/said" 2>"$w/err"; st=$?
	echo "  with room again: exit $st; $(tail -1 "$w/err")"
	[ $st = 0 ] || bad=1
	"$checker" "$d" "$w/said" && echo "  store: ok" || bad=1
}

echo tmpfs
mount -t tmpfs -o size=24m tmpfs "$w/m" && try 160 || bad=1
umount "$w/m"
echo ext4
truncate -s 32M "$w/i" && mkfs.ext4 -q "$w/i" && mount -o loop "$w/i" "$w/m" && try 240 || bad=1
umount "$w/m"
exit $bad
