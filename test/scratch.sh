# shellcheck shell=sh
# scratch.sh - what tests of the program begin with:
#
#     . "$(dirname "$0")/scratch.sh"
#
# From here on they are in a directory of their own, which goes away when they end.
program=$(pwd)/glubench
directory=$(mktemp -d) || exit 99
trap 'rm -rf "$directory"' 0
trap 'exit 1' 1 2 3 15
cd "$directory" || exit 99
failed=0

# fail TEXT...: say so, and what the program said into the files out and err, and go on.
fail()
{
    echo "FAIL: $*" >&2
    for file in out err; do
        [ ! -s $file ] || sed 's/^/    /' $file >&2
    done
    failed=1
}

# wait_until COMMAND...: try it again and again, for a minute; false when it has not succeeded.
wait_until()
{
    tries=0
    until "$@"; do
        [ $tries -lt 1200 ] || return 1
        tries=$((tries + 1))
        sleep 0.05
    done
}

# begin ARGUMENT...: the program in the background, $child, whose first run trains by now.  SIGHUP is
# ignored under nohup, and SIGINT by what a script has in the background, and so they would be there.
begin()
{
    : >err # the words of an earlier one are not waited for
    env --default-signal=HUP,INT "$program" "$@" --verbose >out 2>err &
    child=$!
    wait_until grep -q '\[1/.*step 0/' err || fail "no training begins: $*"
}

# value FILE KEY: the values of a key of a results file, one a line.
value()
{
    sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" "$1"
}
