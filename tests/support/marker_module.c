// A library that leaves a file where it was loaded, whatever it was loaded for.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <stdlib.h>

// The file that the variable SIGNET_MARKER names.
__attribute__((constructor)) static void leave_marker(void) {
    const char *path = getenv("SIGNET_MARKER");
    FILE *file = path != NULL ? fopen(path, "we") : NULL;
    if (file != NULL) {
        (void)fclose(file);
    }
}
