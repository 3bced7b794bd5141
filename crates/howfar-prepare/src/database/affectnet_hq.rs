//! `affectnet-hq`: class folders and a list that corrects them; where they disagree, the list is right.

use std::path::Path;

use howfar_face::{Expression, Fault};

use super::Database;
use super::lookup::Lookup;
use super::rows::Rows;
use howfar_face::csv_table::{CsvTable, field};

use crate::listing::{Found, Listing, Reason};
use crate::request::PrepareRequest;
use crate::tree::Tree;

pub(super) static DATABASE: Database = Database {
    name: "affectnet-hq",
    title: "AffectNet-HQ",
    access: "a relabelled selection of AffectNet that circulates; AffectNet itself is given by Mohammad Mahoor, \
        University of Denver",
    terms: "the terms of AffectNet hold: non-commercial research only, pictures are not passed on",
    published: &[],
    settings: &[],
    known_flaws: &[],
    names_by_path: false,
    is_sign: |_| true,
    list,
};

const LIST: &str = "labels.csv";

fn list(path: &Path, _request: &PrepareRequest) -> Result<Listing, Fault> {
    let tree = Tree::read(path)?;
    let Some(list) = tree.files.iter().find(|file| file.name() == LIST) else {
        return Err(Fault::data(tree.root.display(), format!("the list {LIST} is missing")).hint(
            "give the folder that holds the list and the class folders; without the list, use the adapter `folder`",
        ));
    };
    let table = CsvTable::open(&list.path)?;
    let (path_at, label_at) = (table.column("pth")?, table.column("label")?);
    let mut listing = Listing { cropped: true, ..Listing::default() };
    let mut lookup = Lookup::new(&tree);
    lookup.find(&list.relative);
    let (mut rows, mut n_disagreeing) = (Rows::default(), 0_u64);
    table.for_each(|place, row| {
        let (name, label) = (field(row, path_at, place)?, field(row, label_at, place)?);
        let expression = Expression::from_word(label).ok_or_else(|| {
            let known = Expression::ALL.map(Expression::name).join(", ");
            Fault::data(place, "unknown expression").found(label).expected(known)
        })?;
        if !rows.is_new(&mut listing, name, expression.name(), place)? {
            return Ok(());
        }
        match lookup.find(name) {
            Some(file) => {
                let folder = file.folders().last().and_then(|folder| Expression::from_word(folder));
                n_disagreeing += u64::from(folder.is_some_and(|folder| folder != expression));
                listing.take(Found::picture(file, expression));
            }
            None => listing.reject(name, Reason::Missing, format!("named in {place}")),
        }
        Ok(())
    })?;
    if n_disagreeing > 0 {
        let text = format!(
            "affectnet-hq: {n_disagreeing} pictures lie in another class folder than the list says; the list was \
                followed"
        );
        listing.caveats.push(text);
    }
    lookup.report_unnamed(&mut listing);
    Ok(listing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::{tree_of, write};

    #[test]
    fn the_list_is_right_where_the_folder_disagrees() {
        let folder = tree_of(&["anger/1.jpg", "happy/1.jpg", "sad/3.jpg"]);
        write(folder.path(), "labels.csv", b",pth,label,relFCs\n0,anger/1.jpg,anger,0.9\n1,happy/1.jpg,surprise,0.8\n");
        let listing = list(folder.path(), &PrepareRequest::new(vec![], "out".into())).unwrap();
        let found: Vec<_> = listing.found.iter().map(|f| (f.source.as_str(), f.class.name())).collect();
        assert_eq!(found, [("anger/1.jpg", "anger"), ("happy/1.jpg", "surprise")]);
        assert!(listing.caveats[0].contains("1 pictures lie in another class folder"));
        assert_eq!((listing.rejects.len(), listing.rejects[0].reason), (1, Reason::NoLabel));
    }

    #[test]
    fn two_labels_of_one_picture_are_named_with_both_rows() {
        let folder = tree_of(&["anger/1.jpg"]);
        write(folder.path(), "labels.csv", b"pth,label\nanger/1.jpg,anger\nanger/1.jpg,fear\n");
        let fault = list(folder.path(), &PrepareRequest::new(vec![], "out".into())).unwrap_err().to_string();
        assert!(fault.contains("line 2") && fault.contains("line 3"), "{fault}");
    }
}
