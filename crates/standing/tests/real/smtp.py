"""A mail server with TLS, for tests: says each message it takes as one line of JSON.

Arguments: "tls" (from the first byte) or "starttls", certificate, key, user and password.
Says "listening PORT" first.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Keeper:
    async def handle_DATA(self, server, session, envelope):
        message = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": session.ssl is not None or way == "tls",
            "content": envelope.content.decode("utf-8", "replace"),
        }
        print(json.dumps(message), flush=True)
        return "250 OK"


way, certificate, key, user, password = sys.argv[1:]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)


def known(server, session, envelope, mechanism, data):
    fits = isinstance(data, LoginPassword) and (data.login, data.password) == (
        user.encode(),
        password.encode(),
    )
    # Not handled: the server itself is to say no.
    return AuthResult(success=fits, handled=False)


async def serve():
    starttls = way == "starttls"

    def session():
        return SMTP(
            Keeper(),
            authenticator=known,
            auth_required=True,
            auth_require_tls=starttls,
            require_starttls=starttls,
            tls_context=context if starttls else None,
        )

    server = await asyncio.get_running_loop().create_server(
        session, "127.0.0.1", 0, ssl=None if starttls else context
    )
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(serve())
