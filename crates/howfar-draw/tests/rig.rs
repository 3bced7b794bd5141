//! A user's rig goes through the same pipeline. The rig is made up here, in the layout of ICT FaceKit: a plain round head
//! with the measured landmarks.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::LazyLock;

use howfar_draw::{DrawnFace, IctRig, Rig, SetRequest, Style, draw_face_with, draw_set_with};
use howfar_face::{Expression, Face, Fault, FaultKind};
use tempfile::TempDir;

/// Where ICT FaceKit keeps the landmarks (its README).
const LANDMARKS: [usize; 68] = [
    1225, 1888, 1052, 367, 1719, 1722, 2199, 1447, 966, 3661, 4390, 3927, 3924, 2608, 3272, 4088, 3443, 268, 493, 1914,
    2044, 1401, 3615, 4240, 4114, 2734, 2509, 978, 4527, 4942, 4857, 1140, 2075, 1147, 4269, 3360, 1507, 1542, 1537,
    1528, 1518, 1511, 3742, 3751, 3756, 3721, 3725, 3732, 5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518,
    5957, 5841, 5702, 5711, 5533, 6216, 6207, 6470, 5517, 5966,
];
const N_VERTICES: usize = 26_719;
/// The made-up file's unit against the eye distance.
const UNIT: f32 = 6.5;
/// Rows and columns of the round face.
const SIDE: usize = 97;
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

/// A round head in eye distances: the face a bent sheet, the eyeballs two balls, all else a dot behind the face.
fn round_head() -> Vec<[f32; 3]> {
    let mut vertices = vec![[0.0, 0.0, -1.2]; N_VERTICES];
    for (i, vertex) in vertices.iter_mut().enumerate().take(SIDE * SIDE) {
        let (angle, y) = ((i % SIDE) as f32 / 96.0 * 3.0 - 1.5, (i / SIDE) as f32 / 96.0 * 3.4 - 1.9);
        let round = 1.1 * (1.0 - ((y + 0.2) / 2.2).powi(2)).max(0.05).sqrt();
        *vertex = [round * angle.sin(), y, round * angle.cos() - 1.1];
    }
    for (first, x) in [(21_451, 0.48), (23_021, -0.48)] {
        for k in 0..770 {
            let (around, down) =
                ((k % 35) as f32 / 35.0 * std::f32::consts::TAU, (k / 35) as f32 / 21.0 * std::f32::consts::PI);
            let (s, c) = down.sin_cos();
            vertices[first + k] = [x + 0.23 * s * around.sin(), 0.23 * c - 0.02, -0.45 + 0.23 * s * around.cos()];
        }
    }
    for (vertex, mark) in LANDMARKS.iter().zip(mean_landmarks()) {
        vertices[*vertex] = mark;
    }
    vertices
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

fn faces() -> String {
    let mut text = String::new();
    for (row, column) in (0..SIDE - 1).flat_map(|row| (0..SIDE - 1).map(move |column| (row, column))) {
        let a = row * SIDE + column + 1;
        writeln!(text, "f {a}/1 {}/1 {}/1 {}/1", a + 1, a + 1 + SIDE, a + SIDE).unwrap();
    }
    text
}

/// Writes a whole made-up checkout.
fn make_up() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let model = place.path().join("FaceXModel");
    fs::create_dir(&model).unwrap();
    let head = round_head();
    let neutral = model.join("generic_neutral_mesh.obj");
    write_obj(&neutral, &head, &faces());
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
    draw_face_with(Rig::Ict(&RIG), &studio(), 5, person, expression, 0, 64)
}

#[test]
fn a_set_has_the_rigs_name_and_the_same_bits_for_any_number_of_threads() {
    let set = |threads: usize| {
        let mut faces: Vec<Face> = Vec::new();
        let style = studio();
        let expressions = &Expression::SIX;
        let request = SetRequest { rig: Rig::Ict(&RIG), people: 3, style: &style, seed: 3, expressions, size: 64 };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut sink = |face| {
            faces.push(face);
            Ok::<(), Fault>(())
        };
        pool.install(|| draw_set_with(&request, &mut |_| ControlFlow::Continue(()), &mut sink)).unwrap();
        faces
    };
    let (one, three) = (set(1), set(3));
    assert_eq!(one, three);
    assert_eq!(one[7].labels.subject.to_string(), "drawn-ict-studio-3:0001");
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
fn damaged_and_missing_files_are_named() {
    let place = make_up();
    let open = || IctRig::open(place.path()).err().unwrap();
    let model = place.path().join("FaceXModel");
    let refuses = |sentence: &str| {
        let fault = open();
        assert_eq!(fault.kind(), FaultKind::Data);
        assert!(fault.to_string().contains(sentence), "{fault}");
    };
    fs::write(model.join("jawOpen.obj"), "v 0 0 0\nv 1 oops 0\n").unwrap();
    refuses("jawOpen.obj, line 2: a vertex is not three numbers");
    fs::write(model.join("jawOpen.obj"), "v 0 0 0\nv 1 1 0\n").unwrap();
    refuses("jawOpen.obj, line 2: the wrong number of vertices");
    fs::remove_file(model.join("identity042.obj")).unwrap();
    refuses("identity042.obj: cannot read the mesh");
    fs::remove_file(model.join("generic_neutral_mesh.obj")).unwrap();
    refuses("there is no ICT FaceKit in this folder");
}
