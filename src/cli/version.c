/* version.c - see version.h. */
#include "src/glu.h"

#include "src/cli/version.h"

#include "src/comm/ranks.h"
#include "src/nn/dnn.h"
#include "src/nn/kernels.h"
#include "src/util/openmp.h"

#include <string.h>

#ifndef HAVE_SENTENCEPIECE
#define TOKENS "without SentencePiece"
#elif defined SENTENCEPIECE_VERSION
#define TOKENS "with SentencePiece " SENTENCEPIECE_VERSION
#else
#define TOKENS "with SentencePiece"
#endif

void version_parts(FILE *out)
{
    struct dnn_description dnn;
    struct openmp_description openmp = {.library = ""};
    const char *mpi = ranks_get()->library;

    dnn_describe(&dnn);
    openmp_describe(&openmp);
    fprintf(out, "oneDNN %s with %s", dnn.version, dnn.cpu_runtime);
    if (strcmp(dnn.version, dnn.built) != 0)
        fprintf(out, ", built with %s", dnn.built);
    fprintf(out, "\nOpenMP %s%s%s\n", openmp.version, openmp.library[0] ? ", " : "", openmp.library);
    fprintf(out, "%s%s\n" TOKENS "\n", mpi ? "with MPI, " : "without MPI", mpi ? mpi : "");
    fprintf(out, "oneDNN's ISA %s, %s bf16\nkernels for %s\n", dnn.isa,
            dnn_has_bf16() ? "with" : "without", kernels_get()->isa);
}

void version_print(FILE *out)
{
    fputs(PACKAGE_STRING "\n", out);
    version_parts(out);
    fputs("Copyright (C) 2026 the glubench maintainers\n"
          "License GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>\n"
          "This is free software: you are free to change and redistribute it.\n"
          "There is NO WARRANTY, to the extent permitted by law.\n",
          out);
}
