"""What a deployment uploads: both files of a package by their content, and the server key once."""

import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any

from infra.package import Package, as_text, placed
from infra.stack import Account, NotDeployed, key_parameter

Say = Callable[[str], None]


def _artefacts(here: Account, say: Say) -> str:
    """The bucket for packages, one an account and region, made when it is missing."""
    from botocore.exceptions import ClientError

    client, name = here.client("s3"), f"baocao-artefacts-{here.number}-{here.region}"
    try:
        client.head_bucket(Bucket=name, ExpectedBucketOwner=here.number)
        return name
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
            raise NotDeployed(f"the bucket {name} is not ours to use: {error}") from error
    say(f"making the bucket for packages, {name}")
    _make(client, here.region, name)
    return name


def _make(client: Any, region: str, name: str) -> None:
    """A bucket that nobody outside the account can read, encrypted."""
    place: Any = {"LocationConstraint": region}
    own = {} if region == "us-east-1" else {"CreateBucketConfiguration": place}
    client.create_bucket(Bucket=name, **own)
    client.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration=dict.fromkeys(
            (
                "BlockPublicAcls",
                "IgnorePublicAcls",
                "BlockPublicPolicy",
                "RestrictPublicBuckets",
            ),
            True,
        ),
    )
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    client.put_bucket_encryption(
        Bucket=name, ServerSideEncryptionConfiguration={"Rules": [default]}
    )


def uploaded(here: Account, made: Package, say: Say) -> str:
    """Both files in the bucket under names by their content. The template's address."""
    from botocore.exceptions import ClientError

    client, bucket = here.client("s3"), _artefacts(here, say)
    key = f"{made.digest}.zip"
    text = as_text(placed(json.loads(made.template.read_text("utf-8")), bucket, key)).encode()
    place = f"{hashlib.sha256(text).hexdigest()}.json"
    for name, content in ((key, made.zip.read_bytes()), (place, text)):
        try:
            client.head_object(Bucket=bucket, Key=name)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
                raise
            say(f"uploading {name[:12]}… ({len(content) / 1e6:.1f} MB)")
            client.put_object(Bucket=bucket, Key=name, Body=content)
    return f"{client.meta.endpoint_url}/{bucket}/{place}"


def server_key(here: Account, stage: str, say: Say) -> None:
    """Made once, never shown: every unit's link hangs on it (decision 0008)."""
    from botocore.exceptions import ClientError

    client, name = here.client("ssm"), key_parameter(stage)
    try:
        client.get_parameter(Name=name)
        return
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
    say(f"making the server key, {name}")
    client.put_parameter(Name=name, Value=secrets.token_hex(32), Type="SecureString")
