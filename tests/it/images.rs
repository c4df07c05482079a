//! Makes archives of images in memory. Used by the tests of `inspect` and `measure`.

use serde_json::{Value, json};
use std::io::Write;
use tar::{Builder, EntryType, Header};

/// What a layer does at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A file of so many bytes, all the same.
    File(usize),
    /// A file with a text.
    Text(&'static str),
    /// A directory.
    Directory,
    /// A second name of a file of the same layer.
    Hard(String),
    /// A symbolic link.
    Link(String),
}

/// A layer: paths, and what stands there. Whiteouts are written by their names, as in an archive.
pub(crate) type Items = Vec<(String, Item)>;

/// How layers are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packed {
    Plain,
    Gzip,
    Zstd,
}

/// A file of 2 bytes, for short.
pub(crate) fn items<const N: usize>(items: [(&str, Item); N]) -> Items {
    items.into_iter().map(|(path, item)| (path.to_owned(), item)).collect()
}

/// The archive of a layer.
pub(crate) fn layer(items: &Items) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, item) in items {
        let mut header = Header::new_gnu();
        header.set_mode(0o644);
        let data = match item {
            Item::File(bytes) => vec![b'x'; *bytes],
            Item::Text(text) => text.as_bytes().to_vec(),
            _ => Vec::new(),
        };
        header.set_size(data.len() as u64);
        match item {
            Item::Hard(to) | Item::Link(to) => {
                let kind = if matches!(item, Item::Hard(_)) { EntryType::Link } else { EntryType::Symlink };
                header.set_entry_type(kind);
                builder.append_link(&mut header, path, to).unwrap();
            }
            Item::Directory => {
                header.set_entry_type(EntryType::Directory);
                builder.append_data(&mut header, path, &data[..]).unwrap();
            }
            _ => builder.append_data(&mut header, path, &data[..]).unwrap(),
        }
    }
    builder.into_inner().unwrap()
}

/// `bytes` packed.
pub(crate) fn pack(bytes: &[u8], packed: Packed) -> Vec<u8> {
    match packed {
        Packed::Plain => bytes.to_vec(),
        Packed::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Packed::Zstd => zstd::encode_all(bytes, 1).unwrap(),
    }
}

/// An archive of these files, in this order.
pub(crate) fn archive<'a>(files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, path, &bytes[..]).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A configuration whose history has these instructions; those that make layers, in their order.
pub(crate) fn config(history: &[(&str, bool)]) -> Value {
    let history: Vec<Value> =
        history.iter().map(|(by, layer)| json!({"created_by": by, "empty_layer": !layer})).collect();
    json!({"architecture": "amd64", "os": "linux", "config": {"User": "app", "ExposedPorts": {"8080/tcp": {}}}, "history": history})
}

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

/// What `docker save` wrote for years: layers first, what tells of them last.
pub(crate) fn docker_archive(config: &Value, layers: &[Vec<u8>]) -> Vec<u8> {
    let names: Vec<String> = (0..layers.len()).map(|index| format!("{index:064x}/layer.tar")).collect();
    let manifest = json!([{"Config": "cafe.json", "RepoTags": ["app:1"], "Layers": names}]);
    let files = names.iter().map(String::as_str).zip(layers.iter().cloned());
    archive(files.chain([("cafe.json", bytes(config)), ("manifest.json", bytes(&manifest))]))
}

/// The files of an OCI layout; the names of blobs are no real digests, which nobody checks.
pub(crate) fn layout(config: &Value, layers: &[Vec<u8>]) -> Vec<(String, Vec<u8>)> {
    let digest = |number: usize| format!("sha256:{number:064x}");
    let path = |number: usize| format!("blobs/sha256/{number:064x}");
    let described = |number: usize| json!({"mediaType": "x", "digest": digest(number), "size": 1});
    let manifest = json!({
        "config": described(1000),
        "layers": (0..layers.len()).map(described).collect::<Vec<_>>(),
    });
    let platform = |os: &str, architecture: &str| json!({"os": os, "architecture": architecture});
    let index = json!({"manifests": [{"digest": digest(1002)}]});
    let nested = json!({"manifests": [
        {"digest": digest(7777), "platform": platform("unknown", "unknown")},
        {"digest": digest(1001), "platform": platform("linux", "amd64")},
    ]});
    let mut files = vec![("oci-layout".to_owned(), b"{}".to_vec()), ("index.json".to_owned(), bytes(&index))];
    files.extend([(path(1002), bytes(&nested)), (path(1001), bytes(&manifest)), (path(1000), bytes(config))]);
    files.extend(layers.iter().enumerate().map(|(number, layer)| (path(number), layer.clone())));
    files
}

/// Five layers of an image, and the configuration whose history tells of them.
pub(crate) fn sample() -> (Value, Vec<Items>) {
    let history = config(&[
        ("/bin/sh -c #(nop) ADD file:1 in / ", true),
        ("/bin/sh -c #(nop)  CMD [\"sh\"]", false),
        ("WORKDIR /app", true),
        ("RUN /bin/sh -c apt-get update && apt-get install -y gcc # buildkit", true),
        ("RUN /bin/sh -c rm -rf /var/lib/apt/lists/* # buildkit", true),
        ("COPY . . # buildkit", true),
        ("CMD [\"./app\"]", false),
    ]);
    let layers = vec![
        items([("bin/", Item::Directory), ("bin/sh", Item::File(1000)), ("etc/passwd", Item::File(10))]),
        items([("app/", Item::Directory)]),
        items([
            ("var/lib/apt/lists/", Item::Directory),
            ("var/lib/apt/lists/deb", Item::File(20_000)),
            ("usr/bin/gcc-12", Item::File(50_000)),
            ("usr/bin/gcc", Item::Link("gcc-12".to_owned())),
            ("usr/bin/cc", Item::Hard("usr/bin/gcc-12".to_owned())),
            ("etc/passwd", Item::File(12)),
        ]),
        items([("var/lib/apt/lists/.wh.deb", Item::File(0))]),
        items([
            ("app/.git/HEAD", Item::File(3000)),
            ("app/id_rsa", Item::Text("-----BEGIN PRIVATE KEY-----\n")),
            ("app/app", Item::File(70_000)),
        ]),
    ];
    (history, layers)
}

/// The Dockerfile that the history of [`sample`] tells of.
pub(crate) const DOCKERFILE: &str = "FROM debian\nWORKDIR /app\nRUN apt-get update && apt-get install -y gcc\n\
                          RUN rm -rf /var/lib/apt/lists/*\nCOPY . .\nCMD [\"./app\"]\n";
