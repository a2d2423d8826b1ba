"""The single table's keys: who may exist twice is decided here and nowhere else."""

from datetime import date

from chalicelib.edges.table import Key


def programme(p: str) -> Key:
    return Key("PROGRAMMES", p)


def form(p: str, version: int) -> Key:
    return Key(f"PROGRAMME#{p}", f"FORM#{version:04}")


def period(p: str, k: str) -> Key:
    return Key(f"PROGRAMME#{p}", f"PERIOD#{k}")


def units(p: str, roll: str) -> str:
    """The partition of a unit list; the first list of a programme has no name."""
    return f"UNITS#{p}#{roll}" if roll else f"UNITS#{p}"


def unit(p: str, code: str, valid_from: date, roll: str = "") -> Key:
    return Key(units(p, roll), f"UNIT#{code}#{valid_from.isoformat()}")


def head(p: str, k: str, u: str) -> Key:
    return Key(f"PERIOD#{p}#{k}", f"REPORT#{u}")


def summary(p: str, k: str) -> Key:
    return Key(f"PERIOD#{p}#{k}", "SUMMARY")


def texts(p: str, k: str, u: str) -> Key:
    return Key(f"PERIOD#{p}#{k}#TEXT", u)


def draft(p: str, k: str, u: str) -> Key:
    return Key(f"REPORT#{p}#{k}#{u}", "DRAFT")


def parked(p: str, k: str, u: str, number: int) -> Key:
    """Beside the draft, so that one reading finds both."""
    return Key(f"REPORT#{p}#{k}#{u}", f"DRAFT#PARKED#{number:04}")


def typed_contacts(p: str, u: str) -> Key:
    """What a unit typed on a page that has no draft, and was not taken: here, whom to reach."""
    return Key(f"TYPED#{p}#{u}", "CONTACTS")


def typed_request(p: str, k: str, u: str) -> Key:
    return Key(f"TYPED#{p}#{u}", f"ASK#{k}")


def version(p: str, k: str, u: str, number: int) -> Key:
    return Key(f"REPORT#{p}#{k}#{u}", f"VERSION#{number:04}")


def event(p: str, k: str, u: str, name: str) -> Key:
    return Key(f"REPORT#{p}#{k}#{u}", f"EVENT#{name}")


def terms(p: str, k: str, u: str) -> Key:
    return Key(f"PERIOD#{p}#{k}", f"TERMS#{u}")


def month_of_acts(p: str, month: str) -> str:
    """`p` is empty for acts that belong to no programme; no programme's key is a dash."""
    return f"AUDIT#{p or '-'}#{month}"


def act(p: str, name: str) -> Key:
    """`name` begins with the instant."""
    return Key(month_of_acts(p, name[:7]), name)


def contact(p: str, u: str) -> Key:
    return Key(f"UNITS#{p}", f"CONTACT#{u}")


def reminder(p: str, k: str, day: str, u: str) -> Key:
    """`day` is one of Việt Nam (20261123): at most one a unit and day, see `urged`."""
    return Key(f"PERIOD#{p}#{k}", f"REMINDER#{day}#{u}")


def urged(p: str, day: str, u: str) -> Key:
    """Which period holds the unit's one mail of the day: several may be open at once."""
    return Key(f"URGED#{p}#{day}", u)


def round(p: str, k: str, id: str) -> Key:
    return Key(f"PERIOD#{p}#{k}", f"URGING#{id}")


def unit_access(p: str, u: str) -> str:
    return f"ACCESS#{p}#{u}"


def generation(p: str, u: str, number: int) -> Key:
    """Each link that the unit ever had."""
    return Key(unit_access(p, u), f"LINK#{number:04}")


def session(access: str, digest: str) -> Key:
    """`access` is `unit_access` or `staff_access`: so that revoking finds it."""
    return Key(access, f"SESSION#{digest}")


def devices(p: str, u: str) -> Key:
    """Written with every session that a unit opens: no two are counted by one reading."""
    return Key(unit_access(p, u), "DEVICES")


def link(p: str, u: str) -> Key:
    """Where the unit's newest link stands, beside those of all units."""
    return Key(f"LINKS#{p}", u)


def mailing(p: str, day: date, u: str) -> Key:
    """What of a day's mails with links became of this unit's."""
    return Key(f"MAILINGS#{p}#{day.isoformat()}", u)


def staff(email: str) -> Key:
    return Key("STAFF", email)


def roster() -> Key:
    """Every change of the accounts writes it: no two of them are judged by one reading."""
    return Key("STAFF#ROSTER", "ROSTER")


def staff_access(email: str) -> str:
    return f"ACCESS#STAFF#{email}"


def token(digest: str) -> Key:
    return Key(f"TOKEN#{digest}", "TOKEN")


def rate(name: str, span: str) -> Key:
    """`span` is an hour (2026112303)."""
    return Key(f"RATE#{name}", f"HOUR#{span}")


def tries(name: str) -> Key:
    """Wrong codes, each of which lets the next one wait: they pass by a day of their own."""
    return Key(f"RATE#{name}", "TRIES")


def entered(p: str, k: str) -> Key:
    """What the department entered itself, as it stands."""
    return Key(f"PERIOD#{p}#{k}", "DEPARTMENT")


def entered_before(p: str, k: str, number: int) -> Key:
    """Each of its versions, the newest too."""
    return Key(f"PERIOD#{p}#{k}#DEPARTMENT", f"VERSION#{number:04}")


def offered_form(p: str, digest: str) -> Key:
    """A form that was uploaded and is not confirmed yet."""
    return Key(f"PROGRAMME#{p}", f"OFFER#{digest}")


def unit_request(p: str, k: str, u: str, kind: str) -> Key:
    return Key(f"PERIOD#{p}#{k}", f"ASK#{u}#{kind}")


def unreachable(address: str) -> Key:
    return Key("UNREACHABLE", address)


def notice(p: str, k: str, u: str, act: str) -> Key:
    """`act` is `Act.name`: one act is told once."""
    return Key(f"PERIOD#{p}#{k}", f"NOTICE#{u}#{act}")


def backups() -> Key:
    """What is known of this machine's nightly archives; in none of them."""
    return Key("BACKUPS", "BACKUPS")


def schema() -> Key:
    """Which shape all the others have."""
    return Key("SCHEMA", "SCHEMA")
