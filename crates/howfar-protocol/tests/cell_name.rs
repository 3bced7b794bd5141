//! The name of a cell changes with everything that decides its training and with nothing else.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use howfar_face::{FaceSetInfo, GeneratorCard, Licence, Preprocessing, Shard, SubjectId};
use howfar_protocol::{
    Arm, Augmentation, Budget, Cell, Choose, ChooseOn, ChooseRule, ClaimedMeasure, Compared, Controls, Generated, Grid,
    MixtureRatio, Network, NetworkChoice, Plan, PlanInputs, Protocol, Real, Recipe, Retrieved, Role, SetInput, Split,
    SplitPart, SplitRequest, Start, Study, Track, TrainOverrides, Treatment, Unit, Unseen,
};

const STUDY: &str = "name = \"a\"\n[real]\nsets = [\"faces\"]\n[generated]\nsets = [\"more\", \"others\"]\n\
    [unseen]\nsets = [\"far\"]\n[grid]\nk = [1, 2]\nseeds = 2\narms = [\"mix\", \"repeat\"]\npeople_percent = [50]\n\
    [train]\nnetwork = { name = \"compact\", weights = \"w.safetensors\" }\n";

/// All that a plan is made from.
#[derive(Clone)]
struct World {
    study: Study,
    sets: Vec<SetInput>,
    splits: Vec<Split>,
    instruction_set: String,
    starts: Vec<Start>,
    program_sha256: Option<String>,
}

fn person(name: &str) -> SubjectId {
    SubjectId::new("db", name).unwrap()
}

fn sides(of: &[(&str, SplitPart)]) -> Split {
    Split::of(of.iter().map(|(name, part)| (person(name), *part)).collect::<BTreeMap<_, _>>())
}

const SIDES: [(&str, SplitPart); 4] =
    [("p1", SplitPart::Training), ("p2", SplitPart::Training), ("p3", SplitPart::Validation), ("p4", SplitPart::Test)];

impl World {
    fn new() -> Self {
        let set = |role: Role, name: &str| {
            let info = FaceSetInfo::new(name, vec!["anger".into()], Preprocessing::standard("none", "none", 48));
            SetInput { role, info: FaceSetInfo { content_sha256: format!("content of {name}"), ..info } }
        };
        let mut made = set(Role::Generated, "more");
        made.info.generator = Some(GeneratorCard {
            name: "gan".into(),
            seed: 1,
            trained_on: vec![person("p1")],
            trained_on_content: Vec::new(),
            settings: String::new(),
        });
        World {
            study: Study::parse(STUDY, "study.toml").unwrap(),
            sets: vec![set(Role::Labelled, "faces"), made, set(Role::Generated, "others"), set(Role::Unseen, "far")],
            splits: vec![sides(&SIDES)],
            instruction_set: "avx2".into(),
            starts: vec![Start { name: "w".into(), sha256: "weights".into() }],
            program_sha256: None,
        }
    }

    /// Names of a `real` cell, a `mix` cell and a `mix` cell on fewer people.
    fn names(&self) -> [String; 3] {
        let World { study, sets, splits, instruction_set, starts, program_sha256 } = self.clone();
        let inputs = PlanInputs { study: &study, sets, splits: &splits, instruction_set, starts, program_sha256 };
        let plan = Plan::new(inputs).unwrap();
        let track: Track = plan.tracks().swap_remove(0);
        let fewer = plan.controls(&[compared(track)]);
        let find = |cells: &[Cell], arm, k, percent: Option<u32>| {
            let is_it = |c: &&Cell| {
                let Treatment { arm: of_arm, k: of_k, people_percent, .. } = &c.treatment;
                (*of_arm, *of_k, *people_percent, c.seed_idx) == (arm, k, percent, 1)
            };
            cells.iter().find(is_it).unwrap().name()
        };
        [
            find(&plan.cells, Arm::REAL, MixtureRatio::ZERO, None),
            find(&plan.cells, Arm::MIX, MixtureRatio::ONE, None),
            find(&fewer, Arm::MIX, MixtureRatio::ONE, Some(50)),
        ]
    }
}

/// The mix at k = 1 beside labelled faces alone for their own steps.
fn compared(track: Track) -> Compared {
    Compared { baseline: Treatment::BASELINE, mix: track.on_curve(MixtureRatio::ONE), track }
}

/// Which of the three cells go by another name.
const NONE: [bool; 3] = [false; 3];
const ALL: [bool; 3] = [true; 3];
const MIXED: [bool; 3] = [false, true, true];
const FEWER: [bool; 3] = [false, false, true];

/// What changes, which cells then go by another name, the change.
type Case = (&'static str, [bool; 3], fn(&mut World));

#[test]
fn a_cell_is_named_by_what_decides_its_training_and_by_nothing_else() {
    let cases: [Case; 48] = [
        ("a program in place of the network", ALL, |w| {
            w.study.train.network.clear();
            w.study.train.command = vec!["train".into()];
            w.program_sha256 = Some("of the program".into());
        }),
        ("the seed", ALL, |w| w.study.seed = 2),
        ("classes", ALL, |w| w.study.expressions.reverse()),
        ("the instruction set", ALL, |w| w.instruction_set = "plain".into()),
        ("who trains", ALL, |w| w.splits = vec![sides(&SIDES[1..])]),
        ("who validates", ALL, |w| {
            w.splits = vec![sides(&[SIDES[0], SIDES[1], ("p3", SplitPart::Test), ("p4", SplitPart::Validation)])];
        }),
        ("who tests", ALL, |w| w.splits = vec![sides(&SIDES[..3])]),
        ("the content of a real set", ALL, |w| w.sets[0].info.content_sha256.push('!')),
        ("how faces are prepared", ALL, |w| w.sets[0].info.preprocessing.colour = "rgb".into()),
        ("another real set", ALL, |w| w.sets.insert(1, SetInput { role: Role::Labelled, ..w.sets[3].clone() })),
        ("the network", ALL, |w| w.study.train.network[0].network = Network::Medium),
        ("weights to begin with", ALL, |w| w.starts[0].sha256.push('!')),
        ("epochs", ALL, |w| w.study.train.epochs = Some(3)),
        ("batch", ALL, |w| w.study.train.batch = Some(3)),
        ("rate", ALL, |w| w.study.train.learning_rate = Some(0.5)),
        ("patience", ALL, |w| w.study.train.patience = Some(3)),
        ("how training pictures are changed", ALL, |w| w.study.train.augmentation = Some(Augmentation::COPIES)),
        ("the content of a generated set", MIXED, |w| w.sets[1].info.content_sha256.push('!')),
        ("the order of generated sets", MIXED, |w| w.sets.swap(1, 2)),
        ("what k counts", MIXED, |w| w.study.generated.unit = Unit::Images),
        ("the paper's count", MIXED, |w| w.study.protocol = Protocol::Paper),
        ("whom a generator saw", FEWER, |w| w.sets[1].info.generator.as_mut().unwrap().trained_on.push(person("p2"))),
        ("the study's name", NONE, |w| w.study.name = "b".into()),
        ("the study's file", NONE, |w| w.study.file = Some("elsewhere/study.toml".into())),
        ("paths of sets", NONE, |w| w.study.real.sets = vec!["/elsewhere/faces".into()]),
        ("paths of generated sets", NONE, |w| w.study.generated.sets = vec!["a".into(), "b".into()]),
        ("paths of weights", NONE, |w| w.study.train.network[0].weights = Some("/elsewhere/w.safetensors".into())),
        ("the name of weights", NONE, |w| {
            w.study.train.network[0].weights = Some("v.safetensors".into());
            w.starts[0].name = "v".into();
        }),
        ("how the split was asked for", NONE, |w| w.study.real.split.file = Some("split.csv".into())),
        ("the name of a real set", NONE, |w| w.sets[0].info.name = "renamed".into()),
        ("the name of a generated set", NONE, |w| w.sets[1].info.name = "renamed".into()),
        ("the name of an unseen set", NONE, |w| w.sets[3].info.name = "renamed".into()),
        ("the content of an unseen set", NONE, |w| w.sets[3].info.content_sha256.push('!')),
        ("no unseen set", NONE, |w| drop(w.sets.pop())),
        ("terms and remarks", NONE, |w| {
            w.sets[0].info.licences.push(Licence { database: "db".into(), terms: "none".into() });
            w.sets[0].info.caveats.push("a remark".into());
        }),
        ("how a set lies on disk", NONE, |w| {
            w.sets[0].info.shards.push(Shard { file: "data/x".into(), n_faces: 1, sha256: "x".into() });
        }),
        ("a generator's name and settings", NONE, |w| {
            let card = w.sets[1].info.generator.as_mut().unwrap();
            (card.name, card.settings, card.seed) = ("other".into(), "other".into(), 9);
        }),
        ("another k", NONE, |w| w.study.grid.k.push(MixtureRatio::new(9.0).unwrap())),
        ("other arms", NONE, |w| w.study.grid.arms = vec![Arm::MIX, Arm::AUGMENT]),
        ("how long others train", NONE, |w| w.study.train.budget = Some(Budget::Best)),
        ("what matters", NONE, |w| w.study.smallest_gain = 3.0),
        ("weights of another arm", NONE, |w| w.study.grid.weights = vec![MixtureRatio::new(0.5).unwrap()]),
        ("another real database for another arm", NONE, |w| {
            w.sets.insert(3, SetInput { role: Role::Retrieved, ..w.sets[3].clone() });
        }),
        ("paths of other real databases", NONE, |w| w.study.retrieved.sets = vec!["a".into()]),
        ("what is claimed", NONE, |w| w.study.measure = Some(ClaimedMeasure::MacroRecall)),
        ("budgets that are tried", NONE, |w| w.study.train.budgets = vec![MixtureRatio::ONE]),
        ("who chooses k, and how", NONE, |w| {
            w.study.choose = Choose { on: ChooseOn::Validation, rule: ChooseRule::BestMean };
        }),
        ("more seeds and fewer people besides", NONE, |w| {
            (w.study.grid.seeds, w.study.grid.people_percent) = (7, vec![25, 50]);
        }),
    ];
    let before = World::new().names();
    for (what, expected, change) in cases {
        let mut world = World::new();
        change(&mut world);
        let after = world.names();
        let changed: [bool; 3] = std::array::from_fn(|i| before[i] != after[i]);
        assert_eq!(changed, expected, "{what}: {before:?} {after:?}");
    }
}

#[test]
fn as_the_paper_counts_the_largest_k_decides_who_validates_and_is_in_the_name() {
    let names = |largest: f64| {
        let mut world = World::new();
        world.study.protocol = Protocol::Paper;
        world.study.grid.k = [0.0, 1.0, largest].map(|k| MixtureRatio::new(k).unwrap()).to_vec();
        world.names()
    };
    let [few, many] = [names(2.0), names(3.0)];
    assert_eq!(few[0], many[0], "real faces alone know no generated ones");
    assert_ne!(few[1], many[1]);
}

#[test]
fn a_budget_and_the_content_of_a_left_out_set_are_in_the_name() {
    let names = |change: fn(&mut World)| -> Vec<String> {
        let mut world = World::new();
        let other = SetInput { role: Role::Labelled, ..world.sets[3].clone() };
        world.sets.insert(1, other);
        (world.study.train.budget, world.study.choose.on) = (Some(Budget::Best), ChooseOn::LeaveOneDatabaseOut);
        change(&mut world);
        let World { study, sets, splits, instruction_set, starts, program_sha256 } = world;
        let plan =
            Plan::new(PlanInputs { study: &study, sets, splits: &splits, instruction_set, starts, program_sha256 })
                .unwrap();
        plan.cells.iter().map(Cell::name).collect()
    };
    let before = names(|_| ());
    let distinct: std::collections::BTreeSet<&String> = before.iter().collect();
    assert_eq!(distinct.len(), before.len());
    let left_out =
        |names: &[String]| names.iter().filter(|name| name.contains("-without-")).cloned().collect::<Vec<_>>();
    // Both sets are left out of what may stand at k = 0, 1 and 2: three budgets each, in two seeds.
    assert_eq!(left_out(&before).len(), 2 * 9 * 2);
    let renamed = names(|w| w.sets[1].info.name = "renamed".into());
    assert_eq!(left_out(&before), left_out(&renamed), "what a set is called decides nothing");
}

#[test]
fn side_by_side_a_set_alone_is_named_by_its_own_content() {
    let name_of = |world: &World, source: &str| {
        let World { study, sets, splits, instruction_set, starts, program_sha256 } = world.clone();
        let plan =
            Plan::new(PlanInputs { study: &study, sets, splits: &splits, instruction_set, starts, program_sha256 })
                .unwrap();
        plan.cells.iter().find(|c| c.treatment.source.as_deref() == Some(source)).unwrap().name()
    };
    let mut world = World::new();
    world.study.generated.side_by_side = true;
    let mut other_way_round = world.clone();
    other_way_round.sets.swap(1, 2);
    assert_eq!(name_of(&world, "more"), name_of(&other_way_round, "more"));
    assert_ne!(name_of(&world, "more"), name_of(&world, "others"));
    assert_ne!(name_of(&world, "together"), name_of(&other_way_round, "together"));
}

#[test]
fn a_program_is_what_it_computes_and_not_its_name_or_its_limits() {
    let names = |name: &str, sha256: &str, minutes: f64| {
        let mut world = World::new();
        world.study.train.network.clear();
        world.study.train.command = vec!["train".into()];
        world.study.train.name = Some(name.into());
        world.study.train.timeout_min = Some(minutes);
        world.study.train.gpus = Some(minutes as u32);
        world.program_sha256 = Some(sha256.into());
        world.names()
    };
    assert_eq!(names("a", "x", 1.0), names("b", "x", 2.0));
    assert_ne!(names("a", "x", 1.0), names("a", "y", 1.0));
}

/// The arms of those days, in the order of the list then.
const ARMS: [&str; 7] = ["mix", "generated-only", "repeat", "augment", "fixed-share", "pretrain", "curated"];

/// Every cell of a study with all arms, of one with sets side by side and of one that counts as the paper does, as
/// version 5 of the numerics named them: a change here makes every lab compute its finished cells again.
#[test]
fn cells_are_named_as_they_were() {
    let mut lines = Vec::new();
    for (case, change) in [
        ("all arms", (|_| ()) as fn(&mut World)),
        ("all arms at every k", |w| w.study.grid.controls = Controls::All),
        ("side by side", |w| w.study.generated.side_by_side = true),
        ("as the paper counts", |w| w.study.protocol = Protocol::Paper),
        ("the paper's recipe", |w| {
            w.study.recipe = vec![Recipe::Paper];
            w.study.train.network.clear();
        }),
    ] {
        let mut world = World::new();
        world.study.grid.arms = ARMS.map(|name| Arm::named(name).unwrap()).to_vec();
        // As it was in those days.
        world.study.train.budget = Some(Budget::Epochs);
        change(&mut world);
        let World { study, sets, splits, instruction_set, starts, program_sha256 } = world;
        let plan =
            Plan::new(PlanInputs { study: &study, sets, splits: &splits, instruction_set, starts, program_sha256 })
                .unwrap();
        let compared: Vec<Compared> = plan.tracks().into_iter().map(compared).collect();
        lines.push(format!("# {case}"));
        lines.extend(plan.cells.iter().chain(&plan.controls(&compared)).map(Cell::name));
    }
    // Names of each case; in which order they are planned is nobody's affair here.
    let of_cases = |text: &str| -> Vec<std::collections::BTreeSet<String>> {
        text.split('#').map(|case| case.lines().map(str::to_owned).collect()).collect()
    };
    assert_eq!(of_cases(&lines.join("\n")), of_cases(include_str!("golden/cell_names.v5.txt")));
}

/// A field that comes to a study, a set or its card does not compile here before somebody asks whether it decides a
/// cell's numbers and gives it a line in the table above.
#[test]
fn every_field_stands_in_the_table() {
    let World { study, mut sets, .. } = World::new();
    let Study {
        name: _,
        seed: _,
        protocol: _,
        recipe: _,
        expressions: _,
        real,
        generated,
        unseen,
        grid,
        choose,
        measure: _,
        smallest_gain: _,
        retrieved,
        train,
        file: _,
    } = study;
    let Real { sets: _, split, redraw: _ } = real;
    let Choose { on: _, rule: _ } = choose;
    let SplitRequest { train: _, validation: _, test: _, folds: _, file: _ } = split;
    let Generated { sets: _, unit: _, side_by_side: _ } = generated;
    let Unseen { sets: _ } = unseen;
    let Retrieved { sets: _ } = retrieved;
    let Grid { k: _, arms: _, controls: _, people_percent: _, weights: _, seeds: _, seeds_at_most: _ } = grid;
    let TrainOverrides {
        network,
        epochs: _,
        batch: _,
        learning_rate: _,
        patience: _,
        augmentation: _,
        budget: _,
        budgets: _,
        // What of these decides what a program computes stands in `program_sha256`.
        command: _,
        name: _,
        inputs: _,
        versions: _,
        environment: _,
        faces: _,
        timeout_min: _,
        gpus: _,
    } = train;
    let NetworkChoice { network: _, weights } = &network[0];
    assert_eq!(weights, &Some(PathBuf::from("w.safetensors")));
    let SetInput { role: _, info } = sets.swap_remove(1);
    let FaceSetInfo { format: _, version: _, name: _, classes: _, preprocessing: _, licences: _, generator, .. } = info;
    let FaceSetInfo { caveats: _, n_faces: _, shards: _, content_sha256: _, .. } = sets.swap_remove(0).info;
    let GeneratorCard { name: _, seed: _, trained_on: _, trained_on_content: _, settings: _ } = generator.unwrap();
}
