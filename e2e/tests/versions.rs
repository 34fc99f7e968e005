//! Versions that have to be the same in several files.

use std::{fs, path::Path};

fn read(file: &str) -> String {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The version that the frontend's image installs of a tool.
fn in_the_image(tool: &str) -> String {
    let dockerfile = read("Dockerfile.frontend");
    let (_, rest) = dockerfile.split_once(&format!(" {tool}@")).expect(tool);
    rest.split_whitespace().next().expect(tool).to_owned()
}

#[test]
fn the_image_and_this_machine_build_the_page_by_the_same_tools() {
    for tool in ["trunk", "wasm-bindgen-cli"] {
        let installs = format!("cargo_tool {tool} {} ", in_the_image(tool));
        assert!(
            read("scripts/setup").contains(&installs),
            "scripts/setup lacks {installs:?}"
        );
    }
}

#[test]
fn wasm_bindgen_and_its_command_are_of_one_version() {
    let locked = format!(
        "name = \"wasm-bindgen\"\nversion = \"{}\"",
        in_the_image("wasm-bindgen-cli")
    );
    assert!(read("Cargo.lock").contains(&locked), "Cargo.lock lacks {locked:?}");
}
