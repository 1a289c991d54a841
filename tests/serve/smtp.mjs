// A mail relay to try the program with: SMTP submission over TLS (RFC 6409, 8314), with AUTH PLAIN or LOGIN. What it took
// is to be read at the second port as JSON.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTls } from "node:tls";

const [port, readPort, certificate, key, user, passwordFile] = process.argv.slice(2);
const password = readFileSync(passwordFile, "utf8").trim();
const mails = [];
const from64 = (text) => Buffer.from(text, "base64").toString();

createTls({ cert: readFileSync(certificate), key: readFileSync(key) }, (socket) => {
  let [rest, known, data, login] = ["", false, null, null];
  let mail = {};
  const say = (text) => socket.write(`${text}\r\n`);
  const admit = (fine) => { known = fine; say(fine ? "235 2.7.0 welcome" : "535 5.7.8 no"); };
  const take = (line) => {
    if (data) {
      if (line !== ".") return data.push(line.startsWith("..") ? line.slice(1) : line);
      mails.push({ ...mail, text: data.join("\n") });
      data = null;
      return say("250 2.0.0 taken");
    }
    if (login === "user") { mail.user = from64(line); login = "password"; return say(`334 ${Buffer.from("Password:").toString("base64")}`); }
    if (login === "password") { login = null; return admit(mail.user === user && from64(line) === password); }
    const [word] = line.split(" ");
    switch (word.toUpperCase()) {
      case "EHLO": say("250-relay.example"); say("250-8BITMIME"); return say("250 AUTH PLAIN LOGIN");
      case "AUTH": {
        const [, way, first] = line.split(" ");
        if (way === "PLAIN") { const [, name, given] = from64(first ?? "").split("\0"); return admit(name === user && given === password); }
        login = "user";
        return say(`334 ${Buffer.from("Username:").toString("base64")}`);
      }
      case "MAIL": mail = { from: line }; return say(known ? "250 2.1.0 ok" : "530 5.7.0 who are you");
      case "RCPT": mail.to = line; return say(line.includes("nobody@") ? "550 5.1.1 nobody there" : "250 2.1.5 ok");
      case "DATA": data = []; return say("354 go on");
      case "QUIT": say("221 2.0.0 bye"); return socket.end();
      default: return say("250 2.0.0 ok");
    }
  };
  say("220 relay.example");
  socket.on("data", (bytes) => {
    rest += bytes.toString();
    for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      take(line);
    }
  });
  socket.on("error", () => {});
}).listen(Number(port), "127.0.0.1");

createServer((_, answer) => answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(mails))).listen(Number(readPort), "127.0.0.1");
