# Stops the server of a data directory; the flags are those that named it to `./dev up`.

dev_down() {
  local data_dir=${KS_DATA_DIR:-${XDG_DATA_HOME:-$HOME/.local/share}/ks}
  if [ "${1:-}" = --data-dir ]; then
    data_dir=${2:?--data-dir needs a folder}
  fi
  [ -f "$data_dir/ks.pid" ] || die "no server runs on $data_dir"
  local pid waited=0
  pid=$(cat "$data_dir/ks.pid")
  kill -TERM "$pid" 2>/dev/null || die "no server runs on $data_dir (the process $pid is gone)"
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.1
    waited=$((waited + 1))
    [ "$waited" -lt 300 ] || die "process $pid does not end; look at $data_dir/ks.log"
  done
  say "stopped (pid $pid); the data stays in $data_dir"
}
