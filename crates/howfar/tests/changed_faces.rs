//! Sets that somebody changed after they were written: every command that reads them refuses, until the change is
//! accepted.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod program;

use std::fs;

use howfar_face::{FaceSet, FaceSetWriter};
use program::{draw, draw_style, howfar, workplace};
use tempfile::TempDir;

/// Turns every label of a set to the next of its six classes, as a user of Parquet would: `face_set.json` stays as it
/// is.
fn turn_labels(place: &TempDir, name: &str) {
    let set = FaceSet::open(&place.path().join(name)).unwrap();
    let mut turned = FaceSetWriter::create(&place.path().join("turning"), set.info().clone()).unwrap();
    set.for_each(|mut face| {
        face.labels.label = (face.labels.label + 1) % 6;
        turned.push(&face)
    })
    .unwrap();
    let turned = turned.finish().unwrap();
    let shard = &set.info().shards[0].file;
    fs::copy(turned.folder().join(shard), set.folder().join(shard)).unwrap();
    fs::remove_dir_all(turned.folder()).unwrap();
}

#[test]
fn every_command_that_reads_a_set_refuses_one_whose_labels_were_changed() {
    let place = workplace();
    // Of a size that every command takes.
    for words in ["draw --people 10 --seed 1 --out whole", "draw --people 10 --seed 2 --style wild --out turned"] {
        assert_eq!(howfar(&place, &words.split(' ').collect::<Vec<_>>()).code, 0, "{words}");
    }
    turn_labels(&place, "turned");
    for (file, sets) in [
        (
            "real.toml",
            "[real]\nsets = [\"turned\"]\nsplit = { train = 6, validation = 2, test = 2 }\n[generated]\nsets = \
                [\"whole\"]\n",
        ),
        (
            "made.toml",
            "[real]\nsets = [\"whole\"]\nsplit = { train = 6, validation = 2, test = 2 }\n[generated]\nsets = \
                [\"turned\"]\n",
        ),
        (
            "unseen.toml",
            "[real]\nsets = [\"whole\"]\nsplit = { train = 6, validation = 2, test = 2 }\n[unseen]\nsets = \
                [\"turned\"]\n",
        ),
    ] {
        fs::write(place.path().join(file), format!("name = \"s\"\n{sets}[grid]\nk = [0, 1]\n")).unwrap();
    }
    let trained = howfar(&place, &["train", "whole", "--epochs", "1", "--out", "model.safetensors"]);
    assert_eq!(trained.code, 0, "{}", trained.stderr);
    let commands = [
        "faces inspect turned",
        "faces inspect turned --json",
        "faces sheet turned --out sheet.png",
        "faces sheet turned --grid 5 --out grid.png",
        "faces sheet whole --parents turned --out parents.png",
        "faces export turned --out folders",
        "style fit turned --out like.toml",
        "train turned --epochs 1 --out out.safetensors",
        "train whole turned --epochs 1 --out out.safetensors",
        "evaluate model.safetensors turned",
        "generator evaluate turned whole",
        "generator evaluate whole turned",
        "generator train stargan turned --out run",
        "generate --from turned --people 2 --out made",
        "generate --people 2 --screen turned --out made",
        "audit whole turned",
        "plan real.toml",
        "plan made.toml",
        "plan unseen.toml",
        "run real.toml",
        "run made.toml",
        "run unseen.toml",
        "study cross-database unseen.toml",
    ];
    for command in commands {
        let outcome = howfar(&place, &command.split(' ').collect::<Vec<_>>());
        assert_eq!(outcome.code, 3, "{command}: {}{}", outcome.stdout, outcome.stderr);
        for answer in [
            "was changed after the set was written",
            "train-00000-of-00001.parquet",
            "faces inspect turned --accept-changes",
        ] {
            assert!(outcome.stderr.contains(answer), "{command}: {}", outcome.stderr);
        }
    }
    for made in ["sheet.png", "grid.png", "folders", "like.toml", "out.safetensors", "made"] {
        assert!(!place.path().join(made).exists(), "{made}");
    }
    let accepted = howfar(&place, &["faces", "inspect", "turned", "--accept-changes"]);
    assert_eq!(accepted.code, 0, "{}", accepted.stderr);
    assert!(accepted.stdout.contains("accepted: other classes, people"), "{}", accepted.stdout);
    assert!(accepted.stdout.contains("caveat      Faces of this set were changed by hand"), "{}", accepted.stdout);
    let again = howfar(&place, &["faces", "inspect", "turned", "--accept-changes"]);
    assert!(again.stdout.starts_with("nothing was changed after the set was written"), "{}", again.stdout);
    assert_eq!(howfar(&place, &["faces", "sheet", "turned", "--out", "sheet.png"]).code, 0);
}

#[test]
fn labels_that_were_changed_are_not_answered_with_the_cells_of_the_old_ones() {
    let place = workplace();
    draw_style(&place, "real", 8, 1, "studio");
    draw_style(&place, "generated", 6, 2, "wild");
    let sets = "[real]\nsets = [\"real\"]\nsplit = { train = 4, validation = 2, test = 2 }\n[generated]\nsets = \
        [\"generated\"]\n";
    program::study(&place, &format!("{sets}[grid]\nk = [0, 1]\nseeds = 1\narms = [\"mix\"]\n[train]\nepochs = 2\n"));
    let run = || howfar(&place, &["run", "study.toml", "--out", "s"]);
    let results = || fs::read(place.path().join("s/results.json")).unwrap();
    assert_eq!(run().code, 0);
    let before = results();
    turn_labels(&place, "generated");
    let refused = run();
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("generated: a class, person"), "{}", refused.stderr);
    assert_eq!(howfar(&place, &["faces", "inspect", "generated", "--accept-changes"]).code, 0);
    let anew = run();
    assert_eq!(anew.code, 0, "{}", anew.stderr);
    assert!(results() != before, "the mixture was trained on other labels");
}

#[test]
fn a_model_names_whom_it_has_learnt_from_and_is_not_judged_on_them_without_a_word() {
    let place = workplace();
    for (name, seed) in [("whole", 1), ("other", 5), ("further", 6)] {
        draw(&place, name, 6, seed);
    }
    let run = |words: &str| {
        let outcome = howfar(&place, &words.split(' ').collect::<Vec<_>>());
        assert_eq!(outcome.code, 0, "{words}: {}", outcome.stderr);
        outcome.stdout
    };
    run("train whole --epochs 1 --out first.safetensors");
    run("train further --epochs 1 --weights first.safetensors --out second.safetensors");
    for (model, faces, n_seen) in [
        ("first", "whole", 6),
        ("first", "other", 0),
        ("second", "whole", 6),
        ("second", "further", 6),
        ("second", "other", 0),
    ] {
        let said = run(&format!("evaluate {model}.safetensors {faces}"));
        assert_eq!(
            said.contains(&format!("learnt from {n_seen} of these people")),
            n_seen > 0,
            "{model} {faces}: {said}"
        );
        let said = run(&format!("evaluate {model}.safetensors {faces} --json"));
        assert!(said.contains(&format!("\"n_people_seen\": {n_seen}")), "{model} {faces}: {said}");
    }
}
