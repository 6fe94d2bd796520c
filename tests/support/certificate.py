"""A certificate for localhost that nobody vouches for, made by openssl: for servers under TLS on loopback."""

import shutil
import subprocess
from pathlib import Path

CAN_BE_MADE = shutil.which("openssl") is not None
_WORDS = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
_FILES = "-addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem"


def make(folder: Path) -> Path:
    """*folder* with key.pem and cert.pem in it."""
    command = ["openssl", *_WORDS.split(), *_FILES.split()]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder
