//! Our numbers as OSCAL tokens and back: one token per number, one number per token, the same on every machine.

/// The token of a number: `p-`, then ASCII letters, digits, `.` and `-` as they are, `/` as `__`, anything else as
/// `_x<hexadecimal>_`. Tools differ in which other letters they accept, so only ASCII is written.
pub fn token(number: &str) -> String {
    let mut out = String::with_capacity(number.len() + 2);
    out.push_str("p-");
    for c in number.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') => out.push(c),
            '/' => out.push_str("__"),
            other => out.push_str(&format!("_x{:x}_", u32::from(other))),
        }
    }
    out
}

/// The number of one of our tokens; `None` for a token that [`token`] does not write.
pub fn number(token: &str) -> Option<String> {
    let mut rest = token.strip_prefix("p-")?;
    let mut out = String::with_capacity(rest.len());
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c != '_' {
            if !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-') {
                return None;
            }
            out.push(c);
        } else if let Some(after) = rest.strip_prefix('_') {
            out.push('/');
            rest = after;
        } else {
            let (code, after) = rest.strip_prefix('x')?.split_once('_')?;
            let escaped = u32::from_str_radix(code, 16).ok().and_then(char::from_u32)?;
            out.push(escaped);
            rest = after;
        }
    }
    (self::token(&out) == token).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::{number, token};

    #[test]
    fn tokens_are_ascii_and_lead_back() {
        for id in [
            "6.1.1",
            "TEL.9.5.1",
            "別紙1/1.2.1",
            "(1)/ウ/(イ)/○セキュリティ",
            "4-2/③",
            "a_b",
            "_x41_",
            "",
            "/x41/",
            "//",
            "_",
        ] {
            let written = token(id);
            assert!(written.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')), "{written}");
            assert_eq!(number(&written).as_deref(), Some(id), "{written}");
        }
        assert_eq!(token("2/1.2"), "p-2__1.2");
        for foreign in ["ac-1", "p-_", "p-_xzz_", "p-あ", "p-_x41_"] {
            assert_eq!(number(foreign), None, "{foreign}");
        }
    }
}
