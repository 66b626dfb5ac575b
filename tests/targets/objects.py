# SPDX-License-Identifier: Apache-2.0
"""One of everything, standing still, and what the interpreter says of it.

    objects.py FOLDER [COUNT]

Builds objects of every built-in type in every state that changes how it lies
in memory, and COUNT more plain ones. Then truth.stand_still() tells of them.
"""

import abc
import array
import asyncio
import collections
import contextlib
import contextvars
import ctypes
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import gc
import io
import itertools
import json
import logging
import operator
import os
import random
import re
import string
import struct
import sys
import threading
import types
import typing
import weakref

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import truth  # noqa: E402

KEEP = {}
MAKERS = []


def keep(function):
    """It is called at the end, and what it returns or yields is kept."""
    MAKERS.append(function)
    return function


def attempt(function, *arguments):
    """Its result; None when it refuses, as it does in some versions."""
    try:
        return function(*arguments)
    except (TypeError, AttributeError, ValueError):
        return None


def later(source, **names):
    """What syntax of newer versions makes; None in those without it."""
    scope = dict(globals(), **names)
    try:
        exec(source, scope)
    except (SyntaxError, NameError, AttributeError, ImportError, TypeError):
        return None
    return {name: value for name, value in scope.items()
            if name not in globals() and name != "__builtins__"}


@keep
def numbers():
    for power in (0, 1, 15, 29, 30, 31, 59, 60, 61, 90, 1000, 12345):
        for off in (-1, 0, 1):
            yield 2**power + off
            yield -(2**power) + off
    yield from (True, False, None, ..., NotImplemented)
    yield from (0.0, -0.0, 1.5, float("nan"), float("inf"), 1j, complex(3, 4))


@keep
def strings():
    for length in (0, 1, 2, 7, 8, 15, 16, 100, 463, 464, 472, 5000):
        for letter in ("a", "é", "Ā", "€", "\U0001f600"):
            text = letter * length
            yield text
            if length % 2 == 0:
                cached = text + letter
                ctypes.pythonapi.PyUnicode_AsUTF8(ctypes.py_object(cached))
                yield cached
    yield sys.intern("".join(["intern", "ed by hand"]))
    yield "\udc80 alone"
    yield Text("subclass")
    yield Text("überklasse" * 20)
    for text in ("ascii chars", "latín chars", "wide € chars", "\U0001f600",
                 Text("subclass again"), Text("überklasse")):
        wide = Text(text + "!") if type(text) is Text else text + "!"
        if hasattr(ctypes.pythonapi, "PyUnicode_AsUnicode"):
            # Gives it a wchar_t form, in the versions where there is one.
            with warnings_off():
                as_unicode = ctypes.pythonapi.PyUnicode_AsUnicode
                as_unicode.restype = ctypes.c_void_p
                as_unicode(ctypes.py_object(wide))
        yield wide


@contextlib.contextmanager
def warnings_off():
    import warnings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class Text(str):
    pass


@keep
def byte_strings():
    for length in (0, 1, 2, 31, 32, 33, 478, 479, 480, 10000):
        yield bytes(range(256))[:1] * length
        yield bytearray(length)
    grown = bytearray(b"x")
    for _ in range(1000):
        grown += b"yz"
    yield grown
    shrunk = bytearray(1000)
    del shrunk[3:]
    yield shrunk
    front = bytearray(b"abcdefgh" * 20)
    del front[:90]
    yield front
    yield bytearray()
    cleared = bytearray(b"a" * 100)
    cleared.clear()
    yield cleared


@keep
def tuples_and_lists():
    for length in (0, 1, 2, 3, 19, 20, 21, 59, 60, 61, 62, 63, 500):
        yield tuple(object() for _ in range(length))
        yield [object() for _ in range(length)]
        yield tuple(range(length))
    grown = []
    for index in range(100):
        grown.append(str(index))
    yield grown
    popped = list(map(str, range(100)))
    del popped[2:]
    yield popped
    emptied = ["a", "b"]
    emptied.clear()
    yield emptied
    reserved = [None] * 10
    reserved.pop(0)
    yield reserved
    cycle = []
    cycle.append(cycle)
    yield cycle


@keep
def dicts():
    yield {}
    for length in (1, 2, 5, 6, 10, 11, 21, 22, 200, 300, 70000):
        yield {"key %d" % index: index for index in range(length)}
        yield {index: str(index) for index in range(min(length, 400))}
    deleted = {str(index): index for index in range(50)}
    for index in range(0, 50, 2):
        del deleted[str(index)]
    yield deleted
    emptied = {str(index): index for index in range(50)}
    for index in range(50):
        del emptied[str(index)]
    yield emptied
    cleared = dict.fromkeys("abc")
    cleared.clear()
    yield cleared
    mixed = {"a": 1, "b": 2}
    mixed[3] = object()
    yield mixed
    popped = {"a": [], "b": []}
    popped.popitem()
    yield popped
    yield dict(zip("abcdefgh", range(8))).copy()
    yield {(1, "a"): {(2, "b"): {}}}
    yield {Text("subclassed key"): 1}
    yield dict.fromkeys(range(10))
    made = {}
    for index in range(6):
        made[index] = [index]
        del made[index]
    yield made
    yield later("x = frozendict(a=[1], b=2)")


@keep
def sets():
    for length in (0, 1, 4, 5, 8, 9, 50, 1000):
        yield set(map(str, range(length)))
        yield frozenset(map(str, range(length)))
    removed = set(map(str, range(100)))
    for index in range(90):
        removed.discard(str(index))
    yield removed
    cleared = set(map(str, range(100)))
    cleared.clear()
    yield cleared
    yield {"a", "b", "c"} - {"b"}
    holes = set("abcd")
    holes.remove("a")
    yield holes


class Plain:
    pass


class Few:
    def __init__(self):
        self.a = 1
        self.b = [self]


class Many:
    def __init__(self, count):
        for index in range(count):
            setattr(self, "attribute_%d" % index, str(index))


class Slots:
    __slots__ = ("x", "y")


class SlotsAndDict(Slots):
    __slots__ = ("z", "__dict__")


class SlotsAndWeak(Slots):
    __slots__ = ("w", "__weakref__")


class SlotsAndBoth(Slots):
    pass


class WithFinalizer:
    def __del__(self):
        pass


class Getattr(Few):
    def __getattr__(self, name):
        raise AttributeError(name)


class Mangled:
    __slots__ = ("__private", "public")

    def __init__(self):
        self.__private = object()


@keep
def instances():
    yield Plain()
    few = [Few() for _ in range(10)]
    yield few
    asked = Few()
    asked.__dict__
    yield asked
    kept = Few()
    yield kept, kept.__dict__
    shared = Few()
    shared_dict = shared.__dict__
    del shared
    yield shared_dict
    grown = Few()
    grown.__dict__["other"] = 1
    yield grown
    odd = Few()
    odd.__dict__[17] = "not a str"
    yield odd
    replaced = Few()
    replaced.__dict__ = {"c": object()}
    yield replaced
    deleted = Few()
    del deleted.a
    yield deleted
    gone = Few()
    del gone.a, gone.b
    yield gone
    no_dict = Few()
    del no_dict.__dict__
    yield no_dict
    order = Few.__new__(Few)
    order.b = 1
    order.a = 2
    yield order
    for count in (1, 5, 16, 29, 30, 31, 40, 200):
        yield Many(count)
        asked = Many(count)
        asked.__dict__
        yield asked
    yield WithFinalizer(), Getattr()
    slots = Slots()
    slots.x = [1]
    yield slots, Slots()
    for class_ in (SlotsAndDict, SlotsAndWeak, SlotsAndBoth):
        made = class_()
        made.x = {}
        yield made
        if class_ is not SlotsAndWeak:
            made = class_()
            made.other = []
            yield made
        if class_ is not SlotsAndDict:
            yield weakref.ref(made)
    yield Mangled()


BASES = {
    int: (2**70,), str: ("text",), bytes: (b"bytes",), tuple: ((1, []),),
    list: ([1, {}],), dict: ({"a": []},), float: (1.25,), set: ({"x"},),
    frozenset: ({"y"},), bytearray: (b"array",), complex: (1, 2),
    Exception: ("argument", []), collections.deque: ([1, 2],),
    collections.OrderedDict: ({"k": []},), object: (),
    collections.defaultdict: (list, {"d": 1}), types.ModuleType: ("module",),
    functools.partial: (len, []), io.BytesIO: (b"abc",),
    io.StringIO: ("abc",), array.array: ("i", [1, 2]), property: (len,),
    datetime.date: (2020, 1, 2), datetime.datetime: (2020, 1, 2, 3, 4),
    decimal.Decimal: ("1.5",), fractions.Fraction: (1, 3),
    random.Random: (1,), threading.local: (), struct.Struct: ("ii",),
    OSError: (2, "no such file"), ImportError: ("no",), KeyError: ("k",),
    UnicodeDecodeError: ("utf-8", b"x", 0, 1, "why"), StopIteration: (5,),
    SystemExit: (3,), SyntaxError: ("m", ("file", 1, 2, "text")),
    weakref.ref: (Plain,), classmethod: (len,), staticmethod: (len,),
    enumerate: ([],), zip: ([], []), map: (len, []), reversed: ([],),
    itertools.count: (), super: (int, 1), type(lambda: 0).__class__: (
        "Meta", (), {}),
}


@keep
def subclasses():
    for base, arguments in BASES.items():
        name = base.__name__.capitalize()
        wide = type("Wide" + name, (base,), {})
        yield wide(*arguments)
        if base is type:
            continue
        try:
            made = wide(*arguments)
            made.attribute = []
            made.second = {}
            made.__dict__
            yield made
        except AttributeError:
            pass
        narrow = type("Narrow" + name, (base,), {"__slots__": ()})
        yield attempt(narrow, *arguments)
        slotted = attempt(type, "Slotted" + name, (base,),
                          {"__slots__": ("s",)})
        if slotted:
            made = attempt(slotted, *arguments)
            attempt(setattr, made, "s", object())
            yield made


class Meta(type):
    def __new__(mcs, name, bases, scope):
        made = super().__new__(mcs, name, bases, scope)
        made.registry = []
        return made


class SlottedMeta(type):
    extra = ()


class WithMeta(metaclass=Meta):
    x = 1

    @classmethod
    def make(cls):
        return cls()

    @staticmethod
    def static(a, b=2):
        return a, b

    @property
    def documented(self):
        """A docstring."""
        return self.x

    documented = documented.setter(lambda self, value: None)


class Abstract(abc.ABC):
    @abc.abstractmethod
    def todo(self):
        pass


class Concrete(Abstract):
    def todo(self):
        return super().todo()


class Diamond(Few, Plain):
    def method(self):
        return __class__


class Color(enum.Enum):
    RED = 1
    GREEN = "green"


class Flag(enum.IntFlag):
    A = 1
    B = 2


@dataclasses.dataclass
class Data:
    a: int = 1
    b: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Frozen:
    a: int = 1


Named = collections.namedtuple("Named", "first second")


class Typed(typing.NamedTuple):
    x: int
    y: str = ""


class Generic(typing.Generic[typing.TypeVar("T")]):
    pass


@keep
def classes():
    yield WithMeta(), WithMeta.make, WithMeta.static, WithMeta.__dict__
    yield SlottedMeta("Dynamic", (), {"a": 1})
    yield Concrete(), Diamond(), Color.RED, Flag.A | Flag.B, Data(), Frozen()
    yield Named(1, []), Typed(1), Generic[int], typing.List[int]
    yield typing.Union[int, str], typing.Optional[typing.Dict[str, list]]
    yield Diamond().method, Few.__init__, Concrete.__mro__
    yield super(Diamond, Diamond()), super(Diamond, Diamond)
    yield type("Deleted", (), {"a": 1, "b": 2})
    del WithMeta.x
    cycle = type("Cycle", (), {})
    cycle.self = cycle()
    yield cycle
    with_slots = type("A" * 100, (), {"__slots__": list(string.ascii_letters)})
    yield with_slots, with_slots()
    yield later("class P[T]: pass\ndef f[T](x: T): pass\ntype A = int\n")
    yield later("def f[T, *Ts, **P](): pass\n"
                "class C[T: int, *Ts, **P]: pass\ntype A[T: (int, str)] = T")
    yield later("def f[T = int, *Ts = (int,), **P = [int]](): pass")
    yield later("import typing\nP = typing.ParamSpec('P')\nQ = P.args")
    yield later("import typing\nT = typing.TypeVarTuple('T')")
    yield later("@__import__('dataclasses').dataclass(slots=True)\n"
                "class D:\n a: int = 1\nx = D()")
    yield later("x = list[int]\ny = x[::1] if 0 else dict[str, list[int]]")
    yield later("x = int | str\ny = list[int] | None")


def closure():
    count = 0
    items = []
    unset = None
    del unset

    def inner(a, b=items, *args, c: int = 1, d=None, **kwargs) -> str:
        """Doc."""
        nonlocal count
        count += 1
        return lambda: (a, b, count, unset)
    return inner


@keep
def functions():
    made = closure()
    yield made, made(1)
    made.attribute = [1]
    yield lambda: None
    yield functools.partial(made, 1, c=2), functools.partial(int)
    used = functools.partial(print, [])
    used.attribute = {}
    yield used
    if hasattr(types, "CellType"):
        yield types.CellType([1]), types.CellType()
    yield made.__closure__
    yield len, [].append, {}.get, "".join, int.from_bytes, dict.fromkeys
    yield object.__init__, str.upper, int.__add__, (1).__add__
    yield list.append, type.__dict__["__mro__"], types.FunctionType.__code__
    yield Few.__dict__["__dict__"], Few.__dict__["__weakref__"]
    yield operator.attrgetter("a.b", "c"), operator.itemgetter(1, "x")
    yield operator.methodcaller("m", 1, k=[])
    yield functools.cmp_to_key(lambda a, b: 0)([])
    yield functools.partialmethod(made), functools.singledispatch(made)
    yield types.MethodType(made, []), classmethod(made), staticmethod(made)
    yield property(made, doc="text"), types.DynamicClassAttribute(made)
    yield made.__code__.replace(co_name="renamed")
    yield contextlib.contextmanager(made)
    yield later("f = functools.cached_property(len)")
    annotated = closure()
    annotated.__annotations__
    annotated.__kwdefaults__ = None
    annotated.__defaults__ = (object(),)
    yield annotated


@keep
def caches():
    @functools.lru_cache(maxsize=None)
    def unbounded(*args, **kwargs):
        return [args]

    @functools.lru_cache(maxsize=3, typed=True)
    def bounded(*args, **kwargs):
        return [args]

    @functools.lru_cache(maxsize=10)
    def unused():
        pass

    for index in range(6):
        unbounded(index, k="v%d" % index)
        bounded(index, k=[].__class__)
        unbounded("word%d" % index)
    yield unbounded, bounded, unused


def counting(limit):
    total = []
    with contextlib.suppress(ValueError):
        for index in range(limit):
            received = yield index, total
            total.append(received)


def delegating():
    yield from counting(3)


def catching():
    try:
        raise KeyError("inside a generator")
    except KeyError as error:
        kept = error
        yield kept
        yield 2


async def nested():
    await awaiting([])


@types.coroutine
def awaiting(x):
    yield x


async def async_counting():
    for index in range(3):
        yield index


class Awaitable:
    def __await__(self):
        return iter([1, 2])


async def await_object():
    async with contextlib.AsyncExitStack():
        async for _ in async_counting():
            await Awaitable()


def run_itself(seen):
    seen.append(sys._getframe())
    yield len(seen)
    seen.append(1)


@keep
def generators():
    yield counting(3)
    for make in (counting, delegating, catching):
        started = make(3) if make is counting else make()
        next(started)
        yield started
    sent = counting(9)
    next(sent)
    sent.send([1])
    yield sent, sent.gi_frame, sent.gi_code
    finished = counting(0)
    list(finished)
    yield finished
    closed = counting(2)
    next(closed)
    closed.close()
    yield closed
    seen = []
    framed = run_itself(seen)
    next(framed)
    yield framed, seen
    yield (x for x in [1, 2])
    half = (x * y for x in [1, 2, 3] for y in (x, [x]))
    next(half)
    yield half
    asleep = nested()
    asleep.send(None)
    yield asleep, asleep.cr_frame
    fresh = await_object()
    KEEP["fresh coroutine"] = fresh
    yield fresh
    part = await_object()
    part.send(None)
    yield part
    agen = async_counting()
    yield agen, agen.__anext__(), agen.asend(1)
    yield agen.athrow(ValueError), async_counting().aclose()
    advanced = async_counting()
    try:
        advanced.__anext__().send(None)
    except StopIteration:
        pass
    yield advanced
    sys.set_coroutine_origin_tracking_depth(3)
    tracked = nested()
    sys.set_coroutine_origin_tracking_depth(0)
    yield tracked, tracked.__await__()


def raising(depth):
    local = [depth]
    if depth:
        return raising(depth - 1)
    raise ValueError("deep", local)


@keep
def exceptions():
    try:
        raising(5)
    except ValueError as error:
        first = error
    yield first, first.__traceback__, first.__traceback__.tb_frame
    try:
        try:
            raising(1)
        except ValueError as error:
            raise KeyError("k") from error
    except KeyError as error:
        yield error
    try:
        try:
            raising(2)
        finally:
            {}["missing"]
    except KeyError as error:
        error.extra = "attribute"
        yield error
    noted = ValueError("noted")
    if hasattr(noted, "add_note"):
        noted.add_note("a note")
        noted.add_note("another")
    yield noted
    for make in (lambda: open("/no/such/file"), lambda: b"\xff".decode(),
                 lambda: "é".encode("ascii"), lambda: int("x"),
                 lambda: compile("a b", "file", "exec"), lambda: [].nothing,
                 lambda: undefined_name, lambda: __import__("no.module"),  # noqa: F821
                 lambda: next(iter([])), lambda: 1 / 0, lambda: exit(3)):
        try:
            make()
        except BaseException as error:
            yield error
    yield later("x = ExceptionGroup('g', [ValueError(1), KeyError(2)])")
    yield later("try:\n raise ExceptionGroup('g', [ValueError(1), KeyError()])"
                "\nexcept* KeyError as e:\n x = e\nexcept* ValueError: pass")
    frame = sys._getframe()
    yield frame.f_code
    yield first.__traceback__.tb_next.tb_frame.f_locals


@keep
def weak():
    target, other = Few(), Plain()
    called = []
    yield target, other
    yield weakref.ref(target), weakref.ref(target, called.append)
    yield weakref.proxy(target), weakref.proxy(target, print)
    yield weakref.ref(Plain()), weakref.WeakMethod(Diamond().method)
    yield weakref.proxy(len), weakref.ref(weak_target)
    keys = weakref.WeakKeyDictionary({target: [], other: 1})
    values = weakref.WeakValueDictionary({"a": target})
    yield keys, values, weakref.WeakSet([target, other])
    yield weakref.finalize(target, print, 1, k=2)
    yield weakref.ref(SlotsAndWeak()), weakref.ref({1, 2})


def weak_target():
    pass


@keep
def collections_():
    for length in (0, 1, 63, 64, 65, 128, 200, 1000):
        yield collections.deque(map(str, range(length)))
    yield collections.deque(range(300, 400), maxlen=50)
    rotated = collections.deque(map(str, range(70)))
    rotated.rotate(33)
    yield rotated
    used = collections.deque(map(str, range(2000)))
    for _ in range(1990):
        used.popleft()
    yield used
    left = collections.deque()
    for index in range(100):
        left.appendleft(index)
    yield left, iter(left), reversed(left)
    ordered = collections.OrderedDict((str(index), []) for index in range(20))
    ordered.move_to_end("3")
    del ordered["7"]
    yield ordered, collections.OrderedDict(), ordered.keys(), iter(ordered)
    ordered = collections.OrderedDict(a=1)
    ordered.attribute = 1
    yield ordered, ordered.items(), reversed(ordered)
    default = collections.defaultdict(list)
    default["a"].append(1)
    yield default, collections.defaultdict(None, x=1)
    yield collections.Counter("abracadabra")
    yield collections.ChainMap({"a": 1}, {"b": []})
    yield collections.UserDict(a=1), collections.UserList([1])


@keep
def iterators():
    text, dict_ = "some text", {"a": 1, "b": []}
    made = [
        iter([1, 2]), iter((1, 2)), iter("ab"), iter(b"ab"), iter({1, 2}),
        iter(dict_), iter(dict_.values()), iter(dict_.items()), iter("é"),
        iter(range(5)), iter(range(2**70)), iter(bytearray(b"ab")),
        iter(array.array("i", [1])), iter(memoryview(b"ab")),
        reversed([1, 2]), reversed(dict_), reversed(range(3)),
        enumerate(["a", "b"]), enumerate([], 2**70), zip([1], (2,), "c"),
        map(str, [1, 2], [3]), filter(None, [0, 1]), iter(int, 1),
        iter(re.finditer("e", text)), iter(Indexed()), Indexed().__iter__
        if hasattr(Indexed, "__iter__") else None,
        itertools.count(5), itertools.count(2**70), itertools.count(1.5, 2),
        itertools.cycle([1, [2]]), itertools.repeat([], 3),
        itertools.accumulate([1, 2], max, initial=9),
        itertools.chain([1], [2]), itertools.chain.from_iterable([[1], [2]]),
        itertools.compress("ab", [1, 0]), itertools.dropwhile(len, ["", "a"]),
        itertools.filterfalse(None, [0, 1]), itertools.groupby("aab"),
        itertools.islice([1, 2, 3], 1, None), itertools.starmap(pow, [(2, 3)]),
        itertools.takewhile(len, ["a", ""]), itertools.tee(iter([1, 2, 3]), 3),
        itertools.zip_longest("a", "bc", fillvalue=[]),
        itertools.product("ab", [1, 2]), itertools.permutations([1, 2, 3], 2),
        itertools.combinations([1, 2, 3], 2),
        itertools.combinations_with_replacement("abc", 2),
    ]
    if hasattr(itertools, "pairwise"):
        made.append(itertools.pairwise([1, 2, 3]))
    if hasattr(itertools, "batched"):
        made.append(itertools.batched([1, 2, 3], 2))
    yield made
    for one in itertools.chain(made, made[-10:]):
        try:
            yield next(one)
        except (TypeError, StopIteration):
            pass
    exhausted = iter([1])
    list(exhausted)
    yield exhausted
    yield dict_.keys(), dict_.values(), dict_.items()
    yield slice(1), slice([], None, 2), range(5), range(2**70, 2**71, 3)


class Indexed:
    def __getitem__(self, index):
        if index > 3:
            raise IndexError
        return index


@keep
def texts():
    pattern = re.compile(r"(?P<first>\w+) (x|y)?(?P<second>\d+)")
    yield pattern, re.compile(b"bytes"), re.compile("a" * 300 + "|b*")
    yield pattern.match("word x12"), pattern.search("word 12").groups()
    yield re.compile("nothing").fullmatch("nothing"), pattern.scanner("a x1")
    matched = pattern.match("word y9")
    matched.regs
    yield matched
    yield string.Template("$a"), string.Formatter(), str.maketrans("a", "b")
    yield json.JSONEncoder(), json.loads('{"a": [1, 2.5, null]}')
    yield struct.Struct("<iihq10s"), struct.unpack("i", b"abcd")


@keep
def times():
    yield datetime.datetime(2020, 1, 1), datetime.date.today()
    yield datetime.timedelta(days=1), datetime.time(1, 2, 3)
    zone = datetime.timezone(datetime.timedelta(hours=1), "name")
    yield datetime.datetime.now(zone), datetime.time(1, tzinfo=zone), zone
    yield decimal.Decimal("1.25"), decimal.Decimal(10)**500
    yield decimal.getcontext(), decimal.Context(prec=3)
    yield fractions.Fraction(1, 3), fractions.Fraction(2**100, 7)


@keep
def buffers():
    numbers_ = array.array("d", range(100))
    yield numbers_, array.array("b"), array.array("q", [1])
    for _ in range(40):
        numbers_.append(1.0)
    backing = bytearray(100)
    view = memoryview(backing)
    yield view, view[10:20], view.cast("i"), view.cast("i", (5, 5))
    yield memoryview(b"bytes"), memoryview(array.array("i", [1, 2]))
    released = memoryview(b"x")
    released.release()
    yield released
    yield io.BytesIO(b"abc"), io.StringIO("abc"), io.BytesIO()
    written = io.BytesIO()
    written.write(b"x" * 1000)
    yield written, written.getbuffer()
    shared = io.BytesIO(bytes(5000))
    yield shared, shared.getvalue()
    text = io.StringIO()
    text.write("abc")
    text.write("€" * 100)
    yield text
    yield open(os.devnull, "rb"), open(os.devnull, "w"), open(__file__)
    yield io.FileIO(os.devnull), io.TextIOWrapper(io.BytesIO(b"a\nb"))
    yield io.BufferedRandom(io.BytesIO()), io.BufferedReader(io.BytesIO())


class Structure(ctypes.Structure):
    _fields_ = [("a", ctypes.c_int), ("b", ctypes.c_char_p),
                ("c", ctypes.py_object)]


@keep
def from_c():
    made = Structure(1, b"text", ["object"])
    yield made, ctypes.pointer(made), ctypes.byref(made)
    yield (ctypes.c_int * 5)(), ctypes.c_void_p(5), ctypes.create_string_buffer(999)
    yield ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 1), ctypes.CDLL(None).getpid
    capsule = ctypes.pythonapi.PyCapsule_New
    capsule.restype = ctypes.py_object
    capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    yield capsule(5, b"name", None)
    yield sys.implementation, types.SimpleNamespace(a=1, b=[])
    yield types.MappingProxyType({"a": 1}), sys.float_info, os.stat("/")
    yield types.ModuleType("made", "doc"), types.ModuleType("x"), sys.flags
    module = types.ModuleType("filled")
    module.__dict__.update(a=1, b=[])
    yield module
    yield random.Random(5), random.SystemRandom()
    yield logging.getLogger("a.b"), logging.StreamHandler(io.StringIO())


@keep
def threads():
    yield threading.Lock(), threading.RLock(), threading.Condition()
    yield threading.Event(), threading.Semaphore(2), threading.Barrier(2)
    local = threading.local()
    local.value = [1]
    yield local, threading.local()
    finished = threading.Thread(target=setattr, args=(local, "other", {}))
    finished.start()
    finished.join()
    yield finished
    variable = contextvars.ContextVar("variable", default=[])
    token = variable.set({"a": 1})
    yield variable, token, contextvars.copy_context(), contextvars.Context()
    many = contextvars.Context()
    for index in range(100):
        many.run(contextvars.ContextVar("v%d" % index).set, [index])
    yield many, iter(many), many.items()


@keep
def asynchronous():
    loop = asyncio.new_event_loop()

    async def work(item):
        future = loop.create_future()
        KEEP["pending future"] = future
        await future

    task = loop.create_task(work([1]))
    done = loop.create_task(asyncio.sleep(0, result=[2]))
    loop.run_until_complete(done)
    failed = loop.create_future()
    failed.set_exception(ValueError("failed"))
    failed.exception()
    called = loop.create_future()
    called.add_done_callback(print)
    called.add_done_callback(len)
    return loop, task, done, failed, called, asyncio.Queue(), work


@keep
def extensions():
    for name in ("xml.etree.ElementTree", "csv", "zlib", "bz2", "lzma",
                 "hashlib", "sqlite3", "select", "socket", "mmap", "pickle",
                 "heapq", "bisect", "statistics", "unicodedata", "queue",
                 "zoneinfo", "numpy", "ssl", "uuid", "ast", "argparse",
                 "inspect", "tempfile", "subprocess", "urllib.request",
                 "multiprocessing", "concurrent.futures", "traceback"):
        try:
            yield __import__(name, fromlist=["x"])
        except ImportError:
            yield name
    modules = sys.modules
    yield modules["xml.etree.ElementTree"].fromstring(
        "<a b='c'>text<d/><d>tail</d>x</a>")
    yield modules["csv"].reader(["a,b"]), modules["csv"].writer(io.StringIO())
    yield modules["zlib"].compressobj(), modules["hashlib"].sha256(b"x")
    yield modules["pickle"].Pickler(io.BytesIO()), modules["select"].poll()
    yield modules["mmap"].mmap(-1, 4096), modules["queue"].SimpleQueue()
    yield modules["ast"].parse("a = b + 1\ndef f(x): return x")
    queue = modules["queue"].SimpleQueue()
    for index in range(11):
        queue.put([index])
    queue.get(), queue.get()
    yield queue
    yield from pickles(modules["pickle"])
    yield modules["csv"].DictReader(["a,b", "c,d"]), json.JSONDecoder()
    yield modules["struct"].iter_unpack("i", b"abcdefgh")
    yield modules["zlib"].decompressobj(), modules["socket"].socket()
    if "bz2" in modules:
        yield modules["bz2"].BZ2Compressor()
    if "lzma" in modules:
        yield modules["lzma"].LZMACompressor()
    if "ssl" in modules:
        yield modules["ssl"].create_default_context()
    if "sqlite3" in modules:
        connection = modules["sqlite3"].connect(":memory:")
        yield connection, connection.execute("select 1"), connection.cursor()
        connection.row_factory = modules["sqlite3"].Row
        yield connection.execute("select 1 as a, 'text' as b").fetchall()
    if "numpy" in modules:
        numpy = modules["numpy"]
        grid = numpy.zeros((10, 20))
        yield grid, grid[2:4], grid.T, numpy.arange(5, dtype="i2")
        yield numpy.array([[1], {}, None], dtype=object), numpy.float64(1.5)
        yield numpy.dtype([("a", "i4"), ("b", "f8")]), numpy.matrix([[1]])
        yield numpy.random.default_rng(1), numpy.array(["text", "b"])


def pickles(pickle):
    """Picklers and unpicklers with something in their memos."""
    pickler = pickle.Pickler(io.BytesIO(), protocol=4)
    pickler.dump([["a"], {"b": ()}])
    pickler.dispatch_table = {int: print}
    yield pickler
    text = pickle.dumps([["a"], {"b": ()}, "c" * 300], protocol=4)
    unpickler = pickle.Unpickler(io.BytesIO(text), encoding="latin-1")
    unpickler.load()
    yield unpickler
    own = type("OwnPickler", (pickle.Pickler,), {
        "persistent_id": lambda self, object_: None})(io.BytesIO())
    own.dump([{}])
    yield own
    yield type("OwnUnpickler", (pickle.Unpickler,), {
        "persistent_load": lambda self, id_: None})(io.BytesIO(text))


# What a sub-interpreter has of its own; it stays in its __main__.
IN_SUB = """
import sys
sys.path.insert(0, %r)
import collections, gc, reach
class Plain:
    def method(self):
        return [number for number in range(3)]
class Slots(Plain):
    __slots__ = ("a", "b")
def generate(first):
    yield first
    yield [first]
KEEP = [Plain() for _ in range(50)]
for index, kept in enumerate(KEEP):
    kept.value = {"index %%d" %% index: (index + 1000, [index])}
KEEP.append(Slots())
KEEP[-1].a = generate("suspended")
next(KEEP[-1].a)
KEEP += [2**100, 1.5, "é", b"bytes", {1.5, "x"}, frozenset("ab"), [KEEP],
         collections.deque(map(str, range(100))), bytearray(1000), 3j,
         KEEP[0].method, type("Made", (Slots,), {}), {str(n): n for n in KEEP},
         "".join(["not ", "interned"]) * 50, tuple(map(float, range(30)))]
gc.collect()
gc.disable()
# What is run later has objects that nobody else can see.
FOUND = gc.get_objects()
"""


def sub_interpreters():
    """Functions that run a line each in an interpreter; one of them has an
    allocator of its own, in the versions in which they can."""
    try:
        import _interpreters as interpreters
        kinds = (("legacy",), {}), (("isolated",), {})
    except ImportError:
        try:
            import _xxsubinterpreters as interpreters
        except ImportError:
            return
        kinds = [((), {})]
        if sys.version_info >= (3, 9):
            kinds = ((), {"isolated": False}), ((), {"isolated": True})
    for arguments, options in kinds:
        id_ = interpreters.create(*arguments, **options)
        KEEP[str(id_)] = id_
        yield functools.partial(interpreters.run_string, id_)


def main():
    KEEP["plain"] = [(index, str(index), {"n": index})
                     for index in range(int((sys.argv + ["", "0"])[2] or 0))]
    for make in MAKERS:
        made = make()
        if isinstance(made, types.GeneratorType):
            made = list(made)
        KEEP[make.__name__] = made
    with warnings_off():
        subs = list(sub_interpreters())
    for run in subs:
        run(IN_SUB % os.path.dirname(os.path.abspath(__file__)))
    for _ in range(3):
        gc.collect()
    gc.disable()
    # All interpreters of 3.8 share a collector, and those of 3.10 a cache of
    # methods, without which they cannot work: the judge tells of the objects.
    asked = subs if sys.version_info[:2] not in ((3, 8), (3, 10)) else []
    truth.stand_still(sys.argv[1], KEEP, asked)


main()
