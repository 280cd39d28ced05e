/* resolve.c - from preset, file and command line to a setting in which nothing is left open. */
#include "src/glu.h"

#include "src/setting/setting.h"

#include "src/comm/ranks.h"
#include "src/results/decisions.h"
#include "src/setting/file.h"
#include "src/setting/finetune.h"
#include "src/setting/presets.h"
#include "src/setting/team.h"
#include "src/setting/text2text.h"
#include "src/setting/training.h"
#include "src/util/cpus.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT(member) offsetof(struct setting, member)
#define ORIGIN_OF(setting, member)                                                                 \
    ((setting)->origin[setting_option_of_member(IN_SETTING, AT(member))])

/* The last value that the arguments give a member, or NULL. */
static const char *last_argument(const struct setting_argument *arguments, int count, size_t offset)
{
    int option = setting_option_of_member(IN_SETTING, offset);
    const char *text = NULL;

    for (int i = 0; i < count; i++)
        if (arguments[i].option == option)
            text = arguments[i].text;
    return text;
}

int setting_defaults(struct setting *setting, const struct setting_argument *arguments, int count)
{
    const char *name = last_argument(arguments, count, AT(preset));
    const char *architecture = last_argument(arguments, count, AT(architecture_name));
    struct option_values values = setting_values(setting);

    memset(setting, 0, sizeof *setting);
    return options_begin(&values) ||
                   preset_apply(setting, name ? name : preset_default(architecture),
                                FIELD("preset"))
               ? -1
               : 0;
}

static bool setting_has(const struct setting *setting, const struct variant *variant)
{
    for (int i = 0; i < setting->variant_count; i++)
        if (setting->variants[i] == variant ||
            strcmp(setting->variants[i]->name, variant->name) == 0)
            return true;
    return false;
}

/* The k-th name is told when an earlier one is the same variant's. */
static void warn_of_doubles(const struct text_list *names, const struct variant *const *found, int k)
{
    for (int i = 0; i < k; i++)
        if (strcmp(found[i]->name, found[k]->name) == 0) {
            if (strcmp(names->items[i], names->items[k]) == 0)
                warn_add(FIELD("variant") ": '%s' is given twice and counts once", names->items[k]);
            else
                warn_add(FIELD("variant") ": '%s' and '%s' are the same variant, %s, which counts "
                         "once",
                         names->items[i], names->items[k], found[k]->name);
            return;
        }
}

/* Find the variants that are asked for and put them in the order of the tables: the registry's,
 * custom ones last. */
static int resolve_variants(struct setting *setting)
{
    struct text_list *names = &setting->variant_names;
    bool grouped = setting->all_variants || setting->group, all;
    bool one = (setting->scaling || setting->exchange || setting->exchange_size > 0) && !grouped &&
               names->count == 0;
    enum origin named;
    const struct variant **found;
    int status = -1;

    setting->exchange |= setting->exchange_size > 0;
    if (names->count > SETTING_VARIANTS_MAX)
        return err_set(FIELD("variant") ": %d are more than the %d that can be compared",
                       names->count, SETTING_VARIANTS_MAX);
    if (one && text_list_append(names, setting->baseline_name ? setting->baseline_name : "relu"))
        return -1;
    named = ORIGIN_OF(setting, variant_names);
    if ((setting->all_variants && named < ORIGIN_OF(setting, all_variants)) ||
        (setting->group && named < ORIGIN_OF(setting, group)))
        text_list_clear(names);
    all = setting->all_variants || (!grouped && names->count == 0);
    found = calloc((size_t)names->count + 1, sizeof *found);
    setting->storage = calloc((size_t)names->count + 1, sizeof *setting->storage);
    setting->variants =
        calloc((size_t)(names->count + variant_count()) + 1, sizeof *setting->variants);
    if (!found || !setting->storage || !setting->variants) {
        err_set("out of memory");
        goto out;
    }
    for (int i = 0; i < names->count; i++) {
        found[i] = variant_find(names->items[i], &setting->storage[i]);
        if (!found[i]) {
            err_prepend(FIELD("variant"));
            goto out;
        }
        warn_of_doubles(names, found, i);
    }
    for (int i = 0; i < variant_count(); i++) {
        const struct variant *variant = variant_at(i);
        bool wanted = (all && variant->in_paper) ||
                      (setting->group && variant_is_in(variant, setting->group));

        for (int k = 0; k < names->count; k++)
            wanted = wanted || found[k] == variant;
        if (wanted)
            setting->variants[setting->variant_count++] = variant;
    }
    for (int k = 0; k < names->count; k++)
        if (!setting_has(setting, found[k]))
            setting->variants[setting->variant_count++] = found[k];

    /* From here on the list of names is the list of variants: setting_json() writes it. */
    text_list_clear(names);
    for (int i = 0; i < setting->variant_count; i++)
        if (text_list_append(names, setting->variants[i]->name))
            goto out;
    status = 0;
out:
    free(found);
    return status;
}

static int resolve_baseline(struct setting *setting)
{
    const char *name = setting->baseline_name ? setting->baseline_name : "relu";
    struct variant_storage storage;
    const struct variant *wanted = variant_find(name, &storage);

    if (!wanted)
        return err_prepend(FIELD("baseline"));
    for (int i = 0; i < setting->variant_count; i++)
        if (strcmp(setting->variants[i]->name, wanted->name) == 0)
            setting->baseline = setting->variants[i];
    if (!setting->baseline && setting->baseline_name)
        return err_set(FIELD("baseline") ": '%s' is not among the variants of this run; add "
                       FIELD("variant") " %s",
                       name, name);
    if (!setting->baseline)
        setting->baseline = setting->variants[0];
    return text_set(&setting->baseline_name, setting->baseline->name);
}

/* The two widths from the one that was given last (or both, if they agree). */
static int resolve_d_ff(struct setting *setting)
{
    struct recipe *recipe = &setting->recipe;
    enum origin plain = ORIGIN_OF(setting, recipe.d_ff);
    enum origin gated = ORIGIN_OF(setting, recipe.gated_d_ff);

    if (recipe->gated_d_ff > 0 && gated > plain) {
        if (recipe->gated_d_ff % 2 != 0 && !setting->allow_unequal)
            return err_set(FIELD("gated_d_ff") ": %d is odd, so an ungated layer of 3/2 the width "
                           "does not exist; the nearest are %d and %d (or give "
                           FIELD("allow_unequal") ")",
                           recipe->gated_d_ff, recipe->gated_d_ff - 1, recipe->gated_d_ff + 1);
        recipe->d_ff = (int)((int64_t)recipe->gated_d_ff * 3 / 2);
    } else if (recipe->gated_d_ff == 0 || gated < plain) {
        for (int i = 0; i < setting->variant_count && !setting->allow_unequal; i++)
            if (variant_d_ff(setting->variants[i], recipe->d_ff) < 0)
                return err_prepend(FIELD("d_ff"));
        recipe->gated_d_ff = (int)((int64_t)recipe->d_ff * 2 / 3);
        if (recipe->gated_d_ff == 0)
            return err_set(FIELD("d_ff") ": %d leaves no width for a gated layer", recipe->d_ff);
    } else if ((int64_t)recipe->gated_d_ff * 3 != (int64_t)recipe->d_ff * 2 &&
               !setting->allow_unequal) {
        return err_set(FIELD("gated_d_ff") ": %d is not 2/3 of " FIELD("d_ff")
                       " %d, so the variants would differ in parameters; give one of the two, or "
                       FIELD("allow_unequal"),
                       recipe->gated_d_ff, recipe->d_ff);
    }
    return 0;
}

/* What spans alone have is refused where there are none.  What a file says of them is of the file's own
 * architecture, `before`. */
static int resolve_spans(struct setting *setting, const struct architecture *before)
{
    static const size_t rows[] = {AT(noise_density), AT(mean_span), AT(recipe.target_length)};
    struct recipe *recipe = &setting->recipe;
    unsigned char *target = &ORIGIN_OF(setting, recipe.target_length);
    bool changed = architecture_find(setting->architecture_name) != before;
    bool spans = setting->task || strcmp(setting_task_kind(setting), "span") == 0;
    /* A results file tells the length that it was. */
    bool told = !spans && (recipe->target_length == recipe->input_length ||
                           ORIGIN_OF(setting, recipe.input_length) > ORIGIN_FILE);

    if (*target == ORIGIN_FILE && (changed || told)) {
        *target = ORIGIN_DEFAULT;
        recipe->target_length = 0;
    }
    if (spans)
        return 0;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        int option = setting_option_of_member(IN_SETTING, rows[i]);
        enum origin origin = setting->origin[option];
        char field[64];

        setting_option_field(option, field, sizeof field);
        if (origin == ORIGIN_COMMAND_LINE || (origin == ORIGIN_FILE && !changed))
            return err_set("%s: the architecture %s is trained on no spans; leave it out", field,
                           setting->architecture_name);
        setting->origin[option] = ORIGIN_DEFAULT;
    }
    setting->noise_density = setting->mean_span = NAN;
    recipe->target_length = 0;
    return 0;
}

static int resolve_lengths(struct setting *setting)
{
    struct recipe *recipe = &setting->recipe;
    struct task_options task = setting_task(setting);
    int target_length;

    if (setting->task) /* see text2text_resolve() */
        return 0;
    task.target_length = 0;
    if (task_lengths(&task))
        return -1; /* its message names the options */
    target_length = task.target_length;
    if (recipe->target_length == 0 ||
        ORIGIN_OF(setting, recipe.target_length) < ORIGIN_OF(setting, recipe.input_length))
        recipe->target_length = target_length;
    if (recipe->target_length < target_length)
        return err_set(FIELD("target_length")
                       ": %d is less than the %d tokens that an input of %d needs",
                       recipe->target_length, target_length, recipe->input_length);
    return 0;
}

/* "KIND:FILE" in its two parts; of a configuration file, they are apart already. */
static int split_tokenizer(struct setting *setting)
{
    const struct tokenizer_type *type = tokenizer_type_find(setting->tokenizer);
    char *colon = strchr(setting->tokenizer, ':');

    if (colon) {
        if (text_set(&setting->tokenizer_file, colon + 1))
            return -1;
        ORIGIN_OF(setting, tokenizer_file) = ORIGIN_OF(setting, tokenizer);
        *colon = '\0';
    }
    return type && !type->argument && !colon ? text_set(&setting->tokenizer_file, NULL) : 0;
}

/* A feed-forward layer alone has no tokens. */
static int check_pieces(const struct setting *setting)
{
    const struct preset *preset = preset_find(setting->preset);

    if (!preset->pieces || setting->tokenizer_file || setting->ffn)
        return 0;
    return err_set(FIELD("preset") " %s does not go with " FIELD("tokenizer") " %s: %s; give "
                   FIELD("tokenizer") " sentencepiece:FILE, such as T5's spiece.model, or another preset",
                   preset->name, setting->tokenizer, preset->pieces);
}

static int resolve_tokenizer(struct setting *setting)
{
    char name[SETTING_TOKENIZER_BYTES];
    struct tokenizer *tokenizer;

    if (split_tokenizer(setting) || check_pieces(setting))
        return -1;
    setting_tokenizer(setting, name);
    if (tokenizer_open(&tokenizer, name))
        return err_prepend(FIELD("tokenizer"));
    setting->vocabulary = tokenizer->vocabulary;
    setting->tokenizer_facts = tokenizer->file;
    tokenizer_close(tokenizer);
    return 0;
}

/* What the architecture asks of the sizes. */
static int resolve_sizes(const struct setting *setting)
{
    struct model_options options = setting_model(setting, setting->baseline, 1);

    return architecture_check(&options);
}

/* The number that OMP_NUM_THREADS has for us, or 0. */
static int threads_asked(void)
{
    int asked = cpus_asked(getenv("OMP_NUM_THREADS"));
    double most = setting_option_at(setting_option_of_member(IN_SETTING, AT(threads)))->max;

    if (asked <= most)
        return asked;
    warn_add("OMP_NUM_THREADS is more than the %.0f that there can be of " FIELD("threads")
             ", and ignored",
             most);
    return 0;
}

/* The processors that a rank is bound to by the launcher are for its threads alone; where the launcher
 * binds none, those of a machine share them. */
static void warn_of_threads(const struct setting *setting, const struct cpus *cpus, int most)
{
    char quota[64] = "";
    const char *hint = ranks_get()->library
                           ? "; launchers bind a rank to few of them unless they are told otherwise, Open "
                             "MPI's by bind-to none or map-by slot:pe=N"
                           : "";

    if (setting->threads <= most)
        return;
    if (strcmp(cpus->from, "quota") == 0)
        snprintf(quota, sizeof quota, " (its control group has a quota of %.4g)", cpus->quota);
    warn_add("%s %d is more than the %d core%s that this process may use%s; it will be slower, not "
             "faster%s",
             strcmp(setting->threads_from, "given") == 0 ? FIELD("threads") : setting->threads_from,
             setting->threads, most, most == 1 ? "" : "s", quota, hint);
}

/* Threads of use in this process. */
static int usable_threads(const struct cpus *cpus)
{
    int here = ranks_get()->here;
    long online = sysconf(_SC_NPROCESSORS_ONLN);

    if (here == 1 || (long)here * cpus->usable <= online)
        return cpus->usable; /* its own */
    return cpus->usable > here ? cpus->usable / here : 1;
}

static int resolve_threads(struct setting *setting)
{
    /* With a look after each seed the next one's runs wait for it. */
    int runs = setting->variant_count * (setting->until_decided ? 1 : setting->recipe.seeds), usable;
    struct cpus cpus;

    cpus_find(&cpus);
    usable = usable_threads(&cpus);
    setting->threads_from = "given";
    if (setting->threads == 0 && (setting->threads = threads_asked()) > 0)
        setting->threads_from = "OMP_NUM_THREADS";
    if (setting->threads == 0) {
        setting->threads = usable;
        setting->threads_from = cpus.from;
    }
    warn_of_threads(setting, &cpus, usable);
    if (ranks_get()->all->size > 1 && ORIGIN_OF(setting, recipe.jobs) < ORIGIN_COMMAND_LINE)
        setting->recipe.jobs = 1;
    if (setting->recipe.jobs == 0)
        setting->recipe.jobs = setting->threads < runs ? setting->threads : runs;
    if (setting->recipe.jobs > setting->threads)
        return err_set(FIELD("jobs") ": %d trainings side by side need %d threads, and there are "
                       "%d; give " FIELD("threads") " %d or fewer jobs",
                       setting->recipe.jobs, setting->recipe.jobs, setting->threads,
                       setting->recipe.jobs);
    return 0;
}

/* The nearest numbers that `ranks` divides, for a message: "96 or 128". */
static void name_nearest(int batch, int ranks, char *text, size_t size)
{
    int below = batch / ranks * ranks;

    if (below > 0)
        snprintf(text, size, "%d or %d", below, below + ranks);
    else
        snprintf(text, size, "%d", ranks);
}

int setting_check_ranks(const struct setting *setting, int ranks, const char *field)
{
    char nearest[64];

    name_nearest(setting->recipe.batch, ranks, nearest, sizeof nearest);
    return setting->recipe.batch % ranks == 0
               ? 0
               : err_set(FIELD("batch") ": %d ranks do not divide %d examples; give %s, or other %s", ranks,
                         setting->recipe.batch, nearest, field);
}

static int resolve_ranks(struct setting *setting)
{
    int all = ranks_get()->all->size, ranks = setting->ranks_per_run;

    /* What a file says is of the machines that it was made on. */
    if (ranks == 0 || ORIGIN_OF(setting, ranks_per_run) < ORIGIN_COMMAND_LINE)
        ranks = all;
    setting->ranks_per_run = ranks == 1 ? 0 : ranks;
    if (all % ranks != 0)
        return err_set(FIELD("ranks_per_run") ": groups of %d do not divide the %d rank%s that there %s%s",
                       ranks, all, all == 1 ? "" : "s", all == 1 ? "is" : "are",
                       all == 1 ? "; glubench_mpi, started by an MPI launcher, has more" : "");
    if (all > 1 && setting->recipe.jobs > 1)
        return err_set(FIELD("jobs") ": %d trainings side by side in each of %d ranks; give 1, and "
                       FIELD("ranks_per_run"),
                       setting->recipe.jobs, all);
    if (all > ranks && setting->until_decided)
        return err_set(FIELD("until_decided") ": %d groups of ranks do not see each other's runs; give "
                       FIELD("ranks_per_run") " %d",
                       all / ranks, all);
    if (all > ranks && (setting->dump_batches || setting->log))
        return err_set(FIELD("%s") ": %d groups of ranks would write to one file; give "
                       FIELD("ranks_per_run") " %d",
                       setting->log ? "log" : "dump_batches", all / ranks, all);
    return setting_check_ranks(setting, ranks, FIELD("ranks_per_run"));
}

static int resolve_precision(struct setting *setting)
{
    bool has_bf16 = model_has_bf16();
    const char *name = setting->precision_name;
    bool is_bf16 = strcmp(name, precision_name(PRECISION_BF16)) == 0;

    if (is_bf16 && !has_bf16)
        return err_set(FIELD("precision") ": this CPU or this oneDNN does not multiply bf16 in "
                       "hardware; use f32 or auto");
    setting->precision = is_bf16 || (has_bf16 && strcmp(name, PRECISION_AUTO) == 0)
                             ? PRECISION_BF16
                             : PRECISION_F32;
    return text_set(&setting->precision_name, precision_name(setting->precision));
}

/* Who says it last decides.  A stream is of files, and of their documents none can be held out. */
static int resolve_stream(struct setting *setting)
{
    bool *stream = &setting->recipe.stream, *no_stream = &setting->no_stream;
    enum origin origin = ORIGIN_OF(setting, recipe.stream);
    bool by_preset = preset_find(setting->preset)->recipe.stream;

    if (*stream && *no_stream && origin == ORIGIN_OF(setting, no_stream))
        return err_set(FIELD("stream") " and " FIELD("no_stream") " exclude each other");
    if (*no_stream && origin < ORIGIN_OF(setting, no_stream))
        *stream = false;
    *no_stream = by_preset && !*stream;
    if (*no_stream && ORIGIN_OF(setting, no_stream) < origin)
        ORIGIN_OF(setting, no_stream) = (unsigned char)origin;
    if (!*stream)
        return 0;
    if (setting->corpus.count == 0 && origin > ORIGIN_PRESET)
        return err_set(FIELD("stream") " goes with " FIELD("corpus")
                       ": the built-in language is never read whole; leave it out");
    *stream = setting->corpus.count > 0;
    if (*stream && setting->heldout.count == 0)
        return err_set(FIELD("heldout") " is missing: with " FIELD("stream") "%s the corpus is not read "
                       "before it is trained on, so no share of it can be held out; give " FIELD("heldout")
                       " PATH, such as C4's validation files or one file of the corpus alone%s",
                       origin == ORIGIN_PRESET ? ", the preset's," : "",
                       origin == ORIGIN_PRESET ? ", or " FIELD("no_stream") : "");
    return 0;
}

/* The name that is meant without the option is recorded like that. */
static int resolve_text_field(struct setting *setting)
{
    bool usual = setting->text_field && strcmp(setting->text_field, "text") == 0;

    return usual ? text_set(&setting->text_field, NULL) : 0;
}

/* A file may tell of more variants than are asked for now. */
static int resolve_until_decided(struct setting *setting)
{
    int least = decisions_least();

    if (setting->until_decided && setting->recipe.seeds < least)
        warn_add(FIELD("seeds") ": %d cannot decide anything, as even the clearest difference takes %d",
                 setting->recipe.seeds, least);
    if (!setting->until_decided || setting->variant_count > 1)
        return 0;
    if (ORIGIN_OF(setting, until_decided) == ORIGIN_COMMAND_LINE)
        return err_set(FIELD("until_decided") ": there is nothing to decide with one variant; add "
                       FIELD("variant") "s that are compared with %s",
                       setting->baseline->name);
    setting->until_decided = false;
    return 0;
}

static int check_resume(const struct setting *setting)
{
    if (setting->resume && setting->restart)
        return err_set(FIELD("resume") " and " FIELD("restart") " exclude each other");
    if (setting->resume && setting->dump_batches)
        return err_set(FIELD("resume") " cannot fill in the " FIELD("dump_batches")
                       " of steps that are past; give one of the two");
    return 0;
}

int setting_resolve(struct setting *setting, const struct setting_argument *arguments, int count)
{
    const char *preset = last_argument(arguments, count, AT(preset));
    const char *architecture = last_argument(arguments, count, AT(architecture_name));
    const char *file = last_argument(arguments, count, AT(file));
    const char *from = last_argument(arguments, count, AT(from));
    struct option_values values = setting_values(setting);
    struct training_before before;
    const struct architecture *built; /* before the command line */

    if (setting_defaults(setting, arguments, count) || (from && finetune_apply(setting, from)) ||
        (file && setting_read_file(setting, file, preset != NULL, architecture != NULL)))
        return -1;
    before = training_before(setting);
    built = architecture_find(setting->architecture_name);
    if (options_assign(&values, arguments, count) || training_resolve(setting, &before) ||
        resolve_variants(setting) || resolve_baseline(setting) || resolve_d_ff(setting) ||
        resolve_spans(setting, built) || resolve_lengths(setting) || resolve_tokenizer(setting) ||
        text2text_resolve(setting) || finetune_resolve(setting) ||
        resolve_sizes(setting) || resolve_until_decided(setting) || resolve_threads(setting) ||
        resolve_ranks(setting) || resolve_precision(setting) || resolve_text_field(setting) ||
        resolve_stream(setting) || team_resolve(setting) || check_resume(setting))
        return -1;
    return 0;
}
