//! What an image and the paths in it have to be like.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::expect::Words;
use super::size::Bytes;

/// What an image has to be like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ImageExpectation {
    /// There is no such image.
    pub absent: Option<bool>,
    /// So many layers.
    pub layers: Option<Layers>,
    /// So many lines of history.
    pub history: Option<usize>,
    /// Bytes of all layers.
    pub size: Option<SizeExpectation>,
    /// Bytes that a later layer hides.
    pub waste: Option<WasteExpectation>,
    /// Layers in common with another image.
    pub shares: Option<Shares>,
    /// Settings.
    pub config: Option<ConfigExpectation>,
    /// The other name has the same id.
    pub same_id_as: Option<String>,
    /// Paths inside.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub file: BTreeMap<String, ImageFileExpectation>,
}

/// A number of layers, in all or beyond the base image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Layers {
    /// In all.
    All(usize),
    /// Beyond the base image.
    BasePlus(BasePlus),
}

/// A number of layers beyond the base image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BasePlus {
    /// The number.
    pub base_plus: usize,
}

/// What an image's size has to be like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SizeExpectation {
    /// At least.
    pub min: Option<Bytes>,
    /// At most.
    pub max: Option<Bytes>,
    /// Smaller than this image.
    pub less_than: Option<String>,
    /// By at least so much.
    pub by: Option<Bytes>,
}

/// What hidden bytes have to be like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WasteExpectation {
    /// At least so many.
    pub min: Option<Bytes>,
    /// At most so many.
    pub max: Option<Bytes>,
    /// Some of them at this path.
    pub path: Option<String>,
}

/// Layers in common with another image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    /// The other image.
    pub with: String,
    /// How many, from the base on.
    pub first: usize,
}

/// What settings have to be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigExpectation {
    /// CMD.
    pub cmd: Option<Vec<String>>,
    /// ENTRYPOINT.
    pub entrypoint: Option<Vec<String>>,
    /// These `NAME=value` are among the variables.
    pub env: Option<Vec<String>>,
    /// EXPOSE; `80` means `80/tcp`.
    pub exposed: Option<Vec<String>>,
    /// USER.
    pub user: Option<String>,
    /// WORKDIR.
    pub workdir: Option<String>,
    /// These are among the labels.
    pub labels: Option<BTreeMap<String, String>>,
}

/// What a path inside an image has to be like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ImageFileExpectation {
    /// Whether it is there.
    pub exists: Option<bool>,
    /// Its content has these.
    pub contains: Option<Words>,
    /// Its content is that of this file of the work folder.
    pub same_as: Option<String>,
    /// Its permission bits, in octal.
    pub mode: Option<String>,
    /// Its owner.
    pub uid: Option<u32>,
    /// The layer it comes from, from 1, base first.
    pub layer: Option<usize>,
}
