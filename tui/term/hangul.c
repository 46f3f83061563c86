/* Hangul typed with a 2-set keyboard, turned back into the keys that were pressed. */
#include <string.h>

#include "term/term.h"

/* Compatibility jamo U+3131…U+3163 in order. */
static const char jamo[51][4] = {"r",  "R",  "rt", "s",  "sw", "sg", "e",  "E",  "f",  "fr", "fa",
                                 "fq", "ft", "fx", "fv", "fg", "a",  "q",  "Q",  "qt", "t",  "T",
                                 "d",  "w",  "W",  "c",  "z",  "x",  "v",  "g",  "k",  "o",  "i",
                                 "O",  "j",  "p",  "u",  "P",  "h",  "hk", "ho", "hl", "y",  "n",
                                 "nj", "np", "nl", "b",  "m",  "ml", "l"};

/* Index into jamo[] of the 19 initials and 27 finals; medials are the vowels in order. */
static const unsigned char initials[19] = {0,  1,  3,  6,  7,  8,  16, 17, 18, 20,
                                           21, 22, 23, 24, 25, 26, 27, 28, 29};
static const unsigned char finals[27] = {0,  1,  2,  3,  4,  5,  6,  8,  9,  10, 11, 12, 13, 14,
                                         15, 16, 17, 19, 20, 21, 22, 23, 25, 26, 27, 28, 29};

static size_t add(char *out, size_t n, const char *keys)
{
    for (; *keys; keys++)
        out[n++] = *keys;
    return n;
}

size_t term_hangul_keys(uint32_t cp, char out[6])
{
    size_t n = 0;
    if (cp >= 0x3131 && cp <= 0x3163) {
        n = add(out, 0, jamo[cp - 0x3131]);
    } else if (cp >= 0xAC00 && cp <= 0xD7A3) {
        uint32_t s = cp - 0xAC00;
        n = add(out, 0, jamo[initials[s / 588]]);
        n = add(out, n, jamo[30 + s % 588 / 28]);
        if (s % 28)
            n = add(out, n, jamo[finals[s % 28 - 1]]);
    } else if (cp >= 0xFF01 && cp <= 0xFF5E) {
        out[n++] = (char)(cp - 0xFF01 + '!');
    } else if (cp == 0x3000) {
        out[n++] = ' ';
    }
    out[n] = 0;
    return n;
}
