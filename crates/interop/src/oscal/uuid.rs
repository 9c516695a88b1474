//! Uuids from content (version 5): the same content has the same uuid, on every machine.

use sha1::{Digest, Sha1};

/// The namespace of our uuids: version 5 of the URL namespace and [`super::NS`].
const NAMESPACE_URL: [u8; 16] =
    [0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8];

/// The uuid of a content.
pub fn of(content: &str) -> String {
    let own = hash(&NAMESPACE_URL, super::NS.as_bytes());
    text(&hash(&own, content.as_bytes()))
}

fn hash(namespace: &[u8; 16], name: &[u8]) -> [u8; 16] {
    let digest = Sha1::new().chain_update(namespace).chain_update(name).finalize();
    let mut uuid = [0; 16];
    uuid.copy_from_slice(&digest[..16]);
    uuid[6] = (uuid[6] & 0x0f) | 0x50;
    uuid[8] = (uuid[8] & 0x3f) | 0x80;
    uuid
}

fn text(uuid: &[u8; 16]) -> String {
    let mut out = String::with_capacity(36);
    for (at, byte) in uuid.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        out.push_str(&format!("{byte:02x}"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{NAMESPACE_URL, hash, of, text};

    #[test]
    fn version_five_as_rfc_9562_has_it() {
        // Checked with Python: uuid.uuid5(uuid.NAMESPACE_URL, "http://www.example.com/")
        let known = text(&hash(&NAMESPACE_URL, b"http://www.example.com/"));
        assert_eq!(known, "fcde3c85-2270-590f-9e7c-ee003d65e0e2");
        assert_eq!(of("a"), of("a"));
        assert_ne!(of("a"), of("b"));
    }
}
