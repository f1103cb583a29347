"""Pushes of Pub/Sub, signed with keys of our own, and a server that publishes these keys."""

import base64
import http.server
import json
import threading
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

AUDIENCE = "https://shiptrace.example.com/v1/cloud-build"
ACCOUNT = "push@test-proj.iam.gserviceaccount.com"
ISSUER = "https://accounts.google.com"


class Signer:
    """A key and its name."""

    def __init__(self, name="key-1"):
        self.name = name
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def public(self):
        """The public key as a member of a key set."""
        described = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {**described, "kid": self.name, "alg": "RS256", "use": "sig"}

    def pem(self):
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def token(self, name=None, without=(), **changed):
        """A token as Google signs it for a push subscription, but for what is changed or left out."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "email": ACCOUNT, "email_verified": True, "sub": "1234",
                  "iat": now, "exp": now + 3600, **changed}
        claims = {key: value for key, value in claims.items() if key not in without}
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": name or self.name})


def push(message, token):
    """A push with a message of Cloud Build in it, and its headers."""
    data = base64.b64encode(json.dumps(message).encode()).decode()
    envelope = {"message": {"data": data, "messageId": "136969346945", "publishTime": "2024-03-05T13:07:00Z",
                            "attributes": {"buildId": message.get("id", ""), "status": message.get("status", "")}},
                "subscription": "projects/test-proj/subscriptions/deploys"}
    return json.dumps(envelope).encode(), {"Authorization": f"Bearer {token}"} if token else {}


class KeyServer:
    """Publishes a key set over HTTP on loopback. `keys` may change, `status` may be an error."""

    def __init__(self, *signers):
        self.keys, self.status, self.asked = [signer.public() for signer in signers], 200, 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                body = json.dumps({"keys": outer.keys}).encode()
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/keys"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
