"""One file of an npm package, pinned by version and hash: fetched once, at set-up, and kept under `var/`. Nothing of it is committed."""

import hashlib
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path


class PinnedFileError(Exception):
    """The pinned file cannot be had; says why and what to do."""


@dataclass(frozen=True)
class NpmFile:
    """A file as it was pinned.

    Attributes:
        package: name and exact version, such as `axe-core@4.14.1`. member: the file's path in the package.
        sha256: of its bytes. kept: where it lies once it was fetched.
    """

    package: str
    member: str
    sha256: str
    kept: Path

    def content(self) -> bytes:
        """Its bytes, fetched if they are not there yet.

        Raises:
            PinnedFileError: it cannot be fetched, or is not the one that was pinned.
        """
        if not self.kept.exists():
            self._fetch()
        raw = self.kept.read_bytes()
        if hashlib.sha256(raw).hexdigest() != self.sha256:
            raise PinnedFileError(f"{self.kept} is not the pinned one; remove it.")
        return raw

    def _fetch(self) -> None:
        self.kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.kept.parent) as folder:
            command = ["npm", "pack", self.package, "--silent"]
            try:
                packed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603
            except (OSError, subprocess.CalledProcessError) as error:
                raise PinnedFileError(f"npm could not fetch {self.package}: {error}. `make setup-test` installs npm.") from error
            with tarfile.open(Path(folder) / packed.stdout.split()[-1]) as archive:
                member = archive.extractfile(self.member)
                content = member.read() if member is not None else b""
            whole = Path(folder) / self.kept.name
            whole.write_bytes(content)
            whole.replace(self.kept)  # never half of it, whoever reads at the same time
