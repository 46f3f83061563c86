#include "term/color.h"

#include <math.h>

static const uint32_t basic[16] = {0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD,
                                   0x00CDCD, 0xE5E5E5, 0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00,
                                   0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF};

uint32_t color_of_256(int index)
{
    static const uint32_t steps[6] = {0, 95, 135, 175, 215, 255};
    if (index < 16)
        return basic[index];
    if (index >= 232) {
        uint32_t grey = 8 + 10 * (uint32_t)(index - 232);
        return grey << 16 | grey << 8 | grey;
    }
    uint32_t i = (uint32_t)(index - 16);
    return steps[i / 36] << 16 | steps[i / 6 % 6] << 8 | steps[i % 6];
}

struct lab {
    double l, a, b;
};

static double linear(uint32_t channel)
{
    double c = (double)channel / 255.0;
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double lab_f(double t)
{
    return t > 216.0 / 24389.0 ? cbrt(t) : (24389.0 / 27.0 * t + 16.0) / 116.0;
}

static struct lab to_lab(uint32_t rgb)
{
    double r = linear(rgb >> 16 & 255), g = linear(rgb >> 8 & 255), b = linear(rgb & 255);
    double x = lab_f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
    double y = lab_f(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
    double z = lab_f((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);
    return (struct lab){116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

/* Of the 256; worked out once. */
static const struct lab *palette(void)
{
    static struct lab labs[256];
    static bool known;
    for (int i = 0; !known && i < 256; i++)
        labs[i] = to_lab(color_of_256(i));
    known = true;
    return labs;
}

static int nearest(uint32_t rgb, bool background, int first, int end)
{
    struct lab want = to_lab(rgb);
    double weight = background ? 2 : 1, best = HUGE_VAL;
    int found = first;
    for (int i = first; i < end; i++) {
        struct lab have = palette()[i];
        double dl = want.l - have.l, da = want.a - have.a, db = want.b - have.b;
        double distance = weight * dl * dl + da * da + db * db;
        if (distance < best) {
            best = distance;
            found = i;
        }
    }
    return found;
}

int color_nearest_256(uint32_t rgb, bool background)
{
    return nearest(rgb, background, 16, 256);
}

int color_nearest_basic(uint32_t rgb, bool background, int n)
{
    return nearest(rgb, background, 0, n);
}
