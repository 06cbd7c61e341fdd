#!/usr/bin/env bash
# Runs the tests of everything that has rows over PostgreSQL 15: a server of its
# own in a temporary folder, behind a Unix socket there (no port is taken, nothing
# outside the machine reaches it), ended when the tests are. Without this they run
# over SQLite alone. Arguments go to go test: scripts/test-postgres.sh -run Job
# ./internal/db/...
set -euo pipefail
cd "$(dirname "$0")/.."

bin=/usr/lib/postgresql/15/bin
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else
    echo "test-postgres: this needs root: $*" >&2
    return 1
  fi
}
if [ ! -x "$bin/postgres" ]; then
  echo "test-postgres: will install postgresql-15: the server that the tests talk to"
  # The package would start a server of its own on port 5432.
  conf=/etc/postgresql-common/createcluster.conf
  if [ ! -e "$conf" ]; then
    as_root mkdir -p "${conf%/*}"
    echo 'create_main_cluster = false' | as_root tee "$conf" >/dev/null
  fi
  as_root apt-get update -qq || true
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Options::=--force-confold postgresql-15 >/dev/null
fi

# PostgreSQL refuses to run as root: root hands it to the package's own user.
# setpriv becomes the server, so that its process id is the server's.
as_server=()
if [ "$(id -u)" = 0 ]; then
  as_server=(setpriv --reuid=postgres --regid=postgres --init-groups --inh-caps=-all)
fi
# Every test makes a database and drops it: in memory where there is room.
base=/tmp
if [ -w /dev/shm ] && [ "$(df --output=avail -k /dev/shm | tail -1)" -gt 2000000 ]; then base=/dev/shm; fi
dir=$(mktemp -d "$base/certana-pg-XXXXXX")
pid=
finish() {
  if [ -n "$pid" ]; then
    kill -INT "$pid" 2>/dev/null || true # fast shutdown
    wait "$pid" || true
  fi
  rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM
if [ "$(id -u)" = 0 ]; then chown postgres: "$dir"; fi

(cd "$dir" && "${as_server[@]}" "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$dir/initdb.log") ||
  { cat "$dir/initdb.log" >&2; exit 1; }
cd "$dir"
"${as_server[@]}" "$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c max_connections=500 \
  -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=64MB >"$dir/postgres.log" 2>&1 &
pid=$!
cd - >/dev/null
for _ in $(seq 300); do
  if "$bin/pg_isready" -q -h "$dir" -U postgres; then break; fi
  if ! kill -0 "$pid" 2>/dev/null; then
    cat "$dir/postgres.log" >&2
    exit 1
  fi
  sleep 0.1
done

if [ $# = 0 ]; then
  # Whatever takes its database from there.
  mapfile -t packages < <(go list -f '{{.ImportPath}} {{join .TestImports " "}} {{join .XTestImports " "}} ' ./... |
    grep -E '/internal/(db/dbtest|app/apptest) ' | cut -d' ' -f1)
  set -- "${packages[@]}"
fi
# Two packages at a time: each test has a database of its own, and every one of
# those costs the server more than the test costs this machine.
CERTANA_TEST_POSTGRES="postgres://postgres@/postgres?host=$dir" go test -count=1 -p 2 "$@"
