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
eval "$(bin/crashkit target)" # WRITER CHECKER BUGS_TAG
traced=$(go run ./cmd/plant traced bin/.overlay) && overlaid=$(go run ./cmd/plant planted bin/.overlay) || exit 1
go build -overlay "$traced" -o "bin/$WRITER" "./cmd/$WRITER" || exit 1
go build -overlay "$overlaid" -tags "$BUGS_TAG" -o "bin/$WRITER-planted" "./cmd/$WRITER" || exit 1
go build -overlay "$traced" -o "bin/$CHECKER" "./cmd/$CHECKER" || exit 1

kit=$PWD/bin/crashkit
writer=$PWD/bin/$WRITER
planted=$PWD/bin/$WRITER-planted
checker=$PWD/bin/$CHECKER
server="$checker -server"

w=$(mktemp -d)
# What a script has mounted below $w goes first, then $w.
cleanup() {
	local m
	while read -r m; do umount "$m"; done < <(awk -v w="$w/" 'index($2, w) == 1 {print $2}' /proc/mounts | sort -r)
	rm -rf --one-file-system "$w"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
