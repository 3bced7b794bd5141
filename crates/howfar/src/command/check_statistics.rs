//! `howfar study check-statistics`: a calibration check on simulated studies.

use howfar_evaluate::{LawReport, Setting, SettingReport, Share, check_law, check_setting};
use howfar_face::Fault;
use howfar_random::Seeds;

use crate::console::Console;

/// Check the calibration of the statistics on simulated studies with known ground truth.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar study check-statistics --studies 500\n\nExit code 3: a bound does not hold.")]
pub struct Args {
    /// Simulated studies in each setting; half of them without any effect.
    #[arg(long, value_name = "N", default_value_t = 2000,
        value_parser = clap::value_parser!(u64).range(20..=1_000_000))]
    studies: u64,
    /// The seed of the simulated studies.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Also the coverage of the bootstrap's interval and of the bands of the law of the curve; takes several times
    /// longer.
    #[arg(long)]
    full: bool,
}

/// Simulates studies and compares them with their truth, setting after setting; fails where a bound does not hold.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let mut reports = Vec::new();
    for setting in &Setting::ALL {
        let report = check_setting(setting, args.studies, Seeds::new(args.seed), args.full);
        if !console.json() {
            console.answer(&words(&report));
        }
        reports.push(report);
    }
    let laws = if args.full { check_law(&Setting::PAPER, LAW_STUDIES, Seeds::new(args.seed)) } else { Vec::new() };
    if console.json() {
        console.answer_json(&serde_json::json!({"settings": reports, "law": laws}));
    } else if args.full {
        console.answer(&laws.iter().map(law_words).collect::<Vec<_>>().join("\n"));
    }
    let broken: Vec<&str> = reports.iter().filter(|report| !report.holds()).map(|report| report.name).collect();
    if broken.is_empty() {
        return Ok(());
    }
    Err(Fault::data("the statistics", "a bound does not hold")
        .found(broken.join("; "))
        .expected("every line above to say `holds`")
        .hint("with few --studies chance alone can do this: the error of each share stands beside it"))
}

/// Studies of each shape of truth that the law is asked about.
const LAW_STUDIES: u64 = 100;

fn law_words(law: &LawReport) -> String {
    let LawReport { truth, fitted_up_to, foretold, covered, width_points, error_points } = law;
    format!(
        "law of the curve, {truth}: from k up to {fitted_up_to}, k = {foretold}: the band holds {}, {width_points:.1} \
         points wide, {error_points:.1} off",
        percent(*covered)
    )
}

fn words(report: &SettingReport) -> String {
    let folds = if report.n_folds > 1 { format!(" in {} folds", report.n_folds) } else { String::new() };
    let mut lines = vec![format!(
        "{}: {} people{folds}, {} seeds, {} k; {} studies",
        report.name, report.n_people, report.n_seeds, report.n_k, report.n_studies
    )];
    for bound in &report.bounds {
        let [low, high] = bound.allowed_percent;
        let holds = if bound.holds { "holds" } else { "DOES NOT HOLD" };
        lines.push(format!("  {:<33} {}  (allowed {low} to {high})  {holds}", bound.what, percent(bound.share)));
    }
    if let Some(share) = report.bootstrap_coverage {
        lines.push(format!("  {:<33} {}", "the bootstrap's interval", percent(share)));
    }
    for (what, share) in [
        ("a gain at a k not chosen, unclaimed", report.gain_that_was_not_chosen),
        ("\"less than 2 points\" at 2 points", report.small_at_the_limit),
        ("\"less than 2 points\" at none", report.small_where_nothing_helps),
    ] {
        lines.push(format!("  {what:<33} {}", percent(share)));
    }
    if let Some(share) = report.beyond {
        lines.push(format!("  {:<33} {}", "covers other samples, generators", percent(share)));
    }
    lines.push(format!("  chosen k lies below the best by   {:5.2} points on average", report.regret_points));
    for (way, points) in &report.regrets_points {
        lines.push(format!("    chosen {way:<36} {points:5.2}"));
    }
    let power = report.power.iter().map(|(gain, share)| format!("{:.0} % from {gain}", share.percent));
    lines.push(format!("  \"helps\" at true gains (points)    {}", power.collect::<Vec<_>>().join(", ")));
    lines.push(format!("  --until-sure saves                {:5.1} % of the seeds\n", report.seeds_saved_percent));
    lines.join("\n")
}

fn percent(share: Share) -> String {
    format!("{:5.1} ± {:.1} %", share.percent, share.error_points)
}
