# SPDX-License-Identifier: Apache-2.0
"""Profiles for the tests of reports, in the language of report_of."""

import ast
import random
import sysconfig
from pathlib import Path

MODULES = """json/decoder json/encoder json/__init__ asyncio/base_events
asyncio/events asyncio/tasks threading socket ssl http/client urllib/request
email/parser email/feedparser collections/__init__ argparse logging/__init__
tarfile pickle dataclasses typing""".split()
THREADS = [(14263, "MainThread"), (14270, "worker-0"), (14271, "worker-1"),
           (14272, "asyncio"), (14280, "logger")]
HOSTILE = ["</script><script>alert(1)</script>", "a\"b'c&d<e>",
           "nul\0in\nline\ttab%41", "\u202eevil\u202c", "f" * 10000,
           "\u2028separators\u2029", "<!--<script>", "__proto__", "関数名",
           "</noscript></pre>", "]]>", "\ufffe\uffff", "e\u0301" * 50]
STATES = range(9)


def quote(text):
    data = text if isinstance(text, bytes) else text.encode()
    return "".join(chr(b) if 32 <= b < 127 and b != 37 else f"%{b:02x}"
                   for b in data)


class Text:
    def __init__(self, command="python3 app.py", samples=0, seconds=60):
        self.lines = []
        self.put("meta", command, "preempt", seconds, samples, 3)

    def put(self, *values):
        self.lines.append("\t".join(
            quote(v) if isinstance(v, (str, bytes)) else str(v)
            for v in values))

    def thread(self, tid, name):
        self.put("thread", tid, name)

    def add(self, frames, state, samples):
        self.put("stack", *(v for frame in frames for v in frame))
        self.put("add", state, samples)

    def add_part(self, frames, state, samples, begin, end):
        self.put("stack", *(v for frame in frames for v in frame))
        self.put("part", state, samples, begin, end)

    def __str__(self):
        return "\n".join(self.lines) + "\n"


def functions_of(path):
    """(name, file, first line, lines of statements) of the functions of a file."""
    found = []

    def visit(node, prefix):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                visit(child, prefix + child.name + ".")
            elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = sorted({s.lineno for s in ast.walk(child)
                                if isinstance(s, ast.stmt) and s is not child})
                found.append((prefix + child.name, str(path), child.lineno,
                              lines[1:] or lines))
                visit(child, prefix + child.name + ".<locals>.")

    visit(ast.parse(path.read_text()), "")
    return found


def realistic(count=200, samples=12000):
    """Several files of the standard library, `count` functions, 5 threads."""
    dice = random.Random(7)
    library = Path(sysconfig.get_path("stdlib"))
    functions = [f for name in MODULES
                 if (library / (name + ".py")).exists()
                 for f in functions_of(library / (name + ".py"))]
    dice.shuffle(functions)
    functions = functions[:count]
    calls = [dice.sample(range(len(functions)), 3) for _ in functions]
    text = Text("python3 -m myservice --port 8080 --workers 4", samples)
    tallies = {}
    for _ in range(samples):
        thread = dice.choices(range(5), [7, 4, 3, 2, 1])[0]
        at, frames = thread, []
        for depth in range(dice.choice([3, 5, 6, 8, 9, 11, 14])):
            name, file, first, lines = functions[at]
            step = dice.choices(range(3), [30, 6, 2])[0]
            frames.append((name, file, first,
                           lines[(step * 3 + depth // 6) % len(lines)]))
            at = calls[at][step]
        mix = [60, 14, 10, 4, 3, 9, 0, 0, 0] if thread < 3 else \
            [15, 3, 2, 5, 10, 30, 30, 2, 3]
        key = (thread, tuple(frames), dice.choices(STATES, mix)[0])
        tallies[key] = tallies.get(key, 0) + 1
    for number, thread in enumerate(THREADS):
        text.thread(*thread)
        for (of, frames, state), times in tallies.items():
            if of == number:
                text.add(frames, state, times)
    return str(text)


SHOP, SITE, LIB = "/srv/shop/", "/srv/venv/lib/python3.13/site-packages/", \
    "/usr/lib/python3.13/"
START = [("_run_module_as_main", "<frozen runpy>", 173, 198),
         ("<module>", SHOP + "main.py", 1, 40), ("main", SHOP + "main.py", 12, 30)]
POOL = [("Thread._bootstrap", LIB + "threading.py", 1002, 1014),
        ("Thread._bootstrap_inner", LIB + "threading.py", 1035, 1043),
        ("_worker", LIB + "concurrent/futures/thread.py", 69, 93)]
LOAD = [("load_catalogue", SHOP + "catalogue.py", 20, 31),
        ("Session.get", SITE + "requests/sessions.py", 593, 602),
        ("HTTPAdapter.send", SITE + "requests/adapters.py", 613, 667)]
READ = [("SSLSocket.read", LIB + "ssl.py", 1130, 1133)]
PARSE = [("load_catalogue", SHOP + "catalogue.py", 20, 33),
         ("loads", LIB + "json/__init__.py", 299, 346),
         ("JSONDecoder.decode", LIB + "json/decoder.py", 337, 345),
         ("JSONDecoder.raw_decode", LIB + "json/decoder.py", 351, 361)]
ORDER = [("handle_order", SHOP + "orders.py", 44, 52)]
PRICE = [("price", SHOP + "pricing.py", 10, 18),
         ("Discounts.apply", SHOP + "pricing.py", 60, 71)]
FRAME = [("stock_of", SHOP + "stock.py", 8, 15),
         ("DataFrame.groupby", SITE + "pandas/core/frame.py", 9100, 9183),
         ("sort_values", SITE + "pandas/core/sorting.py", 200, 240)]
SAVE = [("save", SHOP + "orders.py", 80, 91),
        ("Cursor.execute", SITE + "psycopg/cursor.py", 90, 97)]


def phases(workers=11, seconds=60):
    """A program over time: it loads, then works in a pool, then tidies up."""
    dice = random.Random(3)
    text = Text("/srv/venv/bin/python -m shop --workers 11", 0, seconds)
    python, held, native, gil, lock, io, sleep = range(7)
    text.thread(7001, "MainThread")

    def run(at, end, choices):
        """Until `end`, one of (weight, frames, state) after the other."""
        while at < end:
            _, frames, state = dice.choices(
                choices, [weight for weight, *_ in choices])[0]
            count = min(dice.choice([1, 2, 3, 5, 8]), (end - at + 9) // 10)
            text.put("at", at)
            text.add(frames, state, count)
            at += 10 * count
        return at

    at = run(0, 6000, [(3, START + LOAD + READ, io), (1, START + LOAD, native)])
    at = run(at, 14000, [(9, START + PARSE, python), (2, START + PARSE[:2], held)])
    at = run(at, 54000, [(1, START + [("Queue.get", LIB + "queue.py", 154, 171)],
                          lock)])
    run(at, seconds * 1000, [(4, START + SAVE, io), (1, START + PRICE, python)])
    for worker in range(workers):
        text.thread(7002 + worker, f"pool-worker_{worker}")
        begin = 14000 + 700 * worker
        slow = worker % 4 == 3
        while begin < 54000:
            busy = min(54000, begin + dice.randrange(1500, 6000))
            begin = run(begin, busy, [
                (2 if slow else 6, POOL + ORDER + PRICE, python),
                (3, POOL + ORDER + PRICE[:1], gil),
                (9 if slow else 3, POOL + ORDER + FRAME, native),
                (1, POOL + ORDER + FRAME[:2], held),
                (2, POOL + ORDER + SAVE, io)])
            begin = run(begin, min(54000, begin + dice.randrange(200, 2500)), [
                (1, POOL + [("Queue.get", LIB + "queue.py", 154, 171)], lock),
                (1, POOL + [("pause", SHOP + "pool.py", 3, 5)], sleep)])
    return str(text)


def compared(modes=("preempt", "preempt")):
    """A release that made prices cheap, stock dear, and auditing new."""
    parts = []
    for new, mode in enumerate(modes):
        text = Text("/srv/venv/bin/python -m shop --workers 11", 0, 60)
        text.lines.clear()
        text.put("meta", "/srv/venv/bin/python -m shop --workers 11", mode,
                 30 if new else 60, 3000 if new else 6000, 0)
        text.thread(7001, "MainThread")
        half = 2 - new
        for frames, state, samples in (
                (PRICE, 0, 400 if new else 2000), (PRICE[:1], 0, 300 * half),
                (FRAME, 2, 900 if new else 800), (FRAME[:2], 1, 100 * half),
                (SAVE, 5, 250 * half),
                ([("audit", SHOP + "audit.py", 3, 9)], 0, 200 * new),
                ([("legacy_tax", SHOP + "tax.py", 5, 8)], 0, 500 - 500 * new)):
            if samples:
                text.add(START + ORDER + frames, state, samples)
        parts.append(str(text))
    return "old\n".join(parts)


def compared_unlike():
    return compared(("preempt", "stop"))


def compared_source(folder):
    """Two of one file that is there, in two threads that have names."""
    path = folder / "compared.py"
    path.write_text("def work(n):\n    total = 0\n    for i in range(n):\n"
                    "        total += i\n    return total\n" + "\n" * 30 +
                    "work(10)\n")
    parts = []
    for new in range(2):
        text = Text("python3 compared.py", 100, 10)
        for tid, (name, samples) in enumerate((
                ("MainThread", 40 + 30 * new), ("helper", 50 - 40 * new))):
            text.thread(1 + tid, name)
            text.add([("<module>", str(path), 1, 36),
                      ("work", str(path), 1, 4 if tid else 3)], 0, samples)
        parts.append(str(text))
    return "old\n".join(parts)


def parsing():
    """A project whose time is that of a library that it calls."""
    text = Text("python3 -m shop", 100)
    text.thread(1, "MainThread")
    text.add(START + PARSE, 0, 80)
    text.add(START + ORDER + PRICE, 0, 20)
    return str(text)


def crowd(threads=2000):
    """More threads than fit."""
    text = Text("python3 crowd.py", threads)
    for number in range(threads):
        text.thread(50000 + number, f"worker-{number}")
        text.put("at", number)
        text.add([("work", "/tmp/crowd.py", 1, 2)], number % 9, 50)
    return str(text)


def hostile():
    """Names that try to get out of where they are written."""
    text = Text("python3 </title></script>\0\u202e&", 10 * len(HOSTILE))
    for number, name in enumerate(HOSTILE):
        text.thread(number + 1, name[:200])
        file = "/tmp/" + name[:200]
        text.add([("main", "/tmp/main.py", 1, 2), (name, file, 1, 7)], 0, 9)
        text.add([(name, file, -5, -1), (name, file, 1, 0)], 5, 1)
    text.thread(99, b"not \xff utf-8 \xed\xa0\x80")
    text.add([(b"caf\xe9 \xff", b"/tmp/\x80.py", 1, 3)], 0, 1)
    return str(text)


def hostile_source(folder):
    """Source files that try the same, and one that is too long to be whole."""
    text = Text(samples=30)
    text.thread(1, "MainThread")
    odd = folder / "odd.py"
    odd.write_bytes(b"x = '</script><script>alert(1)</script>'\n"
                    b"y = '\xe2\x80\xaeevil\x01' # caf\xe9 <b>\n"
                    b"z = '''never\nclosed \\'''\n" + b"w" * 5000 + b"\n")
    text.add([("odd", str(odd), 1, 2)], 0, 10)
    long = folder / "long.py"
    long.write_text("".join(f"line = {n}\n" for n in range(1, 5001)))
    text.add([("long", str(long), 1, 2500)], 0, 20)
    return str(text)


def parts(folder):
    """Lines whose time is in parts of them."""
    text = Text(samples=100)
    text.thread(1, "MainThread")
    path = folder / "parts.py"
    path.write_text("n = 'é🐍'\nx = '🐍é' + sum(big) + len(small)\n")
    frames = [("work", str(path), 1, 2)]
    text.add_part(frames, 0, 60, 15, 23)     # sum(big)
    text.add_part(frames, 1, 20, 15, 23)
    text.add_part(frames, 0, 10, 4, 36)      # all behind the =
    text.add(frames, 0, 10)
    text.add_part(frames, 7, 5, 26, 36)      # len(small), which waits
    return str(text)


def deep(depth=10000):
    """One recursion, and a frame below it that is called from everywhere."""
    text = Text(samples=20)
    text.thread(1, "MainThread")
    frames = [("down", "/tmp/deep.py", 1, 2)] * depth
    text.add(frames, 0, 10)
    text.add(frames[:5] + [("leaf", "/tmp/deep.py", 4, 5)], 0, 10)
    return str(text)


def empty():
    return str(Text())


def single():
    """One sample."""
    text = Text(samples=1)
    text.thread(1, "MainThread")
    text.add([("main", "/tmp/one.py", 1, 2), ("work", "/tmp/one.py", 4, 5)],
             0, 1)
    return str(text)


def vast(samples=1_000_000, stacks=100_000, threads=2_000):
    """As much as a page has to bear."""
    dice = random.Random(11)
    text = Text("python3 -m everything", samples, 3600)
    frames = [(f"Worker{n % 97}.handle_request_{n}",
               f"/srv/app/package_{n % 53}/module_{n % 211}.py",
               n % 700 + 1) for n in range(4000)]
    chains = [[("main", "/srv/app/main.py", 1, 30)]]
    for _ in range(stacks - 1):
        name, file, first = frames[int(4000 * dice.random() ** 2)]
        # Few have many callees, as in programs.
        above = chains[int(len(chains) * dice.random() ** 2)]
        if len(above) > 40:
            above = above[:20]
        chains.append(above + [(name, file, first,
                                first + dice.randrange(1, 12))])
    for tid in range(threads):
        text.thread(100000 + tid, f"ThreadPoolExecutor-0_{tid}")
        mine = chains[tid::threads]
        each = samples // threads // len(mine)
        for number, chain in enumerate(mine):
            text.add(chain, (tid + number) % 9, each)
    return str(text)
