#include "unit/scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char dir[512];

static void make(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/ncmlops-test-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(dir)) {
        perror(dir);
        abort();
    }
}

const char *scratch(const char *name)
{
    static char paths[8][1024];
    static size_t at;
    if (!*dir)
        make();
    char *out = paths[at++ % 8];
    snprintf(out, sizeof paths[0], "%s/%s", dir, name);
    return out;
}

const char *scratch_file(const char *name, const void *p, size_t len)
{
    const char *path = scratch(name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(p, 1, len, f) != len || fclose(f) != 0) {
        perror(path);
        abort();
    }
    return path;
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void scratch_remove(void)
{
    if (*dir)
        (void)nftw(dir, drop, 16, FTW_DEPTH | FTW_PHYS);
    *dir = '\0';
}
