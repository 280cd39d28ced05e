/* test-error.c - messages: fields and who names them, what is put in front, where they are cut. */
#include "src/glu.h"

#include "test/tap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void shout(const char *field, char *text, size_t size)
{
    snprintf(text, size, "<%s>", field);
}

static void check(const char *wanted, const char *what)
{
    if (!tap_ok(strcmp(err_get(), wanted) == 0, "%s", what))
        tap_diag("the message: %s", err_get());
}

static void test_fields(void)
{
    char text[12];

    err_set(FIELD("mean_span") " %g: less than %s", 0.5, FIELD("batch"));
    check("mean_span 0.5: less than batch", "nobody names: as it is");
    err_set_namer(shout);
    err_set(FIELD("mean_span") " %g: less than %s", 0.5, FIELD("batch"));
    check("<mean_span> 0.5: less than <batch>", "named, in the format and in what is put in");
    err_prepend("%s%s", FIELD("seeds"), FIELD("steps"));
    check("<seeds><steps>: <mean_span> 0.5: less than <batch>", "what is put in front, side by side");
    errno = ENOENT;
    err_system(FIELD("corpus") " %s", "x");
    check("<corpus> x: No such file or directory", "the system's words");
    warn_add("give %s", FIELD("samples"));
    tap_ok(warn_get(0) && strcmp(warn_get(0), "give <samples>") == 0, "a warning");
    err_set("%s: %s", "no mark", "50 % of it");
    check("no mark: 50 % of it", "no field at all");
    snprintf(text, sizeof text, "%s", "of " FIELD("seeds"));
    err_name_fields(text, sizeof text);
    tap_ok(strcmp(text, "of <seeds>") == 0, "any text");
    snprintf(text, sizeof text, "%s", "of the " FIELD("d"));
    err_name_fields(text, sizeof text - 2);
    tap_ok(strcmp(text, "of the <d") == 0, "any text, cut where it ends");
}

/* Marks that FIELD() does not write. */
static void test_marks(void)
{
    char long_name[80];

    err_set("%s", "a\016b");
    check("ab", "a field without an end");
    err_set("%s", "a\016");
    check("a", "nothing after the mark");
    err_set("%s", "a\016\017b");
    check("a<>b", "a field without a name");
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    err_set("\016%s\017", long_name);
    tap_ok(strncmp(err_get(), long_name, strlen(long_name)) == 0, "a field longer than any");
}

static void test_length(void)
{
    char filler[1200];

    memset(filler, 'y', sizeof filler - 1);
    for (size_t n = 1000; n < 1030; n++) {
        filler[n] = '\0';
        err_set("%s%s", filler, FIELD("learning_rate"));
        filler[n] = 'y';
        if (strlen(err_get()) > 1023 || strchr(err_get(), '\016') ||
            strncmp(err_get(), filler, n < 1023 ? n : 1023) != 0)
            tap_bail_out("a field after %zu bytes: %zu bytes", n, strlen(err_get()));
    }
    tap_ok(true, "a field at the end of the longest message");
}

int main(void)
{
    tap_plan(14);
    test_fields();
    test_marks();
    test_length();
    err_set_namer(NULL);
    err_set("%s", FIELD("batch"));
    tap_ok(strcmp(err_get(), "batch") == 0, "no namer any more");
    warn_clear();
    return tap_status();
}
