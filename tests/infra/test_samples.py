"""Facts about loading a programme's folder: once, again, changed, faulty, and half loaded."""

from collections import Counter
from datetime import date

import pytest

from chalicelib.rules.forms.form import indicators
from chalicelib.rules.programmes.period import end_of
from chalicelib.store import access, acts, programmes
from chalicelib.store import links as store_links
from infra import samples
from infra.samples import NotLoaded
from tests.builders import folder, settings_with, simple_form

KEY = "thu-nghiem"
MORE = (
    ("integer", "i1_6", "1.6 Đảng viên mới kết nạp", "sum"),
    ("integer", "i1_7", "1.7 Bị kỷ luật", "sum"),
)


def everything(site):
    return {item.key: (item.version, item.body) for item in site.table.everything()}


def forms_used(site):
    return {one.key: one.form for one in programmes.periods(site.table, KEY)}


def due_days(site):
    return {one.key: one.due for one in programmes.periods(site.table, KEY)}


def refusal(site, path):
    before = everything(site)
    with pytest.raises(NotLoaded) as refused:
        samples.load(site, path)
    assert everything(site) == before
    return str(refused.value)


def test_a_folder_becomes_a_programme_with_form_periods_units_and_staff(empty_site, tmp_path):
    table = empty_site.table
    loaded = samples.load(empty_site, folder(tmp_path / "one"))
    kept = programmes.programme(table, KEY)
    assert kept.model_copy(update={"revision": 0}) == loaded.programme
    assert loaded.passed == ()
    assert [one.version for one in programmes.forms(table, KEY)] == [1]
    assert forms_used(empty_site) == dict.fromkeys(("2026-Q3", "2026-Q4", "2027-Q3", "2027-Q4"), 1)
    assert {one.code for one in programmes.units(table, KEY)} == {"P01", "T01"}
    (quarter,) = [one for one in programmes.periods(table, KEY) if one.key == "2026-Q4"]
    assert quarter.label == "Quý IV năm 2026"
    assert quarter.due == end_of(date(2026, 12, 17))


@pytest.mark.guards("what of a form's file is passed over is said", "forgotten by make load ✓")
def test_what_of_the_form_is_passed_over_is_said(empty_site, tmp_path):
    form = simple_form() + b"| ghi chu |\n| | Cho phong ke hoach |\n"
    path = folder(tmp_path / "one", form=form)
    said = f"{path}/form.md: Trang “ghi chu” không phải survey, choices, settings nên được bỏ qua."
    assert samples.load(empty_site, path).passed == (said,)
    assert samples.load(empty_site, path).passed == (said,)


def test_every_unit_gets_a_link_and_every_address_is_kept_in_small_letters(empty_site, tmp_path):
    samples.load(empty_site, folder(tmp_path / "one"))
    before = everything(empty_site)
    links = {
        store_links.issue_link(empty_site.table, empty_site.key, KEY, u) for u in ("P01", "T01")
    }
    assert len(links) == 2
    assert everything(empty_site) == before
    assert empty_site.table.get(("STAFF", "can.bo@so.example")).body["role"] == "officer"


def test_loading_twice_changes_nothing(empty_site, tmp_path):
    path = folder(tmp_path / "one")
    samples.load(empty_site, path)
    before = everything(empty_site)
    samples.load(empty_site, path)
    after = everything(empty_site)
    assert {key: body for key, (_, body) in after.items()} == (
        {key: body for key, (_, body) in before.items()}
    )
    assert [key for key in after if after[key] != before[key] and key.partition != "STAFF"] == []


def test_a_changed_form_is_a_new_version_for_periods_not_begun(empty_site, tmp_path):
    samples.load(empty_site, folder(tmp_path / "one"))
    samples.load(empty_site, folder(tmp_path / "one", form=simple_form(*MORE)))
    forms = programmes.forms(empty_site.table, KEY)
    assert [len(one.by_code) for one in forms] == [1, 2]
    assert forms_used(empty_site) == {"2026-Q3": 1, "2026-Q4": 1, "2027-Q3": 2, "2027-Q4": 2}


def test_a_period_begins_with_the_form_that_stands_on_its_first_day(empty_site, tmp_path, clock):
    samples.load(empty_site, folder(tmp_path / "one"))
    (third,) = [one for one in programmes.periods(empty_site.table, KEY) if one.key == "2027-Q3"]
    clock.now = third.opens
    samples.load(empty_site, folder(tmp_path / "one", form=simple_form(*MORE)))
    assert forms_used(empty_site) == {"2026-Q3": 1, "2026-Q4": 1, "2027-Q3": 1, "2027-Q4": 2}


def test_a_form_may_go_back_to_what_it_was(empty_site, tmp_path):
    for form in (simple_form(), simple_form(*MORE), simple_form()):
        samples.load(empty_site, folder(tmp_path / "one", form=form))
    assert [one.version for one in programmes.forms(empty_site.table, KEY)] == [1, 2, 3]
    assert forms_used(empty_site)["2027-Q4"] == 3


@pytest.mark.guards("a kind can't change", "no comparison ✓")
def test_a_changed_kind_is_refused_and_nothing_is_kept(empty_site, tmp_path):
    samples.load(empty_site, folder(tmp_path / "one"))
    amount = simple_form(("decimal", "i1_6", "1.6 Đảng viên mới kết nạp", "sum"), MORE[1])
    units = "code,name,bloc,valid_from\nT02,Trường mới,T,2021-01-01\n"
    said = refusal(empty_site, folder(tmp_path / "one", form=amount, units=units))
    assert "i1_6" in said
    assert "i1_7" not in said


def test_a_kind_is_not_changed_by_leaving_the_code_out_for_one_version(empty_site, tmp_path):
    samples.load(empty_site, folder(tmp_path / "one"))
    samples.load(empty_site, folder(tmp_path / "one", form=simple_form(MORE[1])))
    amount = simple_form(("decimal", "i1_6", "1.6 Đảng viên mới kết nạp", "sum"))
    assert "i1_6" in refusal(empty_site, folder(tmp_path / "one", form=amount))


def test_a_new_unit_is_added_and_an_old_one_stays(empty_site, tmp_path):
    samples.load(empty_site, folder(tmp_path / "one"))
    path = folder(tmp_path / "one")
    listed = path / "units.csv"
    before = listed.read_text("utf-8").rstrip("\n")
    columns = before.partition("\n")[0].split(",")
    cells = {"code": "T02", "name": "THPT Tán Kế", "bloc": "T", "valid_from": "2021-01-01"}
    listed.write_text(before + "\n" + ",".join(cells.get(c, "") for c in columns) + "\n", "utf-8")
    samples.load(empty_site, path)
    assert {one.code for one in programmes.units(empty_site.table, KEY)} == {"P01", "T01", "T02"}


def test_a_list_that_drops_a_unit_is_refused(empty_site, tmp_path):
    samples.load(empty_site, folder(tmp_path / "one"))
    units = "code,name,bloc,valid_from\nT02,THPT Tán Kế,T,2021-01-01\n"
    said = refusal(empty_site, folder(tmp_path / "one", units=units))
    assert "P01" in said
    assert "valid_to" in said
    assert {one.code for one in programmes.units(empty_site.table, KEY)} == {"P01", "T01"}


def test_an_announced_holiday_moves_the_deadline_of_a_period_not_begun(empty_site, tmp_path):
    samples.load(empty_site, folder(tmp_path / "one"))
    before = due_days(empty_site)
    announced = settings_with("2027 = []", "2026 = [2026-12-17]\n2027 = [2027-12-17]")
    samples.load(empty_site, folder(tmp_path / "one", toml=announced))
    after = due_days(empty_site)
    assert after["2026-Q4"] == before["2026-Q4"]
    assert after["2027-Q4"] == end_of(date(2027, 12, 20))


@pytest.mark.parametrize("name", ["programme.toml", "form.md", "units.csv"])
def test_a_folder_without_one_of_its_files_is_refused(empty_site, tmp_path, name):
    path = folder(tmp_path / "one")
    (path / name).unlink()
    assert "one" in refusal(empty_site, path)


def test_a_folder_with_two_forms_is_refused(empty_site, tmp_path):
    path = folder(tmp_path / "one")
    (path / "form.csv").write_bytes(b"survey")
    assert "form.csv" in refusal(empty_site, path)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('key = "thu-nghiem"', 'key = "Thử nghiệm"', "key"),
        ("due_day = 17", "due_day = 29", "regime.due_day"),
        ("due_day = 17", "", "regime.due_day"),
        ('["Q3", "Q4"]', '["Q5"]', "Q5"),
        ("[blocs]", "[khoi]", "khoi"),
        ('"officer"', '"boss"', "role"),
        ("so@so.example", "mailto:so@so.example", "department.email"),
        ('phone = "0270 000 0000"', 'phone = "gọi Văn phòng"', "department.phone"),
        ("[department]", "[department", "programme.toml"),
    ],
)
def test_faulty_settings_are_named_and_nothing_is_kept(empty_site, tmp_path, old, new, named):
    path = folder(tmp_path / "one", toml=settings_with(old, new))
    assert named in refusal(empty_site, path)


def test_a_faulty_form_is_named_line_by_line(empty_site, tmp_path):
    broken = simple_form(("integer", "I1", "Một", "sum"), ("geopoint", "g1", "Hai"))
    lines = refusal(empty_site, folder(tmp_path / "one", form=broken)).splitlines()
    assert ["dòng 4, cột name" in lines[0], "dòng 5, cột type" in lines[1]] == [True, True]


@pytest.mark.parametrize(
    ("form", "named"),
    [(b"<html><table>", "Đây là trang web (HTML)"), (b"%PDF-1.7", "Đây là tệp PDF")],
)
def test_a_form_that_is_another_file_is_called_by_its_name(empty_site, tmp_path, form, named):
    path = folder(tmp_path / "one")
    (path / "form.md").unlink()
    (path / "form.xlsx").write_bytes(form)
    assert named in refusal(empty_site, path)


def test_a_faulty_unit_list_is_named_line_by_line(empty_site, tmp_path):
    units = "code,name,bloc,valid_from\nT01,,T,2021-01-01\nT02,Tên,Z,2021-01-01\n"
    lines = refusal(empty_site, folder(tmp_path / "one", units=units)).splitlines()
    assert ["dòng 2, cột name" in lines[0], "dòng 3, cột bloc" in lines[1]] == [True, True]


class Stopped(Exception):
    pass


@pytest.mark.parametrize("step", ["keep_periods", "keep_units", "keep_programme"])
def test_a_half_loaded_folder_is_loaded_again(empty_site, tmp_path, monkeypatch, step):
    folder(tmp_path / "one")

    def stop(*_):
        raise Stopped

    with monkeypatch.context() as broken:
        broken.setattr(programmes, step, stop)
        with pytest.raises(Stopped):
            samples.load_all(empty_site, tmp_path)
    assert programmes.programme(empty_site.table, KEY) is None
    samples.load_all(empty_site, tmp_path)
    assert programmes.programme(empty_site.table, KEY)
    assert [one.version for one in programmes.forms(empty_site.table, KEY)] == [1]
    assert len(programmes.units(empty_site.table, KEY)) == 2


def test_loading_all_leaves_a_loaded_programme_as_it_is(empty_site, tmp_path):
    folder(tmp_path / "one")
    samples.load_all(empty_site, tmp_path)
    before = everything(empty_site)
    folder(tmp_path / "one", form=simple_form(*MORE))
    samples.load_all(empty_site, tmp_path)
    assert everything(empty_site) == before


def test_loading_all_says_which_settings_can_not_be_read(empty_site, tmp_path):
    folder(tmp_path / "one", toml="key = ")
    with pytest.raises(NotLoaded, match=r"one.programme\.toml"):
        samples.load_all(empty_site, tmp_path)


def test_the_two_samples_load(site):
    keys = [one.key for one in programmes.programmes(site.table)]
    assert keys == ["thi-dua-2021-2025", "thi-dua-2026-2030"]
    old, new = (programmes.periods(site.table, key) for key in keys)
    assert (len(old), len(new)) == (15, 20)
    assert len(programmes.units(site.table, keys[0])) == 45
    assert len(programmes.units(site.table, keys[1])) == 36


@pytest.mark.guards("no two labels of a sample share their number", "the samples before ✓")
def test_no_two_labels_share_their_number(site):
    for programme in ("thi-dua-2021-2025", "thi-dua-2026-2030"):
        for form in programmes.forms(site.table, programme):
            asked = indicators(form.sections)
            numbers = Counter(one.label.split()[0] for one in asked if one.label[0].isdigit())
            assert len(numbers) > 40
            assert [number for number, times in numbers.items() if times > 1] == []


@pytest.mark.guards("loading leaves an officer; no programme hides a page")
def test_a_programme_named_as_a_page_of_the_desk_is_refused(empty_site, tmp_path):
    for key in ("staff", "signout"):
        named = settings_with('key = "thu-nghiem"', f'key = "{key}"')
        said = refusal(empty_site, folder(tmp_path / key, toml=named))
        assert f"'{key}' is a page of the desk itself" in said


@pytest.mark.guards("loading leaves an officer; no programme hides a page", "each not looked at ✓")
def test_loading_again_leaves_an_officer(empty_site, tmp_path):
    samples.load(empty_site, folder(tmp_path / "one"))
    demoted = settings_with('role = "officer"', 'role = "director"')
    assert "last officer" in refusal(empty_site, folder(tmp_path / "two", toml=demoted))
    access.keep_staff(empty_site.table, "khac@so.example", "officer")
    samples.load(empty_site, folder(tmp_path / "two", toml=demoted))
    assert access.staff_role(empty_site.table, "can.bo@so.example") == "director"


def test_an_account_that_a_load_makes_is_on_record(empty_site, tmp_path):
    for _ in range(2):
        samples.load(empty_site, folder(tmp_path / "one"))
    month = f"{empty_site.clock():%Y-%m}"
    found = [(one.verb, one.who, one.detail) for one in acts.acts(empty_site.table, "", month)]
    made = {"account": "can.bo@so.example", "role": "officer"}
    assert found == [("add_staff", "make load", made)]


def test_an_account_without_a_whole_address_is_refused(empty_site, tmp_path):
    wrong = settings_with('"Can.Bo@so.example"', '"can.bo@so"')
    assert "can.bo@so is no mail address" in refusal(
        empty_site, folder(tmp_path / "one", toml=wrong)
    )
