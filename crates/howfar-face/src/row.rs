//! One row of a shard: the columns of the file on one side, a face on the other.
//!
//! In: the columns of a row group, or faces. Out: the other. Compares no checksum on its own account. To add a column:
//! a line in [`COLUMNS`], a field in [`rows`] and `FaceLabels`, a word in `content_hash.rs` on whether it is part of a
//! set's identity, and a line in `docs/formats.md`.

use std::borrow::Cow;

use crate::table::{ColumnSpec, FloatLists, TableReader};
use crate::{DrawnLabels, Face, FaceLabels, Fault, Picture, Provenance, decode_png, encode_png};

/// The columns of a shard: what each is called, and what it holds of a face.
pub(crate) static COLUMNS: &[ColumnSpec<Row>] = &[
    ColumnSpec::image("image", |row| (&row.png, &row.labels.source)),
    ColumnSpec::int("label", |row| row.labels.label as i64),
    ColumnSpec::text("subject", |row| Some(row.labels.subject.to_string().into())),
    ColumnSpec::text("database", |row| Some(row.labels.subject.database().into())),
    ColumnSpec::text("provenance", |row| Some(row.labels.provenance.name().into())),
    ColumnSpec::text("parent", |row| row.labels.parent.as_ref().map(|parent| parent.to_string().into())),
    ColumnSpec::added_text("group", |row| row.labels.group.as_deref().map(Cow::Borrowed)),
    ColumnSpec::text("source", |row| Some(row.labels.source.as_str().into())),
    ColumnSpec::text("sha256", |row| Some(row.sha256.as_str().into())),
    ColumnSpec::float_list("intensity", |row| drawn(row, |d| std::slice::from_ref(&d.intensity))),
    ColumnSpec::float_list("action_units", |row| drawn(row, |d| &d.action_units)),
    ColumnSpec::float_list("landmarks", |row| drawn(row, |d| &d.landmarks)),
    ColumnSpec::float_list("pose", |row| drawn(row, |d| &d.pose)),
    ColumnSpec::float_list("light", |row| drawn(row, |d| &d.light)),
];

fn drawn(row: &Row, of: fn(&DrawnLabels) -> &[f32]) -> Option<&[f32]> {
    row.labels.drawn.as_deref().map(of)
}

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
                .hint(
                    "the file was changed or damaged: make the face set anew, or, if the change is meant, let \
                    `howfar faces inspect FACES --accept-changes` take it over",
                ));
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

/// The rows of a row group. `first` is the number of the group's first row in the file, `n_classes` the set's.
pub(crate) fn rows(
    table: &TableReader,
    group_idx: usize,
    n_classes: usize,
    first: u64,
) -> Result<impl Iterator<Item = Result<Row, Fault>>, Fault> {
    let (images, labels) = (table.images(group_idx, "image")?, table.ints(group_idx, "label")?);
    let texts = |name| table.texts(group_idx, name);
    let (subjects, provenances, parents) = (texts("subject")?, texts("provenance")?, texts("parent")?);
    let (groups, sources, sums) = (texts("group")?, texts("source")?, texts("sha256")?);
    let drawn = DrawnColumns::read(table, group_idx)?;
    let file = table.place().to_owned();
    Ok(labels.into_iter().enumerate().map(move |(row, label)| {
        let place = place_of(&file, first + row as u64);
        let missing = |column: &str| Fault::data(&place, format!("the column {column} is empty"));
        let label = usize::try_from(label).ok().filter(|l| *l < n_classes).ok_or_else(|| {
            Fault::data(&place, "the label is not a class of the set")
                .found(label)
                .expected(format!("0 to {}", n_classes.saturating_sub(1)))
        })?;
        let provenance = provenances.get(row).ok_or_else(|| missing("provenance"))?;
        let provenance = Provenance::from_name(provenance).ok_or_else(|| {
            Fault::data(&place, "unknown provenance").found(provenance).expected("real, drawn or generated")
        })?;
        let labels = FaceLabels {
            label,
            subject: subjects.get(row).ok_or_else(|| missing("subject"))?.parse()?,
            provenance,
            parent: parents.get(row).map(str::parse).transpose()?,
            group: groups.get(row).map(str::to_owned),
            source: sources.get(row).unwrap_or_default().to_owned(),
            drawn: drawn.of(row).map(Box::new),
        };
        Ok(Row { png: images.get(row).to_vec(), sha256: sums.get(row).unwrap_or_default().to_owned(), labels })
    }))
}

/// Where a row stands, for messages.
pub(crate) fn place_of(file: &str, row: u64) -> String {
    format!("{file}, row {row}")
}

/// What only a renderer knows, of a row group.
struct DrawnColumns {
    intensity: FloatLists,
    action_units: FloatLists,
    landmarks: FloatLists,
    pose: FloatLists,
    light: FloatLists,
}

impl DrawnColumns {
    fn read(table: &TableReader, group_idx: usize) -> Result<Self, Fault> {
        let lists = |name| table.float_lists(group_idx, name);
        Ok(DrawnColumns {
            intensity: lists("intensity")?,
            action_units: lists("action_units")?,
            landmarks: lists("landmarks")?,
            pose: lists("pose")?,
            light: lists("light")?,
        })
    }

    fn of(&self, row: usize) -> Option<DrawnLabels> {
        Some(DrawnLabels {
            intensity: *self.intensity.get(row)?.first()?,
            action_units: self.action_units.get(row)?.to_vec(),
            landmarks: self.landmarks.get(row)?.to_vec(),
            pose: self.pose.get(row)?.try_into().ok()?,
            light: self.light.get(row)?.try_into().ok()?,
        })
    }
}
