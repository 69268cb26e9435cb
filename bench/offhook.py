"""Offhook without a window, driven by `offhook ctl`.

  offhook       a SIP account at the bench's server (ws), so that the relay can impair it
  offhook_demo  the subscriber line through a demo platform of its own, with that platform's media relay in the path
  offhook_raw   offhook with echo cancellation, noise suppression and gain control off

OFFHOOK=/path/to/offhook and OFFHOOK_DEMO=/path/to/offhook-demo name the binaries, else they are looked for in PATH.
"""
import json, os, shutil, socket, subprocess, threading, time, urllib.request
from infra import WORK, OUT, wait_for
from .base import Phone as Base

STATES = {"INCOMING": "incoming", "RINGING": "ringing", "ESTABLISHED": "established"}


class Phone(Base):
    name = "offhook"
    binary = os.environ.get("OFFHOOK", "offhook")
    processing = True

    def line(self):
        """The flags that name the line."""
        self.user = "oh" + self.side.lower()
        return ["--sip-account", self.user + "@lab.test", "--sip-server", "ws://127.0.0.1:8080"], "secret"

    def address(self): return f"sip:{self.user}@lab.test"

    def start(self):
        self.profile = "bench-" + self.side
        self.home = f"{WORK}/{self.name}-{self.side}"
        shutil.rmtree(self.home, ignore_errors=True)
        os.makedirs(self.home)
        flags, password = self.line()
        with open(self.home + "/pw", "w") as f:
            f.write(password)
        os.chmod(self.home + "/pw", 0o600)
        os.makedirs(self.home + "/run", mode=0o700)
        # No keyring of the machine's: each start is a first one.
        self.env = {"HOME": self.home, "XDG_CONFIG_HOME": self.home + "/config", "XDG_RUNTIME_DIR": self.home + "/run",
                    "DBUS_SESSION_BUS_ADDRESS": "unix:path=" + self.home + "/run/none"}
        self.which = ["--profile", self.profile, "--config-dir", self.home]
        if not self.processing:
            os.makedirs(f"{self.home}/{self.profile}")
            with open(f"{self.home}/{self.profile}/settings.json", "w") as f:
                json.dump(self.settings(), f)
        self.p = self.ctx.procs.start([self.binary, "--headless", *self.which, *flags, "--password-file", self.home + "/pw",
                                       "--audio-in", "device:" + self.mic, "--audio-out", "device:" + self.speaker, "--ring-out", "null"],
                                      f"{OUT}/{self.name}-{self.side}.log", self.env)
        self.alive, self.last, self.watcher = True, None, None
        threading.Thread(target=self._events, daemon=True).start()
        self.wait("ready", 0, 40)

    def settings(self):
        return {"version": 1, "audio": {"echo_cancellation": False, "noise_suppression": False, "automatic_gain": False}}

    def _ctl(self, *a, timeout=15):
        r = subprocess.run([self.binary, "ctl", *self.which, *a, "--json"], capture_output=True, text=True,
                           env=dict(os.environ, **self.env), timeout=timeout)
        try:
            return json.loads(r.stdout)
        except ValueError:
            return {"error": {"code": "ctl", "message": (r.stdout + r.stderr)[-300:]}}

    def _do(self, *a):
        def go():
            r = self._ctl(*a)
            if "error" in r:
                self.emit("error", r)
        threading.Thread(target=go, daemon=True).start()

    def _events(self):
        """One snapshot a line, as `ctl status --json` prints it; the first is the state as it is."""
        ready = False
        while self.alive:
            p = self.watcher = subprocess.Popen([self.binary, "ctl", *self.which, "events", "--json"], stdout=subprocess.PIPE,
                                                stderr=subprocess.DEVNULL, text=True, env=dict(os.environ, **self.env))
            for line in p.stdout:
                try:
                    s = json.loads(line)
                except ValueError:
                    continue
                if s.get("ready") and not ready:
                    ready = True
                    self.emit("ready", s)
                state = (s.get("call") or {}).get("state")
                if state != self.last:
                    if state in STATES:
                        self.emit(STATES[state], s)
                    elif state is None and self.last is not None:
                        self.emit("ended", s.get("last_call"))
                    self.last = state
            p.wait()
            time.sleep(0.1)   # the phone is not there yet

    def dial(self, address): self._do("dial", address)
    def answer(self): self._do("answer")
    def hangup(self): self._ctl("hangup")
    def roots(self): return [self.p.pid]
    def stats(self): return self._ctl("stats")

    def stop(self):
        self.alive = False
        if hasattr(self, "p"):
            try:
                self._ctl("quit")
            except subprocess.TimeoutExpired:
                pass
            if self.watcher:
                self.watcher.kill()
            self.ctx.procs.stop(self.p)
