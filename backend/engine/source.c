#include "engine/source.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "engine/address.h"
#include "engine/internal.h"
#include "engine/pair.h"
#include "io/file.h"

enum { NAME_MOST = 80 };

/* "mlflow.example.com_5000" of an address, "mlruns" of a path. */
static void readable(const char *location, struct ncm_buf *out)
{
    const char *host = strstr(location, "://");
    const char *slash = strrchr(location, '/');
    const char *p = location;
    size_t start, end;
    if (host != NULL) {
        p = ncm_uri_user(location, &start, &end) ? location + end + 1 : host + 3;
    } else if (slash != NULL && slash[1] != '\0') {
        p = slash + 1;
    }
    for (size_t n = strcspn(p, "/?#"); n > 0; n--, p++) {
        unsigned char c = (unsigned char)*p;
        bool plain = c < 0x80 && (isalnum(c) || c == '-' || (c == '.' && out->len > 0));
        ncm_buf_putc(out, plain ? (char)tolower(c) : '_');
    }
}

/* One text a store: an address as a provider takes it, its host in lower case. */
static char *identity(const struct ncm_place *place)
{
    if (strstr(place->location, "://") == NULL) {
        return ncm_strdup(place->location);
    }
    char *out = ncm_uri_server(place->location);
    for (char *c = strstr(out, "://") + 3; *c != '\0' && *c != '/'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    if (place->access == NULL || place->access->workspace == NULL) {
        return out;
    }
    /* The same names in two workspaces are two things. */
    char *both = ncm_sprintf("%s\n%s", out, place->access->workspace);
    ncm_free(out);
    return both;
}

char *ncm_place_state_path(const struct ncm_provider *provider, const struct ncm_place *place)
{
    char *path = provider->state_path != NULL ? provider->state_path(place->location) : NULL;
    if (path != NULL) {
        return path;
    }
    struct ncm_buf name;
    char hash[65];
    char *whole = identity(place);
    char *dir = ncm_dir_state();
    ncm_sha256_hex(whole, strlen(whole), hash);
    ncm_buf_init(&name, NAME_MOST);
    readable(place->location, &name);
    path = ncm_sprintf("%s/%s-%.8s.ncmlops.db", dir, name.len > 0 ? name.p : "store", hash);
    ncm_buf_release(&name);
    ncm_free(dir);
    ncm_free(whole);
    return path;
}

void ncm_source_make_with(struct ncm_source *out, const struct ncm_provider *provider,
                          const struct ncm_choice *choice)
{
    *out = (struct ncm_source){
        .provider = provider,
        .place = {.location = choice->location, .access = &choice->access},
    };
    out->state_path = ncm_place_state_path(provider, &out->place);
}

static bool other_registry(const struct ncm_choice *choice)
{
    return choice->registry != NULL && strcmp(choice->registry, choice->location) != 0;
}

bool ncm_source_make(struct ncm_source *out, const struct ncm_choice *choice, struct ncm_err *err)
{
    const struct ncm_provider *tracking = ncm_choice_provider(choice, err);
    if (tracking == NULL) {
        return false;
    }
    *out = (struct ncm_source){
        .provider = tracking,
        .place = {.location = choice->location, .access = &choice->access},
    };
    const struct ncm_provider *registry = NULL;
    if (other_registry(choice)) {
        struct ncm_choice second = {
            .location = choice->registry, .label = choice->registry, .why = choice->why};
        registry = ncm_choice_provider(&second, err);
        if (registry == NULL) {
            return ncm_wrap(err, "%s", _("the registry"));
        }
        /* The login is the same for both, unless its own address says otherwise. */
        out->registry =
            (struct ncm_place){.location = choice->registry, .access = &choice->registry_access};
        out->place.registry = &out->registry;
        out->registry_label = ncm_uri_shown(choice->registry);
        ncm_pair_make(tracking, registry, &out->pair);
        out->provider = &out->pair;
    }
    out->state_path = registry != NULL ? ncm_place_state_path(registry, &out->registry)
                                       : ncm_place_state_path(tracking, &out->place);
    return true;
}

void ncm_source_release(struct ncm_source *s)
{
    ncm_free(s->state_path);
    ncm_free(s->registry_label);
    *s = (struct ncm_source){0};
}
