//! The colour of a replica: it follows the pod's name, so that all viewers see the same.

/// How many colours there are; `style.css` has as many `--replica-…`.
pub const COLOURS: u32 = 8;

/// The colour of the pod of this name, under [`COLOURS`].
///
/// FNV-1a: pods of one Deployment differ in their last letters only, and this spreads them well.
pub fn colour_of(pod: &str) -> u32 {
    let hash = pod.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    // The low bits of the product depend on the low bits of the letters only.
    (hash >> 16) % COLOURS
}
