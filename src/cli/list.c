/* list.c - `glubench list`: the variants, the presets and the papers. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/results/published.h"
#include "src/setting/presets.h"
#include "src/util/standard.h"
#include "src/util/wrap.h"

#include <string.h>

static json_t *variant_json(const struct variant *variant)
{
    const struct activation *activation = activation_get(variant->act);

    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:s, s:f, s:f}", "name", variant->name,
                     "label", variant->label, "formula", variant->formula, "citation",
                     variant->citation, "gated", variant->gated, "in_paper", variant->in_paper,
                     "activation", activation->name, "alpha", variant->alpha, "beta",
                     variant->beta);
}

static int list_json(void)
{
    json_t *variants = json_array(), *presets = json_array(), *published = published_json(), *document;
    int failed = published == NULL;

    for (int i = 0; i < variant_count(); i++)
        failed |= json_array_append_new(variants, variant_json(variant_at(i)));
    for (int i = 0; i < preset_count(); i++)
        failed |= json_array_append_new(presets, preset_json(i));
    document = json_pack("{s:o, s:o, s:o}", "variants", variants, "presets", presets, "published",
                         published);
    if (failed || !document) {
        json_decref(document);
        return err_set("out of memory");
    }
    json_dumpf(document, standard_data(), JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    standard_print("\n");
    json_decref(document);
    return 0;
}

/* Eight a line. */
static void list_activations(void)
{
    char line[256] = "   ";

    for (int i = 0; i < ACT_COUNT; i++) {
        bool last = i == ACT_COUNT - 1;
        size_t used = strlen(line);

        snprintf(line + used, sizeof line - used, " %s%s", activation_get((enum act)i)->name,
                 last ? "" : ",");
        if (!last && i % 8 < 7)
            continue;
        wrap_print(standard_data(), "%s\n", line);
        line[4 - 1] = '\0';
    }
}

static void list_variants(void)
{
    wrap_print(standard_data(), "Variants (the gate is W, V is linear; * is element-wise):\n");
    for (int i = 0; i < variant_count(); i++) {
        const struct variant *variant = variant_at(i);

        wrap_print(standard_data(), "  %-12s %-18s %-30s%s\n", variant->name, variant->label,
                   variant->formula, variant->in_paper ? "" : "  beyond the paper");
    }
    wrap_print(standard_data(), "  custom:ACT[,gated][,alpha=A][,beta=B]  with ACT one of:\n");
    list_activations();
}

static int list_presets(void)
{
    wrap_print(standard_data(), "Presets:\n");
    for (int i = 0; i < preset_count(); i++) {
        const struct preset *preset = preset_at(i);
        const struct recipe *recipe = &preset->recipe;
        bool one = architecture_is_shifted(architecture_find(preset->architecture));
        char layers[32];

        snprintf(layers, sizeof layers, one ? "%d" : "%d+%d", recipe->layers, recipe->layers);
        wrap_print(standard_data(),
                   "  %-8s %s\n"
                   "           d_model %d, %s layer%s, %d heads of %d, d_ff %d/%d, batch %d of %d, "
                   "%lld steps\n",
                   preset->name, preset->summary, recipe->d_model, layers,
                   one && recipe->layers == 1 ? "" : "s", recipe->heads, recipe->d_kv,
                   recipe->d_ff, recipe->d_ff * 2 / 3, recipe->batch, recipe->input_length,
                   (long long)recipe->steps);
    }
    return 0;
}

static int list_published(void)
{
    const struct published *all = published_all();

    if (!all)
        return -1;
    wrap_print(standard_data(), "Published figures, for --beside (* not verified: from memory):\n");
    for (int i = 0; i < all->papers; i++) {
        const struct published_paper *paper = &all->paper[i];
        const struct published_metric *metric = paper->metrics ? &paper->metric[0] : NULL;

        wrap_print(standard_data(), "  %-22s %lld%s %s (%s), %d variant%s\n", paper->key,
                   (long long)paper->year, paper->verified ? " " : "*",
                   metric ? metric->name : "no figures", metric ? metric->unit : "its setting alone",
                   metric ? metric->values : 0, metric && metric->values == 1 ? "" : "s");
    }
    return 0;
}

static int list_text(void)
{
    list_variants();
    wrap_print(standard_data(), "\n");
    list_presets();
    wrap_print(standard_data(), "\n");
    return list_published();
}

int list_choices_of(const struct setting_option *option)
{
    int status = option->choice == published_key ? list_published() : list_presets();

    return status ? EXIT_FAILED : EXIT_OK;
}

int command_list(const struct invocation *invocation)
{
    const char *format = invocation->request.format;

    if (strcmp(format, "json") == 0)
        return list_json() ? EXIT_FAILED : EXIT_OK;
    if (strcmp(format, "terminal") != 0) {
        err_set("--format: 'list' knows terminal and json, not %s", format);
        return EXIT_USAGE;
    }
    return list_text() ? EXIT_FAILED : EXIT_OK;
}
