/* race.c - two threads that meet at a barrier, or, given an argument, race.  A tool that looks for
 * races has to tell these apart before its silence about the program means anything. */
#include <omp.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    int written[2], sums[2];

    (void)argv;
#pragma omp parallel num_threads(2)
    {
        int thread = omp_get_thread_num();

        written[thread] = thread + 1;
        if (argc == 1) {
#pragma omp barrier
        }
        sums[thread] = written[0] + written[1];
    }
    printf("%d %d\n", sums[0], sums[1]);
    return 0;
}
