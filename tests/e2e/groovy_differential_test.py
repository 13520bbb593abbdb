"""Generated scripts, run by real Groovy 2.4.21 and by ours: value, output, exception and Groovy's own messages agree.

    ./dev test groovy_differential            500 scripts
    ./dev test groovy_differential --full     10,000
    KS_SEED=123 KS_SCRIPTS=1 ...              one script, from its seed

Each disagreement is shown with its seed, cut down to the lines that matter.
"""

import os
import unittest

from groovy import sides
from groovy.scripts import Script

FIRST_SEED = int(os.environ.get("KS_SEED", "1"))
SCRIPTS = int(os.environ.get("KS_SCRIPTS", "0")) or (10_000 if os.environ.get("KS_FULL") else 500)
SHOWN = int(os.environ.get("KS_SHOWN", "10"))


def batch_program():
    beside = os.path.dirname(os.path.abspath(os.environ["KS_BINARY"]))
    return os.environ.get("KS_GROOVY_BATCH") or beside + "/tests/groovy_batch"


@unittest.skipUnless(sides.groovy_lib() and sides.java(), "Groovy 2.4 is not installed: ./dev deps installs Debian's package groovy with a Java runtime")
class GroovyDifferentialTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.groovy = sides.real_groovy()
        cls.ks = sides.ours(batch_program())

    @classmethod
    def tearDownClass(cls):
        cls.groovy.close()
        cls.ks.close()

    def test_the_oracle_is_groovy_2_4_21(self):
        answer = self.groovy.ask("GroovySystem.version")
        self.assertIsNotNone(answer, self.groovy.said())
        self.assertEqual(answer["value"], "'2.4.21'")

    def test_a_difference_is_noticed(self):
        expected, got = sides.told(self.groovy.ask("1 + 1")), sides.told(self.ks.ask("1 + 2"))
        self.assertEqual(expected, {"out": "", "value": "2", "type": "java.lang.Integer"})
        self.assertNotEqual(expected, got)

    def test_digits_that_say_nothing_are_no_difference(self):
        self.assertTrue(sides.agree({"value": "[-1.15292150460684698E18]"}, {"value": "[-1.152921504606847E18]"}))
        self.assertFalse(sides.agree({"value": "[-1.15292150460684698E18]"}, {"value": "[-1.152921504606848E18]"}))
        self.assertFalse(sides.agree({"value": "0.1"}, {"value": "0.10"}))
        for theirs, ours in (("1.50", "1.5"), ("[2.000000]", "[2.0]"), ("3.00", "3.0")):
            self.assertFalse(sides.agree({"value": theirs}, {"value": ours}), theirs)
        self.assertFalse(sides.agree({"value": "0.333333333333333314829616256247390992939472198486328125"}, {"value": "0.3333333333333333"}))

    def test_generated_scripts_agree(self):
        differ, lost, failed = [], [], 0
        for seed in range(FIRST_SEED, FIRST_SEED + SCRIPTS):
            script = Script(seed).text()
            expected = self.groovy.ask(script) or self.groovy.ask(script)  # a JVM may die of what came before
            if expected is None:
                lost.append(seed)
                continue
            failed += 1 if "exception" in expected else 0
            if not sides.agree(sides.told(expected), sides.told(self.ks.ask(script))):
                differ.append(seed)
        # What ends Groovy itself, twice, says nothing; it must be as good as never.
        self.assertLessEqual(len(lost), SCRIPTS / 1000 + 1, lost)
        # Scripts that only fail would show nothing of the library.
        self.assertLess(failed, SCRIPTS * 0.6 + 1, "most scripts end in exceptions")
        shown = [self.smallest(seed) for seed in differ[:SHOWN]]
        self.assertEqual(differ, [], "%d of %d scripts differ:\n%s" % (len(differ), SCRIPTS, "\n".join(shown)))

    def smallest(self, seed):
        script = Script(seed).text()
        first = sides.disagree(self.groovy, self.ks, script)
        wanted = first and first[0].get("exception")

        def fails(text):
            difference = sides.disagree(self.groovy, self.ks, text)
            # Not another difference: one that ends the same way in Groovy.
            return difference is not None and difference[0].get("exception") == wanted

        short = sides.shrink(script, fails)
        difference = sides.disagree(self.groovy, self.ks, short)
        expected, got = difference if difference else ("the same", "the same, when asked alone")
        return f"--- seed {seed}\n{short}\n  Groovy: {expected}\n  ks:     {got}"


if __name__ == "__main__":
    unittest.main()
