"""An S3-compatible server on this machine, for as long as the tests last."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

WEED = Path(sys.executable).with_name("weed")

KEYS = {"AWS_ACCESS_KEY_ID": "packshot-test", "AWS_SECRET_ACCESS_KEY": "packshot-test-secret"}


def free_ports(count: int) -> list[int]:
    # The server takes each port and the one 10,000 above it.
    found = []
    for port in range(20000, 50000, 17):
        with socket.socket() as low, socket.socket() as high, suppress(OSError):
            low.bind(("127.0.0.1", port))
            high.bind(("127.0.0.1", port + 10000))
            found.append(port)
        if len(found) == count:
            return found
    raise OSError("no free ports")


@contextmanager
def seaweed(folder: Path) -> Iterator[str]:
    """Run SeaweedFS in `folder`; yield the address of its S3 interface."""
    master, volume, filer, s3 = free_ports(4)
    identity = {
        "name": "packshot",
        "credentials": [{"accessKey": KEYS["AWS_ACCESS_KEY_ID"], "secretKey": KEYS["AWS_SECRET_ACCESS_KEY"]}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    command = [
        str(WEED),
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        f"-master.port={master}",
        f"-volume.port={volume}",
        f"-filer.port={filer}",
        "-s3",
        f"-s3.port={s3}",
        f"-s3.config={folder / 's3.json'}",
        "-master.volumeSizeLimitMB=64",
        "-volume.max=20",
    ]
    log = (folder / "weed.log").open("wb")
    server = subprocess.Popen(
        command, stdout=log, stderr=log, env={"PATH": os.environ["PATH"], "HOME": str(folder)}
    )
    try:
        await_answer(f"http://127.0.0.1:{s3}/", server)
        yield f"http://127.0.0.1:{s3}"
    finally:
        server.kill()
        server.wait()
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def await_answer(address: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError("the server ended at once")
        with suppress(httpx.TransportError):
            if httpx.get(address, timeout=2, trust_env=False).status_code < 500:
                return
        time.sleep(0.1)
    raise TimeoutError(address)
