/* main.c - glubench: the program as one process. */
#include "src/glu.h"

#include "src/cli/program.h"

int main(int argc, char **argv)
{
    return program_run(argc, argv);
}
