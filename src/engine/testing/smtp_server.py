"""A real SMTP server (aiosmtpd) for tests: STARTTLS and AUTH are required; each mail becomes a file.

usage: smtp_server.py FOLDER   (FOLDER has cert.pem and key.pem; writes FOLDER/port, FOLDER/mail-N)
"""

import asyncio
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

folder = sys.argv[1]


class Keep:
    count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        Keep.count += 1
        path = os.path.join(folder, f"mail-{Keep.count}")
        head = f"FROM {envelope.mail_from}\nTO {' '.join(envelope.rcpt_tos)}\nTLS {session.ssl is not None}\n"
        with open(path + ".part", "wb") as out:
            out.write(head.encode() + envelope.content)
        os.rename(path + ".part", path)
        return "250 kept"


def authenticate(server, session, envelope, mechanism, data):
    # Not "handled": then it would leave the answer to us, and the client would wait for one.
    return AuthResult(success=(data.login, data.password) == (b"ci", b"pa55word"), handled=False)


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))

    def session():
        return SMTP(
            Keep(), hostname="127.0.0.1", tls_context=context, require_starttls=True,
            auth_required=True, authenticator=authenticate,
        )

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
    with open(os.path.join(folder, "port.part"), "w") as out:
        out.write(str(server.sockets[0].getsockname()[1]))
    os.rename(os.path.join(folder, "port.part"), os.path.join(folder, "port"))
    await server.serve_forever()


asyncio.run(main())
