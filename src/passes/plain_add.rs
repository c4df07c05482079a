//! ADD of plain files of the build context → COPY.

use super::{Cx, Pass};
use crate::dockerfile::{Args, Instruction, Keyword, Word};
use crate::edit::Edit;
use crate::image::Stage;
use crate::project::files::Unread;
use crate::proposal::{Evidence, Kind, Proposal, Proposals};

/// See the page.
pub(super) const PASS: Pass =
    Pass { id: "plain-add", kind: Kind::Other, answers_to: &["DL3020"], page: include_str!("plain-add.md"), run };

/// Flags that COPY has too, with the same meaning.
const SHARED_FLAGS: &[&str] = &["chmod", "chown", "exclude", "link"];

fn run(cx: &Cx<'_>, out: &mut Proposals) {
    for stage in cx.stages.iter() {
        for add in stage.instructions.iter().filter(|instruction| instruction.keyword == Keyword::Add) {
            match plain_sources(cx, stage, add) {
                Ok(evidence) => out.push(proposal(cx, add, evidence)),
                Err(Some(why)) => out.refuse(add.code, "write ADD as COPY", why),
                Err(None) => {}
            }
        }
    }
}

fn proposal(cx: &Cx<'_>, add: &Instruction, evidence: Vec<Evidence>) -> Proposal {
    let lower = add.keyword_span.of(cx.file.text()).starts_with('a');
    Proposal::checked(add.code, "write ADD as COPY", evidence)
        .because("ADD also downloads and unpacks; COPY says that neither is meant")
        .edit(Edit::replace(add.keyword_span, if lower { "copy" } else { "COPY" }))
}

/// Evidence that each source is plain; else why not, or nothing where ADD does what only ADD can.
fn plain_sources(cx: &Cx<'_>, stage: &Stage<'_>, add: &Instruction) -> Result<Vec<Evidence>, Option<String>> {
    let (Args::Words(words) | Args::Json(words)) = &add.args else { return Err(None) };
    let Some((_, sources)) = words.split_last() else { return Err(None) };
    if let Some(flag) = add.flags.iter().find(|flag| !SHARED_FLAGS.contains(&flag.name.as_str())) {
        return Err(Some(format!("COPY has no --{}", flag.name)));
    }
    if !add.heredocs.is_empty() || sources.is_empty() {
        return Err(None);
    }
    let mut evidence = Vec::new();
    for source in sources {
        evidence.extend(plain_source(cx, stage, add, source)?);
    }
    Ok(evidence)
}

fn plain_source(
    cx: &Cx<'_>,
    stage: &Stage<'_>,
    add: &Instruction,
    source: &Word,
) -> Result<Vec<Evidence>, Option<String>> {
    let Some(path) = stage.state_before(add).expand(&source.value, cx.file.escape()) else {
        return Err(Some(format!("`{}` is not known", source.value)));
    };
    if path.contains("://") || path.starts_with("git@") {
        return Err(None);
    }
    let context = cx.project.context();
    let found = context.copy_source(&path);
    if found.roots.is_empty() || !found.complete {
        return Err(Some(format!("`{path}` was not found in the build context")));
    }
    let mut evidence = Vec::new();
    for root in &found.roots {
        let fact = if root.directory {
            // What a directory holds is copied as it is; only an archive named itself is unpacked.
            "a directory"
        } else {
            match context.read(&root.path) {
                Ok(_) => "a text file, no archive",
                Err(Unread::Binary) => return Err(Some(format!("`{}` is binary: ADD may unpack it", root.path))),
                Err(why) => return Err(Some(format!("`{}` could not be looked at: {why}", root.path))),
            }
        };
        let file = if root.path.is_empty() { ".".to_owned() } else { root.path.clone() };
        evidence.push(Evidence { file, line: None, fact: fact.to_owned() });
    }
    Ok(evidence)
}
