//! Image references: `registry/image:tag@digest`.

pub use super::expand::{Unresolved, Variable, expand, variables};
use std::fmt;

/// The name of an image, in its parts.
///
/// ```
/// use dfslim::dockerfile::image_ref::ImageRef;
/// let image = ImageRef::parse("localhost:5000/team/node:20-slim");
/// assert_eq!(image.registry.as_deref(), Some("localhost:5000"));
/// assert_eq!((image.image.as_str(), image.tag.as_deref()), ("team/node", Some("20-slim")));
/// assert_eq!(image.to_string(), "localhost:5000/team/node:20-slim");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRef {
    /// The host before the first slash, where that is a host.
    pub registry: Option<String>,
    /// The repository without registry, tag and digest, as written: `node`, `library/node`, `team/app`.
    pub image: String,
    /// After the colon.
    pub tag: Option<String>,
    /// After the at sign: `sha256:…`.
    pub digest: Option<String>,
}

impl ImageRef {
    /// Reads a reference without variables. Never fails; what is no reference prints back unchanged.
    pub fn parse(text: &str) -> Self {
        let parsed = dockerfile_parser::ImageRef::parse(text);
        let mut image = Self { registry: parsed.registry, image: parsed.image, tag: parsed.tag, digest: parsed.hash };
        // Where there is a digest, `dockerfile-parser` leaves the tag in the name.
        if image.digest.is_some()
            && let Some((name, tag)) = image.image.split_once(':')
        {
            image.tag = Some(tag.to_owned());
            image.image = name.to_owned();
        }
        image
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(registry) = &self.registry {
            write!(f, "{registry}/")?;
        }
        f.write_str(&self.image)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (Option<String>, String, Option<String>, Option<String>) {
        let image = ImageRef::parse(text);
        assert_eq!(image.to_string(), text);
        (image.registry, image.image, image.tag, image.digest)
    }

    #[test]
    fn every_part_is_found() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parts("node"), (None, "node".into(), None, None));
        assert_eq!(parts("team/app:1"), (None, "team/app".into(), some("1"), None));
        assert_eq!(parts("ghcr.io/a/b:1@sha256:0f"), (some("ghcr.io"), "a/b".into(), some("1"), some("sha256:0f")));
        assert_eq!(parts("localhost:5000/a@sha256:0f"), (some("localhost:5000"), "a".into(), None, some("sha256:0f")));
        for odd in ["", ":", "@", "a:", "a@", "/", "a:b:c", "x/:@:"] {
            assert_eq!(ImageRef::parse(odd).to_string(), odd);
        }
    }
}
