//! Whom the journeys speak with, and what they say: invented, and easy to find where it must not be.

/// How every phone number begins.
pub(crate) const PHONES: &str = "770155500";
/// What every text holds.
pub(crate) const WORDS: &str = "assunto-reservado";
/// What everybody is called.
pub(crate) const NAME: &str = "Zuleica Personagem";

/// The phone number of the `n`th person. The simulator treats 0, 47, 429, 500 and 1047 in its own way.
pub(crate) fn phone(n: usize) -> String {
    assert!(n < 10_000, "there are no more people");
    format!("{PHONES}{n:04}")
}

/// A message id that no other message has.
pub(crate) fn message_id() -> String {
    format!("wamid.{:032X}", fastrand::u128(..))
}

/// Something to say.
pub(crate) fn words(n: usize) -> String {
    format!("Olá, {WORDS} {n}: meu pedido não chegou")
}
