//! The page, the table and the terminal text of a study made up by hand.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod fixture;

use howfar_evaluate::{
    Claim, EqualAccuracy, Exchange, FittedLaw, Law, LawForm, LawGain, LawPoint, LearningPoint, Looks, Measure, Results,
    Verdict,
};
use howfar_protocol::Role;
use howfar_report::{
    Pictures, SheetPicture, TextFormat, Timing, csv, html, matrix_csv, matrix_html, matrix_text, terminal_summary,
};

fn pictures() -> Pictures {
    let sheet = |title: &str| SheetPicture {
        title: title.to_owned(),
        caption: "Drawn faces of 6 identities.".to_owned(),
        png: b"\x89PNG".to_vec(),
    };
    let faces = [(("ck+".to_owned(), 7), b"\x89PNG".to_vec())].into();
    Pictures { sheets: vec![sheet("rafd+oulu"), sheet("drawn-rig")], faces }
}

fn page(results: &Results) -> String {
    html(results, Some(&fixture::timing()), Some(&fixture::looks()), &pictures())
}

/// What a reader sees: without style, script and tags.
fn text_of(page: &str) -> String {
    let body = page.split_once("<body>").expect("a page has a body").1;
    let mut text = String::new();
    for piece in body.split('<') {
        let (tag, words) = piece.split_once('>').unwrap_or(("", piece));
        if !tag.starts_with("script") {
            text.push(' ');
            text.push_str(words);
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn signed(points: f64) -> String {
    format!("{points:+.1}").replace('-', "−")
}

#[test]
fn the_page_is_one_file_that_asks_for_nothing() {
    let page = page(&fixture::results());
    for address in ["http:", "https:", "src=\"//", "url(", "@import", "<link", "<iframe"] {
        assert!(!page.contains(address), "{address}");
    }
    assert!(page.contains("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"));
    assert_eq!(page.matches("<img ").count(), page.matches("src=\"data:image/png;base64,").count());
    assert_eq!(page.matches("<img ").count(), 3, "two sheets and the one changed face whose picture is there");
}

#[test]
fn every_recipe_has_a_curve_and_every_confusion_a_table() {
    let results = fixture::results();
    let page = page(&results);
    assert_eq!(page.matches("<svg").count(), results.recipes.len());
    assert_eq!(
        page.matches("class=\"confusion\"").count(),
        results.recipes.iter().map(|r| r.confusions.len()).sum::<usize>()
    );
    // Four lines of four k, and three controls on test people.
    assert_eq!(page.matches("class=\"point\"").count(), 2 * (4 * 4 + 3));
}

#[test]
fn newly_correct_and_newly_wrong_faces_say_what_they_were_called() {
    let text = text_of(&page(&fixture::results()));
    for words in [
        "of 309 faces 31 newly correct, 14 newly wrong.",
        "fear without: surprise (1/8) with: fear (8/8)",
        "fear without: fear (7/8) with: anger (1/8)",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
}

#[test]
fn what_stands_behind_a_difference_is_told_for_every_judged_set() {
    let results = fixture::results();
    let page = page(&results);
    let text = text_of(&page);
    for words in [
        "In detail at k = 2 test people : mix, k = 2 less real only",
        "Which classes gain? The recall of each class: the mean over the people who have faces of it. None clearly",
        "fear clearly loses: −6.3 points (−9.5 to −3.1).",
        "happiness 42 people, 126 faces +9.8 60.8 less 51.0 +6.6 to +13.0 0.018",
        "Are the probabilities more honest? In all three lower is better.",
        "log-likelihood, negative nats −0.152 1.260 less 1.412 −0.193 to −0.111 better",
        "Brier score 0 to 2 −0.038 0.603 less 0.641 −0.090 to +0.014 open",
        "calibration error percent +2.3 11.0 less 8.7 +1.2 to +3.4 worse",
        "male gains least: +1.4 points (−1.8 to +4.6), picked out of 2, so some of it is luck.",
        "the more accurate one in 93.8 % (95 % interval 71.9–99.2; 8 seeds each; equals count half).",
        "Accuracy rises for 58.5 % of the 106 people, falls for 30.2 % and stays for 11.3 %",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
    // The answer's faces, the first unseen database, are open.
    assert_eq!((page.matches("<details open>").count(), text.matches("Which classes gain?").count()), (1, 2));
}

#[test]
fn published_figures_stand_beside_an_unseen_database_that_has_them() {
    let results = fixture::results();
    let text = text_of(&page(&results));
    assert_eq!(text.matches("Accuracy on ck+ , percent").count(), 1, "{text}");
    for words in
        ["Zavarez et al. 2017, VGG-Face fine-tuned six other databases 88.6", "this study , paper, table1-same"]
    {
        assert!(text.contains(words), "{words}");
    }
    assert!(!text.contains("Accuracy on jaffe"), "nobody's figure on JAFFE is kept");
    let mut joined = results;
    joined.study.sets[2].databases.push("mmi".to_owned());
    assert!(!page(&joined).contains("Beside published figures"), "no publication has a figure of both together");
}

#[test]
fn every_number_of_a_claim_stands_on_the_page() {
    let results = fixture::results();
    let text = text_of(&page(&results));
    for claim in results.recipes.iter().flat_map(|r| r.claims.iter().chain(&r.controls)) {
        let Claim { difference_points, interval_points: Some([low, high]), .. } = *claim else { panic!("{claim:?}") };
        for number in [
            signed(difference_points),
            format!("{} to {}", signed(low), signed(high)),
            format!("{:.1} less {:.1}", claim.accuracy_percent, claim.baseline_accuracy_percent),
            format!("s.e. {:.1}, {:.1} d.f.", claim.standard_error_points, claim.degrees_of_freedom),
            format!("{} people {} faces, {} seeds", claim.n_people, claim.n_faces, claim.n_seeds),
            if claim.p_people < 0.001 { "&lt; 0.001".to_owned() } else { format!("{:.3}", claim.p_people) },
            format!("{:.3}", claim.p_holm),
            format!("{:.3}", claim.p_equivalent),
        ] {
            assert!(text.contains(&number), "{number} is missing");
        }
    }
}

#[test]
fn every_accuracy_with_its_interval_stands_on_the_page() {
    let results = fixture::results();
    let text = text_of(&page(&results));
    for row in results.recipes.iter().flat_map(|r| &r.table) {
        let [low, high] = row.accuracy_interval_percent.unwrap();
        for number in [
            format!("{:.1} {low:.1}–{high:.1} ± 1.2", row.figures.accuracy()),
            format!("{:.1} / {:.1}", row.figures.accuracy() - 0.9, row.figures.accuracy() - 1.4),
        ] {
            assert!(text.contains(&number), "{number} is missing");
        }
    }
}

#[test]
fn answers_caveats_settings_hashes_and_times_stand_on_the_page() {
    let results = fixture::results();
    let text = text_of(&page(&results));
    let mut wanted = vec![results.answer.clone(), results.recipes[1].answer.clone(), "2 h 5 min".into(), "204".into()];
    wanted.extend(results.caveats.iter().flat_map(|c| [c.text.clone(), c.advice.clone()]));
    wanted.extend(results.study.sets.iter().flat_map(|s| [s.content_sha256.clone(), s.licences[0].clone()]));
    wanted.extend(["8,636,038 parameters", "AdamW, weight decay 0.01", "AMD EPYC 9454", "31.0 GiB"].map(str::to_owned));
    for words in wanted {
        assert!(text.contains(&words), "{words:?} is missing");
    }
}

#[test]
fn how_far_more_faces_help_stands_on_the_page() {
    let text = text_of(&page(&fixture::results()));
    for words in [
        "Best at k = 2, not significantly different from k = 1, 5; the smallest of them is 1.",
        "A fall after k = 2 is not established (−3.6 points, −7.4 to +0.2 up to k = 5).",
        "80.3",
    ] {
        assert!(text.contains(words), "{words}");
    }
}

#[test]
fn what_the_audits_found_stands_on_the_page_with_where_to_look() {
    let text = text_of(&page(&fixture::results()));
    for words in ["No held-out subject is a parent", "duplicate-subjects", "rafd row 3 = oulu row 9"] {
        assert!(text.contains(words), "{words}");
    }
}

#[test]
fn names_from_files_cannot_become_markup() {
    let evil = "<script>alert(\"x\")</script>";
    let mut results = fixture::results();
    let honest = page(&results).matches("<script").count();
    results.study.name = evil.to_owned();
    results.study.classes[0] = evil.to_owned();
    for set in &mut results.study.sets {
        set.name = evil.to_owned();
        set.licences = vec![evil.to_owned()];
    }
    for recipe in &mut results.recipes {
        recipe.table.iter_mut().filter(|r| !r.set.is_empty()).for_each(|r| r.set = format!("{evil}{}", r.set));
        recipe.claims.iter_mut().for_each(|c| c.set = evil.to_owned());
        recipe.confusions.iter_mut().for_each(|c| c.set = evil.to_owned());
    }
    let sheets = vec![SheetPicture { title: evil.into(), caption: evil.into(), png: vec![] }];
    let page = html(&results, None, None, &Pictures { sheets, ..Pictures::default() });
    assert_eq!(page.matches("<script").count(), honest);
    assert!(page.contains("&lt;script&gt;alert(&quot;x&quot;)"));
}

#[test]
fn drawn_faces_are_never_called_people() {
    let mut results = fixture::results();
    for set in &mut results.study.sets {
        set.provenance = "drawn".to_owned();
    }
    let (answer, modern) = ("k = 2 helps.".to_owned(), "k = 0 is best.".to_owned());
    results.answer.clone_from(&answer);
    results.recipes[0].answer = answer;
    results.recipes[1].answer = modern;
    results.caveats.clear();
    let page = text_of(&page(&results)).replace("says nothing about people", "");
    for text in [page, terminal_summary(&results, None, in_columns(100))] {
        for word in ["people", "person", "photographs "] {
            let at = text.find(word).map(|at| &text[at.saturating_sub(40)..(at + 40).min(text.len())]);
            let rehearsal = at.is_some_and(|words| words.contains("not all photographs"));
            assert!(at.is_none() || rehearsal, "{at:?}");
        }
    }
}

#[test]
fn a_study_without_generated_faces_or_unseen_databases_has_a_page_too() {
    let mut results = fixture::results();
    results.recipes.truncate(1);
    let recipe = &mut results.recipes[0];
    recipe.choice = None;
    recipe.claims.clear();
    recipe.controls.clear();
    recipe.confusions.clear();
    recipe.table.retain(|r| r.treatment == howfar_protocol::Treatment::BASELINE && r.set.is_empty());
    recipe.table.iter_mut().for_each(|r| r.accuracy_sd_points = None);
    let page = html(&results, None, None, &Pictures::default());
    assert!(!page.contains("NaN") && !page.contains(">inf") && page.contains("<svg"));
    assert!(terminal_summary(&results, None, in_columns(80)).ends_with(&format!("{}\n", results.answer)));
}

#[test]
fn the_csv_has_one_row_for_every_row_of_the_table() {
    let mut results = fixture::results();
    results.recipes[0].table.retain(|r| r.treatment.k <= fixture::k(1.0));
    results.recipes.truncate(1);
    results.recipes[0].table[3].set = "ck+, \"posed\"".to_owned();
    results.recipes[0].table[4].accuracy_sd_points = None;
    let written = csv(&results);
    let table: Vec<Vec<&str>> = written.lines().map(|line| line.split(',').collect()).collect();
    let measures: Vec<String> = Measure::ALL[1..].iter().map(|measure| measure.key()).collect();
    // A set's name with a comma is in quotes, so places are counted from the end.
    let from_end: Vec<usize> =
        measures.iter().map(|key| table[0].iter().rev().position(|c| c == key).unwrap()).collect();
    for (row, record) in results.recipes[0].table.iter().zip(&table[1..]) {
        for (measure, from_end) in Measure::ALL[1..].iter().zip(&from_end) {
            let expected = row.figures.get(measure).map(|percent| percent.to_string()).unwrap_or_default();
            assert_eq!(record[record.len() - 1 - from_end], expected);
        }
    }
    let without = |record: &Vec<&str>| {
        let kept = (0..record.len()).filter(|place| !from_end.contains(&(record.len() - 1 - place)));
        kept.map(|place| record[place]).collect::<Vec<_>>().join(",")
    };
    insta::assert_snapshot!(table.iter().map(without).collect::<Vec<_>>().join("\n"), @r###"
    recipe,network,source,arm,k,people_percent,budget,weight,part,set,accuracy_percent,accuracy_sd_points,accuracy_low_percent,accuracy_high_percent,macro_recall_sd_points,macro_recall_low_percent,macro_recall_high_percent,n_faces,n_cells,n_training_pictures
    paper,table1-same,,real,0,,,,training,,92.2,1.25,91.60000000000001,92.8,,,,1962,8,1962
    paper,table1-same,,real,0,,,,validation,,55.1,1.25,49.9,60.300000000000004,,,,180,8,1962
    paper,table1-same,,real,0,,,,test,,54.2,1.25,50.5,57.900000000000006,,,,450,8,1962
    paper,table1-same,,real,0,,,,unseen,"ck+, ""posed""",47.3,1.25,43.199999999999996,51.4,,,,309,8,1962
    paper,table1-same,,real,0,,,,unseen,jaffe,33,,25.4,40.6,,,,183,8,1962
    paper,table1-same,,mix,1,,,,training,,94.6,1.25,94,95.19999999999999,,,,1962,8,2616
    paper,table1-same,,mix,1,,,,generated,,98.7,1.25,98.3,99.10000000000001,,,,654,8,2616
    paper,table1-same,,mix,1,,,,validation,,57.3,1.25,52.099999999999994,62.5,,,,180,8,2616
    paper,table1-same,,mix,1,,,,test,,56.6,1.25,52.9,60.300000000000004,,,,450,8,2616
    paper,table1-same,,mix,1,,,,unseen,ck+,50.2,1.25,46.1,54.300000000000004,,,,309,8,2616
    paper,table1-same,,mix,1,,,,unseen,jaffe,34.4,1.25,26.799999999999997,42,,,,183,8,2616
    "###);
}

fn in_columns(width: usize) -> TextFormat {
    TextFormat { width, is_unicode: true }
}

#[test]
fn the_terminal_text_ends_in_the_answer() {
    let text = terminal_summary(&fixture::results(), None, in_columns(100));
    assert_eq!(text.lines().last(), Some(fixture::results().answer.as_str()));
    insta::assert_snapshot!(text, @r###"
    rafd-oulu, recipe paper, 8 seeds: accuracy in %, 95 % interval
     k                 validation people        test people        unseen: ck+      unseen: jaffe
     0                 55.1 (49.9, 60.3)  54.2 (50.5, 57.9)  47.3 (43.2, 51.4)  33.0 (25.4, 40.6)
     1                 57.3 (52.1, 62.5)  56.6 (52.9, 60.3)  50.2 (46.1, 54.3)  34.4 (26.8, 42.0)
    *2                 59.0 (53.8, 64.2)  58.4 (54.7, 62.1)  51.9 (47.8, 56.0)  36.1 (28.5, 43.7)
     5                 58.8 (53.6, 64.0)  57.9 (54.2, 61.6)  52.6 (48.5, 56.7)  35.2 (27.6, 42.8)
     2 generated only  42.6 (37.4, 47.8)  41.7 (38.0, 45.4)  34.8 (30.7, 38.9)  20.5 (12.9, 28.1)
     2 repeat          56.2 (51.0, 61.4)  55.3 (51.6, 59.0)  48.4 (44.3, 52.5)  34.1 (26.5, 41.7)
     2 augment         58.5 (53.3, 63.7)  57.6 (53.9, 61.3)  50.7 (46.6, 54.8)  36.4 (28.8, 44.0)
     curve                          ▁▅██               ▁▅█▇               ▁▅▇█               ▁▄█▆
    * chosen on validation people

    Gain in points, 95 % interval
       +4.2 (+1.1 to +7.3)   test people: 58.4 (mix, k = 2) less 54.2 (real only); 25 people, 8 seeds
       +4.7 (+0.2 to +9.1)   unseen: ck+: 51.9 (mix, k = 2) less 47.2 (real only); 106 people, 8 seeds
       +3.1 (−4.4 to +10.6)  unseen: jaffe: 36.1 (mix, k = 2) less 33.0 (real only); 10 people, 8 seeds

    Against controls at the same k, in points, 95 % interval
       +3.1 (+0.4 to +5.9)  test people: 58.4 (mix, k = 2) less 55.3 (repeat, k = 2); 25 people, 8 seeds
       +0.8 (−2.1 to +3.8)  test people: 58.5 (mix, k = 2) less 57.6 (augment, k = 2); 25 people, 8
        seeds

    Recall falls clearly: fear on unseen: ck+, −6.3 points (−9.5 to −3.1)
    Gains least of 2 groups of unseen: ck+: male, +1.4 points (−1.8 to +4.6)

    rafd-oulu, recipe modern, 8 seeds: accuracy in %, 95 % interval
     k                 validation people        test people        unseen: ck+      unseen: jaffe
    *0                 72.0 (66.8, 77.2)  71.9 (68.2, 75.6)  66.3 (62.2, 70.4)  49.9 (42.3, 57.5)
     1                 72.8 (67.6, 78.0)  72.4 (68.7, 76.1)  67.0 (62.9, 71.1)  50.3 (42.7, 57.9)
     2                 72.1 (66.9, 77.3)  72.2 (68.5, 75.9)  66.4 (62.3, 70.5)  51.2 (43.6, 58.8)
     5                 70.9 (65.7, 76.1)  70.3 (66.6, 74.0)  65.8 (61.7, 69.9)  48.8 (41.2, 56.4)
     1 generated only  59.5 (54.3, 64.7)  59.4 (55.7, 63.1)  53.8 (49.7, 57.9)  37.4 (29.8, 45.0)
     1 repeat          73.1 (67.9, 78.3)  73.0 (69.3, 76.7)  67.4 (63.3, 71.5)  51.0 (43.4, 58.6)
     1 augment         75.4 (70.2, 80.6)  75.3 (71.6, 79.0)  69.7 (65.6, 73.8)  53.3 (45.7, 60.9)
     curve                          ▅█▅▁               ▆█▇▁               ▃▅▃▁               ▄▅█▁
    * chosen on validation people

    Gain in points, 95 % interval
       +0.6 (−1.6 to +2.7)  test people: 72.5 (mix, k = 1) less 71.9 (real only); 25 people, 8 seeds
       +0.7 (−2.2 to +3.6)  unseen: ck+: 67.0 (mix, k = 1) less 66.3 (real only); 106 people, 8 seeds
       +0.4 (−5.2 to +6.0)  unseen: jaffe: 50.3 (mix, k = 1) less 49.9 (real only); 10 people, 8 seeds

    Against controls at the same k, in points, 95 % interval
       −2.5 (−4.3 to −0.7)  test people: 72.4 (mix, k = 1) less 74.9 (repeat, k = 1); 25 people, 8 seeds

    With the modern recipe no k helps for sure: k = 1 changes accuracy on test people from 71.9 to 72.4
      (+0.5 points, 95 % interval -1.6 to +2.6; 25 people, 8 seeds).

    Caveats
      few-people: The test side has 25 people. More people narrow the interval more than more faces do.
      interval-across-zero: On jaffe the interval holds zero. About 40 people would be needed to show
        it.

    2 drawn identities for each real person lift accuracy on test people from 54.2 to 58.4 (+4.2 points, 95 % interval +1.1 to +7.3; 25 people, 8 seeds); on ck+ and jaffe the gain is not shown.
    "###);
}

#[test]
fn a_narrow_terminal_gets_its_columns_below_each_other() {
    let mut results = fixture::results();
    results.recipes.truncate(1);
    results.answer = "short".to_owned();
    let text = terminal_summary(&results, None, in_columns(60));
    assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
    insta::assert_snapshot!(text, @r###"
    rafd-oulu, recipe paper, 8 seeds: accuracy in %, 95 %
      interval
     k                 validation people        test people
     0                 55.1 (49.9, 60.3)  54.2 (50.5, 57.9)
     1                 57.3 (52.1, 62.5)  56.6 (52.9, 60.3)
    *2                 59.0 (53.8, 64.2)  58.4 (54.7, 62.1)
     5                 58.8 (53.6, 64.0)  57.9 (54.2, 61.6)
     2 generated only  42.6 (37.4, 47.8)  41.7 (38.0, 45.4)
     2 repeat          56.2 (51.0, 61.4)  55.3 (51.6, 59.0)
     2 augment         58.5 (53.3, 63.7)  57.6 (53.9, 61.3)
     curve                          ▁▅██               ▁▅█▇

     k                       unseen: ck+      unseen: jaffe
     0                 47.3 (43.2, 51.4)  33.0 (25.4, 40.6)
     1                 50.2 (46.1, 54.3)  34.4 (26.8, 42.0)
    *2                 51.9 (47.8, 56.0)  36.1 (28.5, 43.7)
     5                 52.6 (48.5, 56.7)  35.2 (27.6, 42.8)
     2 generated only  34.8 (30.7, 38.9)  20.5 (12.9, 28.1)
     2 repeat          48.4 (44.3, 52.5)  34.1 (26.5, 41.7)
     2 augment         50.7 (46.6, 54.8)  36.4 (28.8, 44.0)
     curve                          ▁▅▇█               ▁▄█▆
    * chosen on validation people

    Gain in points, 95 % interval
       +4.2 (+1.1 to +7.3)   test people: 58.4 (mix, k = 2) less
        54.2 (real only); 25 people, 8 seeds
       +4.7 (+0.2 to +9.1)   unseen: ck+: 51.9 (mix, k = 2) less
        47.2 (real only); 106 people, 8 seeds
       +3.1 (−4.4 to +10.6)  unseen: jaffe: 36.1 (mix, k = 2)
        less 33.0 (real only); 10 people, 8 seeds

    Against controls at the same k, in points, 95 % interval
       +3.1 (+0.4 to +5.9)  test people: 58.4 (mix, k = 2) less
        55.3 (repeat, k = 2); 25 people, 8 seeds
       +0.8 (−2.1 to +3.8)  test people: 58.5 (mix, k = 2) less
        57.6 (augment, k = 2); 25 people, 8 seeds

    Recall falls clearly: fear on unseen: ck+, −6.3 points (−9.5
      to −3.1)
    Gains least of 2 groups of unseen: ck+: male, +1.4 points
      (−1.8 to +4.6)

    Caveats
      few-people: The test side has 25 people. More people
        narrow the interval more than more faces do.
      interval-across-zero: On jaffe the interval holds zero.
        About 40 people would be needed to show it.

    short
    "###);
}

#[test]
fn timing_reads_back_what_it_wrote() {
    let timing = fixture::timing();
    let text = serde_json::to_string(&timing).unwrap();
    assert_eq!(serde_json::from_str::<Timing>(&text).unwrap(), timing);
    assert!(text.starts_with("{\"format\":\"howfar timing\",\"version\":1,"));
}

#[test]
fn the_matrix_has_a_row_for_each_database_learned_from_and_a_column_for_each_that_judges() {
    let one = fixture::results();
    let mut other = one.clone();
    // The other study learned from what the first was judged by, and the other way round.
    (other.study.sets[0].role, other.study.sets[2].role) = (Role::Unseen, Role::Labelled);
    for part in other
        .recipes
        .iter_mut()
        .flat_map(|r| r.claims.iter_mut().map(|c| &mut c.set).chain(r.table.iter_mut().map(|row| &mut row.set)))
    {
        *part = part.replace("ck+", "rafd+oulu");
    }
    let all = [one, other];
    let text = matrix_text(&all);
    assert_eq!(text.matches("trained on").count(), 4, "two databases, two recipes: {text}");
    assert_eq!(text.matches("(test people)").count(), 4, "{text}");
    let rows = matrix_csv(&all);
    assert_eq!(rows.lines().count(), 1 + 2 * 2 * 2, "{rows}");
    assert!(rows.contains("paper,table1-same,,rafd+oulu,ck+,unseen,2,2,"), "{rows}");
    let page = text_of(&matrix_html(&all));
    assert!(page.contains("Trained on k rafd+oulu ck+"), "{page}");
}

#[test]
fn a_difference_that_is_shown_to_be_small_is_called_so() {
    let mut results = fixture::results();
    results.recipes[1].claims[0].verdict = Verdict::Equivalent;
    let text = text_of(&page(&results));
    assert!(text.contains("+0.6 small −1.6 to +2.7"), "{text}");
    assert_eq!(text.matches(" small −").count(), 1);
    let terminal = terminal_summary(&results, None, in_columns(120));
    assert!(terminal.contains("25 people, 8 seeds; too small to matter"), "{terminal}");
}

#[test]
fn an_interval_that_is_not_known_is_not_drawn_and_not_made_up() {
    let mut results = fixture::results();
    for recipe in &mut results.recipes {
        recipe.table.iter_mut().for_each(|row| row.accuracy_interval_percent = None);
        recipe.claims.iter_mut().chain(&mut recipe.controls).for_each(|claim| claim.interval_points = None);
        recipe.how_far.clear();
    }
    let page = page(&results);
    assert!(!page.contains("class=\"interval\"") && !page.contains("class=\"bar"), "nothing is drawn");
    assert!(text_of(&page).contains("not known") && !text_of(&page).contains("100.0"), "{}", text_of(&page));
    let rows = csv(&results);
    assert!(rows.lines().nth(1).unwrap().starts_with("paper,table1-same,,real,0,,,,training,,92.2,1.25,,,"), "{rows}");
    assert!(terminal_summary(&results, None, in_columns(100)).contains("54.2 (–)"));
}

#[test]
fn what_each_arm_saw_and_when_it_stopped_stands_on_the_page() {
    let text = text_of(&page(&fixture::results()));
    for words in
        ["real only 0 1,962 31.5 26.5 977 61,803", "mix 2 3,270 27.5 22.5 1,430 89,925", "2026-11-24 04:18 UTC"]
    {
        assert!(text.contains(words), "{words} in {text}");
    }
}

#[test]
fn how_often_the_faces_were_judged_is_told_and_the_same_look_counts_once() {
    let results = fixture::results();
    let mut looks = fixture::looks();
    looks.note(&results, ["b", "a"].map(str::to_owned).into_iter());
    assert_eq!((looks.looks.len(), looks.at(&results.study)), (2, 2), "the same cells in another order");
    let words = "These faces have been judged 2 times in this folder";
    assert!(text_of(&page(&results)).contains(words));
    let terminal = terminal_summary(&results, Some(&looks), in_columns(100));
    assert!(terminal.contains(words) && terminal.ends_with(&format!("{}\n", results.answer)), "{terminal}");
    let mut other = results.clone();
    other.study.sets.iter_mut().for_each(|set| set.content_sha256 = format!("other {}", set.role.words()));
    assert_eq!(looks.at(&other.study), 0, "those were other faces");
    other.recipes[0].choice.as_mut().unwrap().chosen = fixture::k(5.0);
    let mut again = Looks::none();
    again.note(&results, std::iter::once("a".to_owned()));
    again.note(&other, std::iter::once("a".to_owned()));
    assert_eq!(again.looks.len(), 2, "another choice is another look");
}

#[test]
fn on_a_flat_curve_nothing_is_exchanged() {
    let point = |(n_people, accuracy): (usize, f64)| LearningPoint {
        n_people,
        real_accuracy_percent: accuracy,
        mix_accuracy_percent: accuracy + 0.1,
    };
    let mut exchange = Exchange {
        part: howfar_protocol::Part::Test,
        set: "rafd+oulu".to_owned(),
        k: fixture::k(2.0),
        curve: [(27, 53.9), (109, 54.2)].map(point).to_vec(),
        rise_points: 0.3,
        rise_interval_points: Some([-2.2, 2.8]),
        worth_people: None,
        interval_people: None,
        most_people: 82.0,
    };
    let mut results = fixture::results();
    results.recipes[0].exchange = vec![exchange.clone()];
    let flat = "the curve of real faces is flat (+0.3 points from the fewest to all, 95 % interval −2.2 to +2.8): \
        nothing can be exchanged.";
    assert!(text_of(&page(&results)).contains(flat));
    (exchange.worth_people, exchange.interval_people) = (Some(82.0), Some([12.0, 82.0]));
    results.recipes[0].exchange = vec![exchange];
    let words = "the faces of k = 2 are worth at least 82 training people (95 % interval 12 to at least 82).";
    assert!(text_of(&page(&results)).contains(words));
}

#[test]
fn what_single_runs_would_have_claimed_stands_beside_what_all_seeds_find() {
    let text = text_of(&page(&fixture::results()));
    for words in [
        "unseen: ck+ : Of 100 papers with one run for every k, 61 would have reported k = 5.",
        "reported by, % of papers 8.0 30.0 61.0 1.0 gain that they claim +7.4 +8.1 +9.3 – gain of all seeds +2.9 +4.6",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
    let mut results = fixture::results();
    results.recipes[0].single_run.clear();
    assert!(!text_of(&page(&results)).contains("single run would"));
}

#[test]
fn a_law_is_drawn_with_its_band_and_without_one_a_sentence_stands_alone() {
    let mut results = fixture::results();
    let point = |k: f64, accuracy: f64, half: f64| LawPoint {
        k,
        accuracy_percent: accuracy,
        band_percent: [accuracy - half, accuracy + half],
    };
    let line = |level: f64| EqualAccuracy {
        accuracy_percent: level,
        people_and_units: vec![[60.0 + level, 0.0], [50.0 + level, 200.0], [45.0 + level, 400.0]],
    };
    let gain = LawGain { points: 0.4, band_points: [-0.2, 0.9] };
    let form = LawForm {
        form: "effective data".to_owned(),
        n_parameters: 4,
        held_out_error_points: Some(0.8),
        chi_square: 1.2,
    };
    let fitted = FittedLaw {
        form: "effective data".to_owned(),
        formula: "e = a + c·(1 + q·k)^−b".to_owned(),
        parameters: [("a".to_owned(), 0.46)].into(),
        chi_square: 1.2,
        degrees_of_freedom: 0,
        p: None,
        forms: vec![form],
        n_people: 109,
        largest: fixture::k(5.0),
        measured: vec![point(0.0, 47.3, 4.0), point(5.0, 52.6, 4.0)],
        curve: vec![point(0.0, 47.0, 3.0), point(5.0, 52.0, 3.0), point(10.0, 52.5, 6.0)],
        doubled: gain,
        more_people: None,
        enough: None,
        equal: vec![line(45.0), line(50.0)],
        next: Vec::new(),
    };
    let faces = |set: &str, sentence: &str, fitted| Law {
        part: howfar_protocol::Part::Unseen,
        set: set.to_owned(),
        sentence: sentence.to_owned(),
        fitted,
    };
    results.recipes[0].law = vec![faces("ck+", "Twice as many.", Some(fitted)), faces("jaffe", "No law fits.", None)];
    let page = page(&results);
    assert_eq!(page.matches("<svg class=\"law").count(), 2, "the curve, and the lines of equal accuracy");
    assert!(!page.contains("NaN") && !page.contains("inf%"));
    let text = text_of(&page);
    for words in ["unseen: ck+ : Twice as many.", "unseen: jaffe : No law fits.", "measured up to 5", "45 % ", "50 % "]
    {
        assert!(text.contains(words), "{words} in {text}");
    }
    let terminal = terminal_summary(&results, None, in_columns(120));
    assert!(terminal.contains("unseen: ck+: Twice as many.\n") && !terminal.contains("No law"), "{terminal}");
}
