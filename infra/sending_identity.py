"""Who a stage's mails come from, as SES knows it; and what keeps them from going out."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.stack import Account, Stack


def in_sandbox(here: Account) -> bool:
    return not here.client("sesv2").get_account().get("ProductionAccessEnabled")


def identity(here: Account, name: str) -> Mapping[str, Any] | None:
    from botocore.exceptions import ClientError

    try:
        found: Mapping[str, Any] = here.client("sesv2").get_email_identity(EmailIdentity=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NotFoundException":
            return None
        raise
    return found


def mail_words(here: Account, found: Stack) -> Iterator[str]:
    """What keeps mails from going out."""
    name = found.parameters.get("SenderIdentity", "")
    known = identity(here, name)
    if known and not known.get("VerifiedForSendingStatus"):
        tokens = known.get("DkimAttributes", {}).get("Tokens", [])
        if "@" in name:
            yield f"SES waits for {name}: press the link in the mail that AWS has sent there"
        else:
            yield f"SES waits for {name}: put these three records into its DNS"
        for token in tokens if "@" not in name else []:
            yield f"  {token}._domainkey.{name} CNAME {token}.dkim.amazonses.com"
    if in_sandbox(here):
        yield (
            "SES is in its sandbox: mails reach verified addresses only, 200 a day. Verify the "
            "officer's address in the SES console now, and ask there for production access"
        )
