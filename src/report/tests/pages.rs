//! What a page holds, and what it does without a browser's help.

use super::{fixtures, report};
use crate::model::Answer;
use crate::report::Format;

fn page(answer: crate::model::WhyAnswer) -> String {
    report(&Answer::Why(Box::new(answer)), Format::Html, &fixtures::style())
}

#[test]
fn the_policy_names_the_hashes_of_the_only_style_sheet_and_script() {
    use base64::Engine;
    use sha2::Digest;
    let shown = page(fixtures::why()).replace("&#39;", "'");
    let own = page(fixtures::why());
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text.as_bytes()));
    for (tag, end) in [("<style>", "</style>"), ("<script>", "</script>")] {
        assert_eq!(shown.matches(tag).count(), 1);
        let content = own.split_once(tag).unwrap().1.split_once(end).unwrap().0;
        assert!(shown.contains(&format!("'sha256-{}'", hash(content))), "{tag}");
    }
    assert!(shown.contains("default-src 'none';") && !shown.contains("unsafe"));
    for source in [" src=", " style=", "url(", "@import", " onclick"] {
        assert!(!shown.contains(source), "{source}");
    }
}

#[test]
fn a_page_without_its_data_is_small() {
    let shown = page(fixtures::why());
    assert!(shown.len() < 200_000, "{}", shown.len());
}

#[test]
fn links_lead_to_commits_and_builds_on_the_web_only() {
    let mut answer = fixtures::why();
    answer.suspects[0].deploy.url = Some("https://ci.example.com/build/7".to_owned());
    answer.suspects[1].deploy.url = Some("javascript:alert(1)".to_owned());
    let shown = page(answer);
    let link = "<a rel=\"noopener noreferrer\" href=\"https://ci.example.com/build/7\">build</a>";
    assert!(shown.contains(link) && !shown.contains("javascript"), "{shown}");
    assert!(
        shown.contains("href=\"https://git.example.com/acme/domains/commit/4f2a00959c1e77aa04\">4f2a0095</a>"),
        "{shown}"
    );
}

#[test]
fn apps_that_were_not_asked_about_are_off_at_first() {
    let mut answer = fixtures::why();
    answer.question.apps = vec!["domains".to_owned()];
    let shown = page(answer);
    let data: serde_json::Value = {
        let rest = shown.split_once("id=\"data\">").unwrap().1;
        serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
    };
    let on: Vec<(&str, bool)> = data["lanes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| (l["name"].as_str().unwrap(), l["on"].as_bool().unwrap()))
        .collect();
    assert!(on.contains(&("domains", true)) && on.contains(&("admin", false)), "{on:?}");
}

#[test]
fn an_answer_without_points_has_a_page_and_a_picture_all_the_same() {
    let bare =
        crate::model::WhyAnswer { picture: crate::model::Picture::default(), suspects: Vec::new(), ..fixtures::why() };
    let answer = Answer::Why(Box::new(bare));
    assert!(report(&answer, Format::Html, &fixtures::style()).contains("There is nothing to draw."));
    assert!(report(&answer, Format::Svg, &fixtures::style()).ends_with("</svg>\n"));
}
