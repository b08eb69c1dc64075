//! What one program says it needs to run: its loader and its libraries, as written in its ELF
//! headers (`elf(5)`, `ld.so(8)`).
//!
//! Only the headers and the dynamic section are read, a few kilobytes, however large the file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use object::elf;
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::read::{FileKind, ReadCache, ReadRef, StringTable};

/// The needs of a program or library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needs {
    /// Word size and processor. A library must have the same as the program it is for.
    pub(super) machine: Machine,
    /// The loader that starts it (`PT_INTERP`); none in libraries and static programs.
    pub(super) interpreter: Option<String>,
    /// Names of libraries (`DT_NEEDED`), in the loader's order.
    pub(super) libraries: Vec<String>,
    /// Folders to search first, for this file and what it loads (`DT_RPATH`).
    pub(super) rpath: Vec<String>,
    /// Folders to search first, for this file only (`DT_RUNPATH`).
    pub(super) runpath: Vec<String>,
    /// How many bytes from the start hold all that is loaded. Debug information comes after.
    pub(super) loaded_size: u64,
}

/// What a program is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Machine {
    pub(super) is_64: bool,
    processor: u16,
}

impl Needs {
    /// Reads the headers of a file; none when it is no ELF program or library.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        let mut file = File::open(path)?;
        let mut magic = [0; 4];
        let length = file.read(&mut magic)?;
        if magic[..length] != elf::ELFMAG {
            return Ok(None);
        }
        file.seek(SeekFrom::Start(0))?;
        let data = ReadCache::new(file);
        let needs = match FileKind::parse(&data) {
            Ok(FileKind::Elf32) => read::<elf::FileHeader32<object::Endianness>, _>(&data),
            Ok(FileKind::Elf64) => read::<elf::FileHeader64<object::Endianness>, _>(&data),
            Ok(_) => return Ok(None),
            Err(error) => Err(error),
        };
        needs
            .map(Some)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
    }

    /// Says whether the program runs by itself: no loader, no libraries. A static-pie has a
    /// dynamic section all the same, so that alone tells nothing.
    pub(super) fn is_static(&self) -> bool {
        self.interpreter.is_none() && self.libraries.is_empty()
    }
}

fn read<'data, Header, Data>(data: Data) -> object::read::Result<Needs>
where
    Header: FileHeader<Endian = object::Endianness>,
    Data: ReadRef<'data>,
{
    let header = Header::parse(data)?;
    let endian = header.endian()?;
    let segments = header.program_headers(endian, data)?;
    let mut needs = Needs {
        machine: Machine {
            is_64: header.is_class_64(),
            processor: header.e_machine(endian).0,
        },
        interpreter: None,
        libraries: Vec::new(),
        rpath: Vec::new(),
        runpath: Vec::new(),
        loaded_size: header.e_ehsize(endian).into(),
    };
    for segment in segments {
        if let Some(path) = segment.interpreter(endian, data)? {
            needs.interpreter = Some(String::from_utf8_lossy(path).into_owned());
        }
        if segment.p_type(endian) == elf::PT_LOAD {
            let end = segment
                .p_offset(endian)
                .into()
                .saturating_add(segment.p_filesz(endian).into());
            needs.loaded_size = needs.loaded_size.max(end);
        }
        if let Some(entries) = segment.dynamic(endian, data)? {
            read_dynamic::<Header, _>(&mut needs, entries, (endian, segments, data));
        }
    }
    Ok(needs)
}

type Image<'data, Header, Data> = (
    <Header as FileHeader>::Endian,
    &'data [<Header as FileHeader>::ProgramHeader],
    Data,
);

/// Fills in what the dynamic section says. Its strings lie where `DT_STRTAB` says, as an address
/// in memory: the segment that is loaded there tells the place in the file.
fn read_dynamic<'data, Header, Data>(
    needs: &mut Needs,
    entries: &[Header::Dyn],
    (endian, segments, data): Image<'data, Header, Data>,
) where
    Header: FileHeader,
    Data: ReadRef<'data>,
{
    let value = |entry: &Header::Dyn| -> u64 { entry.d_val(endian).into() };
    let find = |tag| entries.iter().find(|entry| entry.d_tag(endian) == tag);
    let address = find(elf::DT_STRTAB).map_or(0, value);
    let place_in_file = |segment: &Header::ProgramHeader| {
        let inside = address.checked_sub(segment.p_vaddr(endian).into())?;
        let holds =
            segment.p_type(endian) == elf::PT_LOAD && inside < segment.p_filesz(endian).into();
        holds.then(|| inside.saturating_add(segment.p_offset(endian).into()))
    };
    let Some(start) = segments.iter().find_map(place_in_file) else {
        return;
    };
    let end = start.saturating_add(find(elf::DT_STRSZ).map_or(0, value));
    let strings = StringTable::new(data, start, end);
    let text = |entry: &Header::Dyn| {
        let bytes = strings.get(u32::try_from(value(entry)).ok()?).ok()?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    };
    let folders = |entry| {
        let list = text(entry).unwrap_or_default();
        let folders = list.split(':').filter(|folder| !folder.is_empty());
        folders.map(str::to_owned).collect()
    };
    for entry in entries {
        match entry.d_tag(endian) {
            elf::DT_NULL => break,
            elf::DT_NEEDED => needs.libraries.extend(text(entry)),
            elf::DT_RPATH => needs.rpath = folders(entry),
            elf::DT_RUNPATH => needs.runpath = folders(entry),
            _ => {}
        }
    }
}

/// Returns a program without what is never loaded: symbols, debug information, the table of
/// sections. It runs the same; a program of strata's own tests shrinks to a tenth.
pub(super) fn without_debug_information(path: &Path, needs: &Needs) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(needs.loaded_size)
        .read_to_end(&mut bytes)?;
    // e_shoff, and e_shnum with e_shstrndx (elf(5)): there is no table of sections any more.
    let fields = if needs.machine.is_64 {
        [0x28..0x30, 0x3c..0x40]
    } else {
        [0x20..0x24, 0x30..0x34]
    };
    for field in fields {
        if let Some(field) = bytes.get_mut(field) {
            field.fill(0);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_program_names_its_loader_and_libraries() {
        let this = std::env::current_exe().unwrap();
        let needs = Needs::read(&this).unwrap().unwrap();
        assert!(
            needs
                .interpreter
                .as_deref()
                .is_some_and(|path| path.contains("/ld-"))
        );
        assert!(needs.libraries.iter().any(|name| name.starts_with("libc.")));
        assert!(!needs.is_static());
        assert!(needs.loaded_size <= this.metadata().unwrap().len());
    }

    #[test]
    fn text_is_no_program() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("x");
        for text in ["#!/bin/sh\n", "", "\x7fE"] {
            std::fs::write(&script, text).unwrap();
            assert_eq!(Needs::read(&script).unwrap(), None);
        }
    }

    #[test]
    fn a_program_without_loader_is_static() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("x");
        let mut header = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        header.truncate(64);
        header[0x20..0x28].fill(0); // e_phoff: no segments
        std::fs::write(&program, header).unwrap();
        assert!(Needs::read(&program).unwrap().unwrap().is_static());
    }

    #[test]
    fn a_cut_program_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let cut = folder.path().join("cut");
        let whole = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        std::fs::write(&cut, &whole[..100]).unwrap();
        assert_eq!(
            Needs::read(&cut).unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
    }

    #[test]
    fn a_program_without_debug_information_runs() {
        use std::os::unix::fs::PermissionsExt;
        let this = std::env::current_exe().unwrap();
        let needs = Needs::read(&this).unwrap().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let small = folder.path().join("small");
        std::fs::write(&small, without_debug_information(&this, &needs).unwrap()).unwrap();
        std::fs::set_permissions(&small, std::fs::Permissions::from_mode(0o755)).unwrap();

        // The file is "busy" while another test's child, forked meanwhile, holds it open.
        let listed = loop {
            match Command::new(&small).arg("--list").output() {
                Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => {}
                other => break other.unwrap(),
            }
        };
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(listed.contains("a_program_without_debug_information_runs: test"));
        assert!(small.metadata().unwrap().len() < this.metadata().unwrap().len());
    }
}
