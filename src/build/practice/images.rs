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
