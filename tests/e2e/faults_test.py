"""What a machine does to a server: full and read-only disks, ports and folders that are taken, kills."""

import http.client
import json
import os
import random
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import ks_server
from ks_server import Server, config_map

FULL = bool(os.environ.get("KS_FULL"))
MAPS = "/api/v1/namespaces/default/configmaps"


def mount(folder, options):
    """A small file system; false where we may not mount."""
    return subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True).returncode == 0


class FaultsTest(unittest.TestCase):
    def server(self, data_dir=None):
        server = Server(data_dir)
        self.addCleanup(server.remove)
        return server

    def small_disk(self, size):
        folder = tempfile.mkdtemp(prefix="ks-e2e-disk-")
        self.addCleanup(os.rmdir, folder)
        if not mount(folder, f"size={size}"):
            self.skipTest("may not mount a small file system here")
        self.addCleanup(subprocess.run, ["umount", "-l", folder])
        return folder

    def test_a_full_disk_refuses_writes_and_loses_nothing(self):
        folder = self.small_disk("24m")
        server = self.server(folder).start()
        made, refused = [], None
        for i in range(200):
            reply = server.request("POST", MAPS, config_map(f"m{i}", {"x": os.urandom(150_000).hex()}))
            if reply.status != 201:
                refused = reply
                break
            made.append(f"m{i}")
        self.assertIsNotNone(refused, "the disk never became full")
        self.assertEqual(refused.status, 507, refused)
        self.assertEqual(refused.json()["kind"], "Status")
        self.assertIn("disk", refused.json()["message"])
        self.assertEqual(server.request("DELETE", MAPS + "/m0").status in (200, 507), True)
        listed = {item["metadata"]["name"] for item in server.get(MAPS)["items"]}
        self.assertLessEqual(set(made[1:]), listed)
        subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
        # As soon as there is room, it goes on without a restart.
        deadline = time.monotonic() + 15
        while server.request("POST", MAPS, config_map("room")).status not in (201, 409):
            self.assertLess(time.monotonic(), deadline, server.said())
            time.sleep(0.1)
        server.kill()
        server.start()
        again = {item["metadata"]["name"] for item in server.get(MAPS)["items"]}
        self.assertLessEqual(set(made[1:]) | {"room"}, again)

    def test_a_read_only_folder_is_served_but_not_written(self):
        folder = self.small_disk("64m")
        server = self.server(folder).start()
        server.create(MAPS, config_map("before"))
        server.stop()
        ks_server.end_agent(folder)
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        started = time.monotonic()
        server.start(wait=False)
        try:
            server.wait_ready()
        except AssertionError:
            # Not to start is an answer too, when it says why.
            self.assertLess(time.monotonic() - started, 10)
            self.assertIn(folder, server.said())
            self.assertRegex(server.said(), r"(?i)read-only|writable")
            return
        self.assertEqual(server.get(MAPS + "/before")["metadata"]["name"], "before")
        reply = server.request("POST", MAPS, config_map("after"))
        self.assertEqual(reply.status, 507, reply)

    def test_a_port_in_use_is_named(self):
        first = self.server().start()
        second = self.server()
        second.start(bind=f"127.0.0.1:{first.port}", wait=False)
        self.assertNotEqual(second.process.wait(20), 0)
        second._reader.join(5)
        self.assertIn(str(first.port), second.said())
        self.assertIn("in use", second.said())
        self.assertIn("--bind", second.said())

    def test_a_folder_has_one_server(self):
        first = self.server().start()
        second = self.server(first.data_dir)
        second.start(wait=False)
        self.assertNotEqual(second.process.wait(20), 0)
        second._reader.join(5)
        self.assertIn(str(first.process.pid), second.said())
        self.assertIn(first.data_dir, second.said())
        second.process = None
        self.assertEqual(first.request("GET", "/readyz").status, 200)
        first.request("POST", MAPS, config_map("still"))

    def test_other_addresses_need_tls_and_say_so(self):
        """Nothing listens beyond loopback without TLS; with it, a token is still needed."""
        server = self.server().start(bind="0.0.0.0:0")
        self.assertEqual(server.request("GET", "/api", token=False).status, 401)
        self.assertEqual(server.request("GET", "/api").status, 200)

    def test_graceful_stop_ends_watches_properly(self):
        server = self.server().start()
        watch = server.watch("/api/v1/namespaces/default/secrets?watch=1")
        stopping = threading.Thread(target=server.stop)
        started = time.monotonic()
        stopping.start()
        self.assertIsNone(watch.next())  # the last chunk, not a broken connection
        stopping.join()
        self.assertLess(time.monotonic() - started, 10)

    def test_everything_is_there_after_a_restart(self):
        server = self.server().start()
        token, made = server.token, server.create(MAPS, config_map("a"))
        code = server.stop()
        self.assertEqual(code, 0, server.said())
        server.start()
        self.assertEqual(server.token, token)
        self.assertEqual(server.get(MAPS + "/a"), made)
        with server.watch(MAPS + "?watch=1&resourceVersion=" + made["metadata"]["resourceVersion"]) as watch:
            server.create(MAPS, config_map("b"))
            event = watch.next()
        self.assertIn(event["type"], ("ADDED", "ERROR"))
        if event["type"] == "ADDED":
            self.assertEqual(event["object"]["metadata"]["name"], "b")

    def test_kills_lose_nothing_that_was_acknowledged(self):
        """kill -9 at random moments under load: each acknowledged write is there, and a watcher that resumes sees no gap or double."""
        seed = int(os.environ.get("KS_SEED") or random.randrange(1 << 30))
        dice = random.Random(seed)
        server = self.server().start()
        self.problems = []
        acknowledged, seen, at = {}, {}, server.get(MAPS)["metadata"]["resourceVersion"]
        for round_ in range(100 if FULL else 4):
            with self.subTest(seed=seed, round=round_):
                stop = threading.Event()
                writers = [threading.Thread(target=self.write, args=(server, f"r{round_}-{i}", acknowledged, stop)) for i in range(4)]
                watching = threading.Thread(target=self.follow, args=(server, at, seen))
                for thread in [watching, *writers]:
                    thread.start()
                time.sleep(dice.uniform(0.05, 0.4))
                server.kill()
                stop.set()
                for thread in [watching, *writers]:
                    thread.join(30)
                server.start()
                at = str(max([int(at), *(int(version) for version, _ in seen.values())]))
                there = {item["metadata"]["name"]: item["data"]["n"] for item in server.get(MAPS)["items"] if "n" in item.get("data", {})}
                for name, value in list(acknowledged.items()):
                    self.assertGreaterEqual(int(there.get(name, -1)), value, f"seed {seed}: {name} was acknowledged")
        # What the watchers saw, one after another, is what is there: each ended where the next began.
        self.follow_to_end(server, at, seen)
        self.assertEqual(self.problems, [], f"seed {seed}")
        for item in server.get(MAPS)["items"]:
            if "n" in item.get("data", {}):
                version, _ = seen[item["metadata"]["name"]]
                self.assertEqual(version, item["metadata"]["resourceVersion"], f"seed {seed}")

    def write(self, server, name, acknowledged, stop):
        try:
            connection = server.connect(10)
            headers = server.headers({"Content-Type": "application/merge-patch+json"})
            connection.request("POST", MAPS, json.dumps(config_map(name, {"n": "0"})), server.headers({"Content-Type": "application/json"}))
            answer = connection.getresponse()
            answer.read()
            if answer.status == 201:
                acknowledged[name] = 0
            n = 0
            while not stop.is_set():
                n += 1
                connection.request("PATCH", f"{MAPS}/{name}", json.dumps({"data": {"n": str(n)}}), headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    acknowledged[name] = n
        except (OSError, http.client.HTTPException):
            pass  # the server is dead

    def follow(self, server, at, seen):
        try:
            watch = server.watch(f"{MAPS}?watch=1&resourceVersion={at}", timeout=10)
            while (event := watch.next()) is not None:
                self.note(event, seen)
        except (OSError, http.client.HTTPException, ValueError):
            pass

    def follow_to_end(self, server, at, seen):
        last = server.create(MAPS, config_map("end"))["metadata"]["resourceVersion"]
        with server.watch(f"{MAPS}?watch=1&resourceVersion={at}") as watch:
            while True:
                event = watch.next()
                self.assertIsNotNone(event)
                self.note(event, seen)
                if event["object"]["metadata"].get("resourceVersion") == last:
                    return

    def note(self, event, seen):
        if event["type"] == "ERROR":
            self.problems.append(f"the watch had to begin anew: {event}")
            return
        thing = event["object"]
        name, version = thing["metadata"]["name"], thing["metadata"]["resourceVersion"]
        number = int(thing.get("data", {}).get("n", 0))
        if name in seen:
            before, last = seen[name]
            if int(version) <= int(before) or number != last + 1:
                self.problems.append(f"{name}: after {last} at {before} came {number} at {version}")
        seen[name] = (version, number)


if __name__ == "__main__":
    unittest.main()
