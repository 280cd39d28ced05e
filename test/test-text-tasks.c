/* test-text-tasks.c - files of tasks that are told in words, to texts: byte for byte, whole and broken.
 *
 *     test-text-tasks --print TASK train|dev DIRECTORY     the examples as JSON lines, for test/text_tasks.py
 *
 * TASK may also be translation:SOURCE,TARGET. */
#include "src/glu.h"

#include "src/task/metrics/metrics.h"
#include "src/task/text_task.h"
#include "src/task/translation.h"
#include "src/text/spaces.h"
#include "src/util/io.h"
#include "src/util/json_help.h"
#include "src/util/sha256.h"
#include "test/scratch.h"
#include "test/tap.h"
#include "test/text-tasks-sums.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char pairs_of_files[] = "translation:";

/* A new set of a task of a table, of "tsv:..." or of "translation:...". */
static int read_any(const char *name, const char *directory, enum text_split split, struct examples **examples)
{
    const struct text_task *task;
    int status;

    if (strncmp(name, pairs_of_files, strlen(pairs_of_files)) == 0) {
        if (examples_create(examples))
            return -1;
        status = translation_read(name + strlen(pairs_of_files), *examples);
        if (status == 0)
            return 0;
        examples_destroy(*examples);
        *examples = NULL;
        return -1;
    }
    *examples = NULL;
    if (text_task_open(&task, name))
        return -1;
    status = text_task_read(task, directory, split, examples);
    text_task_close(task);
    return status;
}

/* ==== For the other implementation ==== */

static json_t *answers_of(const struct example *example)
{
    json_t *list = example->answers ? json_array() : json_null();

    for (size_t i = 0; example->answers && example->answers[i]; i++)
        json_push(list, json_string(example->answers[i]));
    return list;
}

static int print_examples(const char *name, const char *split, const char *directory)
{
    struct examples *examples;

    if (read_any(name, directory, strcmp(split, "dev") == 0 ? TEXT_DEV : TEXT_TRAIN, &examples)) {
        fprintf(stderr, "%s\n", err_get());
        return 1;
    }
    for (size_t i = 0; i < examples->count; i++) {
        const struct example *one = &examples->example[i];
        json_t *row = json_pack("{s:s, s:s, s:i, s:i, s:f, s:o}", "input", one->input, "target", one->target, "label",
                                one->label, "group", one->group, "number", one->number, "answers",
                                answers_of(one));

        if (!row || json_dumpf(row, stdout, JSON_COMPACT))
            tap_bail_out("cannot print an example");
        printf("\n");
        json_decref(row);
    }
    examples_destroy(examples);
    return 0;
}

/* ==== Made-up files ==== */

/* All examples of a set as text: "input|target|label", and the group and the answers where there are some. */
static char *told(const struct examples *examples)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    if (!out)
        tap_bail_out("no memory");
    for (size_t i = 0; i < examples->count; i++) {
        const struct example *one = &examples->example[i];

        fprintf(out, "%s|%s|%d", one->input, one->target, one->label);
        if (one->group >= 0)
            fprintf(out, "|group %d", one->group);
        if (one->number != 0)
            fprintf(out, "|number %.17g", one->number);
        for (size_t j = 0; one->answers && one->answers[j]; j++)
            fprintf(out, "|%s", one->answers[j]);
        fprintf(out, "\n");
    }
    if (examples->dropped)
        fprintf(out, "%zu dropped\n", examples->dropped);
    fclose(out);
    return text;
}

struct made {
    const char *task;
    enum text_split split;
    const char *file, *contents;
    const char *expected; /* as told() has it; NULL: it is refused */
    const char *message;  /* what the refusal says in it, and the next */
    const char *remedy;
};

static const struct made made[] = {
    /* GLUE */
    {"cola", TEXT_TRAIN, "glue/CoLA/train.tsv",
     "gj04\t1\t\tThe sailors rode the breeze.\ncj99\t0\t*\tAs you eat \"the most\" , want.\nshort\t1\n",
     "cola sentence: The sailors rode the breeze.|acceptable|1\n"
     "cola sentence: As you eat \"the most\" , want.|unacceptable|0\n1 dropped\n", NULL, NULL},
    {"sst2", TEXT_DEV, "glue/SST-2/dev.tsv",
     "\xef\xbb\xbfsentence\tlabel\r\nit 's a charming journey . \t1\r\n  unflinchingly bleak\t0\r\n",
     "sst2 sentence: it 's a charming journey . |positive|1\n"
     "sst2 sentence:   unflinchingly bleak|negative|0\n", NULL, NULL},
    {"mrpc", TEXT_DEV, "glue/MRPC/dev.tsv",
     "\xef\xbb\xbfQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\tHe said \" so .\tSo he \" said .\n"
     "0\t7\t8\tA\tB\n1\t7\t8\tonly one\n",
     "mrpc sentence1: He said \" so . sentence2: So he \" said .|equivalent|1\n"
     "mrpc sentence1: A sentence2: B|not_equivalent|0\n1 dropped\n", NULL, NULL},
    {"stsb", TEXT_DEV, "glue/STS-B/dev.tsv",
     "index\tsentence1\tsentence2\tscore\n0\tA\tB\t2.8\n1\tA\tB\t1.66\n2\tA\tB\t0.5\n3\tA\tB\t1.5\n4\tA\tB\t2.5\n"
     "5\tA\tB\t4.5\n6\tA\tB\t5\n7\tA\tB\t0.000\n",
     "stsb sentence1: A sentence2: B|2.8|-1|number 2.7999999999999998\n"
     "stsb sentence1: A sentence2: B|1.6|-1|number 1.6000000000000001\n"
     "stsb sentence1: A sentence2: B|0.4|-1|number 0.40000000000000002\n"
     "stsb sentence1: A sentence2: B|1.6|-1|number 1.6000000000000001\n"
     "stsb sentence1: A sentence2: B|2.4|-1|number 2.3999999999999999\n"
     "stsb sentence1: A sentence2: B|4.4|-1|number 4.4000000000000004\n"
     "stsb sentence1: A sentence2: B|5.0|-1|number 5\n"
     "stsb sentence1: A sentence2: B|0.0|-1\n", NULL, NULL},
    {"qqp", TEXT_TRAIN, "glue/QQP/train.tsv",
     "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n7\t1\t2\tWhat?\tWhat is it?\t0\n8\t3\t4\tWho\n"
     "is he?\tWho?\t1\n\n9\t5\t6\tWhy?\t\t1\tmore\n",
     "qqp question1: What? question2: What is it?|not_duplicate|0\n"
     "qqp question1: Why? question2: |duplicate|1\n2 dropped\n", NULL, NULL},
    {"mnli", TEXT_DEV, "glue/MNLI/dev_matched.tsv",
     "index\tsentence1\tsentence2\tgold_label\n0\tP\tH \tneutral\n1\tP\tH\tcontradiction\n",
     "mnli hypothesis: H  premise: P|neutral|1\nmnli hypothesis: H premise: P|contradiction|2\n", NULL, NULL},
    {"mnli_mismatched", TEXT_DEV, "glue/MNLI/dev_mismatched.tsv",
     "gold_label\tsentence2\tlabel1\tsentence1\nentailment\tH\tneutral\tP\n",
     "mnli hypothesis: H premise: P|entailment|0\n", NULL, NULL},
    {"qnli", TEXT_TRAIN, "glue/QNLI/train.tsv", "index\tquestion\tsentence\tlabel\n3\tQ?\tS.\tnot_entailment\n",
     "qnli question: Q? sentence: S.|not_entailment|1\n", NULL, NULL},
    {"rte", TEXT_TRAIN, "glue/RTE/train.tsv", "index\tsentence1\tsentence2\tlabel\n0\tA\tB\tentailment\n",
     "rte sentence1: A sentence2: B|entailment|0\n", NULL, NULL},

    /* SuperGLUE */
    {"boolq", TEXT_DEV, "superglue/BoolQ/val.jsonl",
     "{\"question\": \"is it\", \"passage\": \"It -- is  it.\", \"idx\": 0, \"label\": true}\n"
     "{\"question\": \"is it\", \"idx\": 1, \"label\": true}\n\n"
     "{\"question\": \"is it\", \"passage\": \"no\", \"label\": null}\n"
     "{\"passage\": \"No.\", \"label\": false, \"question\": \"w\\u00e9\"}",
     "boolq passage: It -- is  it. question: is it|True|1\nboolq passage: No. question: w\xc3\xa9|False|0\n"
     "2 dropped\n", NULL, NULL},
    {"cb", TEXT_TRAIN, "superglue/CB/train.jsonl",
     "{\"premise\": \"P.\", \"hypothesis\": \"h\", \"label\": \"neutral\", \"idx\": 0}\n"
     "{\"premise\": \"P.\", \"hypothesis\": \"h\", \"label\": \"contradiction\", \"idx\": 1}\n",
     "cb hypothesis: h premise: P.|neutral|2\ncb hypothesis: h premise: P.|contradiction|1\n", NULL, NULL},
    {"copa", TEXT_TRAIN, "superglue/COPA/train.jsonl",
     "{\"premise\": \"P.\", \"choice1\": \"A.\", \"choice2\": \"B.\", \"question\": \"cause\", \"label\": 1}\n"
     "{\"premise\": \"P.\", \"choice1\": \"A.\", \"choice2\": \"B.\", \"question\": \"effect\", \"label\": 0}\n",
     "copa choice1: A. choice2: B. premise: P. question: cause|choice2|1\n"
     "copa choice1: A. choice2: B. premise: P. question: effect|choice1|0\n", NULL, NULL},
    {"multirc", TEXT_DEV, "superglue/MultiRC/val.jsonl",
     "{\"idx\": 0, \"passage\": {\"text\": \"<b>Sent 1: </b>One.<br><b>Sent 2: </b>a < b <i>\", \"questions\": ["
     "{\"question\": \"Q<br>?\", \"idx\": 4, \"answers\": [{\"text\": \"yes\", \"idx\": 0, \"label\": 1},"
     " {\"text\": \"<b>no\", \"idx\": 1, \"label\": 0}, {\"text\": \"unknown\", \"idx\": 2}]},"
     " {\"question\": \"R?\", \"idx\": 5, \"answers\": [{\"text\": \"\", \"idx\": 3, \"label\": 0}]}]}}\n",
     "multirc question: Q ? answer: yes paragraph: Sent 1: One. Sent 2: a < b <i>|True|1|group 4\n"
     "multirc question: Q ? answer: no paragraph: Sent 1: One. Sent 2: a < b <i>|False|0|group 4\n"
     "multirc question: R? answer:  paragraph: Sent 1: One. Sent 2: a < b <i>|False|0|group 5\n1 dropped\n",
     NULL, NULL},
#define PASSAGE                                                                                                    \
    "{\"passage\": {\"text\": \"This is the passage\\n@highlight\\nAnother sentence.\\n@highlight\\nThird sentence."   \
    "\\n@highlight\\n\\u00e9 C A B A\", \"entities\": [{\"start\": 89, \"end\": 89}, {\"start\": 91, \"end\": 91}, "   \
    "{\"start\": 87, \"end\": 89}, {\"start\": 93, \"end\": 93}, {\"start\": 95, \"end\": 99}]}, \"qas\": ["           \
    "{\"query\": \"It was @placeholder.\", \"answers\": [{\"text\": \"C\"}, {\"text\": \"A\"}, {\"text\": \"C\"}]}, "  \
    "{\"query\": \"None @placeholder.\", \"answers\": []}]}\n"
#define RECORD                                                                                                     \
    "record query: It was @placeholder. entities: A, B, C, \xc3\xa9 C passage: This is the passage. Another "         \
    "sentence. Third sentence. \xc3\xa9 C A B A"
    {"record", TEXT_TRAIN, "superglue/ReCoRD/train.jsonl", PASSAGE,
     RECORD "|A|-1\n" RECORD "|C|-1\n1 dropped\n", NULL, NULL},
    {"record", TEXT_DEV, "superglue/ReCoRD/val.jsonl", PASSAGE, RECORD "|A|-1|A|C\n1 dropped\n", NULL, NULL},
    {"record", TEXT_TRAIN, "superglue/ReCoRD/train.jsonl",
     "{\"passage\": {\"text\": \"ABC x?\\n@highlight\\ny!\\n@highlight\\nz\\\"\\n@highlight\\n'\\n@highlight\\n"
     "@highlight\\n,\\n@highlight\\n.\", \"entities\": [{\"start\": 2, \"end\": 2}, {\"start\": 0, \"end\": 0}, "
     "{\"start\": 1, \"end\": 1}]}, \"qas\": [{\"query\": \"Q\", \"answers\": [{\"text\": \"B\"}]}]}\n",
     "record query: Q entities: A, B, C passage: ABC x? y! z\" ' @highlight\n,. .|B|-1\n", NULL, NULL},
    {"superglue_rte", TEXT_DEV, "superglue/RTE/val.jsonl",
     "{\"premise\": \"P.\", \"hypothesis\": \"H.\", \"label\": \"not_entailment\", \"idx\": 0}\n",
     "rte hypothesis: H. premise: P.|not_entailment|1\n", NULL, NULL},
    {"wic", TEXT_DEV, "superglue/WiC/val.jsonl",
     "{\"word\": \"place\", \"sentence1\": \"My place.\", \"sentence2\": \"No place.\", \"start1\": 3, \"label\": "
     "false}\n", "wic sentence1: My place. sentence2: No place. word: place|False|0\n", NULL, NULL},

#define WSC(text, first, first_index, second, second_index, label)                                                  \
    "{\"text\": \"" text "\", \"target\": {\"span1_text\": \"" first "\", \"span1_index\": " #first_index              \
    ", \"span2_text\": \"" second "\", \"span2_index\": " #second_index "}, \"idx\": 0, \"label\": " #label "}\n"
#define LENDING "Mitchell asked Tom if he could lend some money."
#define LENDING_MARKED "wsc: Mitchell asked Tom if *he* could lend some money."
    {"wsc", TEXT_DEV, "superglue/WSC/val.jsonl",
     WSC(LENDING, "Tom", 2, "he", 4, false) WSC(LENDING, "Mitchell", 0, "he", 4, true),
     LENDING_MARKED "|Tom|0\n" LENDING_MARKED "|Mitchell|1\n", NULL, NULL},
    {"wsc", TEXT_TRAIN, "superglue/WSC/train.jsonl",
     WSC(LENDING, "Tom", 2, "he", 4, false) WSC(LENDING, "Mitchell", 0, "he", 4, true),
     LENDING_MARKED "|Mitchell|1\n", NULL, NULL},
    {"wsc", TEXT_TRAIN, "superglue/WSC/train.jsonl", /* the four that are astray */
     WSC("the pony threw him over. \\\"Good for him,\\\" he said. ", "pony", 1, "him", 7, true)
     WSC("He might want to use it , but really", "safe", 1, "it", 4, true),
     "wsc: the pony threw him over. \"Good for *him* ,\" he said.|pony|1\n"
     "wsc: He might want to use *it* , but really|safe|1\n", NULL, NULL},
    {"wsc", TEXT_TRAIN, "superglue/WSC/train.jsonl", /* referents in other words than the text's */
     WSC("I put the  cake away . It was", "The cake", 2, "It", 7, true)
     WSC("The lawyer saw he was", "the lawyer.", 0, "he", 3, true)
     WSC("He saw that willow-towered Canopy Hunt wrestles it", "Willow-towered Canopy\\nHunt..", 3, "He", 0, true),
     "wsc: I put the  cake away . *It* was|the cake|1\nwsc: The lawyer saw *he* was|The lawyer|1\n"
     "wsc: *He* saw that willow-towered Canopy Hunt wrestles it|willow-towered Canopy Hunt|1\n", NULL, NULL},
    {"dpr", TEXT_TRAIN, "dpr/train.c.txt",
     "The manual was unreadable to him.\nhim\nThe manual, The man\nThe man\n\n"
     "it told her, and they heard it or it.\r\nit\nThe bee,the flower\nThe bee\n\nNo.\nhe\nA,B\nB",
     "wsc: The manual was unreadable to *him*.|The man|-1\n"
     "wsc: it told her, and they heard *it* or it.|The bee|-1\nwsc: No.|B|-1\n", NULL, NULL},

    /* SQuAD */
    {"squad", TEXT_TRAIN, "squad/train-v1.1.json",
     "{\"data\": [{\"title\": \"t\", \"paragraphs\": [{\"context\": \"Some context.\", \"qas\": [{\"question\": "
     "\"A question?\", \"id\": \"1\", \"answers\": [{\"answer_start\": 0, \"text\": \"The answer.\"}]}, "
     "{\"question\": \"?\", \"answers\": []}]}, {\"context\": \" \\u201cx\\u201d\\n\\n(U.S.)  [a\\\\b]\", \"qas\": ["
     "{\"question\": \" -Who's he\", \"answers\": [{\"text\": \"U.S.\"}, {\"text\": \"\\\"a_b\"}]}]}]}]}",
     "question: A question ? context: Some context . |The answer . |-1|The answer . \n"
     "question: - Who ' s he context: \xe2\x80\x9cx\xe2\x80\x9d ( U . S . ) [ a \\ b ] |U . S . |-1|U . S . | \" a _ b\n"
     "1 dropped\n", NULL, NULL},

    /* Tables of one's own */
    {"tsv:" "scratch/train.tsv,scratch/dev.tsv", TEXT_TRAIN, "train.tsv", "n\ttarget\tinput\n1\tb c\t a \n2\td\n",
     " a |b c|-1\n1 dropped\n", NULL, NULL},
    {"tsv:" "scratch/train.tsv,scratch/dev.tsv:spearman", TEXT_DEV, "dev.tsv", "input\ttarget\nx\t-2.5\n",
     "x|-2.5|-1|number -2.5\n", NULL, NULL},

    /* What is refused */
    {"sst2", TEXT_DEV, "glue/SST-2/dev.tsv", "sentence\tlabels\nx\t1\n", NULL,
     "glue/SST-2/dev.tsv:1: there is no column 'label'", "the first line must name it"},
    {"sst2", TEXT_DEV, "glue/SST-2/dev.tsv", "", NULL, "glue/SST-2/dev.tsv: it is empty", "must name the columns"},
    {"sst2", TEXT_DEV, "glue/SST-2/dev.tsv", "sentence\tlabel\nx\n", NULL, "has none (1 rows lack a field)",
     "is it the right file"},
    {"sst2", TEXT_DEV, "glue/SST-2/dev.tsv", "sentence\tlabel\nx\t1\n\ny\t2\n", NULL,
     "glue/SST-2/dev.tsv:4: task sst2 has no class '2' (they are 0 negative, 1 positive)", "correct the row"},
    {"sst2", TEXT_DEV, "glue/SST-2/dev.tsv", "sentence\tlabel\nx\t1\ny\xff\t1\n", NULL,
     "glue/SST-2/dev.tsv:3: byte 2 of the line is not UTF-8", "iconv"},
    {"rte", TEXT_DEV, "glue/RTE/dev.tsv", "sentence1\tsentence2\tlabel\nx\ty\t1\n", NULL,
     "glue/RTE/dev.tsv:2: task rte has no class '1'", "correct the row"},
    {"stsb", TEXT_DEV, "glue/STS-B/dev.tsv", "sentence1\tsentence2\tscore\nx\ty\t5.1\n", NULL,
     "glue/STS-B/dev.tsv:2: the score '5.1' is no number of 0 to 5", "correct the row"},
    {"stsb", TEXT_DEV, "glue/STS-B/dev.tsv", "sentence1\tsentence2\tscore\nx\ty\tnan\n", NULL,
     "glue/STS-B/dev.tsv:2: the score 'nan' is no number", "correct the row"},
    {"cb", TEXT_DEV, "superglue/CB/val.jsonl",
     "{\"premise\": \"P.\", \"hypothesis\": \"h\", \"label\": \"maybe\"}\n", NULL,
     "superglue/CB/val.jsonl:1: task cb has no class 'maybe'", "correct the row"},
    {"boolq", TEXT_DEV, "superglue/BoolQ/val.jsonl", "{\"passage\": \"p\",\n", NULL,
     "superglue/BoolQ/val.jsonl:1: it is not a line of JSON", "get the file again"},
    {"boolq", TEXT_DEV, "superglue/BoolQ/val.jsonl", "[1]\n", NULL,
     "superglue/BoolQ/val.jsonl:1: it is no object", "each line must be one"},
    {"boolq", TEXT_DEV, "superglue/BoolQ/val.jsonl", "{\"passage\": 1, \"question\": \"q\", \"label\": true}\n", NULL,
     "superglue/BoolQ/val.jsonl:1: 'passage' must be a string", ""},
    {"wsc", TEXT_DEV, "superglue/WSC/val.jsonl", WSC(LENDING, "Tom", 2, "he", 5, false), NULL,
     "superglue/WSC/val.jsonl:1: word 5 of the text is not the pronoun 'he'", "correct span2_index"},
    {"wsc", TEXT_DEV, "superglue/WSC/val.jsonl", WSC(LENDING, "Tom", 2, "he", 4, 2), NULL,
     "superglue/WSC/val.jsonl:1: 'label' must be true or false", ""},
    {"record", TEXT_DEV, "superglue/ReCoRD/val.jsonl",
     "{\"passage\": {\"text\": \"a\", \"entities\": [{\"start\": 1, \"end\": 1}]}, \"qas\": []}\n", NULL,
     "superglue/ReCoRD/val.jsonl:1: an entity must have", "which has 1"},
    {"dpr", TEXT_TRAIN, "dpr/train.c.txt", "He is.\nHe\nA,B\nC\n\n", NULL,
     "the block that ends at line 5: 'C' is none of the two candidates", "correct the block"},
    {"dpr", TEXT_TRAIN, "dpr/train.c.txt", "He is.\nHe\nA,B\nB\nHe was.\n", NULL,
     "dpr/train.c.txt:5: it should be an empty line", "the file is blocks"},
    {"dpr", TEXT_TRAIN, "dpr/train.c.txt", "He is.\nHe\n", NULL,
     "dpr/train.c.txt:2: the file ends where the two candidates should follow", "get the whole file"},
    {"dpr", TEXT_DEV, "dpr/train.c.txt", "", NULL, "task dpr has no dev examples", ""},
    {"mnli_mismatched", TEXT_TRAIN, "glue/MNLI/train.tsv", "", NULL, "task mnli_mismatched has no training", ""},
    {"squad", TEXT_DEV, "squad/dev-v1.1.json", "{\"data\":\n[", NULL, "squad/dev-v1.1.json:2: it is no JSON",
     "get the file again"},
    {"squad", TEXT_DEV, "squad/dev-v1.1.json", "{\"data\": [{\"paragraphs\": [{\"qas\": []}]}]}", NULL,
     "paragraph 0 of article 0 has no 'context'", "is this SQuAD's JSON"},
    {"squad", TEXT_DEV, "squad/dev-v1.1.json", "{\"data\": [{}]}", NULL, "article 0 has no list 'paragraphs'",
     "is this SQuAD's JSON"},
    {"tsv:" "scratch/train.tsv,scratch/dev.tsv", TEXT_TRAIN, "train.tsv", "input\tlabel\na\tb\n", NULL,
     "train.tsv:1: there is no column 'target'", "must name it"},
    {"tsv:" "scratch/train.tsv,scratch/dev.tsv:pearson", TEXT_TRAIN, "train.tsv", "input\ttarget\na\tb\n", NULL,
     "train.tsv:2: the target 'b' is no number, which pearson needs", "choose another metric"},
    {"sst3", TEXT_DEV, "x", "", NULL, "there is no task 'sst3' (did you mean sst2?)", "squad"},
    {"tsv:a,b:accurracy", TEXT_DEV, "x", "", NULL, "(did you mean accuracy?)", "spearman"},
    {"tsv:a", TEXT_DEV, "x", "", NULL, "two files with one comma", "tsv:TRAIN,DEV[:METRIC]"},
    {"tsv", TEXT_DEV, "x", "", NULL, "give tsv:TRAIN,DEV[:METRIC]", ""},
};

/* The scratch directory, and a name with "scratch/" replaced by it. */
static const char *scratch_name(const char *name)
{
    static char text[2000];
    size_t used = 0;
    const char *mark = "scratch/", *found;

    for (; (found = strstr(name, mark)); name = found + strlen(mark))
        used += (size_t)snprintf(text + used, sizeof text - used, "%.*s%s", (int)(found - name), name,
                                 scratch_path(""));
    snprintf(text + used, sizeof text - used, "%s", name);
    return text;
}

static void test_made(const struct made *one)
{
    struct examples *examples;
    const char *name = scratch_name(one->task);
    int status;

    scratch_text(one->file, one->contents);
    status = read_any(name, scratch_path(""), one->split, &examples);
    if (one->expected) {
        char *seen = status ? NULL : told(examples);

        if (!tap_ok(seen && strcmp(seen, one->expected) == 0, "%s: %s", one->task, one->file))
            tap_diag("%s\nseen: %s\nexpected: %s", status ? err_get() : "", seen ? seen : "-", one->expected);
        free(seen);
        examples_destroy(examples);
    } else if (!tap_ok(status == -1 && !examples && strstr(err_get(), one->message) &&
                       strstr(err_get(), one->remedy), "%s: %s", one->task, one->message)) {
        tap_diag("%s", err_get());
    }
    scratch_remove(scratch_path(one->file));
}

static void test_missing(void)
{
    struct examples *examples;
    int status = read_any("sst2", scratch_path("nowhere"), TEXT_TRAIN, &examples);

    tap_ok(status == -1 && strstr(err_get(), "nowhere/glue/SST-2/train.tsv: No such file") &&
               strstr(err_get(), "must name the folder"),
           "a missing file: %s", err_get());
    status = read_any(scratch_name("tsv:scratch/no.tsv,scratch/no.tsv"), "", TEXT_DEV, &examples);
    tap_ok(status == -1 && strstr(err_get(), "no.tsv: No such file"), "a missing file: %s", err_get());
}

/* ==== Translation ==== */

static const struct {
    const char *names[2], *contents[2], *expected, *message, *remedy;
} translations[] = {
    {{"a.en", "a.de"}, {"\xef\xbb\xbfThat is good. \r\n \nTwo\n", "Das ist gut.\n\nZwei"},
     "translate English to German: That is good. |Das ist gut.|-1\ntranslate English to German: Two|Zwei|-1\n"
     "1 dropped\n", NULL, NULL},
    {{"b.ro.gz", "b.fr"}, {"da\n", "oui\n"}, "translate Romanian to French: da|oui|-1\n", NULL, NULL},
    {{"c.en", "c.txt"}, {"x\n", "y\n"}, "x|y|-1\n", NULL, NULL},
    {{"den", "fde"}, {"x\n", "y\n"}, "x|y|-1\n", NULL, NULL},
    {{"d.en", "d.de"}, {"a\nb\n", "c\n \n"}, NULL, "d.de:2: the line is empty, but that of", "leave the line out"},
    {{"e.en", "e.de.gz"}, {"a\n\n", "c\nd\n"}, NULL, "e.en:2: the line is empty, but that of", "fill in"},
    {{"f.en", "f.de"}, {"a\nb\n", "c\n"}, NULL, "f.de ends after line 1, but", "f.en goes on"},
    {{"g.en", "g.de"}, {"a\n", "c\nd\ne\n"}, NULL, "g.en ends after line 1, but", "line by line"},
    {{"h.en", "h.de"}, {"\n", "\n"}, NULL, "have no sentences", ""},
    {{"i.en", "i.de"}, {"a\nb\xc3\n", "c\nd\n"}, NULL, "i.en:2: byte 2 of the line is not UTF-8", "iconv"},
};

static void test_translation(void)
{
    struct examples *examples;

    for (size_t i = 0; i < LENGTH_OF(translations); i++) {
        const char *path[2];
        char name[1000], *seen;

        for (int j = 0; j < 2; j++) {
            const char *file = translations[i].names[j], *text = translations[i].contents[j];

            path[j] = strstr(file, ".gz") ? scratch_gzip(file, text, strlen(text)) : scratch_text(file, text);
        }
        snprintf(name, sizeof name, "translation:%s,%s", path[0], path[1]);
        seen = read_any(name, "", TEXT_TRAIN, &examples) ? NULL : told(examples);
        if (!tap_ok(translations[i].expected
                        ? seen && strcmp(seen, translations[i].expected) == 0
                        : !seen && strstr(err_get(), translations[i].message) &&
                              strstr(err_get(), translations[i].remedy),
                    "translation of %s to %s", translations[i].names[0], translations[i].names[1]))
            tap_diag("%s", seen ? seen : err_get());
        free(seen);
        examples_destroy(examples);
    }
}

/* ==== Sets and spaces ==== */

static void test_shared(void)
{
    struct example one = {.input = "a", .target = "b", .label = -1, .group = -1};
    struct examples *train, *dev;
    size_t shared;

    if (examples_create(&train) || examples_create(&dev))
        tap_bail_out("%s", err_get());
    for (int i = 0; i < 1000; i++) {
        char input[16], target[16];

        snprintf(input, sizeof input, "%d", i * 7 % 1000 / 2);
        snprintf(target, sizeof target, "%d", i * 7 % 2);
        one.input = input;
        one.target = target;
        if (examples_add(i < 700 ? train : dev, &one) || (i % 100 == 0 && examples_add(dev, &one)))
            tap_bail_out("%s", err_get());
    }
    tap_ok(examples_shared(dev, train, &shared) == 0 && shared == 7, "%zu of %zu are in the other set", shared,
           dev->count);
    tap_ok(examples_shared(dev, dev, &shared) == 0 && shared == dev->count, "all are in the same");
    examples_destroy(dev);
    if (examples_create(&dev))
        tap_bail_out("%s", err_get());
    tap_ok(examples_shared(dev, train, &shared) == 0 && shared == 0 &&
               examples_shared(train, dev, &shared) == 0 && shared == 0, "none is in an empty one");
    examples_destroy(dev);
    examples_destroy(train);
}

static void test_spaces(void)
{
    static const char *const folded[][2] = {
        {"", ""}, {"   ", ""}, {" a  b   c ", "a b c"}, {"a", "a"}, {"a\n  \nb\t", "a\n \nb\t"},
        {"the answer . ", "the answer ."}, {"\xc2\xa0 x", "\xc2\xa0 x"},
    };
    bool good = true;

    for (size_t i = 0; i < LENGTH_OF(folded); i++) {
        char room[64];
        size_t bytes = strlen(folded[i][0]);

        memcpy(room, folded[i][0], bytes);
        bytes = spaces_fold(room, bytes, room);
        good = good && bytes == strlen(folded[i][1]) && memcmp(room, folded[i][1], bytes) == 0;
    }
    tap_ok(good, "runs of spaces are folded, and the ends are stripped");
}

/* The nats of always guessing the shares of the classes, of a set. */
static double prior_of(const struct text_task *task, const struct examples *examples)
{
    double prior = 0;

    for (int k = 0; task->classes && task->classes[k]; k++) {
        size_t count = 0;
        double share;

        for (size_t i = 0; i < examples->count; i++)
            count += examples->example[i].label == k;
        share = (double)count / (double)examples->count;
        prior -= share > 0 ? share * log(share) : 0;
    }
    return prior;
}

/* What a row of a table promises. */
static void test_rows(void)
{
    int tasks = 0, wrong = 0;

    for (size_t i = 0; text_benchmark_at(i); i++)
        for (const struct text_task *const *task = text_benchmark_at(i)->tasks; *task; task++, tasks++) {
            wrong += text_task_find((*task)->name) != *task; /* no name twice */
            wrong += !(*task)->metrics != !(*task)->group || ((*task)->dev_examples > 0) != !!(*task)->group;
            wrong += ((*task)->prior_nats > 0) != !!(*task)->classes;
        }
    tap_ok(tasks == 19 && wrong == 0, "%d tasks, %d faults", tasks, wrong);
}

/* ==== The data ==== */

/* The name of a task with the folder of the data before its files, when it has some. */
static const char *data_name(const char *task, const char *data)
{
    static char name[2000];
    const char *files = strchr(task, ':'), *comma = strchr(task, ',');

    if (files && comma)
        snprintf(name, sizeof name, "%.*s%s/%.*s%s/%s", (int)(files + 1 - task), task, data,
                 (int)(comma - files), files + 1, data, comma + 1);
    else
        snprintf(name, sizeof name, "%s", task);
    return name;
}

static void sum_examples(const struct examples *examples, char sha256[SHA256_HEX_BYTES])
{
    struct sha256 sum;

    sha256_start(&sum);
    for (size_t i = 0; i < examples->count && i < 100; i++) {
        const struct example *one = &examples->example[i];

        sha256_add(&sum, one->input, strlen(one->input));
        sha256_add(&sum, "\t", 1);
        sha256_add(&sum, one->target, strlen(one->target));
        sha256_add(&sum, "\n", 1);
    }
    sha256_finish_hex(&sum, sha256);
}

/* Of a complete dev set the shares of the classes are those of the table. */
static bool prior_is_right(const char *name, const struct examples *examples, enum text_split split)
{
    const struct text_task *task = strchr(name, ':') ? NULL : text_task_find(name);

    return !task || !task->classes || split == TEXT_TRAIN || examples->count != task->dev_examples ||
           fabs(prior_of(task, examples) - task->prior_nats) < 0.00051;
}

/* The files that are complete, by the numbers of their examples: these and no others. */
static bool is_complete(const char *name, enum text_split split, size_t count)
{
    const struct text_task *task = strchr(name, ':') ? NULL : text_task_find(name);

    return task && count == (split == TEXT_TRAIN ? task->train_examples : task->dev_examples);
}

static void test_data(const char *data)
{
    int complete = 0;

    for (size_t i = 0; i < LENGTH_OF(sums); i++) {
        char sha256[SHA256_HEX_BYTES];
        struct examples *examples;

        if (read_any(data_name(sums[i].task, data), data, sums[i].split, &examples)) {
            tap_ok(false, "%s: %s", sums[i].task, err_get());
            continue;
        }
        sum_examples(examples, sha256);
        complete += is_complete(sums[i].task, sums[i].split, examples->count);
        tap_ok(examples->count == sums[i].examples && examples->dropped == 0 &&
                   strcmp(sha256, sums[i].sha256) == 0 && prior_is_right(sums[i].task, examples, sums[i].split),
               "%s, %s: %zu examples", sums[i].task, sums[i].split == TEXT_TRAIN ? "train" : "dev",
               examples->count);
        examples_destroy(examples);
    }
    tap_ok(complete == 26, "%d splits have as many examples as the distribution", complete);
}

int main(int argc, char **argv)
{
    const char *data = getenv("GLUBENCH_DATA");

    if (argc == 5 && strcmp(argv[1], "--print") == 0)
        return print_examples(argv[2], argv[3], argv[4]);
    tap_plan((int)(LENGTH_OF(made) + 2 + LENGTH_OF(translations) + 3 + 1 + 1 + LENGTH_OF(sums) + 1));
    for (size_t i = 0; i < LENGTH_OF(made); i++)
        test_made(&made[i]);
    test_missing();
    test_translation();
    test_shared();
    test_spaces();
    test_rows();
    if (data && *data)
        test_data(data);
    else
        tap_skip(LENGTH_OF(sums) + 1, "GLUBENCH_DATA does not say where the data of the tasks are");
    return tap_status();
}
