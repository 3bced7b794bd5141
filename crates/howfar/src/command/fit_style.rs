//! `howfar style fit FACES --out STYLE.toml`: a style whose drawn faces look like a set's in light, camera and tone.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use howfar_draw::{FEWEST_FACES, FITTED_BY, FitEffort, FittedStyle, STATISTICS, SetStatistics, Style, StyleFitter};
use howfar_face::{FaceSet, Fault, Lineage, files};
use serde::Serialize;

use crate::command::stop_flag;
use crate::console::Console;

/// Faces that are measured at most, evenly taken from the set: medians of 3000 are good to a fiftieth of a spread.
const MOST_FACES: u64 = 3_000;
/// Pictures in memory at once.
const BLOCK: usize = 256;

/// Fit a style of drawn faces to a face set's light, camera and tone; its labels are not looked at. The style, and
/// every set drawn with it, names the people and the set that it was fitted to: a study must not test on them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar style fit faces/jaffe --base wild --out jaffe-like.toml\n\
    Then: howfar draw --people 300 --style jaffe-like.toml --out faces/drawn\n\n\
    What is matched and what is not: docs/styles.md")]
pub struct Args {
    /// The face set's folder.
    faces: PathBuf,
    /// The style file to write.
    #[arg(long)]
    out: PathBuf,
    /// The style to start from: studio, wild, unseen or a style file.
    #[arg(long, default_value = "wild", value_name = "NAME|FILE.toml")]
    base: String,
    /// The new style's name: letters, digits and hyphens; `like-` and the set's name if not given.
    #[arg(long)]
    name: Option<String>,
    /// Faces drawn for a trial, for tests: few make a poor fit.
    #[arg(long, hide = true, default_value_t = FitEffort::default().n_faces,
        value_parser = clap::value_parser!(u32).range(2..=10_000))]
    faces_a_trial: u32,
}

impl Args {
    fn effort(&self) -> FitEffort {
        let usual = FitEffort::default();
        FitEffort {
            n_faces: self.faces_a_trial,
            n_table_faces: usual.n_table_faces * self.faces_a_trial / usual.n_faces,
            ..usual
        }
    }
}

/// What `style fit` answers.
#[derive(Debug, Serialize)]
struct Answer {
    style: String,
    n_faces_measured: usize,
    /// Root mean square over medians and spreads, in spreads of the set.
    distance_before: f64,
    distance_after: f64,
    measures: Vec<Measure>,
}

/// Median and spread of one measure: the set's, the base's drawn faces', the fitted style's drawn faces'.
#[derive(Debug, Serialize)]
struct Measure {
    name: &'static str,
    unit: &'static str,
    set: [f32; 2],
    base: [f32; 2],
    fitted: [f32; 2],
}

/// Anthropometry, fits, writes.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let base = Style::find("--base", &args.base)?;
    if base.is_fitted_without_a_trace(&args.base) {
        return Err(Fault::usage(
            "--base",
            "this style was fitted by a howfar that kept no record of whose pictures it saw",
        )
        .found(&args.base)
        .expected("an embedded style, one written by hand, or one that a newer style fit wrote")
        .hint("fit the base anew to its own set first"));
    }
    let set = FaceSet::open(&args.faces)?;
    let name = match &args.name {
        Some(name) => checked(name)?,
        None => format!("like-{}", plain(&set.info().name)),
    };
    let n_faces = set.info().n_faces;
    if n_faces < FEWEST_FACES as u64 {
        return Err(Fault::data(args.faces.display(), "too few faces to fit a style to")
            .found(n_faces)
            .expected(format!("{FEWEST_FACES} or more; some hundred are better"))
            .hint("prepare more pictures, or write a style file by hand: docs/styles.md"));
    }
    let (fitter, lineage) = measure(&set, &base, console)?;
    let fitted = fit(&fitter, &name, args.effort(), console)?;
    let about = format!("Drawn faces with light, camera and tone like those of {}.", set.info().name);
    let style = Style { about, fitted: lineage, ..fitted.style.clone() };
    files::write(&args.out, style.to_toml_with(&comment(&fitted, &set, &base))?.as_bytes())?;
    tell(args, &fitted, console);
    Ok(())
}

/// Measures every so-many-th face, block by block; whom and what the style then descends from: the whole set, and what
/// the base was fitted to.
fn measure(set: &FaceSet, base: &Style, console: &Console) -> Result<(StyleFitter, Lineage), Fault> {
    let stop = stop_flag();
    let n_faces = set.info().n_faces;
    let every = n_faces.div_ceil(MOST_FACES).max(1);
    let side = set.info().preprocessing.side;
    let mut fitter = StyleFitter::new(base, side);
    let bar = console.bar(n_faces, "faces measured");
    let (mut block, mut row) = (Vec::with_capacity(BLOCK), 0);
    let mut lineage = Lineage::of_content(set.info());
    lineage.add(base.fitted.clone());
    set.for_each(|face| {
        lineage.add_face(&face.labels);
        if row % every == 0 {
            let found = (face.picture.width, face.picture.height);
            if found != (side, side) {
                let place = format!("{}, row {row}", set.folder().display());
                return Err(Fault::data(place, "the face has another size than its set says")
                    .found(format!("{}×{}", found.0, found.1))
                    .expected(format!("{side}×{side}"))
                    .hint("make the set anew"));
            }
            block.push(face.picture.into_gray());
        }
        row += 1;
        if block.len() == BLOCK {
            fitter.add(&block);
            block.clear();
            bar.set_position(row);
        }
        if stop.load(Ordering::SeqCst) {
            return Err(Fault::interrupted("the style was not fitted; nothing was written"));
        }
        Ok(())
    })?;
    fitter.add(&block);
    bar.finish_and_clear();
    console.note(&format!("measured {} of {n_faces} faces", fitter.n_faces()));
    Ok((fitter, lineage))
}

fn fit(fitter: &StyleFitter, name: &str, effort: FitEffort, console: &Console) -> Result<FittedStyle, Fault> {
    let stop = stop_flag();
    let total = StyleFitter::n_trials(effort);
    let bar = console.bar(total, "trials");
    let fitted = fitter.fit(name, effort, &mut |done| {
        bar.set_position(done);
        if !console.is_live() && done % 20 == 0 {
            console.note(&format!("fitting: trial {done} of {total}"));
        }
        if stop.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    bar.finish_and_clear();
    Ok(fitted)
}

fn checked(name: &str) -> Result<String, Fault> {
    if name.is_empty() || plain(name) != name || Style::named(name).is_some() {
        return Err(Fault::usage("--name", "not a name for a new style")
            .found(format!("{name:?}"))
            .expected("letters, digits and hyphens, and not an embedded style's name"));
    }
    Ok(name.to_owned())
}

/// Letters, digits and hyphens.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

/// What stands at the top of the file.
fn comment(fitted: &FittedStyle, set: &FaceSet, base: &Style) -> String {
    format!(
        "{FITTED_BY} {} to the face set {}, starting from the style {}.\n\
         Measured: pixels of {} of its {} faces (content {}); no label was looked at. [fitted] below names the people: \
         leave it in.\n\
         Moved: tone, light.background, light.azimuth_deg, light.elevation_deg, camera.eye_*, camera.centre_px, \
         camera.roll_deg.\n\
         Everything else is the base's. Using pictures of a database for a style makes that database no longer \
         unseen.\n\n{}",
        env!("CARGO_PKG_VERSION"),
        set.info().name,
        base.name,
        fitted.set.n_faces,
        set.info().n_faces,
        &set.info().content_sha256[..12.min(set.info().content_sha256.len())],
        table(fitted)
    )
}

fn table(fitted: &FittedStyle) -> String {
    let [before, after] = fitted.distances();
    let mut text =
        format!("{:26}{:>18}{:>18}{:>18}\n", "median ± spread of", "the set", "drawn: base", "drawn: fitted");
    for measure in measures(fitted) {
        let cell = |[median, spread]: [f32; 2]| format!("{median:>9.2} ± {spread:<6.2}");
        let cells = [measure.set, measure.base, measure.fitted].map(cell).join("");
        text += &format!("{:26}{cells} {}\n", measure.name, measure.unit);
    }
    text += &format!("distance to the set, in its spreads: {before:.2} before, {after:.2} after");
    text
}

fn measures(fitted: &FittedStyle) -> Vec<Measure> {
    let of = |set: &SetStatistics, i: usize| [set.median[i], set.spread[i]];
    let row = |(i, (name, unit)): (usize, &(&'static str, &'static str))| Measure {
        name,
        unit,
        set: of(&fitted.set, i),
        base: of(&fitted.base, i),
        fitted: of(&fitted.fitted, i),
    };
    STATISTICS.iter().enumerate().map(row).collect()
}

fn tell(args: &Args, fitted: &FittedStyle, console: &Console) {
    let [distance_before, distance_after] = fitted.distances();
    if console.json() {
        console.answer_json(&Answer {
            style: args.out.display().to_string(),
            n_faces_measured: fitted.set.n_faces,
            distance_before,
            distance_after,
            measures: measures(fitted),
        });
    } else {
        console.answer(&format!("{}\n{}: a style like {}", table(fitted), args.out.display(), args.faces.display()));
    }
}
