# SPDX-License-Identifier: Apache-2.0
"""What an interpreter says of all of its objects, while it stands still.

stand_still() forks two children that have the same objects at the same
addresses, and waits for good in the parent, which nobody has disturbed:

* the first writes FOLDER/truth, a line for each object that it can reach:
  address, type, sys.getsizeof() and gc.get_referents(), FOLDER/truth.N for
  those of each sub-interpreter, and prints `recorded`;
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
import os
import signal
import sys
import traceback

import reach

fork = ctypes.pythonapi.fork
# Objects that are asked about at a time, while none of them is fatal.
BATCH = 1 << 13


def record(folder, keep, subs):
    reach.record(os.path.join(folder, "truth"), keep)
    for number, run in enumerate(subs):
        run("reach.record(%r, None, FOUND)"
            % os.path.join(folder, "truth.%d" % number))
    os.write(1, b"recorded\n")


def judge(folder, keep, subs):
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
        for start in range(0, len(asked), BATCH):
            ask_about(out, asked[start:start + BATCH], handed_out)
    os.write(1, b"judged\n")


def ask_about(out, addresses, handed_out):
    """One line each; half of them at a time if not all can be survived."""
    out.flush()
    if fork() == 0:
        try:
            rows = []
            for address in addresses:
                object_ = ctypes.cast(address, ctypes.py_object).value
                rows.append("%x\t%s\t%d\t%d\n" % (
                    address, reach.type_name(type(object_)),
                    sys.getsizeof(object_), address in handed_out))
            out.write("".join(rows))
            out.flush()
            os._exit(0)
        finally:
            os._exit(1)
    if os.wait()[1] == 0:
        return
    half = len(addresses) // 2
    if half:
        ask_about(out, addresses[:half], handed_out)
        ask_about(out, addresses[half:], handed_out)
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
                     judge.__get__(index), contextvars.Context(),
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


def ends(work, folder, keep, subs):
    """Does it and ends the process, whatever happens."""
    try:
        work(folder, keep, subs)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def stand_still(folder, keep, subs):
    """`subs` are functions that run a line each in a sub-interpreter."""
    # Types' cache of attributes holds on to names, and lets go in a child.
    ctypes.pythonapi.PyType_ClearCache()
    if fork() == 0:
        ends(record, folder, keep, subs)
    if fork() == 0:
        ends(judge, folder, keep, subs)
    count = text = None
    times = 0
    while times < 10:
        times += 1
        count = sys.getallocatedblocks()
        text = b"ready %d %d\n" % (os.getpid(), count)
        os.write(1, text)
    while True:
        signal.pause()
