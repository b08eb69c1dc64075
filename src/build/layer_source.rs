//! What COPY --from takes: files of other layers, by path or by pattern.

use super::copy::{Bytes, Same, Source, Tree};
use super::error::{BuildError, CopyError};
use crate::layers::{Follow, Node, RootPath, Stack};
use crate::plan::CopyStep;
use crate::plan::context::Excluded;
use crate::plan::ignore::Ignore;
use crate::plan::pattern::Pattern;

/// Returns everything that a COPY takes from these layers.
pub fn trees(stack: &Stack, copy: &CopyStep) -> Result<Vec<Tree>, BuildError> {
    // A pattern that cannot be read was refused by the plan.
    let exclude = Ignore::from_patterns(copy.exclude.iter().map(String::as_str));
    let exclude = exclude.unwrap_or_default();
    let mut trees = Vec::new();
    for source in &copy.sources {
        let (source, left) = copy.source_parts(source);
        for path in paths(stack, &source, copy.parents)? {
            let mut tree = tree(stack, &path)?;
            if copy.parents {
                tree.parents = folders_above(stack, &path, left)?;
            }
            if leave_out(&mut tree, &exclude) {
                trees.push(tree);
            }
        }
    }
    Ok(trees)
}

/// Takes out what `--exclude` names; returns whether anything is left.
fn leave_out(tree: &mut Tree, exclude: &Ignore) -> bool {
    let names = tree.parents.iter().map(|(name, _)| name.as_str());
    let is_folder = tree.top.kind.is_directory();
    let excluded = Excluded::new(exclude, names, &tree.name, is_folder);
    let top = &tree.top.path;
    let within = |source: &Source| source.path.within(top).unwrap_or_default().to_string();
    tree.below.retain(|source| !excluded.has(&within(source)));
    !excluded.all()
}

/// Returns the folders that a path lies in, but for the first `left`.
fn folders_above(
    stack: &Stack,
    path: &str,
    left: usize,
) -> Result<Vec<(String, Source)>, BuildError> {
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    let end = names.len().saturating_sub(1);
    let mut folders = Vec::new();
    for depth in left.min(end)..end {
        let resolved = stack.resolve(names[..=depth].join("/"), Follow::Yes)?;
        let folder = resolved.node.map(|node| layer_source(stack, &node));
        folders.extend(folder.map(|folder| (names[depth].to_owned(), folder)));
    }
    Ok(folders)
}

/// Returns the paths that a source stands for: itself, or what fits where it is a pattern. With
/// `deep`, `**` means any number of folders.
fn paths(stack: &Stack, source: &str, deep: bool) -> Result<Vec<String>, BuildError> {
    if !Pattern::is_pattern(source) {
        return Ok(vec![source.to_owned()]);
    }
    let not_found = || CopyError::NotFound {
        path: source.to_owned(),
    };
    let mut segments: Vec<&str> = source.split('/').collect();
    if deep && segments.last() == Some(&"**") {
        segments.push("*");
    }
    let mut level = vec![RootPath::root()];
    for segment in segments {
        let folders = std::mem::take(&mut level);
        if deep && segment == "**" {
            for folder in folders {
                folders_within(stack, &folder, &mut level)?;
            }
            level.sort_unstable();
            level.dedup();
            continue;
        }
        let pattern = Pattern::new(segment).map_err(|_| not_found())?;
        for folder in folders {
            let names = children(stack, &folder)?.into_iter();
            let fits = |node: &Node| pattern.matches(&node.path.name().to_string_lossy());
            level.extend(names.filter(fits).map(|node| folder.join(node.path.name())));
        }
    }
    if level.is_empty() {
        return Err(not_found().into());
    }
    Ok(level.iter().map(ToString::to_string).collect())
}

/// Lists a folder, links followed; nothing for what is no folder.
fn children(stack: &Stack, folder: &RootPath) -> Result<Vec<Node>, BuildError> {
    let resolved = stack.resolve(folder.as_path(), Follow::Yes)?;
    match resolved.node {
        Some(node) if node.kind.is_directory() => Ok(stack.read_dir(&node.path)?),
        _ => Ok(Vec::new()),
    }
}

/// Adds a folder and all folders within, without following links.
fn folders_within(
    stack: &Stack,
    folder: &RootPath,
    found: &mut Vec<RootPath>,
) -> Result<(), BuildError> {
    for node in children(stack, folder)? {
        if node.kind.is_directory() {
            folders_within(stack, &folder.join(node.path.name()), found)?;
        }
    }
    found.push(folder.clone());
    Ok(())
}

/// Turns a file of other layers, with everything below it, into a source.
fn tree(stack: &Stack, path: &str) -> Result<Tree, BuildError> {
    let resolved = stack.resolve(path, Follow::Yes)?;
    let not_found = || {
        BuildError::Copy(CopyError::NotFound {
            path: path.to_owned(),
        })
    };
    let top = resolved.node.ok_or_else(not_found)?;
    let mut below = Vec::new();
    if top.kind.is_directory() {
        stack.walk(&top.path, &mut |node| {
            if node.path != top.path {
                below.push(layer_source(stack, node));
            }
            Ok(())
        })?;
    }
    let name = RootPath::clean(path).name().to_string_lossy().into_owned();
    Ok(Tree {
        name,
        top: layer_source(stack, &top),
        below,
        parents: Vec::new(),
        archive: false,
    })
}

/// Returns a node of a stack as a source.
pub(super) fn layer_source(stack: &Stack, node: &Node) -> Source {
    Source {
        same: stack.same_file(node).map(Same::Layer),
        implied: stack.is_implied(node),
        path: node.path.clone(),
        kind: node.kind.clone(),
        mode: node.mode,
        owner: (node.uid, node.gid),
        mtime: node.mtime,
        bytes: Bytes::Layer(node.clone()),
    }
}
