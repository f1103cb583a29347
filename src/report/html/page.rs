//! Writes the elements of a page. Data can only go in as text.

use crate::report::svg::escape;
use crate::report::text;

/// The page that is being written.
#[derive(Default)]
pub(super) struct Page {
    out: String,
}

impl Page {
    /// Markup of our own, which is never put together from data.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.out.push_str(markup);
        self
    }

    /// A picture or a part of it that this crate drew; its texts are escaped already.
    pub(super) fn drawn(&mut self, svg: &str) -> &mut Self {
        self.out.push_str(svg);
        self
    }

    /// A text on one line, made visible where it would act.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.out.push_str(&escape(&text::visible(text)));
        self
    }

    /// A text of many lines.
    pub(super) fn lines(&mut self, text: &str) -> &mut Self {
        self.out.push_str(&escape(&text::visible_lines(text)));
        self
    }

    /// A text within markup of our own before and after it.
    pub(super) fn within(&mut self, before: &'static str, text: &str, after: &'static str) -> &mut Self {
        self.raw(before).text(text).raw(after)
    }

    /// A link, where its address is one of the web; else only its text.
    pub(super) fn link(&mut self, address: Option<&str>, shown: &str) -> &mut Self {
        match address.filter(|address| is_web(address)) {
            Some(address) => {
                self.raw("<a rel=\"noopener noreferrer\" href=\"").text(address).raw("\">").text(shown).raw("</a>")
            }
            None => self.text(shown),
        }
    }

    pub(super) fn finished(self) -> String {
        self.out
    }
}

/// Whether an address leads to the web, with nothing in it that could be read in two ways.
fn is_web(address: &str) -> bool {
    let lower = address.to_ascii_lowercase();
    let host = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    let clean = |c: char| !c.is_whitespace() && !text::is_hidden(c) && !"<>\"'`\\{}|^".contains(c);
    host.is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '[')) && address.chars().all(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_become_links() {
        for address in ["https://ci.example.com/build/7?a=b#c", "HTTP://example.com", "https://[::1]/x"] {
            assert!(is_web(address), "{address}");
        }
        for address in [
            "javascript:alert(1)",
            " https://x.example",
            "java\nscript:alert(1)",
            "data:text/html,x",
            "//x.example",
            "https://",
            "https://x.example/\"onclick=\"y",
            "https://x.example/\u{202e}",
            "file:///etc/passwd",
            "ftp://x.example",
        ] {
            assert!(!is_web(address), "{address}");
        }
    }

    #[test]
    fn text_stays_text() {
        let mut page = Page::default();
        page.text("</script><b title='x'>\u{202e}&").link(Some("javascript:x"), "<i>");
        assert_eq!(page.finished(), r"&lt;/script&gt;&lt;b title=&#39;x&#39;&gt;\u{202e}&amp;&lt;i&gt;");
    }
}
