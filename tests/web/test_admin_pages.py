"""The administrator's pages, and the whole access matrix."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import insert, select
from starlette.routing import Route

from bot.records import assessment_tables as a
from bot.records import audit
from bot.records import tables as t
from bot.web.app import ROUTES


@pytest.fixture
def admin(browser, centre):
    browser.sign_in("ada@example.org")
    browser.get("/people")
    return browser


def rows(centre, table):
    with centre.records.reading() as tx:
        return [dict(r) for r in tx._all(select(table))]


def test_people_are_found_by_name_address_and_role(admin):
    assert "Lena" in admin.get("/people?q=LEN").text and "Tom" not in admin.get("/people?q=LEN").text.split("<ul")[-1]
    assert "Tom Tutor" in admin.get("/people?role=tutor").text
    assert "Nobody matches" in admin.get("/people?q=%25").text
    assert admin.get("/people?page=zz&role=zz").status_code == 200


def test_somebody_is_added_given_roles_units_and_a_caseload(admin, centre):
    path = admin.post("/people", name="Nia <New>", email="nia@example.org", role="assessor").headers["location"]
    admin.post(f"{path}/roles", **{"role-assessor": "1", "role-quality_assurer": "1"})
    admin.post(f"{path}/join", cohort="Spring", role="assessor")
    admin.post(f"{path}/join", cohort="A new group", role="quality_assurer")
    admin.post(f"/people/{centre.learner}/units", **{"unit-d1": "1"})
    page = admin.get(path).text
    assert "Nia &lt;New&gt;" in page and "Spring – assessor" in page and "A new group – quality assurer" in page
    assert len(rows(centre, a.caseload)) == 2
    assert admin.post(f"{path}/join", cohort="Spring", role="assessor").status_code == 400
    group = rows(centre, a.caseload)[0]["cohort_id"]
    admin.post(f"{path}/leave", cohort=str(group), role="assessor")
    assert len(rows(centre, a.caseload)) == 1
    assert audit.verify(centre.records).broken_at is None and audit.length(centre.records) == 5


@pytest.mark.parametrize("odd", [{"name": " "}, {"email": ""}, {"email": "lena@example.org"}, {"role": "boss"}])
def test_a_person_that_does_not_fit_is_said_on_the_form(admin, odd):
    answer = admin.post("/people", **{"name": "Nia", "email": "nia@example.org", "role": "tutor", **odd})
    assert answer.status_code == 400


def test_a_deactivated_person_is_out_at_once_and_can_come_back(admin, centre, make_app):
    admin.post(f"/people/{centre.tutor}/active", active="0")
    admin.post("/sign-out")
    assert admin.sign_in("tom@example.org").status_code == 401
    admin.sign_in("ada@example.org")
    admin.get("/people")
    admin.post(f"/people/{centre.tutor}/active", active="1")
    admin.post("/sign-out")
    assert admin.sign_in("tom@example.org").status_code == 303


def test_an_administrator_cannot_shut_themselves_out(admin, centre):
    here = f"/people/{centre.admin}"
    assert admin.post(f"{here}/active", active="0").status_code == 400
    assert admin.post(f"{here}/roles", **{"role-tutor": "1"}).status_code == 400
    assert admin.post(f"/people/{centre.tutor}/roles").status_code == 400


def test_a_reset_link_sets_a_new_password_once(admin, centre):
    page = admin.post(f"/people/{centre.tutor}/reset").text
    link = re.search(r'value="http://testserver(/invitation/[^"]+)"', page)[1]
    admin.post("/sign-out")
    admin.get(link)
    token = re.search(r'name="csrf" value="([^"]+)"', admin.get(link).text)[1]
    admin.post(link, csrf=token, password="a whole new phrase", again="a whole new phrase")
    assert admin.get(link).status_code in (404, 410)


def test_a_reset_link_is_for_active_people_and_dies_with_deactivation(admin, centre):
    page = admin.post(f"/people/{centre.tutor}/reset").text
    link = re.search(r'value="http://testserver(/invitation/[^"]+)"', page)[1]
    admin.post(f"/people/{centre.tutor}/active", active="0")
    assert "Link to set a password" not in admin.get(f"/people/{centre.tutor}").text
    assert admin.post(f"/people/{centre.tutor}/reset").status_code == 400
    admin.post("/sign-out")
    assert admin.get(link).status_code == 404


def test_name_and_address_are_changed_and_the_audit_keeps_neither(admin, centre):
    here = f"/people/{centre.learner}"
    admin.post(f"{here}/name", name="  Lena   Lerner", email="LENA.L@example.org")
    page = admin.get(here).text
    assert "Lena Lerner" in page and "lena.l@example.org" in page
    (entry,) = audit.newest(centre.records)
    assert entry.action == "changed name or address" and "Lerner" not in entry.detail
    admin.post("/sign-out")
    assert admin.sign_in("lena@example.org").status_code == 401
    assert admin.sign_in("lena.l@example.org").status_code == 303


@pytest.mark.parametrize("odd", [{"name": " "}, {"email": "nobody"}, {"email": "tom@example.org"}, {"name": "x" * 201}])
def test_a_name_or_address_that_does_not_fit_is_told(admin, centre, odd):
    form = {"name": "Lena", "email": "lena@example.org", **odd}
    assert admin.post(f"/people/{centre.learner}/name", **form).status_code == 400
    assert "Lena Learner" in admin.get(f"/people/{centre.learner}").text


def test_groups_show_whose_they_are_and_what_is_missing_and_are_renamed(admin, centre):
    page = admin.get("/groups").text
    assert "Spring" in page and "Tom Tutor" in page and "○ None" in page and "1 learner" in page
    group = next(g for g in rows(centre, t.cohort) if g["name"] == "Spring")["id"]
    assert admin.post("/groups", group=str(group), name="Autumn").status_code == 400
    assert admin.post("/groups", group="999", name="Winter").status_code == 404
    assert admin.post("/groups", group=str(group), name="Spring <2027>").status_code == 303
    assert "Spring &lt;2027&gt;" in admin.get("/groups").text


# The access matrix --------------------------------------------------------------------------------------------------

PUBLIC = {
    "/",
    "/sign-in",
    "/sign-in/demo",
    "/sign-in/account",
    "/sign-in/account/back",
    "/sign-out",
    "/invitation/{token}",
    "/healthz",
    "/readyz",
    "/metrics",
    "/external/{token}",
    "/help",
}
LEARNER, TUTOR, ASSESSOR, ASSURER, ADMIN = "learner", "tutor", "assessor", "quality_assurer", "admin"
EVERYBODY = {LEARNER, TUTOR, ASSESSOR, ASSURER, ADMIN}
SEERS = {TUTOR, ASSESSOR, ASSURER, ADMIN}
# The first that the address begins with counts.
ALLOWED = (
    ("/chat", {LEARNER}),
    ("/progress", {LEARNER}),
    ("/evidence", {LEARNER}),
    ("/role-plays/reminders", {LEARNER}),
    ("/role-plays", EVERYBODY),
    ("/telegram", {LEARNER}),
    ("/work", {TUTOR, ADMIN}),
    ("/insights", {TUTOR, ADMIN}),
    ("/invite", {TUTOR, ADMIN}),
    ("/practice", {TUTOR, ADMIN}),
    ("/coverage/override", {TUTOR, ASSESSOR}),
    ("/coverage", SEERS),
    ("/learners/{person_id:int}/evidence/{unit}/record", {ASSESSOR}),
    ("/learners/{person_id:int}/evidence/{unit}/mark", {ASSESSOR}),
    ("/learners/{person_id:int}/evidence/{unit}/decide", {ASSESSOR}),
    ("/learners", SEERS),
    ("/assess/{set_id:int}/{person_id:int}/record.pdf", {ASSESSOR, ASSURER, ADMIN}),
    ("/assess", {ASSESSOR}),
    ("/assure", {ASSURER}),
    ("/audit", {ASSURER, ADMIN}),
    ("/people", {ADMIN}),
    ("/groups", {ADMIN}),
    ("/units", {ADMIN}),
    ("/retention", {ADMIN}),
    ("/status", {ADMIN}),
    ("/help/contact", {ADMIN}),
)
READ_TOO = {"/assess/{set_id:int}", "/assess/{set_id:int}/{person_id:int}"}  # by a quality assurer and an admin
READ_BY_ADMIN = {"/assure", "/assure/{plan:int}", "/assure/sample/{sample:int}"}


def allowed(path: str, method: str) -> set[str]:
    roles = next((roles for start, roles in ALLOWED if path.startswith(start)), None)
    assert roles is not None, f"{path} is not in the access matrix"
    if method == "GET" and path in READ_TOO:
        return {*roles, ASSURER, ADMIN}
    if method == "GET" and path in READ_BY_ADMIN:
        return {*roles, ADMIN}
    return roles


CALLS = sorted(
    {
        (m, r.path)
        for r in ROUTES
        if isinstance(r, Route) and r.path not in PUBLIC
        for m in (r.methods or ())
        if m != "HEAD"
    }
)
REFUSED = {403}


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_exactly_the_allowed_roles_get_past_the_door_of_every_route(browser, centre, role):
    """A refusal by role is 403 before anything is looked up; who is let in gets a page, a 404 or a bad form."""
    centre.add("Rita Role", role, "rita@example.org", None)
    browser.sign_in("rita@example.org")
    wrong = []
    for method, path in CALLS:
        if path == "/chat/stream":
            continue
        address = re.sub(r"\{form:file_form\}", "csv", path)
        address = re.sub(r"\{\w+:int\}", str(centre.stranger), address)
        address = re.sub(r"\{unit\}", "d1", re.sub(r"\{statement:path\}", "4.9", re.sub(r"\{\w+\}", "x", address)))
        got = browser.get(address) if method == "GET" else browser.post(address)
        by_role = got.status_code == 403 and "does not have the role" in got.text
        if by_role == (role in allowed(path, method)) or got.status_code >= 500:
            wrong.append((method, path, got.status_code))
    assert wrong == []


@pytest.mark.parametrize("role", [TUTOR, ASSESSOR, ASSURER])
def test_a_foreign_caseload_is_not_there_on_any_page(browser, centre, role):
    """Every page about a learner answers for a stranger as for nobody."""
    rita = centre.add("Rita Role", role, "rita@example.org", "Winter" if role == TUTOR else None)
    with centre.records.begin() as tx:
        if role != TUTOR:
            group = tx.connection.execute(insert(t.cohort).values(name="Winter")).inserted_primary_key[0]
            tx.connection.execute(insert(a.caseload).values(cohort_id=group, person_id=rita, role=role))
    centre.attempt(centre.stranger, "x", "a-1")
    browser.sign_in("rita@example.org")
    for method, path in CALLS:
        if method != "GET" or "{person_id:int}" not in path or role not in allowed(path, method):
            continue
        address = path.replace("{set_id:int}", "1").replace("{unit}", "d1").replace("{statement:path}", "4.9")
        foreign = browser.get(address.replace("{person_id:int}", str(centre.stranger)))
        nobody = browser.get(address.replace("{person_id:int}", "999999"))
        assert foreign.status_code == nobody.status_code == 404 and foreign.text == nobody.text, path
