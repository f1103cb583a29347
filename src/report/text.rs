//! Makes untrusted text harmless to show, and measures and cuts it.

use std::fmt::Write;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Marks that may stack on one character before the others are spelled out; no living script needs more.
const MARKS: usize = 6;

/// Text as one line that does nothing to a terminal.
///
/// Line breaks and tabs become spaces. What would act without being seen (control characters, bidirectional controls,
/// zero-width and tag characters, line separators) is spelled out as `\u{1b}`. Joiners and variation selectors stay
/// where scripts and emoji need them.
#[must_use]
pub fn visible(text: &str) -> String {
    show(text, |c| matches!(c, '\n' | '\t').then_some(' '))
}

/// As [`visible`], but line breaks (as `\n`) and tabs stay.
pub(super) fn visible_lines(text: &str) -> String {
    show(text, |c| matches!(c, '\n' | '\t').then_some(c))
}

/// Whether a character acts on a terminal or a reader without being seen, in every context.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{200b}'
            | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}')
}

/// Columns that a text takes on a terminal.
pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text, or as much of it as fits into `columns` together with `ellipsis`. Cuts between graphemes only.
pub(super) fn cut(text: &str, columns: usize, ellipsis: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(ellipsis));
    let (mut end, mut taken) = (0, 0);
    for (start, grapheme) in text.grapheme_indices(true) {
        taken += width(grapheme);
        if taken > room {
            break;
        }
        end = start + grapheme.len();
    }
    format!("{}{ellipsis}", text[..end].trim_end())
}

/// The text in lines of at most `columns`, broken at spaces and, where a word is longer than that, between graphemes.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        for piece in pieces(word, columns.max(2)) {
            let last = lines.len() - 1;
            let line = &mut lines[last];
            if line.is_empty() {
                line.push_str(&piece);
            } else if width(line) + 1 + width(&piece) <= columns {
                let _ = write!(line, " {piece}");
            } else {
                lines.push(piece);
            }
        }
    }
    lines
}

/// The first line of a message that is not blank, made visible, and how many such lines follow.
pub(super) fn first_line(message: &str) -> (String, usize) {
    let mut lines = message.split('\n').map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().map(visible).unwrap_or_default();
    (first, lines.count())
}

fn pieces(word: &str, columns: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for grapheme in word.graphemes(true) {
        let last = pieces.len() - 1;
        if !pieces[last].is_empty() && width(&pieces[last]) + width(grapheme) > columns {
            pieces.push(grapheme.to_owned());
        } else {
            pieces[last].push_str(grapheme);
        }
    }
    pieces
}

fn show(text: &str, keep: impl Fn(char) -> Option<char>) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut stack = Stack::default();
    for c in text.replace("\r\n", "\n").chars() {
        match keep(c) {
            Some(kept) => shown.push(kept),
            None if is_hidden(c) || !stack.admits(c) => {
                let _ = write!(shown, "{}", c.escape_unicode());
            }
            None => shown.push(c),
        }
        stack.push(c);
    }
    shown
}

/// The characters since the last one that takes a column.
#[derive(Default)]
struct Stack {
    base: Option<char>,
    marks: usize,
    joiners: usize,
}

impl Stack {
    /// Whether a zero-width character does here what it is for, and not just hide.
    fn admits(&self, c: char) -> bool {
        match c {
            '\u{200c}' | '\u{200d}' | '\u{180e}' => self.base.is_some_and(|b| !b.is_ascii()) && self.joiners < 2,
            _ if is_selector(c) => self.base.is_some() && self.joiners < 1,
            _ => c.width() != Some(0) || self.marks < MARKS,
        }
    }

    fn push(&mut self, c: char) {
        if matches!(c, '\u{200c}' | '\u{200d}' | '\u{180e}') || is_selector(c) {
            self.joiners += 1;
        } else if c.width() == Some(0) {
            self.marks += 1;
        } else {
            let base = (!c.is_control() && !c.is_whitespace()).then_some(c);
            *self = Self { base, marks: 0, joiners: 0 };
        }
    }
}

fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{180b}'..='\u{180d}' | '\u{180f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_spelled_out() {
        assert_eq!(visible("\u{1b}[31mred\u{1b}]0;title\u{7}"), r"\u{1b}[31mred\u{1b}]0;title\u{7}");
        assert_eq!(visible("\u{9b}31m \u{7f}"), r"\u{9b}31m \u{7f}");
    }

    #[test]
    fn line_breaks_and_tabs_become_spaces_and_a_lone_return_is_spelled_out() {
        assert_eq!(visible("a\r\nb\tc\nd"), "a b c d");
        assert_eq!(visible("50 %\r100 %"), r"50 %\u{d}100 %");
        assert_eq!(visible_lines("a\r\nb\tc"), "a\nb\tc");
    }

    #[test]
    fn what_reorders_or_hides_text_is_spelled_out() {
        assert_eq!(visible("a\u{202e}b\u{2066}c\u{200f}"), r"a\u{202e}b\u{2066}c\u{200f}");
        assert_eq!(visible("a\u{200b}b\u{200d}c\u{feff}\u{2028}"), r"a\u{200b}b\u{200d}c\u{feff}\u{2028}");
        assert_eq!(visible("\u{e0041}\u{ad}"), r"\u{e0041}\u{ad}");
    }

    #[test]
    fn other_scripts_and_emoji_stay() {
        for text in [
            "日本語の修正",
            "исправить",
            "تحديث",
            "می‌خواهم",
            "หน้าแรก",
            "👩‍💻 🏳️‍🌈 1️⃣ ✅",
            "e\u{301}te\u{301}",
            "葛\u{e0100}",
        ] {
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn marks_cannot_pile_up_without_end() {
        let shown = visible(&format!("z{}", "\u{301}".repeat(50)));
        assert_eq!(shown.matches('\u{301}').count(), MARKS);
        assert_eq!(visible("a\u{fe0f}\u{fe0e}"), "a\u{fe0f}\\u{fe0e}");
    }

    #[test]
    fn cutting_keeps_graphemes_whole_and_the_width() {
        assert_eq!(cut("plain", 5, "…"), "plain");
        assert_eq!(cut("日本語", 5, "…"), "日本…");
        assert_eq!(cut("日本語", 4, "…"), "日…");
        assert_eq!(cut("👩‍💻👩‍💻👩‍💻", 5, "…"), "👩‍💻👩‍💻…");
        assert_eq!(cut("long text here", 8, "..."), "long...");
    }

    #[test]
    fn lines_are_wrapped_at_spaces_and_long_words_are_broken() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
    }

    #[test]
    fn the_first_line_that_says_something_stands_for_a_message() {
        assert_eq!(first_line("\n\nFix it\r\n\r\nBecause.\nMore."), ("Fix it".to_owned(), 2));
        assert_eq!(first_line(" \n"), (String::new(), 0));
    }
}
