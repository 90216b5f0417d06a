import { expect, test } from "vitest";
import { parseMail } from "./mail.ts";

const mail = (...lines: readonly string[]) => Buffer.from(lines.join("\r\n"));

test("the plain part of a mail with two is what is read, with its link put together again", () => {
  const raw = mail(
    "From: Accounts <accounts@example.com>",
    "Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe_an?=",
    " alice",
    'Content-Type: multipart/alternative; boundary="b1"',
    "",
    "--b1",
    "Content-Type: text/plain; charset=UTF-8",
    "Content-Transfer-Encoding: quoted-printable",
    "",
    "Click https://idp.example.com/realms/acme/action?key=3Dabc=",
    "def&x=3D1",
    "",
    "--b1",
    "Content-Type: text/html",
    "",
    '<a href="https://idp.example.com/other">here</a>',
    "--b1--",
  );
  expect(parseMail(raw, ["alice@example.com"])).toMatchObject({
    to: ["alice@example.com"],
    from: "Accounts <accounts@example.com>",
    subject: "Grüße an alice",
    links: ["https://idp.example.com/realms/acme/action?key=abcdef&x=1"],
  });
});

test("a mail of one part in base64 is read too", () => {
  const raw = mail("Subject: hi", "Content-Transfer-Encoding: base64", "", Buffer.from("grüß dich").toString("base64"));
  expect(parseMail(raw, [])).toMatchObject({ subject: "hi", text: "grüß dich", links: [] });
});
