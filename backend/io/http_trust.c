/* Whom to trust and who we are by certificates: files, or texts, for which some of curl's TLS
 * libraries want a file all the same. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "io/http_inside.h"

/* Libraries that curl could use beside the one in use stand in brackets. */
bool ncm_http_gnutls(void)
{
    const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;
    return library != NULL &&
           (strncmp(library, "GnuTLS", 6) == 0 || strstr(library, " GnuTLS") != NULL);
}

/* A file in memory that only this process can open: nothing is left of it however we end. */
static bool keep_pem(struct ncm_http *h, enum ncm_http_pem which, const char *text)
{
    if (h->pem[which] >= 0) {
        return true;
    }
    int fd = memfd_create("pem", MFD_CLOEXEC);
    size_t len = strlen(text);
    for (size_t done = 0; fd >= 0 && done < len;) {
        ssize_t n = write(fd, text + done, len - done);
        if (n < 0 && errno != EINTR) {
            close(fd);
            fd = -1;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    h->pem[which] = fd;
    return fd >= 0;
}

/* Text where curl takes it, else the file in memory. */
static bool set_pem(struct ncm_exchange *x, enum ncm_http_pem which, const char *text)
{
    static const CURLoption as_text[] = {CURLOPT_CAINFO_BLOB, CURLOPT_SSLCERT_BLOB,
                                         CURLOPT_SSLKEY_BLOB};
    static const CURLoption as_file[] = {CURLOPT_CAINFO, CURLOPT_SSLCERT, CURLOPT_SSLKEY};
    struct curl_blob blob = {(void *)(uintptr_t)text, strlen(text), CURL_BLOB_COPY};
    char path[64];
    /* GnuTLS takes some of them without a word and then uses none. */
    if (!ncm_http_gnutls() && curl_easy_setopt(x->easy, as_text[which], &blob) == CURLE_OK) {
        return true;
    }
    if (!keep_pem(x->h, which, text)) {
        return false;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", x->h->pem[which]);
    return curl_easy_setopt(x->easy, as_file[which], path) == CURLE_OK;
}

void ncm_http_trust_forget(struct ncm_http *h)
{
    for (int i = 0; i < 3; i++) {
        if (h->pem[i] >= 0) {
            close(h->pem[i]);
        }
        h->pem[i] = -1;
    }
}

static bool set_authority(struct ncm_exchange *x)
{
    const struct ncm_access *a = &x->h->access;
    struct stat st;
    if (a->ca_pem != NULL) {
        curl_easy_setopt(x->easy, CURLOPT_CAPATH, NULL);
        return set_pem(x, NCM_PEM_CA, a->ca_pem);
    }
    if (a->ca == NULL) {
        return true;
    }
    bool folder = stat(a->ca, &st) == 0 && S_ISDIR(st.st_mode);
    /* Given one, the system's own list would still be there as the other. */
    return curl_easy_setopt(x->easy, CURLOPT_CAINFO, folder ? NULL : a->ca) == CURLE_OK &&
           (curl_easy_setopt(x->easy, CURLOPT_CAPATH, folder ? a->ca : NULL) == CURLE_OK ||
            !folder);
}

static bool set_pair(struct ncm_exchange *x)
{
    const struct ncm_access *a = &x->h->access;
    CURL *c = x->easy;
    const char *key = a->key != NULL ? a->key : a->cert;
    bool ok;
    if (a->cert_pem != NULL) {
        ok = set_pem(x, NCM_PEM_CERT, a->cert_pem);
    } else if (a->cert != NULL) {
        ok = curl_easy_setopt(c, CURLOPT_SSLCERT, a->cert) == CURLE_OK;
    } else {
        return true;
    }
    if (a->key_pem != NULL) {
        ok = ok && set_pem(x, NCM_PEM_KEY, a->key_pem);
    } else if (key != NULL) {
        ok = ok && curl_easy_setopt(c, CURLOPT_SSLKEY, key) == CURLE_OK;
    }
    /* Without one OpenSSL would ask for it at the terminal; GnuTLS never does, and takes none for a
     * key that needs none. */
    return ok && (ncm_http_gnutls() || curl_easy_setopt(c, CURLOPT_KEYPASSWD, "") == CURLE_OK);
}

bool ncm_exchange_trust(struct ncm_exchange *x)
{
    if (x->h->access.insecure &&
        (curl_easy_setopt(x->easy, CURLOPT_SSL_VERIFYPEER, 0L) != CURLE_OK ||
         curl_easy_setopt(x->easy, CURLOPT_SSL_VERIFYHOST, 0L) != CURLE_OK)) {
        return false;
    }
    return (x->h->connect_to == NULL ||
            curl_easy_setopt(x->easy, CURLOPT_CONNECT_TO, x->h->connect_to) == CURLE_OK) &&
           set_authority(x) && set_pair(x);
}

/* curl has no option for it: the name goes into the address, and curl is told where that is. */
bool ncm_http_rename(struct ncm_http *h, struct ncm_err *err)
{
    const char *name = h->access.tls_name;
    if (name == NULL || *name == '\0' || strncasecmp(h->base, "https:", 6) != 0) {
        return true;
    }
    CURLU *url = curl_url();
    char *host = NULL, *port = NULL, *text = NULL;
    bool ok = url != NULL && curl_url_set(url, CURLUPART_URL, h->base, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
              curl_url_set(url, CURLUPART_HOST, name, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK;
    if (ok) {
        size_t len = strlen(text);
        while (len > 0 && text[len - 1] == '/') {
            len--;
        }
        h->url_base = ncm_strndup(text, len);
        char *line = ncm_sprintf("%s:%s:%s:%s", name, port, host, port);
        h->connect_to = curl_slist_append(NULL, line);
        ncm_free(line);
    }
    curl_free(host);
    curl_free(port);
    curl_free(text);
    curl_url_cleanup(url);
    return (ok && h->connect_to != NULL) ||
           ncm_fail(err, NCM_USAGE, _("The name that TLS shall look for is no host name"));
}
