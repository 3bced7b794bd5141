//! Pictures in the layout of YOLO: `images/a.jpg`, `labels/a.txt` with a class and a box a line, and the names of the
//! classes in `data.yaml`.

use std::collections::BTreeMap;

use howfar_crop::FaceBox;
use howfar_face::csv_table::for_each_line_of_words;
use howfar_face::{Expression, Fault, files, shortened};

use crate::listing::{Class, Found, Listing, Reason};
use crate::picture_file::is_picture;
use crate::tree::{Tree, TreeFile};

/// The file that names the classes, where a tree is laid out so.
pub(super) fn names_file(tree: &Tree) -> Option<&TreeFile> {
    let is_label = |file: &TreeFile| file.name().ends_with(".txt") && file.folders().contains(&"labels");
    let named = tree.files.iter().find(|file| matches!(file.name(), "data.yaml" | "data.yml" | "dataset.yaml"))?;
    tree.files.iter().any(is_label).then_some(named)
}

/// Lists a tree by its label files: a find for each face that they name.
pub(super) fn list(tree: &Tree, names: &TreeFile) -> Result<Listing, Fault> {
    let classes = read_names(names)?;
    let labels: BTreeMap<&str, &TreeFile> = tree.files.iter().map(|file| (file.relative.as_str(), file)).collect();
    let mut listing = Listing::default();
    let is_label = |file: &TreeFile| file.name().ends_with(".txt") && file.folders().contains(&"labels");
    for file in tree.files.iter().filter(|file| *file != names && !is_label(file)) {
        if !is_picture(&file.path) {
            listing.reject(&file.relative, Reason::NotAPicture, "by its name");
            continue;
        }
        let label = label_path(&file.relative);
        match label.as_deref().and_then(|label| labels.get(label)) {
            Some(label) => take_faces(&mut listing, file, label, &classes)?,
            None => listing.reject(&file.relative, Reason::NoLabel, format!("no {}", label.unwrap_or_default())),
        }
    }
    Ok(listing)
}

/// `train/labels/a.txt` of `train/images/a.jpg`.
fn label_path(picture: &str) -> Option<String> {
    let (before, name) = picture.rsplit_once("images/")?;
    if !before.is_empty() && !before.ends_with('/') {
        return None;
    }
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    Some(format!("{before}labels/{stem}.txt"))
}

fn take_faces(listing: &mut Listing, picture: &TreeFile, label: &TreeFile, classes: &[Class]) -> Result<(), Fault> {
    let mut faces = Vec::new();
    for_each_line_of_words(&label.path, |place, words| {
        let class = words[0].parse::<usize>().ok().and_then(|number| classes.get(number));
        let numbers: Vec<f64> = words[1..].iter().filter_map(|word| word.parse().ok()).collect();
        match (class, &numbers[..]) {
            (Some(class), [x, y, width, height, ..]) if numbers.len() + 1 == words.len() => {
                faces.push((class.clone(), [*x, *y, *width, *height]));
                Ok(())
            }
            _ => Err(Fault::data(place, "not a class and a box")
                .found(shortened(&words.join(" "), 120))
                .expected(format!("a class from 0 to {}, and a box: x y width height", classes.len() - 1))),
        }
    })?;
    if faces.is_empty() {
        listing.reject(&picture.relative, Reason::NoLabel, format!("{} is empty", label.relative));
        return Ok(());
    }
    let n_faces = faces.len();
    let size = image::image_dimensions(&picture.path).ok();
    for (face_idx, (class, shares)) in faces.into_iter().enumerate() {
        let mut found =
            Found { face_box: size.and_then(|size| box_of(shares, size)), ..Found::picture(picture, class) };
        if n_faces > 1 {
            found.source = format!("{}#{face_idx}", picture.relative);
        }
        listing.take(found);
    }
    Ok(())
}

/// A box given as shares of the picture: its middle, width and height.
fn box_of([x, y, width, height]: [f64; 4], (n_across, n_down): (u32, u32)) -> Option<FaceBox> {
    let (across, down) = (f64::from(n_across), f64::from(n_down));
    FaceBox::new((x - width / 2.0) * across, (y - height / 2.0) * down, width * across, height * down)
}

/// The classes in their order. Of YAML only what such files hold: `names: [a, b]`, `- a` or `0: a` a line.
fn read_names(file: &TreeFile) -> Result<Vec<Class>, Fault> {
    let text = files::read_text(&file.path)?;
    let mut lines =
        text.lines().map(|line| line.split(" #").next().unwrap_or(line)).skip_while(|line| !line.starts_with("names:"));
    let first = lines.next().unwrap_or_default().trim_start_matches("names:");
    let rest = lines.take_while(|line| line.starts_with([' ', '-', ']', '\t']) || line.trim().is_empty());
    let listed = std::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n");
    let mut classes = Vec::new();
    for entry in listed.split([',', '\n']) {
        let entry = entry.trim().trim_matches(['[', ']', '{', '}']).trim().trim_start_matches("- ");
        let entry = entry.split_once(':').map_or(entry, |(_, name)| name);
        let name = entry.trim().trim_matches(['\'', '"']).trim();
        if name.is_empty() {
            continue;
        }
        let expression = Expression::from_word(name).ok_or_else(|| {
            Fault::data(file.path.display(), "a name of a class is no expression")
                .found(shortened(name, 120))
                .expected(Expression::ALL.map(Expression::name).join(", "))
                .hint("correct the name; other classes are read by the adapter `folder`")
        })?;
        classes.push(expression.into());
    }
    if classes.is_empty() {
        return Err(Fault::data(file.path.display(), "no classes are named").expected("names: ['anger', 'fear', …]"));
    }
    Ok(classes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::{tree_of, write};

    fn listed(yaml: &str, label: &str) -> Result<Listing, Fault> {
        let folder = tree_of(&["train/images/b.png"]);
        let picture = image::GrayImage::new(200, 100);
        std::fs::create_dir_all(folder.path().join("train/images")).unwrap();
        picture.save(folder.path().join("train/images/a.png")).unwrap();
        write(folder.path(), "train/labels/a.txt", label.as_bytes());
        write(folder.path(), "data.yaml", yaml.as_bytes());
        let tree = Tree::read(folder.path()).unwrap();
        list(&tree, names_file(&tree).unwrap())
    }

    #[test]
    fn class_and_box_come_from_the_label_file_and_names_from_the_yaml_in_every_form() {
        for yaml in [
            "train: ../train/images\nnc: 2\nnames: ['Anger', 'Fear']\n",
            "names:\n- anger\n- fear\nnc: 2\n",
            "names:\n  0: anger # first\n  1: \"fear\"\n",
            "names: ['anger',\n  'fear']\nroboflow:\n  workspace: happy\n",
        ] {
            let listing = listed(yaml, "1 0.5 0.5 0.5 0.5\n").unwrap();
            let found = &listing.found[0];
            assert_eq!((found.source.as_str(), found.class.name()), ("train/images/a.png", "fear"), "{yaml}");
            assert_eq!(found.face_box, FaceBox::new(50.0, 25.0, 100.0, 50.0));
            assert_eq!((listing.rejects.len(), listing.rejects[0].reason), (1, Reason::NoLabel));
        }
    }

    #[test]
    fn two_faces_are_two_finds_and_a_wrong_line_or_name_is_told() {
        let yaml = "names: [anger, fear]\n";
        let sources = listed(yaml, "0 0.2 0.5 0.3 0.3\n1 0.7 0.5 0.3 0.3\n").unwrap().found;
        assert_eq!(
            sources.iter().map(|f| f.source.as_str()).collect::<Vec<_>>(),
            ["train/images/a.png#0", "train/images/a.png#1"]
        );
        for (yaml, label, what) in [
            (yaml, "2 0.5 0.5 1 1\n", "line 1: not a class and a box"),
            (yaml, "0 0.5 x 1 1\n", "line 1: not a class and a box"),
            ("names: [anger, cat]\n", "0 0.5 0.5 1 1\n", "no expression"),
            ("nc: 2\n", "0 0.5 0.5 1 1\n", "no classes are named"),
        ] {
            let fault = listed(yaml, label).unwrap_err().to_string();
            assert!(fault.contains(what), "{fault}");
        }
    }
}
