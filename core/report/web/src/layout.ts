// SPDX-License-Identifier: Apache-2.0
//
// The layout of flame graphs: stacks in, a merged tree out, whose frames lie
// in typed arrays level by level. Pure: knows neither the page nor the data's
// meaning; a frame is a number (its key), and equal keys under one parent are
// one frame. Nothing recurses, so depth does not matter.
//
// A level's frames are neighbours and ascend in x: drawing looks up the first
// that can be seen and goes on from there.

/** Stacks: each is a frame called from the stack that is its parent. */
export interface Stacks {
	/** Below a stack's own number; stack 0 is the root and no frame. */
	parent: ArrayLike<number>;
	/** What frames are merged by; < 0: left out, its caller has its time. */
	key: Int32Array;
	/** One above the greatest key. */
	keys: number;
	/** Columns of a stack's own time; a frame is as wide as their sum. */
	own: Float64Array[];
	/** When a stack was first seen; needed for the order of time. */
	since?: Float64Array;
}

export interface Options {
	/** Callers below callees, from the innermost frame on. */
	inverted?: boolean;
	/** Frames first seen first, instead of the widest. */
	byTime?: boolean;
	/** Narrower frames are not opened: nothing is below them. */
	least?: number;
	/** Keys of a path, and the least width at its end. */
	zoom?: number[];
	zoomLeast?: number;
}

/** Frame 0 is the root; its parent is itself. */
export interface Tree {
	count: number;
	parent: Int32Array;
	key: Int32Array;
	/** The first child; those of frame i end where those of i + 1 begin. */
	kids: Int32Array;
	x: Float64Array;
	total: Float64Array;
	self: Float64Array;
	/** Columns of frames' own time; of one not opened, with all below. */
	own: Float64Array[];
	/** A stack that the frame was made of, for what keys do not tell. */
	stack: Uint32Array;
	/** The first frame of each level, and the end of the last. */
	rows: number[];
}

/** Stacks with frames left out and folded: what trees are made of. */
export interface Seen {
	stacks: Stacks;
	/** The stack that stands for one, and that one's caller. */
	at: Uint32Array;
	up: Uint32Array;
	own: Float64Array[];
	self: Float64Array;
	/** Own time and that of all below. */
	sum: Float64Array;
	/** Children that have time: first[s] … first[s + 1] in `of`. */
	first: Uint32Array;
	of: Uint32Array;
}

/** Prepare stacks; with `fold`, a frame that calls itself is one frame. */
export function look(stacks: Stacks, fold = false): Seen {
	const { parent, key } = stacks, n = key.length;
	const at = new Uint32Array(n), up = new Uint32Array(n);
	for (let s = 1; s < n; s++) {
		const above = up[s] = at[parent[s]];
		at[s] = key[s] < 0 || (fold && above && key[above] === key[s]) ?
			above : s;
	}
	const self = new Float64Array(n);
	const own = stacks.own.map((column) => {
		const mine = new Float64Array(n);
		for (let s = 0; s < n; s++) {
			mine[at[s]] += column[s];
			self[at[s]] += column[s];
		}
		return mine;
	});
	const sum = self.slice();
	for (let s = n - 1; s > 0; s--)
		sum[up[s]] += sum[s];
	return { stacks, at, up, own, self, sum, ...childLists(up, at, sum) };
}

function childLists(up: Uint32Array, at: Uint32Array, sum: Float64Array) {
	const n = up.length, first = new Uint32Array(n + 2);
	for (let s = 1; s < n; s++)
		if (at[s] === s && sum[s] > 0)
			first[up[s] + 2]++;
	for (let s = 0; s <= n; s++)
		first[s + 1] += first[s];
	const of = new Uint32Array(first[n + 1]);
	for (let s = 1; s < n; s++)
		if (at[s] === s && sum[s] > 0)
			of[first[up[s] + 1]++] = s;
	return { first, of };
}

/** Frames as they are made: arrays that grow by doubling. */
class Frames {
	parent = new Int32Array(4096);
	key = new Int32Array(4096);
	kids = new Int32Array(4096);
	total = new Float64Array(4096);
	self = new Float64Array(4096);
	stack = new Uint32Array(4096);
	/** Where a frame's entries begin; they end where the next one's do. */
	begin = new Uint32Array(4096);
	/** 0: as any, 1: on the zoomed path, 2: below its end. */
	zoom = new Uint8Array(4096);
	own: Float64Array[];
	rows = [0, 1];
	count = 0;

	constructor(columns: number, total: number, private options: Options) {
		this.own = Array.from({ length: columns },
			() => new Float64Array(4096));
		this.add(0, -1, 0, total);
		this.zoom[0] = options.zoom ? options.zoom.length ? 1 : 2 : 0;
	}

	add(parent: number, key: number, stack: number, total: number) {
		// One more than there are: the kids of the last end there.
		if (this.count + 1 === this.key.length)
			this.grow();
		const at = this.count++;
		this.parent[at] = parent;
		this.key[at] = key;
		this.stack[at] = stack;
		this.total[at] = total;
	}

	/** Whether a frame has kids; asked once of each, in their order. */
	begins(i: number) {
		const { rows, options, zoom } = this;
		this.kids[i] = this.count;
		if (i === rows[rows.length - 1])
			rows.push(this.count);
		if (i && zoom[this.parent[i]]) {
			const above = zoom[this.parent[i]], depth = rows.length - 2;
			const path = options.zoom!;
			zoom[i] = above === 2 ? 2 : path[depth - 1] !== this.key[i] ? 0 :
				depth === path.length ? 2 : 1;
		}
		return zoom[i] === 1 || this.total[i] >=
			((zoom[i] ? options.zoomLeast : options.least) ?? 0);
	}

	/** Add the kids of frame i, whose entries go from `end` on. */
	addKids(i: number, kids: Kids, end: number) {
		kids.sort(!!this.options.byTime);
		for (let n = 0; n < kids.count; n++) {
			const k = kids.order[n];
			this.add(i, kids.key[k], kids.stack[k], kids.total[k]);
			this.begin[this.count - 1] = kids.place[k] = end;
			end += kids.uses[k];
		}
		return end;
	}

	private grow() {
		for (const [name, old] of Object.entries(this))
			if (ArrayBuffer.isView(old))
				(this as any)[name] = twice(old as any);
		this.own = this.own.map(twice);
	}
}

function twice<T extends Float64Array | Int32Array>(old: T): T {
	const made = new (old.constructor as any)(2 * old.length);
	made.set(old);
	return made;
}

/** The kids of one frame, while they are collected. */
class Kids {
	count = 0;
	order: Int32Array;
	private round = 0;
	private stamp: Int32Array;
	private slot: Int32Array;
	private since: Float64Array;
	key: Int32Array;
	stack: Uint32Array;
	uses: Uint32Array;
	place: Uint32Array;
	total: Float64Array;

	constructor(keys: number) {
		this.stamp = new Int32Array(keys);
		this.slot = new Int32Array(keys);
		this.key = new Int32Array(keys);
		this.order = new Int32Array(keys);
		this.stack = new Uint32Array(keys);
		this.uses = new Uint32Array(keys);
		this.place = new Uint32Array(keys);
		this.total = new Float64Array(keys);
		this.since = new Float64Array(keys);
	}

	begin() {
		this.count = 0;
		this.round++;
	}

	add(key: number, stack: number, total: number, since: number) {
		let at = this.slot[key];
		if (this.stamp[key] !== this.round) {
			this.stamp[key] = this.round;
			at = this.slot[key] = this.count++;
			this.key[at] = key;
			this.stack[at] = stack;
			this.total[at] = this.uses[at] = 0;
			this.since[at] = since;
		}
		this.total[at] += total;
		this.uses[at]++;
		if (since < this.since[at])
			this.since[at] = since;
	}

	/** Where the next entry of a key goes. */
	next(key: number) {
		return this.place[this.slot[key]]++;
	}

	sort(byTime: boolean) {
		const { count, order, total, since, stack } = this;
		for (let i = 0; i < count; i++)
			order[i] = i;
		if (count > 1)
			order.subarray(0, count).sort(byTime ?
				(a, b) => since[a] - since[b] || stack[a] - stack[b] :
				(a, b) => total[b] - total[a] || stack[a] - stack[b]);
	}
}

export function makeTree(seen: Seen, options: Options = {}): Tree {
	return options.inverted ? callersTree(seen, options) :
		calleesTree(seen, options);
}

/** Each frame has the stacks it was merged of as entries. */
function calleesTree(seen: Seen, options: Options) {
	const { own, self, sum, first, of } = seen, { key, keys, since } =
		seen.stacks;
	const frames = new Frames(own.length, sum[0], options);
	const kids = new Kids(keys), entries = new Uint32Array(of.length + 1);
	const below = options.least || options.zoomLeast ?
		own.map((column) => withBelow(column, seen.up)) : own;
	let end = frames.begin[1] = 1;
	for (let i = 0; i < frames.count; i++) {
		const from = frames.begin[i];
		const to = i + 1 < frames.count ? frames.begin[i + 1] : end;
		const opened = frames.begins(i), columns = opened ? own : below;
		kids.begin();
		for (let e = from; e < to; e++) {
			const s = entries[e];
			frames.self[i] += self[s];
			for (let c = 0; c < columns.length; c++)
				frames.own[c][i] += columns[c][s];
			if (opened)
				for (let c = first[s]; c < first[s + 1]; c++)
					kids.add(key[of[c]], of[c], sum[of[c]],
						since ? since[of[c]] : 0);
		}
		if (!kids.count)
			continue;
		end = frames.addKids(i, kids, end);
		for (let e = from; e < to; e++) {
			const s = entries[e];
			for (let c = first[s]; c < first[s + 1]; c++)
				entries[kids.next(key[of[c]])] = of[c];
		}
	}
	return finish(frames);
}

/** A column of time, with that of all below. */
function withBelow(column: Float64Array, up: ArrayLike<number>) {
	const sums = column.slice();
	for (let s = sums.length - 1; s > 0; s--)
		sums[up[s]] += sums[s];
	return sums;
}

/** Each stack with time of its own walks up, all at the same pace. */
function callersTree(seen: Seen, options: Options) {
	const { up, own, self, sum } = seen, { key, keys, since } = seen.stacks;
	const frames = new Frames(own.length, sum[0], options);
	const kids = new Kids(keys);
	const begun = self.reduce((count, value) => count + +(value > 0), 0);
	let at = new Uint32Array(begun), from = new Uint32Array(begun);
	let nextAt = new Uint32Array(begun), nextFrom = new Uint32Array(begun);
	for (let s = 0, e = 0; s < self.length; s++)
		if (self[s] > 0)
			at[e] = from[e++] = s;
	let level = 1, end = begun, nextEnd = 0;
	for (let i = 0; i < frames.count; i++) {
		if (i === level) {
			[at, nextAt, from, nextFrom] = [nextAt, at, nextFrom, from];
			level = frames.count;
			end = nextEnd;
			nextEnd = 0;
		}
		const start = frames.begin[i];
		const stop = i + 1 < level ? frames.begin[i + 1] : end;
		const opened = frames.begins(i);
		kids.begin();
		for (let e = start; e < stop; e++) {
			const above = i ? up[at[e]] : at[e], s = from[e];
			if (above && opened) {
				kids.add(key[above], above, self[s], since ? since[s] : 0);
				continue;
			}
			frames.self[i] += self[s];
			for (let c = 0; c < own.length; c++)
				frames.own[c][i] += own[c][s];
		}
		if (!kids.count)
			continue;
		nextEnd = frames.addKids(i, kids, nextEnd);
		for (let e = start; e < stop; e++) {
			const above = i ? up[at[e]] : at[e];
			if (!above)
				continue;
			const to = kids.next(key[above]);
			nextAt[to] = above;
			nextFrom[to] = from[e];
		}
	}
	return finish(frames);
}

/** Places of the frames: kids begin where their parent begins. */
function finish(frames: Frames): Tree {
	const { count, parent, key, kids, total, self, own, stack, rows } = frames;
	const x = new Float64Array(count);
	kids[count] = count;
	for (let i = 1, at = 0; i < count; i++) {
		if (i === 1 || parent[i] !== parent[i - 1])
			at = x[parent[i]];
		x[i] = at;
		at += total[i];
	}
	if (rows[rows.length - 1] === rows[rows.length - 2])
		rows.pop();
	return { count, parent, key, kids, x, total, self, own, stack, rows };
}

/** The level of a frame. */
export function levelOf(tree: Tree, frame: number) {
	let low = 0, high = tree.rows.length - 2;
	while (low < high) {
		const mid = (low + high + 1) >> 1;
		if (tree.rows[mid] <= frame)
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

/** The first frame of a level that ends right of x; may be the level's end. */
export function firstAfter(tree: Tree, level: number, x: number) {
	let low = tree.rows[level], high = tree.rows[level + 1];
	while (low < high) {
		const mid = (low + high) >> 1;
		if (tree.x[mid] + tree.total[mid] > x)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

/** The frame of a level at x, or -1. */
export function frameAt(tree: Tree, level: number, x: number) {
	if (level < 0 || level > tree.rows.length - 2)
		return -1;
	const frame = firstAfter(tree, level, x);
	return frame < tree.rows[level + 1] && tree.x[frame] <= x ? frame : -1;
}

/**
 * What to draw of a level while `x0` … `x1` fill `wide` pixels: frames of at
 * least `narrow` pixels one by one; narrower ones that touch as one, which
 * stands for its first frame (`many` is true).
 */
export function drawLevel(
	tree: Tree, level: number, x0: number, x1: number, wide: number,
	narrow: number,
	draw: (frame: number, from: number, to: number, many: boolean) => void) {
	const end = tree.rows[level + 1], scale = wide / (x1 - x0 || 1);
	let i = firstAfter(tree, level, x0);
	while (i < end && tree.x[i] < x1) {
		const from = (tree.x[i] - x0) * scale;
		const to = from + tree.total[i] * scale;
		if (to - from >= narrow) {
			draw(i++, Math.max(0, from), Math.min(wide, to), false);
			continue;
		}
		// As far as the next pixel's end, looked up and not walked.
		const stop = Math.floor(from + 1);
		let last = firstAfter(tree, level, x0 + stop / scale);
		if (last <= i)
			last = i + 1;
		const close = (tree.x[last - 1] + tree.total[last - 1] - x0) * scale;
		draw(i, Math.max(0, from), Math.min(wide, close), last > i + 1);
		i = last;
	}
}

/** Frames from the first below the root down to a frame. */
export function pathTo(tree: Tree, frame: number) {
	const path = [];
	for (; frame > 0; frame = tree.parent[frame])
		path.unshift(frame);
	return path;
}

/** The frame that a path of keys leads to, or as far as it goes. */
export function follow(tree: Tree, keys: number[]) {
	let frame = 0;
	for (const key of keys) {
		let kid = tree.kids[frame];
		const end = tree.kids[frame + 1];
		while (kid < end && tree.key[kid] !== key)
			kid++;
		if (kid === end)
			break;
		frame = kid;
	}
	return frame;
}

/**
 * Own time of the stacks that have a marked frame and are below the end of a
 * path of keys, that of both directions.
 */
export function markedTime(seen: Seen, marked: Uint8Array, path: number[],
	inverted = false) {
	const { at, up, self } = seen, { key } = seen.stacks;
	const hit = new Uint8Array(self.length);
	// How much of the path a stack's outermost frames are.
	const along = new Uint32Array(self.length);
	const depth = new Uint32Array(self.length);
	let sum = 0;
	for (let s = 1; s < self.length; s++) {
		if (at[s] !== s)
			continue;
		const above = up[s];
		hit[s] = hit[above] | marked[key[s]];
		depth[s] = depth[above] + 1;
		along[s] = along[above] === depth[above] &&
			path[depth[above]] === key[s] ? depth[s] : along[above];
		if (self[s] && hit[s] && (inverted ? endsWith(seen, s, path) :
			along[s] >= path.length))
			sum += self[s];
	}
	return sum;
}

/** Whether a stack's innermost frames are those of a path of callers. */
function endsWith({ up, stacks }: Seen, s: number, path: number[]) {
	for (const key of path) {
		if (!s || stacks.key[s] !== key)
			return false;
		s = up[s];
	}
	return true;
}

/** Column sums of frames with everything below each. */
export function totalsOf(tree: Tree, column: number) {
	return withBelow(tree.own[column].subarray(0, tree.count), tree.parent);
}

/**
 * Two columns (before, after) into a tree of what changed: as wide as what
 * grew plus what shrank, with columns 0 of growth and 1 of shrinking.
 */
export function makeChanges(tree: Tree, options: Options = {}): Tree {
	const { count, own } = tree;
	const grew = new Float64Array(count), shrank = new Float64Array(count);
	const key = new Int32Array(count);
	for (let i = 0; i < count; i++) {
		const change = own[1][i] - own[0][i];
		(change > 0 ? grew : shrank)[i] = Math.abs(change);
		key[i] = i;
	}
	const made = makeTree(look({ parent: tree.parent, key, keys: count,
		own: [grew, shrank] }), options);
	for (let i = 0; i < made.count; i++) {
		made.stack[i] = i ? made.key[i] : 0;
		made.key[i] = tree.key[made.stack[i]];
	}
	return made;
}
