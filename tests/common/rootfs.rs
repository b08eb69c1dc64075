//! A small tree to run containers on: programs of this machine with the libraries they need.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What the tests use besides the shell's own words.
const PROGRAMS: [&str; 12] = [
    "sh", "sleep", "cat", "stty", "seq", "head", "tty", "id", "readlink", "ls", "rm", "mkdir",
];

/// Returns the tree, made once for each user: its files must belong to an id that a container of
/// that user has. It is shared: use it as an overlay's lower layer.
pub fn rootfs() -> &'static Path {
    static TREE: OnceLock<PathBuf> = OnceLock::new();
    TREE.get_or_init(|| {
        let user = rustix::process::geteuid().as_raw();
        let folder = shared_folder();
        let tree = folder.join(format!("strata-rootfs-{user}-{}", PROGRAMS.len()));
        if !tree.exists() {
            let draft = tempfile::tempdir_in(&folder).unwrap();
            fill(draft.path());
            // Somebody else's finished tree is as good as ours.
            let _ = fs::rename(draft.keep(), &tree);
        }
        tree
    })
}

/// The tests may have been built by one user and run by another.
fn shared_folder() -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    match tempfile::tempdir_in(&target) {
        Ok(_) => target,
        Err(_) => std::env::temp_dir(),
    }
}

fn fill(tree: &Path) {
    for folder in ["bin", "etc", "root", "tmp", "usr"] {
        fs::create_dir(tree.join(folder)).unwrap();
    }
    // The draft is private (0700), but what becomes / is for everyone.
    fs::set_permissions(tree, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    symlink("../bin", tree.join("usr/bin")).unwrap();
    fs::write(
        tree.join("etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n",
    )
    .unwrap();
    for program in PROGRAMS {
        let found = find(program);
        fs::copy(&found, tree.join("bin").join(program)).unwrap();
        for library in libraries(&found) {
            let target = tree.join(library.strip_prefix("/").unwrap());
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::copy(&library, &target).unwrap();
        }
    }
}

fn find(program: &str) -> PathBuf {
    let folders = ["/bin", "/usr/bin", "/sbin", "/usr/sbin"];
    let mut paths = folders.iter().map(|folder| Path::new(folder).join(program));
    let path = paths.find(|path| path.exists());
    path.unwrap_or_else(|| panic!("this machine has no {program}"))
}

/// Asks the program's own loader; a static program needs nothing.
fn libraries(program: &Path) -> Vec<PathBuf> {
    let output = Command::new("ldd").arg(program).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace()
        .filter(|word| word.starts_with('/'))
        .map(PathBuf::from)
        .collect()
}
