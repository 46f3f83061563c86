#include "ui/key_name.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/text.h"
#include "term/term.h"
#include "ui/action.h"

static const struct {
    const char *name;
    int key;
    const char *shown, *ascii; /* in the key line; NULL: the name */
} names[] = {
    {"Enter", TK_ENTER, "⏎", "enter"},
    {"Esc", TK_ESC, "esc", "esc"},
    {"Space", ' ', "spc", "spc"},
    {"Tab", TK_TAB, "tab", "tab"},
    {"S-Tab", TK_BTAB, "S-tab", "S-tab"},
    {"Backspace", TK_BACKSPACE, NULL, NULL},
    {"Up", TK_UP, "↑", "up"},
    {"Down", TK_DOWN, "↓", "down"},
    {"Left", TK_LEFT, "←", "left"},
    {"Right", TK_RIGHT, "→", "right"},
    {"Home", TK_HOME, NULL, NULL},
    {"End", TK_END, NULL, NULL},
    {"PgUp", TK_PGUP, NULL, NULL},
    {"PgDn", TK_PGDN, NULL, NULL},
    {"Ins", TK_INS, NULL, NULL},
    {"Del", TK_DEL, NULL, NULL},
};

bool key_parse(const char *word, int *key)
{
    uint32_t cp;
    size_t len = strlen(word);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(word, names[i].name) == 0) {
            *key = names[i].key;
            return true;
        }
    }
    if (len >= 2 && len <= 3 && (word[0] == 'F' || word[0] == 'f')) {
        int64_t n;
        if (ncm_parse_i64(word + 1, &n) && n >= 1 && n <= 12) {
            *key = TK_F1 + (int)n - 1;
            return true;
        }
    }
    if (len == 3 && strncasecmp(word, "C-", 2) == 0 && word[2] >= 'a' && word[2] <= 'z') {
        *key = word[2] - 'a' + 1;
        return true;
    }
    if (len > 0 && ncm_utf8_decode(word, len, &cp) == len && cp > 32 && cp != 127 && cp != 0xFFFD) {
        *key = (int)cp;
        return true;
    }
    return false;
}

char *key_show(int key, char *out, size_t outsz)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].key == key) {
            const char *shown = ncm_text_utf8() ? names[i].shown : names[i].ascii;
            snprintf(out, outsz, "%s", shown != NULL ? shown : names[i].name);
            return out;
        }
    }
    if (key >= TK_F1 && key <= TK_F12) {
        snprintf(out, outsz, "F%d", key - TK_F1 + 1);
    } else if (key > 0 && key < 27) {
        snprintf(out, outsz, "C-%c", key + 'a' - 1);
    } else {
        char text[5];
        text[ncm_utf8_encode((uint32_t)key, text)] = '\0';
        snprintf(out, outsz, "%s", text);
    }
    return out;
}

bool key_word(const char **list, char *word, size_t size)
{
    const char *p = *list;

    while (*p == ' ' || (*p == ',' && p > *list && p[1] != '\0')) {
        p++;
    }
    if (*p == '\0') {
        return false;
    }
    size_t n = strcspn(p, " ");
    size_t take = n > 1 && p[n - 1] == ',' ? n - 1 : n;
    snprintf(word, size, "%.*s", (int)take, p);
    *list = p + n;
    return true;
}
