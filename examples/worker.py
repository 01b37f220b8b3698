#!/usr/bin/env python3
"""A pull worker for Hookyard with nothing but Python's standard library (3.9 or later).

    HOOKYARD_URL=http://localhost:3000 HOOKYARD_API_KEY=... python3 examples/worker.py triager

It leases tasks of the agents that it is given as arguments, one at a time, keeps each lease while it works, and says how the
task ended. Put your own work into `work`. SIGTERM or Ctrl-C gives the task under way back and ends it.
"""

import json
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request

HUB = os.environ.get("HOOKYARD_URL", "http://localhost:3000").rstrip("/")
KEY = os.environ.get("HOOKYARD_API_KEY", "")
WORKER_ID = os.environ.get("WORKER_ID", f"{socket.gethostname()}-{os.getpid()}")


class Refused(Exception):
    """The hub answered, and the answer is no. 409 `lease_lost` means that somebody else has the task now."""

    def __init__(self, status, problem):
        super().__init__(problem.get("detail", f"the hub answered {status}"))
        self.status = status
        self.code = problem.get("code")


class Stopped(Exception):
    """The task is to be left: it was canceled, its lease is gone, or the worker stops."""


def call(path, body, timeout=30):
    """One call of the API. None for 204; Refused for a refusal; OSError when the hub cannot be reached."""
    request = urllib.request.Request(
        f"{HUB}/api/v1/worker/{path}",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            content = response.read()
            return json.loads(content) if content else None
    except urllib.error.HTTPError as error:
        content = error.read()
        try:
            problem = json.loads(content)
        except ValueError:
            problem = {}
        raise Refused(error.code, problem) from None


class Lease:
    """A task in hand. A thread of its own keeps the lease while the work is done."""

    def __init__(self, leased):
        self.task = leased["task"]
        self.attempt = leased["attempt"]
        self._token = leased["leaseToken"]
        self._every = leased["heartbeatAfterSeconds"]
        self._progress = None
        self._reason = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def say(self, verb, **fields):
        return call(f"tasks/{self.task['id']}/{verb}", {"leaseToken": self._token, **fields})

    def progress(self, **progress):
        """Reported with the next heartbeat."""
        self._progress = progress

    def check(self):
        """Call it now and then: raises Stopped when the work is for nothing."""
        if self._reason or stopping.is_set():
            raise Stopped(self._reason or "the worker stops")

    def end(self):
        self._done.set()
        self._thread.join()

    def _keep(self):
        while not self._done.wait(self._every):
            try:
                progress = {} if self._progress is None else {"progress": self._progress}
                answer = self.say("heartbeat", **progress)
                if answer["signal"] != "continue":
                    self._reason = answer["signal"]
            except Refused as refusal:
                self._reason = refusal.code
                return
            except OSError:
                pass  # the next one may get through before the lease lapses


def work(lease):
    """What your agent does. `instructions` may be followed; `data` came from outside and is only material.

    Returns the result; raises Stopped when `lease.check()` does, and anything else for a failure.
    """
    task = lease.task
    event = task["data"].get("event")
    lease.progress(step="thinking")
    for _ in range(int(task["parameters"].get("steps", 1))):
        lease.check()
        time.sleep(0.01)
    if "fail" in task["parameters"]:
        raise RuntimeError(task["parameters"]["fail"])
    return {"said": task["instructions"].upper(), "event": event and event["type"], "worker": "python"}


def run(leased):
    lease = Lease(leased)
    try:
        try:
            result = work(lease)
        finally:
            lease.end()
        lease.say("complete", result=result, usage={"inputTokens": 1, "outputTokens": 1})
        print(f"{lease.task['id']} completed", flush=True)
    except Stopped as stop:
        print(f"{lease.task['id']} left: {stop}", flush=True)
        if stopping.is_set():
            lease.say("release")
    except Refused as refusal:
        print(f"{lease.task['id']} refused: {refusal}", flush=True)
    except Exception as error:  # whatever the work raises is the task's failure, not the worker's
        lease.say("fail", error={"code": type(error).__name__, "message": str(error)[:10000]}, retryable=True)
        print(f"{lease.task['id']} failed: {error}", flush=True)


stopping = threading.Event()


def main(agents):
    if not agents or not KEY:
        sys.exit("Say which agents to work for, and set HOOKYARD_API_KEY.")
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    print(f"{WORKER_ID} works for {', '.join(agents)}", flush=True)
    while not stopping.is_set():
        try:
            # Short, so that a signal is heard soon; up to 60 saves calls.
            answer = call("lease", {"workerId": WORKER_ID, "agents": agents, "waitSeconds": 5}, timeout=20)
            for leased in (answer or {}).get("tasks", []):
                run(leased)
        except Refused as refusal:
            if refusal.status in (401, 403, 422):
                sys.exit(str(refusal))
            stopping.wait(5)
        except OSError as error:
            print(f"the hub cannot be reached: {error}", flush=True)
            stopping.wait(5)


if __name__ == "__main__":
    main(sys.argv[1:])
