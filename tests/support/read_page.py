#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads an HTML or SVG report as a browser does and prints what is in it.

usage: read_page.py FILE [KIND]

FILE.html: for each line with time, separated by tabs: the file (as Python
writes it), the line, self and total ns, self samples, by adding up the data
of the page. KIND `raw` prints the data as JSON instead, `text` the text for
browsers without scripts. FILE.svg: for each frame its depth, name (as Python
writes it), place, left edge, width. What is not well formed is an error.
"""

import base64
import collections
import html.parser
import itertools
import json
import sys
import xml.etree.ElementTree
import zlib

VOID = {"meta", "input", "br", "link"}


class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.texts = [], collections.defaultdict(list)
        self.types = {}

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))
            self.texts[self.where()].append("")
            self.types[self.where()] = dict(attrs).get("type", "")

    def handle_endtag(self, tag):
        assert self.open and self.open[-1][0] == tag, (tag, self.open)
        self.open.pop()

    def where(self):
        tag, attrs = self.open[-1]
        return tag + ("#" + attrs["id"] if "id" in attrs else "")

    def handle_data(self, data):
        if self.open:
            self.texts[self.where()][-1] += data


def data_of(kind, text):
    """The data of a page, as it was before it was made small."""
    if kind.endswith("deflate"):
        text = zlib.decompress(base64.b64decode(text), wbits=-15)
    data = json.loads(text)
    assert data["schema"] == "pyprof-report/1"
    for name in ("profile", "old", "new"):
        if name in data:
            undo_steps(data[name])
    return data


def undo_steps(profile):
    """Columns of differences become columns of numbers."""
    stacks, tallies = profile["stacks"], profile["tallies"]
    stacks["parent"] = [at - up for at, up in enumerate(stacks.pop("up"))]
    tallies["stack"] = list(itertools.accumulate(tallies.pop("step")))


def read_html(text):
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert not reader.open, reader.open
    texts = reader.texts
    texts["data"] = [data_of(reader.types["script#data"],
                             texts["script#data"][0])]
    assert len(texts["script#data"]) == 1 and len(texts["script"]) == 2
    assert len(texts["title"]) == 1 and len(texts["pre"]) == 1
    return texts


def line_times(data):
    """Self ns, total ns and self samples by (file, line), by definition."""
    rows = collections.defaultdict(lambda: [0, 0, 0])
    stacks, tallies = data["stacks"], data["tallies"]
    for stack, samples, ns in zip(tallies["stack"], tallies["samples"],
                                  tallies["ns"]):
        lines = []
        while stack:
            assert stacks["parent"][stack] < stack
            location = stacks["location"][stack]
            function = data["locations"]["function"][location]
            lines.append((data["functions"]["file"][function],
                          data["locations"]["line"][location]))
            stack = stacks["parent"][stack]
        if lines:
            rows[lines[0]][0] += ns
            rows[lines[0]][2] += samples
        for line in set(lines):
            rows[line][1] += ns
    return rows


def print_html(text, kind):
    texts = read_html(text)
    data = texts["data"][0]
    data = data.get("profile", data)
    if kind == "raw":
        print(json.dumps(data))
    elif kind == "text":
        print(texts["pre"][0])
    else:
        for (file, line), row in line_times(data).items():
            print(ascii(data["strings"][file]), line, *row, sep="\t")


def print_svg(text):
    root = xml.etree.ElementTree.fromstring(text.encode())
    space = "{http://www.w3.org/2000/svg}"
    heads = [int(rect.get("y")) for rect in root.iter(space + "rect")]
    for group in root.iter(space + "g"):
        title, rect = group.find(space + "title"), group.find(space + "rect")
        name, place, _ = title.text.split("\n")
        depth = (int(rect.get("y")) - min(heads)) // 18
        print(depth, ascii(name), place, rect.get("x"), rect.get("width"),
              sep="\t")


def main():
    path = sys.argv[1]
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    if path.endswith(".svg"):
        print_svg(text)
    else:
        print_html(text, sys.argv[2] if len(sys.argv) > 2 else "")


if __name__ == "__main__":
    main()
