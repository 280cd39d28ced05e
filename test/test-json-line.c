/* test-json-line.c - a line's text, against jansson, and where jansson finds none. */
#include "src/glu.h"

#include "src/text/json_line.h"
#include "src/util/rng.h"
#include "src/util/utf8.h"
#include "test/tap.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 400, ROUNDS = 200000 };

/* FOUND: jansson finds the same; BEYOND: jansson refuses the line, for what is not asked for; NONE:
 * there is none, says jansson too; WRONG: jansson has one, and we have not, or another. */
enum answer { FOUND, BEYOND, NONE, WRONG };

/* In memory of their own sizes, so that a step beyond the end is seen. */
static enum answer ask(const char *bytes, size_t count)
{
    char *line = malloc(count + !count), *room = malloc(count + !count);
    struct json_line found;
    json_t *tree, *string;
    enum answer answer;

    if (!line || !room)
        tap_bail_out("no memory");
    if (count)
        memcpy(line, bytes, count);
    tree = json_loadb(bytes, count, 0, NULL);
    string = json_object_get(tree, "text");
    if (!json_line_find(line, count, "text", room, &found))
        /* jansson steps over a NUL behind a number. */
        answer = json_is_string(string) && !memchr(bytes, '\0', count) ? WRONG : NONE;
    else if (utf8_valid_bytes(found.text, found.bytes) != found.bytes || found.bytes > count)
        answer = WRONG;
    else if (!tree)
        answer = BEYOND;
    else
        answer = json_is_string(string) && found.replaced == 0 &&
                         found.bytes == json_string_length(string) &&
                         memcmp(found.text, json_string_value(string), found.bytes) == 0
                     ? FOUND
                     : WRONG;
    json_decref(tree);
    free(line);
    free(room);
    return answer;
}

static const struct {
    const char *line;
    enum answer answer;
} lines[] = {
    {"{\"text\":\"a\"}", FOUND},
    {"{\"text\": \"one document\", \"timestamp\": \"2019\", \"url\": \"http://x\"}", FOUND},
    {" \t{ \"url\" : \"\" , \"text\" : \"\" } \r", FOUND},
    {"{\"text\": \"\\\"\\\\\\/\\b\\f\\n\\r\\t and more than eight bytes\"}", FOUND},
    {"{\"text\": \"\\u0041\\u00e4\\u20AC\\ud83d\\ude00\\uD83D\\uDE00\\uffff\\u0001\"}", FOUND},
    {"{\"text\": \"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \x7f\"}", FOUND},
    {"{\"\": \"\", \"text\": \"a\", \"Text\": \"b\", \"texts\": \"c\"}", FOUND},
    {"{\"text\": \"\\ud800\\udc00\\udbff\\udfff\\ud7ff\\ue000\"}", FOUND},
    {"{\"t\\u0065xt\": \"a\"}", FOUND},
    {"{\"text\": \"the first\", \"t\\u0065xt\": \"the last counts\"}", FOUND},
    {"{\"text\": \"a\", \"x\\u0065\": \"b\", \"y\": {\"text\": \"no\"}}", FOUND},
    {"{\"n\": [{\"text\": 3}], \"text\": \"a\", \"o\": {\"text\": \"b\", \"p\": {}}, \"q\": []}", FOUND},
    {"{\"n\": [1, -2.5, 1e3, 0.5E-2, true, false, null], \"text\": \"a\"}", FOUND},
    {"{\"s\": \"\\\\\", \"t\": \"\\\\\\\"\", \"text\": \"\\\\\"}", FOUND},
    {"{\"text\": 5, \"text\": \"a\"}", FOUND},
    /* What nobody asked for. */
    {"{\"n\": 18446744073709551615, \"text\": \"a\"}", BEYOND},
    {"{\"n\": 1.8e309, \"m\": [NaN, Infinity, -Infinity], \"text\": \"a\"}", BEYOND},
    {"{\"text\": \"a\", \"x\": \"\\u0000\"}", BEYOND},
    {"{\"text\": \"a\", \"x\": \"\\ud83d\"}", BEYOND},
    {"{\"text\": \"a\", \"x\": \"\xed\xa0\x80 \xff \t\"}", BEYOND},
    {"{\"text\": \"a\", \"\xc0\x80\": \"\\x\"}", BEYOND},
    {"{\"text\": \"a\", \"n\": 007}", BEYOND},
    /* Half a pair, and NUL. */
    {"{\"text\": \"\\u0000\"}", BEYOND},
    {"{\"text\": \"\\ud83d\"}", BEYOND},
    {"{\"text\": \"\\ud83d\\u0041\"}", BEYOND},
    {"{\"text\": \"\\ude00\"}", BEYOND},
    {"{\"text\": \"\\udfff\\udfff\"}", BEYOND},
    {"{\"text\": \"\\ud800\\ue000\"}", BEYOND},
    {"{\"text\": \"\\ud800\\ud83d\\ude00\"}", BEYOND},
    {"{\"text\": \"\\u12\"}", NONE},
    {"{\"text\": \"\\u12g4\"}", NONE},
    {"{\"text\": \"\\ud83d\\u12\"}", NONE},
    {"{\"text\": \"\\x\"}", NONE},
    {"{\"text\": \"\\", NONE},
    {"{\"text\": \"\\\"}", NONE},
    {"{\"text\": \"a\tb\"}", NONE},
    {"{\"text\": \"\xff\"}", NONE},
    {"{\"text\": \"\xc3\\u00a4\"}", NONE},
    {"{\"text\": \"a\"", NONE},
    {"{\"text\": \"a", NONE},
    {"{\"text\": \"a\",}", NONE},
    {"{\"text\" \"a\"}", NONE},
    {"{\"text\": \"a\"}}", NONE},
    {"{\"text\": \"a\"} x", NONE},
    {"{\"text\": \"a\"}{\"text\": \"b\"}", NONE},
    {"{text: \"a\"}", NONE},
    {"{}", NONE},
    {"[\"text\", \"a\"]", NONE},
    {"\"text\"", NONE},
    {"", NONE},
    {"{\"url\": \"a\"}", NONE},
    {"{\"text\": 5}", NONE},
    {"{\"text\": \"a\", \"text\": 5}", NONE},
    {"{\"o\": {\"text\": \"a\"}}", NONE},
    {"{\"text\": \"a\", \"n\": }", NONE},
    {"{\"text\": \"a\", \"n\": [1,]}", NONE},
    {"{\"text\": \"a\", \"n\": [1}", NONE},
    {"{\"text\": \"a\", \"n\": {\"m\": 1]}", NONE},
    {"{\"text\": \"a\", \"n\": {1: 2}}", NONE},
    {"{\"text\": \"a\", \"n\": {\"m\"}}", NONE},
    {"{\"text\": \"a\", \"n\": [1 2]}", NONE},
    {"{\"text\": \"a\", \"n\": nul}", NONE},
    {"{\"text\": \"a\", \"n\": nullx}", NONE},
    {"{\"text\": \"a\", \"n\": 1.}", NONE},
    {"{\"text\": \"a\", \"n\": .5}", NONE},
    {"{\"text\": \"a\", \"n\": 1e}", NONE},
    {"{\"text\": \"a\", \"n\": -}", NONE},
    {"{\"text\": \"a\", \"n\": +1}", NONE},
    {"{\"text\": \"a\", \"n\": 0x1}", NONE},
    {"{\"text\": \"a\", \"n\": 'b'}", NONE},
    {"{\"text\": \"a\", \"n\": \"b}", NONE},
    {"{'text': 'a'}", NONE},
};

/* A line that is valid now and then: some pieces in a row, and a few bytes changed. */
static size_t make_line(struct rng *rng, char *line)
{
    static const char *const starts[] = {"{", " {", "{\"text\":", "{\"url\": \"x\", \"text\": \"",
                                         "{\"n\": 1, \"text\": \""};
    static const char *const pieces[] = {
        "\"",       "\\",         "\"text\"", ":",   ",",  "{",    "}",    "\"a\": \"b\"",
        "\\u00e4",  "\\ud83d",    "\\ude00",  "n",   "\t", " ",    "\\\"", "eight and",
        "\xc3\xa4", "\xf0\x9f",   "\x98\x80", "\"}", "1",  "null", "[]",   "\\u0000",
        "\"",       "more, so that", "\\u",     "\\n"};
    size_t bytes = 0;

    strcpy(line, starts[rng_below(rng, LENGTH_OF(starts))]);
    for (uint32_t left = rng_below(rng, 16); left > 0; left--)
        strcat(line, pieces[rng_below(rng, LENGTH_OF(pieces))]);
    if (rng_below(rng, 2))
        strcat(line, rng_below(rng, 2) ? "\"}" : "\", \"b\": \"c\"}");
    bytes = strlen(line);
    if (rng_below(rng, 4) == 0)
        line[rng_below(rng, (uint32_t)bytes)] = (char)rng_below(rng, 256);
    return bytes;
}

/* Valid lines, every one of them cut off or changed at every place. */
static int damage(void)
{
    int wrong = 0;

    for (size_t i = 0; i < LENGTH_OF(lines); i++) {
        size_t bytes = strlen(lines[i].line);
        char line[LONGEST];

        for (size_t k = 0; k < bytes; k++) {
            wrong += ask(lines[i].line, k) == WRONG;
            memcpy(line, lines[i].line, bytes);
            for (int c = 0; c < 256; c++) {
                line[k] = (char)c;
                wrong += ask(line, bytes) == WRONG;
            }
        }
    }
    return wrong;
}

/* Why there is none. */
static void test_faults(void)
{
    static const struct {
        const char *line;
        enum json_line_state state;
        size_t at;
    } cases[] = {
        {"{\"url\": 1}", JSON_LINE_NO_FIELD, 0},       {"{\"text\": {}}", JSON_LINE_NO_STRING, 0},
        {"{\"text\": \"\\q\"}", JSON_LINE_BROKEN, 10}, {"{\"a\": 1, b}", JSON_LINE_BROKEN, 9},
        {"text", JSON_LINE_BROKEN, 0},                 {"{\"a\": [", JSON_LINE_BROKEN, 7},
    };
    char room[64], names[40], longest[16];
    struct json_line found;
    int right = 0;

    for (size_t i = 0; i < LENGTH_OF(cases); i++)
        right += !json_line_find(cases[i].line, strlen(cases[i].line), "text", room, &found) &&
                 found.state == cases[i].state && found.fault_at == cases[i].at &&
                 !found.text && (found.state == JSON_LINE_BROKEN) == (found.fault != NULL);
    tap_ok(right == (int)LENGTH_OF(cases), "%d of %zu faults are told", right, LENGTH_OF(cases));

    json_line_names("{\"id\": \"12\", \"content\": \"longer\", \"n\": [1, 2, 3, 4, 5, 6]}", 57, names,
                    sizeof names, longest, sizeof longest);
    tap_ok(strcmp(names, "id, content, n") == 0 && strcmp(longest, "content") == 0, "%s: %s", names,
           longest);
    json_line_names("{\"a name of some length\": \"\", \"another such name\": \"12\", \"b\": 1}", 62, names,
                    sizeof names, longest, sizeof longest);
    tap_ok(strcmp(names, "a name of some length, ...") == 0 && strcmp(longest, "") == 0, "%s: %s",
           names, longest);
}

/* Values within values: as many as may be, and one more. */
static void test_nesting(void)
{
    enum { DEEP = 2048 };
    static char line[4 * DEEP + 100], room[sizeof line];
    struct json_line found;
    bool ok;

    for (int extra = 0; extra < 2; extra++) {
        size_t used = (size_t)sprintf(line, "{\"text\": \"a\", \"n\": ");
        int depth = DEEP + extra;

        for (int i = 0; i < depth; i++)
            line[used++] = '[';
        for (int i = 0; i < depth; i++)
            line[used++] = ']';
        line[used++] = '}';
        ok = json_line_find(line, used, "text", room, &found);
        tap_ok(ok == (extra == 0), "%d deep: %s", depth, ok ? "read" : found.fault);
    }
}

int main(void)
{
    int answers[WRONG + 1] = {0};
    char line[LONGEST];
    struct rng rng;

    tap_plan((int)LENGTH_OF(lines) + 3 + 3 + 2);
    for (size_t i = 0; i < LENGTH_OF(lines); i++)
        tap_ok(ask(lines[i].line, strlen(lines[i].line)) == lines[i].answer, "%s", lines[i].line);
    tap_ok(damage() == 0, "of damaged lines it has the text that jansson has");
    rng_start(&rng, 1, RNG_TEST, 0);
    for (int i = 0; i < ROUNDS; i++)
        answers[ask(line, make_line(&rng, line))]++;
    tap_ok(answers[WRONG] == 0, "and of any other line");
    tap_ok(answers[FOUND] > ROUNDS / 100 && answers[BEYOND] > 0 && answers[NONE] > ROUNDS / 100,
           "%d lines have a text, and %d more for us", answers[FOUND], answers[BEYOND]);
    test_faults();
    test_nesting();
    return tap_status();
}
