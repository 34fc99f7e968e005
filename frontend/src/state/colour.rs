//! The colour of a replica. It depends on the pod's name, so that all viewers see the same one.

/// The number of colours. `style.css` defines as many `--replica-…`.
pub const COLOURS: u32 = 6;

/// Returns the colour of the pod with this name, less than [`COLOURS`].
pub fn colour_of(pod: &str) -> u32 {
    // FNV-1a spreads names well that differ only in their last letters, as those of one Deployment do. The low bits of the
    // hash depend on the low bits of the letters alone, so the high ones are used.
    let hash = pod.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (hash >> 16) % COLOURS
}

/// Returns all colours, the pod's own first. The next one is used where that is taken.
pub fn colours_by_preference(pod: &str) -> impl Iterator<Item = u32> {
    let own = colour_of(pod);
    (0..COLOURS).map(move |step| (own + step) % COLOURS)
}

#[cfg(test)]
mod tests;
