//! `howfar serve [STUDY | FACES | MODEL]`: a study on its way, faces or a network as pages in a browser.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use howfar_face::{FaceSet, Fault, files};
use howfar_net::Precision;
use howfar_serve::{Content, Listen, Server};
use howfar_study::StudyFolder;
use howfar_train::Model;
use serde_json::json;

use crate::command::stop_flag;
use crate::command::study_args::{StudyPlace, usual_study};
use crate::console::Console;

/// Show a study, a face set or a network in a browser.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  howfar serve my-study
  howfar serve faces/mine
  howfar serve model.safetensors
  howfar serve my-study --address 0.0.0.0

Nothing leaves this machine: pictures and the camera are looked at in the browser. Only this machine is answered, \
unless --address says otherwise; a token is asked for then. docs/serve.md says how to reach a cluster.")]
pub struct Args {
    /// A study (folder or file), a face set, or a model of `howfar train`; if not given, the study of study.toml, \
    /// or, where there is none, howfar's own network.
    content: Option<PathBuf>,
    /// Listen at this address of the machine; 0.0.0.0 is all of them.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    address: IpAddr,
    /// The port; 0 is any free one. The first free one from 8780 on if not given.
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// A name that this machine goes by in browsers, beside its addresses and localhost; may be repeated.
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,
    /// Ask for a token on this machine, too: others may have accounts on it.
    #[arg(long)]
    token: bool,
}

/// Listens until Ctrl-C.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let content = content(args.content.as_deref())?;
    let names = args.name.clone();
    let listen = Listen { ip: args.address, port: args.port, names, asks_token: args.token };
    let server = Server::bind(content, &listen)?;
    if console.json() {
        console.answer(&console.json_line(&json!({"url": server.url()})));
    } else {
        console.answer(server.url());
        console.note("Open this address in a browser. Ctrl-C ends it.");
    }
    server.run(stop_flag())
}

fn content(named: Option<&Path>) -> Result<Content, Fault> {
    let Some(path) = named else {
        return match usual_study()? {
            Some(study) => Ok(Content::Study(StudyFolder::open(&study.folder()?)?)),
            None => {
                let place = Path::new("own network");
                Content::model(Model::embedded().to_bytes(Precision::Full, place)?, place)
            }
        };
    };
    if files::is_there(&path.join(FaceSet::INFO_FILE))? {
        return FaceSet::open(path).map(|set| Content::Faces(Box::new(set)));
    }
    let folder = StudyFolder::new(path);
    let is_study = files::is_there(&folder.plan_file())? || files::is_there(&folder.results_file())?;
    if is_study || path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml")) {
        return study(path);
    }
    if !files::is_there(path)? {
        let found = if path.is_dir() { "a folder of other things" } else { "nothing of this name" };
        return Err(Fault::data(path.display(), "there is nothing to show here")
            .found(found)
            .expected("a study (folder or .toml), a face set, or a model (.safetensors)")
            .hint("`howfar run` makes a study's folder, `howfar prepare` a face set, `howfar train` a model"));
    }
    Content::model(files::read_weights(path)?, path)
}

fn study(path: &Path) -> Result<Content, Fault> {
    StudyFolder::open(&StudyPlace::of(path).folder()?).map(Content::Study)
}
