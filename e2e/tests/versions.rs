//! Versions that have to be the same in several files.

use std::{fs, path::Path};

/// The Dockerfiles that compile Rust.
const COMPILE: [&str; 4] = [
    "Dockerfile.backend",
    "Dockerfile.confidence",
    "Dockerfile.frontend",
    ".devcontainer/Dockerfile",
];

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
fn the_compiler_of_the_images_is_the_one_of_the_tests() {
    let toolchain = read("rust-toolchain.toml");
    let (_, rest) = toolchain.split_once("channel = \"").expect("a channel");
    let (version, _) = rest.split_once(".0\"").expect("the first release of a version");
    for file in COMPILE {
        assert!(
            read(file).contains(&format!("docker.io/library/rust:{version}-")),
            "{file} has another compiler than {version}"
        );
    }
}

/// podman has no default registry on Debian, and asks which one on Fedora.
#[test]
fn every_base_image_names_its_registry() {
    for file in COMPILE.into_iter().chain(["confidence/examples/nginx/Dockerfile"]) {
        let text = read(file);
        let mut stages = vec!["scratch"];
        for line in text.lines() {
            let words: Vec<_> = line.split_whitespace().filter(|word| !word.starts_with("--")).collect();
            let image = match words[..] {
                ["FROM", image, "AS", stage] => {
                    stages.push(stage);
                    image
                }
                ["FROM", image] => image,
                ["ARG", default] => match default.split_once('=') {
                    Some((_, image)) if image.contains(':') => image,
                    _ => continue,
                },
                _ => continue,
            };
            let registry = image.split_once('/').map_or("", |(registry, _)| registry);
            assert!(
                registry.contains('.') || stages.contains(&image) || image.starts_with('$'),
                "{file}: {image} names no registry"
            );
        }
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
