#!/bin/sh
# Tokens of SentencePiece: the ids and the text that spm_encode and spm_decode give, trainings, their
# results and weights, and models that are refused.
source=$(cd "${srcdir:-.}" && pwd)
ids=$(pwd)/spm-ids
. "$(dirname "$0")/scratch.sh"

# glu COMMAND ARGUMENT...
glu()
{
    timeout 300 "$program" "$@" >out 2>err </dev/null
}

smoke="--quiet --preset smoke --variant relu --samples 0 --threads 1 --precision f32"

# refused WHAT TEXT ARGUMENT...: a usage error that says so, before anything is made.
refused()
{
    what=$1 text=$2
    shift 2
    rm -rf no.json no.json.run
    # shellcheck disable=SC2086
    glu run $smoke --output no.json "$@"
    [ $? = 2 ] && grep -q -e "$text" err || fail "$what: not refused with '$text'"
    [ ! -e no.json ] && [ ! -e no.json.run ] || fail "$what: results are begun"
}

refused "no file" "give sentencepiece:FILE" --tokenizer sentencepiece
refused "an empty name" "give sentencepiece:FILE" --tokenizer sentencepiece:
refused "another kind" "there is: bytes, sentencepiece:FILE" --tokenizer sentence:x
refused "bytes of a file" "no choice 'bytes:x'" --tokenizer bytes:x
if "$program" --version | grep -q '^without SentencePiece'; then
    refused "no library" "apt-get install g++ libsentencepiece-dev" --tokenizer sentencepiece:x
    [ $failed = 0 ] || exit 1
    echo "skipped: built without SentencePiece"
    exit 77
fi
for tool in spm_train spm_encode spm_decode; do
    command -v $tool >/dev/null || {
        echo "skipped: no $tool (Debian: apt-get install sentencepiece)"
        exit 77
    }
done

# train NAME ARGUMENT...: NAME.model, as T5's but for what the arguments say.
train()
{
    name=$1
    shift
    spm_train --input=text --model_prefix="$name" --pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 \
        --hard_vocab_limit=false --minloglevel=2 "$@" >train.log 2>&1 || {
        cat train.log
        fail "spm_train $name"
    }
}

cat "$source/README.md" "$source/HACKING.md" >text
printf 'Gr\303\274\303\237e \342\202\254 \360\237\230\200 na\303\257ve \344\275\240\345\245\275\n' >>text
train small --vocab_size=400
train bpe --vocab_size=500 --model_type=bpe --byte_fallback

# ---- Ids and text ----

# Lines of all kinds: letters of one to four bytes, joined and combined ones, signs that are normalised
# to many, spaces of all widths, control characters, what looks like a special piece, bytes that are no
# UTF-8, a NUL, nothing at all; long ones.
{
    printf 'Hello, my dog is cute\n\n   \n\t\n two  spaces \n\r\n'
    printf 'Gr\303\274\303\237e, na\303\257ve caf\303\251 e\314\201 \342\202\254 \344\275\240\345\245\275\n'
    printf '\360\237\230\200\360\237\221\251\342\200\215\360\237\221\251\342\200\215\360\237\221\247 \360\237\207\251\360\237\207\252\n'
    printf '\357\267\272\357\267\272\357\267\272 \357\254\201 \342\221\240 \357\274\241\357\274\242 \302\275\n'
    printf 'a\302\240b\343\200\200c\342\200\213d\357\273\277e\342\200\256f\n'
    printf 'a\001b\002c\010d\013e\014f\033g\177h\302\205i\n'
    printf '</s> <s> <unk> <pad> <extra_id_0> \342\226\201 \342\226\201\342\226\201x\n'
    printf '\377 \300\200 \355\240\200 \303 \360\237\230 \364\220\200\200 a\200b\n'
    printf 'a\000b\n\000\n'
    awk 'BEGIN { for (i = 0; i < 20000; i++) printf "word%d ", i % 97; print ""
                 for (i = 0; i < 50000; i++) printf "a"; print "" }'
    awk 'BEGIN { srand(3); for (n = 0; n < 400; n++) { s = ""
                 for (i = int(30 * rand()); i > 0; i--) { c = 1 + int(255 * rand())
                     s = s sprintf("%c", c == 10 ? 32 : c) } print s } }'
} >odd

models="small.model bpe.model"
t5=${GLUBENCH_DATA:-/nowhere}/spiece/t5.spiece.model
[ ! -e "$t5" ] || models="$models $t5"
for model in $models; do
    for file in odd text; do
        spm_encode --model="$model" --output_format=id <$file >want 2>log || fail "spm_encode $model"
        "$ids" "$model" <$file >got 2>err || fail "$model: no ids of $file"
        cmp want got >out 2>&1 || fail "$model: not the ids of spm_encode of $file"
        spm_decode --model="$model" --input_format=id <want >text.want 2>log || fail "spm_decode $model"
        "$ids" -d "$model" <want >text.got 2>err || fail "$model: no text of $file"
        cmp text.want text.got >out 2>&1 || fail "$model: not the text of spm_decode of $file"
    done
    head -n 40 text | tr '\n' ' ' | spm_encode --model="$model" --output_format=id >want 2>log
    head -n 40 text | "$ids" -w "$model" >got
    cmp want got >out 2>&1 || fail "$model: line feeds are no spaces"
    # shellcheck disable=SC2046
    set -- $("$ids" -s "$model")
    [ "$3" = $(($2 + 99)) ] && [ "$1" = $((($2 + 100 + 127) / 128 * 128)) ] &&
        [ "$4" = "$(sha256sum <"$model" | cut -d ' ' -f 1)" ] || fail "$model: sizes $*"
    echo "5 0 1 $(($2 - 1)) $2 $3 $1 -1 99999999 5" | "$ids" -d "$model" >got
    echo "5 0 1 $(($2 - 1)) 5" | spm_decode --model="$model" --input_format=id 2>log | cmp - got >out 2>&1 ||
        fail "$model: ids of no text leave something"
done
if [ -e "$t5" ]; then
    # shellcheck disable=SC2046
    set -- $("$ids" -s "$t5")
    [ "$1 $2 $3" = "32128 32000 32099" ] || fail "T5's sizes are $1 $2 $3"
    echo 'Hello, my dog is cute' | "$ids" "$t5" | grep -qx '8774 6 82 1782 19 5295' || fail "T5's ids"
fi

# ---- Trainings ----

# run ARGUMENT...: into x.json.
run()
{
    rm -rf x.json x.json.run
    # shellcheck disable=SC2086
    glu run $smoke --output x.json "$@"
}

tokenizer="--tokenizer sentencepiece:small.model"
corpus="--corpus text --heldout-share 0.3"
# shellcheck disable=SC2046
set -- $("$ids" -s small.model)
rows=$1 pieces=$2 sentinel=$3 sum=$4
for kind in t5 lm; do
    [ $kind = t5 ] && preset=smoke || preset=lm-smoke
    # shellcheck disable=SC2086
    run $tokenizer $corpus --preset $preset --save-checkpoint w-$kind --dump-batches batches ||
        fail "$kind: no training"
    cp x.json $kind.json
    glu validate $kind.json || fail "$kind: its results are not valid"
    for text in '"tokenizer": "sentencepiece"' '"tokenizer_file": "small.model"' \
        "\"tokenizer_sha256\": \"$sum\"" "\"vocabulary\": $rows" '"role": "tokenizer"'; do
        grep -q "$text" $kind.json || fail "$kind: no $text"
    done
    cmp -s small.model w-$kind/spiece.model || fail "$kind: another model beside the weights"
    grep -q "\"vocab_size\": $rows" w-$kind/config.json || fail "$kind: rows in config.json"
    for text in '"tokenizer_class": "T5Tokenizer"' '"extra_ids": 100' '"<extra_id_0>"' \
        '"<extra_id_99>"' '"eos_token": "</s>"' '"pad_token": "<pad>"' '"unk_token": "<unk>"'; do
        grep -q "$text" w-$kind/tokenizer_config.json || fail "$kind: tokenizer_config.json has no $text"
    done
    # Nats per token as nats per byte of their text: a piece is some bytes.
    for key in heldout_log_perplexity_nats heldout_target_tokens heldout_target_bytes heldout_nats_per_byte; do
        value $kind.json $key | head -n 1
    done | tr '\n' ' ' >numbers
    awk 'NF != 4 || $3 < 1.1 * $2 || $3 > 9 * $2 || ($1 * $2 - $3 * $4) ^ 2 > 1e-12 * ($1 * $2) ^ 2 { exit 1 }' \
        numbers || fail "$kind: nats per byte: $(cat numbers)"
    value $kind.json parameters_sha256 >bits
    # The same again, as the results file has it, and from its command line; the weights again.
    run --config $kind.json --save-checkpoint w-$kind || fail "$kind: no second training"
    value x.json parameters_sha256 | cmp -s bits - || fail "$kind: --config gives other bits"
    value $kind.json repro | sed "s|^glubench|$program|; s|--output .*|--output again.json|" >repro
    sh repro >out 2>err && value again.json parameters_sha256 | cmp -s bits - ||
        fail "$kind: other bits from $(cat repro)"
    rm -rf again.json*
    # Stopped and gone on with, the model being somewhere else now.
    rm -rf k.json k.json.run
    # shellcheck disable=SC2086
    begin run --preset $preset --variant relu --samples 0 --threads 1 --precision f32 $tokenizer \
        $corpus --output k.json --steps 200 --checkpoint-every 10
    wait_until grep -q 'step [1-9]' err
    kill -s KILL "$child"
    wait "$child" 2>/dev/null
    cp small.model moved.model
    # shellcheck disable=SC2086
    glu run --quiet --preset $preset --variant relu --samples 0 --threads 1 --precision f32 $corpus \
        --tokenizer sentencepiece:bpe.model --output k.json --steps 200 --resume
    [ $? = 1 ] && grep -q tokenizer_sha256 err || fail "$kind: gone on with another model"
    # shellcheck disable=SC2086
    glu run --quiet --preset $preset --variant relu --samples 0 --threads 1 --precision f32 $corpus \
        --tokenizer sentencepiece:moved.model --output k.json --steps 200 --resume ||
        fail "$kind: not gone on with"
    # shellcheck disable=SC2086
    run --preset $preset $tokenizer $corpus --steps 200 || fail "$kind: no long training"
    value x.json parameters_sha256 >bits
    value k.json parameters_sha256 | cmp -s bits - || fail "$kind: a resume gives other bits"
done
grep -q "\[[0-9, ]*$sentinel, " batches && fail "lm has sentinels"
# shellcheck disable=SC2086
run $tokenizer $corpus --dump-batches batches || fail "no batches"
grep -q "\"targets\": \[\[$sentinel, " batches || fail "the first sentinel is not $sentinel"
sed 's/, "loss_nats.*//' batches | tr -c '0-9' '\n' | sort -n | tail -n 1 | grep -qx "$sentinel" ||
    fail "ids beyond the first sentinel"
# shellcheck disable=SC2086
run --tokenizer bytes --config t5.json && grep -q '"tokenizer": "bytes"' x.json &&
    ! grep -q tokenizer_ x.json || fail "bytes in place of a file's model"

# Settings of a study, and results that do not compare.
# shellcheck disable=SC2086
glu run $smoke $corpus --steps 2 --vary tokenizer=bytes,sentencepiece:small.model,sentencepiece:bpe.model \
    --output study && [ -e study/bytes.json ] && [ -e study/small.model.json ] &&
    [ -e study/bpe.model.json ] || fail "a study of tokenizers"
glu compare study/small.model.json study/bpe.model.json
[ $? = 1 ] && grep -q 'tokenizer_sha256' err || fail "results of two models are compared"
glu report study/small.model.json study/bpe.model.json
[ $? = 1 ] && grep -q 'tokenizer_sha256' err || fail "results of two models are merged"
# shellcheck disable=SC2086
glu run $smoke $corpus --steps 2 --vary tokenizer=sentencepiece:small.model,sentencepiece:moved.model \
    --output same
[ $? = 1 ] && grep -q 'are the same trainings' err || fail "one model under two names"

# ---- What is written, and what never is ----

mkdir folder && cp small.model folder/spiece.model && cp small.model kept.model
# shellcheck disable=SC2086
run --tokenizer sentencepiece:folder/spiece.model $corpus --steps 1 --save-checkpoint folder &&
    cmp -s small.model folder/spiece.model || fail "a model where its copy goes"
# shellcheck disable=SC2086
run --tokenizer sentencepiece:bpe.model $corpus --steps 1 --save-checkpoint folder &&
    fail "a model that others wrote is replaced"
cmp -s small.model folder/spiece.model || fail "a model that others wrote is gone"
# shellcheck disable=SC2086
glu run $smoke $corpus --steps 1 --tokenizer sentencepiece:kept.model --output kept.model --force
[ $? = 1 ] && cmp -s small.model kept.model || fail "results over the model"
# shellcheck disable=SC2086
run --init-checkpoint w-t5 --tokenizer sentencepiece:bpe.model $corpus
[ $? = 2 ] || fail "weights of other rows"
grep -q 'shared.weight has.*rows.*--tokenizer sentencepiece:w-t5/spiece.model' err || fail "weights of other rows are not named"

# ---- Models that are none ----

size=$(wc -c <small.model)
refused missing "cannot open nope: No such file" --tokenizer sentencepiece:nope
refused "a folder" "not a regular file" --tokenizer sentencepiece:folder
: >empty.model
refused empty "pieces are missing" --tokenizer sentencepiece:empty.model
head -c 3000 text >junk.model
refused junk "no model of SentencePiece, or was cut" --tokenizer sentencepiece:junk.model
# Anywhere; behind a piece; behind all of them.
first=$((2 + $(od -An -tu1 -j1 -N1 small.model)))
for bytes in 1 $first 1000 $((size / 2)) $((size - 1)); do
    head -c "$bytes" small.model >cut.model
    refused "cut at $bytes" "no model of SentencePiece, or was cut" --tokenizer sentencepiece:cut.model
done
spm_train --input=text --model_prefix=usual --vocab_size=300 --hard_vocab_limit=false --minloglevel=2 \
    >log 2>&1 || fail "spm_train usual"
refused "other ids" "--pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1" --tokenizer sentencepiece:usual.model
refused "other ids" "are the ids -1, 2 and 0" --tokenizer sentencepiece:usual.model

exit $failed
