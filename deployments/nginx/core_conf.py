"""Write the nginx configuration that puts several cores under one address.

python deployments/nginx/core_conf.py HOST:PORT HOST:PORT ... [--listen PORT] > core.conf

Each request goes to the core with the fewest under way. A core that does not answer, breaks off or says 503
is passed over for some seconds, and its requests are sent to the next one: they may be, as a job's id is that
of its content and the same job gives the same bytes anywhere. A full core's 429 is passed on, so that the
callers wait and not nginx.
"""

import argparse
import re
import sys

ADDRESS = re.compile(r"[\w.-]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}")

PROXY = """\
            proxy_pass http://packshot_core;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_connect_timeout 2s;
            proxy_read_timeout 3600s;
            proxy_buffers 16 64k;
"""

AWAY = (
    '{"type":"about:blank","title":"CoreUnavailable","status":503,"code":"core_unavailable",'
    '"message":"No core answers at the moment.","context":{"retry_after_s":2},"retryable":true}'
)


def configuration(cores: list[str], listen: str, folder: str = "/run/packshot") -> str:
    """Return the configuration for `cores` (HOST:PORT each); nginx keeps its own files in `folder`."""
    servers = "\n".join(f"        server {core} max_fails=1 fail_timeout=5s;" for core in cores)
    return f"""\
# Written by deployments/nginx/core_conf.py.
worker_processes auto;
pid {folder}/nginx.pid;
error_log stderr error;
events {{
    worker_connections 4096;
}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream packshot_core {{
        zone packshot_core 128k;
        least_conn;
{servers}
        keepalive 256;
    }}
    server {{
        listen {listen} backlog=2048;
        client_header_timeout 15s;
        client_body_timeout 30s;
        client_max_body_size 33m;
        client_body_buffer_size 1m;
        large_client_header_buffers 4 16k;
        error_page 502 504 = @away;
        location / {{
{PROXY}            proxy_next_upstream error timeout http_503 non_idempotent;
            proxy_next_upstream_tries 4;
        }}
        # A job and a picture are at one core only, which the others answer with 404.
        location ~ ^/v1/(renders|files)/. {{
{PROXY}            proxy_next_upstream error timeout http_404 http_503 non_idempotent;
        }}
        location @away {{
            internal;
            default_type application/problem+json;
            add_header Retry-After 2 always;
            return 503 '{AWAY}';
        }}
    }}
}}
"""


def main() -> None:
    """Print the configuration for the cores named on the command line."""
    parser = argparse.ArgumentParser(description="Write the nginx configuration for several cores.")
    parser.add_argument("cores", nargs="+", metavar="HOST:PORT")
    parser.add_argument("--listen", default="8180", help="port, or ADDRESS:PORT (default 8180)")
    given = parser.parse_args()
    for address in given.cores:
        if not ADDRESS.fullmatch(address):
            parser.error(f"{address} is no HOST:PORT")
    sys.stdout.write(configuration(given.cores, given.listen))


if __name__ == "__main__":
    main()
