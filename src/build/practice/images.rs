//! Practice images above `practice-os`, which strata builds itself when first needed: their
//! Dockerfiles and contexts, from `lessons/images/`, are part of the executable.

/// A Dockerfile and its build context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltInImage {
    /// The text of the Dockerfile.
    pub dockerfile: &'static str,
    /// The files of the build context.
    pub files: &'static [BuiltInFile],
}

/// A file of a build context: its path there, its bytes, its permission bits.
pub type BuiltInFile = (&'static str, &'static [u8], u32);

const PRACTICE_NODE: BuiltInImage = BuiltInImage {
    dockerfile: include_str!("../../../lessons/images/practice-node/Dockerfile"),
    files: &[
        (
            "node",
            include_bytes!("../../../lessons/images/practice-node/node"),
            0o755,
        ),
        (
            "npm",
            include_bytes!("../../../lessons/images/practice-node/npm"),
            0o755,
        ),
    ],
};

/// Returns the recipe of a built-in image; none for `practice-os`, which has no Dockerfile, and
/// for names that are not [`super::BUILT_IN`].
pub fn dockerfile(name: &str) -> Option<BuiltInImage> {
    (name == "practice-node").then_some(PRACTICE_NODE)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;
    use std::process::{Command, Output, Stdio};

    use super::*;
    use crate::build::practice::tools;

    /// A folder with a shop in it, and the toys beside it in `bin`.
    fn shop() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        // Links, as a program that was just written may be "busy" while other tests fork.
        let toys = Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons/images/practice-node");
        for (name, ..) in PRACTICE_NODE.files {
            symlink(toys.join(name), bin.join(name)).unwrap();
        }
        let package = r#"{"name": "shop", "version": "1.0.0",
            "scripts": {"hello": "node -e 'console.log(\"hi\")'"},
            "dependencies": { "a": "^1.2.3", "@s/b": "2.0.0", "c": "*" },
            "devDependencies": { "d": "4.0.0" } }"#;
        fs::write(folder.path().join("package.json"), package).unwrap();
        folder
    }

    /// Runs a toy by each shell of this machine; they must agree.
    fn run(folder: &Path, toy: &str, args: &[&str]) -> Output {
        let shells = [
            ("dash", None),
            ("bash", Some("--posix")),
            ("busybox", Some("sh")),
        ];
        let expected = by("sh", None, folder, toy, args);
        let folders = tools::folders(&std::env::var_os("PATH").unwrap());
        for (shell, option) in shells {
            // npm install does nothing the second time
            if args[0] != "install" && tools::find(shell, &folders).is_some() {
                assert_eq!(by(shell, option, folder, toy, args), expected, "{shell}");
            }
        }
        expected
    }

    fn by(shell: &str, option: Option<&str>, folder: &Path, toy: &str, args: &[&str]) -> Output {
        let bin = folder.join("bin");
        let path = std::env::var_os("PATH").unwrap();
        let path = std::env::join_paths(
            [bin.clone()]
                .into_iter()
                .chain(std::env::split_paths(&path)),
        );
        let mut command = Command::new(shell);
        command
            .args(option)
            .arg(bin.join(toy))
            .args(args)
            .current_dir(folder);
        command
            .env("PATH", path.unwrap())
            .env("NAME", "Kim")
            .env("TMPDIR", folder);
        command.env_remove("NODE_ENV").stdin(Stdio::null());
        command.output().unwrap()
    }

    fn node(code: &str) -> String {
        let output = run(shop().path(), "node", &["-e", code]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn node_prints_what_is_logged() {
        assert_eq!(node(r#"console.log("a  \"b\"", 42);"#), "a  \"b\" 42\n");
        assert_eq!(
            node(r#"console.log("* `id`\n two" + 'x')"#),
            "* `id`\n twox\n"
        );
        assert_eq!(
            node("console.log(' hi', process.env.NAME) // c"),
            " hi Kim\n"
        );
        assert_eq!(node("\"use strict\";\n/* a\n b */\nconsole.log()\n"), "\n");
    }

    #[test]
    fn node_says_where_it_is_only_a_toy() {
        let shop = shop();
        fs::write(shop.path().join("x.js"), "console.log('one')\nlet a = 1\n").unwrap();
        let output = run(shop.path(), "node", &["x.js"]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(output.stdout, b"one\n");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.starts_with("x.js:2: this node is a practice toy"),
            "{said}"
        );
    }

    #[test]
    fn node_needs_installed_packages() {
        let shop = shop();
        let code = "const http = require('http');\nconst a = require(\"a\");\n";
        let output = run(shop.path(), "node", &["-e", code]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(output.stderr, b"Error: Cannot find module 'a'\n");
        assert!(run(shop.path(), "npm", &["install"]).status.success());
        assert!(run(shop.path(), "node", &["-e", code]).status.success());
    }

    #[test]
    fn a_server_becomes_httpd() {
        let shop = shop();
        let echo = tools::find("echo", &tools::folders(&std::env::var_os("PATH").unwrap()));
        symlink(echo.unwrap(), shop.path().join("bin/httpd")).unwrap();
        let code = "http.createServer((req, res) => res.end('hello')).listen(8080);";
        // not by busybox, whose shell prefers its own httpd
        let output = by("sh", None, shop.path(), "node", &["-e", code]);
        let said = String::from_utf8(output.stdout).unwrap();
        let folder = said.trim_end().strip_prefix("-f -p 8080 -h ").unwrap();
        let page = fs::read_to_string(Path::new(folder).join("index.html"));
        assert_eq!(page.unwrap(), "hello\n");
    }

    #[test]
    fn npm_installs_about_a_megabyte_and_the_same_each_time() {
        let install = || {
            let shop = shop();
            let output = run(shop.path(), "npm", &["install", "--omit=dev"]);
            assert_eq!(
                output.stdout, b"added 3 packages (practice npm)\n",
                "{output:?}"
            );
            let modules = shop.path().join("node_modules");
            let package = fs::read_to_string(modules.join("a/package.json")).unwrap();
            assert!(package.contains("\"version\": \"1.2.3\""), "{package}");
            ["a", "@s/b", "c"].map(|name| fs::read(modules.join(name).join("index.js")).unwrap())
        };
        let packages = install();
        let size: usize = packages.iter().map(Vec::len).sum();
        assert_eq!(size, 1_050_000);
        assert!(packages == install());
    }

    #[test]
    fn npm_installs_only_what_is_missing() {
        let shop = shop();
        let install = || run(shop.path(), "npm", &["install"]).stdout;
        assert_eq!(install(), b"added 4 packages (practice npm)\n");
        assert_eq!(install(), b"up to date (practice npm)\n");
        fs::remove_dir_all(shop.path().join("node_modules/c")).unwrap();
        assert_eq!(install(), b"added 1 package (practice npm)\n");
    }

    #[test]
    fn npm_runs_scripts() {
        let shop = shop();
        let output = run(shop.path(), "npm", &["run", "hello"]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(
            said.starts_with("\n> shop@1.0.0 hello\n> node -e"),
            "{said}"
        );
        assert!(said.ends_with("\n\nhi\n"), "{said}");

        assert_eq!(run(shop.path(), "npm", &["start"]).status.code(), Some(1));
        fs::write(shop.path().join("server.js"), "console.log('up')").unwrap();
        assert!(
            run(shop.path(), "npm", &["start"])
                .stdout
                .ends_with(b"\n\nup\n")
        );
    }

    #[test]
    fn npm_says_what_is_wrong() {
        let shop = shop();
        for args in [&["install", "react"][..], &["frob"], &["test"]] {
            let output = run(shop.path(), "npm", args);
            assert_eq!(output.status.code(), Some(1));
            assert!(String::from_utf8_lossy(&output.stderr).contains("practice toy"));
        }
        fs::remove_file(shop.path().join("package.json")).unwrap();
        let output = run(shop.path(), "npm", &["install"]);
        assert!(String::from_utf8_lossy(&output.stderr).contains("no package.json in "));
    }
}
