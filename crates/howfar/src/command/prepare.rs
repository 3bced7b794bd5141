//! `howfar prepare ADAPTER:PATH… --out FACES`: databases to a face set.

mod source_args;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use howfar_face::{Colour, Fault, Provenance};
use howfar_prepare::{
    Align, Database, PrepareReport, PrepareRequest, Progress, Source, Stage, adapter_names, find_database, prepare,
    understand,
};

use serde_json::json;

use crate::command::stop_flag;
use crate::console::Console;
use crate::progress::CountProgress;
pub use source_args::SourceArgs;

/// Turn a database's photographs into a face set: detect, align, crop, gray, resize.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  howfar prepare jaffe:data/jaffe --out faces/jaffe\n  \
    howfar prepare folder:my-classes --dry-run\n  \
    howfar prepare folder:my-classes --detect none \\\n      --subject-pattern '(?<person>S\\d+)_' --out faces/mine\n  \
    howfar prepare folder:made --provenance generated --out faces/made\n\n\
    Layouts, labels and terms of every database: docs/databases.md")]
pub struct Args {
    /// Databases as ADAPTER:PATH; `howfar prepare --list` names the adapters.
    #[arg(required_unless_present = "list")]
    sources: Vec<String>,
    /// The face set to write.
    #[arg(long, required_unless_present_any = ["list", "dry_run"])]
    out: Option<PathBuf>,
    /// Say what would be read (levels of folders, classes with counts, people, what is left out), decode and write
    /// nothing.
    #[arg(long)]
    dry_run: bool,
    /// List the adapters.
    #[arg(long)]
    list: bool,
    /// A name for tables; the adapters' names if not given.
    #[arg(long)]
    name: Option<String>,
    /// What the pictures are: photographs (real), rendered (drawn), or made by a trained generator. Tables and
    /// sentences say so.
    #[arg(long, value_parser = ["real", "drawn", "generated"], default_value = "real")]
    provenance: String,
    /// Pixels a side.
    #[arg(long, default_value_t = 64)]
    size: u32,
    /// Cut faces by the eyes that the embedded network finds, or by the face's box alone [default: landmarks where
    /// faces are looked for, none for pictures that are cropped already].
    #[arg(long, value_parser = ["landmarks", "none"])]
    align: Option<String>,
    /// Colours of the prepared faces.
    #[arg(long, visible_alias = "color", value_parser = ["gray", "rgb"], default_value = "gray")]
    colour: String,
    /// The share of what was asked for that may be unreadable or without a face, 0 to 1.
    #[arg(long, default_value_t = 0.1, value_name = "SHARE")]
    max_losses: f64,
    /// Finish with exit code 0 whatever was lost.
    #[arg(long)]
    allow_losses: bool,
    #[command(flatten)]
    read: SourceArgs,
}

/// What can be read: adapter, database, terms, and the options that its adapter obeys.
fn list(console: &Console) {
    let databases: Vec<&Database> = adapter_names().into_iter().filter_map(find_database).collect();
    let options = |database: &Database| database.settings.iter().map(|setting| setting.flag()).collect::<Vec<_>>();
    if console.json() {
        let all = databases.iter().map(|database| {
            json!({
                "adapter": database.name, "database": database.title, "access": database.access,
                "terms": database.terms, "options": options(database),
            })
        });
        return console.answer_json(&all.collect::<Vec<_>>());
    }
    for database in databases {
        let options = options(database);
        let options = if options.is_empty() { String::new() } else { format!(" ({})", options.join(", ")) };
        let line = format!("{:<13} {}: {}{options}", database.name, database.title, database.terms);
        console.answer(&console.fit(&line));
    }
}

/// Prepares and prints counts, differences to the published ones, and what was left out.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    if args.list {
        list(console);
        return Ok(());
    }
    let request = request(args)?;
    if args.dry_run {
        let understanding = understand(&request)?;
        if console.json() {
            console.answer_json(&understanding);
        } else {
            console.answer(understanding.to_string().trim_end());
        }
        return Ok(());
    }
    let report = prepare_with_bar(&request, console)?;
    if console.json() {
        console.answer_json(&report);
    } else {
        console.answer(&report.to_string());
    }
    Ok(())
}

/// Prepares, says how far it is and stops in good order when it is told to.
pub fn prepare_with_bar(request: &PrepareRequest, console: &Console) -> Result<PrepareReport, Fault> {
    let stop = stop_flag();
    let mut pace: Option<(Stage, CountProgress<'_>)> = None;
    let report = prepare(request, &mut |Progress { stage, done, total }| {
        match &mut pace {
            Some((of, pace)) if *of == stage => pace.tell(done),
            _ => {
                if let Some((_, pace)) = &pace {
                    pace.finish();
                }
                pace = Some((stage, begin_stage(console, stage, done, total)));
            }
        }
        if stop.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if let Some((_, pace)) = &pace {
        pace.finish();
    }
    report
}

/// Says what begins, and where it goes on from an earlier start.
fn begin_stage<'a>(console: &'a Console, stage: Stage, done: u64, total: u64) -> CountProgress<'a> {
    match stage {
        Stage::Looking if done > 0 => {
            console.note(&format!("going on: {done} of {total} pictures were looked at before"));
        }
        Stage::Looking => console.note(&format!("{total} pictures to look at")),
        Stage::Listing | Stage::Writing => {}
    }
    let unit = match stage {
        Stage::Listing => "databases",
        Stage::Looking => "pictures",
        Stage::Writing => "written pictures",
    };
    CountProgress::of(console, unit, done, total)
}

fn request(args: &Args) -> Result<PrepareRequest, Fault> {
    let sources = args.sources.iter().map(|s| Source::parse(s)).collect::<Result<Vec<_>, _>>()?;
    let out = match &args.out {
        Some(out) => out.clone(),
        None if args.dry_run => PathBuf::new(),
        None => return Err(Fault::usage("--out", "no face set is named")),
    };
    Ok(PrepareRequest {
        name: args.name.clone(),
        // clap has let the three words through and no other.
        provenance: Provenance::from_name(&args.provenance).unwrap_or(Provenance::Real),
        size: args.size,
        align: match args.align.as_deref() {
            Some("landmarks") => Align::Landmarks,
            Some(_) => Align::None,
            None => Align::Auto,
        },
        colour: Colour::from_name(&args.colour).unwrap_or_default(),
        max_losses: if args.allow_losses { 1.0 } else { args.max_losses },
        ..args.read.fill(PrepareRequest::new(sources, out))?
    })
}
