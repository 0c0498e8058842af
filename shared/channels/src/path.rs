//! Paths of gateways with something in them that a provider, or whoever wrote a message, chose.

use percent_encoding::percent_decode_str;

/// How often an encoding within an encoding is looked through. What is deeper is refused.
const DEEPEST: usize = 4;

/// Whether a path, with its query, is asked for as it is written: no segment leads upwards, in whatever encoding, none is empty but the
/// last, and nothing in it is read otherwise by another server or by a parser of URLs. The key of a gateway goes to no other.
pub fn stays(path: &str) -> bool {
    if path.contains('#') || path.chars().any(char::is_control) {
        return false;
    }
    let path = path.split('?').next().unwrap_or_default();
    let Some(below) = path.strip_prefix('/') else { return false };
    if below.split('/').rev().skip(1).any(str::is_empty) {
        return false;
    }
    let mut present = below.to_owned();
    for _ in 0..DEEPEST {
        let is_upward = |segment: &str| matches!(segment.trim(), "." | "..") || is_dots_with_parameters(segment);
        let is_plain = !present.chars().any(|c| c == '\\' || c.is_control()) && !present.split('/').any(is_upward);
        if !is_plain {
            return false;
        }
        let Ok(decoded) = percent_decode_str(&present).decode_utf8() else { return false };
        if decoded == present {
            return true;
        }
        present = decoded.into_owned();
    }
    false
}

/// `..;x`: servlet containers take off what follows the semicolon.
fn is_dots_with_parameters(segment: &str) -> bool {
    segment.split_once(';').is_some_and(|(name, _)| matches!(name.trim(), "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_where_it_is_written() {
        for path in [
            "/api/files/default/false_1@c.us_A.jpg",
            "/api/files/default/a%20b%2Bc.jpg?x=../1",
            "/api/files/default/100%25.txt",
            "/statics/media/1%202.jpeg",
            "/media/3EB0%2E.x",
            "/media/3EB0%2F..%3FA",
            "/a..b/...",
            "/send/message",
            "/chat/",
        ] {
            assert!(stays(path), "{path}");
        }
        for path in [
            "",
            "api/files/a",
            "//example.org/a",
            "/api/files//etc",
            "/api/files/..",
            "/api/files/../../admin",
            "/api/files/./a",
            "/api/files/%2e%2e/a",
            "/api/files/.%2E/a",
            "/api/files/%252e%252e/a",
            "/api/files/%25252e%25252e/a",
            "/api/files/..%2fadmin",
            "/api/files/..\\admin",
            "/api/files/..%5cadmin",
            "/api/files/a%00.jpg",
            "/api/files/.\t./a",
            "/api/files/..;x/a",
            "/api/files/a#/../b",
            "/api/files/%ff",
        ] {
            assert!(!stays(path), "{path}");
        }
    }
}
