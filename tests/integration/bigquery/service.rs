//! A service on loopback that answers as BigQuery does, or as a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::world::{World, day, fall};

/// A request that came in.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// With what follows the question mark.
    pub path: String,
    pub body: Value,
}

/// What is sent back.
pub(crate) enum Reply {
    Json(u16, Value),
    Text(u16, &'static str),
    /// The connection is closed without an answer.
    Cut,
    /// The connection is closed within the answer.
    Torn,
}

/// Says what is sent in place of the right answer, given the request and how many of its kind came before.
type Fault = Box<dyn Fn(&Request, usize) -> Option<Reply> + Send + Sync>;

pub(crate) struct Service {
    pub host: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// Rows of the table, and of a page.
pub(crate) const ROWS: u32 = 60;
const PAGE: usize = 25;

impl Request {
    /// `table`, `dry`, `insert`, `job`, `page`, `cancel`, `token`, or the path itself.
    pub(crate) fn kind(&self) -> &str {
        let path = self.path.split('?').next().unwrap_or_default();
        match () {
            () if path.ends_with("/cancel") => "cancel",
            () if path.contains("/tables/") => "table",
            () if path.contains("/queries/") => "page",
            () if path.contains("/jobs/") => "job",
            () if path.ends_with("/jobs") && self.body["configuration"]["dryRun"] == true => "dry",
            () if path.ends_with("/jobs") => "insert",
            () if path.ends_with("/token") => "token",
            () => path,
        }
    }
}

impl Service {
    /// A service that has a table with the metric `m` of [`World::with_a_fall`].
    pub(crate) fn new(fault: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (known, fault): (_, Arc<Fault>) = (Arc::clone(&requests), Arc::new(Box::new(fault)));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (known, fault) = (Arc::clone(&known), Arc::clone(&fault));
                std::thread::spawn(move || answer(stream, &known, &fault));
            }
        });
        Self { host, requests }
    }

    /// One that does all as it should.
    pub(crate) fn good() -> Self {
        Self::new(|_, _| None)
    }

    /// The requests of a kind.
    pub(crate) fn asked(&self, kind: &str) -> Vec<Request> {
        self.requests.lock().unwrap().iter().filter(|request| request.kind() == kind).cloned().collect()
    }

    /// The arguments of `why` about the table.
    pub(crate) const WHY: [&'static str; 12] = [
        "why",
        "m",
        "--on",
        "2024-02-10",
        "--metrics",
        "bigquery:my-project.prod.series",
        "--deploys",
        "deploys.csv",
        "--as-of",
        "2024-03-10",
        "--format",
        "json",
    ];

    /// `why` about the table, with further arguments, in a world whose cache is its own.
    pub(crate) fn why(&self, world: &World, further: &[&str]) -> crate::world::Run {
        let cache = world.path("cache").display().to_string();
        let variables = [("BIGQUERY_EMULATOR_HOST", self.host.as_str()), ("XDG_CACHE_HOME", cache.as_str())];
        world.run_with(&[&Self::WHY[..], further].concat(), b"", &variables)
    }
}

/// An error as the service words it.
pub(crate) fn refusal(status: u16, reason: &str, message: &str) -> Reply {
    let error = json!({"code": status, "message": message,
        "errors": [{"reason": reason, "message": message, "domain": "global"}]});
    Reply::Json(status, json!({"error": error}))
}

fn answer(stream: TcpStream, known: &Mutex<Vec<Request>>, fault: &Fault) {
    let Some(request) = read(&stream) else { return };
    let before = {
        let mut known = known.lock().unwrap();
        let before = known.iter().filter(|other| other.kind() == request.kind()).count();
        known.push(request.clone());
        before
    };
    let reply = fault(&request, before).unwrap_or_else(|| right(&request));
    let mut stream = stream;
    let mut send = |status: u16, kind: &str, body: &str, length: usize| {
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
    };
    match reply {
        Reply::Json(status, body) => {
            let text = body.to_string();
            send(status, "application/json", &text, text.len());
        }
        Reply::Text(status, text) => send(status, "text/html", text, text.len()),
        Reply::Torn => send(200, "application/json", "{\"jobComplete\": true, \"rows\": [{\"f\"", 100_000),
        Reply::Cut => {}
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ').map(str::to_owned);
    let path = words.nth(1)?;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        if let Some((name, value)) = header.split_once(':') {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok()?;
            }
        } else {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let text = String::from_utf8_lossy(&body).into_owned();
    Some(Request { path, body: serde_json::from_slice(&body).unwrap_or(Value::String(text)) })
}

/// What the service answers.
fn right(request: &Request) -> Reply {
    let body = match request.kind() {
        "table" => json!({"schema": {"fields": [{"name": "timestamp", "type": "TIMESTAMP"},
            {"name": "metric", "type": "STRING"}, {"name": "value", "type": "FLOAT"}]}, "type": "TABLE", "location": "EU"}),
        "dry" => json!({"jobReference": {"location": "EU"}, "statistics": {"query": {"statementType": "SELECT",
            "totalBytesProcessed": "123456789"}}}),
        "insert" => json!({"jobReference": {"location": "EU"}, "status": {"state": "RUNNING"}}),
        "job" => json!({"status": {"state": "RUNNING"}}),
        "page" => page(request),
        "cancel" => json!({}),
        _ => return refusal(404, "notFound", "Not found"),
    };
    Reply::Json(200, body)
}

/// The page that a token asks for: micros, value, metric.
pub(crate) fn page(request: &Request) -> Value {
    let token = request.path.split("pageToken=").nth(1).map(|rest| rest.split('&').next().unwrap_or(rest));
    let from: usize = token.map_or(0, |token| token.parse().unwrap());
    let all: Vec<Value> = (0..ROWS)
        .map(|i| {
            let midnight = format!("{}T00:00:00Z", day(i));
            let micros = chrono::DateTime::parse_from_rfc3339(&midnight).unwrap().timestamp_micros();
            json!({"f": [{"v": micros.to_string()}, {"v": fall(i).to_string()}, {"v": "m"}]})
        })
        .collect();
    let to = (from + PAGE).min(all.len());
    let mut page = json!({"jobComplete": true, "totalRows": ROWS.to_string(), "rows": &all[from..to],
        "schema": {"fields": [{"name": "c0", "type": "INTEGER"}, {"name": "c1", "type": "FLOAT"}, {"name": "c2", "type": "STRING"}]}});
    if to < all.len() {
        page["pageToken"] = Value::String(to.to_string());
    }
    page
}
