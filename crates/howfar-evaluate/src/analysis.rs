//! From outcomes to `results.json`.
//!
//! In: what was studied and the outcomes of all cells, in any order. Out: [`Results`], the same bytes for the same
//! outcomes.

use std::collections::BTreeMap;

use howfar_protocol::Recipe;

use crate::answer::answer;
use crate::caveats::caveats;
use crate::choice::choose_k_on;
use crate::claims::{differences_to_controls, differences_to_real, power_at};
use crate::how_far::how_far;
use crate::outcomes::{CellPredictions, Outcomes};
use crate::results::{RecipeResults, Results, StudyFacts};
use crate::table::{confusions, table};

/// The results from cells in memory. Recipes come in the order of [`Recipe`]; a study that names them in another
/// order, or has more cells than fit in memory, counts them into [`Outcomes`] and calls [`analyse_outcomes`].
pub fn analyse(facts: StudyFacts, n_parameters: &BTreeMap<Recipe, usize>, cells: &[CellPredictions]) -> Results {
    let recipes: Vec<(Recipe, usize)> = n_parameters.iter().map(|(recipe, n)| (*recipe, *n)).collect();
    analyse_outcomes(facts, &recipes, &Outcomes::of(cells))
}

/// The results. `recipes` are those of the study, in its order, with the parameters of their networks; the answer is
/// the first one's. A recipe without a finished cell is left out.
pub fn analyse_outcomes(facts: StudyFacts, recipes: &[(Recipe, usize)], outcomes: &Outcomes) -> Results {
    let results = |(recipe, n_parameters): &(Recipe, usize)| recipe_results(&facts, outcomes, *recipe, *n_parameters);
    let recipes: Vec<RecipeResults> = recipes.iter().filter_map(results).collect();
    let (format, version) = Results::FORMAT;
    Results {
        format: format.to_owned(),
        version,
        answer: recipes.first().map_or_else(|| "No cell is finished.".to_owned(), |first| first.answer.clone()),
        caveats: caveats(&facts, outcomes, &recipes),
        study: facts,
        recipes,
        audits: Vec::new(),
    }
}

fn recipe_results(
    facts: &StudyFacts,
    outcomes: &Outcomes,
    recipe: Recipe,
    n_parameters: usize,
) -> Option<RecipeResults> {
    let settings = outcomes.settings(recipe)?.clone();
    let choice = choose_k_on(recipe, outcomes.validation());
    let compared = choice.as_ref().map(|choice| choice.compared);
    let at_compared =
        |k| (differences_to_real(facts, outcomes, recipe, k), differences_to_controls(facts, outcomes, recipe, k));
    let (claims, controls) = compared.map(at_compared).unwrap_or_default();
    let mut results = RecipeResults {
        recipe,
        settings,
        n_parameters,
        answer: String::new(),
        choice,
        claims,
        controls,
        how_far: how_far(facts, outcomes, recipe),
        power: compared.and_then(|k| power_at(facts, outcomes, recipe, k)),
        table: table(outcomes, recipe),
        confusions: confusions(outcomes, recipe, compared, &facts.classes),
    };
    results.answer = answer(facts, &results);
    Some(results)
}
