#!/bin/sh
# messages.sh - the library names fields in its messages, and the command line alone knows that they
# are options: no text outside of src/cli writes one, and every field that is named is an option.
set -u
srcdir=${srcdir:-.}
failed=0
fail()
{
    echo "messages.sh: $*"
    failed=1
}

help=$(./glubench --help) || fail "no --help"

# options FOLDER...: the lines with an option in a text; those of other programs are none.
options()
{
    find "$@" -name '*.[ch]' ! -path '*/src/cli/*' -exec grep -nH '"[^"]*--[a-z][^"]*"' {} + |
        while IFS= read -r line; do
            for word in $(echo "$line" | grep -o -e '--[a-z][a-z_-]*'); do
                ! echo "$help" | grep -q -e "^ .* $word\([= ]\|\$\)" || echo "$line"
            done
        done
}

written=$(options "$srcdir/src" "$srcdir/variants")
[ -z "$written" ] || fail "texts of the library name options: $written"
fields=$(find "$srcdir/src" -name '*.[ch]' -exec grep -ho 'FIELD("[a-z_]*")' {} + | sort -u |
    sed 's/FIELD("\(.*\)")/\1/')
for field in $fields; do
    echo "$help" | grep -q -e "--$(echo "$field" | tr _ -)\([= ]\|\$\)" ||
        fail "no option for field $field"
done
# shellcheck disable=SC2086
set -- $fields
[ $# -gt 20 ] || fail "only $# fields are named"
exit $failed
