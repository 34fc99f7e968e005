//! The colour of a replica: it follows the pod's name, so that all viewers see the same.

/// How many colours there are; `style.css` has as many `--replica-…`.
pub const COLOURS: u32 = 6;

/// The colour of the pod of this name, under [`COLOURS`].
pub fn colour_of(pod: &str) -> u32 {
    // FNV-1a: pods of one Deployment differ in their last letters only, and this spreads them well. Its high bits, since
    // the low bits of the hash depend on the low bits of the letters only.
    let hash = pod.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (hash >> 16) % COLOURS
}

/// All colours, the pod's own first. Where that is taken by a replica that is shown already, the next one will do.
pub fn colours_by_preference(pod: &str) -> impl Iterator<Item = u32> {
    let own = colour_of(pod);
    (0..COLOURS).map(move |step| (own + step) % COLOURS)
}

#[cfg(test)]
mod tests;
