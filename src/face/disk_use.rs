//! `system df`: docker's table of what takes up the disk, and its details.

use serde_json::Value;

use super::containers::shown_command;
use super::layout::Layout;
use super::{Answer, Face};
use crate::build::CacheItem;
use crate::command;
use crate::render::{self, docker_size};
use crate::session::{ContainerUse, DiskUse, VolumeUse};

/// docker shows so many characters of a name of the cache.
const SHORT: usize = 12;

/// A table of the details: its title, its heads, its rows.
type Part<'p> = (&'p str, &'p [&'p str], Vec<Vec<String>>);

/// A line of the table.
struct Row {
    kind: &'static str,
    total: usize,
    active: usize,
    size: u64,
    reclaimable: u64,
    /// docker says no per cent of the cache.
    per_cent: bool,
}

impl Face<'_> {
    pub(super) fn disk_use(&mut self, call: &command::Df) -> Answer {
        let layout = Layout::read(call.format.as_deref(), self.language())?;
        let found = self.session.disk_use()?;
        if !matches!(layout, Layout::Usual) {
            let rows = rows(&found);
            let rows = rows.iter().map(Row::fields);
            return self.lay_out(&layout, &HEADS, rows);
        }
        if call.verbose {
            self.disk_use_in_detail(&found);
            return Ok(0);
        }
        let heads = HEADS.map(|(_, head)| head);
        let rows: Vec<Vec<String>> = rows(&found).iter().map(Row::cells).collect();
        self.write(&render::table(&heads, &rows));
        Ok(0)
    }

    fn disk_use_in_detail(&mut self, found: &DiskUse) {
        let images = self.image_rows(found);
        let containers: Vec<Vec<String>> = found
            .containers
            .iter()
            .map(|it| self.container_row(it))
            .collect();
        let volumes: Vec<Vec<String>> = found.volumes.iter().map(volume_row).collect();
        let now = (self.around.now)();
        let ago = |then: i64| render::ago(self.language(), then, now);
        let cache_row = |item: &CacheItem| {
            vec![
                item.id.chars().take(SHORT).collect(),
                item.kind.to_string(),
                docker_size(item.size),
                ago(item.created),
                ago(item.last_used / 1000),
                item.shared.to_string(),
                item.text.clone(),
            ]
        };
        let cache: Vec<Vec<String>> = found.cache.iter().map(cache_row).collect();
        let size: u64 = found.cache.iter().map(CacheItem::own_size).sum();
        let cache_head = format!("Build cache usage: {}", docker_size(size));
        let parts: [Part<'_>; 4] = [
            ("Images space usage:", &IMAGES, images),
            ("Containers space usage:", &CONTAINERS, containers),
            ("Local Volumes space usage:", &VOLUMES, volumes),
            (&cache_head, &CACHE, cache),
        ];
        for (at, (title, heads, rows)) in parts.into_iter().enumerate() {
            if at > 0 {
                self.line("");
            }
            self.line(title);
            self.line("");
            self.write(&render::table(heads, &rows));
        }
    }

    fn image_rows(&self, found: &DiskUse) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for used in &found.images {
            let image = &used.image;
            let row = |name: &str, tag: &str| {
                vec![
                    name.to_owned(),
                    tag.to_owned(),
                    image.id.short(),
                    self.ago(image.created.as_deref()),
                    docker_size(image.size),
                    docker_size(used.shared),
                    docker_size(used.unique),
                    used.containers.to_string(),
                ]
            };
            for name in &image.references {
                rows.push(row(name.name(), name.tag().unwrap_or("<none>")));
            }
            if image.references.is_empty() {
                rows.push(row("<none>", "<none>"));
            }
        }
        rows
    }

    fn container_row(&self, used: &ContainerUse) -> Vec<String> {
        let record = &used.record;
        vec![
            record.id.short().to_owned(),
            record.image.clone(),
            shown_command(&record.command, false),
            used.volumes.to_string(),
            docker_size(used.size),
            self.since(record.created),
            self.status(record),
            record.name.clone(),
        ]
    }
}

const HEADS: [(&str, &str); 5] = [
    ("Type", "TYPE"),
    ("TotalCount", "TOTAL"),
    ("Active", "ACTIVE"),
    ("Size", "SIZE"),
    ("Reclaimable", "RECLAIMABLE"),
];
const IMAGES: [&str; 8] = [
    "REPOSITORY",
    "TAG",
    "IMAGE ID",
    "CREATED",
    "SIZE",
    "SHARED SIZE",
    "UNIQUE SIZE",
    "CONTAINERS",
];
const CONTAINERS: [&str; 8] = [
    "CONTAINER ID",
    "IMAGE",
    "COMMAND",
    "LOCAL VOLUMES",
    "SIZE",
    "CREATED",
    "STATUS",
    "NAMES",
];
const VOLUMES: [&str; 3] = ["VOLUME NAME", "LINKS", "SIZE"];
const CACHE: [&str; 7] = [
    "CACHE ID",
    "CACHE TYPE",
    "SIZE",
    "CREATED",
    "LAST USED",
    "SHARED",
    "DESCRIPTION",
];

fn volume_row(volume: &VolumeUse) -> Vec<String> {
    vec![
        volume.name.clone(),
        volume.links.to_string(),
        docker_size(volume.size),
    ]
}

/// The four lines. Of the cache, what an image uses as well counts as active: it would stay.
fn rows(found: &DiskUse) -> [Row; 4] {
    let stopped = |it: &&ContainerUse| !it.record.state.is_running();
    let size_of = |containers: Vec<&ContainerUse>| containers.iter().map(|it| it.size).sum();
    let containers: Vec<&ContainerUse> = found.containers.iter().collect();
    let free: Vec<&ContainerUse> = found.containers.iter().filter(stopped).collect();
    let unused = found.volumes.iter().filter(|it| it.links == 0);
    let cache: u64 = found.cache.iter().map(CacheItem::own_size).sum();
    [
        Row {
            kind: "Images",
            total: found.images.len(),
            active: found.images.iter().filter(|it| it.containers > 0).count(),
            size: found.images_size,
            reclaimable: found.images_reclaimable,
            per_cent: true,
        },
        Row {
            kind: "Containers",
            total: containers.len(),
            active: containers.len() - free.len(),
            size: size_of(containers),
            reclaimable: size_of(free),
            per_cent: true,
        },
        Row {
            kind: "Local Volumes",
            total: found.volumes.len(),
            active: found.volumes.iter().filter(|it| it.links > 0).count(),
            size: found.volumes.iter().map(|it| it.size).sum(),
            reclaimable: unused.map(|it| it.size).sum(),
            per_cent: true,
        },
        Row {
            kind: "Build Cache",
            total: found.cache.len(),
            active: found.cache.iter().filter(|it| it.shared).count(),
            size: cache,
            reclaimable: cache,
            per_cent: false,
        },
    ]
}

impl Row {
    fn cells(&self) -> Vec<String> {
        vec![
            self.kind.to_owned(),
            self.total.to_string(),
            self.active.to_string(),
            docker_size(self.size),
            self.reclaimable(),
        ]
    }

    fn fields(&self) -> Value {
        let named = HEADS.iter().zip(self.cells());
        named
            .map(|((field, _), cell)| ((*field).to_owned(), Value::from(cell)))
            .collect()
    }

    fn reclaimable(&self) -> String {
        let size = docker_size(self.reclaimable);
        match (u128::from(self.reclaimable) * 100).checked_div(u128::from(self.size)) {
            Some(per_cent) if self.per_cent => format!("{size} ({per_cent}%)"),
            _ => size,
        }
    }
}
