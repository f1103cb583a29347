#!/usr/bin/env python3
"""The HTML report in a real browser: it fetches nothing, runs nothing of the data's, and can be used.

    target/tests-venv/bin/python tests/browser.py
"""

import csv
import json
import re
import sys
import unittest
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent / "benches")]

from datasets import hour_lines, long_message_lines  # noqa: E402
from support.browser import accessibility_faults, browser  # noqa: E402
from support.program import ROOT, Programs  # noqa: E402

ASKED = ("why", "confirmed_interactions", "--on", "2023-11-24", "--as-of", "2024-01-05T12:00:00Z")
MARKED = "window.hit = (window.hit || 0) + 1"
HOSTILE = [
    f"<script>{MARKED}</script>",
    f"</script><script>{MARKED}</script><!--",
    f"</title></style><img src=x onerror=\"{MARKED}\">",
    f"\"><svg onload=\"{MARKED}\"><a xlink:href=\"javascript:{MARKED}\">x</a></svg>",
    f"' onmouseover='{MARKED}' x='",
    "{{constructor.constructor('window.hit=1')()}} ${window.hit=1} <%= 1 %>",
    "\u202etxt.exe\u202c \u2066x\u2069 \u200b\u2028\u2029 \x1b[31m \x07",
    f"[x](javascript:{MARKED}) `a|b` @everyone #12 GH-3 acme/web#4 <https://x.example>",
    f"<iframe srcdoc=\"<script>parent.{MARKED}</script>\"></iframe><base href=\"https://x.example/\"><meta http-equiv=refresh content=\"0;url=https://x.example\">",
    "&lt;script&gt; &#60;b&#62; \\u003cscript\\u003e ]]> <![CDATA[ --> *bold* _x_ \U0001f3a3 e\u0301 \u0625\u0635\u0644\u0627\u062d",
]
URLS = [f"javascript:{MARKED}", f"JaVaScRiPt:{MARKED}", f"data:text/html,<script>{MARKED}</script>", f"\tjavascript:{MARKED}",
        "https://ci.example.com/\" onclick=\"window.hit=1", "//x.example/y", "https://ci.example.com/build/7", "vbscript:x", "x", ""]


class Reports(Programs):
    """Pages in a browser that is opened once for each class."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        stack = ExitStack()
        cls.addClassCleanup(stack.close)
        cls.chromium = stack.enter_context(browser())

    def written(self, *arguments, name="report.html", **options):
        path = self.folder / name
        self.succeeds(*arguments, "-o", path, **{"cwd": ROOT, **options})
        return path

    @contextmanager
    def opened(self, path, provoked=False, **options):
        """A page on which nothing may go wrong and from which nothing may be fetched, unless the test provokes it."""
        options = {"viewport": {"width": 1200, "height": 900}, **options}
        context = self.chromium.new_context(**options)
        try:
            page = context.new_page()
            wrong, asked, answered = [], [], []
            page.on("console", lambda message: wrong.append(message.text))
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("dialog", lambda dialog: (wrong.append("dialog"), dialog.dismiss()))
            page.on("request", lambda request: asked.append(request.url))
            page.on("response", lambda response: answered.append(response.url))
            page.goto(path.as_uri())
            yield page
            if not provoked:
                self.assertEqual((wrong, asked), ([], [path.as_uri()]))
            self.assertEqual([url for url in answered if url != path.as_uri()], [])
        finally:
            context.close()


def figure(page, view="whole"):
    return page.locator(f".figure[data-view={view}]")


def span(page, view="whole"):
    """What a chart says it shows."""
    return figure(page, view).locator(".range").text_content()


def data(page):
    return json.loads(page.locator("#data").text_content())


class SampleReport(Reports):
    def test_the_page_fetches_nothing_and_says_nothing_to_the_console(self):
        with self.opened(self.written(*ASKED)) as page:
            self.assertIn("fell from", page.locator(".answer").text_content())
            page.wait_for_timeout(300)

    def test_the_page_is_small(self):
        page = self.written(*ASKED).read_text(encoding="utf-8")
        table = page[page.index('<table class="all"'):page.index("</tbody></table></div></details>\n</section>")]
        embedded = page[page.index('id="data">'):page.index("</script>", page.index('id="data">'))]
        self.assertLess(len(page) - len(table) - len(embedded), 200_000)

    def test_the_policy_forbids_scripts_styles_images_and_connections(self):
        with self.opened(self.written(*ASKED), provoked=True) as page:
            blocked = page.evaluate("""async () => {
                const blocked = [];
                document.addEventListener("securitypolicyviolation", (event) => blocked.push(event.effectiveDirective));
                const script = document.createElement("script");
                script.textContent = "window.hit = 1";
                document.body.append(script);
                const image = document.createElement("img");
                image.src = "https://x.example/y.png";
                document.body.append(image);
                document.body.setAttribute("style", "color: red");
                document.body.setAttribute("onclick", "window.hit = 1");
                document.body.click();
                await fetch("https://x.example/").catch(() => {});
                try { new WebSocket("wss://x.example/"); } catch (error) {}
                await new Promise((done) => setTimeout(done, 200));
                return [window.hit === undefined, ...new Set(blocked)];
            }""")
        self.assertTrue(blocked[0], "a script ran")
        self.assertLessEqual({"script-src-elem", "script-src-attr", "img-src", "style-src-attr", "connect-src"}, set(blocked[1:]))

    def test_a_switch_hides_the_marks_of_its_app_and_shows_them_again(self):
        with self.opened(self.written(*ASKED)) as page:
            lane = data(page)["lanes"].index(next(one for one in data(page)["lanes"] if one["name"] == "admin"))
            marks = figure(page).locator(f"[data-lane='{lane}']")
            self.assertEqual(marks.count(), 1)
            switch = page.get_by_label("admin")
            switch.uncheck()
            self.assertEqual((marks.count(), figure(page).locator("text.lane", has_text="admin").count()), (0, 0))
            switch.check()
            self.assertEqual(marks.count(), 1)
            page.get_by_role("button", name="No app").click()
            self.assertEqual(figure(page).locator("[data-lane]").count(), 0)

    def test_dragging_zooms_to_the_stretch_and_reset_shows_everything(self):
        with self.opened(self.written(*ASKED)) as page:
            whole = span(page)
            box = figure(page).locator(".plot svg").bounding_box()
            for start, end in ((0.4, 0.6), (0.7, 0.5)):
                page.mouse.move(box["x"] + start * box["width"], box["y"] + 100)
                page.mouse.down()
                page.mouse.move(box["x"] + end * box["width"], box["y"] + 110, steps=4)
                page.mouse.up()
            days = [datetime.fromisoformat(day) for day in re.findall(r"\d{4}-\d\d-\d\d", span(page))]
            self.assertLess(days[1] - days[0], timedelta(days=20), span(page))
            figure(page).get_by_role("button", name="Show everything").click()
            self.assertEqual(span(page), whole)
            overview = figure(page).locator(".overview").bounding_box()
            page.mouse.move(overview["x"] + 0.3 * overview["width"], overview["y"] + 20)
            page.mouse.down()
            page.mouse.move(overview["x"] + 0.5 * overview["width"], overview["y"] + 20, steps=4)
            page.mouse.up()
            self.assertNotEqual(span(page), whole)

    def test_keys_zoom_move_and_reset(self):
        with self.opened(self.written(*ASKED)) as page:
            whole = span(page)
            figure(page).focus()
            for key in ("+", "ArrowLeft", "ArrowRight", "ArrowRight", "-"):
                before = span(page)
                page.keyboard.press(key)
                self.assertNotEqual(span(page), before, key)
            page.keyboard.press("0")
            self.assertEqual(span(page), whole)

    def test_pointer_and_keys_show_the_message_of_a_deployment(self):
        with self.opened(self.written(*ASKED)) as page:
            near, tip = figure(page, "near"), figure(page, "near").locator(".tip")
            mark = near.locator("path[data-place='1']")
            mark.scroll_into_view_if_needed()
            box = mark.bounding_box()
            page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            for part in ("domains", "#1", "Thu 2023-11-23 14:52", "954c98f5", "Ingrid Solberg", "Require a confirmed domain"):
                self.assertIn(part, tip.text_content())
            page.mouse.move(5, 5)
            self.assertTrue(tip.is_hidden())
            near.focus()
            page.keyboard.press(".")
            first = tip.text_content()
            page.keyboard.press(".")
            self.assertTrue(tip.is_visible())
            self.assertNotEqual(tip.text_content(), first)
            page.keyboard.press("Escape")
            self.assertTrue(tip.is_hidden())

    def test_table_and_marks_agree(self):
        with self.opened(self.written(*ASKED)) as page:
            drawn = data(page)
            rows = page.eval_on_selector_all("#deploys tbody tr", "rows => rows.map(row => [...row.cells].map(c => c.textContent.trim()))")
            self.assertEqual(len(rows), len(drawn["marks"]))
            for (at, lane, _), row in zip(drawn["marks"], rows):
                self.assertEqual(row[0], f"{datetime.utcfromtimestamp(at):%a %Y-%m-%d %H:%M}")
                self.assertEqual(row[1], drawn["lanes"][lane]["name"])
            suspects = page.eval_on_selector_all("#commits ~ .table tbody tr td.number, #commits ~ details td.number", "cells => cells.map(c => c.textContent)")
            self.assertEqual({int(n) for n in suspects if n}, {mark[2] for mark in drawn["marks"] if mark[2]})

    def test_without_a_script_the_page_shows_the_same_dates_and_all_tables(self):
        path = self.written(*ASKED, "--timezone", "Europe/Oslo")
        seen = {}
        for scripted in (True, False):
            with self.opened(path, java_script_enabled=scripted, viewport={"width": 1140, "height": 900}) as page:
                for view in ("whole", "near"):
                    chart = figure(page, view).locator("svg.chart").first
                    seen[scripted, view] = [chart.locator(kind).all_text_contents() for kind in (".date", ".number", ".name", ".lane", ".effect", ".place")]
                self.assertTrue(page.locator(".answer").is_visible())
                self.assertEqual(page.locator("#deploys tbody tr").count(), 232)
        for view in ("whole", "near"):
            self.assertEqual(seen[True, view], seen[False, view], view)

    def test_a_phone_shows_it_without_moving_sideways(self):
        with self.opened(self.written(*ASKED), viewport={"width": 360, "height": 740}) as page:
            page.wait_for_timeout(200)
            self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), 360)

    def test_times_are_those_of_the_reports_zone(self):
        path = self.written(*ASKED, "--timezone", "America/New_York")
        with self.opened(path, timezone_id="Asia/Tokyo") as page:
            self.assertTrue(span(page).startswith("2023-08-01 –"), span(page))
            self.assertIn("Thu 2023-11-23 09:52", page.locator("#deploys").text_content())


class Accessible(Reports):
    def faults(self, path, **options):
        with self.opened(path, provoked=True, **options) as page:
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            page.wait_for_timeout(200)
            return accessibility_faults(page)

    def test_both_views_have_no_fault_that_axe_knows_in_light_and_dark(self):
        path = self.written(*ASKED)
        for scheme in ("light", "dark"):
            with self.subTest(scheme):
                self.assertEqual(self.faults(path, color_scheme=scheme), [])

    def test_a_scan_a_list_of_deployments_and_one_of_metrics_have_none_either(self):
        for command in ("scan", "deploys", "metrics"):
            with self.subTest(command):
                self.assertEqual(self.faults(self.written(command)), [])


class HostileData(Reports):
    def setUp(self):
        super().setUp()
        self.metric = HOSTILE[1]
        with open(self.folder / "metrics.csv", "w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(("timestamp", "metric", "value"))
            for i in range(60):
                day = datetime(2024, 1, 1) + timedelta(days=i)
                value = (1000 if i < 40 else 640) + (i * 7919) % 13
                out.writerows([(f"{day:%Y-%m-%d}", self.metric, value), (f"{day:%Y-%m-%d}", HOSTILE[2], 2 * value)])
        with open(self.folder / "deploys.csv", "w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(("id", "deployed_at", "app", "repo", "commit", "author", "message", "url", "kind", "team"))
            for i, text in enumerate(HOSTILE):
                at = datetime(2024, 2, 8) + timedelta(hours=5 * i)
                kind = text if i == 3 else ""
                out.writerow((text + str(i), f"{at:%Y-%m-%dT%H:%M:%SZ}", text, text, text, text, f"{text}\n\n{text}", URLS[i], kind, text))
        (self.folder / "shiptrace.toml").write_text('commit_url = "javascript:{commit}"\n', encoding="utf-8")
        self.files = ("--metrics", "metrics.csv", "--deploys", "deploys.csv", "--as-of", "2024-03-05")

    def unharmed(self, path):
        with self.opened(path) as page:
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            page.mouse.move(600, 500)
            for box in page.locator(".figure[tabindex]").all():
                box.focus()
                for _ in range(len(HOSTILE) + 1):
                    page.keyboard.press(".")
            page.wait_for_timeout(200)
            self.assertEqual(page.evaluate("[window.hit === undefined, document.scripts.length <= 2]"), [True, True])
            self.assertEqual(page.locator("img, iframe, base, object, embed, foreignObject, animate, image").count(), 0)
            links = page.eval_on_selector_all("a", "links => links.map(link => link.getAttribute('href'))")
            self.assertTrue(all(link.startswith(("#", "https://ci.example.com/build/")) for link in links), links)
            handlers = page.evaluate("[...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).filter(a => /^on|^style$/i.test(a.name) && a.ownerElement.className !== 'tip').length")
            self.assertEqual(handlers, 0)
            return page.locator("body").inner_text()

    def test_nothing_runs_on_the_page_of_an_answer_and_all_of_it_can_be_read(self):
        why = ("why", self.metric, "--on", "2024-02-10", "--with", HOSTILE[2], "--columns", "team", *self.files)
        shown = self.unharmed(self.written(*why, cwd=self.folder))
        for text in (HOSTILE[0], HOSTILE[4], HOSTILE[5]):
            self.assertIn(text, shown)
        self.assertIn(r"\u{202e}txt.exe\u{202c}", shown)
        self.assertNotIn("\u202e", shown)

    def test_nothing_runs_on_the_pages_of_scan_deploys_and_metrics(self):
        for command in (("scan", *self.files), ("deploys", *self.files[2:]), ("metrics", *self.files[:2])):
            with self.subTest(command[0]):
                self.unharmed(self.written(*command, cwd=self.folder))

    def test_nothing_runs_in_a_picture(self):
        why = ("why", self.metric, "--on", "2024-02-10", *self.files)
        path = self.written(*why, name="chart.svg", cwd=self.folder)
        with self.opened(path) as page:
            page.wait_for_timeout(200)
            self.assertTrue(page.evaluate("window.hit === undefined"))
            self.assertEqual(page.evaluate("document.querySelectorAll('script, a, image, foreignObject').length"), 0)


class HardReport(Reports):
    def test_five_years_of_hours_and_5000_deployments_can_be_used(self):
        self.write_hard()
        with self.subTest("a zoom keeps the page busy for less than 100 ms"):
            self.zoomed_within_100_ms()
        with self.subTest("all forty apps have a lane and look different"):
            self.forty_apps()

    def write_hard(self):
        for name, lines in (("hours.csv", hour_lines()), ("deploys.csv", long_message_lines())):
            with open(self.folder / name, "w", encoding="utf-8", newline="") as file:
                file.writelines(lines)
        why = ("why", "signups", "--on", "2023-06-15", "--metrics", "hours.csv", "--deploys", "deploys.csv", "--as-of", "2025-01-01")
        self.path = self.written(*why, cwd=self.folder)

    def zoomed_within_100_ms(self):
        with self.opened(self.path) as page:
            page.wait_for_timeout(500)
            self.assertEqual(len(data(page)["marks"]), 5000)
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            before = self.processor_seconds(session)
            took = page.evaluate("""async () => {
                const box = document.querySelector(".figure[data-view=whole]"), took = [];
                const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
                box.focus();
                await frame();
                for (let round = 0; round < 8; round++) {
                    for (const [i, key] of ["+", "+", "-", "ArrowRight", "0"].entries()) {
                        const start = performance.now();
                        box.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
                        await frame();
                        took[i] = Math.min(took[i] ?? Infinity, performance.now() - start);
                    }
                }
                return took;
            }""")
            worked = 1000 * (self.processor_seconds(session) - before) / 40
            # The clock tells as much about the machine as about the page, so it is only told; the page's own work is judged.
            print("zoom, until it is drawn: " + ", ".join(f"{ms:.0f} ms" for ms in took)
                  + f"; {worked:.0f} ms of the page's processor time each", file=sys.stderr)
            self.assertLess(worked, 100)

    @staticmethod
    def processor_seconds(session):
        """What the page's main thread has worked: script, styles, layout and painting."""
        return next(one["value"] for one in session.send("Performance.getMetrics")["metrics"] if one["name"] == "TaskDuration")

    def forty_apps(self):
        with self.opened(self.path) as page:
            signs = page.eval_on_selector_all("#switches path", "paths => paths.map(p => p.getAttribute('class') + p.getAttribute('d'))")
            self.assertEqual((len(signs), len(set(signs))), (40, 40))


if __name__ == "__main__":
    unittest.main(verbosity=2)
