//! A user's rig goes through the same pipeline. The rig is made up here, in the layout of ICT FaceKit: a plain round
//! head with the measured landmarks.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::LazyLock;

use howfar_draw::{
    AU_NAMES, DrawnFace, FaceSpec, IctRig, SetRequest, Style, Uniform, draw_colour_face, draw_face, draw_set,
};
use howfar_face::{Expression, Face, FaultKind, Picture};
use tempfile::TempDir;

/// The made-up file's unit against the eye distance.
const UNIT: f32 = 6.5;
/// Rows and columns of the round face; the landmarks follow it.
const SIDE: usize = 97;
const N_FACE: usize = SIDE * SIDE + 68;
/// Neck, mouth socket, two eye sockets, gums and teeth: small sheets of `PATCH` × `PATCH` vertices.
const PATCH: usize = 3;
/// Around and down an eyeball.
const BALL: [usize; 2] = [35, 22];
const SIDED: [&str; 16] = [
    "browInnerUp",
    "browOuterUp",
    "browDown",
    "eyeWide",
    "cheekSquint",
    "eyeSquint",
    "noseSneer",
    "mouthUpperUp",
    "mouthSmile",
    "mouthDimple",
    "mouthFrown",
    "mouthLowerDown",
    "mouthStretch",
    "mouthPress",
    "eyeBlink",
    "cheekPuff",
];

fn mean_landmarks() -> Vec<[f32; 3]> {
    let table: serde_json::Value = serde_json::from_str(include_str!("../data/head-measures.json")).unwrap();
    serde_json::from_value(table["mean"].clone()).unwrap()
}

/// A made-up head in eye distances, and the faces of its mesh with their materials.
struct RoundHead {
    vertices: Vec<[f32; 3]>,
    faces: String,
}

impl RoundHead {
    fn new() -> Self {
        let mut head = RoundHead { vertices: Vec::new(), faces: String::new() };
        head.face();
        let back = head.vertices.len();
        // Neck, mouth socket, left and right eye socket; each holds on to the face by a triangle.
        for middle in [[0.0, -1.8, -1.3], [0.0, -1.0, -0.6], [0.5, 0.0, -0.7], [-0.5, 0.0, -0.7]] {
            let first = head.vertices.len();
            let material = if first == back { "M_BackHead" } else { "" };
            head.sheet(material, PATCH, PATCH, |p, q| [middle[0] + 0.1 * p, middle[1] + 0.1 * q, middle[2]]);
            writeln!(head.faces, "f 1 2 {}", first + 1).unwrap();
        }
        head.sheet("M_GumsTongue", PATCH, PATCH, |p, q| [p - 0.5, -1.1 - 0.1 * q, -0.5]);
        head.sheet("M_Teeth", PATCH, PATCH, |p, q| [p - 0.5, -1.0 - 0.1 * q, -0.4]);
        for (name, x) in [("Left", 0.48), ("Right", -0.48)] {
            head.sheet(&format!("M_Sclera{name}"), BALL[0], BALL[1], |p, q| {
                let (s, c) = (q * std::f32::consts::PI).sin_cos();
                let around = (p * std::f32::consts::TAU).sin_cos();
                [x + 0.23 * s * around.0, 0.23 * c - 0.02, -0.45 + 0.23 * s * around.1]
            });
            head.sheet(&format!("M_Iris{name}"), PATCH, PATCH, |p, q| [x + 0.1 * p, 0.1 * q, -0.3]);
        }
        head
    }

    /// A bent sheet, then the landmarks, each a corner of a triangle.
    fn face(&mut self) {
        self.sheet("M_Face", SIDE, SIDE, |p, q| {
            let (angle, y) = (3.0 * p - 1.5, 3.4 * q - 1.9);
            let round = 1.1 * (1.0 - ((y + 0.2) / 2.2).powi(2)).max(0.05).sqrt();
            [round * angle.sin(), y, round * angle.cos() - 1.1]
        });
        for mark in mean_landmarks() {
            self.vertices.push(mark);
            writeln!(self.faces, "f 1 2 {}", self.vertices.len()).unwrap();
        }
    }

    fn sheet(&mut self, material: &str, across: usize, down: usize, place: impl Fn(f32, f32) -> [f32; 3]) {
        let first = self.vertices.len() + 1;
        if !material.is_empty() {
            writeln!(self.faces, "usemtl {material}").unwrap();
        }
        for (row, column) in (0..down).flat_map(|row| (0..across).map(move |column| (row, column))) {
            self.vertices.push(place(column as f32 / (across - 1) as f32, row as f32 / (down - 1) as f32));
            if row + 1 < down && column + 1 < across {
                let a = first + row * across + column;
                writeln!(self.faces, "f {a}/1 {}/1 {}/1 {}/1", a + 1, a + 1 + across, a + across).unwrap();
            }
        }
    }
}

fn write_obj(path: &Path, vertices: &[[f32; 3]], faces: &str) {
    let mut text = String::from("# made up\n");
    for v in vertices {
        let [x, y, z] = v.map(|c| c * UNIT);
        writeln!(text, "v {x} {y} {z}").unwrap();
    }
    text.push_str("vt 0 0\n");
    text.push_str(faces);
    fs::write(path, text).unwrap();
}

/// Writes a whole made-up checkout.
fn make_up() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let model = place.path().join("FaceXModel");
    fs::create_dir(&model).unwrap();
    let RoundHead { vertices: head, faces } = RoundHead::new();
    let neutral = model.join("generic_neutral_mesh.obj");
    write_obj(&neutral, &head, &faces);
    let landmarks: Vec<usize> = (SIDE * SIDE..N_FACE).collect();
    fs::write(model.join("vertex_indices.json"), format!("{{\"idx_to_landmark_verts\": {landmarks:?}}}")).unwrap();
    let shape = |name: &str, moved: &dyn Fn([f32; 3]) -> [f32; 3]| {
        write_obj(&model.join(format!("{name}.obj")), &head.iter().map(|v| moved(*v)).collect::<Vec<_>>(), "");
    };
    let unmoved = |name: String| {
        fs::hard_link(&neutral, model.join(format!("{name}.obj"))).unwrap();
    };
    shape("identity000", &|[x, y, z]| [x * 1.05, y, z]);
    shape("identity001", &|[x, y, z]| [x, y * 1.04, z]);
    (2..100).for_each(|i| unmoved(format!("identity{i:03}")));
    let below = -1.03;
    shape("jawOpen", &|[x, y, z]| if y < below { [x, y - 0.4, z - 0.1] } else { [x, y, z] });
    ["mouthShrugLower", "mouthRollLower", "mouthRollUpper"].iter().for_each(|name| unmoved((*name).to_owned()));
    for stem in SIDED {
        ["L", "R"].iter().for_each(|side| unmoved(format!("{stem}_{side}")));
    }
    place
}

static CHECKOUT: LazyLock<TempDir> = LazyLock::new(make_up);
static RIG: LazyLock<IctRig> = LazyLock::new(|| IctRig::open(CHECKOUT.path()).unwrap());

fn studio() -> Style {
    Style::named("studio").unwrap()
}

fn draw(person: u32, expression: Expression) -> DrawnFace {
    draw_face(&*RIG, &studio(), 5, &FaceSpec::full(person, expression), 64)
}

fn set(request: &SetRequest<'_>, begin: u64) -> Vec<Face> {
    let mut faces = Vec::new();
    draw_set(request, begin, &mut |_| ControlFlow::Continue(()), &mut |face| {
        faces.push(face);
        Ok(())
    })
    .unwrap();
    faces
}

#[test]
fn a_rig_is_drawn_in_colour_with_the_gray_pictures_luma_and_labels() {
    for (person, expression) in (0..6).zip(Expression::SIX) {
        let spec = FaceSpec::full(person, expression);
        let [gray, colour] =
            [draw_face(&*RIG, &studio(), 5, &spec, 64), draw_colour_face(&*RIG, &studio(), 5, &spec, 64)];
        assert_eq!(DrawnFace { pixels: gray.pixels.clone(), ..colour.clone() }, gray);
        let picture = Picture { width: 64, height: 64, channels: 3, data: colour.pixels };
        assert!(picture.into_gray().iter().zip(&gray.pixels).all(|(a, b)| a.abs_diff(*b) <= 1), "{person}");
    }
}

#[test]
fn a_set_has_the_rigs_name_and_the_same_bits_for_any_number_of_threads() {
    let style = studio();
    let request = SetRequest { rig: Some(&RIG), ..SetRequest::new(&style, 3, 3, &Expression::SIX, 64) };
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| set(&request, 0))
    };
    let (one, three) = (with(1), with(3));
    assert_eq!(one, three);
    assert_eq!(one[7].labels.subject.to_string(), "drawn-ict-studio-3:0001");
}

#[test]
fn takes_sequences_and_intensities_are_those_of_every_set() {
    let style = Style::named("wild").unwrap();
    let request = SetRequest {
        rig: Some(&RIG),
        takes: 2,
        frames: 4,
        intensity: Uniform(0.6, 0.9),
        ..SetRequest::new(&style, 8, 2, &[Expression::Surprise, Expression::Neutral], 48)
    };
    let whole = set(&request, 0);
    assert_eq!(whole.len(), 32);
    assert_eq!(whole[21..], set(&request, 21));
    let labels = |i: usize| whole[i].labels.drawn.clone().unwrap();
    assert_ne!(whole[3].picture, whole[7].picture, "takes are acted anew");
    assert_eq!(labels(0).light, labels(3).light, "frames share the session");
    assert_ne!(labels(0).pose, labels(1).pose, "heads move from frame to frame");
    assert_eq!(labels(0).intensity, 0.0);
    assert!((0.6..=0.9).contains(&labels(3).intensity));
    assert_eq!(labels(3).action_units.len(), AU_NAMES.len());
    assert_eq!(whole[3].labels.source, "seed 8, take 1 of 2, frame 4 of 4");
    let own = set(&SetRequest { rig: None, ..request }, 0);
    for (rigged, own) in whole.iter().zip(&own) {
        let (rigged, own) = (rigged.labels.drawn.clone().unwrap(), own.labels.drawn.clone().unwrap());
        assert_eq!((rigged.action_units, rigged.pose, rigged.light), (own.action_units, own.pose, own.light));
        assert_ne!(rigged.landmarks, own.landmarks);
    }
}

#[test]
fn a_rising_expression_does_not_jump() {
    let at = |expression, step: u8| {
        let intensity = 0.02 * f32::from(step);
        draw_face(&*RIG, &studio(), 1, &FaceSpec { intensity, ..FaceSpec::full(0, expression) }, 48).landmarks
    };
    for expression in Expression::SIX {
        for (before, after) in [0, 10, 49].map(|step| (at(expression, step), at(expression, step + 1))) {
            let steps = before.chunks(2).zip(after.chunks(2)).map(|(p, q)| (p[0] - q[0]).hypot(p[1] - q[1]));
            let largest = steps.fold(0.0, f32::max);
            assert!(largest < 0.6, "{expression}: {largest} pixels");
        }
    }
}

#[test]
fn eyes_lie_where_databases_have_them_and_the_jaw_opens() {
    let (mut apart, mut opened) = (0.0, 0.0);
    for person in 0..12 {
        let (rest, surprised) = (draw(person, Expression::Neutral), draw(person, Expression::Surprise));
        let eye = |face: &DrawnFace, from: usize| (from..from + 6).map(|k| face.landmarks[2 * k]).sum::<f32>() / 6.0;
        apart += (eye(&rest, 42) - eye(&rest, 36)) / 12.0;
        let lip = |face: &DrawnFace| face.landmarks[2 * 57 + 1] - face.landmarks[2 * 51 + 1];
        opened += (lip(&surprised) - lip(&rest)) / 12.0;
        let mean = rest.pixels.iter().map(|p| f32::from(*p)).sum::<f32>() / 4096.0;
        let spread = rest.pixels.iter().map(|p| (f32::from(*p) - mean).powi(2)).sum::<f32>() / 4096.0;
        assert!(spread.sqrt() > 25.0 && (40.0..215.0).contains(&mean), "{person}: {mean} {spread}");
    }
    assert!((apart - 22.4).abs() < 0.8, "eyes are {apart} apart");
    assert!(opened > 3.0, "the jaw opens by {opened}");
}

#[test]
fn identities_differ_and_stay() {
    let width = |face: &DrawnFace| face.landmarks[32] - face.landmarks[0];
    assert_eq!(draw(1, Expression::Neutral), draw(1, Expression::Neutral));
    assert!((width(&draw(1, Expression::Neutral)) - width(&draw(2, Expression::Neutral))).abs() > 1e-3);
}

#[test]
fn another_checkout_has_another_fingerprint() {
    let place = make_up();
    let open = || IctRig::open(place.path()).unwrap();
    assert_eq!(open().fingerprint(), RIG.fingerprint());
    let jaw = place.path().join("FaceXModel/jawOpen.obj");
    let text = fs::read_to_string(&jaw).unwrap();
    let (first, rest) = text.split_once("\nv ").unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    fs::write(&jaw, format!("{first}\nv 1 2 3\n{rest}")).unwrap();
    assert_ne!(open().fingerprint(), RIG.fingerprint());
}

#[test]
fn damaged_and_missing_files_are_named() {
    let place = make_up();
    let model = place.path().join("FaceXModel");
    let refuses = |sentences: &[&str]| {
        let fault = IctRig::open(place.path()).err().unwrap();
        assert_eq!(fault.kind(), FaultKind::Data);
        sentences.iter().for_each(|sentence| assert!(fault.to_string().contains(sentence), "{sentence}: {fault}"));
    };
    let (jaw, list) = (model.join("jawOpen.obj"), model.join("vertex_indices.json"));
    fs::write(&jaw, "v 0 0 0\nv 1 oops 0\n").unwrap();
    refuses(&["jawOpen.obj, line 2: a vertex is not three numbers"]);
    fs::write(&jaw, "v 0 0 0\nv 1 1 0\n").unwrap();
    refuses(&["jawOpen.obj, line 2: the wrong number of vertices", "as the neutral head has"]);
    fs::remove_file(model.join("identity042.obj")).unwrap();
    refuses(&["identity042.obj: cannot read the mesh"]);
    fs::write(&list, "{\"idx_to_landmark_verts\": [1, 2]}").unwrap();
    refuses(&["vertex_indices.json, idx_to_landmark_verts", "2 vertices", "68 vertices of the skin"]);
    fs::write(&list, format!("{{\"idx_to_landmark_verts\": {:?}}}", vec![999_999; 68])).unwrap();
    refuses(&["vertex_indices.json", "vertex 999999"]);
    fs::write(&list, "{\n\"landmarks\": []}").unwrap();
    refuses(&["vertex_indices.json, line 2", "missing field"]);
    fs::remove_file(&list).unwrap();
    refuses(&["vertex_indices.json: cannot read the list of landmarks"]);
    let neutral = model.join("generic_neutral_mesh.obj");
    let text = fs::read_to_string(&neutral).unwrap();
    let write = |text: String| {
        // The shapes are links to the neutral mesh: it is replaced, not overwritten.
        fs::remove_file(&neutral).unwrap();
        fs::write(&neutral, text).unwrap();
    };
    write(text.replace("M_Teeth", "M_Beak"));
    refuses(&["generic_neutral_mesh.obj: no face is of the material M_Teeth", "M_Beak", "usemtl M_Teeth"]);
    write(text.replace("M_GumsTongue", "M_BackHead"));
    refuses(&["generic_neutral_mesh.obj: M_BackHead is not made of the pieces", "5 pieces", "mouth socket"]);
    write(text.split("usemtl").next().unwrap().to_owned());
    refuses(&["generic_neutral_mesh.obj: no face is of the material M_Face", "no material"]);
    fs::remove_file(&neutral).unwrap();
    refuses(&["there is no ICT FaceKit in this folder"]);
}
