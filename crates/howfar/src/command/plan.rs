//! `howfar plan study.toml`: what would run, what it needs, how long it may take.

use std::path::PathBuf;

use howfar_face::Fault;
use howfar_protocol::{Arm, Cell, Study};
use howfar_study::Workbench;

use crate::command::n_cores;
use crate::console::{Console, duration_words};

/// Show what a study would run, and how long it may take.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar plan study.toml")]
pub struct Args {
    /// The study file.
    study: PathBuf,
    /// Cells side by side; all cores if not given.
    #[arg(long)]
    jobs: Option<usize>,
}

/// Plans, measures a few steps, prints.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let study = Study::read(&args.study)?;
    let workbench = Workbench::open(&study)?;
    if console.json() {
        console.answer_json(workbench.plan());
        return Ok(());
    }
    let plan = workbench.plan();
    let n_jobs = args.jobs.unwrap_or_else(n_cores).max(1);
    let mut seconds = 0.0;
    for recipe in &study.recipe {
        let cells: Vec<Cell> = plan.cells.iter().filter(|c| c.recipe == *recipe).cloned().collect();
        let speed = howfar_train::measure_speed(&study.settings(*recipe), workbench.pool())?;
        let n_pictures = workbench.n_pictures(&cells)?;
        seconds += n_pictures as f64 / speed / n_jobs as f64;
        console.answer(&format!(
            "recipe {}: {} cells, {n_pictures} training pictures at {speed:.0} a second and core",
            recipe.name(),
            cells.len()
        ));
        for (arm, k, n) in groups(&cells) {
            let mixture = workbench.n_pictures(&[cells[n.0].clone()])? / u64::from(cells[n.0].settings.epochs);
            console.answer(&format!("  {:<15} k = {k:<4} {:>3} cells, {mixture} pictures an epoch", arm.name(), n.1));
        }
    }
    let controls = study.grid.arms.iter().filter(|a| !matches!(a, Arm::Real | Arm::Mix)).count();
    console.answer(&format!(
        "then {controls} controls × {} seeds × {} splits at the chosen k (grid.controls = \"{}\")",
        study.grid.seeds,
        plan.n_splits,
        if study.grid.controls == howfar_protocol::Controls::All { "all" } else { "chosen" }
    ));
    if workbench.n_left_out() > 0 {
        console.answer(&format!("{} faces of other classes are left out", workbench.n_left_out()));
    }
    console.answer(&format!("about {} for the cells above on {n_jobs} cores, at most", duration_words(seconds)));
    Ok(())
}

/// Arms and k with the place of their first cell and their number.
fn groups(cells: &[Cell]) -> Vec<(Arm, howfar_protocol::MixtureRatio, (usize, usize))> {
    let mut groups: Vec<(Arm, howfar_protocol::MixtureRatio, (usize, usize))> = Vec::new();
    for (i, cell) in cells.iter().enumerate() {
        match groups.iter_mut().find(|(arm, k, _)| (*arm, *k) == (cell.arm, cell.k)) {
            Some((.., (_, n))) => *n += 1,
            None => groups.push((cell.arm, cell.k, (i, 1))),
        }
    }
    groups
}
