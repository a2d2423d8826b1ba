"""Files on S3 and mail through SES."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import IO, Any

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from chalicelib.edges.ports import NotSent

_LINK_SECONDS = 300
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
}
# SES takes so many mails a second, and says so before it takes one more.
_TOO_FAST = {"TooManyRequestsException", "Throttling", "ThrottlingException"}
_WAITS = (0.3, 0.6, 1.2)  # seconds
_MARK = "superseded"  # a tag that infra/resources.yaml knows
_Client = Callable[[], Any]  # made on the first use: most requests need neither


class S3Files:
    """Files in a bucket; links are signed on the click, so that the role's credentials last."""

    def __init__(self, client: _Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def write(self, name: str, content: bytes | IO[bytes]) -> None:
        kind = _TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        told = {"ContentType": kind, "Tagging": f"{_MARK}=no"}
        self._client().put_object(Bucket=self._bucket, Key=name, Body=content, **told)

    def read(self, name: str) -> bytes | None:
        try:
            found = self._client().get_object(Bucket=self._bucket, Key=name)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise
        return bytes(found["Body"].read())

    def has(self, name: str) -> bool:
        try:
            self._client().head_object(Bucket=self._bucket, Key=name)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return False
            raise
        return True

    def end(self, name: str) -> None:
        """The bucket's lifecycle takes what is marked so, unless it is written again."""
        mark = {"TagSet": [{"Key": _MARK, "Value": "yes"}]}
        self._client().put_object_tagging(Bucket=self._bucket, Key=name, Tagging=mark)

    def link(self, name: str, save_as: str, now: datetime) -> str:  # noqa: ARG002
        """Signed at the SDK's own clock: S3 judges it by its own, too."""
        asked = {
            "Bucket": self._bucket,
            "Key": name,
            "ResponseContentDisposition": f'attachment; filename="{save_as}"',
        }
        return str(
            self._client().generate_presigned_url(
                "get_object", Params=asked, ExpiresIn=_LINK_SECONDS
            )
        )


class SesMail:
    """Mail through SES (v2), as the whole message.

    The client must not try again by itself: a mail whose answer was lost would go out twice.
    """

    def __init__(
        self,
        client: _Client,
        sender: str,
        wait: Callable[[float], object] = time.sleep,
        settings: str = "",
    ) -> None:
        self._client = client
        self._sender = sender
        self._settings = {"ConfigurationSetName": settings} if settings else {}
        self._wait = wait

    def send(self, to: str, subject: str, text: str, now: datetime) -> None:
        from chalicelib.edges import mail  # few requests send one

        try:
            whole = mail.written(self._sender, to, subject, text, now)
        except ValueError as error:
            raise NotSent("unreadable address") from error
        for wait in _WAITS:
            try:
                return self._send(to, whole)
            except NotSent as refused:
                if str(refused) not in _TOO_FAST:
                    raise
            self._wait(wait)
        return self._send(to, whole)

    def _send(self, to: str, whole: bytes) -> None:
        try:
            self._client().send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [to]},
                Content={"Raw": {"Data": whole}},
                **self._settings,
            )
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                raise  # it broke over the mail, perhaps after taking it
            raise NotSent(error.response["Error"]["Code"]) from error
        except HTTPClientError:
            raise  # it was on its way when the line broke
        except BotoCoreError as error:  # no line at all, no credentials
            raise NotSent(type(error).__name__) from error
