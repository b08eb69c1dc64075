//! Lists the files of `lessons/`, so that `course::library` can hold them in the executable, and
//! turns `STRATA_TEST_NO_KERNEL=1` into `cfg(no_kernel)`, so that the tests it leaves out show in
//! the count as ignored.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    leave_out_kernel_tests();
    embed_lessons()
}

fn leave_out_kernel_tests() {
    println!("cargo::rerun-if-env-changed=STRATA_TEST_NO_KERNEL");
    println!("cargo::rustc-check-cfg=cfg(no_kernel)");
    if env::var("STRATA_TEST_NO_KERNEL").is_ok_and(|value| value == "1") {
        println!("cargo::rustc-cfg=no_kernel");
    }
}

fn embed_lessons() -> io::Result<()> {
    println!("cargo::rerun-if-changed=lessons");
    let root =
        PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("lessons");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(&root).expect("it is below the root");
        let (name, file) = (name.display().to_string(), file.display().to_string());
        // Writing to a String cannot fail.
        let _ = writeln!(list, "    ({name:?}, include_bytes!({file:?})),");
    }
    list.push_str("]\n");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("lessons.rs"), list)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // Pictures that `lesson test` compares with are for those who write lessons.
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy() == ".screens");
        if is_hidden {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
