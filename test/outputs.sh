#!/bin/sh
# The files that are written: none of them is one that is read, nor another one, nor one that somebody
# else wrote, whatever path, link or option names it; standard output, pipes and links are followed; and
# what lies in a folder of text and is ours is no text.
. "$(dirname "$0")/scratch.sh"

# glu ARGUMENT...: a short sweep over a text.
glu()
{
    timeout 60 "$program" --quiet --preset smoke --variant relu --seeds 1 --steps 2 --samples 0 \
        --threads 1 --heldout-share 0.3 "$@" >out 2>err
}

# refused WORDS ARGUMENT...: the program fails with WORDS, writes nothing and makes nothing.
refused()
{
    words=$1
    shift
    rm -f out err
    find . | sort >"$directory.before"
    find . -type f -exec cksum {} + | sort >>"$directory.before"
    glu "$@"
    status=$?
    find . ! -path ./out ! -path ./err | sort >"$directory.after"
    find . -type f ! -path ./out ! -path ./err -exec cksum {} + | sort >>"$directory.after"
    [ $status = 1 ] || fail "$*: status $status, not 1"
    grep -q -e "$words" err || fail "$*: no word of '$words'"
    cmp -s "$directory.before" "$directory.after" || fail "$*: refused, and yet files have changed"
}
trap 'rm -rf "$directory" "$directory.before" "$directory.after"' 0

# succeeds ARGUMENT...
succeeds()
{
    glu "$@" || fail "$*: status $?"
}

# is_results FILE
is_results()
{
    "$program" validate "$1" >valid 2>&1 || fail "$1 holds no results: $(cat valid)"
}

mkdir texts
for i in 1 2 3; do
    seq -f '%g bottles of beer on the wall' ${i}000 ${i}900 >texts/$i.txt
done
cp texts/1.txt book.txt
cp texts/2.txt held.txt
ln -s book.txt link
ln book.txt hard

# No output is an input: by its name, other spellings, links, in a folder, and whichever option it is.
refused '--output: book.txt is read as --corpus book.txt' -C book.txt -o book.txt
for name in ./book.txt link hard texts/../book.txt "$directory/book.txt"; do
    refused 'is read as --corpus' -C book.txt -o "$name" --force
    refused 'is read as --corpus' -C book.txt -o x.json --dump-batches "$name" --force
done
refused 'is read as --corpus link' -C link -o book.txt
refused '--output: held.txt is read as --heldout' -C book.txt -H held.txt -o held.txt --force
refused 'texts/2.txt is read as --corpus texts/2.txt' -C texts -o texts/2.txt --force
refused 'is read as --corpus texts/2.txt' -C texts --dump-batches texts/2.txt --force
ln texts/2.txt elsewhere
refused 'elsewhere is read as --corpus texts/2.txt' -C texts -o elsewhere --force
cp book.txt x.json.tmp
refused 'while it is written as .tmp, is read as --corpus' -C x.json.tmp -o x.json
rm x.json.tmp
succeeds -C book.txt -o x.json --save-checkpoint w
refused 'x.json is read as --config' -c x.json -o x.json
refused 'w/config.json is read as --init-checkpoint\|w/model.safetensors is read as' \
    --init-checkpoint w --save-checkpoint w
glu -C book.txt -o y.json >>book.txt || fail "standard output of its own"
timeout 60 "$program" plan --preset smoke -C book.txt >>book.txt 2>err && fail "plan >>CORPUS"
grep -q 'standard output: it is read as --corpus' err || fail "plan >>CORPUS: no word of it"
timeout 60 "$program" report x.json >>x.json 2>err && fail "report A >>A"
is_results x.json

# No output is another one.
refused 'one file' --dump-batches z.json -o ./z.json
refused 'one file' --dump-batches x.json -o x.json
refused 'one file' --dump-batches z.json.tmp -o z.json
refused 'run directory' --dump-batches z.json.run/study.json -o z.json
refused 'one file' --dump-batches z.json.run -o z.json
refused 'run directory' --save-checkpoint z.json.run/cells -o z.json
refused 'one file' --dump-batches w/config.json --save-checkpoint w
refused 'one file' --dump-batches - -o /dev/stdout

# A file that somebody else wrote stays, unless the user says so; ours are replaced, empty ones too.
cp book.txt mine
refused 'did not write it.*--force' -C texts -o mine
refused 'did not write it.*--force' -C texts -o z.json --dump-batches mine
printf '{"schema_version": 1, "program": {"name": "jq"}}\n' >jq.json
refused 'did not write it' -C texts -o jq.json
mkdir z.json.run && cp mine z.json.run/notes
refused 'z.json.run is there, and' -C texts -o z.json
rm -r z.json.run
printf '{}\n' >w/config.json
refused 'w/config.json is there' -C texts --save-checkpoint w -o z.json
succeeds -C texts -o mine --force
is_results mine
python3 -c 'import json; json.dump(json.load(open("x.json")), open("x.json", "r+"), sort_keys=True)'
: >empty
for file in x.json empty; do
    succeeds -C texts -o $file
    is_results $file
done
for i in 1 2; do
    succeeds -C texts -o $i.json --dump-batches batches --save-checkpoint weights
done

# What kind of file it is.
refused 'is a directory' -C texts -o w
refused 'is a directory' -C texts --dump-batches w -o z.json
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
refused 'no regular file' -C texts -o socket
mkdir made && mkfifo made/config.json
refused 'no regular file' -C texts --save-checkpoint made -o z.json
mkfifo pipe
cat pipe >piped &
succeeds -C texts -V swiglu -o pipe
wait
is_results piped
[ -p pipe ] || fail "a pipe is replaced"
ln -s w/later.json dangling
ln -s x.json to-x
for file in dangling to-x; do
    succeeds -C texts -o $file
    [ -L $file ] || fail "the link $file is replaced"
    is_results $file
done
[ -f w/later.json ] || fail "a link that leads to nothing is not followed"

# The name of a descriptor is a link that leads nowhere once its file is replaced.
exec 7>w/descriptor.json
succeeds -C texts --variant swiglu -o /dev/fd/7
is_results w/descriptor.json
[ ! -e w/descriptor.json.run ] || fail "a descriptor: the run directory is left"
refused 'was removed or replaced' -C texts -o /dev/fd/7
exec 7>&-

# A file is made, the directory that it is to be in is not.
ln -s nowhere/x.json astray
for option in --output --dump-batches; do
    refused "$option: nowhere/x: there is no directory .*nowhere; make it" -C texts $option nowhere/x
    refused "$option: astray: there is no directory .*nowhere; make it" -C texts $option astray
    refused "$option: book.txt/x: .*book.txt is no directory" -C texts $option book.txt/x
done

# Standard output, and then nothing else is there.
ln -s /dev/stdout standard
for name in - /dev/stdout /dev/fd/1 standard; do
    ONEDNN_VERBOSE=1 timeout 60 "$program" --preset smoke --variant relu --variant swiglu --steps 2 \
        --seeds 1 --samples 0 --heldout-share 0.3 -C texts -o $name 2>err >stdout || fail "--output $name"
    is_results stdout
    python3 -m json.tool stdout >tool 2>&1 || fail "--output $name: more than JSON: $(cat tool)"
    grep -q 'FFN_ReLU' err || fail "--output $name: no table on standard error"
done
[ ! -e ./- ] || fail "--output - makes a file of that name"
succeeds -C texts -o x.json --dump-batches -
grep -v -q '^{"phase"' out && fail "--dump-batches -: more than batches"
refused 'regular file' -C texts -o - --resume
for name in - /dev/stdout; do
    refused 'standard output, and a study is a directory' -C texts --vary learning-rate=1,2 -o $name
done

# In a folder of text what is ours is no text: of this run, of one before, of one that was stopped.
cd texts || exit 99
glu -C . -o first.json || fail "a folder of text"
value first.json sha256 >"$directory/expected"
rm -f out err
mkdir stopped.json.run stopped.json.run/run && echo 1 >stopped.json.run/run/lock
: >second.json
for i in 2 3; do
    timeout 60 "$program" --preset smoke --variant relu --seeds 1 --steps 2 --samples 0 --threads 1 \
        --heldout-share 0.3 -C . -o second.json --dump-batches batches --save-checkpoint weights \
        >log 2>words || fail "a folder of text and of ours: $(cat words)"
    value second.json sha256 | cmp -s - "$directory/expected" || fail "our own files are read as text"
    rm log words
done
# The directory of a study is left out as well, when it is new and when it is gone on with.
for option in --force --resume; do
    timeout 60 "$program" --quiet --preset smoke --variant relu --seeds 1 --steps 2 --samples 0 \
        --threads 1 --heldout-share 0.3 -C . --vary learning-rate=0.01,0.02 --output study $option \
        >log 2>words || fail "a study in a folder of text: $(cat words)"
    value study/0.01.json sha256 | cmp -s - "$directory/expected" || fail "a study reads itself"
    rm log words
done
exit $failed
