# SPDX-License-Identifier: Apache-2.0
"""Reading what `pyprof dump` wrote."""

import collections
import json


class Profile:
    """A profile as JSON: time by thread, stack and state."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.json = json.load(file)
        self.meta = self.json["meta"]
        self.threads = self.json["threads"]
        self.states = [state["name"] for state in self.json["states"]]
        self.groups = [state["group"] for state in self.json["states"]]
        self._stacks = self._read_stacks()
        columns = self.json["tallies"]
        self.tallies = [
            dict(zip(columns, row)) for row in zip(*columns.values())
        ]

    def _read_stacks(self):
        functions = self.json["functions"]
        locations = [
            (functions[function], line)
            for function, line in zip(*self.json["locations"].values())
        ]
        stacks = [()]
        rows = zip(*self.json["stacks"].values())
        for parent, location in list(rows)[1:]:
            stacks.append(stacks[parent] + (locations[location],))
        return stacks

    def stack(self, tally):
        """Functions and lines of a tally's stack, outermost first."""
        return self._stacks[tally["stack"]]

    def of_thread(self, tid):
        return [tally for tally in self.tallies
                if self.threads[tally["thread"]]["tid"] == tid]

    def function_states(self, tallies):
        """ns by function on the stack, as a Counter by state."""
        found = collections.defaultdict(collections.Counter)
        for tally in tallies:
            for name in {at[0]["name"] for at in self.stack(tally)}:
                found[name][self.states[tally["state"]]] += tally["ns"]
        return found

    def self_lines(self):
        """ns of running threads by the file and line they were at."""
        found = collections.Counter()
        for tally in self.tallies:
            if self.groups[tally["state"]] != "wait" and tally["stack"]:
                function, line = self.stack(tally)[-1]
                line = line if line >= 0 else function["first_line"]
                found[function["file"], line] += tally["ns"]
        return found
