"""A PostgreSQL server for tests, certificates for it, and the command line."""

from __future__ import annotations

import datetime
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

CLI = (pathlib.Path(os.environ["THALWEG_BUILD"]) / "thalweg").resolve()
EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_UNAVAILABLE, EX_CANTCREAT = 64, 65, 66, 69, 73


def thalweg(*arguments: str, cwd: pathlib.Path, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run([CLI, *arguments], cwd=cwd, text=True, capture_output=True, check=False,
                          timeout=120, **options)


def sql(query: str, cwd: pathlib.Path) -> str:
    done = thalweg("sql", "--format", "csv", query, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Server:
    """A PostgreSQL server in a folder of its own, which nobody reaches but by its socket."""

    def __init__(self) -> None:
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        self.programs = programs[-1].parent if programs else pathlib.Path("/usr/bin")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="thalweg-pg."))
        self.user: str | None = None
        if os.geteuid() == 0:  # PostgreSQL does not run as root.
            self.user = "postgres"
            os.chown(self.folder, pwd.getpwnam("postgres").pw_uid, -1)
        self.program("initdb", "--username=postgres", "--auth=trust", "--no-sync",
                     "--encoding=UTF8", "--locale=C")
        self.start()

    @property
    def uri(self) -> str:
        return f"postgresql:///postgres?host={self.folder}&user=postgres"

    def program(self, name: str, *arguments: str) -> None:
        subprocess.run([self.programs / name, f"--pgdata={self.folder}/data", *arguments],
                       cwd=self.folder, user=self.user, check=True, capture_output=True, timeout=60)

    def start(self, settings: str = "-c listen_addresses=''") -> None:
        options = f"{settings} -c fsync=off -k {self.folder}"
        subprocess.run([self.programs / "pg_ctl", f"--pgdata={self.folder}/data", "--wait",
                        f"--log={self.folder}/log", f"--options={options}", "start"],
                       cwd=self.folder, user=self.user, check=True, stdout=subprocess.DEVNULL,
                       timeout=60)

    def stop(self, mode: str = "immediate") -> None:
        self.program("pg_ctl", f"--mode={mode}", "--wait", "stop")

    def give(self, path: pathlib.Path) -> None:
        """To the user that the server runs as; for that user's eyes only."""
        path.chmod(0o600)
        if self.user is not None:
            os.chown(path, pwd.getpwnam(self.user).pw_uid, -1)

    def psql(self, *commands: str) -> str:
        words = [word for command in commands for word in ("--command", command)]
        done = subprocess.run(["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
                               self.uri, *words], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)


class Certificate:
    """A key and its certificate, issued by `issuer` or by itself."""

    def __init__(self, name: str, issuer: Certificate | None = None, days: int = 1) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        by = issuer or self
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(self.name).issuer_name(by.name).public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(end - datetime.timedelta(days=10)).not_valid_after(end)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None),
                           critical=True)
            .sign(by.key, hashes.SHA256()))

    def write(self, certificate: pathlib.Path, key: pathlib.Path | None = None) -> None:
        pem = serialization.Encoding.PEM
        certificate.write_bytes(self.certificate.public_bytes(pem))
        if key is not None:
            key.write_bytes(self.key.private_bytes(pem, serialization.PrivateFormat.PKCS8,
                                                   serialization.NoEncryption()))
