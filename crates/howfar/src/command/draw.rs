//! `howfar draw`: a face set drawn from the parametric head.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use howfar_draw::{STYLE_NAMES, SetRequest, Style, draw_set_with};
use howfar_face::{
    Expression, FaceSet, FaceSetInfo, FaceSetWriter, Fault, GeneratorCard, Licence, Preprocessing, closest_name,
};

use crate::command::{rig, stop_flag};
use crate::console::Console;

/// Draw a face set from the parametric head.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar draw --people 100 --style studio --seed 7 --out faces/studio")]
pub struct Args {
    /// Identities to draw; each shows every expression once.
    #[arg(long)]
    people: u32,
    /// studio, wild or unseen.
    #[arg(long, default_value = "studio")]
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
    /// Draw with a rig of yours in place of our own head: ict:FOLDER, a checkout of ICT FaceKit.
    #[arg(long)]
    rig: Option<String>,
    /// Expressions, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "anger,disgust,fear,happiness,sadness,surprise")]
    expressions: Vec<String>,
}

/// What to draw.
pub struct Request<'a> {
    pub people: u32,
    pub style: &'a str,
    pub seed: u64,
    pub out: &'a Path,
    pub name: Option<&'a str>,
    pub size: u32,
    pub expressions: &'a [Expression],
    /// Whose geometry: our own head's if not given.
    pub rig: Option<&'a str>,
}

/// Draws the set and says what it wrote.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let expressions = parse_expressions(&args.expressions)?;
    let set = draw(
        &Request {
            people: args.people,
            style: &args.style,
            seed: args.seed,
            out: &args.out,
            name: args.name.as_deref(),
            size: args.size,
            expressions: &expressions,
            rig: args.rig.as_deref(),
        },
        console,
    )?;
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

/// Draws a face set.
pub fn draw(request: &Request<'_>, console: &Console) -> Result<FaceSet, Fault> {
    let style = Style::named(request.style).ok_or_else(|| {
        let fault = Fault::usage("--style", "unknown style").found(request.style).expected(STYLE_NAMES.join(", "));
        match closest_name(request.style, STYLE_NAMES) {
            Some(name) => fault.hint(format!("did you mean {name}?")),
            None => fault,
        }
    })?;
    if request.people == 0 {
        return Err(Fault::usage("--people", "nobody would be drawn").found(0).expected("1 or more"));
    }
    let rig = rig::open(request.rig, console)?;
    let rig = rig.borrowed();
    let mut writer =
        FaceSetWriter::create(request.out, rig::record(rig, info(request, &style)?, &style, request.seed))?;
    let stop = stop_flag();
    let bar = console.bar(u64::from(request.people) * request.expressions.len() as u64, "drawn faces");
    let &Request { people, seed, expressions, size, .. } = request;
    draw_set_with(
        &SetRequest { rig, people, style: &style, seed, expressions, size },
        &mut |done| {
            bar.set_position(done);
            if stop.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
        &mut |face| writer.push(&face),
    )?;
    bar.finish_and_clear();
    writer.finish()
}

fn info(request: &Request<'_>, style: &Style) -> Result<FaceSetInfo, Fault> {
    let classes = request.expressions.iter().map(ToString::to_string).collect();
    let name = request.name.unwrap_or(request.style);
    let mut info = FaceSetInfo::new(name, classes, Preprocessing::standard("none", "none", request.size));
    info.licences.push(Licence {
        database: format!("drawn-{}-{}", style.name, request.seed),
        terms: "drawn by howfar from a parametric head; free of anyone's rights".to_owned(),
    });
    info.generator = Some(GeneratorCard {
        name: format!("howfar draw {}, style {}", env!("CARGO_PKG_VERSION"), style.name),
        seed: request.seed,
        trained_on: Vec::new(),
        settings: style.to_toml()?,
    });
    info.caveats.push("These are drawn faces, not photographs of people.".to_owned());
    Ok(info)
}
