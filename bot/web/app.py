"""The web application: every route and all middleware in sight."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from starlette.applications import Starlette
from starlette.convertors import Convertor, IntegerConvertor, register_url_convertor
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.records.store import Records
from bot.relay import Relay
from bot.settings import Settings
from bot.syllabus.syllabus import Syllabus
from bot.web import (
    admin,
    answers,
    assess,
    assure,
    chat,
    coverage,
    evidence,
    groups,
    health,
    help,
    insights,
    invite,
    learners,
    oidc,
    prints,
    problems,
    progress,
    reaching,
    reminding,
    retention,
    roleplays,
    signin,
    status,
    stream,
    tidying,
    units,
    work,
)
from bot.web.downloads import FORMS
from bot.web.guard import Web, action, page, public, public_action, upload
from bot.web.middleware import BodyLimit, SafeHeaders, SignedIn
from bot.web.pages import STATIC, Pages
from bot.web.provider import provider_of
from bot.web.throttle import Throttle

POST = ["POST"]
TUTORS = ("tutor", "admin")
ASSESSED = ("assessor", "quality_assurer", "admin")
SEERS = ("tutor", "assessor", "quality_assurer", "admin")  # of learners in their caseload


class FileForm(Convertor[str]):
    """The ending of a download's address."""

    regex = "|".join(FORMS)

    def convert(self, value: str) -> str:
        """As it is."""
        return value

    def to_string(self, value: str) -> str:
        """As it is."""
        return value


class Id(IntegerConvertor):
    """A number of the database's: none has more digits, and no database takes them."""

    regex = "[0-9]{1,9}"


register_url_convertor("file_form", FileForm())
register_url_convertor("int", Id())


class Files(StaticFiles):
    """Our own files, kept for long by browsers where the address names their content."""

    def file_response(self, *args: object, **kw: object) -> Response:
        """The file with its caching rule."""
        answer: Response = super().file_response(*args, **kw)  # type: ignore[arg-type]
        answer.headers["cache-control"] = "public, max-age=604800"
        return answer


ROUTES = [
    Route("/", page(signin.home)),
    Route("/sign-in", public(signin.form)),
    Route("/sign-in", public_action(signin.sign_in), methods=POST),
    Route("/sign-in/account", public(oidc.start)),
    Route("/sign-in/account/back", public(oidc.back)),
    Route("/sign-in/demo", public_action(signin.demo), methods=POST),
    Route("/sign-out", action(signin.sign_out), methods=POST),
    Route("/invitation/{token}", public(signin.invitation)),
    Route("/invitation/{token}", public_action(signin.accept_invitation), methods=POST),
    Route("/chat", page(chat.show, "learner")),
    Route("/chat/messages", action(chat.post, "learner"), methods=POST),
    Route("/chat/stream", page(stream.stream, "learner")),
    Route("/progress", page(progress.show, "learner")),
    Route("/progress/workplace", action(progress.save_workplace, "learner"), methods=POST),
    Route("/progress/telegram", action(reaching.make_link, "learner"), methods=POST),
    Route("/progress/reminder", action(reaching.save_reminder, "learner"), methods=POST),
    Route("/work", page(work.show, *TUTORS)),
    Route("/work.{form:file_form}", page(work.export, *TUTORS)),
    Route("/work/reply", action(work.reply, *TUTORS), methods=POST),
    Route("/work/close", action(work.close, *TUTORS), methods=POST),
    Route("/work/opinion", action(work.second_opinion, *TUTORS), methods=POST),
    Route("/coverage", page(coverage.show, *SEERS)),
    Route("/coverage.{form:file_form}", page(coverage.export, *SEERS)),
    Route("/coverage/override", action(answers.override, "tutor", "assessor"), methods=POST),
    Route("/coverage/{person_id:int}/{unit}/{statement:path}", page(answers.show, *SEERS)),
    Route("/learners/{person_id:int}", page(learners.show, *SEERS)),
    Route("/practice", page(learners.practice_form, *TUTORS)),
    Route("/practice", action(learners.set_practice, *TUTORS), methods=POST),
    Route("/practice/withdraw", action(learners.withdraw, *TUTORS), methods=POST),
    Route("/insights", page(insights.show, *TUTORS)),
    Route("/insights/corrections.jsonl", page(insights.corrections, *TUTORS)),
    Route("/insights.{form:file_form}", page(insights.export, *TUTORS)),
    Route("/invite", page(invite.show, *TUTORS)),
    Route("/invite", action(invite.one, *TUTORS), methods=POST),
    Route("/invite/file", upload(invite.many, *TUTORS), methods=POST),
    Route("/role-plays/{roleplay_id:int}", page(roleplays.show)),
    Route("/role-plays/reminders/{reminder_id:int}/done", action(roleplays.reminder_done, "learner"), methods=POST),
    Route("/progress/decisions", action(progress.seen_decision, "learner"), methods=POST),
    Route("/groups", page(groups.home, "admin")),
    Route("/groups", action(groups.rename, "admin"), methods=POST),
    Route("/retention", page(retention.show, "admin")),
    Route("/retention", action(retention.save, "admin"), methods=POST),
    Route("/status", page(status.show, "admin")),
    Route("/status/now", page(status.now, "admin")),
    Route("/units", page(units.home, "admin")),
    Route("/units/{unit}", page(units.versions, "admin")),
    Route("/units/{unit}/offered", action(units.set_offered, "admin"), methods=POST),
    Route("/units/{unit}/{version}", page(units.wording, "admin")),
    Route("/people", page(admin.home, "admin")),
    Route("/people", action(admin.add, "admin"), methods=POST),
    Route("/people/{person_id:int}", page(admin.show, "admin")),
    Route("/people/{person_id:int}/name", action(admin.rename, "admin"), methods=POST),
    Route("/people/{person_id:int}/roles", action(admin.roles, "admin"), methods=POST),
    Route("/people/{person_id:int}/units", action(admin.units, "admin"), methods=POST),
    Route("/people/{person_id:int}/active", action(admin.active, "admin"), methods=POST),
    Route("/people/{person_id:int}/join", action(admin.join, "admin"), methods=POST),
    Route("/people/{person_id:int}/leave", action(admin.leave, "admin"), methods=POST),
    Route("/people/{person_id:int}/untie", action(admin.untie, "admin"), methods=POST),
    Route("/people/{person_id:int}/reset", action(admin.reset, "admin"), methods=POST),
    Route("/assure", page(assure.home, "quality_assurer", "admin")),
    Route("/assure", action(assure.make, "quality_assurer"), methods=POST),
    Route("/assure/{plan:int}", page(assure.show, "quality_assurer", "admin")),
    Route("/assure/{plan:int}/link", action(assure.link, "quality_assurer"), methods=POST),
    Route("/assure/{plan:int}/withdraw", action(assure.withdraw_links, "quality_assurer"), methods=POST),
    Route("/assure/sample/{sample:int}", page(assure.sample, "quality_assurer", "admin")),
    Route("/assure/sample/{sample:int}/mark", action(assure.second_mark, "quality_assurer"), methods=POST),
    Route("/assure/sample/{sample:int}/close", action(assure.close, "quality_assurer"), methods=POST),
    Route("/external/{token}", public(assure.external)),
    Route("/audit", page(assure.audit_log, "quality_assurer", "admin")),
    Route("/audit.{form:file_form}", page(assure.audit_export, "quality_assurer", "admin")),
    Route("/evidence/{unit}", page(evidence.mine, "learner")),
    Route("/evidence/{unit}", action(evidence.add, "learner"), methods=POST),
    Route("/evidence/{unit}/checklist.pdf", page(prints.own_checklist, "learner")),
    Route("/learners/{person_id:int}/evidence/{unit}", page(evidence.theirs, *SEERS)),
    Route("/learners/{person_id:int}/evidence/{unit}/checklist.pdf", page(prints.checklist, *SEERS)),
    Route("/learners/{person_id:int}/evidence/{unit}/record", action(evidence.record, "assessor"), methods=POST),
    Route("/learners/{person_id:int}/evidence/{unit}/mark", action(evidence.mark, "assessor"), methods=POST),
    Route("/learners/{person_id:int}/evidence/{unit}/decide", action(evidence.decide, "assessor"), methods=POST),
    Route("/assess", page(assess.home, "assessor")),
    Route("/assess/new", page(assess.new_form, "assessor")),
    Route("/assess/new", action(assess.new, "assessor"), methods=POST),
    Route("/assess/{set_id:int}", page(assess.show, *ASSESSED)),
    Route("/assess/{set_id:int}/question", action(assess.add_question, "assessor"), methods=POST),
    Route("/assess/{set_id:int}/remove", action(assess.remove_question, "assessor"), methods=POST),
    Route("/assess/{set_id:int}/send", action(assess.send, "assessor"), methods=POST),
    Route("/assess/{set_id:int}/withdraw", action(assess.withdraw, "assessor"), methods=POST),
    Route("/assess/{set_id:int}/{person_id:int}", page(assess.review, *ASSESSED)),
    Route("/assess/{set_id:int}/{person_id:int}/record.pdf", page(prints.questioning, *ASSESSED)),
    Route("/assess/{set_id:int}/{person_id:int}/live", page(assess.live, "assessor")),
    Route("/assess/{set_id:int}/{person_id:int}/ask", action(assess.ask, "assessor"), methods=POST),
    Route("/assess/{set_id:int}/{person_id:int}/end", action(assess.end_live, "assessor"), methods=POST),
    Route("/assess/{set_id:int}/{person_id:int}/reopen", action(assess.reopen, "assessor"), methods=POST),
    Route("/assess/{set_id:int}/{person_id:int}/view", action(assess.first_view, "assessor"), methods=POST),
    Route("/assess/{set_id:int}/{person_id:int}/decide", action(assess.decide, "assessor"), methods=POST),
    Route("/help", public(help.show)),
    Route("/help/contact", action(help.save, "admin"), methods=POST),
    Route("/healthz", public(health.healthz)),
    Route("/readyz", public(health.readyz)),
    Route("/metrics", public(health.metrics)),
    # Files only: compressing a page that holds a token beside what others wrote would leak the token.
    Mount("/static", GZipMiddleware(Files(directory=STATIC)), name="static"),
]

MIDDLEWARE = [
    Middleware(SafeHeaders),
    Middleware(BodyLimit),
    Middleware(SignedIn),
]


def create_app(
    settings: Settings, syllabus: Syllabus, records: Records, relay: Relay, clock: Callable[[], datetime]
) -> Starlette:
    """The application; its lifespan starts and stops the relay and the reminders."""
    web = Web(
        settings,
        syllabus,
        records,
        relay,
        clock,
        Pages(settings.demo),
        Throttle(records, clock),
        asyncio.Event(),
        provider_of(settings),
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await relay.start()
        daily = [asyncio.create_task(task.run(web)) for task in (reminding, tidying)]
        try:
            yield
        finally:
            web.closing.set()
            for task in daily:
                task.cancel()
            await relay.stop()

    app = Starlette(routes=ROUTES, middleware=MIDDLEWARE, exception_handlers=dict(problems.HANDLERS), lifespan=lifespan)
    app.state.web = web
    return app
