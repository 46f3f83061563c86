"""A program in a pseudo-terminal, measured: when bytes and texts arrive, CPU, wake-ups, memory.

Answers what a terminal is asked (status, cursor, device attributes), can read as slowly as a thin
line, and takes the text of a frame from the stream itself: a first paint writes whole words."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

ESCAPES = re.compile(rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-B]|\x1b[=>78]")
TICKS = os.sysconf("SC_CLK_TCK")
QUESTIONS = [(re.compile(rb"\x1b\[5n"), b"\x1b[0n"), (re.compile(rb"\x1b\[6n"), b"\x1b[1;1R"),
             (re.compile(rb"\x1b\[0?c"), b"\x1b[?62;22c"), (re.compile(rb"\x1b\[>0?c"), b"\x1b[>41;379;0c"),
             (re.compile(rb"\x1b\[\?(\d+)\$p"), None)]


class Terminal:
    def __init__(self, argv, rows=24, cols=80, env=None, bytes_per_s=None):
        self.rate = bytes_per_s
        self.allowance = 0.0
        self.data = bytearray()
        self.first_byte = None
        self.last_byte = None
        self.chunks = []  # (time, total bytes)
        self.asked = 0
        self.start = time.monotonic()
        self.refilled = self.start
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            e = {k: v for k, v in os.environ.items()
                 if k not in ("LINES", "COLUMNS", "NO_COLOR", "MLFLOW_TRACKING_URI")}
            e.update(TERM="xterm-256color", LC_ALL="C.UTF-8", LANG="C.UTF-8", **(env or {}))
            os.execvpe(argv[0], argv, e)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def pump(self, seconds):
        """Reads for at most that long; returns whether something came."""
        if self.rate:
            now = time.monotonic()
            self.allowance = min(self.allowance + (now - self.refilled) * self.rate, self.rate / 20)
            self.refilled = now
            if self.allowance < 1:
                time.sleep(min(seconds, 0.002))
                return False
        ready, _, _ = select.select([self.fd], [], [], max(0, seconds))
        if not ready:
            return False
        try:
            got = os.read(self.fd, int(self.allowance) if self.rate else 1 << 16)
        except OSError:
            got = b""
        if not got:
            raise EOFError("the program ended:\n" + self.text()[-800:])
        if self.rate:
            self.allowance -= len(got)
        now = time.monotonic()
        if self.first_byte is None:
            self.first_byte = now
        self.last_byte = now
        self.data += got
        self.chunks.append((now, len(self.data)))
        self.answer()
        return True

    def answer(self):
        """Answers the questions in the stream, in order, each once."""
        tail = bytes(self.data[self.asked:])
        found = sorted((m.end(), m, reply) for pattern, reply in QUESTIONS for m in pattern.finditer(tail))
        for end, m, reply in found:
            os.write(self.fd, reply or b"\x1b[?%s;2$y" % m.group(1))
        if found:
            self.asked += found[-1][0]

    def text(self, since=0):
        return ESCAPES.sub(b" ", bytes(self.data[since:])).decode("utf-8", "replace")

    def wait(self, pattern, seconds=30, since=0):
        """The time (monotonic) at which the pattern had arrived."""
        want, until = re.compile(pattern), time.monotonic() + seconds
        while not want.search(self.text(since)):
            if time.monotonic() > until:
                raise TimeoutError("%r did not come:\n%s" % (pattern, self.text(since)[-1500:]))
            self.pump(0.05)
        return self.last_byte

    def settle(self, quiet=0.15, most=10):
        """Until nothing comes for `quiet` seconds."""
        until, last = time.monotonic() + most, time.monotonic()
        while time.monotonic() < until and time.monotonic() - last < quiet:
            if self.pump(0.01):
                last = time.monotonic()

    def send(self, keys):
        os.write(self.fd, keys)

    def key(self, keys, quiet=0.03, most=2.0):
        """One key: (ms to the first byte of its frame, ms to the last, bytes); None without any."""
        before, at = len(self.data), time.monotonic()
        self.send(keys)
        while time.monotonic() - at < most and len(self.data) == before:
            self.pump(most)
        if len(self.data) == before:
            return None
        first = self.last_byte
        self.settle(quiet, most)
        return (first - at) * 1e3, (self.last_byte - at) * 1e3, len(self.data) - before

    def cpu_ms(self):
        with open("/proc/%d/stat" % self.pid, encoding="ascii", errors="replace") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000.0 / TICKS

    def cpu_fine_ms(self):
        """Of all threads, by the scheduler's own count."""
        total = 0
        for task in os.listdir("/proc/%d/task" % self.pid):
            with open("/proc/%d/task/%s/schedstat" % (self.pid, task), encoding="ascii") as f:
                total += int(f.read().split()[0])
        return total / 1e6

    def wakeups(self):
        total = 0
        for task in os.listdir("/proc/%d/task" % self.pid):
            with open("/proc/%d/task/%s/status" % (self.pid, task), encoding="utf-8") as f:
                total += int(re.search(r"\nvoluntary_ctxt_switches:\s*(\d+)", f.read()).group(1))
        return total

    def memory_mb(self, what="VmHWM"):
        with open("/proc/%d/status" % self.pid, encoding="utf-8") as f:
            return int(re.search(what + r":\s*(\d+)", f.read()).group(1)) / 1024

    def close(self):
        try:
            os.kill(self.pid, signal.SIGTERM)
            until = time.monotonic() + 3
            while time.monotonic() < until:
                try:
                    self.pump(0.02)
                except EOFError:
                    break
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    self.pid = 0
                    break
            if self.pid:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self.fd)
