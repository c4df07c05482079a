//! What the page of `root-user` cannot show: files of the build context that their owner alone may read.
#![cfg(unix)]

use crate::support::sound_plan;
use dfslim::engine::{Ceiling, Policy};
use dfslim::passes::{self, Wishes};
use dfslim::project::{Context, Project};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const DOCKERFILE: &str =
    "FROM node:22\nWORKDIR /app\nCOPY package.json .\nCOPY server.js .\nCMD [\"node\", \"server.js\"]\n";

/// What becomes of [`DOCKERFILE`] when server.js has `mode`.
fn with_mode(mode: u32) -> String {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write("Dockerfile", DOCKERFILE);
    write("package.json", "{\"name\": \"x\"}");
    write("server.js", "require('http').createServer().listen(3000)\n");
    let set = |name: &str, mode: u32| {
        fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    set("package.json", 0o644);
    set("server.js", mode);
    let project = Project::new(Context::from_directory(dir.path()).unwrap());
    let policy = Policy { passes: vec![passes::find("root-user").unwrap()], ceiling: Ceiling::Checked };
    sound_plan(DOCKERFILE, &project, &policy, Wishes::default()).unwrap().after
}

#[test]
fn files_that_are_closed_to_others_get_the_new_owner() {
    let open = with_mode(0o644);
    assert!(open.contains("\nUSER node\n") && !open.contains("--chown"), "{open}");
    for mode in [0o600, 0o640, 0o700, 0o744] {
        let closed = with_mode(mode);
        assert!(closed.contains("COPY --chown=node:node server.js ."), "{mode:o}: {closed}");
        assert!(closed.contains("COPY package.json ."), "{mode:o}: {closed}");
    }
}
