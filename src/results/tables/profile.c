/* profile.c - where the time of a training step goes. */
#include "src/glu.h"

#include "src/results/tables/table.h"

#include "src/results/cells.h"
#include "src/util/json_help.h"

#include <math.h>

/* Of one variant; counts are numbers here, as they are only printed. */
struct profile {
    const char *variant, *precision;
    double threads, batch, steps, primitives_created, heap_growth_bytes, page_faults;
    double gemm_peak_gflop_per_s;
};
static const struct member profile_members[] = {
    MEMBER(struct profile, variant),
    MEMBER(struct profile, precision),
    MEMBER(struct profile, threads),
    MEMBER(struct profile, batch),
    MEMBER(struct profile, steps),
    MEMBER(struct profile, primitives_created),
    MEMBER(struct profile, heap_growth_bytes),
    MEMBER(struct profile, page_faults),
    MEMBER(struct profile, gemm_peak_gflop_per_s),
};
static const struct layout profile_layout = LAYOUT(struct profile, profile_members);

struct operation {
    const char *operation;
    double s_per_step, share, gflop_per_s, fraction_of_gemm_peak, gb_per_s;
    double fraction_of_cache_stream, fraction_of_memory_stream;
    const char *floor;
    double floor_s, times_floor;
};
static const struct member operation_members[] = {
    MEMBER(struct operation, operation),
    MEMBER(struct operation, s_per_step),
    MEMBER(struct operation, share),
    MEMBER(struct operation, gflop_per_s),
    MEMBER(struct operation, fraction_of_gemm_peak),
    MEMBER(struct operation, gb_per_s),
    MEMBER(struct operation, fraction_of_cache_stream),
    MEMBER(struct operation, fraction_of_memory_stream),
    MEMBER(struct operation, floor),
    MEMBER(struct operation, floor_s),
    MEMBER(struct operation, times_floor),
};
static const struct layout operation_layout = LAYOUT(struct operation, operation_members);

/* What a call costs. */
struct costs {
    double product_s, kernel_s, wait_s, exponentials_per_s;
};
static const struct member costs_members[] = {
    MEMBER(struct costs, product_s),
    MEMBER(struct costs, kernel_s),
    MEMBER(struct costs, wait_s),
    MEMBER(struct costs, exponentials_per_s),
};
static const struct layout costs_layout = LAYOUT(struct costs, costs_members);

/* The rate of a level of memory. */
struct stream {
    double bytes_per_thread, gb_per_s;
};
static const struct member stream_members[] = {
    MEMBER(struct stream, bytes_per_thread),
    MEMBER(struct stream, gb_per_s),
};
static const struct layout stream_layout = LAYOUT(struct stream, stream_members);

static void note_stream(struct sheet *sheet, const json_t *json, const char *what)
{
    struct stream stream;

    (void)layout_get(&stream_layout, &stream, json); /* has no list: cannot fail */
    if (isfinite(stream.gb_per_s) && isfinite(stream.bytes_per_thread))
        sheet_note(sheet, "%s: %.1f GB/s measured with %.0f KiB of arrays a thread.", what,
                   stream.gb_per_s, stream.bytes_per_thread / 1024.0);
}

static void note_limits(struct sheet *sheet, const json_t *profile)
{
    struct costs costs;

    (void)layout_get(&costs_layout, &costs, json_object_get(profile, "call_costs")); /* has no list: cannot fail */
    if (!isfinite(costs.product_s + costs.kernel_s + costs.wait_s + costs.exponentials_per_s))
        return;
    sheet_note(sheet, "Floor: what the machine's limits, measured in the same run, leave to an operation: products "
                      "at gemm peak and %.3g exponentials a second (compute), or its operands at the rate of as much "
                      "memory as a call's fill (cache, memory), whichever is longer; besides, for each call, %.0f ns "
                      "of a product, %.0f of a kernel, %.0f of a wait (calls).  Named is the longest part.",
               costs.exponentials_per_s, 1e9 * costs.product_s, 1e9 * costs.kernel_s, 1e9 * costs.wait_s);
}

static void note_steps(struct sheet *sheet, const struct matrix *matrix,
                       const struct profile *profile)
{
    double growth = profile->heap_growth_bytes;
    char heap[CELL_BYTES] = "an unknown number of";

    if (isfinite(growth))
        snprintf(heap, sizeof heap, "%.0f", growth);
    sheet_note(sheet, "%s: during %.0f timed steps %.0f primitives were created, the heap grew by %s "
                      "bytes, and %.0f pages were touched for the first time.",
               matrix_label(matrix, profile->variant), profile->steps, profile->primitives_created,
               heap, profile->page_faults);
}

/* What of a step the floors explain. */
static void note_floors(struct sheet *sheet, const char *label, const struct operation *row, int count)
{
    double step_s = 0, floor_s = 0;

    for (int i = 0; i < count; i++) {
        step_s += row[i].s_per_step;
        floor_s += row[i].floor_s > 0 ? row[i].floor_s : 0;
    }
    if (floor_s > 0 && isfinite(step_s))
        sheet_note(sheet, "%s: the floors make %.3f of %.3f ms, %.0f %%.", label, 1e3 * floor_s, 1e3 * step_s,
                   100 * floor_s / step_s);
}

static int print_operations(struct sheet *sheet, const char *label, const json_t *operations)
{
    int count;
    struct operation *row = layout_rows(&operation_layout, operations, &count);

    if (!row)
        return -1;
    for (int i = 0; i < count; i++) {
        sheet_cell(sheet, "%s", label);
        sheet_cell(sheet, "%s", row[i].operation ? row[i].operation : "");
        cell_number(sheet, "%.3f", 1e3 * row[i].s_per_step, "");
        cell_number(sheet, "%.1f %%", 100.0 * row[i].share, "");
        cell_number(sheet, "%.1f", row[i].gflop_per_s, "");
        cell_percent(sheet, row[i].fraction_of_gemm_peak);
        cell_number(sheet, "%.1f", row[i].gb_per_s, "");
        cell_percent(sheet, row[i].fraction_of_cache_stream);
        cell_percent(sheet, row[i].fraction_of_memory_stream);
        cell_number(sheet, "%.3f", 1e3 * row[i].floor_s, "");
        sheet_cell(sheet, "%s", row[i].floor ? row[i].floor : "");
        cell_number(sheet, "%.2f", row[i].times_floor, "");
    }
    note_floors(sheet, label, row, count);
    layout_free(&operation_layout, row, count);
    return 0;
}

static int print_profiles(struct sheet *sheet, const struct matrix *matrix, const json_t *rows,
                          const struct profile *profile, int count)
{
    const json_t *first = json_array_get(rows, 0);

    for (int i = 0; i < count; i++)
        if (print_operations(sheet, matrix_label(matrix, profile[i].variant),
                             json_object_get(json_array_get(rows, (size_t)i), "operations")) != 0)
            return -1;
    if (count > 0) {
        sheet_note(sheet, "Seconds of all threads over their number.  Gemm peak: oneDNN's own matmul, "
                          "%.1f GFLOP/s in the same run.",
                   profile[0].gemm_peak_gflop_per_s);
        note_stream(sheet, json_object_get(first, "cache_stream"),
                    "Cache, the size of a feed-forward layer's buffers");
        note_stream(sheet, json_object_get(first, "memory_stream"), "Memory");
        note_limits(sheet, first);
    }
    for (int i = 0; i < count; i++)
        note_steps(sheet, matrix, &profile[i]);
    return 0;
}

static int print(struct sheet *sheet, const struct matrix *matrix, json_t *rows)
{
    static const struct sheet_heading headings[] = {
        {'l', "variant", 0},       {'l', "operation", 0}, {'r', "ms a step", 0},
        {'r', "share", 0},         {'r', "GFLOP/s", 0},   {'r', "of gemm\npeak", 0},
        {'r', "GB/s", 0},          {'r', "of cache", 0},  {'r', "of memory", 0},
        {'r', "floor\nms", 0},     {'l', "set by", 0},    {'r', "times\nfloor", 0},
    };
    int count, rc;
    struct profile *profile = layout_rows(&profile_layout, rows, &count);

    if (!profile)
        return -1;
    if (count == 0)
        snprintf(sheet->title, sizeof sheet->title,
                 "Where the time of a training step goes (not measured; see bench " FIELD("profile")
                 ")");
    else
        snprintf(sheet->title, sizeof sheet->title,
                 "Where the time of a training step goes (%s, %.0f threads, batch %.0f)",
                 profile[0].precision ? profile[0].precision : "", profile[0].threads,
                 profile[0].batch);
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    rc = print_profiles(sheet, matrix, rows, profile, count);
    layout_free(&profile_layout, profile, count);
    return rc;
}

const struct table table_profile = {
    "profile", "where the time of a training step goes (of bench)", "profile", NULL, print, true,
};
