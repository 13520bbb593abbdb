"""npm packages that tests drive the server with."""

import fcntl
import os
import shutil
import subprocess
import unittest


def install(source, target):
    """The packages of the package-lock.json in `source` into a folder of the build, once; what went wrong, else None."""
    os.makedirs(target, exist_ok=True)
    with open(os.path.join(target, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with open(os.path.join(source, "package-lock.json")) as file:
            wanted = file.read()
        mark = os.path.join(target, "installed")
        if os.path.exists(mark):
            with open(mark) as file:
                if file.read() == wanted:
                    return None
        for name in ("package.json", "package-lock.json"):
            shutil.copy(os.path.join(source, name), target)
        try:
            done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", target], capture_output=True, text=True, timeout=300)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"npm: {error}"
        if done.returncode != 0:
            return done.stderr
        with open(mark, "w") as file:
            file.write(wanted)
        return None


def install_or_skip(source, target):
    """Without the packages there is nothing to test; CI has them."""
    problem = install(source, target)
    if problem and os.environ.get("CI"):
        raise AssertionError(problem)
    if problem:
        raise unittest.SkipTest("the npm packages are not to be had: " + problem[-300:])
