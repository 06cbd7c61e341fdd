#!/usr/bin/env bash
# Holds the running server against the OpenAPI document that it serves: Schemathesis
# makes requests from the document, right ones and wrong ones, and every answer must
# be one that the document describes. Everything that this needs is temporary: the
# Python environment, the data folder, the server on loopback.
#
#   EXAMPLES=50 SEED=7 scripts/test-api.sh [more arguments of `schemathesis run`]
set -euo pipefail
cd "$(dirname "$0")/.."

examples=${EXAMPLES:-15}
seed=${SEED:-1}
work=$(mktemp -d)
server=
finish() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap finish EXIT

python=${PYTHON:-/usr/bin/python3}
if ! "$python" -m venv "$work/venv" >/dev/null; then
  echo "test-api: $python cannot make a virtual environment (Debian: apt-get install python3-venv)" >&2
  exit 1
fi
echo "test-api: installing $(grep ^schemathesis scripts/testapi/requirements.txt) for this run"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check -r scripts/testapi/requirements.txt
${GO:-go} build -o "$work/certana" ./cmd/certana

# What keeps guessers and crowds away would refuse the tests as well: no limit is set.
# Passwords are cheap to check, for it is not their hash that is tested. Webhooks may
# lead to loopback, where hooks.py turns all of them.
settings=(PATH="$PATH" HOME="$work")
for limit in $("$work/certana" config print --data "$work/data" | sed -n '/^quotas:/,/^[^ ]/s/^  \([a-z_]*\): [0-9].*/\1/p'); do
  settings+=("CERTANA_QUOTAS_${limit^^}=0")
done
env -i "${settings[@]}" CERTANA_LOG_LEVEL=debug \
  CERTANA_ACCOUNT_OWNED_ORGANIZATIONS=100000 CERTANA_ACCOUNT_ARGON2_MEMORY_KIB=64 CERTANA_ACCOUNT_ARGON2_PASSES=1 \
  CERTANA_WEBHOOKS_ALLOW_PRIVATE=true CERTANA_WEBHOOKS_MAX_PER_ORGANIZATION=1000 \
  "$work/certana" serve --addr 127.0.0.1:0 --data "$work/data" --json >"$work/greeting" 2>"$work/log" &
server=$!
for _ in $(seq 600); do
  [ -s "$work/greeting" ] && break
  kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
  sleep 0.1
done
url=$(sed -n 's/.*"listening": *"\([^"]*\)".*/\1/p' "$work/greeting" | head -1)
[ -n "$url" ] || { echo "test-api: the server did not say where it listens" >&2; cat "$work/log" >&2; exit 1; }

"$work/venv/bin/python" scripts/testapi/world.py "$url" "$work/certana" "$work/data" "$work/log" \
  scripts/testapi/schemathesis.toml "$work/names.json" >"$work/schemathesis.toml"
status=0
NAMES=$work/names.json PYTHONPATH=scripts/testapi PYTHONDONTWRITEBYTECODE=1 "$work/venv/bin/schemathesis" \
  --config-file "$work/schemathesis.toml" run "$url/v1/openapi.json" \
  --url "$url" --checks all --seed "$seed" --max-examples "$examples" --no-color "$@" || status=$?
"$work/venv/bin/python" scripts/testapi/reached.py "$work/log" "$url"
if grep -q ' level=ERROR\|panic' "$work/log"; then
  echo "test-api: the server logged errors:" >&2
  grep ' level=ERROR\|panic' "$work/log" | head -20 >&2
  status=1
fi
exit "$status"
