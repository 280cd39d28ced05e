/* version.h - what the program is made of. */
#ifndef GLU_CLI_VERSION_H
#define GLU_CLI_VERSION_H

#include <stdio.h>

/* A line for each library with its version, and for each set of instructions in use: ranks are the same
 * program when they print the same. */
void version_parts(FILE *out);
/* --version. */
void version_print(FILE *out);

#endif
