/* openmp.h - which OpenMP the program runs on. */
#ifndef GLU_UTIL_OPENMP_H
#define GLU_UTIL_OPENMP_H

struct openmp_description {
    char version[16];  /* that the compiler says: "4.5"; its date where that is not known: "209912" */
    char library[128]; /* its file, without folders: "libgomp.so.1"; "" when it is part of the program */
};
void openmp_describe(struct openmp_description *description);

#endif
