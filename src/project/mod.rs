//! The build context as evidence: what the files around a Dockerfile say about it.
//!
//! Everything here only reads, lazily and within [`context::Limits`], and nothing fails: a file that is malformed
//! or too large is "unknown" with a [`context::Warning`]. Every conclusion is a [`Finding`]: a value with the
//! [`Evidence`](crate::proposal::Evidence) for it, or the reason why it is not known. It may not change a file,
//! look outside the context, run anything, or know what a pass will do with an answer.
//!
//! | module | what |
//! | --- | --- |
//! | [`files`] | the only place that touches the disk; and the same in memory |
//! | [`context`] | [`Context`]: reads, listings and walks, each once, with caps; what `.dockerignore` leaves out |
//! | [`dockerignore`], [`glob`], [`copy`] | moby's ignore rules; Go's `filepath.Match`; what a COPY source brings |
//! | [`source`], [`json`], [`yaml`] | a text with its lines; JSON, JSONC and YAML that remember where each value stands |
//! | [`git_index`], [`readers`], [`left_out`] | which files git tracks; whether code reads git's or environment files; what is known of names to leave out |
//! | [`finding`], [`paths`] | the conclusion type; paths inside a context |
//! | [`scripts`] | scripts that the image ships: shell, programs, root |
//! | [`deploy`] | what compose, bake, skaffold and CI files say of a Dockerfile, and the context that follows |
//! | [`node`], [`python`], [`go`] | Node, Python and Go applications |
//!
//! # Adding an ecosystem
//!
//! 1. A folder `project/<ecosystem>/` whose `mod.rs` has one struct for an application (`node::Node`) with
//!    `read(context: &Context, dir: &str) -> Option<Self>`: `None` when the directory is none of its kind. `dir` is a path
//!    in the context (`""` for the root), so that a monorepo's services are read one by one.
//! 2. One module for each file format. It takes a [`source::Source`] and gives plain data; what is malformed
//!    goes to [`Context::warn`] with its line, and the field that it would have filled is [`Finding::Unknown`].
//! 3. Reads go through [`Context::find`] (absent or unreadable: go on without) or [`Context::read`] (when "missing" and
//!    "unreadable" must differ: missing is a "no", unreadable is unknown). Never walk a context to look for one file.
//! 4. Facts that no file of the context tells (native modules, base images) are YAML under `facts/`, each with its
//!    source, made into tables at build time by a module under `build/`.
//! 5. A memo in [`Project`], so that each pass asks for the same answer. Dear conclusions (import scans) are
//!    methods that compute on demand, not fields.
//! 6. Tests in `tests/it/project_<ecosystem>.rs` over [`Context::from_memory`]: for each conclusion one context where it
//!    holds, one where it does not, and one where it must be unknown.

pub mod changing;
pub mod context;
pub mod copy;
pub mod deploy;
pub mod dockerignore;
pub mod files;
pub mod finding;
pub mod git_index;
pub mod glob;
pub mod go;
pub mod json;
pub mod left_out;
pub mod node;
pub mod paths;
pub mod python;
pub mod readers;
pub mod scripts;
pub mod source;
pub mod yaml;

pub use context::Context;
pub use finding::Finding;

use crate::ignoring;
use deploy::{Deployments, Usage};
use git_index::Tracked;
use readers::Readers;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// What was read once, by directory.
type Memo<T> = RefCell<BTreeMap<String, Option<Rc<T>>>>;

/// A build context and what was concluded from it so far.
#[derive(Debug)]
pub struct Project {
    context: Context,
    /// The repository, and where the context stands in it.
    home: (Context, String),
    ignoring: Arc<ignoring::Wishes>,
    go: Memo<go::Go>,
    usage: OnceCell<Usage>,
    tracked: OnceCell<Option<Tracked>>,
    readers: OnceCell<Readers>,
    node: Memo<node::Node>,
    python: Memo<python::Python>,
    code: Memo<python::Python>,
}

impl Project {
    /// The project in `context`, which is a repository of its own.
    pub fn new(context: Context) -> Self {
        let home = (context.clone(), String::new());
        let (usage, tracked, readers) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        let (go, node, python, code) = (Memo::default(), Memo::default(), Memo::default(), Memo::default());
        let ignoring = Arc::default();
        Self { context, home, ignoring, go, usage, tracked, readers, node, python, code }
    }

    /// The same, when what the larger repository around it says is `usage`.
    #[must_use]
    pub fn used_as(self, usage: Usage) -> Self {
        Self { usage: OnceCell::from(usage), ..self }
    }

    /// The same, when the context is the directory `dir` of a larger `repository`.
    #[must_use]
    pub fn standing_in(self, repository: Context, dir: String) -> Self {
        Self { home: (repository, dir), ..self }
    }

    /// The same, with what the user wishes of ignore files.
    #[must_use]
    pub fn wishing(self, ignoring: Arc<ignoring::Wishes>) -> Self {
        Self { ignoring, ..self }
    }

    /// What the user wishes of ignore files.
    pub fn ignoring(&self) -> &ignoring::Wishes {
        &self.ignoring
    }

    /// The repository that holds the context, and where it does.
    pub fn home(&self) -> (&Context, &str) {
        (&self.home.0, &self.home.1)
    }

    /// What of the context git tracks; `None` when that cannot be told.
    pub fn tracked(&self) -> Option<&Tracked> {
        self.tracked.get_or_init(|| Tracked::read(&self.home.0, &self.home.1)).as_ref()
    }

    /// Who in the code of the context reads what is usually left out.
    pub fn readers(&self) -> &Readers {
        self.readers.get_or_init(|| Readers::read(&self.context, self.tracked()))
    }

    /// How the Dockerfile is built and its image run, as compose, bake, CI and the like say.
    pub fn usage(&self) -> &Usage {
        self.usage.get_or_init(|| Deployments::new(self.context.clone()).usage(self.context.dockerfile()))
    }

    /// Its files.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The Node application in `dir`.
    pub fn node(&self, dir: &str) -> Option<Rc<node::Node>> {
        let read = || node::Node::read(&self.context, dir).map(Rc::new);
        self.node.borrow_mut().entry(dir.to_owned()).or_insert_with(read).clone()
    }

    /// The Go module in `dir`.
    pub fn go(&self, dir: &str) -> Option<Rc<go::Go>> {
        let read = || go::Go::read(&self.context, dir).map(Rc::new);
        self.go.borrow_mut().entry(dir.to_owned()).or_insert_with(read).clone()
    }

    /// The Python application in `dir`.
    pub fn python(&self, dir: &str) -> Option<Rc<python::Python>> {
        let read = || python::Python::read(&self.context, dir).map(Rc::new);
        self.python.borrow_mut().entry(dir.to_owned()).or_insert_with(read).clone()
    }

    /// The Python code in `dir` and below, be it an application or not: packages may be named by the file that installs them.
    pub fn python_code(&self, dir: &str) -> Option<Rc<python::Python>> {
        let bare = || python::Python::bare(&self.context, dir).map(Rc::new);
        self.python(dir).or_else(|| self.code.borrow_mut().entry(dir.to_owned()).or_insert_with(bare).clone())
    }
}
