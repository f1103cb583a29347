"""A receiver that runs, and senders that sign as the real ones do.

    with Receiver(folder, secrets={"github": SECRET}) as receiver:
        status, answer, _ = receiver.post("github", github(SECRET, body))
"""

import base64
import hashlib
import hmac
import http.client
import json
import re
import signal
import socket
import subprocess
import time
from contextlib import closing
from pathlib import Path

from .program import BINARY, ENVIRONMENT, ROOT

PAYLOADS = ROOT / "tests" / "payloads"
JSON = {"Content-Type": "application/json"}


class Receiver:
    """`shiptrace collect --listen` on a free port of loopback."""

    def __init__(self, folder, *arguments, secrets=None, env=None, into="deploys.db"):
        self.folder, self.into = Path(folder), into
        self.arguments = ["collect", "--listen", "127.0.0.1:0", "--into", into, *map(str, arguments)]
        named = {f"SHIPTRACE_SECRET_{name.upper().replace('-', '_')}": secret for name, secret in (secrets or {}).items()}
        self.environment = {**ENVIRONMENT, "HOME": str(folder), **named, **(env or {})}
        self.log_file = self.folder / "receiver.log"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def start(self):
        """Starts it and waits until it listens."""
        begin = self.log_file.stat().st_size if self.log_file.exists() else 0
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen([BINARY, *self.arguments], cwd=self.folder, env=self.environment,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if found := re.search(r"listening on http://127\.0\.0\.1:(\d+)", self.log()[begin:]):
                self.port = int(found[1])
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"the receiver did not start:\n{self.log()}")

    def log(self):
        """All that it wrote so far."""
        return self.log_file.read_text(encoding="utf-8", errors="backslashreplace")

    def kill(self):
        """Ends it as a power cut does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds=30):
        """Asks it to end, and tells its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def request(self, method, path, body=None, headers=None, seconds=60):
        """Sends a request. Returns status, text and headers of the answer."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)) as connection:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8"), dict(answer.getheaders())

    def post(self, provider, signed):
        """Sends a message with its headers. Returns the status and the answer as JSON."""
        body, headers = signed
        status, text, _ = self.request("POST", f"/v1/{provider}", body, {**JSON, **headers})
        return status, json.loads(text) if text else None

    def raw(self, text, seconds=60):
        """Sends bytes as they are; returns all that comes until the other end closes."""
        with closing(socket.create_connection(("127.0.0.1", self.port), timeout=seconds)) as connection:
            connection.sendall(text)
            answer = b""
            while part := connection.recv(65536):
                answer += part
            return answer

    def metric(self, name):
        """The value of a metric, by its name with its labels; None where it is not there."""
        _, text, _ = self.request("GET", "/metrics")
        lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
        return next((float(value) for label, _, value in lines if label == f"shiptrace_{name}"), None)


def payload(provider, name):
    """A message of tests/payloads."""
    return (PAYLOADS / provider / name).read_bytes()


def hexadecimal(secret, body, digest="sha256"):
    return hmac.new(secret.encode(), body, digest).hexdigest()


def encoded(data):
    """Base64 as tokens have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def github(secret, body):
    return body, {"X-Hub-Signature-256": f"sha256={hexadecimal(secret, body)}", "X-GitHub-Event": "deployment_status"}


def gitlab(secret, body):
    return body, {"X-Gitlab-Token": secret}


def standard(secret, body, at=None, name="msg_1"):
    """Standard Webhooks, by which GitLab signs where a signing token is set."""
    at = int(time.time() if at is None else at)
    key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    code = hmac.new(key, f"{name}.{at}.".encode() + body, "sha256").digest()
    return body, {"webhook-id": name, "webhook-timestamp": str(at),
                  "webhook-signature": f"v1,{base64.b64encode(code).decode()}"}


def circleci(secret, body):
    return body, {"circleci-signature": f"v2=00,v1={hexadecimal(secret, body)}"}


def azure_devops(secret, body):
    return body, {"Authorization": f"Basic {base64.b64encode(f'anybody:{secret}'.encode()).decode()}"}


def bearer(secret, body):
    return body, {"Authorization": f"Bearer {secret}"}


def own_header(secret, body):
    return body, {"X-Shiptrace-Token": secret}


def vercel(secret, body):
    return body, {"x-vercel-signature": hexadecimal(secret, body, "sha1")}


def netlify(secret, body, claims=None, algorithm="HS256"):
    claims = {"iss": "netlify", "sha256": hashlib.sha256(body).hexdigest()} if claims is None else claims
    head = ".".join(encoded(json.dumps(part).encode()) for part in ({"alg": algorithm, "typ": "JWT"}, claims))
    code = hmac.new(secret.encode(), head.encode(), "sha256").digest()
    return body, {"X-Webhook-Signature": f"{head}.{encoded(code)}"}


# How each sender signs, with a message of it that tells a deployment.
SENDERS = {
    "github": (github, "deployment_status.json"),
    "gitlab": (gitlab, None),
    "circleci": (circleci, "workflow.json"),
    "azure-devops": (azure_devops, "release.json"),
    "argocd": (bearer, "succeeded.json"),
    "cdevents": (bearer, "deployed.json"),
    "vercel": (vercel, None),
    "netlify": (netlify, None),
    "generic": (own_header, None),
}


def first_message(provider):
    """A message of a provider: the one that SENDERS names, or the first there is."""
    if provider == "generic":
        return json.dumps({"id": "7", "deployed_at": "2024-03-05T13:00:00Z", "app": "web", "status": "success"}).encode()
    name = SENDERS[provider][1]
    return payload(provider, name) if name else sorted((PAYLOADS / provider).glob("*.json"))[0].read_bytes()
