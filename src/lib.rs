//! dfslim rewrites Dockerfiles so that their images get smaller, rebuild faster and run as non-root,
//! without breaking the build or the app.
//!
//! # Data flow
//!
//! ```text
//! argv ─ cli ─┐
//! dfslim.yaml ┴ options ─► Policy, Wishes
//! disk ─ run ──────────────► text
//!                             │ dockerfile::parse           spans over the text
//!                             │ image::Stages, shell        what it means
//!                             │ passes                      proposals: edits, safety, evidence
//!                             │ engine + guard, in laps     what holds is applied, the rest is held
//!                             ▼
//!                            Plan ─ report ─► diff, reasons, JSON ─ run ─► stdout, stderr, disk
//! ```
//!
//! # Code map
//!
//! | module | what it is for |
//! | --- | --- |
//! | [`cli`], [`config`], [`options`] | flags and `dfslim.yaml`, and what the two come to |
//! | [`run`] | the only module that touches disk, stdin and stdout |
//! | [`text`], [`edit`] | places in a text; disjoint changes of it |
//! | [`dockerfile`], [`shell`] | what stands where: instructions; commands and words of a RUN |
//! | [`image`] | what the stages end up as |
//! | [`managers`] | what package managers leave behind, and which commands are theirs |
//! | [`project`] | what the build context says; the other module that reads the disk |
//! | [`passes`], [`proposal`] | the kinds of rewrites, and what they hand out |
//! | [`engine`], [`guard`], [`suppress`], [`plan`] | what is applied, what is held, and why |
//! | [`ignoring`] | what may be left out of a build context |
//! | [`vocabulary`] | the ids by which passes are called, in flags, files and comments |
//! | [`detect`] | what is known of a Dockerfile, told fact by fact |
//! | [`inspect`] | what is in a built image |
//! | [`measure`] | what two images weigh, and whether their containers answer the same |
//! | [`report`] | what the user sees |
//!
//! # Invariants
//!
//! * The text is the truth: reading is lossless and cannot fail; what no edit touches stays byte-identical.
//! * Every proposal names its safety; there is no default one.
//! * The guard does not trust the passes: it reads every result again and compares.
//! * A second run proposes nothing; the same input gives the same bytes, at any number of threads.
//! * The core does no I/O and does not panic.
//!
//! # Use as a library
//!
//! [`engine::plan`] takes a text, a [`engine::Policy`] and [`passes::Wishes`], and returns a [`plan::Plan`];
//! [`report::diff::unified`] prints it. The command line is one user of these.

pub mod cli;
pub mod config;
pub mod detect;
pub mod dockerfile;
pub mod edit;
pub mod engine;
pub mod guard;
pub mod ignoring;
pub mod image;
pub mod inspect;
pub mod managers;
pub mod measure;
pub mod options;
pub mod passes;
pub mod plan;
pub mod project;
pub mod proposal;
pub mod report;
pub mod run;
pub mod shell;
pub mod suppress;
pub mod text;
pub mod vocabulary;
