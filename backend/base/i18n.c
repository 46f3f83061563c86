#include "base/i18n.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define DOMAIN "ncmlops"

/* The two or three letters that name the catalogue: from lang, else from the environment. */
static void language(const char *lang, char out[8])
{
    const char *names[] = {lang, getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG")};
    const char *s = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i] && *names[i]) {
            s = names[i];
            break;
        }
    size_t n = 0;
    while (n < 7 && ((s[n] >= 'a' && s[n] <= 'z') || (s[n] >= 'A' && s[n] <= 'Z')))
        n++;
    memcpy(out, s, n);
    out[n] = '\0';
}

static bool has_catalogue(const char *dir, const char *lang)
{
    char *path = ncm_sprintf("%s/%s/LC_MESSAGES/" DOMAIN ".mo", dir, lang);
    bool ok = access(path, R_OK) == 0;
    ncm_free(path);
    return ok;
}

/* The folder of the running program, or NULL; caller frees. */
static char *program_dir(const char *program_path)
{
    char self[4096];
    const char *path = program_path;
    if (!path || !strchr(path, '/')) {
        ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
        if (n <= 0)
            return NULL;
        self[n] = '\0';
        path = self;
    }
    const char *slash = strrchr(path, '/');
    return slash ? ncm_strndup(path, (size_t)(slash - path)) : NULL;
}

/* Beside the program (build tree, sanitizer builds, relocated installation), else installed. */
static char *find_dir(const char *lang, const char *program_path)
{
    static const char *const beside[] = {"locale", "../locale", "../share/locale"};
    const char *env = getenv("NCMLOPS_LOCALEDIR");
    if (env && *env)
        return ncm_strdup(env);
    char *dir = program_dir(program_path);
    for (size_t i = 0; dir && i < sizeof beside / sizeof beside[0]; i++) {
        char *there = ncm_sprintf("%s/%s", dir, beside[i]);
        if (has_catalogue(there, lang)) {
            ncm_free(dir);
            return there;
        }
        ncm_free(there);
    }
    ncm_free(dir);
    return ncm_strdup(NCM_PREFIX "/share/locale");
}

void ncm_i18n_init(const char *lang, const char *program_path)
{
    char name[8];
    language(lang, name);
    const char *chosen = getenv("LANGUAGE");
    /* Where the named locale is not installed the C library runs under C.UTF-8; LANGUAGE alone
     * then says which catalogue to take. */
    if (lang && *lang)
        setenv("LANGUAGE", lang, 1);
    else if ((!chosen || !*chosen) && *name && strcmp(name, "C") != 0 && strcmp(name, "POSIX") != 0)
        setenv("LANGUAGE", name, 1);
    else if (chosen && *chosen)
        language(chosen, name);
    char *dir = find_dir(name, program_path);
    bindtextdomain(DOMAIN, dir);
    bind_textdomain_codeset(DOMAIN, "UTF-8");
    textdomain(DOMAIN);
    ncm_free(dir);
}
