/* test-json-line.c - the short way to a line's text, against jansson. */
#include "src/glu.h"

#include "src/text/json_line.h"
#include "src/util/rng.h"
#include "test/tap.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 400, ROUNDS = 200000 };

/* Found by the short way; not by it, though there is a text; there is no text that jansson
 * finds. */
enum answer { FOUND, LONG_WAY, NONE, WRONG };

/* In memory of their own sizes, so that a step beyond the end is seen. */
static enum answer ask(const char *bytes, size_t count)
{
    char *line = malloc(count + !count), *room = malloc(count + !count);
    const char *text;
    size_t text_bytes;
    json_t *tree, *string;
    enum answer answer;
    bool found;

    if (!line || !room)
        tap_bail_out("no memory");
    if (count)
        memcpy(line, bytes, count);
    found = json_line_text(line, count, room, &text, &text_bytes);
    tree = json_loadb(bytes, count, 0, NULL);
    string = json_object_get(tree, "text");
    if (!json_is_string(string))
        answer = found ? WRONG : NONE;
    else if (!found)
        answer = LONG_WAY;
    else
        answer = text_bytes == json_string_length(string) &&
                         memcmp(text, json_string_value(string), text_bytes) == 0
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
    {"{\"text\": \"a\", \"x\": \"\\u0000\"}", NONE},
    {"{\"text\": \"\\u0000\"}", NONE},
    {"{\"text\": \"\\ud83d\"}", NONE},
    {"{\"text\": \"\\ud83d\\u0041\"}", NONE},
    {"{\"text\": \"\\ude00\"}", NONE},
    {"{\"text\": \"\\udfff\\udfff\"}", NONE},
    {"{\"text\": \"\\ud800\\ue000\"}", NONE},
    {"{\"text\": \"\\ud800\\udc00\\udbff\\udfff\\ud7ff\\ue000\"}", FOUND},
    {"{\"text\": \"\\u12\"}", NONE},
    {"{\"text\": \"\\u12g4\"}", NONE},
    {"{\"text\": \"\\x\"}", NONE},
    {"{\"text\": \"\\", NONE},
    {"{\"text\": \"\\\"}", NONE},
    {"{\"text\": \"a\tb\"}", NONE},
    {"{\"text\": \"\xff\"}", NONE},
    {"{\"text\": \"\xc3\\u00a4\"}", NONE},
    {"{\"text\": \"a\", \"x\": \"\xed\xa0\x80\"}", NONE},
    {"{\"text\": \"a\", \"\xc0\x80\": \"b\"}", NONE},
    {"{\"text\": \"a\"", NONE},
    {"{\"text\": \"a", NONE},
    {"{\"text\": \"a\",}", NONE},
    {"{\"text\" \"a\"}", NONE},
    {"{\"text\": \"a\"}}", NONE},
    {"{\"text\": \"a\"} x", NONE},
    {"{text: \"a\"}", NONE},
    {"{}", NONE},
    {"[\"text\", \"a\"]", NONE},
    {"\"text\"", NONE},
    {"", NONE},
    {"{\"url\": \"a\"}", NONE},
    {"{\"text\": 5}", NONE},
    /* Worth a parser. */
    {"{\"text\": \"a\", \"text\": \"b\"}", LONG_WAY},
    {"{\"text\": \"a\", \"n\": 1}", LONG_WAY},
    {"{\"n\": [{\"text\": 3}], \"text\": \"a\"}", LONG_WAY},
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

int main(void)
{
    char line[LONGEST + 8000];
    int answers[WRONG + 1] = {0}, members = 0;
    struct rng rng;
    size_t used;

    tap_plan((int)LENGTH_OF(lines) + 4);
    for (size_t i = 0; i < LENGTH_OF(lines); i++)
        tap_ok(ask(lines[i].line, strlen(lines[i].line)) == lines[i].answer, "%s", lines[i].line);
    tap_ok(damage() == 0, "of damaged lines it knows no other text than jansson");
    rng_start(&rng, 1, RNG_TEST, 0);
    for (int i = 0; i < ROUNDS; i++)
        answers[ask(line, make_line(&rng, line))]++;
    tap_ok(answers[WRONG] == 0, "nor of any other line");
    tap_ok(answers[FOUND] > ROUNDS / 100 && answers[LONG_WAY] > 0 && answers[NONE] > ROUNDS / 100,
           "%d lines have a text, and %d another way", answers[FOUND], answers[LONG_WAY]);
    used = (size_t)sprintf(line, "{\"text\": \"a\"");
    while (members < 200 && ask(line, used) == NONE) {
        char whole[sizeof line];

        memcpy(whole, line, used);
        whole[used] = '}';
        if (ask(whole, used + 1) != FOUND)
            break;
        used += (size_t)sprintf(line + used, ", \"%d\": \"\"", members++);
    }
    tap_ok(members > 10 && members < 200, "an object of %d members is worth a parser", members);
    return tap_status();
}
