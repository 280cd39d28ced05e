/* test-report.c - the tables for people say what the numbers allow, and no more. */
#include "src/glu.h"

#include "src/util/json_help.h"
#include "test/results-fixture.h"
#include "test/tap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A table as text; the caller frees it.  NULL when report_print() failed. */
static char *print(json_t *document, const char *table, const char *format)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    int rc = out ? report_print(out, document, table, format) : -1;

    if (out)
        fclose(out);
    if (rc == 0)
        return text;
    free(text);
    return NULL;
}

static void says(json_t *document, const char *table, const char *format, const char *expected)
{
    char *text = print(document, table, format);

    if (!tap_ok(text && strstr(text, expected), "%s as %s: %s", table, format, expected))
        tap_diag("%s", text ? text : err_get());
    free(text);
}

static void lacks(json_t *document, const char *table, const char *format, const char *unwanted)
{
    char *text = print(document, table, format);

    tap_ok(text && !strstr(text, unwanted), "%s as %s does not say \"%s\"", table, format, unwanted);
    free(text);
}

static void test_every_pair(json_t *document)
{
    const char *table, *format, *help;
    int pairs = 0, good = 0;

    for (int i = 0; (table = report_table_name(i, &help)); i++)
        for (int j = 0; (format = report_format_name(j, &help)); j++) {
            char *text = print(document, table, format);

            pairs++;
            if (text && strlen(text) > 60 && !strstr(text, "nan") && help[0])
                good++;
            else
                tap_diag("%s as %s: %s", table, format, text ? text : err_get());
            free(text);
        }
    tap_ok(pairs == 80 && good == 80, "%d of %d pairs of table and format print", good, pairs);
}

static void test_no_trailing_blanks(json_t *document)
{
    char *text = print(document, "perplexity", "terminal");

    tap_ok(text && !strstr(text, " \n"), "no line ends in blanks");
    free(text);
}

/* Every line of a CSV table has as many fields as its header. */
static void test_csv(json_t *document)
{
    const char *table;

    for (int i = 0; (table = report_table_name(i, NULL)); i++) {
        char *text = print(document, table, "csv"), *rest = NULL;
        int fields = -1, lines = 0;
        bool equal = text != NULL;

        for (char *line = strtok_r(text, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest)) {
            int n = 1;
            bool quoted = false;

            for (const char *c = line; *c; c++) {
                quoted ^= *c == '"';
                n += *c == ',' && !quoted;
            }
            equal = equal && (fields < 0 || n == fields);
            fields = n;
            lines++;
        }
        tap_ok(equal && lines > 1, "%s as csv: %d lines of %d fields", table, lines, fields);
        free(text);
    }
}

static void test_json(json_t *document)
{
    char *text = print(document, "perplexity", "json");
    json_t *rows = text ? json_loads(text, 0, NULL) : NULL;

    tap_ok(json_array_size(rows) == 8
               && strcmp(text_at(json_array_get(rows, 5), "variant"), "geglu") == 0,
           "the json table is a list of rows");
    json_decref(rows);
    free(text);
}

/* Environments that open are closed, and braces balance: what a compile would trip over first. */
static void test_latex_form(json_t *document)
{
    const char *table;

    for (int i = 0; (table = report_table_name(i, NULL)); i++) {
        char *text = print(document, table, "latex");
        int depth = 0, environments = 0, dollars = 0;
        bool escaped = false, good = text != NULL;

        for (const char *c = text; good && *c; c++) {
            depth += !escaped && *c == '{' ? 1 : !escaped && *c == '}' ? -1 : 0;
            dollars += !escaped && *c == '$';
            good = depth >= 0 && (escaped || !strchr("#%^~", *c));
            environments += strncmp(c, "\\begin{", 7) == 0 ? 1 : strncmp(c, "\\end{", 5) == 0 ? -1 : 0;
            escaped = *c == '\\' && !escaped;
        }
        tap_ok(good && depth == 0 && environments == 0 && dollars % 2 == 0, "%s as latex is balanced",
               table);
        free(text);
    }
}

/* What bench --profile, --scaling and --exchange add to a document. */
static void add_bench(json_t *document)
{
    static const char text[] =
        "{\"profile\": [{\"variant\": \"relu\", \"precision\": \"f32\", \"threads\": 2, \"batch\": 8,"
        "  \"steps\": 3, \"primitives_created\": 0, \"heap_growth_bytes\": 0, \"page_faults\": 0,"
        "  \"gemm_peak_gflop_per_s\": 400.0,"
        "  \"operations\": [{\"operation\": \"products: feed-forward\", \"s_per_step\": 0.25,"
        "    \"share\": 0.5, \"gflop_per_s\": 300.0, \"fraction_of_gemm_peak\": 0.75,"
        "    \"floor\": \"compute\", \"floor_s\": 0.1875, \"times_floor\": 1.3333}],"
        "  \"call_costs\": {\"product_s\": 5e-7, \"kernel_s\": 5e-8, \"wait_s\": 1e-6,"
        "    \"exponentials_per_s\": 4e9},"
        "  \"primitives\": [{\"role\": \"encoder q forward\","
        "    \"implementation\": \"brg:avx512_core\"}]}],"
        " \"scaling\": [{\"variant\": \"relu\", \"axis\": \"threads\", \"value\": 2,"
        "  \"samples_s\": [0.5, 0.25, 0.75], \"median_s\": 0.5, \"tokens_per_s\": 1000.0,"
        "  \"gflop_per_s\": 300.0, \"fraction_of_gemm_peak\": 0.75,"
        "  \"parallel_efficiency\": 0.9}],"
        " \"exchange\": [{\"library\": \"Open MPI v4\", \"ranks\": 2, \"bytes\": 8000000,"
        "  \"samples_s\": [0.5, 0.25, 0.75], \"median_s\": 0.5, \"gb_per_s\": 0.016,"
        "  \"bare_median_s\": 0.25, \"rate_vs_bare\": 0.5, \"rate_vs_bare_ci95\": [0.4, 0.625]}],"
        " \"rank_steps\": [{\"variant\": \"relu\", \"ranks\": 2, \"threads\": 3,"
        "  \"samples_s\": [0.5, 0.25, 0.75], \"median_s\": 0.5, \"tokens_per_s\": 1000.0,"
        "  \"speed_vs_apart\": 0.75, \"alone_median_s\": null, \"speed_vs_alone\": null}]}";
    json_t *bench = json_loads(text, 0, NULL);

    if (!bench || json_object_update(document, bench))
        tap_bail_out("the example of bench cannot be made");
    json_decref(bench);
}

int main(void)
{
    json_t *document = fixture_document(1, 8, FIXTURE_SCORES);

    /* Tables of what was not measured are empty and say so. */
    says(document, "profile", "terminal", "not measured; see bench profile");
    says(document, "scaling", "terminal", "not measured; see bench scaling");
    says(document, "exchange", "terminal", "not measured; see bench exchange");
    says(document, "ranks", "terminal", "not measured; see bench exchange");
    add_bench(document);
    says(document, "exchange", "terminal", "0.625");
    says(document, "exchange", "terminal", "By Open MPI v4");
    says(document, "ranks", "terminal", "25 %");
    says(document, "profile", "terminal", "0 primitives were created");
    says(document, "profile", "terminal", "187.500  compute         1.33");
    says(document, "profile", "terminal", "187.500 of 250.000 ms, 75 %");
    says(document, "profile", "terminal", "500 ns of a product");
    says(document, "primitives", "terminal", "brg:avx512_core");
    says(document, "scaling", "terminal", "90 %");
    test_every_pair(document);
    test_no_trailing_blanks(document);
    test_csv(document);
    test_json(document);
    test_latex_form(document);
    says(document, "perplexity", "terminal", "standard deviation of the n runs");
    says(document, "perplexity", "terminal", "1.997 (0.005)");
    says(document, "perplexity", "terminal", "seeds, p ");
    says(document, "perplexity", "terminal", "of another kind");
    lacks(document, "perplexity", "terminal", "it agrees");
    json_array_clear(json_object_get(document, "warnings"));
    lacks(document, "perplexity", "terminal", "the file warns");
    json_array_append_new(json_object_get(document, "warnings"), json_string("busy: timings are unreliable"));
    says(document, "perplexity", "terminal", "the file warns: busy");
    lacks(document, "parity", "terminal", "the file warns");
    says(document, "perplexity", "latex", "FFN$_{\\mathrm{SwiGLU}}$");
    says(document, "perplexity", "latex", "1.636");
    says(document, "perplexity", "markdown", "| FFN\\_ReLU | 8 |");
    says(document, "perplexity", "csv", "variant,n,mean_nats,stddev_nats,ci95_nats_low,ci95_nats_high");
    says(document, "agreement", "terminal", "rank");
    says(document, "parity", "terminal", "same number of parameters");
    says(document, "pareto", "terminal", "Equal seconds: 100.0");
    says(document, "throughput", "terminal", "of gemm peak");
    json_decref(document);

    document = fixture_document(1, 8, FIXTURE_NO_SPEED | FIXTURE_WINNER);
    says(document, "perplexity", "terminal", "it agrees");
    says(document, "perplexity", "markdown", "**1.831 (0.009)**");
    says(document, "perplexity", "latex", "\\textbf{1.831 (0.009)}");
    says(document, "perplexity", "terminal", "Best: FFN_GEGLU is lower");
    says(document, "perplexity", "terminal", "50,240"); /* from the runs */
    json_decref(document);

    document = fixture_document(1, 5, FIXTURE_ALIKE);
    says(document, "perplexity", "terminal", "n.s.");
    says(document, "perplexity", "terminal", "Best: none");
    lacks(document, "perplexity", "markdown", "**");
    lacks(document, "perplexity", "latex", "textbf");
    json_decref(document);

    document = fixture_document(1, 5, FIXTURE_REVERSED);
    says(document, "agreement", "terminal", "it is reversed");
    json_decref(document);

    document = fixture_document(1, 1, 0);
    says(document, "perplexity", "terminal", "no interval");
    says(document, "perplexity", "terminal", "no test");
    says(document, "perplexity", "terminal", "takes two or more seeds");
    lacks(document, "perplexity", "terminal", "Resolution");
    json_decref(document);

    document = fixture_document(1, 3, FIXTURE_DIVERGED);
    says(document, "perplexity", "terminal", "2 of 3");
    says(document, "perplexity", "terminal", "FFN_SwiGLU, seed 3: diverged: the loss was not finite");
    tap_ok(!print(document, "nothing", "csv") && strstr(err_get(), "perplexity, throughput"), "%s",
           err_get());
    tap_ok(!print(document, "parity", "html") && strstr(err_get(), "markdown, csv"), "%s", err_get());
    json_decref(document);
    tap_plan(82);
    return tap_status();
}
