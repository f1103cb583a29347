//! Makes untrusted text harmless in Markdown, of whatever renderer.

use std::fmt::Write;

use crate::report::text;

/// A text from data as a code span on one line.
pub(super) fn code(text: &str) -> String {
    let shown = text::visible(text);
    if shown.trim().is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(&shown) + 1);
    // A space on each side keeps backticks at the ends apart from the fence; renderers strip one pair.
    let pad = if shown.starts_with(['`', ' ']) || shown.ends_with(['`', ' ', '\\']) { " " } else { "" };
    format!("{fence}{pad}{shown}{pad}{fence}")
}

/// A text of many lines from data as a code block.
pub(super) fn fenced(text: &str) -> String {
    let shown = text::visible_lines(text.trim());
    let fence = "`".repeat((longest_run(&shown) + 1).max(3));
    format!("{fence}text\n{shown}\n{fence}")
}

/// The content of a table cell: no pipe in it ends the cell.
///
/// Some renderers take `\\|` for a backslash and the end of the cell. So a pipe always has an odd number of backslashes
/// before it, at the price of one too many where data has some there.
pub(super) fn cell(content: &str) -> String {
    let mut out = String::new();
    for c in content.chars() {
        if c == '|' {
            let backslashes = out.len() - out.trim_end_matches('\\').len();
            out.push_str(if backslashes.is_multiple_of(2) { "\\" } else { "\\\\" });
        }
        out.push(c);
    }
    out
}

/// A sentence of ours that may quote data, as plain text: every character that markup begins with is escaped.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::new();
    for word in text::visible(text).split_inclusive(|c: char| !c.is_alphanumeric() && c != '-') {
        let own = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '-');
        if is_reference(own) {
            let _ = write!(out, "`{own}`");
            escaped(&mut out, &word[own.len()..]);
        } else {
            escaped(&mut out, word);
        }
    }
    // An address is not made a link where its colon or point is escaped.
    out.replace("://", "\\://").replace("www.", "www\\.")
}

/// Whether a word is what some renderers make a link to an issue or a commit: `GH-12`, or seven or more hexadecimal digits.
fn is_reference(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let issue = lower.rsplit_once("gh-").is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()));
    let hash = (7..=64).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_hexdigit());
    issue || (hash && word.bytes().any(|b| b.is_ascii_digit()))
}

fn escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // No renderer takes what follows for a mention or an issue.
            '@' | '#' => {
                let _ = write!(out, "`{c}`");
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_cannot_leave_a_code_span_or_block() {
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`rm`"), "`` `rm` ``");
        assert_eq!(code("a\nb"), "`a b`");
        assert_eq!(code("ends in \\"), "` ends in \\ `");
        assert_eq!(code(" \n"), "");
        assert_eq!(fenced("a\n```\n# b\u{1b}\n"), "````text\na\n```\n# b\\u{1b}\n````");
    }

    #[test]
    fn a_pipe_cannot_end_a_cell() {
        assert_eq!(cell("a|b"), r"a\|b");
        assert_eq!(cell(r"a\|b"), r"a\\\|b");
        assert_eq!(cell(r"a\\|b"), r"a\\\|b");
    }

    #[test]
    fn a_sentence_quotes_data_as_text() {
        let told = plain("<b> @ann [x](http://y) #7 ![z] www.w.org a_b_");
        assert_eq!(plain("see GH-12, reverts 62b3e44b"), "see `GH-12`, reverts `62b3e44b`");
        assert_eq!(told, r"&lt;b&gt; `@`ann \[x\](http\://y) `#`7 \!\[z\] www\.w.org a\_b\_");
    }
}
