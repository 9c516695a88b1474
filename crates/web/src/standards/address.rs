//! Addresses of Editions and Provisions. Numbers hold strokes, brackets and Japanese: every byte that is not plain is
//! percent-encoded, strokes stay, so that the address of a chapter is the beginning of its sections' addresses.

use std::fmt::Write as _;

/// `/standards/{id}`.
pub fn edition_path(edition_id: &str) -> String {
    format!("/standards/{}", encoded(edition_id))
}

/// `/standards/{id}/{number}`.
pub fn item_path(edition_id: &str, number: &str) -> String {
    format!("/standards/{}/{}", encoded(edition_id), encoded(number))
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive_the_address_bar() {
        assert_eq!(item_path("a", "別紙1/1.2"), "/standards/a/%E5%88%A5%E7%B4%991/1.2");
        assert_eq!(item_path("a", "(1)/○?#%"), "/standards/a/%281%29/%E2%97%8B%3F%23%25");
    }
}
