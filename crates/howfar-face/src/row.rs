//! One row of a shard: the columns of the file on one side, a face on the other.
//!
//! In: the columns of a row group, or faces. Out: the other. Columns are found by their names, so that their order is the file's business
//! alone. Compares no checksum on its own account.

use crate::table::{Column, ColumnKind, ColumnSpec};
use crate::{DrawnLabels, Face, FaceLabels, Fault, Picture, Provenance, decode_png, encode_png};

/// The columns of a shard, in order.
pub(crate) const COLUMNS: [ColumnSpec; 13] = [
    ColumnSpec::new("image", ColumnKind::Image),
    ColumnSpec::new("label", ColumnKind::Int),
    ColumnSpec::new("subject", ColumnKind::Text),
    ColumnSpec::new("database", ColumnKind::Text),
    ColumnSpec::new("provenance", ColumnKind::Text),
    ColumnSpec::new("parent", ColumnKind::Text),
    ColumnSpec::new("source", ColumnKind::Text),
    ColumnSpec::new("sha256", ColumnKind::Text),
    ColumnSpec::new("intensity", ColumnKind::FloatList),
    ColumnSpec::new("action_units", ColumnKind::FloatList),
    ColumnSpec::new("landmarks", ColumnKind::FloatList),
    ColumnSpec::new("pose", ColumnKind::FloatList),
    ColumnSpec::new("light", ColumnKind::FloatList),
];

/// A face as it stands in a shard.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// Its picture's file.
    pub png: Vec<u8>,
    /// What the row says of its pixels; whether that is so is for [`Row::decode`].
    pub sha256: String,
    /// Everything else.
    pub labels: FaceLabels,
}

impl Row {
    /// The row that a face will be.
    pub fn of(face: &Face) -> Self {
        Row { png: encode_png(&face.picture), sha256: face.picture.sha256(), labels: face.labels.clone() }
    }

    /// The face, if its picture has the pixels that the row says; their SHA-256 comes with it.
    pub fn decode(self, place: &str) -> Result<(Face, String), Fault> {
        let (picture, sha256) = self.picture(place)?;
        if sha256 != self.sha256 {
            return Err(Fault::data(place, "the picture does not match its checksum")
                .found(sha256)
                .expected(self.sha256)
                .hint("the file was changed or damaged: make the face set anew, or, if the change is meant, let `howfar inspect FACES --accept-changes` take it over"));
        }
        Ok((Face { picture, labels: self.labels }, sha256))
    }

    /// The picture and the SHA-256 of its pixels as they are.
    pub fn picture(&self, place: &str) -> Result<(Picture, String), Fault> {
        let picture = decode_png(&self.png, place)?;
        let sha256 = picture.sha256();
        Ok((picture, sha256))
    }
}

/// Turns the columns of a row group into rows. `place` is the file, `first` the number of the group's first row in it, `n_classes` the set's.
pub(crate) fn rows(
    columns: Vec<Column>,
    n_classes: usize,
    place: &str,
    first: u64,
) -> impl Iterator<Item = Result<Row, Fault>> {
    let mut group = Group(columns);
    let Column::Image(images) = group.take("image") else { unreachable!("COLUMNS says that it holds pictures") };
    let Column::Int(labels) = group.take("label") else { unreachable!("COLUMNS says that it holds numbers") };
    let [mut subjects, mut provenances, mut parents, mut sources, mut sums] =
        ["subject", "provenance", "parent", "source", "sha256"].map(|name| group.texts(name));
    let mut numbers = ["intensity", "action_units", "landmarks", "pose", "light"].map(|name| group.lists(name));
    let place = place.to_owned();
    (first..).zip(images.into_iter().zip(labels)).map(move |(row, ((png, _path), label))| {
        // All columns move on, whatever is wrong with this row.
        let [subject, provenance, parent, source, sha256] =
            [&mut subjects, &mut provenances, &mut parents, &mut sources, &mut sums]
                .map(|texts| texts.next().flatten());
        let drawn = drawn_labels(numbers.each_mut().map(|lists| lists.next().flatten()));
        let place = place_of(&place, row);
        let missing = |column: &str| Fault::data(&place, format!("the column {column} is empty"));
        let label = usize::try_from(label).ok().filter(|l| *l < n_classes).ok_or_else(|| {
            Fault::data(&place, "the label is not a class of the set")
                .found(label)
                .expected(format!("0 to {}", n_classes.saturating_sub(1)))
        })?;
        let provenance = provenance.ok_or_else(|| missing("provenance"))?;
        let provenance = Provenance::from_name(&provenance).ok_or_else(|| {
            Fault::data(&place, "unknown provenance").found(provenance).expected("real, drawn or generated")
        })?;
        let labels = FaceLabels {
            label,
            subject: subject.ok_or_else(|| missing("subject"))?.parse()?,
            provenance,
            parent: parent.map(|p| p.parse()).transpose()?,
            source: source.unwrap_or_default(),
            drawn,
        };
        Ok(Row { png, sha256: sha256.unwrap_or_default(), labels })
    })
}

/// Where a row stands, for messages.
pub(crate) fn place_of(file: &str, row: u64) -> String {
    format!("{file}, row {row}")
}

/// Turns rows into the columns of a row group.
pub(crate) fn columns(group: &[Row]) -> Vec<Column> {
    let text =
        |f: &dyn Fn(&FaceLabels) -> Option<String>| Column::Text(group.iter().map(|row| f(&row.labels)).collect());
    let list = |f: &dyn Fn(&DrawnLabels) -> Vec<f32>| {
        Column::FloatList(group.iter().map(|row| row.labels.drawn.as_ref().map(f)).collect())
    };
    let column = |spec: &ColumnSpec| match spec.name {
        "image" => Column::Image(group.iter().map(|row| (row.png.clone(), row.labels.source.clone())).collect()),
        "label" => Column::Int(group.iter().map(|row| row.labels.label as i64).collect()),
        "subject" => text(&|l| Some(l.subject.to_string())),
        "database" => text(&|l| Some(l.subject.database().to_owned())),
        "provenance" => text(&|l| Some(l.provenance.name().to_owned())),
        "parent" => text(&|l| l.parent.as_ref().map(ToString::to_string)),
        "source" => text(&|l| Some(l.source.clone())),
        "sha256" => Column::Text(group.iter().map(|row| Some(row.sha256.clone())).collect()),
        "intensity" => list(&|d| vec![d.intensity]),
        "action_units" => list(&|d| d.action_units.clone()),
        "landmarks" => list(&|d| d.landmarks.clone()),
        "pose" => list(&|d| d.pose.to_vec()),
        "light" => list(&|d| d.light.to_vec()),
        other => unreachable!("COLUMNS has no column {other}"),
    };
    COLUMNS.iter().map(column).collect()
}

/// The columns of a row group, in the order of `COLUMNS`, until they are taken.
struct Group(Vec<Column>);

impl Group {
    fn take(&mut self, name: &str) -> Column {
        let at = COLUMNS.iter().position(|spec| spec.name == name).expect("only columns of the format are asked for");
        std::mem::replace(&mut self.0[at], Column::Int(Vec::new()))
    }

    fn texts(&mut self, name: &str) -> std::vec::IntoIter<Option<String>> {
        let Column::Text(texts) = self.take(name) else { unreachable!("COLUMNS says that {name} holds texts") };
        texts.into_iter()
    }

    fn lists(&mut self, name: &str) -> std::vec::IntoIter<Option<Vec<f32>>> {
        let Column::FloatList(lists) = self.take(name) else { unreachable!("COLUMNS says that {name} holds lists") };
        lists.into_iter()
    }
}

fn drawn_labels(numbers: [Option<Vec<f32>>; 5]) -> Option<DrawnLabels> {
    let [intensity, action_units, landmarks, pose, light] = numbers;
    Some(DrawnLabels {
        intensity: *intensity?.first()?,
        action_units: action_units?,
        landmarks: landmarks?,
        pose: pose?.try_into().ok()?,
        light: light?.try_into().ok()?,
    })
}
