//! What a server does with requests that no browser of its user would send.

#![allow(clippy::unwrap_used, reason = "a server that cannot be set up has failed the test")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use howfar_face::Provenance;
use howfar_face::test_sets::{TestSet, labels};
use howfar_serve::{Content, Listen, Server};

/// A server of a small face set; stops with the value.
struct Running {
    address: SocketAddr,
    url: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    fn new(place: &Path, asks_token: bool) -> Self {
        let mut set = TestSet::new("a", &["joy", "fear"], 8);
        (0..9)
            .for_each(|row| set.push_plain(labels(usize::from(row % 2), &format!("a:{row}"), Provenance::Drawn), row));
        let listen = Listen { port: Some(0), asks_token, ..Listen::default() };
        let server = Server::bind(Content::Faces(Box::new(set.write(place))), &listen).unwrap();
        let url = server.url().to_owned();
        let authority = url.trim_start_matches("http://").split('/').next().unwrap();
        let (address, stop) = (authority.parse().unwrap(), Arc::new(AtomicBool::new(false)));
        let raised = Arc::clone(&stop);
        let thread = Some(std::thread::spawn(move || server.run(&raised).unwrap()));
        Running { address, url, stop, thread }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// Sends bytes as they are; what comes back until the connection ends.
    fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // The answer may come, and the connection end, before all is sent.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn get(&self, path: &str, headers: &str) -> String {
        let host = format!("Host: {}\r\n", self.address);
        let host = if headers.starts_with("Host:") { "" } else { &host };
        self.send(format!("GET {path} HTTP/1.1\r\n{host}{headers}Connection: close\r\n\r\n").as_bytes())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap();
    }
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

#[test]
fn no_address_reaches_a_file() {
    let place = tempfile::tempdir().unwrap();
    let server = Running::new(place.path(), false);
    assert_eq!(status(&server.get("/", "")), 200);
    assert_eq!(status(&server.get("/api/face/0/8", "")), 200);
    for path in [
        "/../../etc/passwd",
        "/assets/../../../etc/passwd",
        "/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/assets/..",
        "/assets/%00",
        "/assets//etc/passwd",
        "/a/face_set.json",
        "/face_set.json",
        "/api/face/0/9",
        "/api/face/1/0",
        "/api/faces?set=7",
        "/api/model",
        "/report",
    ] {
        assert_eq!(status(&server.get(path, "")), 404, "{path}");
    }
    for path in ["/api/face/0/-1", "/api/face/../../x", "/api/faces?set=-1", "/api/faces?from=99999999999999999999"] {
        assert!((400..405).contains(&status(&server.get(path, ""))), "{path}");
    }
}

#[test]
fn foreign_pages_other_names_and_wrong_tokens_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let open = Running::new(place.path(), false);
    assert_eq!(status(&open.get("/", "Host: rebound.example\r\n")), 421);
    assert_eq!(status(&open.get("/", "Origin: http://evil.example\r\n")), 403);
    assert_eq!(status(&open.get("/api/sets", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n")), 403);
    let other = tempfile::tempdir().unwrap();
    let closed = Running::new(other.path(), true);
    assert_eq!(status(&closed.get("/", "")), 401);
    assert_eq!(status(&closed.get("/assets/style.css", "")), 401);
    assert_eq!(status(&closed.get("/?token=00000000000000000000000000000000", "")), 401);
    let path = closed.url.split_once("127.0.0.1").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap();
    let admitted = closed.get(path, "");
    assert_eq!(status(&admitted), 303, "{admitted}");
    let cookie = admitted.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(status(&closed.get("/", &format!("Cookie: {cookie}\r\n"))), 200);
}

#[test]
fn every_answer_keeps_the_browser_to_this_server() {
    let place = tempfile::tempdir().unwrap();
    let server = Running::new(place.path(), false);
    for (path, headers) in [("/", ""), ("/api/sets", ""), ("/nowhere", ""), ("/", "Origin: null\r\n")] {
        let answer = server.get(path, headers).to_lowercase();
        for header in [
            "content-security-policy: default-src 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
            "cache-control: no-store",
        ] {
            assert!(answer.contains(header), "{path} {header}\n{answer}");
        }
    }
}

#[test]
fn nothing_is_taken_in_however_much_is_sent() {
    let place = tempfile::tempdir().unwrap();
    let server = Running::new(place.path(), false);
    let host = server.address;
    let mut stream = server.connect();
    let head = format!("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10737418240\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let (block, mut n_sent) = (vec![0; 1 << 20], 0_u64);
    // The connection ends long before the 10 GiB are sent.
    while n_sent < 10 << 30 && stream.write_all(&block).is_ok() {
        n_sent += 1 << 20;
    }
    assert!(n_sent < 64 << 20, "{n_sent} bytes were taken");
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"../../a\r\n\r\n--y";
    let head = format!("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: multipart/form-data; boundary=x\r\n");
    let answer = server.send(format!("{head}Content-Length: {}\r\n\r\n{multipart}", multipart.len()).as_bytes());
    assert_eq!(status(&answer), 405, "{answer}");
    for bytes in [
        format!("GET / HTTP/1.1\r\nHost: {host}\r\nX: {}\r\n\r\n", "x".repeat(1 << 20)),
        format!("GET /{} HTTP/1.1\r\nHost: {host}\r\n\r\n", "x".repeat(1 << 20)),
        "\u{0}\u{1}\u{2} not HTTP\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    ] {
        let answer = server.send(bytes.as_bytes());
        assert!(status(&answer) != 500 && !answer.contains("200 OK") || bytes.contains("chunked"), "{answer}");
    }
    assert_eq!(status(&server.get("/", "")), 200, "it answers as before");
}

#[test]
fn connections_that_say_nothing_are_few_and_end() {
    let place = tempfile::tempdir().unwrap();
    let server = Running::new(place.path(), false);
    let mut silent: Vec<TcpStream> = (0..400).map(|_| server.connect()).collect();
    silent.iter_mut().for_each(|stream| drop(stream.write_all(b"GET / HT")));
    // Beyond the limit they are closed at once, and those within it when their headers do not come.
    let ended = |stream: &mut TcpStream| matches!(stream.read(&mut [0; 512]), Ok(0) | Err(_));
    let mut late: Vec<TcpStream> = silent.split_off(300);
    assert!(late.iter_mut().all(ended));
    let mut answer = Vec::new();
    for mut stream in silent {
        let _ = stream.read_to_end(&mut answer);
    }
    assert_eq!(status(&server.get("/", "")), 200, "it answers as before");
}

#[test]
fn a_port_that_is_taken_is_told_and_the_next_usual_one_is_free() {
    let place = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut set = TestSet::new("a", &["joy"], 8);
    set.push_plain(labels(0, "a:1", Provenance::Drawn), 7);
    let set = Box::new(set.write(place.path()));
    let listen = Listen { port: Some(port), ..Listen::default() };
    let fault = Server::bind(Content::Faces(set.clone()), &listen).unwrap_err();
    assert!(fault.to_string().contains(&port.to_string()), "{fault}");
    let first = Server::bind(Content::Faces(set.clone()), &Listen::default()).unwrap();
    let second = Server::bind(Content::Faces(set), &Listen::default()).unwrap();
    assert_ne!(first.url(), second.url());
}
