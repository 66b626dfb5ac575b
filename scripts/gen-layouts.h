// SPDX-License-Identifier: Apache-2.0
//
// Structures of CPython that no header of it declares, after its sources, for
// scripts/gen-layouts, which compiles them with the headers of each version.
// Members have the names of offsets.def where they are in it.
//
// To add a version: compare each with the file that is named above it.

#define SINCE(minor) (PY_VERSION_HEX >= (0x03000000 | (minor) << 16))

// Modules/_collectionsmodule.c
struct deque_block {
	void *left;
	PyObject *items[64];
	void *right;
};

struct deque {
	PyObject_VAR_HEAD
	void *leftblock, *rightblock;
	Py_ssize_t leftindex, rightindex;
	size_t state;
	Py_ssize_t maxlen;
#if SINCE(11)
	Py_ssize_t free_count;
	void *free_blocks[16];
#endif
	PyObject *weakrefs;
};

struct defaultdict {
	PyDictObject base;
	PyObject *factory;
};

// Modules/_functoolsmodule.c
struct lru_element {
	PyObject_HEAD
	struct lru_element *prev, *next;
	Py_hash_t hash;
	PyObject *key, *result;
};

struct lru_cache {
	struct lru_element root;
	void *wrapper;
	int typed;
	PyObject *cache;
	Py_ssize_t hits;
	PyObject *function;
	Py_ssize_t maxsize, misses;
#if SINCE(10)
	PyObject *kwd_mark, *element_type;
#endif
	PyObject *cache_info_type, *dict;
#if SINCE(9)
	PyObject *weakrefs;
#endif
};

// Modules/arraymodule.c
struct array_descr {
	char typecode;
	int itemsize;
};

struct array {
	PyObject_VAR_HEAD
	char *items;
	Py_ssize_t allocated;
	const struct array_descr *descr;
	PyObject *weakrefs;
	Py_ssize_t exports;
};

// Objects/dict-common.h, until there was pycore_dict.h
#if !SINCE(11)
struct old_keys {
	Py_ssize_t dk_refcnt, dk_size;
	void *dk_lookup;
	Py_ssize_t dk_usable, dk_nentries;
	char dk_indices[];
};
#endif

// Objects/moduleobject.c, until there was pycore_moduleobject.h
#if !SINCE(10)
struct old_module {
	PyObject_HEAD
	PyObject *md_dict;
	void *md_def, *md_state;
	PyObject *md_weaklist, *md_name;
};
#endif

// Objects/obmalloc.c, until there was pycore_obmalloc.h
#if !SINCE(12)
struct arena_object {
	uintptr_t address;
	uint8_t *pool_address;
	uint32_t nfreepools, ntotalpools;
	void *freepools;
	struct arena_object *nextarena, *prevarena;
};

struct pool_header {
	union {
		void *padding;
		uint32_t count;
	} ref;
	void *freeblock;
	struct pool_header *nextpool, *prevpool;
	uint32_t arenaindex, szidx, nextoffset, maxnextoffset;
};
#endif

// Objects/odictobject.c
struct odict {
	PyDictObject base;
	void *first, *last, **fast_nodes;
	Py_ssize_t fast_nodes_size;
	void *resize_sentinel;
	size_t state;
	PyObject *dict, *weakrefs;
};

struct odict_node {
	PyObject *key;
	Py_hash_t hash;
	struct odict_node *next, *prev;
};

