//! `howfar study check-claim STUDY`: a published accuracy beside what the seeds of a study give for the same treatment.

use std::collections::BTreeSet;

use howfar_evaluate::wording::{percent, points};
use howfar_evaluate::{ClaimCheck, RecipeResults, Results, SeedAccuracies, check_claim};
use howfar_face::Fault;
use howfar_protocol::{Arm, MixtureRatio, Part};
use howfar_study::StudyFolder;

use crate::command::study_args::StudyPlace;
use crate::console::Console;

/// Compare a published accuracy with what a study's seeds give for that treatment on those faces.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar study check-claim my-study --published 58.3 --k 5 --on mmi\n\n\
    The seeds differ in training alone: what other people, frames or another preparation of the same database would \
    change is in none of these figures.")]
pub struct Args {
    #[command(flatten)]
    study: StudyPlace,
    /// The published accuracy, in percent.
    #[arg(long, value_name = "PERCENT")]
    published: f64,
    /// What was trained on: an arm of the study.
    #[arg(long, value_name = "ARM", default_value = "mix")]
    arm: String,
    /// How many units of generated faces for each real one; 0 with `--arm real`.
    #[arg(long, value_name = "K", default_value_t = 0.0)]
    k: f64,
    /// The faces: an unseen set of the study, or `test` for its test people.
    #[arg(long, value_name = "SET", default_value = "test")]
    on: String,
    /// The published figure is the best of so many runs. Without it: as many as the study has k above 0.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    best_of: Option<u32>,
}

/// Looks up the seeds of each recipe of the study and compares.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    if !(0.0..=100.0).contains(&args.published) {
        return Err(Fault::usage("--published", "not an accuracy in percent")
            .found(args.published)
            .expected("a number from 0 to 100"));
    }
    let k = MixtureRatio::new(args.k)?;
    let folder = StudyFolder::open_results(&args.study.folder()?)?;
    let results = folder.read_results()?;
    let n_k = results.study.k.iter().filter(|k| **k > MixtureRatio::ZERO).count();
    let best_of = args.best_of.unwrap_or(n_k.max(1) as u32);
    let found = find(args, k, &results)?;
    let mut checks = Vec::new();
    for (recipe, seeds) in found {
        let check = check_claim(seeds, args.published, best_of).ok_or_else(|| {
            Fault::data(folder.root().display(), "one seed says nothing of the spread between runs")
                .found(format!("{} seed of {}", seeds.seeds.len(), seeds.treatment))
                .expected("two seeds at least")
                .hint("raise grid.seeds in the study file and run the study again: finished cells are kept")
        })?;
        if !console.json() {
            console.answer(&console.fit(&words(recipe, seeds, &check)));
        }
        checks.push(serde_json::json!({"recipe": recipe.name(), "seeds": seeds, "check": check}));
    }
    if console.json() {
        console.answer_json(&checks);
    }
    Ok(())
}

/// The seeds of that treatment on those faces, of every recipe that has them; else what is there.
fn find<'r>(
    args: &Args,
    k: MixtureRatio,
    results: &'r Results,
) -> Result<Vec<(&'r RecipeResults, &'r SeedAccuracies)>, Fault> {
    let all = || results.recipes.iter().flat_map(|recipe| recipe.by_seed.iter().map(move |seeds| (recipe, seeds)));
    if all().next().is_none() {
        return Err(Fault::data("results.json", "the results do not say what each seed reached")
            .hint("an older howfar wrote them: `howfar study analyse STUDY` computes them anew from the predictions"));
    }
    let on_faces = || all().filter(|(_, seeds)| name(seeds) == args.on);
    if on_faces().next().is_none() {
        return Err(there_is_no(
            "--on",
            "no faces of this study go by this name",
            &args.on,
            all().map(|(_, s)| name(s)),
        ));
    }
    let arm = Arm::named(&args.arm);
    let of_arm =
        || on_faces().filter(|(_, seeds)| Some(seeds.treatment.arm) == arm && seeds.treatment.people_percent.is_none());
    if of_arm().next().is_none() {
        let arms = on_faces().map(|(_, seeds)| seeds.treatment.arm.name);
        return Err(there_is_no("--arm", "no cell of this study was trained on this", &args.arm, arms));
    }
    let found: Vec<_> = of_arm().filter(|(_, seeds)| seeds.treatment.k == k).collect();
    if found.is_empty() {
        let ks: BTreeSet<MixtureRatio> = of_arm().map(|(_, seeds)| seeds.treatment.k).collect();
        return Err(there_is_no("--k", "no cell of this arm was trained with this k", k, ks.into_iter()));
    }
    Ok(found)
}

/// What is asked for and what there is.
fn there_is_no(
    place: &str,
    what: &str,
    found: impl std::fmt::Display,
    there: impl Iterator<Item = impl std::fmt::Display>,
) -> Fault {
    let mut names: Vec<String> = Vec::new();
    for name in there.map(|name| name.to_string()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Fault::usage(place, what).found(found).expected(format!("one of {}", names.join(", ")))
}

/// What `--on` calls some faces.
fn name(seeds: &SeedAccuracies) -> &str {
    if seeds.part == Part::Unseen { &seeds.set } else { "test" }
}

fn words(recipe: &RecipeResults, seeds: &SeedAccuracies, check: &ClaimCheck) -> String {
    let range = |ends: [f64; 2]| ends.map(percent).join(" to ");
    let best = &check.best_of;
    let faces = if seeds.part == Part::Unseen { format!("unseen: {}", seeds.set) } else { "test".to_owned() };
    let one_run = if check.is_within_one_run {
        "one run of this treatment may well give that"
    } else if check.difference_points > 0.0 {
        "one run of this treatment does not give that by its luck in training"
    } else {
        "one run of this treatment gives more"
    };
    let several = if best.is_above { "which even their best stays below" } else { "which their best may reach" };
    [
        format!(
            "{}, {} on {faces}: {} % on average over {} seeds ({}, standard deviation {:.1} points).",
            recipe.name(),
            seeds.treatment,
            percent(check.mean_percent),
            check.n_seeds,
            range(check.range_percent),
            check.sd_points
        ),
        format!(
            "As one run: {} % published is {} points from that. A further run lies in {} % with 95 %, and reaches the \
                published figure with {}; {} of {} seeds do. So {one_run}.",
            percent(check.published_percent),
            points(check.difference_points),
            range(check.one_run_percent),
            chance(check.one_run_reaches_percent),
            check.n_seeds_reach,
            check.n_seeds
        ),
        format!(
            "As the best of {} runs: {} % on average ({} %) when the seeds are drawn again, {} of such draws reach the \
                published figure. The best of {} further runs does not exceed {} % with 97.5 %: {several}.",
            best.n_runs,
            percent(best.mean_percent),
            range(best.range_percent),
            chance(best.reaches_percent),
            best.n_runs,
            percent(best.at_most_percent)
        ),
    ]
    .join("\n")
}

fn chance(percent_of: f64) -> String {
    match percent_of {
        p if p > 0.0 && p < 0.1 => "less than 0.1 %".to_owned(),
        p => format!("{} %", percent(p)),
    }
}
