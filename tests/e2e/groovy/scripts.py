"""Makes Groovy scripts by seed: the language and its library in small, always ending, deterministic programs.

A script is a list of chunks (class and method declarations, statements) and ends in a list of what its variables
hold, so that every value is compared. Expressions are made by type, so that most scripts run to their end; some
reach for what is not there, so that exceptions and their messages are compared, too.
"""

import random

WORDS = ["alpha", "beta", "Gamma", "delta x", "", "a,b,c", "x=1;y=2", "Hello World", "12", "3.5", "aBcD", "tab\\tq", "it's", "z-9_k"]
NAMES = ["a", "b", "c", "d", "e", "f", "g", "h"]


class Script:
    """One generated script: `text()` is what both sides run; `chunks` are what shrinking leaves out."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.seed = seed
        self.chunks = []
        self.variables = []  # (name, type)
        self.methods = []    # (name, parameter types, result type)
        self.counter = 0
        self._fill()

    def text(self, chunks=None):
        return "\n".join(self.chunks if chunks is None else chunks) + "\n"

    # ----- chance -----

    def pick(self, *items):
        return self.random.choice(items)

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def number(self, low, high):
        return self.random.randint(low, high)

    def fresh(self, prefix="v"):
        self.counter += 1
        return f"{prefix}{self.counter}"

    def known(self, kind):
        names = [name for name, its in self.variables if its == kind]
        return self.random.choice(names) if names else None

    # ----- the whole -----

    def _fill(self):
        for _ in range(self.number(0, 2)):
            self.declare_something()
        for _ in range(self.number(2, 6)):
            self.statement_chunk()
        shown = [name for name, _ in self.variables]
        self.chunks.append("[" + ", ".join(shown[-8:]) + "]")

    def declare_something(self):
        from . import declarations
        self.random.choice(declarations.ALL)(self)

    def statement_chunk(self):
        from . import statements
        self.random.choice(statements.ALL)(self)

    def expression(self, kind, depth=2):
        from . import expressions
        return expressions.make(self, kind, depth)

    def variable(self, kind, depth=2):
        """Declares a variable of this kind and returns its name."""
        name = self.fresh()
        self.chunks.append(f"def {name} = {self.expression(kind, depth)}")
        self.variables.append((name, kind))
        return name

    def word(self):
        return self.random.choice(WORDS)

    def literal_text(self):
        return "'" + self.word().replace("'", "\\'") + "'"
