#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/file.h"

static void put_hex(char *out, const unsigned char *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        *out++ = digits[p[i] >> 4];
        *out++ = digits[p[i] & 15];
    }
    *out = '\0';
}

void ncm_sha256_hex(const void *p, size_t len, char out[65])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (EVP_Digest(p, len, digest, &n, EVP_sha256(), NULL) != 1 || n != 32)
        ncm_bug("SHA-256 is not available");
    put_hex(out, digest, n);
}

void ncm_random_hex(char *out, size_t n)
{
    unsigned char *bytes = ncm_alloc(n, 1);
    for (size_t got = 0; got < n;) {
        ssize_t r = getrandom(bytes + got, n - got, 0);
        if (r > 0)
            got += (size_t)r;
    }
    put_hex(out, bytes, n);
    ncm_free(bytes);
}

void ncm_base64(struct ncm_buf *out, const void *p, size_t len)
{
    const unsigned char *s = p;
    unsigned char block[4 * 16 + 1];
    while (len > 0) {
        size_t n = len < 48 ? len : 48; /* a multiple of 3, so that only the last block is padded */
        int written = EVP_EncodeBlock(block, s, (int)n);
        ncm_buf_add(out, block, (size_t)written);
        s += n;
        len -= n;
    }
}

char *ncm_base64_decode(const char *text, size_t *len)
{
    size_t n = 0, pads = 0;
    unsigned char *plain = ncm_alloc(strlen(text) + 1, 1);
    for (; *text != '\0'; text++) {
        if (strchr(" \t\r\n", *text) == NULL)
            plain[n++] = (unsigned char)*text;
    }
    while (pads < n && plain[n - 1 - pads] == '=')
        pads++;
    unsigned char *out = ncm_alloc(n / 4 * 3 + 1, 1);
    int got = n % 4 == 0 && pads <= 2 && n <= INT32_MAX ? EVP_DecodeBlock(out, plain, (int)n) : -1;
    explicit_bzero(plain, n);
    ncm_free(plain);
    if (got < 0) {
        ncm_free(out);
        return NULL;
    }
    *len = (size_t)got - (n > 0 ? pads : 0);
    out[*len] = '\0';
    return (char *)out;
}
