//! Weight files that promise more than they hold are refused within 1 GiB: the test runs itself anew in a process
//! that may not have more.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::process::{Command, Output};

use howfar_net::gan::Generator;
use howfar_net::{Classifier, LandmarkNetwork, NetFault, Precision, TensorFile};
use serde_json::{Value, json};

/// What the process may have, program, stacks and files included.
const KIBIBYTES: usize = 1 << 20;
/// Tells the process what to do.
const ORDER: &str = "HOWFAR_NET_ORDER";

#[test]
fn no_weight_file_takes_more_than_a_gibibyte() {
    match std::env::var(ORDER).as_deref() {
        Ok("bombs") => bombs(),
        // Shows that the bound binds.
        Ok("too much") => drop(std::hint::black_box(vec![1u8; KIBIBYTES * 1024])),
        _ => {
            let done = bounded("bombs");
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
            assert!(!bounded("too much").status.success());
        }
    }
}

/// This test in a process whose address space is bounded.
fn bounded(order: &str) -> Output {
    let this = std::env::current_exe().unwrap();
    let shell = format!("ulimit -v {KIBIBYTES} && exec \"$0\" --exact no_weight_file_takes_more_than_a_gibibyte");
    Command::new("sh").arg("-c").arg(shell).arg(this).env(ORDER, order).output().unwrap()
}

/// The entries of both.
fn with(mut header: Value, more: Value) -> Value {
    let (Value::Object(into), Value::Object(more)) = (&mut header, more) else { unreachable!("both are objects") };
    into.extend(more);
    header
}

fn bombs() {
    let classifier = |network: &str, n_classes: u64, side: u64| {
        let about = json!({"format": "howfar classifier", "version": 1, "network": network});
        with(about, json!({"n_classes": n_classes, "side": side}))
    };
    let points =
        |n: u64, side: u64| json!({"format": "howfar landmark network", "version": 1, "n_points": n, "side": side});
    let people = json!({
        "side": 1024, "n_channels": 3, "z_size": 4096, "w_size": 4096, "mapping_layers": 32, "mapping_rate": 1.0,
        "channel_base": 1 << 24, "channel_max": 4096, "clamp": null, "group": 1,
    });
    let generator = json!({"format": "howfar generator", "version": 1, "kind": "stylegan2", "sizes": people});
    for header in [
        classifier("compact", 100_000_000_000, 64),
        classifier("compact", 1 << 62, 64),
        classifier("table1-same", 6, 4096),
        classifier("vgg16", 4096, 4096),
        classifier("compact", 6, u64::MAX),
        points(1 << 62, 64),
        points(2000, 4096),
        generator,
    ] {
        let bytes = TensorFile::write(&header, &[], Precision::Full).unwrap();
        let read: [Result<(), NetFault>; 3] = [
            Classifier::from_bytes(&bytes).map(drop),
            LandmarkNetwork::from_bytes(&bytes).map(drop),
            Generator::from_bytes(&bytes).map(drop),
        ];
        assert!(read.iter().all(Result::is_err), "{header}");
    }
    let says = |head: String| TensorFile::read(&[&(head.len() as u64).to_le_bytes()[..], head.as_bytes()].concat());
    let empty = r#"{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#;
    let many: Vec<String> = (0..300_000).map(|i| format!(r#""{i}":{empty}"#)).collect();
    let long = format!(r#"{{"{}":{empty}}}"#, "n".repeat(40_000_000));
    let card = |n: usize| format!(r#"{{"__metadata__":{{"howfar":"[0{}]"}}}}"#, ",0".repeat(n));
    for (head, words) in [
        (format!("{{{}}}", many.join(",")), "more than 50000 tensors"),
        (long, "a name of 40000000 bytes"),
        (card(40_000_000), "texts of more than"),
    ] {
        let fault = says(head).unwrap_err();
        assert!(fault.found.contains(words), "{fault}");
    }
    // The largest card that is read.
    assert!(matches!(says(card(8_000_000)).unwrap().metadata, Value::Array(_)));
}
