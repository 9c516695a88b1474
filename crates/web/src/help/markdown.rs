//! The part of Markdown that our own handbook is written in: headings, paragraphs, lists, tables, blocks of commands,
//! `code`, **bold** and links between chapters. Not for texts of others.

use std::fmt::Write as _;

/// The first heading.
pub fn title(text: &'static str) -> &'static str {
    text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or("")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    None,
    Paragraph,
    Bullets,
    Numbers,
    Table,
    Code,
}

impl Block {
    const fn end(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Paragraph => "</p>\n",
            Self::Bullets => "</li></ul>\n",
            Self::Numbers => "</li></ol>\n",
            Self::Table => "</tbody></table></div>\n",
            Self::Code => "</code></pre>\n",
        }
    }
}

/// A chapter as HTML, without its title, which the page has.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut block = Block::None;
    for line in text.lines() {
        if block == Block::Code && line != "```" {
            out.push_str(&escape(line));
            out.push('\n');
            continue;
        }
        let next = kind(line, block);
        let goes_on =
            next == block && matches!(next, Block::Bullets | Block::Numbers | Block::Table | Block::Paragraph);
        if !goes_on {
            out.push_str(block.end());
            block = next;
        }
        write_line(&mut out, line, next, goes_on);
    }
    out.push_str(block.end());
    out
}

/// What a line belongs to.
fn kind(line: &str, block: Block) -> Block {
    let numbered = line
        .split_once(". ")
        .is_some_and(|(digits, _)| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    match line {
        "```" if block == Block::Code => Block::None,
        line if line.starts_with("```") => Block::Code,
        line if line.starts_with('|') => Block::Table,
        line if line.starts_with("- ") => Block::Bullets,
        _ if numbered => Block::Numbers,
        // A line that is set in goes on with the item above it.
        line if line.starts_with("  ") && matches!(block, Block::Bullets | Block::Numbers) => block,
        // Pictures are those of the documents' folder.
        line if line.trim().is_empty() || line.starts_with('#') || line.starts_with("![") || line == "```" => {
            Block::None
        }
        _ => Block::Paragraph,
    }
}

fn write_line(out: &mut String, line: &str, kind: Block, goes_on: bool) {
    match kind {
        Block::None => {
            let level = line.bytes().take_while(|b| *b == b'#').count();
            if level >= 2 {
                // Writing to a String cannot fail.
                _ = writeln!(out, "<h{level}>{}</h{level}>", inline(line.trim_start_matches('#').trim()));
            }
        }
        Block::Paragraph => {
            out.push_str(if goes_on { "\n" } else { "<p>" });
            out.push_str(&inline(line));
        }
        Block::Bullets | Block::Numbers if line.starts_with("  ") => {
            out.push(' ');
            out.push_str(&inline(line.trim()));
        }
        Block::Bullets => item(out, "<ul><li>", line.trim_start_matches("- "), goes_on),
        Block::Numbers => item(out, "<ol><li>", line.split_once(". ").map_or("", |(_, text)| text), goes_on),
        Block::Code => out.push_str("<pre class=\"command\" tabindex=\"0\"><code>"),
        Block::Table => table_row(out, line, goes_on),
    }
}

fn item(out: &mut String, open: &str, text: &str, goes_on: bool) {
    out.push_str(if goes_on { "</li><li>" } else { open });
    out.push_str(&inline(text));
}

/// The first row is the head; the line of dashes below it says nothing.
fn table_row(out: &mut String, line: &str, goes_on: bool) {
    if line.starts_with("|---") {
        return;
    }
    let cells = line.trim_matches('|').split('|').map(|cell| inline(cell.trim()));
    if goes_on {
        for (at, cell) in cells.enumerate() {
            _ = if at == 0 { write!(out, "<tr><th scope=\"row\">{cell}</th>") } else { write!(out, "<td>{cell}</td>") };
        }
        out.push_str("</tr>\n");
    } else {
        out.push_str("<div class=\"table-wrap\"><table class=\"table\"><thead><tr>");
        cells.for_each(|cell| _ = write!(out, "<th scope=\"col\">{cell}</th>"));
        out.push_str("</tr></thead><tbody>\n");
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn inline(text: &str) -> String {
    let mut out = String::new();
    let mut is_code = false;
    for (at, part) in text.split('`').enumerate() {
        is_code = at % 2 == 1;
        if is_code {
            _ = write!(out, "<code>{}</code>", escape(part));
        } else {
            out.push_str(&links(&bold(&escape(part))));
        }
    }
    debug_assert!(!is_code, "an open ` in our own text: {text}");
    out
}

fn bold(text: &str) -> String {
    let parts = text.split("**").enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { format!("<strong>{part}</strong>") } else { part.to_owned() }).collect()
}

/// Links to chapters lead to their pages; what else the documents link is not in the program and stays a text.
fn links(text: &str) -> String {
    let Some((before, rest)) = text.split_once('[') else { return text.to_owned() };
    let Some((label, rest)) = rest.split_once("](") else { return text.to_owned() };
    let Some((target, after)) = rest.split_once(')') else { return text.to_owned() };
    let link = match target.strip_suffix(".md") {
        Some(name) if !name.contains('/') => format!("<a href=\"/help/{name}\">{label}</a>"),
        _ => label.to_owned(),
    };
    format!("{before}{link}{}", links(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handbooks_markdown_becomes_html() {
        let text = "# 題\n\n文の`a<b`と**強い**言葉、\n[役割](02-roles.md)と[外](../x.md)。\n\n## 節\n1. 一\n   続き\n2. 二\n\n- 点\n\n```\nsakimori <x>\n\nend\n```\n\n| 鍵 | 働き |\n|---|---|\n| j | 次 |\n";
        assert_eq!(title("x\n# 題\n"), "題");
        assert_eq!(
            html(text),
            "<p>文の<code>a&lt;b</code>と<strong>強い</strong>言葉、\n<a href=\"/help/02-roles\">役割</a>と外。</p>\n<h2>節</h2>\n<ol><li>一 続き</li><li>二</li></ol>\n<ul><li>点</li></ul>\n<pre class=\"command\" tabindex=\"0\"><code>sakimori &lt;x&gt;\n\nend\n</code></pre>\n<div class=\"table-wrap\"><table class=\"table\"><thead><tr><th scope=\"col\">鍵</th><th scope=\"col\">働き</th></tr></thead><tbody>\n<tr><th scope=\"row\">j</th><td>次</td></tr>\n</tbody></table></div>\n"
        );
    }
}
