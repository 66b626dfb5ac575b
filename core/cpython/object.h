// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Objects in a memory: their types, sizes, the buffers that they own and the
 * references that they hold, by looking at bytes alone.
 *
 * A *kind* is what pyprof knows of one built-in type: how its objects' sizes
 * are computed and what they refer to. Objects of subclasses are of the kind
 * of the nearest base that has one. Whatever has no kind is an `object` with
 * attributes, or, when its type is implemented in C, scanned word by word for
 * exact addresses of objects.
 *
 * Nothing here returns an error of what it finds: an object that cannot be
 * what it says is `false`, and its reader counts it. Everything is bounded by
 * the memory.
 *
 * To add a kind: one file objects/NAME.c with a `const struct pyprof_kind`,
 * one row in objects/kinds.def, and, for members that no kind reads yet, lines
 * in offsets.def. A type that is just a row of words, some of them references,
 * is one row in objects/plain.def.
 */
#ifndef PYPROF_CPYTHON_OBJECT_H
#define PYPROF_CPYTHON_OBJECT_H

#include "core/base/buf.h"
#include "core/base/strtab.h"
#include "core/cpython/layout.h"
#include "core/cpython/python.h"
#include "core/target/memory.h"

/** What a reference is. */
enum pyprof_edge_kind {
	/** The type of the object; strong when the type is on the heap. */
	PYPROF_EDGE_TYPE,
	/** A member with a name; `label` is a `const char *` of ours. */
	PYPROF_EDGE_MEMBER,
	/** An item of a sequence; `label` is the index. */
	PYPROF_EDGE_ITEM,
	/** A key of a dict or a member of a set; `label` is its position. */
	PYPROF_EDGE_KEY,
	/** A value of a dict; `label` is the address of its key. */
	PYPROF_EDGE_VALUE,
	/** An attribute in an instance's values; `label` is the address of its
	 * name, a str. */
	PYPROF_EDGE_ATTRIBUTE,
	/** A slot or a C member; `label` is the address of its name, a C
	 * string in the target. */
	PYPROF_EDGE_SLOT,
	/** A variable of a frame; `label` is the address of its name, a str. */
	PYPROF_EDGE_LOCAL,
	/** On a frame's evaluation stack; `label` is the index. */
	PYPROF_EDGE_STACK,
	/** Found by scanning words; `label` is the offset in the object. */
	PYPROF_EDGE_SCANNED,
	/** Does not keep its target alive; `label` as for MEMBER. */
	PYPROF_EDGE_WEAK,
	PYPROF_EDGE_KIND_MASK = 0xf,

	/** Flag: gc.get_referents() does not tell of it, though it counts. */
	PYPROF_EDGE_UNTOLD = 1 << 4,
	/** Flag: gc.get_referents() tells of it, though it holds no count. */
	PYPROF_EDGE_BORROWED = 1 << 5,
};

/** Bits of tp_flags. */
#define PYPROF_TYPE_STATIC_BUILTIN (UINT64_C(1) << 1)
#define PYPROF_TYPE_INLINE_VALUES (UINT64_C(1) << 2)
#define PYPROF_TYPE_MANAGED_WEAKREF (UINT64_C(1) << 3)
#define PYPROF_TYPE_MANAGED_DICT (UINT64_C(1) << 4)
#define PYPROF_TYPE_HEAP (UINT64_C(1) << 9)
#define PYPROF_TYPE_READY (UINT64_C(1) << 12)
#define PYPROF_TYPE_GC (UINT64_C(1) << 14)
#define PYPROF_TYPE_SUBCLASS_BIT 31

struct pyprof_types;
struct pyprof_type;

/** An object that was recognised. */
struct pyprof_object {
	uint64_t address;
	/**
	 * Its bytes; at least `type->basicsize` of them are there, in a str
	 * those of the header that its state tells of.
	 */
	const uint8_t *bytes;
	const struct pyprof_type *type;
};

/** Takes in references. `kind` is an edge kind with its flags. */
struct pyprof_edge_sink {
	void (*edge)(struct pyprof_edge_sink *sink, uint64_t target,
		     unsigned kind, uint64_t label);
};

static inline void pyprof_edge(struct pyprof_edge_sink *sink, uint64_t target,
			       unsigned kind, uint64_t label)
{
	if (target)
		sink->edge(sink, target, kind, label);
}

/** Takes in buffers: memory that an object owns and that is no object. */
struct pyprof_buffer_sink {
	void (*buffer)(struct pyprof_buffer_sink *sink, uint64_t address,
		       uint64_t size);
};

struct pyprof_kind {
	/** tp_name of the type: "list", "collections.deque". */
	const char *name;
	/**
	 * Bit of tp_flags that all its subclasses have (25 for list), or 0:
	 * then the type and its bases are compared by name and size.
	 */
	int subclass_bit;
	/**
	 * Where the size of its structure stands in struct pyprof_offsets
	 * (PYPROF_SIZE_OF(list)), or -1 when any size will do. A type of this
	 * name with another tp_basicsize is not of this kind.
	 */
	int size_position;
	/**
	 * Where more than a name decides: whether a type of this name and size
	 * is of this kind. NULL: `size_position` does.
	 */
	bool (*fits)(const struct pyprof_kind *kind,
		     const struct pyprof_layout *layout, int64_t basicsize);
	/**
	 * For simple types instead of `edges`: the names of the references in
	 * the words behind the object's header, NULL where a word is none. A
	 * "*" before the name: gc.get_referents() does not tell of it.
	 */
	const char *const *words;
	size_t word_count;
	/** What `show` appends tells all there is: no "<int at 0x…>" around. */
	bool shows_value;
	/**
	 * What __sizeof__() says: without what stands before the object. NULL:
	 * tp_basicsize + tp_itemsize * |ob_size|.
	 */
	bool (*size)(const struct pyprof_types *types,
		     const struct pyprof_object *object, uint64_t *ret);
	/**
	 * What its own members refer to; the type, an instance's attributes
	 * (also the dict at tp_dictoffset: kinds do not tell of it) and slots
	 * are added by pyprof_object_edges(). NULL: nothing. False when the
	 * object is damaged: what was told until then stands.
	 */
	bool (*edges)(const struct pyprof_types *types,
		      const struct pyprof_object *object,
		      struct pyprof_edge_sink *sink);
	/** The buffers it owns; NULL: none. */
	bool (*buffers)(const struct pyprof_types *types,
			const struct pyprof_object *object,
			struct pyprof_buffer_sink *sink);
	/**
	 * Append a short text that tells objects of this kind apart (the value
	 * of a number, the name of a function); NULL: there is none.
	 */
	void (*show)(const struct pyprof_types *types,
		     const struct pyprof_object *object,
		     struct pyprof_buf *buf);
};

#define PYPROF_SIZE_OF(structure) \
	((int)offsetof(struct pyprof_offsets, structure.size))

/** All kinds; ends at a NULL. The order is that of matching by name. */
extern const struct pyprof_kind *const pyprof_kinds[];

/** pyprof_kind_int and so on, one a row of kinds.def. */
#define KIND(symbol) extern const struct pyprof_kind pyprof_kind_##symbol;
#include "core/cpython/objects/kinds.def"
#undef KIND

/** Named members of instances: __slots__ and the like, through all bases. */
struct pyprof_slot {
	/** From the object's begin, without its items when it is behind them.
	 */
	uint32_t offset;
	bool is_behind_items;
	/** Address of the name, a C string in the target. */
	uint64_t name;
};

struct pyprof_type {
	uint64_t address;
	/** Its number, from 0, in the order of being found. */
	uint32_t index;
	/** "module.qualname"; "list" and not "builtins.list". Owned by
	 * `types`. */
	const char *name;
	/** NULL: an instance of a Python class, or of an unknown C type. */
	const struct pyprof_kind *kind;

	uint64_t flags;
	int64_t basicsize, itemsize, dictoffset, weaklistoffset;
	/** Bytes before the object: garbage collector's head, managed dict. */
	uint32_t presize;
	/** What sys.getsizeof() adds, which is not always `presize`. */
	uint32_t counted_presize;
	bool is_gc, is_heap_type, is_type;
	/** Its name is not at hand, and what is in its place says where it is.
	 */
	bool is_nameless;
	/** Instances hold a dict or values outside of plain members. */
	bool has_managed_dict, has_inline_values;
	/** No kind and members of C: words are scanned, from here to there. */
	uint32_t scan_from, scan_to;
	/** ht_cached_keys, 0 when there are none. */
	uint64_t cached_keys;
	const struct pyprof_slot *slots;
	size_t slot_count;
	/** Items of a struct sequence behind those that its ob_size counts. */
	uint32_t hidden_items;
	/** How many bytes its objects have at least. */
	enum pyprof_extent {
		PYPROF_EXTENT_FIXED, /* tp_basicsize */
		PYPROF_EXTENT_ITEMS, /* and ob_size items */
		PYPROF_EXTENT_INT,
		PYPROF_EXTENT_STR,
		PYPROF_EXTENT_TYPE, /* less when it is not on the heap */
		/* tp_basicsize, or without the last word */
		PYPROF_EXTENT_NO_ZONE,
	} extent;
	/** PYPROF_EDGE_TYPE with flags, for types on the heap. */
	uint8_t type_edge;
	/** PYPROF_EDGE_UNTOLD when the collector asks no object of it. */
	uint8_t untold;
};

/** The order of types between which no figure decides: for qsort(). Not by
 * `index`: in which order types are found is up to chance. */
static inline int pyprof_type_compare(const struct pyprof_type *left,
				      const struct pyprof_type *right)
{
	return (left->address > right->address) -
	       (left->address < right->address);
}

/**
 * The types seen in a memory, each validated once: its own type, and so on, is
 * `type` at the end, it is READY, its sizes are sane.
 */
struct pyprof_types {
	const struct pyprof_memory *memory;
	/** For names in read-only memory; reads `memory` first. */
	struct pyprof_python *python;
	const struct pyprof_layout *layout;
	/** Address of PyType_Type. */
	uint64_t type_type;
	/** Words in the memory: no object is referred to more often. */
	uint64_t words;

	/* The rest is private to types.c, but for the inline look-up. */

	/** Found types by address, open addressing; a power of two. */
	struct pyprof_type_slot {
		uint64_t address;
		struct pyprof_type *type;
	} * slots;
	size_t slot_mask, count;
	/** Address of lookdict(), 3.8-3.10: dicts of keys other than str. */
	uint64_t lookdict;
	/** Addresses that are no types, direct mapped. */
	uint64_t not_types[4096];
	PYPROF_VEC(struct pyprof_type *) list;
	struct pyprof_strtab *names;
	/** Whether an address is an object, for scans; NULL: a known type and a
	 * count that can be are enough. */
	bool (*is_object)(void *context, uint64_t address);
	void *is_object_context;
	bool failed;
	/**
	 * For copies that a second thread uses: none is learned any more, and
	 * whether there was one to learn.
	 */
	bool is_closed, has_missed;
};

/**
 * Ready to look up types of `memory`, of which `python` is the interpreter,
 * found through a target that reads that memory (pyprof_memory_target()).
 */
struct pyprof_error *pyprof_types_create(const struct pyprof_memory *memory,
					 struct pyprof_python *python,
					 struct pyprof_types **ret)
	PYPROF_MUST_CHECK;
void pyprof_types_destroy(struct pyprof_types *types);
PYPROF_DEFINE_CLEANUP(pyprof_types, struct pyprof_types *, pyprof_types_destroy)

/** The slow half of pyprof_type_find(): validates and remembers. */
const struct pyprof_type *pyprof_type_learn(struct pyprof_types *types,
					    uint64_t address);

/** The type at an address if it was found before, else NULL. */
static inline const struct pyprof_type *
pyprof_type_known(const struct pyprof_types *types, uint64_t address)
{
	uint64_t hash = address * UINT64_C(0x9e3779b97f4a7c15) >> 32;
	for (size_t i = hash & types->slot_mask; types->slots[i].type;
	     i = (i + 1) & types->slot_mask)
		if (types->slots[i].address == address)
			return types->slots[i].type;
	return NULL;
}

/** The type at an address, or NULL when there is none. */
static inline const struct pyprof_type *
pyprof_type_find(struct pyprof_types *types, uint64_t address)
{
	uint64_t hash = address * UINT64_C(0x9e3779b97f4a7c15) >> 32;
	const struct pyprof_type *type = pyprof_type_known(types, address);
	if (type)
		return type;
	if (!pyprof_plausible_pointer(address) ||
	    types->not_types[hash & 4095] == address)
		return NULL;
	return pyprof_type_learn(types, address);
}

/**
 * The reference count, in every build's own encoding.
 *
 * @param[out] immortal_ret Set when the count means nothing.
 */
int64_t pyprof_refcount(const struct pyprof_types *types, const uint8_t *object,
			bool *immortal_ret);

/** Bytes before an object: as its type says, but static types have none. */
static inline uint32_t pyprof_object_presize(const struct pyprof_types *types,
					     const struct pyprof_object *object)
{
	const struct pyprof_type *type = object->type;
	if (!type->is_type)
		return type->presize;
	uint64_t flags;
	__builtin_memcpy(&flags, object->bytes + types->layout->at.type.flags,
			 sizeof(flags));
	return flags & PYPROF_TYPE_HEAP ? type->presize : 0;
}

/**
 * Whether an object begins at an address: a type that is one, a count that can
 * be, sizes that fit. False for what is on a free list (count 0).
 *
 * @param block_left Bytes of the block it is in, from `address` on; 0 when
 * that is not known.
 */
bool pyprof_object_at(struct pyprof_types *types, uint64_t address,
		      uint64_t block_left, struct pyprof_object *ret);

/**
 * pyprof_object_at(), but for a type that was found before and without what
 * tells an object from what looks like one: good for exact addresses only.
 */
bool pyprof_object_known(const struct pyprof_types *types, uint64_t address,
			 struct pyprof_object *ret);

/** Whether a scanned word leads to an object; see `is_object` of the types. */
bool pyprof_is_object(const struct pyprof_types *types, uint64_t address);

/**
 * pyprof_object_at() for a block of an allocator, whose bytes are there: the
 * object has `before` bytes in front of it and at most `left` from `bytes` on.
 */
bool pyprof_object_in_block(struct pyprof_types *types, uint64_t address,
			    const uint8_t *bytes, uint32_t before,
			    uint64_t left, struct pyprof_object *ret);

/** What sys.getsizeof() says; false when the object is damaged. */
bool pyprof_object_size(const struct pyprof_types *types,
			const struct pyprof_object *object, uint64_t *ret);

/** What len() says of text and of built-in containers, and objects of their
 * subclasses; false for all others. */
bool pyprof_object_length(const struct pyprof_types *types,
			  const struct pyprof_object *object, uint64_t *ret);

/**
 * All references that an object holds: its type, its kind's, attributes, slots,
 * and scanned words. False when it is damaged: what was told stands.
 */
bool pyprof_object_edges(const struct pyprof_types *types,
			 const struct pyprof_object *object,
			 struct pyprof_edge_sink *sink);

/** The buffers that an object owns. */
bool pyprof_object_buffers(const struct pyprof_types *types,
			   const struct pyprof_object *object,
			   struct pyprof_buffer_sink *sink);

/** Append a bounded text of an object: `<list at 0x… of 3 items>`, `'abc'`. */
void pyprof_object_show(const struct pyprof_types *types, uint64_t address,
			struct pyprof_buf *buf);

/**
 * pyprof_object_show(), and of a container its first items, of an instance its
 * first attributes: `<list at 0x… of 3 items: 1, 2, …>`.
 */
void pyprof_object_preview(const struct pyprof_types *types, uint64_t address,
			   struct pyprof_buf *buf);

/** Append a reference as a step of a path: `.name`, `['key']`, `[17]`. */
void pyprof_edge_show(const struct pyprof_types *types, unsigned kind,
		      uint64_t label, struct pyprof_buf *buf);

/** Whether a reference is that of an instance to its dict. */
static inline bool pyprof_edge_is_dict(unsigned kind, uint64_t label)
{
	return (kind & PYPROF_EDGE_KIND_MASK) == PYPROF_EDGE_MEMBER &&
	       __builtin_strcmp((const char *)(uintptr_t)label, "__dict__") ==
		       0;
}

/* For kinds: bounded reads. */

/** A word of an object's own bytes, which its type vouches for. */
static inline uint64_t pyprof_word(const uint8_t *bytes, int32_t offset)
{
	uint64_t word;
	__builtin_memcpy(&word, bytes + offset, sizeof(word));
	return word;
}

/** Bytes of a C string of the memory with its NUL; 0 when there is none. */
uint64_t pyprof_cstr_size(const struct pyprof_types *types, uint64_t address);

/** Tell of one member, if the build has it and it is not NULL. */
static inline void pyprof_member_edge(struct pyprof_edge_sink *sink,
				      const struct pyprof_object *object,
				      int32_t offset, const char *name)
{
	if (offset != PYPROF_ABSENT)
		pyprof_edge(sink, pyprof_word(object->bytes, offset),
			    PYPROF_EDGE_MEMBER, (uintptr_t)name);
}

#endif /* PYPROF_CPYTHON_OBJECT_H */
