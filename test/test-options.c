/* test-options.c - the table of options: its rows, what they can be and what they affect, and what a
 * command is asked besides a setting. */
#include "src/glu.h"

#include "src/results/results.h"
#include "src/setting/presets.h"
#include "src/setting/request.h"
#include "src/setting/setting.h"
#include "test/tap.h"

#include <stdio.h>
#include <string.h>

/* ---- The table ------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* Do two rows claim the same name, letter, place or path? */
static bool rows_clash(const struct setting_option *a, const struct setting_option *b)
{
    return same_text(a->name, b->name) || same_text(a->name, b->alias) ||
           same_text(a->alias, b->name) || same_text(a->alias, b->alias) ||
           (a->letter && a->letter == b->letter) || same_text(a->json, b->json) ||
           (a->place != IN_NOTHING && a->place == b->place && a->offset == b->offset);
}

static void test_rows(void)
{
    bool ok = true;

    for (int i = 0; i < setting_option_count(); i++) {
        const struct setting_option *row = setting_option_at(i);
        bool has_value = row->type >= OPTION_INT && row->type <= OPTION_LIST, good;
        char field[64];

        if (row->type == OPTION_GROUP)
            continue;
        setting_option_field(i, field, sizeof field);
        err_set("%s", field);
        good = (row->commands ? row->help != NULL : row->json != NULL) && has_value == (row->argument != NULL) &&
               (!row->json || row->place == IN_SETTING) && setting_option_find(row->name) == i &&
               setting_option_find(err_get()) == i && !strchr(err_get(), '-');
        for (int k = 0; k < i; k++)
            good = good && !rows_clash(row, setting_option_at(k));
        if (!good)
            tap_diag("row %s", row->name);
        ok = ok && good;
    }
    tap_ok(ok, "table: every row is whole, and none like another");
    tap_ok(setting_option_find("sweep") == -1 && setting_option_find("bogus") == -1 &&
               setting_option_find("batc") == -1 && setting_option_find("batch_") == -1,
           "table: no row of an older name, or of a part of one");
}

/* Is what a row can be what a registry has? */
static bool takes(const char *option, const char *(*name)(int i), bool beside)
{
    const char *(*choice)(int i) = setting_option_at(setting_option_find(option))->choice;
    int i = 0;

    for (; name(i); i++)
        if (!same_text(choice(i + beside), name(i)))
            return false;
    return i > 0 && choice(i + beside) == NULL;
}

/* Those of results files, then those of studies. */
static const char *table_name(int i)
{
    int own = 0;

    while (report_table_name(own, NULL))
        own++;
    return i < own ? report_table_name(i, NULL) : study_table_name(i - own, NULL);
}

static const char *format_name(int i)
{
    return report_format_name(i, NULL);
}

static const char *optimizer_name(int i)
{
    const struct optimizer_type *type = optimizer_type_at(i);

    return type ? type->name : NULL;
}

static const char *schedule_name(int i)
{
    const char *name;

    return schedule_type_at(i, &name) ? name : NULL;
}

static const char *precision_at(int i)
{
    return precision_name((enum precision)i);
}

static void test_choices(void)
{
    tap_ok(takes("table", table_name, false) && takes("format", format_name, false) &&
               takes("preset", preset_name, false) && takes("precision", precision_at, true) &&
               takes("optimizer", optimizer_name, false) && takes("schedule", schedule_name, false),
           "table: what registries have can be chosen");
}

/* What decides a result is everything but this. */
static const struct {
    const char *path;
    enum affects affects;
} exceptions[] = {
    {"equivalence_nats", AFFECTS_NOTHING}, {"no_slope", AFFECTS_NOTHING},
    {"preset", AFFECTS_NOTHING},          {"variants", AFFECTS_NOTHING},
    {"baseline", AFFECTS_NOTHING},        {"seeds", AFFECTS_NOTHING},
    {"corpus.paths", AFFECTS_NOTHING},    {"heldout.paths", AFFECTS_NOTHING},
    {"samples", AFFECTS_NOTHING},         {"threads", AFFECTS_SPEED},
    {"jobs", AFFECTS_SPEED},              {"threads_per_run", AFFECTS_BITS},
    {"threads_from", AFFECTS_NOTHING},
};

static enum affects expected_affects(const char *path)
{
    for (size_t i = 0; i < LENGTH_OF(exceptions); i++)
        if (strcmp(exceptions[i].path, path) == 0)
            return exceptions[i].affects;
    return AFFECTS_RESULT;
}

/* Look at every field of a `config` object; count those that are an exception. */
static bool check_affects(json_t *object, const char *prefix, int *excepted)
{
    const char *name;
    json_t *value;
    bool ok = true;

    json_object_foreach(object, name, value) {
        char path[128];

        snprintf(path, sizeof path, "%s%s", prefix, name);
        if (json_is_object(value)) {
            strcat(path, ".");
            ok = check_affects(value, path, excepted) && ok;
            continue;
        }
        if (setting_affects(path) != expected_affects(path) ||
            (setting_option_of_path(path) < 0 && !setting_is_derived(path))) {
            tap_diag("%s affects %d", path, setting_affects(path));
            ok = false;
        }
        *excepted += expected_affects(path) != AFFECTS_RESULT;
    }
    return ok;
}

static void test_affects(void)
{
    struct data_identity identity = {.kind = "text"};
    struct setting setting;
    struct setting_argument arguments[] = {{setting_option_find("preset"), "smoke"},
                                           {setting_option_find("threads"), "1"}};
    int status = setting_resolve(&setting, arguments, LENGTH_OF(arguments)), excepted = 0;
    json_t *json = status == 0 ? setting_json(&setting, &identity, &identity) : NULL;

    tap_ok(json && check_affects(json, "", &excepted) && excepted == (int)LENGTH_OF(exceptions),
           "affects: every field of a results file");
    tap_ok(setting_affects("training") == AFFECTS_RESULT && setting_affects("") == AFFECTS_RESULT &&
               setting_affects("training.stepss") == AFFECTS_RESULT,
           "affects: what is not known decides the result");
    json_decref(json);
    setting_free(&setting);
}

/* ---- What a command is asked besides --------------------------------------------------------- */

static void test_request(void)
{
    struct setting_argument arguments[] = {{setting_option_find("quiet"), NULL},
                                           {setting_option_find("batch"), "no number"},
                                           {setting_option_find("fail-on"), "0"},
                                           {setting_option_find("table"), "parity"},
                                           {setting_option_find("format"), "pdf"}};
    struct request request;
    int status = request_read(&request, NULL, 0);

    tap_ok(status == 0 && !request.quiet && request.fail_on_percent < 0 &&
               !request.table && same_text(request.format, "terminal"),
           "request: defaults");
    request_free(&request);
    status = request_read(&request, arguments, 4);
    tap_ok(status == 0 && request.quiet && !request.verbose && request.fail_on_percent == 0 &&
               same_text(request.table, "parity"),
           "request: what is asked for, and no look at a setting's");
    request_free(&request);
    tap_ok(request_read(&request, arguments, 5) == -1 &&
               strstr(err_get(), "format: there is no choice 'pdf'"),
           "request: %s", err_get());
    request_free(&request);
}

int main(void)
{
    test_rows();
    test_choices();
    test_affects();
    test_request();
    tap_plan(8);
    return tap_status();
}
