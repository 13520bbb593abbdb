"""The two sides of the differential test: real Groovy, in one JVM for all scripts, and the interpreter of `ks`."""

import glob
import json
import os
import re
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
JARS = ["groovy-2.4.21.jar", "groovy-json.jar", "antlr.jar", "asm.jar", "asm-tree.jar", "asm-util.jar", "asm-analysis.jar", "commons-cli.jar"]
# What Groovy 2.4 reaches for by reflection and newer JVMs keep closed.
OPENED = ["java.lang", "java.lang.reflect", "java.util", "java.util.regex", "java.util.concurrent", "java.text", "java.math", "java.io", "java.net", "java.time"]


class Side:
    """A program that answers one line of JSON for each script. `ask` gives None when it ended instead."""

    def __init__(self, command, environment=None):
        self.command = command
        self.environment = environment
        self.errors = tempfile.TemporaryFile()
        self._start()

    def _start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, env=self.environment)

    def ask(self, script):
        try:
            self.process.stdin.write(json.dumps(script).encode() + b"\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = b""
        try:
            return json.loads(line.decode("utf-8", "replace"))
        except ValueError:
            # Ended, or has said something of its own, as a JVM does that runs out of memory.
            self.process.kill()
            self.process.wait()
            self._start()
            return None

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace")[-2000:]

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(30)
        self.errors.close()


def java():
    homes = [os.environ.get("JAVA_HOME", "")] + sorted(glob.glob("/usr/lib/jvm/*"))
    for home in homes:
        if home and os.access(home + "/bin/java", os.X_OK):
            return home + "/bin/java"
    return None


def groovy_lib():
    """The folder of Groovy 2.4's jars, or None."""
    lib = "/usr/share/groovy/lib"
    return lib if os.path.exists(f"{lib}/{JARS[0]}") else None


def real_groovy():
    lib = groovy_lib()
    opened = [word for package in OPENED for word in ("--add-opens", f"java.base/{package}=ALL-UNNAMED")]
    return Side([java(), "-Xmx768m", "-Xss2m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:ErrorFile=/dev/null", "-Xshare:auto", "-Duser.timezone=UTC", "-Duser.language=en", "-Duser.country=US",
                 "-Dfile.encoding=UTF-8", *opened, "-cp", ":".join(f"{lib}/{jar}" for jar in JARS), "groovy.ui.GroovyMain", HERE + "/Driver.groovy"])


def ours(program):
    return Side([program], dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8"))


# ----- what is compared -----

# Exceptions of the Java library carry texts of the JVM's version; those that scripts throw and Groovy's own do not.
OF_THE_JVM = {"java.lang.IndexOutOfBoundsException", "java.lang.ArrayIndexOutOfBoundsException", "java.lang.StringIndexOutOfBoundsException", "java.lang.ClassCastException", "java.lang.StackOverflowError",
              "java.lang.NegativeArraySizeException", "java.util.NoSuchElementException", "java.lang.NumberFormatException", "java.lang.UnsupportedOperationException", "java.lang.ArithmeticException",
              "java.util.IllegalFormatConversionException", "java.lang.ArrayStoreException", "java.lang.AbstractMethodError"}


# Methods that everything has. Groovy orders equally near names by hashes that change while its process lives, so of
# "Possible solutions" the script's own have to agree.
COMMON = set("""any asBoolean asType collect dump each eachWithIndex every equals evaluate find findAll findIndexOf findLastIndexOf findResult getAt getBinding getClass getMetaClass getProperties getProperty grep hashCode
hasProperty identity inject inspect invokeMethod is isCase iterator main metaClass next notify notifyAll previous print printf println putAt run setBinding setMetaClass setProperty size sleep split sprintf toString use
valueOf values wait with withTraits name ordinal doCall call""".split())


def without_common_names(message):
    first, found, solutions = message.partition("\nPossible solutions: ")
    # Java's own classes have other methods in each version.
    if not found or not re.match(r"No signature of method: (static )?[A-Z][\w$]*\.", first):
        return first
    own = [each for each in re.findall(r"[\w$]+\([^)]*\)", solutions) if each.split("(")[0] not in COMMON]
    return first + found + ", ".join(own) if own else first


def told(answer):
    """What of an answer has to agree."""
    if answer is None:
        return {"exception": "the program ended"}
    out = {}
    for key in ("out", "value", "type", "exception"):
        if key in answer:
            out[key] = re.sub(r"@[0-9a-f]{1,8}\b", "@hash", re.sub(r"_run_closure\d+(_closure\d+)*", "_closure", answer[key] or ""))
    exception = answer.get("exception")
    message = answer.get("message")
    if exception and exception not in OF_THE_JVM and message is not None:
        # A JVM explains its own null pointers in words of its version.
        if exception == "java.lang.NullPointerException" and "on null object" not in message:
            return out
        if exception == "groovy.lang.MissingMethodException":
            message = without_common_names(message)
        if exception == "groovy.lang.MissingPropertyException" and re.search(r"for class: (java|groovy)\.", message):
            message = message.split("\nPossible solutions")[0]
        if exception == "groovy.lang.GroovyRuntimeException" and re.search(r"overloading for method java\.", message):
            message = message.split("\n")[0]
        if exception == "groovy.lang.MissingMethodException":
            # Long values are cut at places that differ.
            message = re.sub(r"values: \[.*\.\.\..*", "values: ...", message)
        if exception.endswith("MultipleCompilationErrorsException"):
            # Groovy's parser stops at the first error, ours goes on: the first one has to agree.
            message = message.split("\n\n")[0]
        message = re.sub(r"@[0-9a-f]{1,8}\b", "@hash", re.sub(r"_run_closure\d+(_closure\d+)*", "_closure", message))
        out["message"] = message
    return out


NUMBER = re.compile(r"-?\d+\.\d+(?:E-?\d+)?")


def same_but_for_digits(expected, got):
    """Whether two texts differ only in doubles that Java before 19 wrote with more digits than it takes to tell them."""
    if NUMBER.split(expected) != NUMBER.split(got):
        return False
    for theirs, ours in zip(NUMBER.findall(expected), NUMBER.findall(got)):
        digits = re.sub(r"E.*", "", theirs).strip("-").replace(".", "").strip("0")
        # Fewer digits, or zeros at the end, are those of a BigDecimal, whose scale is part of its value.
        is_double = len(digits) in (17, 18) and not re.search(r"\.\d+0(E|$)", theirs)
        if theirs != ours and not (is_double and float(theirs) == float(ours) and len(ours) < len(theirs)):
            return False
    return True


def agree(expected, got):
    """Whether what both told is the same."""
    if expected == got:
        return True
    if expected.keys() != got.keys():
        return False
    return all(expected[key] == got[key] or key in ("out", "value") and same_but_for_digits(expected[key], got[key]) for key in expected)


def disagree(groovy, ks, script):
    """None, or what each said."""
    expected, got = told(groovy.ask(script)), told(ks.ask(script))
    return None if agree(expected, got) else (expected, got)


def shrink(script, fails, most=300):
    """The fewest lines of the script for which `fails` still holds: blocks of lines are left out, ever smaller. The
    last line stays: without it a script may be no script any more."""
    lines = script.rstrip("\n").split("\n")
    size = max(1, len(lines) // 2)
    while most > 0:
        at, shorter = 0, False
        while at < len(lines) and most > 0:
            attempt = lines[:at] + (lines[at + size:] or lines[-1:])
            most -= 1
            if len(attempt) < len(lines) and fails("\n".join(attempt)):
                lines, shorter = attempt, True
            else:
                at += size
        if size == 1 and not shorter:
            break
        size = max(1, size // 2)
    return "\n".join(lines)
