//! ADD: archives among the files of the context become what is in them.

use std::fs::File;
use std::rc::Rc;

use super::copy::{Bytes, Source, Tree};
use super::error::{BuildError, CopyError};
use crate::layers::{RootPath, Store, StoreError, is_archive};
use crate::plan::AddStep;
use crate::plan::context::{BuildContext, ContextFile};

/// Replaces every archive by its contents, unless `--unpack=false` says to leave it.
pub fn unpack(
    store: &Store,
    add: AddStep,
    context: &BuildContext,
    trees: &mut [Tree],
) -> Result<(), BuildError> {
    if add.unpack == Some(false) {
        return Ok(());
    }
    for tree in trees {
        let Bytes::Context(file) = &tree.top.bytes else {
            continue;
        };
        if file.metadata.is_file() && is_archive(&mut open(context, file)?) {
            let file = file.clone();
            let unpacked = contents(store, &tree.top, &mut open(context, &file)?);
            *tree = unpacked.map_err(|error| BuildError::Archive {
                path: file.path,
                error,
            })?;
        }
    }
    Ok(())
}

fn open(context: &BuildContext, file: &ContextFile) -> Result<File, BuildError> {
    let opened = File::open(context.host_path(file));
    Ok(opened.map_err(|source| CopyError::Read {
        path: file.path.clone(),
        source,
    })?)
}

/// Unpacks an archive: a folder without a name, which is copied with its contents.
fn contents(store: &Store, archive: &Source, bytes: &mut File) -> Result<Tree, StoreError> {
    let size = archive.kind.size();
    let unpacked = Rc::new(store.unpack_archive(bytes, size)?);
    let mut below = Vec::new();
    unpacked.stack().walk(&RootPath::root(), &mut |node| {
        if !node.path.is_root() {
            below.push(Source {
                bytes: Bytes::Archive(Rc::clone(&unpacked), node.clone()),
                ..super::layer_source::layer_source(unpacked.stack(), node)
            });
        }
        Ok(())
    })?;
    let folder = crate::layers::EntryKind::Directory { opaque: false };
    Ok(Tree {
        name: String::new(),
        top: Source {
            path: RootPath::root(),
            kind: folder,
            mode: 0o755,
            bytes: Bytes::None,
            ..archive.clone()
        },
        below,
        parents: Vec::new(),
        archive: true,
    })
}
