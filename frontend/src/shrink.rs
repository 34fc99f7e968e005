//! Makes what wasm-bindgen has written smaller: the comments and the indentation of its JavaScript go, and so do the names of
//! the functions that the WebAssembly imports. Each has a hash, in both files, that no compression makes smaller.

use std::{fs, io, path::Path};

/// The number of the section of imports in a WebAssembly module.
const IMPORTS: u8 = 2;

/// Makes the two files of wasm-bindgen in this folder smaller.
pub fn run(folder: &Path) -> io::Result<()> {
    let files = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    let wasm = files
        .into_iter()
        .find_map(|file| Some(file.to_str()?.strip_suffix("_bg.wasm")?.to_owned()))
        .ok_or_else(|| io::Error::other("Trunk has written no WebAssembly"))?;
    let (wasm, js) = (format!("{wasm}_bg.wasm"), format!("{wasm}.js"));
    let (module, names) = rename_imports(&fs::read(&wasm)?)
        .ok_or_else(|| io::Error::other("the WebAssembly imports not only functions"))?;
    let mut script = without_comments(&fs::read_to_string(&js)?);
    for (number, name) in names.iter().enumerate() {
        let definition = format!("\n{name}: function");
        if !script.contains(&definition) {
            return Err(io::Error::other(format!("{js} does not define {name}")));
        }
        script = script.replace(&definition, &format!("\n{}: function", short(number)));
    }
    fs::write(&wasm, module)?;
    fs::write(&js, script)
}

/// Returns the new name of an import.
fn short(number: usize) -> String {
    format!("i{number}")
}

/// Removes comments, which are on lines of their own, and white space at the start of a line.
pub fn without_comments(script: &str) -> String {
    let is_code = |line: &&str| !(line.is_empty() || ["//", "/*", "*"].iter().any(|start| line.starts_with(start)));
    let lines: Vec<&str> = script.lines().map(str::trim_start).filter(is_code).collect();
    lines.join("\n")
}

/// Gives the imported functions of a module short names, and returns the old ones. `None` if it imports anything else.
fn rename_imports(module: &[u8]) -> Option<(Vec<u8>, Vec<String>)> {
    let (header, mut rest) = module.split_at_checked(8)?;
    let (mut renamed, mut names) = (header.to_vec(), Vec::new());
    while let Some((&id, section)) = rest.split_first() {
        let (content, after) = bytes(section)?;
        renamed.push(id);
        if id == IMPORTS {
            let content = rename(content, &mut names)?;
            push_bytes(&mut renamed, &content);
        } else {
            push_bytes(&mut renamed, content);
        }
        rest = after;
    }
    Some((renamed, names))
}

fn rename(imports: &[u8], names: &mut Vec<String>) -> Option<Vec<u8>> {
    let (count, mut rest) = number(imports)?;
    let mut renamed = Vec::new();
    push_number(&mut renamed, count);
    for index in 0..count {
        let (module, after) = bytes(rest)?;
        let (name, after) = bytes(after)?;
        let (0, after) = after.split_first().map(|(&kind, after)| (kind, after))? else {
            return None;
        };
        let (kind_of_function, after) = number(after)?;
        push_bytes(&mut renamed, module);
        push_bytes(&mut renamed, short(index).as_bytes());
        renamed.push(0);
        push_number(&mut renamed, kind_of_function);
        names.push(String::from_utf8(name.to_vec()).ok()?);
        rest = after;
    }
    Some(renamed)
}

/// Splits a number off: seven bits in each byte, the lowest first, and the eighth bit in all but the last.
fn number(from: &[u8]) -> Option<(usize, &[u8])> {
    let length = 1 + from.iter().position(|byte| byte & 0x80 == 0)?;
    let (digits, rest) = from.split_at(length);
    let number = digits
        .iter()
        .rev()
        .fold(0, |sum, digit| sum << 7 | usize::from(digit & 0x7f));
    Some((number, rest))
}

/// Splits a number of bytes off, and as many bytes.
fn bytes(from: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = number(from)?;
    rest.split_at_checked(length)
}

fn push_number(to: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        to.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn push_bytes(to: &mut Vec<u8>, bytes: &[u8]) {
    push_number(to, bytes.len());
    to.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a module with an empty custom section of this length, and with one import.
    fn module(name: &str, kind: u8) -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.push(0);
        push_bytes(&mut module, &[0; 300]);
        let mut import = vec![1];
        push_bytes(&mut import, b"./page.js");
        push_bytes(&mut import, name.as_bytes());
        import.extend([kind, 7]);
        module.push(IMPORTS);
        push_bytes(&mut module, &import);
        module
    }

    #[test]
    fn imported_functions_get_short_names_and_all_else_stays() {
        let (renamed, names) = rename_imports(&module("__wbg_now_0123456789abcdef", 0)).unwrap();
        assert_eq!(renamed, module("i0", 0));
        assert_eq!(names, ["__wbg_now_0123456789abcdef"]);
    }

    #[test]
    fn a_module_that_imports_something_else_or_is_cut_off_is_left_alone() {
        assert_eq!(rename_imports(&module("memory", 2)), None);
        let whole = module("now", 0);
        assert_eq!(rename_imports(&whole[..whole.len() - 3]), None);
    }

    #[test]
    fn only_whole_lines_are_comments() {
        let script = "/**\n * Starts.\n */\n    start(\"https://a\"); // now\n\n// over";
        assert_eq!(without_comments(script), "start(\"https://a\"); // now");
    }
}
