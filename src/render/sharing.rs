//! Which image stands on which, and which layers two images have in common.

use super::{Chrome, Line, Screen, Style, Text, docker_size, pad_left, size};
use crate::language::Language;
use crate::layers::ImageSummary;
use crate::reference::ImageReference;
use crate::session::{ImageNode, MadeLayer, SharedLayers};

/// Columns of `1.05 MB`.
const SIZE: usize = 8;

/// Draws the forest of images.
pub fn image_tree(forest: &[ImageNode], screen: &Screen) -> Text {
    let mut text = Text::new();
    for node in forest {
        text.push(node_line("", node, &docker_size(node.image.size), screen));
        draw(&node.children, "", screen, &mut text);
    }
    text
}

fn draw(nodes: &[ImageNode], indent: &str, screen: &Screen, text: &mut Text) {
    let (fork, last, bar) = match screen.chrome {
        Chrome::Unicode => ("├─ ", "└─ ", "│  "),
        Chrome::Ascii => ("|- ", "`- ", "|  "),
        // A screen reader hears how deep it is from the spaces' count alone badly: a word is better.
        Chrome::Plain => ("  on it: ", "  on it: ", "  "),
    };
    for (at, node) in nodes.iter().enumerate() {
        let is_last = at + 1 == nodes.len();
        let branch = format!("{indent}{}", if is_last { last } else { fork });
        let added = format!("+{}", docker_size(node.added_bytes));
        text.push(node_line(&branch, node, &added, screen));
        let deeper = if is_last && screen.chrome != Chrome::Plain {
            "   "
        } else {
            bar
        };
        draw(&node.children, &format!("{indent}{deeper}"), screen, text);
    }
}

fn node_line(branch: &str, node: &ImageNode, bytes: &str, screen: &Screen) -> Line {
    let line = Line::styled(Style::Dim, branch).with(Style::Plain, names(&node.image));
    let line = line.with(Style::Dim, format!("  {}", node.image.id.short()));
    let layers = layers(screen.language, node.added);
    line.with(Style::Plain, format!("  {bytes}"))
        .with(Style::Dim, format!("  {layers}"))
}

fn names(image: &ImageSummary) -> String {
    if image.references.is_empty() {
        return "<none>".to_owned();
    }
    let names: Vec<String> = image
        .references
        .iter()
        .map(ImageReference::with_tag)
        .collect();
    names.join(", ")
}

/// Draws the layers of two images: those of both once, then what each has for itself. The topmost
/// layer is the first line, as in every picture of layers.
pub fn shared_layers(names: [&str; 2], found: &SharedLayers, screen: &Screen) -> Text {
    let language = screen.language;
    let mut text = Text::new();
    for (name, own) in names.into_iter().zip([&found.left, &found.right]) {
        part(only(language, name), own, screen, &mut text);
    }
    part(both(language), &found.both, screen, &mut text);
    text
}

fn part(title: String, layers_of: &[MadeLayer], screen: &Screen, text: &mut Text) {
    let bytes: u64 = layers_of.iter().map(|layer| layer.size).sum();
    let count = layers(screen.language, layers_of.len());
    let line = Line::styled(Style::Strong, title);
    text.push(line.with(Style::Plain, format!("  {count}, {}", size(bytes))));
    for layer in layers_of.iter().rev() {
        let line = Line::plain(format!("  {}  ", pad_left(&size(layer.size), SIZE)));
        let line = line.with(Style::Dim, format!("{}  ", layer.layer.short()));
        let line = line.with(Style::Plain, &layer.created_by);
        text.push(if screen.is_plain() {
            line
        } else {
            line.cut(screen.width)
        });
    }
}

fn layers(language: Language, count: usize) -> String {
    match count {
        1 => one_layer(language),
        count => many_layers(language, count),
    }
}

crate::messages! {
    both() { en: "shared by both", ko: "둘 다 쓰는 레이어" }
    only(name: &str) { en: "only {name}", ko: "{name}에만 있는 레이어" }
    one_layer() { en: "1 layer", ko: "레이어 1개" }
    many_layers(count: usize) { en: "{count} layers", ko: "레이어 {count}개" }
}
