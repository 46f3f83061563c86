"""What a program in a pseudo-terminal has on its screen: a small terminal for the tests, which knows
what ncurses writes for xterm-256color."""
import codecs
import os
import re
import sys
import time
import unicodedata

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench"))
from terminal import Terminal  # noqa: E402

CONTROL = re.compile(r"\x1b\[([?>=<]?)([0-9;:]*)([ -/]*)([@-~])")
STRING = re.compile(r"\x1b[P\]X^_].*?(?:\x07|\x1b\\)", re.S)
OTHER = re.compile(r"\x1b[()*+#% ].|\x1b[^\[P\]X^_()*+#% ]")
UNFINISHED = re.compile(r"\x1b(?:\[[?>=<]?[0-9;:]*[ -/]*|[P\]X^_][^\x07]*|[()*+#% ]?)$", re.S)
LINES = dict(zip("jklmnqtuvwx`afgy z{|}~".replace(" ", ""), "┘┐┌└┼─├┤┴┬│◆▒°±≤≥π≠£·"))


def cells(c):
    if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


class Screen:
    """rows × cols of text; colours and other looks are not kept."""

    def __init__(self, rows, cols):
        self.n, self.m = rows, cols
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.left = ""
        self.saved = (0, 0)
        self.graphic = False
        self.last = " "
        self.clear()

    def clear(self):
        self.y = self.x = 0
        self.top, self.bottom = 0, self.n - 1
        self.cell = [self.blank() for _ in range(self.n)]

    def blank(self):
        return [" "] * self.m

    def rows(self):
        return ["".join(r).rstrip() for r in self.cell]

    def feed(self, data):
        s = self.left + self.decoder.decode(data)
        cut = UNFINISHED.search(s)
        self.left, s = (s[cut.start():], s[:cut.start()]) if cut else ("", s)
        at = 0
        while at < len(s):
            if s[at] != "\x1b":
                self.put(s[at])
                at += 1
                continue
            m = CONTROL.match(s, at)
            if m:
                self.control(m.group(1), m.group(2), m.group(4))
            else:
                m = STRING.match(s, at) or OTHER.match(s, at)
                if m and m.group().startswith("\x1b("):
                    self.graphic = m.group() == "\x1b(0"
                elif m and m.group() == "\x1bM":
                    self.scroll_at(self.top, -1) if self.y == self.top else self.move(self.y - 1, self.x)
                elif m and m.group() in ("\x1b7", "\x1b8"):
                    self.keep(m.group() == "\x1b7")
            at = m.end() if m else at + 1

    def keep(self, save):
        if save:
            self.saved = (self.y, self.x)
        else:
            self.y, self.x = self.saved

    def move(self, y, x):
        self.y, self.x = max(0, min(self.n - 1, y)), max(0, min(self.m - 1, x))

    def put(self, c):
        if c == "\r":
            self.x = 0
        elif c == "\n":
            self.scroll_at(self.top, 1) if self.y == self.bottom else self.move(self.y + 1, self.x)
        elif c == "\b":
            self.move(self.y, min(self.x, self.m - 1) - 1)
        elif c == "\t":
            self.move(self.y, (self.x // 8 + 1) * 8)
        elif c >= " " and c != "\x7f":
            self.last = LINES.get(c, c) if self.graphic else c
            self.write(self.last)

    def write(self, c):
        width = cells(c)
        if width == 0:
            x = self.x - 1
            while x > 0 and self.cell[self.y][x] == "":
                x -= 1
            self.cell[self.y][max(x, 0)] += c
            return
        if self.x + width > self.m:
            self.x = 0
            self.scroll_at(self.top, 1) if self.y == self.bottom else self.move(self.y + 1, 0)
        row = self.cell[self.y]
        row[self.x:self.x + width] = [c] + [""] * (width - 1)
        self.x += width

    def scroll_at(self, top, n):
        """Lines of [top, bottom] go up by n, or down."""
        for _ in range(abs(n)):
            self.cell.pop(top if n > 0 else self.bottom)
            self.cell.insert(self.bottom if n > 0 else top, self.blank())

    def erase(self, y, first, end):
        self.cell[y][first:end] = [" "] * (min(end, self.m) - first)

    def control(self, private, text, final):
        numbers = [int(p.split(":")[0] or 0) if p else 0 for p in text.split(";")]
        n = max(1, numbers[0])
        y, x = self.y, min(self.x, self.m - 1)
        if private:
            if private == "?" and 1049 in numbers and final in "hl":
                self.clear()
        elif final in "Hf":
            self.move(n - 1, (numbers[1] if len(numbers) > 1 and numbers[1] else 1) - 1)
        elif final in "ABCDEF":
            dy, dx = {"A": (-n, 0), "B": (n, 0), "C": (0, n), "D": (0, -n), "E": (n, -x), "F": (-n, -x)}[final]
            self.move(y + dy, x + dx)
        elif final in "G`":
            self.move(y, n - 1)
        elif final == "d":
            self.move(n - 1, x)
        elif final in "JK":
            self.erase(y, 0 if numbers[0] else x, self.m if numbers[0] != 1 else x + 1)
            for other in range(self.n) if final == "J" else ():
                if numbers[0] >= 2 or (other < y) == bool(numbers[0]) and other != y:
                    self.cell[other] = self.blank()
        elif final == "X":
            self.erase(y, x, x + n)
        elif final in "@P":
            row = self.cell[y]
            row[x:] = ([" "] * n + row[x:])[:self.m - x] if final == "@" else (row[x + n:] + [" "] * n)[:self.m - x]
        elif final in "LM":
            self.scroll_at(y, -n if final == "L" else n)
        elif final in "ST":
            self.scroll_at(self.top, n if final == "S" else -n)
        elif final == "r":
            self.top, self.bottom = n - 1, (numbers[1] if len(numbers) > 1 and numbers[1] else self.n) - 1
            self.move(0, 0)
        elif final == "b":
            for _ in range(n):
                self.write(self.last)
        elif final in "su":
            self.keep(final == "s")


class Watched(Terminal):
    """A program in a pseudo-terminal whose screen can be read and waited for."""

    def __init__(self, argv, rows=30, cols=110, env=None, bytes_per_s=None):
        self.screen = Screen(rows, cols)
        self.fed = 0
        super().__init__(argv, rows, cols, env, bytes_per_s)

    def look(self):
        """The rows as they are now."""
        self.screen.feed(bytes(self.data[self.fed:]))
        self.fed = len(self.data)
        return self.screen.rows()

    def shows(self, pattern):
        return re.search(pattern, "\n".join(self.look()), re.M) is not None

    def until(self, pattern, seconds=30, gone=False):
        """Waits until the screen shows it (or no longer does); seconds that took."""
        start = time.monotonic()
        while self.shows(pattern) == gone:
            if time.monotonic() - start > seconds:
                raise TimeoutError("%r is %s the screen after %d s:\n%s" % (
                    pattern, "still on" if gone else "not on", seconds, "\n".join(self.look())))
            self.pump(0.05)
        return time.monotonic() - start
