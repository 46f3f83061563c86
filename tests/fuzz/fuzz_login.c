/* MLflow's file of credentials and addresses with a login: any text ends in values that hold no
 * more than was there, and no part of a login stays in what is shown of an address. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/address.h"
#include "engine/choose_login.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void credentials(const char *text)
{
    static const char *const keys[] = {"mlflow_tracking_username", "mlflow_tracking_password"};
    for (size_t i = 0; i < 2; i++) {
        char *value = ncm_ini_value(text, keys[i]);
        if (value != NULL && (strlen(value) > strlen(text) || strchr(value, '\n') != NULL))
            abort();
        ncm_free(value);
    }
}

static void address(const char *text)
{
    struct ncm_access access = {0};
    size_t from, to;
    char *uri = ncm_sprintf("https://%s", text);
    char *plain = ncm_uri_without_user(uri), *server = ncm_uri_server(uri);
    char *shown = ncm_uri_shown(uri);
    ncm_uri_login(uri, &access);
    bool empty = strstr(uri, ":@") != NULL; /* "ann:@host" has a password without a letter */
    if (!empty && ncm_uri_secret(uri) != (access.password.kind == NCM_SECRET_TEXT))
        abort();
    if (strlen(server) > strlen(plain) || strncmp(server, "https://", 8) != 0)
        abort();
    if (ncm_uri_user(uri, &from, &to) && strstr(shown, "***") == NULL)
        abort();
    ncm_access_release(&access);
    ncm_free(shown);
    ncm_free(server);
    ncm_free(plain);
    ncm_free(uri);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = ncm_strndup((const char *)data, size);
    credentials(text);
    address(text);
    ncm_free(text);
    return 0;
}
