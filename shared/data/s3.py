"""Files at an S3-compatible address, by the standard library: its connections survive the start of worker processes.

The environment says where and who: AWS_ENDPOINT_URL (without it, Amazon's), AWS_REGION, AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, as `aws configure export-credentials --format env` prints them.
"""

import hashlib
import hmac
import http.client
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime

from shared.errors import UserError

TRIES, WAIT_SECONDS, TIMEOUT_SECONDS = 5, 0.5, 30.0
EMPTY = hashlib.sha256(b"").hexdigest()


def fetch(path: str, start: int = 0, size: int | None = None) -> bytes:
    """The object `bucket/key`, or `size` bytes of it from `start` on.

    A connection that breaks is tried again, four times, each after twice the time.

    Raises:
        UserError: there is no such object, no access to it, or no answer.
    """
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    endpoint = os.environ.get("AWS_ENDPOINT_URL", f"https://s3.{region}.amazonaws.com").rstrip("/")
    url = f"{endpoint}/{urllib.parse.quote(path)}"
    headers = {} if size is None else {"Range": f"bytes={start}-{start + size - 1}"}
    for attempt in range(TRIES):
        if attempt:
            time.sleep(WAIT_SECONDS * 2 ** (attempt - 1))
        try:
            request = urllib.request.Request(url, headers=signed(url, headers, region, datetime.now(UTC)))
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
                content: bytes = response.read()
            if size in (None, len(content)):
                return content
            reason = f"{len(content):,} in place of {size:,} bytes"
        except urllib.error.HTTPError as error:
            reason = f"HTTP {error.code} {error.reason}"
            if error.code < 500 and error.code != 429:
                break
        except (OSError, http.client.HTTPException) as error:
            cause = getattr(error, "reason", error)
            reason = str(getattr(cause, "strerror", None) or cause or type(error).__name__)
    raise UserError(
        f"cannot read s3://{path} from {endpoint} ({reason}, tried {attempt + 1} times); check the address, "
        "AWS_ENDPOINT_URL, AWS_REGION and the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, then run it again."
    )


def signed(url: str, headers: dict[str, str], region: str, now: datetime) -> dict[str, str]:
    """The headers of a GET request with its signature, AWS's version 4; as they are where there are no keys.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    """
    identity, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if not identity or not secret:
        return headers
    parts = urllib.parse.urlsplit(url)
    token = os.environ.get("AWS_SESSION_TOKEN")
    stamp = f"{now:%Y%m%dT%H%M%SZ}"
    headers = headers | {"x-amz-content-sha256": EMPTY, "x-amz-date": stamp}
    headers |= {"x-amz-security-token": token} if token else {}
    listed = sorted((name.lower(), value) for name, value in (headers | {"host": parts.netloc}).items())
    names = ";".join(name for name, _ in listed)
    lines = "".join(f"{name}:{value}\n" for name, value in listed)
    canonical = f"GET\n{parts.path}\n{parts.query}\n{lines}\n{names}\n{EMPTY}"
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = f"Credential={identity}/{scope},SignedHeaders={names},Signature={key.hex()}"
    return headers | {"Authorization": f"AWS4-HMAC-SHA256 {signature}"}
