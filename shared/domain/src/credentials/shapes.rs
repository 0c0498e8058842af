//! What credentials look like, whatever stands before them.

/// How tokens begin, and how many bytes follow at least. Sources: Meta's access tokens; RFC 7519 (`{"` in Base64); AWS, "IAM identifiers";
/// the prefixes that scanners of repositories know.
const BEGINNINGS: [(&str, usize); 24] = [
    ("eyJ", 8),
    ("EAA", 16),
    ("IGQ", 16),
    ("turno_sk", 8),
    ("turno-sk", 8),
    ("trn_", 12),
    ("AKIA", 12),
    ("ASIA", 12),
    ("AROA", 12),
    ("AIDA", 12),
    ("sk-", 16),
    ("sk_live_", 8),
    ("sk_test_", 8),
    ("rk_live_", 8),
    ("pk_live_", 8),
    ("ghp_", 16),
    ("gho_", 16),
    ("ghs_", 16),
    ("github_pat_", 16),
    ("glpat-", 12),
    ("xoxb-", 8),
    ("xoxp-", 8),
    ("AIza", 20),
    ("whsec_", 8),
];

const PRIVATE_KEY: &str = "-----BEGIN";

/// How many bytes of what begins with a word are a token.
pub(super) fn at_a_word(text: &str) -> Option<usize> {
    BEGINNINGS
        .iter()
        .find_map(|(beginning, least)| {
            let rest = text.strip_prefix(beginning)?;
            let length = token_len(rest);
            (length >= *least).then_some(beginning.len() + length)
        })
        .or_else(|| app_token(text))
        .or_else(|| private_key(text))
}

/// The same of what begins otherwise.
pub(super) fn at_a_sign(text: &str) -> Option<usize> {
    private_key(text)
}

/// `Bearer x`, `Basic x`: where the credentials begin after the word of this length, and how long they are.
pub(super) fn after_a_scheme(text: &str, word: usize) -> Option<(usize, usize)> {
    const LEAST: usize = 6;
    let scheme = &text[..word];
    let is_scheme = ["bearer", "basic", "digest", "apikey", "aws4-hmac-sha256"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    let rest = &text[word..];
    let gap = [" ", "%20", "+"].into_iter().find(|gap| is_scheme && rest.starts_with(gap))?;
    let gap = word + gap.len() + rest[gap.len()..].bytes().take_while(|byte| *byte == b' ').count();
    let length = token_len(&text[gap..]);
    // Words of people are no credentials: what is one has more than letters, or is longer than they are.
    let token = &text[gap..gap + length];
    let is_word = token.bytes().all(|byte| byte.is_ascii_lowercase()) && length < 20;
    (length >= LEAST && !is_word).then_some((gap, length))
}

/// `://user:password@`: where the credentials of a URL begin, and how long they are.
pub(super) fn user_info(text: &str) -> Option<(usize, usize)> {
    let marker = ["://", ":\\/\\/", "%3A%2F%2F", "%3a%2f%2f"].into_iter().find(|marker| text.starts_with(marker))?;
    let rest = &text[marker.len()..];
    let ends = |c: char| c.is_whitespace() || c.is_control() || "/?#\"'\\<>,{}".contains(c);
    let authority = &rest[..rest.find(ends).unwrap_or(rest.len())];
    let length = authority.rfind('@').or_else(|| authority.find("%40")).filter(|at| *at > 0)?;
    Some((marker.len(), length))
}

/// The token of a Meta app: its id, a bar, its secret.
fn app_token(text: &str) -> Option<usize> {
    const LEAST: usize = 16;
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let bar = ["|", "%7C", "%7c"].into_iter().find(|bar| digits >= 5 && text[digits..].starts_with(bar))?;
    let length = token_len(&text[digits + bar.len()..]);
    (length >= LEAST).then_some(digits + bar.len() + length)
}

fn private_key(text: &str) -> Option<usize> {
    const END: &str = "-----END";
    let rest = text.strip_prefix(PRIVATE_KEY)?;
    let line = &rest[..rest.find("-----").unwrap_or(rest.len()).min(rest.len())];
    if !line.contains("PRIVATE KEY") {
        return None;
    }
    let end = text.find(END).map(|at| at + END.len());
    let last = end.map(|at| text[at..].find("-----").map_or(text.len(), |dashes| at + dashes + 5));
    Some(last.unwrap_or(text.len()))
}

fn token_len(text: &str) -> usize {
    text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.+/=~:|".contains(byte)).count()
}
