# SPDX-License-Identifier: Apache-2.0
"""All objects that an interpreter can reach, and what it says of each.

Every interpreter of a process imports it on its own, so that it needs nothing
that a sub-interpreter refuses to load.
"""

import gc
import io
import sys
import types

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


def reach(found, running):
    """Each object that these lead to, and what it refers to."""
    pending = [object_ for object_ in found
               if not is_running(object_, running)]
    seen = {id(object_) for object_ in pending}
    own = {id(found), id(pending), id(seen), id(running)}
    own.add(id(own))
    while pending:
        object_ = pending.pop()
        # The size of one that shares its bytes is another.
        size = sys.getsizeof(object_) \
            if issubclass(type(object_), io.BytesIO) else None
        referents = gc.get_referents(object_)
        yield object_, size, referents
        for other in [*referents, *unseen(object_)]:
            if id(other) not in seen and not is_running(other, running) \
                    and id(other) not in own:
                seen.add(id(other))
                pending.append(other)


def is_running(object_, running):
    """Frames that are elsewhere, or not at all, while nobody asks."""
    if type(object_) is types.FrameType:
        return id(object_.f_code) in running
    return type(object_) is types.GeneratorType and \
        object_.gi_code is reach.__code__


def record(path, keep=None, found=None):
    """Write a line for each object: address, type, size, referents."""
    # First of all, before there are more.
    if found is None:
        found = gc.get_objects()
        found.append(keep)
    running = set()
    frame = sys._getframe()
    while frame:
        # The one that stands still is the program's.
        if frame.f_code.co_name in ("record", "ends", "stand_still") or \
                frame.f_code.co_filename.startswith("<"):
            running.add(id(frame.f_code))
        frame = frame.f_back
    # Asking for a size may make a type ready, which its bases learn of.
    told = [(object_, size, " ".join("%x" % id(other) for other in referents))
            for object_, size, referents in reach(found, running)]
    with open(path, "w", encoding="utf-8", errors="backslashreplace") as out:
        for object_, size, referents in told:
            out.write("%x\t%s\t%d\t%s\n" % (
                id(object_), type_name(type(object_)),
                size or sys.getsizeof(object_), referents))
