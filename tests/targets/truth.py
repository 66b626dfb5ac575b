# SPDX-License-Identifier: Apache-2.0
"""What an interpreter says of all of its objects, while it stands still.

stand_still() forks two children that have the same objects at the same
addresses, and waits for good in the parent, which nobody has disturbed:

* the first writes FOLDER/truth, a line for each object that it can reach:
  address, type, sys.getsizeof() and gc.get_referents(), and prints `recorded`;
* the second is a judge for objects that the first did not reach, and waits for
  the file FOLDER/asked, of words that are addresses, to be announced by a line
  on the standard input. It answers in FOLDER/judged, a line for each: type and
  sys.getsizeof() by dereferencing it, and whether the interpreter hands its
  memory out to new objects, which it must not when the object lives.

The parent prints `ready`, its pid and sys.getallocatedblocks(). The number is
of the moment in which it stands still: it is taken in a loop that leaves as
many objects as it finds, until it does not change any more; after that nothing
is allocated or freed.
"""

import array
import contextvars
import ctypes
import gc
import io
import os
import signal
import sys
import traceback
import types

fork = ctypes.pythonapi.fork
HEAP_TYPE = 1 << 9


def type_name(type_):
    module = type.__dict__["__module__"].__get__(type_)
    name = type.__dict__["__qualname__"].__get__(type_)
    if type(module) is not str or module == "builtins":
        return name
    return "%s.%s" % (module, name)


def unseen(object_):
    """What an object refers to, lasts, and does not tell the collector of.

    Nothing is asked of types in a way that would make them ready."""
    type_ = type(object_)
    if type_ is types.CodeType:
        yield object_.co_consts
        yield object_.co_names
        yield object_.co_name
        yield object_.co_filename
    elif type_ is types.FunctionType:
        yield object_.__name__
        yield object_.__qualname__
    elif issubclass(type_, type) and \
            type.__dict__["__flags__"].__get__(object_) & HEAP_TYPE:
        yield type.__dict__["__name__"].__get__(object_)
        yield type.__dict__["__qualname__"].__get__(object_)
    yield type_


def reach(found):
    """Each object that these lead to, and what it refers to."""
    pending = [object_ for object_ in found
               if not is_running(object_)]
    seen = {id(object_) for object_ in pending}
    own = {id(found), id(pending), id(seen)}
    own.add(id(own))
    while pending:
        object_ = pending.pop()
        # The size of one that shares its bytes is another.
        size = sys.getsizeof(object_) \
            if issubclass(type(object_), io.BytesIO) else None
        referents = gc.get_referents(object_)
        yield object_, size, referents
        for other in [*referents, *unseen(object_)]:
            if id(other) not in seen and not is_running(other) \
                    and id(other) not in own:
                seen.add(id(other))
                pending.append(other)


def is_running(object_):
    """Frames of this file, which are elsewhere in the parent by now."""
    if type(object_) is types.FrameType:
        return object_.f_code.co_filename == __file__
    return type(object_) is types.GeneratorType and \
        object_.gi_code is reach.__code__


def record(folder, keep):
    # First of all, before there are more.
    found = gc.get_objects()
    found.append(keep)
    # Asking for a size may make a type ready, which its bases learn of.
    told = [(object_, size, " ".join("%x" % id(other) for other in referents))
            for object_, size, referents in reach(found)]
    with open(os.path.join(folder, "truth"), "w", encoding="utf-8",
              errors="backslashreplace") as out:
        for object_, size, referents in told:
            out.write("%x\t%s\t%d\t%s\n" % (
                id(object_), type_name(type(object_)),
                size or sys.getsizeof(object_), referents))
    os.write(1, b"recorded\n")


def judge(folder, keep):
    if not os.read(0, 1):
        return
    asked = array.array("Q")
    fd = os.open(os.path.join(folder, "asked"), os.O_RDONLY)
    asked.frombytes(os.read(fd, 1 << 26))
    handed_out = set()
    addresses = set()
    for address in asked:
        addresses.add(address)
    note = handed_out.add
    for address in addresses:
        if id(address) in addresses:
            note(id(address))
    for made in new_objects():
        if id(made) in addresses:
            note(id(made))
    with open(os.path.join(folder, "judged"), "w", encoding="utf-8",
              errors="backslashreplace") as out:
        for start in range(0, len(asked), 100):
            ask_about(out, asked[start:start + 100], handed_out)
    os.write(1, b"judged\n")


def ask_about(out, addresses, handed_out):
    """One line each; one by one if it cannot be survived all at once."""
    out.flush()
    if fork() == 0:
        try:
            for address in addresses:
                object_ = ctypes.cast(address, ctypes.py_object).value
                out.write("%x\t%s\t%d\t%d\n" % (
                    address, type_name(type(object_)), sys.getsizeof(object_),
                    address in handed_out))
            out.flush()
            os._exit(0)
        finally:
            os._exit(1)
    if os.wait()[1] == 0:
        return
    if len(addresses) > 1:
        for address in addresses:
            ask_about(out, [address], handed_out)
    else:
        out.write("%x\t-\t0\t0\n" % addresses[0])


async def async_generator():
    yield


def new_objects():
    """New objects of every kind that free lists are of, and of every size."""
    kept = []
    hold = kept.append
    number = 1000.5
    for index in range(600):
        number += 1
        for made in (number, index + 10**6, complex(index, 1), [], {}, [index],
                     {index: index}, slice(index), range(index, 10**6),
                     iter([]), iter(()), iter(range(5)), hold.__self__.append,
                     record.__get__(index), contextvars.Context(),
                     async_generator(), bytearray(), object(), set(),
                     (x for x in kept), ctypes.c_int(5)):
            yield made
            hold(made)
        anext = async_generator()
        step = anext.__anext__()
        for made in (anext, step, anext.asend(1)):
            yield made
            hold(made)
    for length in range(1, 22):
        for index in range(2100):
            made = (index,) * length
            yield made
            hold(made)
    for size in range(0, 512, 16):
        for _ in range(200):
            made = bytes(size)
            yield made
            hold(made)


def ends(work, folder, keep):
    """Does it and ends the process, whatever happens."""
    try:
        work(folder, keep)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def stand_still(folder, keep):
    # Types' cache of attributes holds on to names, and lets go in a child.
    ctypes.pythonapi.PyType_ClearCache()
    if fork() == 0:
        ends(record, folder, keep)
    if fork() == 0:
        ends(judge, folder, keep)
    count = text = None
    times = 0
    while times < 10:
        times += 1
        count = sys.getallocatedblocks()
        text = b"ready %d %d\n" % (os.getpid(), count)
        os.write(1, text)
    while True:
        signal.pause()
