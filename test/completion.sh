#!/bin/sh
# completion.sh - completes command lines of a copy of the program in bash, so that a change of
# --help or of `glubench list` that the completion no longer understands is seen.
set -eu
srcdir=${srcdir:-.}
command -v bash >/dev/null || { echo "no bash"; exit 77; }
GLUBENCH=$(pwd)/glubench export GLUBENCH
exec bash -s "$srcdir/completions/glubench" <<'END'
set -u
. "$1"
failed=0

# complete_line WORD... - the completions of the last word, sorted, on one line
complete_line()
{
    COMP_WORDS=("$GLUBENCH" "$@") COMP_CWORD=$#
    _glubench
    printf '%s\n' "${COMPREPLY[@]-}" | sort | tr '\n' ' '
}

# expect WANTED WORD... - WANTED must be among the completions, as whole words
expect()
{
    local wanted=$1 word got
    shift
    got=$(complete_line "$@")
    for word in $wanted; do
        if [[ " $got" != *" $word "* ]]; then
            echo "glubench $*<TAB>: '$word' is not in: $got"
            failed=1
        fi
    done
}

# reject UNWANTED WORD... - UNWANTED must not be among them
reject()
{
    local unwanted=$1 got
    shift
    got=$(complete_line "$@")
    if [[ " $got" == *" $unwanted "* ]]; then
        echo "glubench $*<TAB>: '$unwanted' is in: $got"
        failed=1
    fi
}

# Every option of --help is offered.
for option in $("$GLUBENCH" --help | grep -o -e '^ \{2,6\}\(-., \)\?--[a-z0-9-]*=\?' | grep -o -e '--.*'); do
    expect "$option" "${option%=}"
done
expect "run bench plan cells gather list report compare validate" ""
expect "run" r
expect "--variant= --steps= --all-variants" --
expect "--variant=" --var
expect "--ffn" bench --f
reject "--ffn" run --f
expect "--cell=" run --ce
reject "--cell=" cells --ce
expect "--scaling --scaling-d-model=" bench --s
reject "--sweep" bench --s
reject "--sweep-d-model=" bench --s
expect "relu gelu swish glu bilinear reglu geglu swiglu" --variant ""
expect "swish swiglu" --variant = sw
reject "relu" --variant = sw
expect "smoke tiny mini small base" --preset ""
reject "custom:ACT" --variant cus
expect "narang2021 shazeer2020" --beside ""
expect "narang2021" report --beside nar
expect "auto f32 bf16" --precision ""
expect "latex csv" report --format ""
expect "latex" report -f l
cd / && expect "tmp" --corpus t
expect "tmp" validate t
expect "tmp" gather t
exit $failed
END
