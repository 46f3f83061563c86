/* Taking the address of a store apart: is it a server, who logs in, what may be shown of it. */
#ifndef NCM_ENGINE_ADDRESS_H
#define NCM_ENGINE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "io/access.h"

/* Whether it is http://… or https://… . */
bool ncm_uri_is_server(const char *uri);
/* Where user and password of an address begin and end; false without. */
bool ncm_uri_user(const char *uri, size_t *from, size_t *to);
/* Whether what follows the user names a host, and a port where there is one. */
bool ncm_uri_has_host(const char *uri);
/* Whether an address holds a password. */
bool ncm_uri_secret(const char *uri);
/* The same address without user and password; the caller frees. */
char *ncm_uri_without_user(const char *uri);
/* User and password of an address, percent-decoded, into access; what it does not name stays. */
void ncm_uri_login(const char *uri, struct ncm_access *access);
/* What a provider takes: scheme, host, port and path; no user, query or slash at the end. The
 * caller frees. */
char *ncm_uri_server(const char *uri);
/* For people: without its secrets ("?***" for parameters, which may be some); the caller frees. */
char *ncm_uri_shown(const char *uri);

#endif
