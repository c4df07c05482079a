//! From the documents of an archive or layout to the image: which configuration, which layers.

use super::Error;
use super::image::{Document, Image, Layer};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Indexes may stand in indexes, but not endlessly.
const DEEPEST: usize = 4;

/// Where documents and layers are, by their paths.
pub(super) trait Store {
    /// The bytes of a document; `None` when there is none.
    fn document(&mut self, path: &str) -> Result<Option<Vec<u8>>, Error>;
    /// A layer; `None` when there is none. `again`: it is asked for once more later.
    fn layer(&mut self, path: &str, again: bool) -> Result<Option<Layer>, Error>;
}

/// A line of docker's `manifest.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

/// An OCI index, or a manifest.
#[derive(Deserialize)]
struct Described {
    #[serde(default)]
    manifests: Vec<Descriptor>,
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
}

#[derive(Clone, Deserialize)]
struct Descriptor {
    digest: String,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    platform: Option<Platform>,
}

#[derive(Clone, Deserialize, PartialEq, Eq)]
struct Platform {
    architecture: String,
    os: String,
}

/// Reads the image that `store` holds; messages call it `place`.
pub(super) fn resolve(store: &mut dyn Store, place: &str) -> Result<Image, Error> {
    if let Some(bytes) = store.document("manifest.json")? {
        let saved: Vec<Saved> = parse("manifest.json", &bytes)?;
        let names = |saved: &Saved| saved.repo_tags.clone().unwrap_or_default();
        let one = only(place, saved, |saved| names(saved).join(", "))?;
        return image(store, names(&one), &one.config, &one.layers);
    }
    let Some(bytes) = store.document("index.json")? else {
        return Err(Error::wrong(
            place,
            "there is neither a manifest.json nor an index.json in it; it is no image, or it is cut off",
        ));
    };
    let mut described: Described = parse("index.json", &bytes)?;
    let mut names = Vec::new();
    for _ in 0..DEEPEST {
        if let Some(config) = &described.config {
            let config = blob(place, config)?;
            let layers = described.layers.iter().map(|layer| blob(place, layer)).collect::<Result<Vec<_>, _>>()?;
            return image(store, names, &config, &layers);
        }
        let next = choose(place, described.manifests)?;
        names.extend(name(&next));
        let path = blob(place, &next)?;
        let Some(bytes) = store.document(&path)? else {
            return Err(Error::wrong(place, format!("{path} is not in it; it is cut off or damaged")));
        };
        described = parse(&path, &bytes)?;
    }
    Err(Error::wrong(place, "its indexes lead to no image"))
}

fn image(store: &mut dyn Store, names: Vec<String>, config: &str, layers: &[String]) -> Result<Image, Error> {
    let missing =
        |path: &str, what: &str| Error::wrong(path, format!("this {what} of the image is not in the archive"));
    let bytes = store.document(config)?.ok_or_else(|| missing(config, "configuration"))?;
    let document: Document = parse(config, &bytes)?;
    let mut read = Vec::new();
    for (index, path) in layers.iter().enumerate() {
        let layer = store.layer(path, layers[index + 1..].contains(path))?;
        read.push(layer.ok_or_else(|| missing(path, "layer"))?);
    }
    Ok(Image::new(names, document, read))
}

/// The manifest for this machine, or the first.
fn choose(place: &str, mut manifests: Vec<Descriptor>) -> Result<Descriptor, Error> {
    // Attestations stand beside the images as images of no platform.
    manifests.retain(|one| one.platform.as_ref().is_none_or(|platform| platform.os != "unknown"));
    let here = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let is_here = |one: &Descriptor| {
        one.platform.as_ref().is_some_and(|platform| platform.os == "linux" && platform.architecture == here)
    };
    let platforms = manifests.iter().filter(|one| one.platform.is_some()).count();
    if platforms > 1 {
        let chosen = manifests.iter().position(is_here).unwrap_or(0);
        return Ok(manifests.swap_remove(chosen));
    }
    only(place, manifests, |one| name(one).unwrap_or_else(|| one.digest.clone()))
}

fn name(descriptor: &Descriptor) -> Option<String> {
    let annotation = |name: &str| descriptor.annotations.get(name).cloned();
    annotation("io.containerd.image.name").or_else(|| annotation("org.opencontainers.image.ref.name"))
}

fn only<T>(place: &str, mut all: Vec<T>, name: impl Fn(&T) -> String) -> Result<T, Error> {
    match all.len() {
        1 => Ok(all.swap_remove(0)),
        0 => Err(Error::wrong(place, "there is no image in it")),
        _ => {
            let names: Vec<String> = all.iter().map(name).collect();
            Err(Error::wrong(place, format!("there are several images in it ({}); save one", names.join("; "))))
        }
    }
}

/// The path of a blob. What a digest may hold is checked, as it becomes the name of a file.
fn blob(place: &str, descriptor: &Descriptor) -> Result<String, Error> {
    let parts = descriptor.digest.split_once(':');
    let sound =
        |text: &str| !text.is_empty() && text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match parts.filter(|(algorithm, hex)| sound(algorithm) && sound(hex)) {
        Some((algorithm, hex)) => Ok(format!("blobs/{algorithm}/{hex}")),
        None => Err(Error::wrong(place, "a digest in it is none; it is damaged or hostile")),
    }
}

fn parse<T: DeserializeOwned>(place: &str, bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| Error::wrong(place, format!("it is no sound JSON: {error}")))
}
