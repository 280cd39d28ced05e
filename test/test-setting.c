/* test-setting.c - from options to a setting: presets, precedence, numbers and their errors, the
 * configuration file, and the command line that repeats one run. */
#include "src/glu.h"

#include "src/setting/presets.h"
#include "src/setting/setting.h"
#include "src/setting/team.h"
#include "test/tap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Resolve "--name value" pairs; a NULL value is a flag's. */
static int resolve(struct setting *setting, const char *const *words, int count)
{
    struct setting_argument arguments[16];

    for (int i = 0; i < count / 2; i++)
        arguments[i] =
            (struct setting_argument){setting_option_find(words[2 * i]), words[2 * i + 1]};
    return setting_resolve(setting, arguments, count / 2);
}

#define RESOLVE(setting, ...)                                                                        \
    resolve(setting, (const char *const[]){__VA_ARGS__},                                            \
            (int)LENGTH_OF(((const char *const[]){__VA_ARGS__})))

static void test_defaults(void)
{
    struct setting setting;
    int status = RESOLVE(&setting, "threads", "1");

    tap_ok(status == 0 && strcmp(setting.preset, "tiny") == 0 && setting.recipe.d_model == 64 &&
               setting.variant_count == 8 && strcmp(setting.variants[0]->name, "relu") == 0 &&
               strcmp(setting.baseline->name, "relu") == 0,
           "defaults: tiny, the paper's eight, relu as the baseline");
    tap_ok(setting.recipe.gated_d_ff * 3 == setting.recipe.d_ff * 2 &&
               setting.recipe.target_length == 29 && setting.vocabulary == 384,
           "defaults: gated width, target length and vocabulary follow");
    setting_free(&setting);
}

static void test_presets(void)
{
    bool divisible = true, distinct = true;

    for (int i = 0; i < preset_count(); i++) {
        divisible = divisible && preset_at(i)->recipe.d_ff % 48 == 0;
        for (int k = 0; k < i; k++)
            distinct = distinct && strcmp(preset_at(i)->name, preset_at(k)->name) != 0;
    }
    tap_ok(divisible, "presets: every d_ff is divisible by 3 vectors");
    tap_ok(distinct, "presets: names differ");
}

struct rejection {
    const char *option, *value, *message; /* a part of the message */
};

static const struct rejection rejections[] = {
    {"batch", "0", "batch: '0' is not a whole number from 1 to 65536"},
    {"batch", "-3", "from 1 to 65536"},
    {"batch", "12x", "batch: '12x'"},
    {"batch", " 12", "from 1 to 65536"},
    {"batch", "0x10", "from 1 to 65536"},
    {"batch", "1e9", "from 1 to 65536"},
    {"batch", "2.5", "batch: '2.5' is not a whole number from 1 to 65536"},
    {"batch", "1e-1", "from 1 to 65536"},
    {"batch", "1e", "from 1 to 65536"},
    {"batch", ".", "from 1 to 65536"},
    {"seed", "9007199254740993", "seed: '9007199254740993'"},
    {"seed", "9007199254740991.5", "seed: '9007199254740991.5'"},
    {"batch", "", "from 1 to 65536"},
    {"batch", "99999999999999999999999", "from 1 to 65536"},
    {"batch", "4294967297", "from 1 to 65536"},
    {"steps", "-1", "from 0 to 1000000000"},
    {"seed", "-1", "seed: '-1'"},
    {"learning-rate", "nan", "learning_rate: 'nan' is not a number from"},
    {"learning-rate", "inf", "is not a number from"},
    {"learning-rate", "1e999", "is not a number from"},
    {"learning-rate", "0", "is not a number from"},
    {"learning-rate", "-0.1", "is not a number from"},
    {"learning-rate", "0.1.2", "is not a number from"},
    {"decay-fraction", "1.5", "from 0 to 1"},
    {"group", "narang", "there is: paper, narang2021, all"},
    {"optimizer", "adam", "there is: adafactor, adamw"},
    {"schedule", "cosin", "did you mean cosine?"},
    {"beta1", "0.5", "beta1: adafactor has none"},
    {"weight-decay", "0.1", "weight_decay: adafactor has none"},
    {"beta2", "1", "from 0 to 0.999999"},
    {"clip-norm", "-1", "from 0 to"},
    {"dropout", "1", "from 0 to 0.99"},
    {"preset", "tinny", "did you mean tiny?"},
    {"variant", "swigul", "did you mean swiglu?"},
    {"variant", "custom:nothing", "nothing"},
    {"precision", "f16", "there is: auto, f32, bf16"},
    {"tokenizer", "words", "there is: bytes"},
    {"d-ff", "100", "multiple of 3"},
    {"gated-d-ff", "101", "100 and 102"},
    {"input-length", "3", "too short"},
    {"input-length", "8192", "sentinels"},
    {"target-length", "5", "29"},
    {"baseline", "relu2", "add variant relu2"},
    {"jobs", "1000", "give threads"},
    {"team", "0", "from 1 to 1024"},
    {"team", "3", "give at most 1"},
    {"config", "/nonexistent/file", "/nonexistent/file"},
    {"corpus", "", "empty"},
};

static void test_rejections(void)
{
    for (size_t i = 0; i < LENGTH_OF(rejections); i++) {
        const struct rejection *bad = &rejections[i];
        struct setting setting;
        int status = RESOLVE(&setting, "threads", "2", bad->option, bad->value);

        if (!tap_ok(status == -1 && strstr(err_get(), bad->message), "rejected: --%s '%s'",
                    bad->option, bad->value))
            tap_diag("status %d, message: %s", status, err_get());
        setting_free(&setting);
    }
}

static void test_widths(void)
{
    struct setting setting;

    tap_ok(RESOLVE(&setting, "gated-d-ff", "128") == 0 && setting.recipe.d_ff == 192,
           "widths: the gated one gives the ungated one");
    setting_free(&setting);
    tap_ok(RESOLVE(&setting, "d-ff", "300", "gated-d-ff", "200") == 0, "widths: both, agreeing");
    setting_free(&setting);
    tap_ok(RESOLVE(&setting, "d-ff", "300", "gated-d-ff", "201") == -1, "widths: both, disagreeing");
    setting_free(&setting);
    tap_ok(RESOLVE(&setting, "d-ff", "300", "gated-d-ff", "300", "allow-unequal", NULL) == 0 &&
               setting.recipe.gated_d_ff == 300 && setting.recipe.d_ff == 300,
           "widths: unequal when told so");
    setting_free(&setting);
    tap_ok(RESOLVE(&setting, "d-ff", "100", "variant", "relu") == 0,
           "widths: no gated variant, no rule");
    setting_free(&setting);
}

static void test_variants(void)
{
    struct setting setting;
    int status = RESOLVE(&setting, "variant", "swiglu", "variant", "custom:mish,gated", "variant",
                         "relu", "variant", "swiglu");

    tap_ok(status == 0 && setting.variant_count == 3 &&
               strcmp(setting.variants[0]->name, "relu") == 0 &&
               strcmp(setting.variants[1]->name, "swiglu") == 0,
           "variants: each once, in the order of the tables");
    setting_free(&setting);
    status = RESOLVE(&setting, "all-variants", NULL, "variant", "relu2", "variant", "glu");
    tap_ok(status == 0 && setting.variant_count == 9 &&
               strcmp(setting.variants[8]->name, "relu2") == 0,
           "variants: all of the paper and one more");
    setting_free(&setting);
    status = RESOLVE(&setting, "group", "narang2021");
    tap_ok(status == 0 && setting.variant_count == 12 &&
               strcmp(setting.baseline->name, "relu") == 0 &&
               strcmp(setting.variants[11]->name, "softplus") == 0,
           "variants: a group");
    setting_free(&setting);
    status = RESOLVE(&setting, "group", "paper", "variant", "relu2", "variant", "glu");
    tap_ok(status == 0 && setting.variant_count == 9 &&
               strcmp(setting.variants[8]->name, "relu2") == 0,
           "variants: a group and one more");
    setting_free(&setting);
    status = RESOLVE(&setting, "variant", "geglu", "variant", "swiglu");
    tap_ok(status == 0 && strcmp(setting.baseline->name, "geglu") == 0,
           "baseline: the first when relu is not there");
    setting_free(&setting);
}

static const char *last_warning(void)
{
    const char *last = "", *next;

    for (int i = 0; (next = warn_get(i)) != NULL; i++)
        last = next;
    return last;
}

static void test_spellings(void)
{
    struct setting setting;
    int status = RESOLVE(&setting, "variant", "custom:elu,alpha=2", "variant", "swiglu", "baseline",
                         "custom:ELU,alpha=2.0");

    tap_ok(status == 0 && strcmp(setting.baseline->name, "custom:elu,alpha=2") == 0 &&
               strcmp(setting.baseline_name, "custom:elu,alpha=2") == 0,
           "spellings: the baseline in another: %s", status ? err_get() : "found");
    setting_free(&setting);
    status = RESOLVE(&setting, "variant", "custom:swish,gated,alpha=1.0", "baseline", "swiglu",
                     "variant", "custom:silu,gated");
    tap_ok(status == 0 && setting.variant_count == 1 &&
               strcmp(setting.variant_names.items[0], "swiglu") == 0 &&
               strstr(last_warning(), "'custom:swish,gated,alpha=1.0' and 'custom:silu,gated' are "
                                      "the same variant, swiglu"),
           "spellings: two of a registered variant are one, which is told: %s", last_warning());
    setting_free(&setting);
    status = RESOLVE(&setting, "variant", "relu", "baseline", "custom:elu");
    tap_ok(status == -1 && strstr(err_get(), "not among the variants"),
           "spellings: a baseline that is not there: %s", err_get());
    setting_free(&setting);
    status = RESOLVE(&setting, "variant", "relu", "baseline", "rleu");
    tap_ok(status == -1 && strstr(err_get(), "did you mean relu?"),
           "spellings: a baseline that there is not: %s", err_get());
    setting_free(&setting);
}

static const char *write_file(const char *text)
{
    static char path[64];
    int fd;

    snprintf(path, sizeof path, "test-setting-XXXXXX");
    fd = mkstemp(path);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        tap_bail_out("cannot write %s", path);
    close(fd);
    return path;
}

static void test_precedence(void)
{
    const char *path = write_file("{\"preset\": \"mini\", \"model\": {\"d_model\": 96, \"heads\": 3},"
                                  " \"variants\": [\"glu\", \"gelu\"], \"jobs\": null,"
                                  " \"training\": {\"learning_rate\": 1}}");
    struct setting setting;
    int status = RESOLVE(&setting, "config", path, "heads", "6");

    tap_ok(status == 0 && strcmp(setting.preset, "mini") == 0 && setting.recipe.layers == 3,
           "precedence: the file chooses the preset");
    tap_ok(setting.recipe.d_model == 96 && setting.recipe.learning_rate == 1.0,
           "precedence: the file wins over the preset");
    tap_ok(setting.recipe.heads == 6, "precedence: the command line wins over the file");
    tap_ok(setting.variant_count == 2, "precedence: variants of the file");
    setting_free(&setting);
    status = RESOLVE(&setting, "variant", "relu", "config", path, "preset", "smoke");
    tap_ok(status == 0 && setting.variant_count == 1 && strcmp(setting.preset, "smoke") == 0 &&
               setting.recipe.d_model == 96 && setting.recipe.layers == 1,
           "precedence: lists and preset of the command line replace the file's");
    setting_free(&setting);
    unlink(path);
}

/* Whose learning rate and options a training has when the optimizer is another one than the preset's or
 * the file's. */
static void test_optimizers(void)
{
    const char *bad = "test-setting-bad", *path = write_file("{\"training\": {\"optimizer\": \"adamw\", \"beta1\": 0.8,"
                                  " \"clip_norm\": 3, \"learning_rate\": 0.003}}");
    FILE *file = fopen(bad, "w");
    struct setting setting;
    int status = RESOLVE(&setting, "preset", "smoke");
    struct model_options model = setting_model(&setting, setting.variants[0], 1);

    if (!file || fputs("{\"training\": {\"beta2\": 0.8}}", file) < 0 || fclose(file))
        tap_bail_out("cannot write %s", bad);
    warn_clear();
    tap_ok(status == 0 && strcmp(model.optimizer->name, "adafactor") == 0 &&
               isnan(setting.optimizer.beta1) && model.optimizer_options.clip_norm == 0 &&
               schedule_type_find("inverse-sqrt") == setting_schedule(&setting).type,
           "optimizer: the preset's, which knows no beta1 and has no limit to the norm");
    setting_free(&setting);
    status = RESOLVE(&setting, "preset", "smoke", "optimizer", "adamw", "beta2", "0.99");
    model = setting_model(&setting, setting.variants[0], 1);
    tap_ok(status == 0 && setting.recipe.learning_rate == 0.001 &&
               model.optimizer_options.weight_decay == 0.1 && model.optimizer_options.beta1 == 0.9 &&
               model.optimizer_options.beta2 == 0.99 && model.optimizer_options.clip_norm == 1,
           "optimizer: another one has a rate and options of its own");
    tap_ok(warn_get(0) && !warn_get(1) &&
               strstr(warn_get(0), "preset smoke is of adafactor") && strstr(warn_get(0), "0.001"),
           "optimizer: which is said");
    setting_free(&setting);
    warn_clear();
    status = RESOLVE(&setting, "preset", "smoke", "optimizer", "adamw", "learning-rate", "0.02",
                     "clip-norm", "0", "schedule", "linear");
    tap_ok(status == 0 && setting.recipe.learning_rate == 0.02 && setting.optimizer.clip_norm == 0 &&
               !warn_get(0) && schedule_type_find("linear") == setting_schedule(&setting).type,
           "optimizer: what is given stays");
    setting_free(&setting);
    status = RESOLVE(&setting, "config", path);
    tap_ok(status == 0 && setting.recipe.learning_rate == 0.003 && setting.optimizer.beta1 == 0.8 &&
               setting.optimizer.clip_norm == 3 && !warn_get(0),
           "optimizer: of a file, with its rate and options");
    setting_free(&setting);
    status = RESOLVE(&setting, "config", path, "optimizer", "adafactor", "clip-norm", "2");
    tap_ok(status == 0 && setting.recipe.learning_rate == 0.02 && isnan(setting.optimizer.beta1) &&
               setting.optimizer.clip_norm == 2 && warn_get(0) && strstr(warn_get(0), path),
           "optimizer: another one than the file's takes none of them");
    setting_free(&setting);
    status = RESOLVE(&setting, "config", bad);
    tap_ok(status == -1 && strstr(err_get(), "beta2: adafactor has none"),
           "optimizer: a file's option that it does not take");
    setting_free(&setting);
    status = RESOLVE(&setting, "config", bad, "optimizer", "adamw");
    tap_ok(status == 0 && setting.optimizer.beta2 == 0.8,
           "optimizer: unless the command line says which");
    setting_free(&setting);
    warn_clear();
    unlink(path);
    unlink(bad);
}

struct bad_file {
    const char *text, *message;
};

static const struct bad_file bad_files[] = {
    {"", "not a JSON file"},
    {"[1]", "one JSON object"},
    {"{\"model\": {\"d_modle\": 3}}", "no key 'model.d_modle' (did you mean model.d_model?)"},
    {"{\"nothing\": 3}", "no key 'nothing'"},
    {"{\"d_model\": 3}", "no key 'd_model'"},
    {"{\"model\": 3}", "model: the value must be an object"},
    {"{\"model\": {\"d_model\": \"3\"}}", "model.d_model: the value must be a number"},
    {"{\"model\": {\"d_model\": 3.5}}", "model.d_model: '3.5' is not a whole number"},
    {"{\"model\": {\"d_model\": {\"x\": 1}}}", "model.d_model: the value must be a number"},
    {"{\"model\": {\"d_model\": 0}}", "model.d_model: '0' is not"},
    {"{\"training\": {\"steps\": 1e300}}", "training.steps"},
    {"{\"preset\": 3}", "preset: the value must be a text"},
    {"{\"preset\": \"huge\"}", "no preset 'huge'"},
    {"{\"variants\": [3]}", "variants[0]: the value must be a text"},
    {"{\"allow_unequal\": 1}", "allow_unequal: the value must be true or false"},
    {"{\"seeds\": []}", "seeds: '0' is not a whole number from 1"},
    {"{\"seeds\": [3, 5]}", "seeds: the seeds must follow each other"},
    {"{\"seeds\": [null]}", "seeds: the seeds must follow each other"},
    {"{\"seeds\": [3, 4.5]}", "seeds: '4.5' is not a whole number"},
    {"{\"seeds\": [3, null]}", "seeds: the seeds must follow each other"},
    {"{\"seeds\": [3, 3.0]}", "seeds: the seeds must follow each other"},
    {"{\"jobs\": 1, \"jobs\": 2}", "duplicate"},
    {"{\"tokenizer\": \"\"}", "tokenizer: the value is empty"},
    {"{\"training\": {\"steps\": 9223372036854775807}}", "from 0 to 1000000000"},
    {"{\"training\": {\"steps\": 9223372036854775808}}", "not a JSON file"},
    {"{\"training\": {\"steps\": -9223372036854775808}}", "from 0 to 1000000000"},
    {"{\"training\": {\"learning_rate\": 1e308}}", "is not a number from"},
    {"{\"training\": {\"learning_rate\": 1e309}}", "not a JSON file"},
    {"{\"training\": {\"learning_rate\": NaN}}", "not a JSON file"},
    {"{\"seeds\": [9007199254740993]}", "seeds: '9007199254740993' is not"},
    {"{\"seeds\": 2.5}", "seeds: '2.5' is not a whole number from 1"},
    {"{\"output\": \"/etc/passwd\"}", "no key 'output'"},
    {"{\"save_checkpoint\": \"/etc\"}", "no key 'save_checkpoint'"},
};

static void test_bad_files(void)
{
    for (size_t i = 0; i < LENGTH_OF(bad_files); i++) {
        const char *path = write_file(bad_files[i].text);
        struct setting setting;
        int status = RESOLVE(&setting, "config", path);

        if (!tap_ok(status == -1 && strstr(err_get(), bad_files[i].message) &&
                        strstr(err_get(), path),
                    "rejected file: %s", bad_files[i].text))
            tap_diag("status %d, message: %s", status, err_get());
        setting_free(&setting);
        unlink(path);
    }
}

/* 2.0 and 1e3 are whole numbers wherever one is asked for. */
static void test_whole_numbers(void)
{
    const char *path = write_file("{\"model\": {\"d_model\": 96.0, \"heads\": 3}, \"jobs\": 1.0,"
                                  " \"training\": {\"steps\": 1e3, \"learning_rate\": 1},"
                                  " \"seeds\": [9007199254740990, 9007199254740991.0]}");
    struct setting setting;
    int status = RESOLVE(&setting, "config", path, "batch", "1.2e1", "warmup-steps", "5.0",
                         "threads", "2");

    tap_ok(status == 0 && setting.recipe.d_model == 96 && setting.recipe.jobs == 1 &&
               setting.recipe.steps == 1000,
           "whole numbers of a file, with a point or an exponent: %s", err_get());
    tap_ok(status == 0 && setting.recipe.seeds == 2 && setting.first_seed == 9007199254740990,
           "whole numbers: seeds, to the last digit");
    tap_ok(status == 0 && setting.recipe.batch == 12 && setting.recipe.warmup_steps == 5,
           "whole numbers of the command line too");
    setting_free(&setting);
    unlink(path);
}

/* More variants than tables are made for, and than counts of runs are computed with. */
static void test_many_variants(void)
{
    json_t *file = json_object(), *names = json_array();
    struct setting setting;
    const char *path;
    char *text;

    for (int i = 0; i <= SETTING_VARIANTS_MAX; i++)
        json_array_append_new(names, json_string("relu"));
    json_object_set_new(file, "variants", names);
    text = json_dumps(file, 0);
    path = write_file(text);
    tap_ok(RESOLVE(&setting, "config", path) == -1 && strstr(err_get(), "variant: 1001"),
           "rejected file: 1001 variants");
    setting_free(&setting);
    unlink(path);
    free(text);
    json_decref(file);
}

/* What setting_json() writes must resolve to the same configuration again, as a configuration file
 * and inside of a results file. */
static void test_round_trip(void)
{
    static const char *const forms[] = {"%s", "{\"schema_version\": 1, \"config\": %s}"};
    struct data_identity identity = {.kind = "text", .files = 1, .bytes = 10};
    struct setting setting;
    int status = RESOLVE(&setting, "preset", "smoke", "d-model", "48", "variant", "swiglu",
                         "seed", "5", "seeds", "3", "corpus", "some text", "noise-density", "0.2", "threads", "1");
    json_t *json = setting_json(&setting, &identity, &identity);
    char *text = json_dumps(json, 0);

    tap_ok(status == 0 && text, "setting_json");
    for (size_t i = 0; i < LENGTH_OF(forms); i++) {
        char file[4096];
        const char *path;
        struct setting again;
        json_t *json_again;

        snprintf(file, sizeof file, forms[i], text);
        path = write_file(file);
        status = RESOLVE(&again, "config", path);
        json_again = status == 0 ? setting_json(&again, &identity, &identity) : NULL;
        if (!tap_ok(status == 0 && json_equal(json, json_again), "round trip %zu", i + 1))
            tap_diag("%s", err_get());
        json_decref(json_again);
        setting_free(&again);
        unlink(path);
    }
    free(text);
    json_decref(json);
    setting_free(&setting);
}

static void test_repro(void)
{
    struct setting setting;
    int status = RESOLVE(&setting, "preset", "smoke", "corpus", "it's text", "heads", "3", "seeds",
                         "4", "threads", "1", "precision", "f32", "output", "x.json");
    char *text = setting_repro(&setting, setting.variants[6], 3, setting.init_checkpoint);

    if (!tap_ok(status == 0 && text &&
                    strcmp(text, "glubench run --preset smoke --variant swiglu --seed 3 --seeds 1 "
                                 "--threads 1 --jobs 1 --precision f32 --heads 3 "
                                 "--corpus 'it'\\''s text' --samples 0 --output swiglu-s3.json") ==
                        0,
                "repro: what was given, and no more"))
        tap_diag("%s", text ? text : "(none)");
    free(text);
    setting_free(&setting);
}

/* Gradients of 10 bytes, and 40 besides. */
static double takes(void *context, int team)
{
    const struct team_need *need = context;

    return 40 + 10.0 * (need->threads / team);
}

static int team_for(int threads, int batch, double bytes)
{
    struct team_need need = {.threads = threads, .batch = batch, .bytes = bytes, .takes = takes};

    need.context = &need;
    return team_choose(&need);
}

static int resolved_team(const char *threads, const char *option, const char *value)
{
    struct setting setting;
    int status = RESOLVE(&setting, "preset", "smoke", "jobs", "1", "threads", threads, option, value);
    int team = status ? -1 : setting.team;

    setting_free(&setting);
    return team;
}

static void test_teams(void)
{
    tap_ok(team_for(8, 8, 1000) == 1 && team_for(8, 5, 1000) == 1 && team_for(8, 4, 1000) == 2 &&
               team_for(8, 3, 1000) == 2 && team_for(8, 1, 1000) == 8,
           "team: as many threads as there are for an example");
    tap_ok(team_for(8, 64, 151) == 1 && team_for(8, 64, 149) == 2 && team_for(8, 64, 99) == 4 &&
               team_for(8, 64, 74) == 8 && team_for(8, 64, 10) == 8 && team_for(1, 64, 10) == 1,
           "team: as few gradients as there is memory for");
    /* smoke has 8 examples. */
    tap_ok(resolved_team("15", "batch", "8") == 0 && resolved_team("16", "batch", "8") == 2 &&
               resolved_team("4", "batch", "1") == 4,
           "team: chosen by threads and batch");
    tap_ok(resolved_team("2", "team", "1") == 0 && resolved_team("16", "team", "1") == 1 &&
               resolved_team("4", "team", "4") == 4 && resolved_team("4", "team", "5") == -1,
           "team: what was asked for, told where it is not what one expects");
}

int main(void)
{
    tap_plan(4 + (int)(2 + 2 + LENGTH_OF(rejections) + 5 + 3 + 5 + LENGTH_OF(bad_files) + 1 + 3 + 1 +
                   3 + 2 + 3 + 3 + 6));
    test_defaults();
    test_presets();
    test_rejections();
    test_widths();
    test_variants();
    test_spellings();
    test_precedence();
    test_optimizers();
    test_bad_files();
    test_whole_numbers();
    test_many_variants();
    test_round_trip();
    test_repro();
    test_teams();
    return tap_status();
}
