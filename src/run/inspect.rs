//! `dfslim inspect`: opens the archive, layout or engine's image, and prints what is in it.

use super::engine::{self, Engine};
use super::{Exit, paint, print, read};
use crate::cli::{DetectFormat, EngineName, Inspect};
use crate::dockerfile::Dockerfile;
use crate::inspect::layout::Opened;
use crate::inspect::source::{Seekable, Stream};
use crate::inspect::{Image, Limits, Survey, archive, layout};
use crate::report::inspect::{json, text};
use anyhow::{Context as _, bail};
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Does it.
pub(super) fn inspect(flags: &Inspect) -> anyhow::Result<Exit> {
    let file = flags.dockerfile.as_deref().map(dockerfile).transpose()?;
    let image = open(&flags.image, flags.engine)?;
    let survey = Survey::of(&flags.image.to_string_lossy(), &image, file.as_ref());
    print(&match flags.format {
        DetectFormat::Json => json(&survey),
        DetectFormat::Text => text(&survey, paint(flags.color, &io::stdout())),
    })
}

fn dockerfile(path: &Path) -> anyhow::Result<Dockerfile> {
    let text = read::file(path).map_err(|fault| anyhow::anyhow!("{}: {}", path.display(), fault.message))?;
    Ok(Dockerfile::parse(text))
}

/// The image that the user calls `image`: an archive, a layout, stdin, or one of the engine.
pub(super) fn open(image: &Path, engine: Option<EngineName>) -> anyhow::Result<Image> {
    if image.as_os_str() == "-" {
        return Ok(archive::read(&mut Stream(io::stdin().lock()), "stdin", &Limits::default())?);
    }
    if image.exists() {
        return at(image);
    }
    let name = image.to_string_lossy();
    if !engine::is_image_name(&name) {
        bail!("{name}: there is no such file, and no image is called so; check the path");
    }
    let engine =
        Engine::find(engine).with_context(|| format!("{name}: there is no such file, so it would be an image"))?;
    engine.image(&name, None)
}

/// The image in the archive or layout at `path`.
pub(super) fn at(path: &Path) -> anyhow::Result<Image> {
    let place = path.to_string_lossy();
    if path.is_dir() {
        return Ok(layout::read(&place, &Limits::default(), &mut |inside| blob(path, inside))?);
    }
    let file = File::open(path).with_context(|| format!("{place}: cannot read it"))?;
    let metadata = file.metadata().with_context(|| format!("{place}: cannot read it"))?;
    if metadata.is_file() {
        return Ok(archive::read(&mut Seekable::new(file, metadata.len()), &place, &Limits::default())?);
    }
    Ok(archive::read(&mut Stream(file), &place, &Limits::default())?)
}

/// The file `inside` of the layout at `root`. A link could lead anywhere.
fn blob(root: &Path, inside: &str) -> io::Result<Option<Opened>> {
    let path = root.join(inside);
    match fs::symlink_metadata(&path) {
        Ok(metadata) if metadata.is_file() => {
            Ok(Some((Box::new(Seekable::new(File::open(path)?, metadata.len())), metadata.len())))
        }
        Ok(_) => Err(io::Error::other("it is not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
