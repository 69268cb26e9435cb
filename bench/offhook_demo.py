"""Offhook on the subscriber line: a demo platform of its own is in the path, its media relay too."""
import os, shutil, urllib.request
from infra import WORK, OUT, wait_for
from .offhook import Phone as Base

PORT = 8480


class Phone(Base):
    name = "offhook_demo"
    demo = os.environ.get("OFFHOOK_DEMO", "offhook-demo")

    def line(self):
        if not hasattr(self.ctx, "offhook_platform") or self.ctx.offhook_platform.poll() is not None:
            data = WORK + "/offhook-platform"
            shutil.rmtree(data, ignore_errors=True)
            at = f"127.0.0.1:{PORT}"
            self.ctx.offhook_platform = self.ctx.procs.start([self.demo, "serve", "--listen", at, "--media-listen", at, "--data", data],
                                                             OUT + "/offhook-platform.log")

            def up():
                try:
                    urllib.request.urlopen(f"http://{at}/metrics", timeout=1)
                    return True
                except urllib.error.HTTPError:
                    return True
                except OSError:
                    return False
            wait_for(up, 15, "offhook-demo")
        self.user = {"A": "alice", "B": "bob"}[self.side]
        return ["--server", f"http://127.0.0.1:{PORT}", "--account", "demo", "--user", self.user], "demo"

    def address(self): return self.user
