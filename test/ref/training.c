/* training.c - the optimizers and the schedules of ref.h. */
#include "src/glu.h"

#include <math.h>
#include <string.h>

#include "test/ref/ref.h"

/* ==== Adafactor (Shazeer and Stern 2018, algorithms 4 and 5) ==== */

static const double adafactor_epsilon1 = 1e-30; /* added to squared gradients */
static const double adafactor_epsilon2 = 1e-3;  /* least scale of a parameter */
static const double adafactor_clip = 1.0;       /* largest RMS of an update */
static const double adafactor_decay = 0.8;      /* beta2_t = 1 - t^-0.8 */

static double rms(const double *a, size_t n)
{
    double squares = 0;

    for (size_t i = 0; i < n; i++)
        squares += a[i] * a[i];
    return sqrt(squares / (double)n);
}

bool ref_adafactor_is_factored(int rows, int cols)
{
    return rows >= 128 && cols >= 128;
}

size_t ref_adafactor_state_size(int rows, int cols)
{
    return ref_adafactor_is_factored(rows, cols) ? (size_t)rows + cols : (size_t)rows * cols;
}

static double squared(const double *gradient, int cols, int r, int c)
{
    double g = gradient[r * cols + c];

    return g * g + adafactor_epsilon1;
}

/* state: rows means over the columns, then cols means over the rows; or every element. */
static void adafactor_accumulate(double *state, const double *gradient, int rows, int cols,
                                 double beta2)
{
    if (!ref_adafactor_is_factored(rows, cols)) {
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < cols; c++)
                state[r * cols + c] = beta2 * state[r * cols + c] +
                                      (1 - beta2) * squared(gradient, cols, r, c);
        return;
    }
    for (int i = 0; i < rows + cols; i++)
        state[i] *= beta2;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++) {
            state[r] += (1 - beta2) * squared(gradient, cols, r, c) / cols;
            state[rows + c] += (1 - beta2) * squared(gradient, cols, r, c) / rows;
        }
}

/* The estimate of an element's second moment: its row's mean times its column's, over the mean of
 * all. */
static double adafactor_moment(const double *state, int rows, int cols, int r, int c, double mean)
{
    if (!ref_adafactor_is_factored(rows, cols))
        return state[r * cols + c];
    return state[r] * state[rows + c] / mean;
}

void ref_adafactor(double *value, double *state, const double *gradient, int rows, int cols,
                   int64_t t, double learning_rate)
{
    size_t n = (size_t)rows * cols;
    double scale = fmax(adafactor_epsilon2, rms(value, n));
    double mean = 0, update_squares = 0, step;

    adafactor_accumulate(state, gradient, rows, cols, 1.0 - pow((double)t, -adafactor_decay));
    for (int r = 0; r < rows; r++)
        mean += state[r] / rows; /* of the row means; used only when factored */

    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++) {
            double g = gradient[r * cols + c];

            update_squares += g * g / adafactor_moment(state, rows, cols, r, c, mean);
        }
    step = learning_rate * scale / fmax(1.0, sqrt(update_squares / (double)n) / adafactor_clip);

    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++)
            value[r * cols + c] -= step * gradient[r * cols + c] /
                                   sqrt(adafactor_moment(state, rows, cols, r, c, mean));
}

double ref_learning_rate(int64_t t, int64_t steps, double lr0, int64_t warmup_steps,
                         double decay_fraction)
{
    double decay_steps = decay_fraction * (double)steps, left = (double)(steps - t + 1);
    double warmup = (double)warmup_steps;

    return lr0 * sqrt(warmup / fmax((double)t, warmup)) *
           (left < decay_steps ? left / decay_steps : 1.0);
}

/* ==== AdamW (Loshchilov and Hutter 2019, algorithm 2, without their schedule) ==== */

void ref_adamw(double *value, double *first, double *second, const double *gradient, size_t n,
               int64_t t, const struct ref_adamw *options)
{
    double beta1 = options->beta1, beta2 = options->beta2;

    for (size_t i = 0; i < n; i++) {
        double m, v;

        first[i] = beta1 * first[i] + (1 - beta1) * gradient[i];
        second[i] = beta2 * second[i] + (1 - beta2) * gradient[i] * gradient[i];
        m = first[i] / (1 - pow(beta1, (double)t));
        v = second[i] / (1 - pow(beta2, (double)t));
        value[i] -= options->learning_rate * (m / (sqrt(v) + 1e-8) + options->weight_decay * value[i]);
    }
}

double ref_clip(double squares, double clip_norm)
{
    double norm = sqrt(squares);

    return norm > clip_norm ? clip_norm / norm : 1;
}

/* ==== Schedules ==== */

double ref_schedule(const char *name, int64_t t, int64_t steps, double lr0, int64_t warmup_steps)
{
    double w = (double)warmup_steps, done = ((double)t - w) / ((double)steps - w);

    if (strcmp(name, "inverse-sqrt") == 0)
        return lr0 * sqrt(w / fmax((double)t, w));
    if (t <= warmup_steps)
        return lr0 * (double)t / w;
    if (strcmp(name, "cosine") == 0)
        return lr0 * (0.1 + 0.45 * (1 + cos(acos(-1) * done)));
    return strcmp(name, "linear") == 0 ? lr0 * (1 - done) : lr0;
}
