//! Who is answered: requests that only look, for a host that this server is, of its own pages, with the token where one
//! is asked for.
//!
//! In: a request. Out: the answer of the pages with the headers that keep a browser to itself, or a refusal.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, COOKIE, HOST, LOCATION, ORIGIN, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::reply::refusal;
use crate::token::Token;

/// What pages may do: load what this server has, run its programs, show the pictures that they make themselves.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' blob: data:; connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// Which requests are answered.
#[derive(Clone)]
pub(crate) struct Guard {
    /// Where the server listens.
    address: SocketAddr,
    /// Names that it goes by beside its addresses.
    names: Vec<String>,
    token: Option<Token>,
}

impl Guard {
    pub(crate) fn new(address: SocketAddr, names: &[String], token: Option<Token>) -> Self {
        let names = names.iter().map(|name| name.to_ascii_lowercase()).chain(["localhost".to_owned()]).collect();
        Guard { address, names, token }
    }

    /// A page of another site can have its own name point here, and the browser then takes this server for that site:
    /// only addresses and the server's own names are answered.
    fn is_own_host(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()),
            _ => (host, Some(80)),
        };
        let name = name.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let is_own = match name.parse::<IpAddr>() {
            Ok(ip) if self.address.ip().is_unspecified() => !ip.is_unspecified(),
            Ok(ip) => ip == self.address.ip(),
            Err(_) => self.names.contains(&name),
        };
        // Where a port is passed on from another machine, it may be another one.
        is_own && port.is_some()
    }

    /// The cookie's name: servers of one machine share all cookies, whatever their ports.
    fn cookie(&self) -> String {
        format!("howfar-{}", self.address.port())
    }

    fn has_token(&self, token: &Token, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(name, value)| name == self.cookie() && token.is(value))
    }

    /// The refusal of a request, if it is refused.
    fn refuses(&self, request: &Request) -> Option<Response> {
        let refuse = |status, words: &str| Some(refusal(status, words));
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            return refuse(StatusCode::METHOD_NOT_ALLOWED, "nothing is taken in here: GET alone is answered");
        }
        let mut hosts = request.headers().get_all(HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok()).unwrap_or_default();
        if hosts.next().is_some() || !self.is_own_host(host) {
            let words = "this server does not go by that name: `howfar serve --name NAME` adds one";
            return refuse(StatusCode::MISDIRECTED_REQUEST, words);
        }
        let own = format!("http://{host}");
        let is_foreign = |origin: &HeaderValue| origin.as_bytes() != own.as_bytes();
        if request.headers().get_all(ORIGIN).iter().any(is_foreign) {
            return refuse(StatusCode::FORBIDDEN, "only pages of this server are answered");
        }
        let is_embedded = |name: &str, value: &str| {
            request.headers().get(name).is_some_and(|found| found.as_bytes() == value.as_bytes())
        };
        if is_embedded("sec-fetch-site", "cross-site") && !is_embedded("sec-fetch-mode", "navigate") {
            return refuse(StatusCode::FORBIDDEN, "only pages of this server are answered");
        }
        let token = self.token.as_ref()?;
        if self.has_token(token, request.headers()) {
            return None;
        }
        let given = request.uri().query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("token="));
        match given {
            Some(word) if token.is(word) => Some(self.admission(request, token)),
            _ => refuse(StatusCode::UNAUTHORIZED, "open the whole address that `howfar serve` printed, with its token"),
        }
    }

    /// The token moves from the address, which is seen and passed on, into a cookie.
    fn admission(&self, request: &Request, token: &Token) -> Response {
        let cookie = format!("{}={}; Path=/; HttpOnly; SameSite=Strict", self.cookie(), token.as_str());
        // `//host` would be another site.
        let path = format!("/{}", request.uri().path().trim_start_matches('/'));
        (StatusCode::SEE_OTHER, [(SET_COOKIE, cookie), (LOCATION, path)]).into_response()
    }
}

/// Answers or refuses a request; a refused connection is closed with whatever it still wanted to send.
pub(crate) async fn guarded(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let mut response = match guard.refuses(&request) {
        Some(mut refused) => {
            refused.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            refused
        }
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    let always = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(self), microphone=(), geolocation=()"),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A report brings its own: all of it stands in one file.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn guard(address: &str, token: Option<Token>) -> Guard {
        Guard::new(address.parse().unwrap(), &["Lab.example".to_owned()], token)
    }

    fn status(guard: &Guard, method: &str, uri: &str, headers: &[(&str, &str)]) -> u16 {
        let request = headers.iter().fold(Request::builder().method(method).uri(uri), |r, (n, v)| r.header(*n, *v));
        guard.refuses(&request.body(Body::empty()).unwrap()).map_or(200, |response| response.status().as_u16())
    }

    #[test]
    fn only_looks_at_hosts_that_the_server_is_are_answered() {
        let own = guard("127.0.0.1:8780", None);
        let cases = [
            ("GET", &[("host", "127.0.0.1:8780")][..], 200),
            ("HEAD", &[("host", "localhost:8780")], 200),
            // Passed on by ssh -L under another port.
            ("GET", &[("host", "localhost:9000")], 200),
            ("GET", &[("host", "LAB.example:8780")], 200),
            ("GET", &[("host", "evil.example:8780")], 421),
            ("GET", &[("host", "127.0.0.1.evil.example")], 421),
            ("GET", &[("host", "192.168.0.7:8780")], 421),
            ("GET", &[("host", "[::1]:8780")], 421),
            ("GET", &[("host", "")], 421),
            ("GET", &[], 421),
            ("GET", &[("host", "localhost"), ("host", "evil.example")], 421),
            ("POST", &[("host", "127.0.0.1:8780")], 405),
            ("PUT", &[("host", "127.0.0.1:8780")], 405),
            ("OPTIONS", &[("host", "127.0.0.1:8780")], 405),
            ("GET", &[("host", "localhost:1"), ("origin", "http://localhost:1")], 200),
            ("GET", &[("host", "localhost:1"), ("origin", "http://localhost:2")], 403),
            ("GET", &[("host", "localhost:1"), ("origin", "null")], 403),
            ("GET", &[("host", "localhost:1"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")], 403),
            ("GET", &[("host", "localhost:1"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], 200),
        ];
        for (method, headers, expected) in cases {
            assert_eq!(status(&own, method, "/", headers), expected, "{method} {headers:?}");
        }
        let wide = guard("0.0.0.0:8780", None);
        for (host, expected) in [("192.168.0.7:8780", 200), ("[fe80::1]:8780", 200), ("0.0.0.0:8780", 421)] {
            assert_eq!(status(&wide, "GET", "/", &[("host", host)]), expected, "{host}");
        }
        assert_eq!(status(&guard("[::1]:8780", None), "GET", "/", &[("host", "[::1]:8780")]), 200);
    }

    #[test]
    fn with_a_token_nobody_is_answered_without_it() {
        let token = Token::new().unwrap();
        let guard = guard("0.0.0.0:8780", Some(token.clone()));
        let host = ("host", "192.168.0.7:8780");
        let (right, wrong) = (format!("howfar-8780={}", token.as_str()), "howfar-8780=0123456789abcdef".to_owned());
        assert_eq!(status(&guard, "GET", "/", &[host]), 401);
        assert_eq!(status(&guard, "GET", "/?token=guess", &[host]), 401);
        assert_eq!(status(&guard, "GET", "/", &[host, ("cookie", &wrong)]), 401);
        assert_eq!(status(&guard, "GET", "/", &[host, ("cookie", &format!("a=b; {right}"))]), 200);
        let request = Request::builder().uri(format!("//evil.example/x?token={}", token.as_str()));
        let response = guard.refuses(&request.header(host.0, host.1).body(Body::empty()).unwrap()).unwrap();
        assert_eq!(response.status(), 303);
        assert_eq!(response.headers()[LOCATION], "/evil.example/x");
        assert!(response.headers()[SET_COOKIE].to_str().unwrap().starts_with(&format!("{right}; Path=/; HttpOnly")));
    }
}
