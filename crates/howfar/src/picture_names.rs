//! Where the picture of each photograph is written: `--picture` of `predict` as a file, a folder or a pattern.
//!
//! In: what the user wrote, the photographs. Out: one path a photograph, or a fault where a picture would replace a
//! photograph or another picture. Writes nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use howfar_face::Fault;

const OPTION: &str = "--picture";
/// Stands for a photograph's name without its ending.
const NAME: &str = "{}";

/// One path for each photograph, in their order.
pub fn picture_names(wanted: &Path, photos: &[PathBuf]) -> Result<Vec<PathBuf>, Fault> {
    let text = wanted.to_string_lossy();
    let is_folder = wanted.is_dir() || text.ends_with(std::path::is_separator) || wanted.extension().is_none();
    let names: Vec<PathBuf> = if text.contains(NAME) {
        photos.iter().map(|photo| PathBuf::from(text.replace(NAME, &stem(photo)))).collect()
    } else if is_folder {
        photos.iter().map(|photo| wanted.join(format!("{}.png", stem(photo)))).collect()
    } else {
        vec![wanted.to_owned(); photos.len()]
    };
    if let Some(name) = names.iter().find(|name| !name.extension().is_some_and(|e| e.eq_ignore_ascii_case("png"))) {
        return Err(Fault::usage(OPTION, "pictures are written as PNG")
            .found(name.display())
            .expected("a name that ends in .png, or a folder"));
    }
    check(&names, photos)?;
    Ok(names)
}

fn stem(photo: &Path) -> String {
    photo.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// No picture may replace a photograph, nor another picture of the same run.
fn check(names: &[PathBuf], photos: &[PathBuf]) -> Result<(), Fault> {
    let advice = "give a folder, or a pattern such as seen/{}.png, in which {} becomes the photograph's name";
    let real: Vec<PathBuf> = photos.iter().map(|photo| resolved(photo)).collect();
    let mut taken: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    for (name, photo) in names.iter().zip(photos) {
        let path = resolved(name);
        if real.contains(&path) {
            return Err(Fault::usage(OPTION, "the picture would replace a photograph")
                .found(name.display())
                .hint(advice));
        }
        if let Some(other) = taken.insert(path, photo) {
            return Err(Fault::usage(OPTION, "two photographs would be written to one picture")
                .found(format!("{} for {} and {}", name.display(), other.display(), photo.display()))
                .hint(advice));
        }
    }
    Ok(())
}

/// The path without links and detours, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.canonicalize().ok().or_else(|| Some(folder.canonicalize().ok()?.join(path.file_name()?))).unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn a_file_a_folder_and_a_pattern_name_pictures() {
        let cases: [(&str, &[&str], &[&str]); 5] = [
            ("out.png", &["a.jpg"], &["out.png"]),
            ("out", &["a.jpg"], &["out/a.png"]),
            ("out/", &["x/a.jpg", "b.tif"], &["out/a.png", "out/b.png"]),
            ("{}-seen.png", &["a.png", "b.png"], &["a-seen.png", "b-seen.png"]),
            ("to/{}.PNG", &["a.png", "b.png"], &["to/a.PNG", "to/b.PNG"]),
        ];
        for (wanted, photos, expected) in cases {
            assert_eq!(picture_names(Path::new(wanted), &paths(photos)).unwrap(), paths(expected), "{wanted}");
        }
    }

    #[test]
    fn photographs_and_other_pictures_are_never_replaced() {
        let cases: [(&str, &[&str], &str); 6] = [
            ("a.png", &["a.png"], "would replace a photograph"),
            ("./a.png", &["a.png"], "would replace a photograph"),
            ("{}.png", &["x.jpg", "x.png"], "would replace a photograph"),
            ("out.png", &["a.jpg", "b.jpg"], "written to one picture"),
            ("out", &["a.jpg", "x/a.jpg"], "written to one picture"),
            ("out.jpg", &["a.jpg"], "as PNG"),
        ];
        for (wanted, photos, what) in cases {
            let fault = picture_names(Path::new(wanted), &paths(photos)).unwrap_err();
            assert!(fault.to_string().contains(what), "{wanted}: {fault}");
        }
    }
}
