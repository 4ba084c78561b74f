"""Twilio's own OpenAPI of Messages, taken from its npm package, pinned by version and hash, and cut to what we use.

Made once under `var/` and kept there. Needs `npm` and the npm registry the first time.
"""

import hashlib
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

PACKAGE = "@twilio/cli-core@9.0.0"
MEMBER = "package/src/services/twilio-api/twilio_api_v2010.json"
SHA256 = "170b3ccd0f891416840083d72f1795b1499b14a18d4873fd2b39f47ef84642d6"
CACHE = Path(__file__).resolve().parents[2] / "var" / "twilio"
MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages.json"


def messages_specification() -> dict[str, Any]:
    """The OpenAPI document with the Messages list alone and the schemas it refers to.

    Raises:
        AssertionError: the file is not the one that was pinned.
        OSError, subprocess.CalledProcessError: npm is missing or cannot fetch the package.
    """
    kept = CACHE / "twilio_api_v2010.json"
    if not kept.exists():
        _fetch(kept)
    raw = kept.read_bytes()
    assert hashlib.sha256(raw).hexdigest() == SHA256, f"{kept} is not the pinned one; remove it"
    return _slice(json.loads(raw))


def _fetch(kept: Path) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    packed = subprocess.run(["npm", "pack", PACKAGE, "--silent"], cwd=CACHE, check=True, capture_output=True, text=True)
    tarball = CACHE / packed.stdout.split()[-1]
    with tarfile.open(tarball) as archive:
        member = archive.extractfile(MEMBER)
        assert member is not None
        content = member.read()
    tarball.unlink()
    kept.write_bytes(content)


def _slice(document: dict[str, Any]) -> dict[str, Any]:
    path = document["paths"][MESSAGES]
    needed: set[str] = set()
    waiting = _references(path)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting |= _references(document["components"]["schemas"][name])
    schemas = {name: document["components"]["schemas"][name] for name in sorted(needed)}
    components = {**document["components"], "schemas": schemas}
    return {**document, "paths": {MESSAGES: path}, "components": components}


def _references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"].rpartition("/")[2]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(_references(value) for value in node.values()))
    return set().union(*(_references(value) for value in node)) if isinstance(node, list) else set()
