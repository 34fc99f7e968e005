//! Joins the style sheets of what needs script: one file is compressed better than two.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::Path,
};

use crate::shrink::without_comments;

const SHEETS: &str = concat!(include_str!("../experiments.css"), include_str!("../live.css"));

/// The link in `index.html`.
const LINK: &str = r#"href="live.css""#;

/// Writes them into a file of this folder that is named after its content, as Trunk names the others, and links it.
pub fn run(folder: &Path) -> io::Result<()> {
    let styles = without_comments(SHEETS);
    let mut hasher = DefaultHasher::new();
    styles.hash(&mut hasher);
    let name = format!("live-{:016x}.css", hasher.finish());
    fs::write(folder.join(&name), styles)?;
    let index = folder.join("index.html");
    let html = fs::read_to_string(&index)?;
    fs::write(&index, html.replace(LINK, &format!(r#"href="./{name}""#)))
}
