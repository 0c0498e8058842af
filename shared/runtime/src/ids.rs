//! Randomness for new ids.

/// 80 random bits for an id made now. Not a secret: ids are names, and what they name is protected by its organization.
pub fn random() -> u128 {
    fastrand::u128(..) & ((1 << 80) - 1)
}
