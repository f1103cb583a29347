"""The receiver as senders see it: what it takes, what it refuses, and that it tells nobody a secret."""

import concurrent.futures
import json
import socket
import sqlite3
import time
import unittest
from contextlib import closing

import jwt

from support import receiver as senders
from support.program import Programs
from support.push import ACCOUNT, AUDIENCE, KeyServer, Signer, push
from support.receiver import SENDERS, Receiver, first_message, payload

SECRETS = {name: f"secret-of-{name}-0123456789" for name in SENDERS}
BUILD = json.loads(payload("cloud-build", "build.json"))


def rows(folder, query="SELECT source, id FROM deploys"):
    with closing(sqlite3.connect(folder / "deploys.db")) as database:
        return database.execute(query).fetchall()


class Senders(Programs):
    """Each sender proves in its own way who it is."""

    def receiver(self, *arguments, secrets=None, env=None):
        receiver = Receiver(self.folder, *arguments, secrets=SECRETS if secrets is None else secrets, env=env)
        self.addCleanup(receiver.__exit__)
        return receiver.__enter__()

    def test_a_message_of_each_sender_that_is_signed_as_it_signs_becomes_a_deployment(self):
        receiver = self.receiver()
        for provider, (sign, _) in SENDERS.items():
            with self.subTest(provider):
                status, answer = receiver.post(provider, sign(SECRETS[provider], first_message(provider)))
                self.assertEqual((status, answer.get("rejected"), answer.get("new", 0) + sum(answer["ignored"].values())),
                                 (200, 0, 1), answer)
        self.assertGreaterEqual(len(rows(self.folder)), 6)

    def test_a_wrong_missing_or_cut_signature_is_refused_and_nothing_is_kept(self):
        receiver = self.receiver()
        for provider, (sign, _) in SENDERS.items():
            body = first_message(provider)
            _, right = sign(SECRETS[provider], body)
            name = next(name for name in right if name != "X-GitHub-Event")
            damaged = {
                "wrong secret": (body, sign("another-secret-0123456789", body)[1]),
                "no signature": (body, {}),
                "empty": (body, {name: ""}),
                "cut": (body, {name: right[name][:-2]}),
                "longer": (body, {name: right[name] + "00"}),
                "nonsense": (body, {name: "\xff';DROP TABLE deploys;--"}),
            }
            if sign in (senders.github, senders.circleci, senders.vercel, senders.netlify):
                damaged["another body"] = (body + b" ", right)
            for what, signed in damaged.items():
                with self.subTest(provider=provider, what=what):
                    self.assertIn(receiver.post(provider, signed)[0], (401, 403))
        self.assertEqual((rows(self.folder), rows(self.folder, "SELECT * FROM rejected")), ([], []))

    def test_a_signature_sent_twice_is_refused(self):
        receiver = self.receiver()
        body, headers = senders.github(SECRETS["github"], first_message("github"))
        lines = f"X-Hub-Signature-256: {headers['X-Hub-Signature-256']}\r\n"
        head = f"POST /v1/github HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n{lines}{lines}"
        answer = receiver.raw(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self.assertIn(b" 401 ", answer.split(b"\r\n")[0])

    def test_a_request_that_was_signed_long_ago_or_in_the_future_is_a_replay(self):
        receiver = self.receiver()
        for provider in ("gitlab", "generic", "cdevents", "argocd"):
            body, secret = first_message(provider), SECRETS[provider]
            self.assertEqual(receiver.post(provider, senders.standard(secret, body))[0], 200)
            for seconds in (-301, -86400, 301):
                status, answer = receiver.post(provider, senders.standard(secret, body, time.time() + seconds))
                self.assertEqual(status, 403, (provider, seconds, answer))
            # A new moment on an old signature does not hold either.
            _, headers = senders.standard(secret, body, time.time() - 400)
            fresh = {**headers, "webhook-timestamp": str(int(time.time()))}
            self.assertEqual(receiver.post(provider, (body, fresh))[0], 403)
            self.assertEqual(receiver.post(provider, (body, {**headers, "webhook-timestamp": "soon"}))[0], 401)
        self.assertEqual(receiver.metric('refused_total{provider="gitlab",reason="replayed"}'), 3)

    def test_a_signing_key_of_standard_webhooks_may_be_base64(self):
        key = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
        receiver = self.receiver(secrets={"gitlab": key})
        self.assertEqual(receiver.post("gitlab", senders.standard(key, first_message("gitlab")))[0], 200)

    def test_a_token_of_netlify_holds_for_its_algorithm_issuer_and_body_only(self):
        receiver = self.receiver()
        body, secret = first_message("netlify"), SECRETS["netlify"]
        digest = senders.hashlib.sha256(body).hexdigest()
        self.assertEqual(receiver.post("netlify", senders.netlify(secret, body))[0], 200)
        none = ".".join(senders.encoded(json.dumps(part).encode()) for part in (
            {"alg": "none", "typ": "JWT"}, {"iss": "netlify", "sha256": digest})) + "."
        for what, headers in {
            "none": {"X-Webhook-Signature": none},
            "another algorithm in the header": senders.netlify(secret, body, algorithm="HS512")[1],
            "another issuer": senders.netlify(secret, body, {"iss": "me", "sha256": digest})[1],
            "no issuer": senders.netlify(secret, body, {"sha256": digest})[1],
            "no digest": senders.netlify(secret, body, {"iss": "netlify"})[1],
            "expired": senders.netlify(secret, body, {"iss": "netlify", "sha256": digest, "exp": 1})[1],
        }.items():
            with self.subTest(what):
                self.assertEqual(receiver.post("netlify", (body, headers))[0], 403)

    def test_while_a_secret_is_changed_the_old_and_the_new_one_hold(self):
        self.write("secrets", "the-old-secret-0123\n\nthe-new-secret-4567\n")
        receiver = self.receiver("--secret-file", "github=secrets", secrets={})
        body = first_message("github")
        for secret, status in (("the-old-secret-0123", 200), ("the-new-secret-4567", 200), ("another-0123456789", 403)):
            self.assertEqual(receiver.post("github", senders.github(secret, body))[0], status)
        self.assertEqual(receiver.post("gitlab", senders.gitlab("the-old-secret-0123", body))[0], 404)


class Pushes(Programs):
    """Pub/Sub proves with a token that Google signed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.signer, cls.other = Signer(), Signer("key-2")

    def setUp(self):
        super().setUp()
        self.keys = KeyServer(self.signer)
        self.keys.__enter__()
        self.addCleanup(self.keys.__exit__)
        self.receiver = Receiver(self.folder, "--push-audience", AUDIENCE, "--push-account", ACCOUNT,
                                 "--push-keys", self.keys.url)
        self.receiver.__enter__()
        self.addCleanup(self.receiver.__exit__)

    def status(self, token):
        return self.receiver.post("cloud-build", push(BUILD, token))[0]

    def test_a_push_that_google_signed_for_us_is_taken(self):
        self.assertEqual(self.receiver.post("cloud-build", push(BUILD, self.signer.token()))[1]["new"], 1)
        self.assertEqual(self.receiver.post("cloud-build", push(BUILD, self.signer.token()))[1]["unchanged"], 1)

    def test_a_token_that_is_not_for_us_from_us_and_of_now_is_refused(self):
        now = int(time.time())
        public = self.signer.pem()
        head, claims, _ = self.signer.token().split(".")
        unsigned = senders.encoded(json.dumps({"alg": "none", "kid": "key-1"}).encode())
        confused = senders.encoded(json.dumps({"alg": "HS256", "kid": "key-1"}).encode())
        code = senders.hmac.new(public, f"{confused}.{claims}".encode(), "sha256").digest()
        for what, token in {
            "no token": "",
            "nonsense": "a.b.c",
            "another audience": self.signer.token(aud="https://elsewhere.example.com"),
            "no audience": self.signer.token(without=["aud"]),
            "another issuer": self.signer.token(iss="https://accounts.example.com"),
            "no issuer": self.signer.token(without=["iss"]),
            "another account": self.signer.token(email="somebody@example.com"),
            "an account that is not verified": self.signer.token(email_verified=False),
            "no account": self.signer.token(without=["email"]),
            "expired": self.signer.token(iat=now - 7200, exp=now - 120),
            "no end": self.signer.token(without=["exp"]),
            "not valid yet": self.signer.token(nbf=now + 600),
            "issued in the future": self.signer.token(iat=now + 600),
            "another key under the name of ours": Signer("key-1").token(),
            "a key that is not known": self.other.token(),
            "no name of a key": jwt.encode({"aud": AUDIENCE}, self.signer.key, algorithm="RS256"),
            "cut": self.signer.token()[:-4],
            "not signed": f"{unsigned}.{claims}.",
            "signed with the public key as a secret": f"{confused}.{claims}.{senders.encoded(code)}",
            "claims of another": f"{head}.{senders.encoded(b'{}')}.{self.signer.token().split('.')[2]}",
        }.items():
            with self.subTest(what):
                self.assertIn(self.status(token), (401, 403))
        self.assertEqual(rows(self.folder), [])
        self.assertEqual(self.status(self.signer.token()), 200)
        self.assertEqual(self.status(self.signer.token(exp=now - 30)), 200, "clocks may differ a little")

    def test_keys_are_asked_for_once_and_unknown_ones_do_not_make_us_ask_all_the_time(self):
        for _ in range(5):
            self.assertEqual(self.status(self.signer.token()), 200)
        for _ in range(5):
            self.assertEqual(self.status(self.other.token()), 403)
        self.assertEqual(self.keys.asked, 1)

    def test_where_the_keys_cannot_be_had_the_push_is_to_come_again(self):
        self.keys.status = 500
        self.assertEqual(self.status(self.signer.token()), 503)

    def test_keys_may_lie_in_a_file(self):
        self.receiver.stop()
        self.write("keys.json", json.dumps({"keys": [self.other.public()]}))
        with Receiver(self.folder, "--push-keys", "keys.json",
                      env={"SHIPTRACE_PUSH_AUDIENCE": AUDIENCE, "SHIPTRACE_PUSH_ACCOUNT": ACCOUNT}) as receiver:
            self.assertEqual(receiver.post("cloud-build", push(BUILD, self.other.token()))[0], 200)
            self.assertEqual(receiver.post("cloud-build", push(BUILD, self.signer.token()))[0], 403)


class Limits(Programs):
    """What a sender may ask, and what it is told where it asks too much."""

    def receiver(self, *arguments):
        receiver = Receiver(self.folder, *arguments, secrets=SECRETS)
        self.addCleanup(receiver.__exit__)
        return receiver.__enter__()

    def signed(self, body):
        body, headers = senders.github(SECRETS["github"], body)
        return body, {**headers, "Content-Type": "application/json"}

    def kept(self):
        return rows(self.folder, "SELECT reason FROM rejected ORDER BY number")

    def test_a_body_that_is_too_large_is_refused_whether_or_not_it_says_so(self):
        receiver = self.receiver("--max-body", "10000")
        body, headers = self.signed(b'{"a": "' + b"x" * 10_000 + b'"}')
        self.assertEqual(receiver.request("POST", "/v1/github", body, headers)[0], 413)
        chunks = (body[at:at + 1000] for at in range(0, len(body), 1000))
        self.assertEqual(receiver.request("POST", "/v1/github", chunks, headers)[0], 413)
        said = "POST /v1/github HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Hub-Signature-256: sha256=00\r\n"
        self.assertIn(b" 413 ", receiver.raw(f"{said}Content-Length: 99999999999\r\n\r\n".encode()).split(b"\r\n")[0])
        self.assertEqual((rows(self.folder), self.kept()), ([], []))

    def test_a_sender_that_is_too_slow_is_told_so(self):
        receiver = self.receiver("--max-time", "300ms")
        head = (b"POST /v1/github HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"X-Hub-Signature-256: sha256=00\r\nContent-Length: 100\r\n\r\n{")
        began = time.monotonic()
        self.assertIn(b" 408 ", receiver.raw(head).split(b"\r\n")[0])
        receiver.raw(b"POST /v1/github HTTP/1.1\r\nHost:")  # its connection is closed
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(receiver.post("github", senders.github(SECRETS["github"], first_message("github")))[0], 200)

    def test_slow_senders_do_not_keep_the_others_out(self):
        receiver = self.receiver("--max-requests", "2", "--max-time", "2s")
        head = (b"POST /v1/github HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"X-Hub-Signature-256: sha256=00\r\nContent-Length: 100\r\n\r\n{")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            slow = [pool.submit(receiver.raw, head) for _ in range(2)]
            time.sleep(0.5)
            body, headers = self.signed(first_message("github"))
            status, _, answered = receiver.request("POST", "/v1/github", body, headers)
            self.assertEqual(status, 503)
            self.assertIn("retry-after", {name.lower() for name in answered})
            self.assertEqual(receiver.request("GET", "/healthz")[0], 200)
            for one in slow:
                self.assertIn(b" 408 ", one.result())
        self.assertEqual(receiver.request("POST", "/v1/github", body, headers)[0], 200)

    def test_what_is_no_json_is_told_and_kept_only_where_the_sender_proved_who_it_is(self):
        receiver = self.receiver()
        broken = [b"", b"{", b"null null", b"\xff\xfe", b'{"a": 1e}', b"<html>", b"\x00"]
        for body in broken:
            self.assertEqual(receiver.post("github", senders.github("wrong-secret-0123456789", body))[0], 403)
        self.assertEqual(self.kept(), [])
        for body in broken:
            self.assertEqual(receiver.post("github", senders.github(SECRETS["github"], body))[0], 400)
        self.assertEqual(len(self.kept()), len(broken))
        listed = json.loads(self.succeeds("collect", "rejected", "--format", "json"))["rejected"]
        self.assertEqual([one["message"] for one in listed][1:3], ["{", "null null"])

    def test_json_that_is_nested_too_deeply_is_refused(self):
        receiver = self.receiver()
        for body in (b"[" * 100_000, b"[" * 65 + b"]" * 65, b'{"a":' * 1_000_000 + b"1" + b"}" * 1_000_000):
            self.assertIn(receiver.post("github", senders.github(SECRETS["github"], body))[0], (400, 413))
        self.assertEqual(receiver.request("GET", "/healthz")[0], 200)

    def test_what_is_no_deployment_is_ignored_and_what_lacks_a_field_is_kept_without_being_sent_again(self):
        receiver = self.receiver()
        status, answer = receiver.post("github", senders.github(SECRETS["github"], payload("github", "in_progress.json")))
        self.assertEqual((status, sum(answer["ignored"].values())), (200, 1))
        message = json.loads(payload("github", "deployment_status.json"))
        del message["deployment_status"]["id"], message["deployment_status"]["created_at"], message["deployment"]
        body = json.dumps(message).encode()
        status, answer = receiver.post("github", senders.github(SECRETS["github"], body))
        self.assertEqual((status, answer["rejected"]), (202, 1), answer)
        self.assertEqual(len(self.kept()), 1)

    def test_another_content_type_is_refused(self):
        receiver = self.receiver()
        body, headers = self.signed(first_message("github"))
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", ""):
            self.assertEqual(receiver.request("POST", "/v1/github", body, {**headers, "Content-Type": kind})[0], 415, kind)
        self.assertEqual(receiver.request("POST", "/v1/github", body, {**headers, "Content-Encoding": "gzip"})[0], 415)
        for kind in ("application/json; charset=utf-8", "Application/JSON", "application/cloudevents+json"):
            self.assertEqual(receiver.request("POST", "/v1/github", body, {**headers, "Content-Type": kind})[0], 200, kind)

    def test_no_other_path_and_method_leads_in(self):
        receiver = self.receiver()
        body, headers = self.signed(first_message("github"))
        for path in ("/", "/v1", "/v1/", "/v1/github/", "//v1/github", "/v1//github", "/v1/../v1/github", "/./v1/github",
                     "/v1/git%68ub", "/v1/GitHub", "/v1%2fgithub", "/v1/github%00", "/v1/github;a=b", "/v1/auto",
                     "/v1/cloud-build", "/v1/github/../../etc/passwd", "/metrics/../v1/github", "/v2/github"):
            self.assertEqual(receiver.request("POST", path, body, headers)[0], 404, path)
        for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
            self.assertEqual(receiver.request(method, "/v1/github", body, headers)[0], 405, method)
        self.assertEqual(rows(self.folder), [])
        self.assertEqual(receiver.request("POST", "/v1/github?from=ci", body, headers)[0], 200)

    def test_what_is_no_http_ends_its_connection_and_nothing_else(self):
        receiver = self.receiver()
        for text in (b"\x16\x03\x01\x00\xa5\x01\x00", b"hello\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                     b"POST /v1/github HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
                     b"POST /v1/github HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nzz\r\n",
                     b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 1000 + b"\r\n", b"GET /" + b"a" * 100_000):
            try:
                receiver.raw(text)
            except ConnectionError:
                pass
        self.assertEqual(receiver.request("GET", "/healthz")[:2], (200, "ok\n"))


class Running(Programs):
    """Starting, stopping, and what it says of itself."""

    def test_it_does_not_listen_without_a_secret(self):
        for arguments, said in [
            ([], "no provider has a secret"),
            (["--from", "github"], "SHIPTRACE_SECRET_GITHUB"),
            (["--from", "cloud-build"], "--push-audience"),
            (["--push-audience", "https://x"], "--push-account"),
            (["--push-account", "a@b"], "--push-audience"),
            (["--secret-file", "github=none"], "none"),
            (["--secret-file", "github"], "PROVIDER=FILE"),
            (["--from", "git-hub", "--insecure"], "github"),
            (["--push-account", "a@b", "--push-audience", "x", "--push-keys", "http://example.com/keys"], "https"),
        ]:
            with self.subTest(arguments):
                self.assertIn(said, self.fails(2, "collect", "--listen", "127.0.0.1:0", *arguments))
        for address in ("0.0.0.0:0", "[::]:0"):
            self.assertIn("--insecure", self.fails(2, "collect", "--listen", address, "--insecure"))
        self.assertIn("port", self.fails(2, "collect", "--listen", "localhost"))

    def test_on_loopback_it_may_believe_everybody(self):
        with Receiver(self.folder, "--insecure", secrets={"gitlab": SECRETS["gitlab"]}) as receiver:
            self.assertEqual(receiver.post("github", (first_message("github"), {}))[0], 200)
            self.assertEqual(receiver.post("gitlab", (first_message("gitlab"), {}))[0], 401)

    def test_a_port_that_is_taken_is_told(self):
        with Receiver(self.folder, "--insecure") as receiver:
            said = self.fails(2, "collect", "--listen", f"127.0.0.1:{receiver.port}", "--insecure")
            self.assertIn("in use", said.lower())

    def test_a_stop_waits_for_what_is_in_flight(self):
        with Receiver(self.folder, secrets=SECRETS) as receiver:
            body, headers = senders.github(SECRETS["github"], first_message("github"))
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            head = (f"POST /v1/github HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{lines}"
                    f"Content-Length: {len(body)}\r\n\r\n").encode()
            with closing(socket.create_connection(("127.0.0.1", receiver.port), timeout=30)) as connection:
                connection.sendall(head + body[:10])
                time.sleep(0.3)
                receiver.process.terminate()
                time.sleep(0.3)
                with self.assertRaises(OSError):
                    socket.create_connection(("127.0.0.1", receiver.port), timeout=5).close()
                connection.sendall(body[10:])
                self.assertIn(b" 200 ", connection.recv(65536).split(b"\r\n")[0])
            self.assertEqual(receiver.process.wait(30), 0)
        self.assertEqual(len(rows(self.folder)), 1)

    def test_metrics_are_what_prometheus_reads_and_count_what_happened(self):
        with Receiver(self.folder, secrets=SECRETS) as receiver:
            for _ in range(3):
                receiver.post("github", senders.github(SECRETS["github"], first_message("github")))
            receiver.post("github", (first_message("github"), {}))
            self.assertEqual(receiver.metric('messages_total{provider="github",outcome="new"}'), 1)
            self.assertEqual(receiver.metric('messages_total{provider="github",outcome="unchanged"}'), 2)
            self.assertEqual(receiver.metric('refused_total{provider="github",reason="unsigned"}'), 1)
            self.assertEqual(receiver.metric("request_seconds_count"), 4)
            text = receiver.request("GET", "/metrics")[1]
            for line in text.splitlines():
                self.assertRegex(line, r'^(# (HELP|TYPE) shiptrace_[a-z_]+ .+|shiptrace_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+)$')

    def test_no_secret_and_nothing_of_a_message_is_in_what_it_writes(self):
        signer = Signer()
        self.write("keys.json", json.dumps({"keys": [signer.public()]}))
        with Receiver(self.folder, "--push-audience", AUDIENCE, "--push-account", ACCOUNT, "--push-keys", "keys.json",
                      secrets=SECRETS) as receiver:
            answers = []
            tokens = [signer.token(), signer.token(aud="x"), Signer("key-1").token()]
            for token in tokens:
                answers.append(receiver.post("cloud-build", push(BUILD, token)))
            for provider, (sign, _) in SENDERS.items():
                for secret in (SECRETS[provider], "a-wrong-secret-0123456789"):
                    answers.append(receiver.post(provider, sign(secret, first_message(provider))))
                    answers.append(receiver.post(provider, sign(secret, b'{"password": "in-the-message"}')))
                    answers.append(receiver.post(provider, sign(secret, b'{"password": "in-the-message" \x1b[31m')))
            receiver.request("POST", "/v1/secret-in-the-path?token=in-the-query", b"{}", {"Cookie": "in-a-cookie"})
            receiver.stop()
            text = receiver.log() + json.dumps(answers)
        for secret in [*SECRETS.values(), "wrong-secret", "in-the-", "in-a-cookie", "\x1b", *tokens]:
            self.assertNotIn(secret, text)
        self.assertIn("github 200 new=1", text)


if __name__ == "__main__":
    unittest.main()
