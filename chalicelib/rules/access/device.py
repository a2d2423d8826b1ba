"""A device that a unit's session is open on: what kind it is, whose, and when it was used."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from chalicelib.rules.texts.text import forbidden

LONGEST = 100  # characters of a name or a post

# What a browser says of itself, the more particular first: many say what others are, too.
_SYSTEMS = (
    ("iphone", "iphone"),
    ("ipad", "ipad"),
    ("android", "android"),
    ("windows", "windows"),
    ("cros ", "chromebook"),
    ("macintosh", "mac"),
    ("linux", "linux"),
)
_BROWSERS = (
    ("zalo", "zalo"),
    ("fban", "facebook"),
    ("fbav", "facebook"),
    ("coc_coc", "coccoc"),
    ("edg", "edge"),
    ("opr/", "opera"),
    ("opios", "opera"),
    ("samsungbrowser", "samsung"),
    ("ucbrowser", "uc"),
    ("firefox", "firefox"),
    ("fxios", "firefox"),
    ("chrome", "chrome"),
    ("crios", "chrome"),
    ("safari", "safari"),
)


class About(NamedTuple):
    """What is kept of a device: its kind as `kind` gives it, and who uses it, where told."""

    kind: str = ""
    name: str = ""
    post: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    id: str  # the hash of its session's token: it opens nothing
    about: About
    opened: datetime
    used: date


def kind(user_agent: str) -> str:
    """`system/browser`, keys of messages.devices; either may be empty."""
    said = user_agent.lower()
    system = next((name for mark, name in _SYSTEMS if mark in said), "")
    if system == "android" and "mobile" not in said:
        system = "tablet"
    browser = next((name for mark, name in _BROWSERS if mark in said), "")
    return f"{system}/{browser}"


def fault(name: str, post: str) -> str:
    """A key of messages.links.devices.FAULTS; empty where both may stand, or are not said."""
    if max(len(name), len(post)) > LONGEST:
        return "too_long"
    return "unreadable" if forbidden(name + post) else ""
