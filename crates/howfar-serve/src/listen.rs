//! Where a server listens, and its life from the first request to the stop.
//!
//! In: what is shown, an address. Out: the address to open, and answers until a stop is asked for.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::AtomicBool;

use axum::Router;
use howfar_face::Fault;

use crate::connections;
use crate::content::Content;
use crate::guard::Guard;
use crate::routes::routes;
use crate::token::Token;

/// Ports that are tried where none is asked for, in this order.
const USUAL_PORTS: std::ops::Range<u16> = 8780..8800;
/// Threads that read files for answers; a study that runs beside them keeps its cores.
const MOST_READERS: usize = 4;

/// Where to listen.
#[derive(Debug, Clone)]
pub struct Listen {
    /// The address; other machines reach none but loopback's own.
    pub ip: IpAddr,
    /// The port; 0 is any free one, none the first free one of 8780 to 8799.
    pub port: Option<u16>,
    /// Names that the server goes by beside `localhost` and its addresses.
    pub names: Vec<String>,
    /// Whether a token is asked for on loopback, too.
    pub asks_token: bool,
}

impl Default for Listen {
    fn default() -> Self {
        Listen { ip: IpAddr::V4(Ipv4Addr::LOCALHOST), port: None, names: Vec::new(), asks_token: false }
    }
}

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    router: Router,
    url: String,
}

impl Server {
    /// Begins to listen; requests wait until [`Server::run`].
    ///
    /// # Errors
    /// Where the address or port cannot be had, or a study's plan cannot be read.
    pub fn bind(content: Content, listen: &Listen) -> Result<Self, Fault> {
        let listener = listener(listen)?;
        let address = listener.local_addr().map_err(|e| refused(listen, &e))?;
        let asks = listen.asks_token || !address.ip().is_loopback();
        let token = asks.then(Token::new).transpose()?;
        let query = token.as_ref().map(|token| format!("?token={}", token.as_str())).unwrap_or_default();
        let shown = match (listen.names.first(), address.ip().is_unspecified()) {
            (Some(name), _) => format!("{name}:{}", address.port()),
            (None, true) => SocketAddr::new(own_address().unwrap_or(listen.ip), address.port()).to_string(),
            (None, false) => address.to_string(),
        };
        let guard = Guard::new(address, &listen.names, token);
        Ok(Server { listener, router: routes(content, guard)?, url: format!("http://{shown}/{query}") })
    }

    /// What to open in a browser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Answers until `stop` is raised.
    ///
    /// # Errors
    /// Where the system gives no threads.
    pub fn run(self, stop: &AtomicBool) -> Result<(), Fault> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(MOST_READERS)
            .build()
            .map_err(Fault::threads)?;
        runtime.block_on(async {
            self.listener.set_nonblocking(true).map_err(Fault::threads)?;
            let listener = tokio::net::TcpListener::from_std(self.listener).map_err(Fault::threads)?;
            connections::answer(listener, self.router, stop).await;
            Ok(())
        })?;
        // What still reads a file must not hold the stop up.
        runtime.shutdown_background();
        Ok(())
    }
}

fn listener(listen: &Listen) -> Result<TcpListener, Fault> {
    if let Some(port) = listen.port {
        return TcpListener::bind((listen.ip, port)).map_err(|e| refused(listen, &e));
    }
    let mut last = None;
    for port in USUAL_PORTS {
        match TcpListener::bind((listen.ip, port)) {
            Ok(listener) => return Ok(listener),
            Err(e) if e.kind() == std::io::ErrorKind::AddrInUse => last = Some(e),
            Err(e) => return Err(refused(listen, &e)),
        }
    }
    Err(refused(listen, &last.unwrap_or_else(|| std::io::Error::other("no port was tried"))))
}

fn refused(listen: &Listen, error: &std::io::Error) -> Fault {
    let port = listen.port.map_or_else(|| format!("{}-{}", USUAL_PORTS.start, USUAL_PORTS.end - 1), |p| p.to_string());
    let hint = match error.kind() {
        std::io::ErrorKind::AddrInUse => "`--port 0` takes any free port",
        std::io::ErrorKind::PermissionDenied => "ports from 1024 on are anybody's",
        _ => "`--address 0.0.0.0` is every address of this machine",
    };
    Fault::machine(format!("{}, port {port}", listen.ip), "nothing can listen here")
        .found(error.to_string())
        .expected("an address of this machine and a free port")
        .hint(hint)
}

/// The address by which other machines most likely reach this one: that from which a packet would leave; none is sent.
fn own_address() -> Option<IpAddr> {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // Of the block that is kept for documents: nobody is there.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_unspecified())
}
