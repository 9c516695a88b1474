//! The handbook's Markdown as HTML of our components: pulldown-cmark reads it, this chooses the markup around tables,
//! commands and links. Raw HTML is shown as text; pictures are those of the documents' folder and left out.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// The first heading.
pub fn title(text: &'static str) -> &'static str {
    text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or("")
}

/// A chapter as HTML, without its title, which the page has.
pub fn html(text: &str) -> String {
    let mut place = Place::default();
    let events = Parser::new_ext(text, Options::ENABLE_TABLES).filter_map(|event| place.ours(event));
    let mut out = String::with_capacity(text.len() * 2);
    html::push_html(&mut out, events);
    out
}

/// Where in the text we are, as far as the markup depends on it.
#[derive(Default)]
struct Place {
    /// In something that is not shown: the title, a picture.
    is_hidden: bool,
    is_head: bool,
    /// Cells of this row so far.
    cells: usize,
}

impl Place {
    fn ours<'a>(&mut self, event: Event<'a>) -> Option<Event<'a>> {
        match &event {
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. } | Tag::Image { .. }) => self.is_hidden = true,
            Event::End(TagEnd::Heading(HeadingLevel::H1) | TagEnd::Image) => {
                self.is_hidden = false;
                return None;
            }
            _ => {}
        }
        if self.is_hidden {
            return None;
        }
        Some(match event {
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented)) => {
                raw("<pre class=\"command\" tabindex=\"0\"><code>")
            }
            Event::Start(Tag::Link { dest_url, .. }) => link(&dest_url),
            Event::End(TagEnd::Link) => raw("</a>"),
            other => self.table(other),
        })
    }

    /// Tables scroll in their own box; the first row and the first column are headings.
    fn table<'a>(&mut self, event: Event<'a>) -> Event<'a> {
        match event {
            Event::Start(Tag::Table(_)) => raw("<div class=\"table-wrap\"><table class=\"table\">"),
            Event::End(TagEnd::Table) => raw("</tbody></table></div>\n"),
            Event::Start(Tag::TableHead) => {
                self.is_head = true;
                raw("<thead><tr>")
            }
            Event::End(TagEnd::TableHead) => {
                self.is_head = false;
                raw("</tr></thead><tbody>\n")
            }
            Event::Start(Tag::TableRow) => {
                self.cells = 0;
                raw("<tr>")
            }
            Event::Start(Tag::TableCell) => {
                self.cells += 1;
                raw(if self.is_head {
                    "<th scope=\"col\">"
                } else if self.cells == 1 {
                    "<th scope=\"row\">"
                } else {
                    "<td>"
                })
            }
            Event::End(TagEnd::TableCell) => raw(if self.is_head || self.cells == 1 { "</th>" } else { "</td>" }),
            other => other,
        }
    }
}

fn raw(text: &'static str) -> Event<'static> {
    Event::Html(CowStr::Borrowed(text))
}

/// Links to chapters lead to their pages; what else the documents link is not in the program and leads nowhere.
fn link(target: &str) -> Event<'static> {
    match target.strip_suffix(".md") {
        Some(name) if !name.contains('/') => Event::Html(format!("<a href=\"/help/{name}\">").into()),
        _ => raw("<a>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handbooks_markdown_becomes_html() {
        let text = "# 題\n\n文の`a<b`と**強い**言葉、\n[役割](02-roles.md)と[外](../x.md)。<b>\n\n## 節\n1. 一\n   続き\n2. 二\n\n- 点\n\n```\nsakimori <x>\n\nend\n```\n\n| 鍵 | 働き |\n|---|---|\n| j | 次 |\n";
        assert_eq!(title("x\n# 題\n"), "題");
        assert_eq!(
            html(text),
            "<p>文の<code>a&lt;b</code>と<strong>強い</strong>言葉、\n<a href=\"/help/02-roles\">役割</a>と<a>外</a>。&lt;b&gt;</p>\n<h2>節</h2>\n<ol>\n<li>一\n続き</li>\n<li>二</li>\n</ol>\n<ul>\n<li>点</li>\n</ul>\n<pre class=\"command\" tabindex=\"0\"><code>sakimori &lt;x&gt;\n\nend\n</code></pre>\n<div class=\"table-wrap\"><table class=\"table\"><thead><tr><th scope=\"col\">鍵</th><th scope=\"col\">働き</th></tr></thead><tbody>\n<tr><th scope=\"row\">j</th><td>次</td></tr>\n</tbody></table></div>\n"
        );
    }
}
