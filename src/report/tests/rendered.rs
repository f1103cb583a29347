//! Markdown as a GitHub-flavoured renderer shows it.

use comrak::{Options, markdown_to_html};

use super::{fixtures, report};
use crate::model::{Answer, Deploy, WhyAnswer};
use crate::report::{Format, Style};

fn rendered(document: &str) -> String {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.render.r#unsafe = true;
    markdown_to_html(document, &options)
}

/// The cells of the tables of a page, as texts, by row.
fn cells(page: &str) -> Vec<Vec<String>> {
    let row = |row: &str| -> Vec<String> {
        let cells = row.split("<t").skip(1).filter(|cell| cell.starts_with(['d', 'h']) && !cell.starts_with("head"));
        cells.map(|cell| text(cell.split_once('>').map_or("", |(_, rest)| rest))).collect()
    };
    page.split("<tr>").skip(1).map(|rest| row(rest.split("</tr>").next().unwrap_or_default())).collect()
}

/// What is seen of markup.
fn text(markup: &str) -> String {
    let mut seen = String::new();
    for part in markup.split('<') {
        seen.push_str(part.split_once('>').map_or(if seen.is_empty() { part } else { "" }, |(_, rest)| rest));
    }
    let seen = seen.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    seen.trim().to_owned()
}

fn document(message: &str) -> String {
    let mut answer: WhyAnswer = fixtures::why();
    for suspect in &mut answer.suspects {
        suspect.deploy = Deploy {
            message: Some(message.to_owned()),
            app: Some(message.to_owned()),
            author: Some(message.to_owned()),
            ..suspect.deploy.clone()
        };
        suspect.reasons = vec![message.to_owned()];
    }
    answer.caveats[0].text = message.to_owned();
    report(&Answer::Why(Box::new(answer)), Format::Markdown, &Style { commit_url: None, ..fixtures::style() })
}

#[test]
fn the_table_is_rendered_with_the_cells_as_meant() {
    let answer = Answer::Why(Box::new(fixtures::why()));
    let page = rendered(&report(&answer, Format::Markdown, &fixtures::style()));
    let rows = cells(&page);
    assert_eq!(rows[0], ["#", "probability", "when", "before", "app", "commit", "author", "message"]);
    assert_eq!(rows[2][0..2], ["2", "4 %"]);
    assert_eq!(rows[2][7], "登録フォームの検証を修正 | fix the form");
    assert!(
        page.contains("<h2>Why did <code>confirmed_interactions</code> change on <code>2023-11-24</code>?</h2>"),
        "{page}"
    );
}

#[test]
fn no_trick_in_a_message_is_rendered_as_more_than_text() {
    let tricks = [
        "a | b \\| c \\\\| d",
        "<img src=x onerror=alert(1)> <!-- <b>",
        "@everyone #12 GH-3 acme/web#4 62b3e44b7",
        "https://x.example www.x.example mailto:a@x.example <https://x.example>",
        "`code` ``two`` ```three",
        "[x](javascript:alert(1)) ![y](https://x.example/y.png)",
        "*b* _i_ ~~s~~ **x**\n# heading\n- item\n> quote\n    code\n---",
        "&lt;b&gt; &#60; $x$ [^1] [ ] - [x]",
    ];
    for trick in tricks {
        let page = rendered(&document(trick));
        let first = trick.lines().next().unwrap_or_default();
        for row in cells(&page).iter().skip(1) {
            assert_eq!(row.len(), 8, "{trick:?}\n{page}");
            assert!(row[4].replace("\\\\|", "\\|").contains(&first.replace("\\\\|", "\\|")[..3]), "{row:?}");
        }
        for made in
            ["<a ", "<img", "<b>", "<em>", "<strong>x", "<del>", "<h1", "<blockquote", "<hr", "<sup", "<input", "<!--"]
        {
            assert!(!page.contains(made), "{trick:?} made {made}\n{page}");
        }
        let outside: String =
            page.split("<code").map(|part| part.split_once("</code>").map_or(part, |(_, rest)| rest)).collect();
        for reference in ["@everyone", "#12", "GH-3", "web#4", "62b3e44b7"] {
            assert!(!outside.contains(reference), "{trick:?} left {reference}\n{page}");
        }
    }
}

#[test]
fn a_picture_beside_the_document_is_shown_by_its_encoded_name() {
    let style = Style { picture: Some("a (b)\".svg".to_owned()), ..fixtures::style() };
    let page = rendered(&report(&Answer::Why(Box::new(fixtures::why())), Format::Markdown, &style));
    assert!(
        page.contains("<img src=\"a%20%28b%29%22.svg\" alt=\"The metric, its change, and the deployments by app\" />"),
        "{page}"
    );
}
