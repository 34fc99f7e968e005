//! What looks from outside.
