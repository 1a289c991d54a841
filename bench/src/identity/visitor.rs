//! A browser without pages: one connection, its cookies, and the forms it finds.
//!
//! **Invariant:** it comes from an address of its own on the loopback network and takes another now and then, as people
//! do, so that limits for one address are in force and not in the way.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpSocket;

/// Requests from one address before the next is taken.
const FROM_ONE_ADDRESS: u32 = 400;

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

/// One of those who ask.
pub(crate) struct Visitor {
    base: String,
    port: u16,
    address: u32,
    sent: u32,
    sender: Option<SendRequest<Full<Bytes>>>,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Visitor {
    /// Number `place` of those who visit `base` (`http://localhost:8080`).
    pub(crate) fn new(base: &str, place: u32) -> Self {
        let port = base.rsplit(':').next().unwrap().parse().unwrap();
        let (base, cookies) = (base.to_owned(), BTreeMap::new());
        Self { base, port, address: place << 12, sent: 0, sender: None, cookies }
    }

    /// Goes on from the next address, with a new connection.
    pub(crate) fn move_on(&mut self) {
        (self.sender, self.sent) = (None, 0);
        self.address += 1;
    }

    async fn connect(&self) -> SendRequest<Full<Bytes>> {
        let own = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 1, 0, 0)) + self.address);
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((own, 0).into()).unwrap();
        let there = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let stream = socket.connect(there).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    /// Sends one request and keeps the cookies of its answer.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        at: &str,
        headers: &[(header::HeaderName, &str)],
        body: String,
    ) -> Answer {
        if self.sent >= FROM_ONE_ADDRESS {
            self.move_on();
        }
        self.sent += 1;
        let path = at.strip_prefix(&self.base).unwrap_or(at).to_owned();
        let mut request =
            Request::builder().method(method).uri(&path).header(header::HOST, self.base.split_once("://").unwrap().1);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        if !self.cookies.is_empty() {
            let all: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, all.join("; "));
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let mut sender = match self.sender.take() {
            Some(sender) if !sender.is_closed() => sender,
            _ => self.connect().await,
        };
        sender.ready().await.unwrap();
        let answer = sender.send_request(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned();
        self.sender = Some(sender);
        for set in head.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            let (value, attributes) = rest.split_once(';').unwrap_or((rest, ""));
            match value.is_empty() || attributes.contains("1970") {
                true => drop(self.cookies.remove(name)),
                false => drop(self.cookies.insert(name.to_owned(), value.to_owned())),
            }
        }
        let location = head.headers.get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned());
        Answer { status: head.status.as_u16(), location, body }
    }

    /// A page, through redirects that stay here. An answer with a location is one that leads away.
    pub(crate) async fn page(&mut self, at: &str) -> Answer {
        let answer = self.send("GET", at, &[(header::ACCEPT, "text/html")], String::new()).await;
        self.follow(answer).await
    }

    /// Sends a form, and follows.
    pub(crate) async fn submit(&mut self, form: &Form, more: &[(&str, &str)]) -> Answer {
        let headers = [
            (header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
            (header::ACCEPT, "text/html"),
            (header::ORIGIN, self.base.as_str()),
        ];
        let kept = form.hidden.iter().filter(|(name, _)| !more.iter().any(|(own, _)| own == name));
        let fields: Vec<(&str, &str)> =
            kept.map(|(name, value)| (name.as_str(), value.as_str())).chain(more.iter().copied()).collect();
        let (base, body) = (self.base.clone(), encode(&fields));
        let headers = headers.map(|(name, value)| (name, value.to_owned()));
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.clone(), value.as_str())).collect();
        let answer = self.send("POST", form.action.strip_prefix(&base).unwrap_or(&form.action), &headers, body).await;
        self.follow(answer).await
    }

    async fn follow(&mut self, mut answer: Answer) -> Answer {
        while let Some(location) = answer.location.clone() {
            if !location.starts_with('/') && !location.starts_with(&self.base) {
                break;
            }
            answer = self.send("GET", &location, &[(header::ACCEPT, "text/html")], String::new()).await;
        }
        answer
    }
}

/// A form of a page: where it goes, what it carries unseen, and what is ticked in it.
pub(crate) struct Form {
    pub(crate) action: String,
    hidden: Vec<(String, String)>,
}

impl Form {
    /// The form in which this text stands; with an empty text the first.
    pub(crate) fn with(page: &str, text: &str) -> Self {
        let forms = page.split("<form").skip(1).map(|rest| rest.split("</form>").next().unwrap());
        let form = forms.into_iter().find(|form| form.contains(text));
        let form = form.unwrap_or_else(|| panic!("no form with {text:?} in {}", seen(page)));
        let hidden = form.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap());
        let hidden = hidden.filter(|input| input.contains("hidden") || input.contains(" checked"));
        let hidden =
            hidden.filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default())));
        let action = attribute(form.split('>').next().unwrap(), "action").unwrap();
        Self { action, hidden: hidden.collect() }
    }
}

/// What a page says, for who looks for a fault: its title and its text, shortened.
pub(crate) fn seen(page: &str) -> String {
    let main = page.split("<main").nth(1).unwrap_or(page);
    main.split('<')
        .filter_map(|part| part.split_once('>'))
        .map(|(_, text)| text.trim())
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join(" | ")
        .chars()
        .take(600)
        .collect()
}

/// An attribute's value, as it is meant.
pub(crate) fn attribute(tag: &str, name: &str) -> Option<String> {
    let rest = tag.split(&format!("{name}=\"")).nth(1)?;
    let value = rest.split('"').next()?;
    Some(
        value
            .replace("&quot;", "\"")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&#39;", "'")
            .replace("&amp;", "&"),
    )
}

/// `application/x-www-form-urlencoded`.
pub(crate) fn encode(fields: &[(&str, &str)]) -> String {
    let encoded = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            })
            .collect()
    };
    fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect::<Vec<_>>().join("&")
}
