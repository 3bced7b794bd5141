//! `howfar draw`: a face set drawn from the parametric head.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use howfar_draw::{Style, draw_set};
use howfar_face::{
    Expression, FaceSet, FaceSetInfo, FaceSetWriter, Fault, GeneratorCard, Licence, Preprocessing, closest_name,
};

use crate::command::stop_flag;
use crate::console::Console;

/// Draw a face set from the parametric head.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  howfar draw --people 100 --style studio --seed 7 --out faces/studio\n  \
    howfar draw --show-style wild > my.toml\n  howfar draw --people 100 --style my.toml --out faces/mine\n\
    The keys of a style file: docs/styles.md")]
pub struct Args {
    /// Identities to draw; each shows every expression once.
    #[arg(long, required_unless_present = "show_style")]
    people: Option<u32>,
    /// studio, wild, unseen or a style file of your own.
    #[arg(long, default_value = "studio", value_name = "NAME|FILE.toml")]
    style: String,
    /// Print the file of an embedded style, to start your own from.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["people", "out"])]
    show_style: Option<String>,
    /// The seed; with a person's number it fixes the face.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The face set to write.
    #[arg(long, required_unless_present = "show_style")]
    out: Option<PathBuf>,
    /// A name for tables; the style's if not given.
    #[arg(long)]
    name: Option<String>,
    /// Pixels a side, 48 to 256.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(48..=256))]
    size: u32,
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
}

/// Draws the set and says what it wrote.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    if let Some(name) = &args.show_style {
        return show_style(name, console);
    }
    let (Some(people), Some(out)) = (args.people, &args.out) else {
        return Err(Fault::usage("--people, --out", "it is not said how many to draw and where to"));
    };
    let expressions = parse_expressions(&args.expressions)?;
    let set = draw(
        &Request {
            people,
            style: &args.style,
            seed: args.seed,
            out,
            name: args.name.as_deref(),
            size: args.size,
            expressions: &expressions,
        },
        console,
    )?;
    console.answer(&format!("{}: {} drawn faces of {} identities", out.display(), set.info().n_faces, people));
    Ok(())
}

fn show_style(name: &str, console: &Console) -> Result<(), Fault> {
    match Style::embedded_text(name) {
        Some(text) => console.answer(text.trim_end()),
        // A file is shown as it is understood, with what its base fills in.
        None => console.answer(Style::find("--show-style", name)?.to_toml()?.trim_end()),
    }
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
    let style = Style::find("--style", request.style)?;
    if request.people == 0 {
        return Err(Fault::usage("--people", "nobody would be drawn").found(0).expected("1 or more"));
    }
    let mut writer = FaceSetWriter::create(request.out, info(request, &style)?)?;
    let stop = stop_flag();
    let bar = console.bar(u64::from(request.people) * request.expressions.len() as u64, "drawn faces");
    draw_set(
        request.people,
        &style,
        request.seed,
        request.expressions,
        request.size,
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
    let name = request.name.unwrap_or(&style.name);
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
