"""Where credentials become tokens, on loopback: OAuth, the metadata server, token exchange and impersonation.

The tokens that these hand out are the ones that the BigQuery API accepts where it asks for any.
"""

import json
import secrets
import time
import urllib.parse

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
SCOPES = {"https://www.googleapis.com/auth/bigquery", "https://www.googleapis.com/auth/cloud-platform"}


class Refused(Exception):
    """A request for a token that is refused: HTTP status and body."""

    def __init__(self, status, body):
        super().__init__(str(body))
        self.status, self.body = status, body


def oauth_error(error, description, status=400):
    """An error as OAuth words it."""
    return Refused(status, {"error": error, "error_description": description})


class Identity:
    """Accounts, their keys, and the tokens that were handed out."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.account = "reader@test-proj.iam.gserviceaccount.com"
        self.refresh_token, self.client_secret = secrets.token_hex(16), secrets.token_hex(16)
        self.subject_token = secrets.token_hex(16)
        self.tokens = {}  # token -> what it came from
        self.expires_in = 3600

    def secrets(self):
        """Every text that must never be seen in an output."""
        lines = self.private_key().split("\n")[1:-2]
        return [*lines, self.refresh_token, self.client_secret, self.subject_token, *self.tokens]

    def private_key(self):
        """The key of the service account as a PEM text."""
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()).decode()

    def issue(self, source):
        """A new token."""
        token = f"ya29.{secrets.token_urlsafe(24)}"
        self.tokens[token] = source
        return token

    def valid(self, header):
        """Whether an Authorization header holds a token of ours."""
        return header.startswith("Bearer ") and header[7:] in self.tokens

    def answer(self, method, path, headers, raw):
        """The answer to a request outside of the BigQuery API: (status, headers, body), or None for an unknown path."""
        url = urllib.parse.urlsplit(path)
        if url.path == "/token" and method == "POST":
            return 200, {}, self._oauth(_form(raw))
        if url.path == "/v1/token" and method == "POST":
            return 200, {}, self._exchange(_form(raw))
        if url.path == "/subject-token":
            return 200, {}, {"id_token": self.subject_token}
        if url.path.endswith(":generateAccessToken") and method == "POST":
            return 200, {}, self._impersonate(headers, json.loads(raw or b"{}"))
        if url.path == "/" or url.path.startswith("/computeMetadata/"):
            return self._metadata(url.path, headers)
        return None

    def _oauth(self, form):
        if form.get("grant_type") == JWT_GRANT:
            source = self._signed_by_account(form.get("assertion", ""))
        elif form.get("grant_type") == "refresh_token":
            if form.get("client_secret") != self.client_secret:
                raise oauth_error("invalid_client", "The provided client secret is invalid.", 401)
            if form.get("refresh_token") != self.refresh_token:
                raise oauth_error("invalid_grant", "Token has been expired or revoked.")
            source = "authorized_user"
        else:
            raise oauth_error("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")
        return {"access_token": self.issue(source), "expires_in": self.expires_in, "token_type": "Bearer"}

    def _signed_by_account(self, assertion):
        try:
            claims = jwt.decode(assertion, self.key.public_key(), algorithms=["RS256"],
                                options={"verify_aud": False, "require": ["iss", "exp", "iat"]})
        except jwt.ExpiredSignatureError:
            raise oauth_error("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes)") from None
        except jwt.PyJWTError:
            raise oauth_error("invalid_grant", "Invalid JWT Signature.") from None
        if claims["iss"] != self.account:
            raise oauth_error("invalid_grant", "Invalid grant: account not found")
        if not set(str(claims.get("scope", "")).split()) & SCOPES:
            raise oauth_error("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        return "service_account"

    def _exchange(self, form):
        if form.get("grant_type") != EXCHANGE_GRANT:
            raise oauth_error("unsupported_grant_type", f"Invalid grant type: {form.get('grant_type')}")
        missing = [name for name in ("audience", "subject_token", "subject_token_type", "scope") if not form.get(name)]
        if missing:
            raise oauth_error("invalid_request", f"Invalid value for \"{missing[0]}\": it is missing.")
        if form["subject_token"] != self.subject_token:
            raise oauth_error("invalid_grant", "The given credential is rejected by the attribute condition.")
        return {"access_token": self.issue("external_account"), "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer",
                "expires_in": self.expires_in}

    def _impersonate(self, headers, body):
        if not self.valid(headers.get("Authorization", "")):
            raise Refused(401, {"error": {"code": 401, "message": "Request had invalid authentication credentials.",
                                          "status": "UNAUTHENTICATED"}})
        if not set(body.get("scope") or []) & SCOPES:
            raise Refused(400, {"error": {"code": 400, "message": "Request contains an invalid argument.",
                                          "status": "INVALID_ARGUMENT"}})
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + self.expires_in))
        return {"accessToken": self.issue("impersonated"), "expireTime": until}

    def _metadata(self, path, headers):
        flavour = {"Metadata-Flavor": "Google", "Server": "Metadata Server for VM"}
        if path == "/":
            return 200, flavour, "computeMetadata/\n"
        if headers.get("Metadata-Flavor") != "Google":
            return 403, flavour, "Missing Metadata-Flavor:Google header."
        place = path.removeprefix("/computeMetadata/v1/")
        texts = {"project/project-id": "test-proj", "instance/service-accounts/default/email": self.account}
        if place in texts:
            return 200, flavour, texts[place]
        if place.startswith("instance/service-accounts/") and place.endswith("/token"):
            token = {"access_token": self.issue("metadata"), "expires_in": self.expires_in, "token_type": "Bearer"}
            return 200, flavour, token
        if place.rstrip("/") == "instance/service-accounts/default":
            return 200, flavour, {"aliases": ["default"], "email": self.account, "scopes": sorted(SCOPES)}
        return 404, flavour, "Not Found"

    def service_account_file(self, base):
        """The key file of the service account, as Google's console hands it out; `base` is the address of the server."""
        return {"type": "service_account", "project_id": "test-proj", "private_key_id": "1", "private_key": self.private_key(),
                "client_email": self.account, "client_id": "1", "auth_uri": f"{base}/auth", "token_uri": f"{base}/token"}

    def authorized_user_file(self, base):
        """What `gcloud auth application-default login` leaves behind."""
        return {"type": "authorized_user", "client_id": "client.apps.example.com", "client_secret": self.client_secret,
                "refresh_token": self.refresh_token, "token_uri": f"{base}/token", "quota_project_id": "test-proj"}

    def external_account_file(self, base, source, impersonate=False):
        """A file of workload identity federation; `source` is its credential_source, as `{"file": ...}`."""
        made = {"type": "external_account", "token_url": f"{base}/v1/token", "credential_source": source,
                "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt"}
        if impersonate:
            made["service_account_impersonation_url"] = (
                f"{base}/v1/projects/-/serviceAccounts/{self.account}:generateAccessToken")
        return made


def _form(raw):
    return dict(urllib.parse.parse_qsl(raw.decode("utf-8", "replace")))
