# For the scripts beside it: what is needed, the programs built, scratch space.
# shellcheck shell=bash
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

# need COMMAND PACKAGE: installs the Debian package if the command is missing.
need() {
	command -v "$1" >/dev/null && return
	echo "installing $2"
	{ apt-get install -qq -y "$2" || { apt-get update -qq && apt-get install -qq -y "$2"; }; } >/dev/null 2>&1 || true
	command -v "$1" >/dev/null || { echo "$1 is missing: install $2"; exit 2; }
}

[ "$(uname)" = Linux ] && [ "$(id -u)" = 0 ] || { echo "needs Linux and root (ptrace, loop devices)"; exit 2; }
need strace strace

export CGO_ENABLED=0
go build -o bin/crashkit ./cmd/crashkit || exit 1
traced=$(go run ./cmd/plant traced bin/.overlay) && overlaid=$(go run ./cmd/plant planted bin/.overlay) || exit 1
kit=$PWD/bin/crashkit
# Of each program under test, by its name: its writer, that with planted bugs, its
# checker.
declare -A writers planteds checkers
while read -r name command judge tag; do
	writers[$name]=$PWD/bin/$command planteds[$name]=$PWD/bin/$command-planted checkers[$name]=$PWD/bin/$judge
	go build -overlay "$traced" -o "${writers[$name]}" "./cmd/$command" || exit 1
	go build -overlay "$overlaid" -tags "$tag" -o "${planteds[$name]}" "./cmd/$command" || exit 1
	go build -overlay "$traced" -o "${checkers[$name]}" "./cmd/$judge" || exit 1
done < <("$kit" target)
# use NAME: the program that is tested from here on.
use() {
	writer=${writers[$1]} planted=${planteds[$1]} checker=${checkers[$1]}
	server="$checker -server"
}
use outbox

w=$(mktemp -d)
# What a script has mounted below $w goes first, then $w.
cleanup() {
	local m
	while read -r m; do umount "$m"; done < <(awk -v w="$w/" 'index($2, w) == 1 {print $2}' /proc/mounts | sort -r)
	rm -rf --one-file-system "$w"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
