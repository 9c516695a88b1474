//! Secrets that people read aloud and type: letters that nobody takes for one another.

use crate::App;

/// Without i, l, o and u, which are misread: 32 of them, so that a letter is five random bits.
pub(crate) const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl App {
    /// A secret in `groups` of `size` letters each, with dashes between.
    pub(crate) fn code(&self, groups: usize, size: usize) -> String {
        let letter = || {
            let [byte]: [u8; 1] = self.random();
            char::from(LETTERS[usize::from(byte & 31)])
        };
        let group = |_| (0..size).map(|_| letter()).collect::<String>();
        (0..groups).map(group).collect::<Vec<_>>().join("-")
    }
}
