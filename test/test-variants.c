/* test-variants.c - the activations' derivatives, the registry and `custom:`. */
#include "src/glu.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "test/tap.h"
#include "test/worse.h"
#include "variants/variant.h"

/* ==== Activations ==== */

enum { KINKS_MAX = 4 };

/* The largest error of the derivative against central differences, relative to max(1, |f'|).  Where
 * the slopes before and behind a point differ there is none: *kinks counts these points. */
static double derivative_error(const struct activation *a, double alpha, double beta, int *kinks)
{
    const double h = 1e-5;
    double worst = 0;

    *kinks = 0;
    for (double x = -12; x <= 12; x += 0.0437) {
        double slope = a->derivative(x, alpha, beta), scale = fmax(1.0, fabs(slope));
        double before = (a->value(x, alpha, beta) - a->value(x - h, alpha, beta)) / h;
        double behind = (a->value(x + h, alpha, beta) - a->value(x, alpha, beta)) / h;
        double error = fabs(slope - (before + behind) / 2) / scale;

        if (fabs(behind - before) > 1e-3 * scale)
            ++*kinks;
        else
            worst = worse(worst, error);
    }
    return worst;
}

static void test_derivatives(void)
{
    for (int i = 0; i < ACT_COUNT; i++) {
        const struct activation *a = activation_get((enum act)i);
        int kinks;
        double error = derivative_error(a, a->default_alpha, a->default_beta, &kinks);

        tap_ok(error < 1e-8 && kinks <= KINKS_MAX,
               "%s: derivative against central differences, error %.1e, %d kinks", a->name, error,
               kinks);
        error = derivative_error(a, -0.7, 1.9, &kinks);
        tap_ok(error < 1e-8 && kinks <= KINKS_MAX,
               "%s: the same with alpha -0.7, beta 1.9, error %.1e, %d kinks", a->name, error,
               kinks);
    }
}

/* The same of the slopes by the other branch, and by alpha and beta where these are trained. */
static double other_error(const struct activation *a, double alpha, double beta)
{
    const double h = 1e-5, ys[] = {-9.3, -0.4, 0.8, 11};
    double worst = 0;

    for (double x = -12.013; x <= 12; x += 0.0437)
        for (size_t k = 0; k < LENGTH_OF(ys); k++) {
            double y = ys[k];
            struct act_pair at = activation_gate(a, x, y, alpha, beta);
            double by_x = (activation_gate(a, x + h, y, alpha, beta).value -
                           activation_gate(a, x - h, y, alpha, beta).value) / (2 * h);
            double by_y = (activation_gate(a, x, y + h, alpha, beta).value -
                           activation_gate(a, x, y - h, alpha, beta).value) / (2 * h);
            struct act_by by = a->by ? a->by(x, alpha, beta) : (struct act_by){0, 0};
            double by_alpha = (a->value(x, alpha + h, beta) - a->value(x, alpha - h, beta)) / (2 * h);
            double by_beta = (a->value(x, alpha, beta + h) - a->value(x, alpha, beta - h)) / (2 * h);

            if (a->pair) /* of the others, the derivative is tested, and their kinks are counted */
                worst = worse(worst, fabs(by_x - at.by_gate) / fmax(1, fabs(at.by_gate)));
            worst = worse(worst, fabs(by_y - at.by_up) / fmax(1, fabs(at.by_up)));
            if (a->scalars > 0)
                worst = worse(worst, fabs(by_alpha - by.alpha) / fmax(1, fabs(by.alpha)));
            if (a->scalars > 1)
                worst = worse(worst, fabs(by_beta - by.beta) / fmax(1, fabs(by.beta)));
        }
    return worst;
}

static void test_others(void)
{
    for (int i = 0; i < ACT_COUNT; i++) {
        const struct activation *a = activation_get((enum act)i);
        double error = worse(other_error(a, a->default_alpha, a->default_beta),
                             other_error(a, 0.3, 1.9));

        tap_ok(error < 1e-8 && (a->scalars > 0) == (a->by != NULL) &&
                   (a->scalars < 1 || a->scalar_names[0]) && (a->scalars < 2 || a->scalar_names[1]),
               "%s: slopes by the other branch and by scalars, error %.1e", a->name, error);
    }
}

/* From tables of the normal distribution and by hand. */
static const struct value {
    enum act act;
    double alpha, beta, x, value;
} values[] = {
    {ACT_LINEAR, 1, 0, -2.5, -2.5},
    {ACT_LINEAR, 2, 3, 4, 11},
    {ACT_RELU, 0, 0, -3, 0},
    {ACT_RELU, 0.1, 0, -3, -0.3},
    {ACT_RELU, 0, 0, 3, 3},
    {ACT_RELU2, 0, 0, 3, 9},
    {ACT_RELU2, 0, 0, -3, 0},
    {ACT_GELU_ERF, 0, 0, 1, 0.8413447460685429},    /* Phi(1) */
    {ACT_GELU_ERF, 0, 0, -10, -7.61985302416052e-23}, /* the tail: -10 Phi(-10) */
    {ACT_GELU_TANH, 0, 0, 1, 0.8411919906082768},
    {ACT_SWISH, 1, 0, 1, 0.7310585786300049}, /* 1 / (1 + 1/e) */
    {ACT_SWISH, 2, 0, 0.5, 0.3655292893150024}, /* half of that */
    {ACT_SWISH, 1, 0, -700, -700 * 9.8596765437597708e-305}, /* -700 exp(-700) */
    {ACT_LOGISTIC, 0, 0, 0, 0.5},
    {ACT_LOGISTIC, 0, 0, -1, 0.2689414213699951},
    {ACT_TANH, 0, 0, 1, 0.7615941559557649},
    {ACT_ELU, 1, 0, -1, -0.6321205588285577}, /* 1/e - 1 */
    {ACT_SQUARE, 0, 0, -3, 9},
    {ACT_ABS, 0, 0, -3, 3},
    {ACT_SOFT_RELU, 0, 0, 0, 0.6931471805599453}, /* ln 2 */
    {ACT_SOFT_RELU, 0, 0, 800, 800},
    {ACT_MISH, 0, 0, 1, 0.8650983882673103},
    {ACT_HARDSWISH, 0, 0, 1, 2.0 / 3.0},
    {ACT_HARDSWISH, 0, 0, -4, 0},
    {ACT_EXP, 0, 0, 1, 2.7182818284590452},
    {ACT_SELU, 0, 0, 1, 1.0507009873554805},
    {ACT_SELU, 0, 0, -1, -1.1113307378125625}, /* 1.0507 * 1.67326 (1/e - 1) */
    {ACT_LEAKY_RELU2, 0.5, 0, 3, 9},
    {ACT_LEAKY_RELU2, 0.5, 0, -3, 2.25},
    {ACT_SWIGLU_OAI, 1.702, 7, 0, 0},
    {ACT_SWIGLU_OAI, 1.702, 7, 9, 7 / (1 + 6.696001505107632e-06)}, /* exp(-11.914) */
    {ACT_SWISH_BETA, 2, 0, 0.5, 0.3655292893150024},
    {ACT_XIELU, 0.2033823208110246, -1.0502256128148466, 2, 4.2}, /* 0.8 * 4 + 0.5 * 2 */
    {ACT_XIELU, 0.2033823208110246, -1.0502256128148466, -1, -0.20569644706284612}, /* 0.8/e - 0.5 */
    {ACT_XATLU, 0, 0, 1, 0.75}, /* atan(1) is pi / 4 */
    {ACT_XATLU, 0.5, 0, 1, 1},  /* 0.75 * 2 - 0.5 */
    {ACT_XATLU, 0, 0, -1, -0.25},
    {ACT_XATLU, 0, 0, -1e8, -0.3183098861837907}, /* -1/pi */
    {ACT_CLIP, -1, 1, 3, 1},
    {ACT_CLIP, -1, 1, -0.25, -0.25},
};

/* c sigmoid(1.702 c) (clamp(y, -7, 7) + 1), c = min(x, 7), at (1, 2), (9, -8), and what moves it there. */
static void test_pair(void)
{
    const struct activation *a = activation_get(ACT_SWIGLU_OAI);
    double half = 1 / (1 + 0.182318522128221) /* exp(-1.702) */, most = 7 / (1 + 6.696001505107632e-06);
    struct act_pair at = activation_gate(a, 1, 2, 1.702, 7), clamped = activation_gate(a, 9, -8, 1.702, 7);

    tap_ok(fabs(at.value - 3 * half) < 1e-10 && fabs(at.by_up - half) < 1e-10 &&
               fabs(clamped.value + 6 * most) < 1e-10 && clamped.by_gate == 0 && clamped.by_up == 0,
           "swiglu_oai by hand, both branches clamped and not");
}

static void test_values(void)
{
    static const double extremes[] = {1e4, 1e100, 1e200, DBL_MAX};
    int wrong = 0, not_a_number = 0;
    double apart = 0;

    for (size_t i = 0; i < LENGTH_OF(values); i++) {
        const struct value *v = &values[i];
        double got = activation_get(v->act)->value(v->x, v->alpha, v->beta);

        if (!(fabs(got - v->value) <= 1e-14 * fabs(v->value))) {
            tap_diag("%s(%g) is %.17g, not %.17g", activation_get(v->act)->name, v->x, got,
                   v->value);
            wrong++;
        }
    }
    tap_ok(wrong == 0, "values worked out by hand");

    for (int i = 0; i < ACT_COUNT; i++) {
        const struct activation *a = activation_get((enum act)i);

        for (size_t k = 0; k < 2 * LENGTH_OF(extremes); k++) {
            double x = k % 2 ? -extremes[k / 2] : extremes[k / 2];

            if (isnan(a->value(x, a->default_alpha, a->default_beta)) ||
                isnan(a->derivative(x, a->default_alpha, a->default_beta))) {
                tap_diag("%s at %g", a->name, x);
                not_a_number++;
            }
        }
    }
    tap_ok(not_a_number == 0, "no NaN at the largest arguments");

    for (double x = -8; x <= 8; x += 0.001)
        apart = worse(apart, fabs(activation_get(ACT_GELU_ERF)->value(x, 0, 0) -
                                  activation_get(ACT_GELU_TANH)->value(x, 0, 0)));
    tap_ok(apart > 4e-4 && apart < 5e-4, "the two forms of GELU differ by at most 5e-4 (%.2e)",
           apart);
}

static bool is_called(const struct activation *a, const char *name)
{
    bool called = strcmp(a->name, name) == 0;

    for (int k = 0; k < ACTIVATION_ALIASES && a->aliases[k]; k++)
        called |= strcmp(a->aliases[k], name) == 0;
    return called;
}

static void test_names(void)
{
    int lost = 0, shared = 0;

    for (int i = 0; i < ACT_COUNT; i++) {
        const struct activation *a = activation_get((enum act)i);

        lost += a->act != (enum act)i || activation_find(a->name) != a;
        for (int k = 0; k < ACTIVATION_ALIASES && a->aliases[k]; k++)
            lost += activation_find(a->aliases[k]) != a;
        for (int j = 0; j < ACT_COUNT; j++) {
            const struct activation *other = activation_get((enum act)j);

            if (j == i)
                continue;
            shared += is_called(other, a->name);
            for (int k = 0; k < ACTIVATION_ALIASES && a->aliases[k]; k++)
                shared += is_called(other, a->aliases[k]);
        }
    }
    tap_ok(lost == 0 && activation_find("silu") == activation_get(ACT_SWISH) &&
               !activation_find("") && !activation_find("nonsense"),
           "an activation is found by its name and its aliases");
    tap_ok(shared == 0, "no name means two");
}

/* ==== Registry ==== */

/* The paper's table 1 and what each row is, independent of the files. */
static const struct row {
    const char *name, *label;
    bool gated;
    enum act act;
} table1[] = {
    {"relu", "FFN_ReLU", false, ACT_RELU},
    {"gelu", "FFN_GELU", false, ACT_GELU_ERF},
    {"swish", "FFN_Swish", false, ACT_SWISH},
    {"glu", "FFN_GLU", true, ACT_LOGISTIC},
    {"bilinear", "FFN_Bilinear", true, ACT_LINEAR},
    {"geglu", "FFN_GEGLU", true, ACT_GELU_ERF},
    {"swiglu", "FFN_SwiGLU", true, ACT_SWISH},
    {"reglu", "FFN_ReGLU", true, ACT_RELU},
    {"gelu_tanh", "FFN_GELU(tanh)", false, ACT_GELU_TANH},
    {"geglu_tanh", "FFN_GEGLU(tanh)", true, ACT_GELU_TANH},
    {"relu2", "FFN_ReLU2", false, ACT_RELU2},
    {"elu", "FFN_ELU", false, ACT_ELU},
    {"selu", "FFN_SeLU", false, ACT_SELU},
    {"sigmoid", "FFN_Sigmoid", false, ACT_LOGISTIC},
    {"softplus", "FFN_Softplus", false, ACT_SOFT_RELU},
    {"leaky_relu2", "FFN_LeakyReLU2", false, ACT_LEAKY_RELU2},
    {"reglu2", "FFN_ReGLU2", true, ACT_RELU2},
    {"swiglu_oai", "FFN_SwiGLU(OAI)", true, ACT_SWIGLU_OAI},
    {"swish_beta", "FFN_Swish(beta)", false, ACT_SWISH_BETA},
    {"xielu", "FFN_xIELU", false, ACT_XIELU},
    {"xatlu", "FFN_xATLU", true, ACT_XATLU},
};

static void test_registry(void)
{
    enum { IN_PAPER = 8 };
    struct variant_storage storage;
    int wrong = 0, untold = 0, doubled = 0, lost = 0, unmatched = 0, paper = 0, all = 0, twelve = 0;
    static const char *const narang[] = {"relu", "gelu", "swish", "elu", "glu", "geglu", "reglu", "selu",
                                         "swiglu", "bilinear", "sigmoid", "softplus"};

    tap_ok(variant_count() >= (int)LENGTH_OF(table1), "the %zu known variants are there",
           LENGTH_OF(table1));
    for (int i = 0; i < variant_count() && i < (int)LENGTH_OF(table1); i++) {
        const struct variant *v = variant_at(i);
        const struct activation *a = activation_get(v->act);
        bool right = strcmp(v->name, table1[i].name) == 0 &&
                     strcmp(v->label, table1[i].label) == 0 && v->gated == table1[i].gated &&
                     v->act == table1[i].act && v->in_paper == (i < IN_PAPER) &&
                     v->alpha == a->default_alpha && v->beta == a->default_beta;

        if (!right)
            tap_diag("%s at %d", v->name, i);
        wrong += !right;
    }
    for (int i = 0; i < variant_count(); i++) {
        const struct variant *v = variant_at(i);

        untold += !*v->label || !*v->formula || !*v->citation;
        lost += variant_find(v->name, &storage) != v;
        unmatched += variant_d_ff(v, 3072) != (v->gated ? 2048 : 3072);
        for (int j = 0; j < i; j++)
            doubled += strcmp(v->name, variant_at(j)->name) == 0 ||
                       strcmp(v->label, variant_at(j)->label) == 0;
    }
    tap_ok(wrong == 0, "they stand in the paper's order and are what it says");
    tap_ok(untold == 0, "each has a label, a formula and a citation");
    tap_ok(doubled == 0, "names and labels are unique");
    tap_ok(lost == 0, "each is found by its name");
    tap_ok(unmatched == 0, "d_ff 3072 becomes 2048 when gated");
    for (int i = 0; i < variant_count(); i++) {
        paper += variant_is_in(variant_at(i), "paper");
        all += variant_is_in(variant_at(i), "all");
    }
    for (size_t i = 0; i < LENGTH_OF(narang); i++)
        twelve += variant_is_in(variant_find(narang[i], &storage), "narang2021");
    for (int i = 0; i < variant_count(); i++)
        twelve += variant_is_in(variant_at(i), "narang2021");
    tap_ok(paper == IN_PAPER && all == variant_count() && twelve == 24 &&
               strcmp(variant_group_name(2), "all") == 0 && !variant_group_name(3) &&
               !variant_is_in(variant_at(0), "none"),
           "groups: the paper's eight, the twelve of Narang et al. 2021, all");
}

static void test_d_ff(void)
{
    struct variant_storage storage;
    const struct variant *relu = variant_find("relu", &storage);
    const struct variant *swiglu = variant_find("swiglu", &storage);

    tap_ok(variant_d_ff(swiglu, 3) == 2 && variant_d_ff(relu, 100) == 100, "other widths");
    tap_ok(variant_d_ff(swiglu, 100) == -1 && strstr(err_get(), "d_ff 100") &&
               strstr(err_get(), "99"), "100 is refused for a gated one: %s", err_get());
    tap_ok(variant_d_ff(relu, 0) == -1 && variant_d_ff(swiglu, -3) == -1,
           "so is what is not positive: %s", err_get());
}

/* ==== custom: ==== */

static const struct good {
    const char *text, *name, *formula;
    bool gated;
    enum act act;
    double alpha, beta;
} goods[] = {
    {"custom:elu,alpha=2", "custom:elu,alpha=2", "elu[2](x W1) W2", false, ACT_ELU, 2, 0},
    {"Custom:ELU,Alpha=2.0", "custom:elu,alpha=2", "elu[2](x W1) W2", false, ACT_ELU, 2, 0},
    {"custom:swish,alpha=-0", "custom:swish,alpha=0", "swish[0](x W1) W2", false, ACT_SWISH, 0, 0},
    {"custom:swish,alpha=1.702,gated", "custom:swish,gated,alpha=1.702",
     "(swish[1.702](x W) * x V) W2", true, ACT_SWISH, 1.702, 0},
    {"custom:clip,beta=6,alpha=0", "custom:clip,alpha=0,beta=6", "clip[0,6](x W1) W2", false,
     ACT_CLIP, 0, 6},
    {"custom:tanh,gated", "custom:tanh,gated", "(tanh(x W) * x V) W2", true, ACT_TANH, 0, 0},
    {"custom:relu,alpha=1e-1", "custom:relu,alpha=0.1", "relu[0.1](x W1) W2", false, ACT_RELU,
     0.1, 0},
    {"custom:linear,gated,alpha=0.3333333333333333,beta=-0x1p-3",
     "custom:linear,gated,alpha=0.3333333333333333,beta=-0.125",
     "(linear[0.3333333333333333,-0.125](x W) * x V) W2", true, ACT_LINEAR, 0.3333333333333333,
     -0.125},
};

/* What is wrong, and a part of the message that must say so. */
static const struct bad {
    const char *text, *message;
} bads[] = {
    {"swigl", "did you mean swiglu?"},
    {"SwiGLUE", "did you mean swiglu?"},
    {"nonsense", "there are relu, gelu, swish, glu, bilinear, geglu, swiglu, reglu"},
    {"", "custom:ACT[,gated]"},
    {"custom", "custom:ACT[,gated]"},
    {"custom:", "unknown activation ''"},
    {"custom:swsih", "did you mean swish?"},
    {"custom:gated", "there are linear, relu"},
    {"custom:swish,", "'' is not known here"},
    {"custom:swish,gate", "'gate' is not known here"},
    {"custom:swish,gated,gated", "gated is given twice"},
    {"custom:swish,gamma=1", "'gamma=1' is not known here"},
    {"custom:swish,alpha", "'alpha' is not known here"},
    {"custom:swish,alpha=", "alpha= is not a number"},
    {"custom:swish,alpha=1x", "alpha=1x is not a number"},
    {"custom:swish,alpha= 1", "alpha= 1 is not a number"},
    {"custom:swish,alpha=nan", "out of range"},
    {"custom:swish,alpha=inf", "out of range"},
    {"custom:swish,alpha=1e39", "out of range"},
    {"custom:swish,alpha=1e999", "out of range"},
    {"custom:swish,alpha=1,alpha=2", "alpha is given twice"},
    {"custom:swish,beta=1", "swish has no beta, only alpha"},
    {"custom:tanh,alpha=1", "tanh has no alpha; leave alpha=1 out"},
    {"custom:clip,alpha=2,beta=1", "clip needs alpha <= beta"},
    {"custom:swish,alpha=1.00000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000", "longer than"},
};

/* What a registered variant can be called. */
static const char *const spellings[][2] = {
    {"SwiGLU", "swiglu"},
    {"custom:relu", "relu"},
    {"custom:relu,alpha=-0.0", "relu"},
    {"custom:swish", "swish"},
    {"custom:swish,gated,alpha=1.0", "swiglu"},
    {"custom:SiLU,alpha=1e0,GATED", "swiglu"},
    {"custom:sigmoid,gated", "glu"},
    {"custom:linear,beta=0,gated", "bilinear"},
    {"custom:gelu_tanh,gated", "geglu_tanh"},
};

/* The longest that numbers become. */
#define LONG_ALPHA ",alpha=-1.2345678901234568e-300"
#define LONG_BETA ",beta=-1.2345678901234568e-300"

static void test_custom(void)
{
    struct variant_storage storage, longest;
    const struct variant *v;
    int cut = 0;

    for (size_t i = 0; i < LENGTH_OF(goods); i++) {
        const struct good *g = &goods[i];

        v = variant_find(g->text, &storage);
        tap_ok(v == &storage.variant && strcmp(v->name, g->name) == 0 &&
                   strcmp(v->formula, g->formula) == 0 && v->gated == g->gated &&
                   v->act == g->act && v->alpha == g->alpha && v->beta == g->beta && !v->in_paper,
               "%s is %s: %s", g->text, v ? v->name : err_get(), v ? v->formula : "");
    }
    err_set("none");
    for (size_t i = 0; i < LENGTH_OF(spellings); i++) {
        v = variant_find(spellings[i][0], &storage);
        tap_ok(v && v != &storage.variant && strcmp(v->name, spellings[i][1]) == 0, "%s is %s: %s",
               spellings[i][0], spellings[i][1], v ? v->name : err_get());
    }
    tap_ok(variant_same("custom:swish,gated,alpha=1", "swiglu") && variant_same("x", "x") &&
               !variant_same("relu", "custom:elu") && !variant_same("x", "relu") &&
               !variant_same(NULL, "relu") && strcmp(err_get(), "none") == 0,
           "names of one variant are told, and no message is left: %s", err_get());
    for (size_t i = 0; i < LENGTH_OF(bads); i++) {
        err_set("none");
        if (!tap_ok(!variant_find(bads[i].text, &storage) && strstr(err_get(), bads[i].message),
                    "'%.40s': %s", bads[i].text, bads[i].message))
            tap_diag("but: %s", err_get());
    }

    v = variant_find("custom:linear,gated" LONG_ALPHA LONG_BETA, &storage);
    tap_ok(v && variant_find(v->name, &longest) && strcmp(longest.name, v->name) == 0 &&
               longest.variant.beta == v->beta && strlen(v->formula) > 60,
           "the longest numbers fit and read back: %s", v ? v->name : err_get());

    for (int i = 0; i < ACT_COUNT; i++) {
        static const char *const parameters[] = {"", LONG_ALPHA, LONG_ALPHA LONG_BETA};
        const struct activation *a = activation_get((enum act)i);
        char text[128];

        snprintf(text, sizeof text, "custom:%s,gated%s", a->name, parameters[a->parameters]);
        v = variant_find(text, &storage);
        if (!v || (strcmp(v->name, text) != 0 && v == &storage.variant) || !v->gated ||
            v->act != a->act ||
            (v == &storage.variant && !strstr(v->formula, "(x W) * x V) W2"))) {
            tap_diag("%s: %s", text, v ? v->formula : err_get());
            cut++;
        }
    }
    tap_ok(cut == 0, "with every activation");
}

int main(void)
{
    tap_plan(3 * ACT_COUNT + 1 + 3 + 2 + 7 + 3 +
             (int)(LENGTH_OF(goods) + LENGTH_OF(spellings) + LENGTH_OF(bads)) + 3);
    test_derivatives();
    test_others();
    test_pair();
    test_values();
    test_names();
    test_registry();
    test_d_ff();
    test_custom();
    return tap_status();
}
