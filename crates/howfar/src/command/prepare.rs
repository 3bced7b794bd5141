//! `howfar prepare ADAPTER:PATH… --out FACES`: databases to a face set.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use howfar_face::{Colour, Fault, Provenance};
use howfar_prepare::{
    Align, Detect, FolderClasses, Lights, PrepareRequest, Progress, Source, Stage, Turn, Views, adapter_names, prepare,
    understand,
};

use crate::command::draw::parse_expressions;
use crate::command::stop_flag;
use crate::console::Console;
use crate::pace::Pace;

/// Turn a database's photographs into a face set: detect, align, crop, gray, resize.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  howfar prepare jaffe:data/jaffe --out faces/jaffe\n  \
    howfar prepare folder:my-classes --dry-run\n  \
    howfar prepare folder:my-classes --detect none --subject-pattern '(?<person>S\\d+)_' --out faces/mine\n  \
    howfar prepare folder:made --provenance generated --out faces/made\n\
    Layouts, labels and terms of every database: docs/databases.md")]
pub struct Args {
    /// Databases as ADAPTER:PATH; `howfar prepare --list` names the adapters.
    #[arg(required_unless_present = "list")]
    sources: Vec<String>,
    /// The face set to write.
    #[arg(long, required_unless_present_any = ["list", "dry_run"])]
    out: Option<PathBuf>,
    /// Say what would be read (levels of folders, classes with counts, persons, what is left out), decode and write
    /// nothing.
    #[arg(long)]
    dry_run: bool,
    /// List the adapters.
    #[arg(long)]
    list: bool,
    /// A name for tables; the adapters' names if not given.
    #[arg(long)]
    name: Option<String>,
    /// What the pictures are: photographs (real), rendered (drawn), or made by a trained generator. Tables and sentences say so.
    #[arg(long, value_parser = ["real", "drawn", "generated"], default_value = "real")]
    provenance: String,
    /// Pixels a side.
    #[arg(long, default_value_t = 64)]
    size: u32,
    /// How faces are found; `none` for pictures that are cropped already.
    #[arg(long, value_parser = ["auto", "none"], default_value = "auto")]
    detect: String,
    /// Cut faces by the eyes that the embedded network finds, or by the face's box alone [default: landmarks where
    /// faces are looked for, none for pictures that are cropped already].
    #[arg(long, value_parser = ["landmarks", "none"])]
    align: Option<String>,
    /// Colours of the prepared faces.
    #[arg(long, value_parser = ["gray", "rgb"], default_value = "gray")]
    colour: String,
    /// Expressions to keep, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "anger,disgust,fear,happiness,sadness,surprise")]
    expressions: Vec<String>,
    /// A regular expression on the path whose named group is the person.
    #[arg(long)]
    subject_pattern: Option<String>,
    /// A regular expression on the path whose named group is the label, as in '_(?<label>[a-z]+)\.'.
    #[arg(long)]
    label_pattern: Option<String>,
    /// A table of two columns: a label as it is found, and the class that it means.
    #[arg(long, value_name = "FILE")]
    label_map: Option<PathBuf>,
    /// folder: which level of folders holds the classes, 1 for the outermost.
    #[arg(long, value_name = "LEVEL")]
    class_level: Option<usize>,
    /// folder: take any class names as they are.
    #[arg(long)]
    any_classes: bool,
    /// folder: class folders to leave out.
    #[arg(long)]
    ignore: Vec<String>,
    /// Frames of a sequence: the last ones (ckplus, oulu), those around the middle (mmi).
    #[arg(long, default_value_t = 3)]
    frames: usize,
    /// ckplus, oulu, mmi: take so many first frames of each sequence as neutral.
    #[arg(long, default_value_t = 0, value_name = "N")]
    neutral_frames: usize,
    /// mmi: turn films clockwise by so many degrees; `auto` tries 90 and 270 where nothing is found.
    #[arg(long, value_parser = ["auto", "none", "90", "180", "270"], default_value = "auto")]
    turn: String,
    /// fer2013: votes (fer2013new.csv of FER+) in place of the labels.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// hf, manifests: the column of the label.
    #[arg(long, value_name = "COLUMN")]
    label_column: Option<String>,
    /// hf, manifests: the column of the person.
    #[arg(long, value_name = "COLUMN")]
    subject_column: Option<String>,
    /// folder: pictures are sheets of so many columns (label = column, person = row, the first column the parent).
    #[arg(long, value_name = "COLUMNS")]
    grid: Option<usize>,
    /// Find faces by this network (ONNX, in the layout of YuNet or SCRFD) in place of the embedded detector.
    #[arg(long, value_name = "ONNX")]
    detector: Option<PathBuf>,
    /// Of pictures that repeat each other pixel by pixel within a database, keep one.
    #[arg(long)]
    drop_repeats: bool,
    /// Leave out pictures of more pixels than this, in millions.
    #[arg(long, default_value_t = 200.0, value_name = "N")]
    max_megapixels: f64,
    /// The share of what was asked for that may be unreadable or without a face, 0 to 1.
    #[arg(long, default_value_t = 0.1, value_name = "SHARE")]
    max_losses: f64,
    /// Finish with exit code 0 whatever was lost.
    #[arg(long)]
    allow_losses: bool,
    /// rafd, kdef: every camera instead of the frontal one.
    #[arg(long)]
    all_views: bool,
    /// oulu: every light instead of the strong one.
    #[arg(long)]
    all_lights: bool,
    /// expw: least confidence of a face, 0 to 100.
    #[arg(long, default_value_t = 60.0)]
    confidence: f64,
    /// At most so many pictures of each class, for a quick look.
    #[arg(long)]
    limit: Option<usize>,
}

/// Prepares and prints counts, differences to the published ones, and what was left out.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    if args.list {
        console.answer(&adapter_names().join("\n"));
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
    let stop = stop_flag();
    let mut pace: Option<(Stage, Pace<'_>)> = None;
    let report = prepare(&request, &mut |Progress { stage, done, total }| {
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
    let report = report?;
    if console.json() {
        console.answer_json(&report);
    } else {
        console.answer(&report.to_string());
    }
    Ok(())
}

/// Says what begins, and where it goes on from an earlier start.
fn begin_stage<'a>(console: &'a Console, stage: Stage, done: u64, total: u64) -> Pace<'a> {
    match stage {
        Stage::Looking if done > 0 => {
            console.note(&format!("going on: {done} of {total} pictures were looked at before"))
        }
        Stage::Looking => console.note(&format!("{total} pictures to look at")),
        Stage::Listing | Stage::Writing => {}
    }
    let unit = match stage {
        Stage::Listing => "databases",
        Stage::Looking => "pictures",
        Stage::Writing => "written pictures",
    };
    Pace::of(console, unit, done, total)
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
        detect: if args.detect == "none" { Detect::None } else { Detect::Auto },
        align: match args.align.as_deref() {
            Some("landmarks") => Align::Landmarks,
            Some(_) => Align::None,
            None => Align::Auto,
        },
        colour: Colour::from_name(&args.colour).unwrap_or_default(),
        expressions: parse_expressions(&args.expressions)?,
        subject_pattern: args.subject_pattern.clone(),
        label_pattern: args.label_pattern.clone(),
        label_map: args.label_map.clone(),
        class_level: args.class_level,
        neutral_frames: args.neutral_frames,
        turn: match args.turn.as_str() {
            "auto" => Turn::Auto,
            degrees => degrees.parse().map_or(Turn::None, Turn::By),
        },
        labels: args.labels.clone(),
        label_column: args.label_column.clone(),
        subject_column: args.subject_column.clone(),
        grid: args.grid,
        detector: args.detector.clone(),
        drop_repeats: args.drop_repeats,
        max_megapixels: args.max_megapixels,
        max_losses: if args.allow_losses { 1.0 } else { args.max_losses },
        classes: if args.any_classes { FolderClasses::Any } else { FolderClasses::Auto },
        ignore: args.ignore.clone(),
        frames: args.frames,
        views: if args.all_views { Views::All } else { Views::Frontal },
        lights: if args.all_lights { Lights::All } else { Lights::Strong },
        confidence: args.confidence,
        limit: args.limit,
        ..PrepareRequest::new(sources, out)
    })
}
