/* equivalence.c - see equivalence.h. */
#include "src/glu.h"

#include "src/results/equivalence.h"

#include "src/results/distributions.h"

#include <math.h>

/* Of the test that the mean is not below the margin: P(T <= (mean - delta) / se). */
static double one_sided(double distance, double standard_error, double df)
{
    if (standard_error == 0.0)
        return distance < 0.0 ? 0.0 : 1.0;
    return stats_t_cdf(distance / standard_error, df);
}

struct equivalence stats_equivalence(double mean, double standard_error, double df, double delta,
                                     double alpha)
{
    struct equivalence result = {NAN, {NAN, NAN}};
    double half;

    if (!isfinite(mean) || !isfinite(standard_error) || !(df > 0.0) || !(delta > 0.0))
        return result;
    result.p = fmax(one_sided(mean - delta, standard_error, df),
                    one_sided(-mean - delta, standard_error, df));
    half = stats_t_quantile(1.0 - alpha, df) * standard_error;
    result.interval = (struct interval){mean - half, mean + half};
    return result;
}
