/* test-axes.c - what a study varies: axes of the command line and of a file, the settings that they
 * make, and what is refused. */
#include "src/glu.h"

#include "src/study/axes.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VARIES = 3 };

static int open_axes(struct axes *axes, const char *const texts[VARIES], const char *file)
{
    struct text_list vary = {NULL, 0};
    int status = 0;

    for (int i = 0; i < VARIES && texts && texts[i]; i++)
        status |= text_list_append(&vary, texts[i]);
    if (status)
        tap_bail_out("%s", err_get());
    status = axes_open(axes, &vary, file);
    text_list_clear(&vary);
    return status;
}

static void names(const struct axes *axes, char *text, size_t bytes)
{
    size_t length = 0;

    text[0] = '\0';
    for (int i = 0; i < axes->points && length < bytes; i++) {
        char name[SETTING_NAME_BYTES];

        axes_name(axes, i, name);
        length += (size_t)snprintf(text + length, bytes - length, "%s%s", i ? " " : "", name);
    }
}

static void expect(const char *const texts[VARIES], const char *file, const char *expected)
{
    struct axes axes;
    char all[2000] = "";

    if (open_axes(&axes, texts, file) == 0)
        names(&axes, all, sizeof all);
    else
        snprintf(all, sizeof all, "refused: %s", err_get());
    tap_ok(strcmp(all, expected) == 0, "settings %s, expected %s", all, expected);
    axes_free(&axes);
}

static void refuse(const char *const texts[VARIES], const char *file, const char *first,
                   const char *second)
{
    struct axes axes;
    char message[1000];
    bool refused = open_axes(&axes, texts, file) != 0;

    snprintf(message, sizeof message, "%s", refused ? err_get() : "taken");
    err_name_fields(message, sizeof message);
    tap_ok(refused && strstr(message, first) && strstr(message, second), "refused: %s", message);
    axes_free(&axes);
}

#define VARY(...) ((const char *const[VARIES]){__VA_ARGS__})

static const char study[] =
    "{\"axes\": [{\"name\": \"model\", \"values\": {\n"
    "   \"narrow\": {\"d-model\": 32, \"heads\": 2},\n"
    "   \"wide\": {\"d_model\": 64, \"corpus\": [\"a.txt\", \"b.txt\"], \"allow-unequal\": true}}},\n"
    "  {\"name\": \"learning-rate\", \"values\": [0.01, 0.02], \"draw\": true}],\n"
    " \"settings\": %s}";

static const char *study_file(const char *name, const char *settings)
{
    char text[1000];

    snprintf(text, sizeof text, study, settings);
    return scratch_text(name, text);
}

static void test_vary(void)
{
    expect(NULL, NULL, "main");
    expect(VARY("steps=10,20"), NULL, "10 20");
    expect(VARY("steps=10,20", "learning-rate=.1,1e-2"), NULL, "10_0.1 10_1e-2 20_0.1 20_1e-2");
    expect(VARY("corpus=/data/c4-en.jsonl,/data/c4-de.jsonl"), NULL, "c4-en.jsonl c4-de.jsonl");
    expect(VARY("precision=f32"), NULL, "f32");
}

static void test_file(void)
{
    const char *all = study_file("all.json", "\"all\"");

    expect(NULL, all, "narrow_0.01 narrow_0.02 wide_0.01 wide_0.02");
    expect(NULL, study_file("some.json", "[{\"model\": \"wide\", \"learning-rate\": 0.02}, "
                                         "{\"model\": [\"narrow\", \"wide\"], \"learning-rate\": "
                                         "\"0.02\"}]"),
           "wide_0.02 narrow_0.02");
    expect(VARY("steps=1,2"), all,
           "narrow_0.01_1 narrow_0.01_2 narrow_0.02_1 narrow_0.02_2 wide_0.01_1 wide_0.01_2 "
           "wide_0.02_1 wide_0.02_2");
    expect(VARY("steps=1,2"),
           study_file("one.json", "[{\"model\": \"wide\", \"learning-rate\": 0.02}]"),
           "wide_0.02_1 wide_0.02_2");
}

static void test_values(void)
{
    struct setting_argument given = {setting_option_find("steps"), "7"}, *arguments;
    struct axes axes;
    char text[200];
    json_t *json;
    int count;

    if (open_axes(&axes, NULL, study_file("values.json", "\"all\"")))
        tap_bail_out("%s", err_get());
    arguments = axes_arguments(&axes, 3, &given, 1, &count);
    tap_ok(arguments && count == 6 && strcmp(arguments[0].text, "7") == 0 &&
               strcmp(arguments[1].text, "64") == 0 && strcmp(arguments[3].text, "b.txt") == 0 &&
               !arguments[4].text && strtod(arguments[5].text, NULL) == 0.02,
           "what is given comes first, then what the values set: %d arguments", count);
    free(arguments);
    axes_describe(&axes, 1, text, sizeof text);
    tap_ok(strcmp(text, "model narrow, learning-rate 0.02") == 0, "described: %s", text);
    tap_ok(axes.axis[0].draw && axes.axis[1].draw, "named models are draws; a rate is when told");
    json = axes_json(&axes);
    tap_ok(json && json_array_size(json) == 2 &&
               json_array_size(json_object_get(json_array_get(json, 1), "values")) == 2,
           "axes as JSON");
    json_decref(json);
    json = axes_point_json(&axes, 2);
    tap_ok(json && strcmp(json_string_value(json_object_get(json, "model")), "wide") == 0,
           "a setting as JSON");
    json_decref(json);
    axes_free(&axes);
    if (open_axes(&axes, VARY("learning-rate=.1,.2", "tokenizer=bytes"), NULL))
        tap_bail_out("%s", err_get());
    tap_ok(!axes.axis[0].draw && axes.axis[1].draw, "rates are no draws, choices are");
    axes_free(&axes);
}

static void test_refused(void)
{
    refuse(VARY("steps"), NULL, "vary", "OPTION=V1,V2");
    refuse(VARY("steps="), NULL, "vary", "OPTION=V1,V2");
    refuse(VARY("stepz=1,2"), NULL, "stepz", "did you mean steps");
    refuse(VARY("jobs=1,2"), NULL, "jobs", "decides nothing of a result");
    refuse(VARY("output=a,b"), NULL, "output", "decides nothing of a result");
    refuse(VARY("seeds=1,2"), NULL, "seeds", "all variants and seeds already");
    refuse(VARY("variant=relu,gelu"), NULL, "variant", "all variants and seeds already");
    refuse(VARY("allow-unequal=1"), NULL, "allow-unequal", "takes no value");
    refuse(VARY("steps=10,,20"), NULL, "axis steps", "empty value");
    refuse(VARY("steps=10,ten"), NULL, "value ten", "whole number");
    refuse(VARY("steps=10,-1"), NULL, "value -1", "0");
    refuse(VARY("precision=f32,f16"), NULL, "value f16", "bf16");
    refuse(VARY("steps=10,20,10"), NULL, "axis steps", "the value 10 is there twice");
    refuse(VARY("learning-rate=.5,0.50"), NULL, "axis learning-rate", "are the same");
    refuse(VARY("steps=10", "steps=20"), NULL, "the axis steps", "twice");
    refuse(VARY("corpus=a/x.txt,b/x.txt"), NULL, "x.txt", "a study file can name its values");
}

static void test_refused_file(void)
{
    static const struct {
        const char *text, *first, *second;
    } files[] = {
        {"{", "bad.json:1", "not a JSON file"},
        {"[]", "bad.json", "\"axes\""},
        {"{\"axes\": []}", "bad.json", "\"axes\""},
        {"{\"axis\": []}", "axis", "did you mean axes"},
        {"{\"axes\": [1]}", "bad.json", "an axis is an object"},
        {"{\"axes\": [{\"name\": \"a\"}]}", "axis a", "\"values\" must be"},
        {"{\"axes\": [{\"name\": \"a\", \"values\": [1]}]}", "list of values is for an axis", "'a'"},
        {"{\"axes\": [{\"name\": \"steps\", \"values\": []}]}", "axis steps", "no values"},
        {"{\"axes\": [{\"name\": \"steps\", \"values\": [1, {}]}]}", "axis steps", "value 2"},
        {"{\"axes\": [{\"name\": \"a\", \"values\": {\"x\": {}}}]}", "axis a, value x", "sets nothing"},
        {"{\"axes\": [{\"name\": \"a\", \"values\": {\"x\": 1}}]}", "axis a, value x", "object"},
        {"{\"axes\": [{\"name\": \"a\", \"values\": {\"x\": {\"jobs\": 1}}}]}", "axis a, value x",
         "decides nothing"},
        {"{\"axes\": [{\"name\": \"a\", \"values\": {\"x\": {\"steps\": \"no\"}}}]}",
         "axis a, value x", "whole number"},
        {"{\"axes\": [{\"name\": \"a\", \"draws\": true, \"values\": {\"x\": {\"steps\": 1}}}]}", "draws",
         "did you mean draw"},
        {"{\"axes\": [{\"name\": \"steps\", \"values\": [1]}], \"settings\": []}", "bad.json",
         "\"settings\" must be"},
        {"{\"axes\": [{\"name\": \"steps\", \"values\": [1]}], \"settings\": [{}]}", "axis steps",
         "must have a value"},
        {"{\"axes\": [{\"name\": \"steps\", \"values\": [1]}], \"settings\": [{\"steps\": 2}]}",
         "axis steps", "no value '2'"},
        {"{\"axes\": [{\"name\": \"steps\", \"values\": [1]}], \"settings\": [{\"steps\": 1, \"b\": "
         "2}]}",
         "axis 'b'", "not there"},
    };

    for (size_t i = 0; i < LENGTH_OF(files); i++)
        refuse(NULL, scratch_text("bad.json", files[i].text), files[i].first, files[i].second);
    refuse(NULL, scratch_path("none.json"), "none.json", "No such file");
}

int main(void)
{
    test_vary();
    test_file();
    test_values();
    test_refused();
    test_refused_file();
    tap_plan(50);
    return tap_status();
}
