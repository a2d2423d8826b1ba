"""The devices that a unit's report is open on, shown to the unit, and their end."""

from chalicelib.edges.ports import Site
from chalicelib.messages.links import devices as words
from chalicelib.pages.frame import render
from chalicelib.pages.frame.web import Problem, Request, Response, redirect
from chalicelib.pages.links.handover import own
from chalicelib.rules.access import device
from chalicelib.rules.access.access import digest
from chalicelib.rules.access.device import Device
from chalicelib.store import devices


def show(site: Site, request: Request) -> Response:
    return _page(site, request)


def _page(site: Site, request: Request, fault: str = "", status: int = 422) -> Response:
    programme, unit = own(site, request)
    given = request.form if fault else {}
    return render.page(
        site,
        request,
        "links/devices.html",
        status=status if fault else 200,
        styles=("base", "form"),
        programme=programme,
        unit=unit,
        devices=_open(site, request),
        this=digest(request.who.token),
        name=given.get("by.name", request.who.name),
        post=given.get("by.post", request.who.post),
        fault=words.FAULTS.get(fault, ""),
        done=words.DONE.get(request.query.get("done", ""), ""),
        words=words,
    )


def _open(site: Site, request: Request) -> list[Device]:
    return devices.devices(site.table, request.who.programme, request.who.unit, request.now)


def change(site: Site, request: Request) -> Response:
    """End another device or all others, or say who uses this one."""
    do, others = request.form.get("do", ""), _others(site, request)
    if do == "name":
        return _name(site, request)
    if do == "others":
        devices.end(site.table, request.who, others)
        return redirect(site, "report", "devices", done="others")
    chosen = [one for one in others if one.id == request.form.get("device")]
    if not chosen:
        return _page(site, request, "gone", 409)
    devices.end(site.table, request.who, chosen)
    return redirect(site, "report", "devices", done="ended")


def _others(site: Site, request: Request) -> list[Device]:
    this = digest(request.who.token)
    return [one for one in _open(site, request) if one.id != this]


def _name(site: Site, request: Request) -> Response:
    name, post = (request.form.get(field, "") for field in ("by.name", "by.post"))
    if fault := device.fault(name, post):
        return _page(site, request, fault)
    if not devices.name(site.table, request.who, request.now, name, post):
        raise Problem(401, "signed_out")
    return redirect(site, "report", "devices", done="kept")
