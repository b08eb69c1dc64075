//! Promises over all trees: a tar unpacked is the tree it was made of, and a difference applied is
//! the tree it leads to.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::store::tests::temporary_store;
use super::{ChangeKind, Content, Entry, EntryKind, RootPath, Stack, Store, changes};
use crate::digest::DiffId;
use crate::layers::regenerate::diff_id_of_tree;

/// What a path is: a file's content, a link's target, or a folder.
#[derive(Debug, Clone)]
enum Thing {
    File(String, u32),
    Link(String),
    Folder(u32),
}

type Tree = BTreeMap<RootPath, Thing>;

fn thing() -> impl Strategy<Value = Thing> {
    let mode = prop::sample::select(vec![0o600_u32, 0o644, 0o755, 0o4755]);
    let target = prop::sample::select(vec!["/a", "../b", "c", "/etc/passwd"]);
    prop_oneof![
        ("[a-z]{0,9}", mode.clone()).prop_map(|(text, mode)| Thing::File(text, mode)),
        target.prop_map(|target| Thing::Link(target.to_owned())),
        mode.prop_map(|mode| Thing::Folder(mode | 0o700)),
    ]
}

/// Trees over few names, so that two of them often meet; names that sort around `/` among them.
fn tree() -> impl Strategy<Value = Tree> {
    let name = prop::sample::select(vec!["a", "a-", "b", "한"]);
    let path = prop::collection::vec(name, 1..4).prop_map(|parts| RootPath::clean(parts.join("/")));
    prop::collection::btree_map(path, thing(), 0..12).prop_map(|found| {
        let mut tree = Tree::new();
        for (path, thing) in found {
            for folder in path.ancestors() {
                tree.insert(folder, Thing::Folder(0o755));
            }
            tree.entry(path).or_insert(thing);
        }
        tree
    })
}

fn add(draft: &mut super::LayerDraft, path: &RootPath, thing: &Thing) {
    let path = path.clone();
    match thing {
        Thing::Folder(mode) => draft.add(&Entry::directory(path, *mode, 7)),
        Thing::Link(target) => draft.add(&Entry::symlink(path, target, 7)),
        Thing::File(text, mode) => {
            let entry = Entry::file(path, text.len() as u64, *mode, 7);
            draft.add_file(&entry, Content::Bytes(text.as_bytes()))
        }
    }
    .unwrap();
}

fn layer(store: &Store, tree: &Tree) -> DiffId {
    let mut draft = store.draft_layer().unwrap();
    for (path, thing) in tree {
        add(&mut draft, path, thing);
    }
    draft.commit().unwrap().diff_id
}

/// Everything a stack shows, contents included.
fn listing(stack: &Stack) -> Vec<(String, EntryKind, u32, Option<Vec<u8>>)> {
    let mut listing = Vec::new();
    stack
        .walk(&RootPath::root(), &mut |node| {
            let content = match node.kind {
                EntryKind::File { .. } => stack.read(node.path.as_path()).unwrap(),
                _ => None,
            };
            listing.push((node.path.to_string(), node.kind.clone(), node.mode, content));
            Ok(())
        })
        .unwrap();
    listing
}

/// Makes the layer that leads from one tree to another, as their difference says.
fn difference(store: &Store, from: &Stack, to: &Tree, to_stack: &Stack) -> DiffId {
    let changes = changes::between(from, to_stack).unwrap();
    let mut wanted: BTreeMap<RootPath, Option<&Thing>> = BTreeMap::new();
    for change in &changes {
        match change.kind {
            ChangeKind::Deleted => {
                // What lies in a deleted folder goes with it.
                let parent = change.path.parent().unwrap();
                let parent_stays =
                    parent.is_root() || matches!(to.get(&parent), Some(Thing::Folder(_)));
                if parent_stays {
                    wanted.insert(change.path.clone(), None);
                }
            }
            ChangeKind::Added | ChangeKind::Modified => {
                wanted.insert(change.path.clone(), Some(&to[&change.path]));
            }
        }
    }
    for path in wanted.keys().cloned().collect::<Vec<_>>() {
        for folder in path.ancestors() {
            wanted
                .entry(folder.clone())
                .or_insert_with(|| Some(&to[&folder]));
        }
    }
    let mut draft = store.draft_layer().unwrap();
    for (path, thing) in wanted {
        match thing {
            None => draft.add(&Entry::whiteout(path)).unwrap(),
            Some(thing) => add(&mut draft, &path, thing),
        }
    }
    draft.commit().unwrap().diff_id
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tar_unpacked_is_the_tree_it_was_made_of(tree in tree()) {
        let (_folder, store) = temporary_store();
        let (_folder, other) = temporary_store();
        let diff_id = layer(&store, &tree);
        let made = store.layer(diff_id).unwrap().unwrap();
        let mut tar = Vec::new();
        store.layer_tar(&made, &mut tar).unwrap();
        let unpacked = other.apply_tar(&mut &tar[..], &[]).unwrap();
        prop_assert_eq!(unpacked.diff_id, diff_id);
        prop_assert_eq!(diff_id_of_tree(&made).unwrap(), diff_id);
        prop_assert_eq!(diff_id_of_tree(&unpacked).unwrap(), diff_id);
        prop_assert_eq!(
            (unpacked.size, unpacked.files, unpacked.folders),
            (made.size, made.files, made.folders)
        );
        let stacks = (store.stack(&[diff_id]).unwrap(), other.stack(&[diff_id]).unwrap());
        prop_assert_eq!(listing(&stacks.0), listing(&stacks.1));
    }

    #[test]
    fn a_difference_applied_is_the_tree_it_leads_to(from in tree(), to in tree()) {
        let (_folder, store) = temporary_store();
        let base = layer(&store, &from);
        let goal = store.stack(&[layer(&store, &to)]).unwrap();
        let step = difference(&store, &store.stack(&[base]).unwrap(), &to, &goal);
        let reached = store.stack(&[base, step]).unwrap();
        prop_assert_eq!(listing(&reached), listing(&goal));
        prop_assert_eq!(changes::between(&reached, &goal).unwrap(), []);
    }
}
