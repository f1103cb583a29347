"""The deployments of Hookless: those of the story, word for word, and what ordinary ones are made of."""

import hashlib

APPS = ("phishing-web", "domains", "accounts-api", "notifier", "admin", "mobile-app")

# When the deployments that moved a metric went out.
CULPRIT = "2023-11-23T14:52:10Z"
IMPROVEMENT = "2023-09-12T09:24:41Z"
ROLLBACK = "2023-09-21T13:07:55Z"
CACHE = "2023-11-28T10:20:33Z"

INGRID, ADAEZE, JOSE = "Ingrid Solberg", "Adaeze Okafor", "José Núñez"
ZOYA, MEILIN, YUSUF = "Зоя Петренко", "陳美玲", "يوسف الحداد"
PRIYA, TOMASZ, KEN = "Priya Raman", "Tomasz Wójcik", "佐藤 健"
BOT = "dependabot[bot]"
PEOPLE = (INGRID, ADAEZE, JOSE, ZOYA, MEILIN, YUSUF, PRIYA, TOMASZ, KEN)


def commit(app, message):
    """A made-up commit hash; deployments of one commit share it."""
    return hashlib.sha1(f"{app}\n{message}".encode()).hexdigest()


BUTTON = """Put the report button above the fold

Most people never scrolled down to it. Usability round 7, finding 2."""

DOMAINS = """Require a confirmed domain before an interaction counts

Interactions with a domain that nobody has looked at yet are now kept
as pending. They count as soon as the domain is confirmed."""

CACHED = """Let clients keep account settings for five minutes

Every screen asked for them again, "just to be sure"."""

DEPLOYS = [
    # The improvement of report_clicks and its rollback nine days later.
    dict(deployed_at="2023-09-11T08:20:02Z", app="domains", author=TOMASZ, message="Sort the domain list by risk"),
    dict(deployed_at=IMPROVEMENT, app="notifier", author=PRIYA, message=BUTTON),
    dict(deployed_at="2023-09-12T15:30:19Z", app="admin", author=ZOYA, message="Показывать время последнего входа"),
    dict(deployed_at="2023-09-21T08:15:27Z", app="phishing-web", author=MEILIN, message="Fix the width of the sidebar"),
    dict(deployed_at=ROLLBACK, app="notifier", author=ADAEZE, branch="revert-button",
         message=f'Revert "Put the report button above the fold"\n\nThis reverts commit {commit("notifier", BUTTON)}.\n'
                 "Some mail programs cut the warning off below the button."),

    # The days before confirmed_interactions fell, and the day it was noticed.
    dict(deployed_at="2023-11-21T09:14:36Z", app="accounts-api", author=JOSE,
         message="Keep sessions alive while a report is being written"),
    dict(deployed_at="2023-11-21T13:41:05Z", app="notifier", author=BOT, branch="dependabot/lettre-0.11",
         message="Bump lettre from 0.10.4 to 0.11.2"),
    dict(deployed_at="2023-11-22T08:55:48Z", app="mobile-app", author=ADAEZE, branch="release/5.12",
         message="Release 5.12: swipe to report, larger type, fewer questions"),
    dict(deployed_at="2023-11-22T14:20:11Z", app="phishing-web", author=MEILIN,
         message="Show the sender's full address, not only the name\n\n"
                 "A name can be anything: \"Your Bank\" <x@example.net>."),
    dict(deployed_at="2023-11-22T16:47:03Z", app="phishing-web", author=BOT, branch="dependabot/react-18.2",
         message="Bump react from 18.1.0 to 18.2.0"),
    dict(deployed_at="2023-11-22T11:36:52Z", app="admin", author=KEN, message="週次レポートに部署名を追加"),
    dict(deployed_at="2023-11-23T13:05:30Z", app="domains", author=INGRID, environment="staging", message=DOMAINS),
    dict(deployed_at="2023-11-23T14:31:44Z", app="domains", author=INGRID, status="failure", message=DOMAINS),
    dict(deployed_at=CULPRIT, app="domains", author=INGRID, message=DOMAINS),
    dict(deployed_at="2023-11-24T06:31:27Z", app="notifier", author=YUSUF,
         message="إصلاح محاذاة النص في رسائل التنبيه"),
    dict(deployed_at="2023-11-24T08:02:15Z", app="accounts-api", author=PRIYA,
         message="Log why a token was refused (expired, revoked, unknown)"),
    dict(deployed_at="2023-11-24T12:48:39Z", app="admin", author=ZOYA, message="Add filters for team | role | country"),

    # The step of api_requests.
    dict(deployed_at="2023-11-27T15:22:08Z", app="mobile-app", author=ADAEZE, branch="release/5.12",
         message="Release 5.12.1: fix a crash on old tablets"),
    dict(deployed_at="2023-11-28T07:33:51Z", app="phishing-web", author=TOMASZ, message="Lazy-load the help pages"),
    dict(deployed_at=CACHE, app="accounts-api", author=JOSE, message=CACHED),
    dict(deployed_at="2023-11-28T13:56:20Z", app="domains", author=KEN,
         message="Speed up the nightly import of block lists"),

    # Nothing happened after these, but their messages are awkward for a table, a shell or a spreadsheet.
    dict(deployed_at="2023-08-09T10:12:00Z", app="admin", author=TOMASZ, alone=False,
         message="=SUM(clicks) in the weekly export counted muted mails twice"),
    dict(deployed_at="2023-08-24T09:05:16Z", app="phishing-web", author=ZOYA, alone=False,
         message="Исправить перенос строк в предупреждениях, «ёлочки» вместо кавычек"),
    dict(deployed_at="2023-09-05T14:44:31Z", app="phishing-web", author=INGRID, alone=False,
         message="🎣 Show a hook next to dangerous links"),
    dict(deployed_at="2023-10-04T11:27:09Z", app="phishing-web", author=PRIYA, alone=False,
         message='Show <b> and | in subjects as text\n\n| subject | before | now |\n|---|---|---|\n'
                 '| `<b>Urgent</b>` | **Urgent** | <b>Urgent</b> |'),
    dict(deployed_at="2023-10-16T13:18:44Z", app="phishing-web", author=MEILIN, alone=False,
         message="Add pictures to the guide for new users"),
    dict(deployed_at="2023-10-17T09:40:12Z", app="admin", author=KEN, alone=False, message="通知メールの文字化けを修正"),
    dict(deployed_at="2023-10-26T12:01:58Z", app="domains", author=JOSE, alone=False,
         message='Say "dangerous", "suspicious" or "unknown", never just "bad"'),
    dict(deployed_at="2023-11-02T08:23:37Z", app="mobile-app", author=YUSUF, alone=False,
         message="تحسين شاشة الإبلاغ باللغة العربية (RTL)"),
    dict(deployed_at="2023-12-05T10:31:26Z", app="domains", author=BOT, alone=False, status="failure",
         branch="dependabot/idna-0.5", message="Bump idna from 0.4.0 to 0.5.0"),
]

DOINGS = ("Fix the", "Speed up the", "Simplify the", "Test the", "Log errors of the", "Translate the", "Document the",
          "Rename the", "Add a limit to the", "Retry the", "Remove the old", "Redesign the")
PARTS = {
    "phishing-web": ("link preview", "sender check", "warning page", "report form", "search box", "help pages",
                     "training quiz", "language menu"),
    "domains": ("block list", "domain lookup", "certificate check", "typo finder", "whois cache", "risk score",
                "bulk import"),
    "accounts-api": ("sign-in", "token refresh", "team invitations", "rate limiter", "password check", "audit log"),
    "notifier": ("weekly digest", "warning mail", "mail queue", "unsubscribe link", "chat message", "bounce handling"),
    "admin": ("user list", "CSV export", "role editor", "billing page", "usage chart", "feature switches"),
    "mobile-app": ("share sheet", "push messages", "camera scan", "offline mode", "start screen", "dark theme"),
}
LIBRARIES = ("serde", "tokio", "react", "typescript", "postcss", "openssl", "regex", "rustls", "axum", "vite")
BODIES = (
    "Found while looking at the error log on Monday.",
    "Behind a switch, off by default.",
    "Before: 480 ms in the median, after: 95 ms.\nMeasured on the ten largest teams.",
    "- keep the old address working\n- say what to do next\n- tests",
    "Reported by three customers, \"it just spins\".",
)


def routine_message(chance, app, seen):
    """A message that was not there before, and who wrote it."""
    while True:
        message, author = bot_message(chance) if chance.happens(0.14) else person_message(chance, app)
        if (app, message) not in seen:
            seen.add((app, message))
            return message, author


def bot_message(chance):
    minor = chance.below(20)
    return f"Bump {chance.one_of(LIBRARIES)} from 1.{minor}.{chance.below(9)} to 1.{minor + 1}.0", BOT


def person_message(chance, app):
    subject = f"{chance.one_of(DOINGS)} {chance.one_of(PARTS[app])}"
    if chance.happens(0.2):
        subject = f"Merge pull request #{900 + chance.below(900)}: {subject}"
    body = f"\n\n{chance.one_of(BODIES)}" if chance.happens(0.25) else ""
    return subject + body, chance.one_of(PEOPLE)
