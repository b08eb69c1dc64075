//! What layers show together, as one tar: the root file system that `build --output` hands out.

use std::io::{self, Write};

use super::entry::EntryKind;
use super::error::{Result, StoreError};
use super::stack::Stack;
use super::tar_header;

impl Stack {
    /// Writes everything the layers show. Nothing in it is marked as deleted.
    pub fn write_tar(&self, to: &mut dyn Write) -> Result<()> {
        let written = |source| StoreError::io("write", "tar")(source);
        let mut first = std::collections::HashMap::new();
        let mut header = Vec::new();
        self.walk(&super::RootPath::root(), &mut |node| {
            if node.path.is_root() {
                return Ok(());
            }
            let mut entry = self.entry(node)?;
            if let (EntryKind::File { .. }, Some(same)) = (&entry.kind, self.same_file(node)) {
                let target = first.entry(same).or_insert_with(|| node.path.clone());
                if *target != node.path {
                    let target = target.clone();
                    entry.kind = EntryKind::HardLink { target };
                }
            }
            header.clear();
            tar_header::append(&entry, &mut header);
            to.write_all(&header).map_err(written)?;
            if let EntryKind::File { size } = entry.kind {
                let copied = io::copy(&mut self.open(node)?, to).map_err(written)?;
                if copied != size {
                    return Err(StoreError::FileChanged(entry.path));
                }
                to.write_all(tar_header::padding(size)).map_err(written)?;
            }
            Ok(())
        })?;
        to.write_all(&tar_header::END).map_err(written)
    }
}
