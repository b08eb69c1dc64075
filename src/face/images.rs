//! Images, history, inspect, rmi, load, save, files.

use serde_json::{Value, json};

use super::layout::{self, Layout, Shape};
use super::{Answer, Face};
use crate::command::{self, ObjectType};
use crate::layers::{ChangeKind, ImageSummary};
use crate::reference::ImageReference;
use crate::render::{self, Line, Narrow, Style, Text, docker_size};
use crate::session::{
    Filters, IMAGE_FILTERS, ImageQuery, Inspected, Removed, SessionError, Trouble, Which,
};

/// The heads of docker's `images` by field.
const IMAGE_HEADS: [(&str, &str); 11] = [
    ("Repository", "REPOSITORY"),
    ("Tag", "TAG"),
    ("ID", "IMAGE ID"),
    ("Digest", "DIGEST"),
    ("CreatedSince", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("Size", "SIZE"),
    ("VirtualSize", "SIZE"),
    ("SharedSize", "SHARED SIZE"),
    ("UniqueSize", "UNIQUE SIZE"),
    ("Containers", "CONTAINERS"),
];

/// The heads of docker's `history` by field.
const HISTORY_HEADS: [(&str, &str); 6] = [
    ("ID", "IMAGE"),
    ("CreatedSince", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("CreatedBy", "CREATED BY"),
    ("Size", "SIZE"),
    ("Comment", "COMMENT"),
];

/// How `history` becomes narrow: what made a layer, and how big it is, stay to the last.
const NARROW_HISTORY: [Narrow; 4] = [
    Narrow::Leave("COMMENT"),
    Narrow::Cut("CREATED BY", 24),
    Narrow::Leave("IMAGE"),
    Narrow::Leave("CREATED"),
];

impl Face<'_> {
    pub(super) fn images(&mut self, call: &command::Images) -> Answer {
        if call.tree {
            let forest = self.session.image_forest()?;
            self.show(&render::image_tree(&forest, &self.screen));
            return Ok(0);
        }
        let language = self.language();
        let layout = Layout::read(call.format.as_deref(), language)?;
        let images = self.session.images_of(&ImageQuery {
            name: call.name.clone(),
            filters: Filters::parse(&call.filter, &IMAGE_FILTERS, language)?,
            now: (self.around.now)(),
        })?;
        if call.json {
            self.write(&render::json(
                &images.iter().map(image_json).collect::<Vec<_>>(),
            ));
            return Ok(0);
        }
        let id = |image: &ImageSummary| {
            if call.no_trunc {
                image.id.to_string()
            } else {
                image.id.short()
            }
        };
        if call.quiet {
            let mut ids: Vec<String> = images.iter().map(id).collect();
            ids.dedup();
            let text: String = ids.iter().map(|id| format!("{id}\n")).collect();
            self.write(&text);
            return Ok(0);
        }
        if !matches!(layout, Layout::Usual) {
            let rows: Vec<Value> = images
                .iter()
                .flat_map(|image| self.image_fields(image, &id(image)))
                .collect();
            return self.lay_out(&layout, &IMAGE_HEADS, rows);
        }
        let mut rows = Vec::new();
        for image in &images {
            let ago = self.ago(image.created.as_deref());
            for (name, tag) in names(image) {
                let mut row = vec![name.to_owned(), tag.to_owned()];
                row.extend(call.digests.then(|| image.manifest.to_string()));
                row.extend([id(image), ago.clone(), docker_size(image.size)]);
                rows.push(row);
            }
        }
        let mut heads = vec!["REPOSITORY", "TAG"];
        heads.extend(call.digests.then_some("DIGEST"));
        heads.extend(["IMAGE ID", "CREATED", "SIZE"]);
        self.write(&render::table(&heads, &rows));
        Ok(0)
    }

    /// docker's fields of the rows of an image, one for each name.
    fn image_fields(&self, image: &ImageSummary, id: &str) -> Vec<Value> {
        let created = image.created.as_deref();
        let time = created.and_then(|time| time.parse::<jiff::Timestamp>().ok());
        let fields = |(name, tag): (&str, &str)| {
            json!({
                "Repository": name,
                "Tag": tag,
                "ID": id,
                "Digest": image.manifest.to_string(),
                "CreatedSince": self.ago(created),
                "CreatedAt": layout::moment(time),
                "Size": docker_size(image.size),
                "VirtualSize": docker_size(image.size),
                // docker's `images` does not work these out; `system df -v` does.
                "SharedSize": "N/A",
                "UniqueSize": "N/A",
                "Containers": "N/A",
            })
        };
        names(image).into_iter().map(fields).collect()
    }

    /// Says how long ago a time was; docker's `N/A` for none. The epoch itself is no time but what
    /// those write who want the same bytes each time.
    pub(super) fn ago(&self, time: Option<&str>) -> String {
        let then = time.and_then(|time| time.parse::<jiff::Timestamp>().ok());
        let then = then.filter(|then| then.as_second() > 0);
        then.map_or_else(
            || "N/A".to_owned(),
            |then| render::ago(self.language(), then.as_second(), (self.around.now)()),
        )
    }

    pub(super) fn history(&mut self, call: &command::History) -> Answer {
        let layout = Layout::read(call.format.as_deref(), self.language())?;
        let history = self.session.history(&call.image)?;
        if call.json {
            self.write(&render::json(&history));
            return Ok(0);
        }
        let missing = || "<missing>".to_owned();
        let (mut rows, mut fields) = (Vec::new(), Vec::new());
        for row in &history {
            let id = row.id.map_or_else(missing, |id| {
                if call.no_trunc {
                    id.to_string()
                } else {
                    id.short()
                }
            });
            let text = if call.no_trunc {
                row.created_by.clone()
            } else {
                ellipsis(&row.created_by, HISTORY_TEXT)
            };
            let ago = self.ago(row.created.as_deref());
            let time = row.created.as_ref().and_then(|time| time.parse().ok());
            fields.push(json!({
                "ID": id,
                "CreatedSince": ago,
                "CreatedAt": layout::moment(time),
                "CreatedBy": text,
                "Size": docker_size(row.size),
                "Comment": row.comment,
            }));
            rows.push(vec![
                id,
                ago,
                text,
                docker_size(row.size),
                row.comment.clone(),
            ]);
        }
        if call.quiet {
            let ids: String = rows.iter().map(|row| format!("{}\n", row[0])).collect();
            self.write(&ids);
        } else if !matches!(layout, Layout::Usual) {
            return self.lay_out(&layout, &HISTORY_HEADS, fields);
        } else {
            let heads = ["IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"];
            let columns = if call.no_trunc {
                usize::MAX
            } else {
                self.screen.width
            };
            self.write(&render::narrow_table(
                &heads,
                &rows,
                columns,
                &NARROW_HISTORY,
            ));
        }
        Ok(0)
    }

    pub(super) fn inspect(&mut self, call: &command::Inspect) -> Answer {
        let shape = Shape::read(call.format.as_deref(), self.language());
        let shape = shape.map_err(|error| match error {
            // docker's code for it.
            SessionError::Trouble(trouble) => trouble.with_exit(64).into(),
            other @ SessionError::Dockerfile { .. } => other,
        })?;
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for name in &call.names {
            let inspected = match call.r#type {
                None => self.session.inspect(name),
                Some(ObjectType::Image) => self.session.inspect_image(name).into(),
                Some(ObjectType::Container) => self.session.inspect_container(name).into(),
            };
            match inspected {
                Inspected::Found(value) => found.push(value),
                Inspected::Missing => missing.push(name),
            }
        }
        self.show_found(&shape, &found)?;
        for name in &missing {
            let text = render::error(&no_such_object(self.language(), name), None, &self.screen);
            self.mutter(&self.screen.paint(&text));
        }
        Ok(i32::from(!missing.is_empty()))
    }

    pub(super) fn rmi(&mut self, call: &command::Rmi) -> Answer {
        self.each(&call.images, |face, name| {
            let removal = face.session.remove_image(name, call.force, call.no_prune)?;
            for removed in &removal.removed {
                face.line(&match removed {
                    Removed::Untagged(name) => format!("Untagged: {name}"),
                    Removed::Deleted(id) => format!("Deleted: {id}"),
                    Removed::Layer(id) => format!("Deleted: {id}"),
                });
            }
            face.tell_what_stays(&removal);
            Ok(())
        })
    }

    pub(super) fn load(&mut self, call: &command::Load) -> Answer {
        let loaded = if let Some(path) = &call.input {
            self.session.load(&self.path(path))?
        } else {
            let stdin = self.around.stdin.filter(|_| !self.around.terminal);
            let Some(stdin) = stdin else {
                let trouble = Trouble::new(nothing_to_load(self.language()));
                return Err(trouble.with_help(load_help(self.language())).into());
            };
            let copy = stdin.try_clone_to_owned();
            let copy = copy.map_err(|e| Trouble::system("read standard input", &e))?;
            self.session.load_stream(copy)?
        };
        for image in &loaded {
            if call.quiet || image.references.is_empty() {
                self.line(&format!("Loaded image ID: {}", image.id));
            }
            for reference in image.references.iter().filter(|_| !call.quiet) {
                self.line(&format!("Loaded image: {}", reference.with_tag()));
            }
        }
        if loaded.iter().any(|image| image.owners_recorded) {
            let text = owners_recorded(self.language());
            self.mutter(&format!("{text}\n"));
        }
        Ok(0)
    }

    pub(super) fn save(&mut self, call: &command::Save) -> Answer {
        for name in &call.images {
            self.session.image_or_base(name)?;
        }
        match (&call.oci, &call.output) {
            (Some(folder), _) => self.session.save_oci(&self.path(folder), &call.images)?,
            (None, Some(file)) => self.session.save_file(&self.path(file), &call.images)?,
            (None, None) => match self.around.stdout.take() {
                Some(stdout) if !self.around.terminal => {
                    self.session.save_archive(stdout, &call.images)?;
                }
                _ => {
                    let trouble = Trouble::new(no_archive_to_terminal(self.language()));
                    return Err(trouble.with_help(save_help(self.language())).into());
                }
            },
        }
        Ok(0)
    }

    pub(super) fn files(&mut self, call: &command::Files) -> Answer {
        let image = self.session.image_or_base(&call.what)?;
        self.show_files(&image, Which::All, call.json)
    }

    /// Lists what an image shows, or what its topmost layer changes.
    pub fn show_files(&mut self, image: &crate::layers::Image, which: Which, json: bool) -> Answer {
        let changes = self.session.changes(image, which)?;
        if json {
            self.write(&render::json(&changes));
            return Ok(0);
        }
        let mut text = Text::new();
        for change in &changes {
            let (sign, style) = match change.kind {
                ChangeKind::Added => ("A", Style::Good),
                ChangeKind::Modified => ("C", Style::Plain),
                ChangeKind::Deleted => ("D", Style::Error),
            };
            let size = if change.path.ends_with('/') || change.kind == ChangeKind::Deleted {
                String::new()
            } else {
                render::size(change.size)
            };
            let size = render::pad_left(&size, SIZE_COLUMN);
            let line = Line::styled(style, sign).with(Style::Dim, format!(" {size}  "));
            text.push(line.with(Style::Path, &change.path));
        }
        if changes.is_empty() {
            text.push(Line::plain(no_changes(self.language())));
        }
        self.show(&text);
        Ok(0)
    }
}

/// Columns of `1.05 MB`.
const SIZE_COLUMN: usize = 8;
/// docker cuts the text of a history line here.
const HISTORY_TEXT: usize = 45;

fn ellipsis(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// Returns the names and tags of the rows of an image.
fn names(image: &ImageSummary) -> Vec<(&str, &str)> {
    if image.references.is_empty() {
        return vec![("<none>", "<none>")];
    }
    let parts = |it| (ImageReference::name(it), it.tag().unwrap_or("<none>"));
    image.references.iter().map(parts).collect()
}

fn image_json(image: &ImageSummary) -> Value {
    json!({
        "references": image.references.iter().map(ImageReference::with_tag).collect::<Vec<_>>(),
        "id": image.id,
        "manifest": image.manifest,
        "created": image.created,
        "size": image.size,
    })
}

crate::messages! {
    no_such_object(name: &str) {
        en: "No such object: {name}",
        ko: "그런 이미지나 컨테이너가 없습니다(No such object): {name}",
    }
    nothing_to_load() {
        en: "requested load from stdin, but stdin is empty",
        ko: "표준 입력에서 읽으려 했지만 비어 있습니다(stdin is empty)",
    }
    load_help() {
        en: "name the archive: `load -i FILE`",
        ko: "아카이브를 지정하세요: `load -i 파일`",
    }
    pub(super) owners_recorded() {
        en: "note: you have one id on this machine, so the owners of the image's files are recorded for save and push, but every file belongs to root inside",
        ko: "참고: 이 컴퓨터에서는 ID가 하나뿐이라, 파일 소유자는 save와 push를 위해 기록만 되고 컨테이너 안에서는 모두 root의 것으로 보입니다",
    }
    no_archive_to_terminal() {
        en: "cowardly refusing to save to a terminal",
        ko: "터미널에는 아카이브를 쓰지 않습니다(refusing to save to a terminal)",
    }
    save_help() {
        en: "use `-o FILE`, `--oci DIR`, or redirect the output",
        ko: "`-o 파일`이나 `--oci 폴더`를 쓰거나 출력을 다른 곳으로 보내세요",
    }
    no_changes() {
        en: "no files",
        ko: "바뀐 파일이 없습니다",
    }
}
