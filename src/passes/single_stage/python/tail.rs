//! What follows the installs in their own RUN, and belongs to the final stage: `pip install … && manage.py collectstatic`.

use super::super::Case;
use super::work::{Step, Work};
use crate::dockerfile::Instruction;
use crate::shell::{Link, Script};
use crate::text::Span;

/// The end of a RUN that becomes a RUN of the final stage.
pub(super) struct Tail {
    /// What goes from the build: with the `&&` before it.
    pub gone: Span,
    /// What the final stage runs.
    pub text: Span,
    /// Its commands, as an index into the RUN's steps.
    pub from: usize,
}

impl Tail {
    /// The commands of `run` behind the last one that installs, when they can stand alone.
    pub(super) fn of(case: &Case<'_>, run: &Instruction, steps: &[Step]) -> Option<Self> {
        let body = case.cx.body(run);
        let script = body.plain().ok().filter(|script| is_chain(script) && only_caches(run))?;
        let own = |step: &Step| matches!(step.work, Work::System | Work::Other);
        let from = steps.iter().position(own)?;
        let (head, rest) = steps.split_at(from);
        let goes_on = rest.iter().any(|step| !own(step) && !matches!(step.work, Work::Nothing));
        let start = case.stage.state_before(run).workdir().value();
        // What the head sets up for its own shell would be lost.
        let leaves = head.iter().any(|step| {
            matches!(step.work, Work::Activate(_))
                || matches!(step.program(), Some("export" | "cd" | "pushd" | "."))
                || step.words.is_empty()
                || (step.program() == Some("set") && step.arguments().any(|word| !matters_not(word)))
        });
        let all_top = steps.iter().all(|step| step.top);
        let last = head.last()?;
        if goes_on || leaves || !all_top || rest[0].workdir.as_deref() != start {
            return None;
        }
        let text = Span::new(rest[0].span.start, script.span()?.end);
        let between = Span::new(last.span.end, text.start).of(case.cx.file.text());
        let plain = !between.contains('#') && !text.of(case.cx.file.text()).contains(['#']);
        plain.then_some(Self { gone: Span::new(last.span.end, text.end), text, from })
    }
}

/// `set -ex` changes nothing where all is joined by `&&`.
fn matters_not(option: &str) -> bool {
    option.strip_prefix('-').is_some_and(|letters| letters.chars().all(|letter| matches!(letter, 'e' | 'x')))
}

/// `a && b && c`
fn is_chain(script: &Script) -> bool {
    let [list] = script.lists.as_slice() else { return false };
    list.parts
        .iter()
        .all(|(link, pipeline)| !matches!(link, Link::Or(_)) && pipeline.commands.len() == 1 && !pipeline.negated)
}

/// Whether a RUN mounts nothing but caches, which its end can do without.
fn only_caches(run: &Instruction) -> bool {
    run.flags
        .iter()
        .all(|flag| flag.name == "mount" && flag.value.as_deref().is_some_and(|value| value.contains("type=cache")))
}
