//! Against a server by another implementation of TLS: Python's, which is OpenSSL.

use super::tls::{Authority, offer_files};
use super::*;
use crate::export::folder::Folder;
use std::process::{Child, Command, Stdio};

const SERVER: &str = r#"
import http.server, ssl, sys

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        peer = self.connection.getpeercert()["subject"][-1][0][1]
        answer = f"{self.connection.version()} {len(body)} {self.client_address[1]} {peer}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments):
        pass

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
context.load_verify_locations(sys.argv[3])
context.verify_mode = ssl.CERT_REQUIRED
context.maximum_version = ssl.TLSVersion[sys.argv[4]]
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_address[1], flush=True)
server.serve_forever()
"#;

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn openssl_is_understood() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let files = offer_files(&authority, &folder);
    for version in ["TLSv1_2", "TLSv1_3"] {
        let server = Command::new("python3")
            .args(["-c", SERVER])
            .args([folder.path("server.pem"), folder.path("server-key.pem")])
            .arg(folder.path("ca.pem"))
            .arg(version)
            .stdout(Stdio::piped())
            .spawn();
        let Ok(server) = server else {
            return spanline_test_vectors::skip("there is no python3");
        };
        let mut server = Running(server);
        let mut port = String::new();
        let mut output = BufReader::new(server.0.stdout.take().unwrap());
        output.read_line(&mut port).unwrap();
        let mut transport = HttpTransport::new(HttpSettings {
            tls: TlsMaterial::load(&files).unwrap(),
            ..to(&format!("https://localhost:{}", port.trim()))
        });
        let mut connections = Vec::new();
        for size in [0, 5, 700_000, 16_384] {
            let got = response(send(&mut transport, &vec![7; size]));
            assert_eq!(got.status, 200);
            let text = String::from_utf8(got.body).unwrap();
            let words: Vec<&str> = text.split(' ').collect();
            assert_eq!(
                (words[0], words[1]),
                (&*version.replace('_', "."), &*size.to_string())
            );
            assert_eq!(words[3..].join(" "), "rcgen self signed cert", "our certificate");
            connections.push(words[2].to_owned());
        }
        connections.dedup();
        assert_eq!(connections.len(), 1, "kept");
    }
}
