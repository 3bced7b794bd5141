//! `howfar draw`: a face set drawn from the parametric head.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use howfar_draw::{SetRequest, Style, Uniform, draw_set};
use howfar_face::{
    Colour, Expression, FaceSet, FaceSetInfo, FaceSetWriter, Fault, GeneratorCard, GroupSizes, Licence, Preprocessing,
    closest_name, files,
};

use crate::command::{rig, stop_flag};
use crate::console::Console;
use crate::progress::CountProgress;

/// Draw a face set from the parametric head.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  howfar draw --people 100 --style studio --seed 7 --out faces/studio
  howfar draw --people 50 --style wild --intensity 0.3..1 --out faces/wild
  howfar draw --people 20 --sequence 12 --out faces/sequences
  howfar draw --people 100 --rig ict:ICT-FaceKit --out faces/ict
  howfar draw --people 100 --size 128 --colour rgb --out faces/colour
  howfar draw --people 100 --style my.toml --out faces/mine

Stopped or killed, the same command goes on where it was. docs/drawn-faces.md shows what the parameters do, \
docs/styles.md lists the keys of a style file, docs/rig.md tells about rigs.")]
pub struct Args {
    /// Identities to draw; each shows every expression.
    #[arg(long)]
    people: u32,
    /// studio, wild, unseen or a style file of your own.
    #[arg(long, default_value = "studio", value_name = "NAME|FILE.toml")]
    style: String,
    /// The seed; with a person's number it fixes the face.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The face set to write.
    #[arg(long)]
    out: PathBuf,
    /// A name for tables; the style's if not given.
    #[arg(long)]
    name: Option<String>,
    /// Pixels a side, 48 to 256.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(48..=256))]
    size: u32,
    /// Gray, or colour with the same labels and the same gray levels as luma.
    #[arg(long, visible_alias = "color", value_parser = ["gray", "rgb"], default_value = "gray")]
    colour: String,
    /// Draw with a rig of yours in place of our own head: ict:FOLDER, a checkout of ICT FaceKit.
    #[arg(long, value_name = "ict:FOLDER")]
    rig: Option<String>,
    /// Expressions, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "anger,disgust,fear,happiness,sadness,surprise")]
    expressions: Vec<String>,
    /// How strongly they are shown: 0 = neutral, 1 = full. A range is drawn from for each picture.
    #[arg(long, default_value = "1", value_name = "FROM..TO")]
    intensity: String,
    /// Pictures, or sequences, of each identity and expression, each acted anew.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    takes: u32,
    /// Draw sequences of so many frames, from neutral to the intensity, as posed databases record them.
    #[arg(long, value_name = "FRAMES", value_parser = clap::value_parser!(u32).range(2..=1000))]
    sequence: Option<u32>,
    /// Faces per row group, for tests of stopping and resuming.
    #[arg(long, hide = true, default_value_t = GroupSizes::STANDARD.group as u32,
        value_parser = clap::value_parser!(u32).range(1..))]
    faces_per_group: u32,
    /// Faces per file, for tests of stopping and resuming.
    #[arg(long, hide = true, default_value_t = GroupSizes::STANDARD.shard,
        value_parser = clap::value_parser!(u64).range(1..))]
    faces_per_shard: u64,
}

/// What to draw.
pub struct Request<'a> {
    pub people: u32,
    pub style: &'a str,
    pub seed: u64,
    pub out: &'a Path,
    pub name: Option<&'a str>,
    pub size: u32,
    pub colour: Colour,
    pub expressions: &'a [Expression],
    pub intensity: Uniform,
    pub takes: u32,
    pub frames: u32,
    /// `ict:FOLDER` in place of our own head.
    pub rig: Option<&'a str>,
    pub sizes: GroupSizes,
}

impl<'a> Request<'a> {
    /// One gray picture of each of the six expressions at full intensity, with 64 pixels a side.
    pub fn plain(people: u32, style: &'a str, seed: u64, out: &'a Path) -> Self {
        Request {
            people,
            style,
            seed,
            out,
            name: None,
            size: 64,
            colour: Colour::Gray,
            expressions: &Expression::SIX,
            intensity: Uniform(1.0, 1.0),
            takes: 1,
            frames: 1,
            rig: None,
            sizes: GroupSizes::STANDARD,
        }
    }
}

/// Draws the set and says what it wrote.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let expressions = parse_expressions(&args.expressions)?;
    let request = Request {
        name: args.name.as_deref(),
        size: args.size,
        // clap has let the two words through and no other.
        colour: Colour::from_name(&args.colour).unwrap_or_default(),
        expressions: &expressions,
        intensity: parse_intensity(&args.intensity)?,
        takes: args.takes,
        frames: args.sequence.unwrap_or(1),
        rig: args.rig.as_deref(),
        sizes: GroupSizes { group: args.faces_per_group as usize, shard: args.faces_per_shard },
        ..Request::plain(args.people, &args.style, args.seed, &args.out)
    };
    let set = draw(&request, console)?;
    console.answer(&format!(
        "{}: {} drawn faces of {} identities",
        args.out.display(),
        set.info().n_faces,
        args.people
    ));
    Ok(())
}

/// Reads expression names.
pub fn parse_expressions(words: &[String]) -> Result<Vec<Expression>, Fault> {
    let names = || Expression::ALL.iter().map(|e| e.name());
    let parse = |word: &String| {
        Expression::from_word(word.trim()).ok_or_else(|| {
            let fault = Fault::usage("--expressions", "unknown expression")
                .found(word)
                .expected(names().collect::<Vec<_>>().join(", "));
            match closest_name(word, names()) {
                Some(name) => fault.hint(format!("did you mean {name}?")),
                None => fault,
            }
        })
    };
    words.iter().map(parse).collect()
}

/// Reads `0.8` or `0.3..1`.
fn parse_intensity(text: &str) -> Result<Uniform, Fault> {
    parse_range(text).map(|(from, to)| Uniform(from, to))
}

/// Reads a range of intensities, or one of them.
pub fn parse_range(text: &str) -> Result<(f32, f32), Fault> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let number = |word: &str| word.trim().parse::<f32>().ok().filter(|value| (0.0..=1.0).contains(value));
    match (number(from), number(to)) {
        (Some(from), Some(to)) if from <= to => Ok((from, to)),
        _ => Err(Fault::usage("--intensity", "not an intensity or a range of them")
            .found(text)
            .expected("a number from 0 (neutral) to 1 (full), or two with .. between them, the smaller one first")
            .hint("--intensity 0.3..1")),
    }
}

/// Draws a face set. Stopped, it goes on with the next call of the same request.
pub fn draw(request: &Request<'_>, console: &Console) -> Result<FaceSet, Fault> {
    let style = Style::find("--style", request.style)?;
    if request.people == 0 {
        return Err(Fault::usage("--people", "nobody would be drawn").found(0).expected("1 or more"));
    }
    let rig = rig::open(request.rig, console)?;
    let set = SetRequest {
        rig: rig.as_ref(),
        colour: request.colour,
        intensity: request.intensity,
        takes: request.takes,
        frames: request.frames,
        ..SetRequest::new(&style, request.seed, request.people, request.expressions, request.size)
    };
    // What draws otherwise (another version, another machine's arithmetic) must not go on with what is there.
    let probe = set.probe()?.picture.sha256();
    let mut writer = FaceSetWriter::resume(request.out, info(request, &set)?, request.sizes, &probe)?;
    let begin = writer.n_faces();
    let stop = stop_flag();
    let mut pace = CountProgress::new(console, begin, set.n_faces());
    let drawn = draw_set(
        &set,
        begin,
        &mut |done| {
            pace.tell(done);
            if stop.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
        &mut |face| writer.push(&face),
    );
    pace.finish();
    if let Err(fault) = drawn {
        drop(writer);
        let partial = files::partial_name(request.out);
        if partial.exists() {
            console.note(&format!("what is drawn lies in {}; the same command goes on from it", partial.display()));
        }
        return Err(fault);
    }
    writer.finish()
}

/// Draws a plain set for a study, unless an earlier start did.
pub fn draw_unless_there(request: &Request<'_>, console: &Console) -> Result<(), Fault> {
    let n_faces = u64::from(request.people) * request.expressions.len() as u64;
    if !FaceSet::open(request.out).is_ok_and(|set| set.info().n_faces == n_faces) {
        console.note(&format!("drawing {} identities of style {}", request.people, request.style));
        draw(request, console)?;
    }
    Ok(())
}

/// What was asked for beside the style, as comments of its TOML.
fn settings_head(request: &Request<'_>) -> String {
    let Request { people, seed, size, takes, frames, intensity, .. } = request;
    let expressions: Vec<&str> = request.expressions.iter().map(|e| e.name()).collect();
    format!(
        "# people {people}, seed {seed}, size {size}, expressions {}\n# intensity {}..{}, takes {takes}, frames \
            {frames}\n",
        expressions.join(","),
        intensity.0,
        intensity.1
    )
}

fn info(request: &Request<'_>, set: &SetRequest<'_>) -> Result<FaceSetInfo, Fault> {
    let style = set.style;
    let classes = request.expressions.iter().map(ToString::to_string).collect();
    let name = request.name.unwrap_or(&style.name);
    let preprocessing = Preprocessing {
        colour: request.colour.name().to_owned(),
        ..Preprocessing::standard("none", "none", request.size)
    };
    let mut info = FaceSetInfo::new(name, classes, preprocessing);
    info.licences.push(Licence {
        database: set.database(),
        terms: "drawn by howfar from a parametric head; free of anyone's rights".to_owned(),
    });
    let generator = format!("howfar draw {}, style {}", env!("CARGO_PKG_VERSION"), style.name);
    let settings = format!("{}{}", settings_head(request), style.to_toml()?);
    info.generator = Some(GeneratorCard::new(generator, request.seed, style.fitted.clone(), settings));
    if style.is_fitted_without_a_trace(request.style) {
        info.caveats.push(
            "The style was fitted by a howfar that kept no record of whose pictures it saw: a person of yours may be \
                among them."
                .to_owned(),
        );
    }
    if let Some(rig) = set.rig {
        rig::record(rig, &mut info);
    }
    if request.frames > 1 {
        info.caveats.push(format!(
            "Sequences of {} frames from neutral to the expression: the first frames show little or nothing of their \
            label; the column intensity says how much.",
            request.frames
        ));
    }
    info.caveats.push("These are drawn faces, not photographs of people.".to_owned());
    Ok(info)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intensities_are_a_number_or_a_range_within_0_and_1() {
        for (text, expected) in
            [("1", Some((1.0, 1.0))), ("0.3..1", Some((0.3, 1.0))), ("0 .. 0.5", Some((0.0, 0.5))), ("1..0.3", None)]
        {
            assert_eq!(parse_intensity(text).ok(), expected.map(|(from, to)| Uniform(from, to)), "{text}");
        }
        for text in ["2", "-0.1..1", "a..b", "", "nan", "0.1..0.2..0.3"] {
            assert!(parse_intensity(text).unwrap_err().to_string().contains("hint: --intensity"), "{text}");
        }
    }
}
