# Finds a Python, prepares the checkout, then becomes `python -m $module "$@"` in it. Read by the commands in bin/.
set -eu

fitting_python() {
  for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      echo "$candidate"
      return
    fi
  done
  echo "Offcut needs Python 3.11 or newer, and no python3 here is. Install it (Debian 12: apt install python3 python3-venv)." >&2
  return 1
}

prepared() {
  [ -x .venv/bin/python ] && .venv/bin/python deploy/prepare.py --fresh "$1"
}

# Wherever it stands: whoever reads how a command is used should not wait for an installation first.
asks_for_help() {
  for word in "$@"; do
    case $word in
      -h | --help) return 0 ;;
      --) return 1 ;;
    esac
  done
  return 1
}

# $1: which lock file to install (runtime, dev, bench), $2: the module to become, then its arguments.
prepare_and_run() {
  lock=$1 module=$2
  shift 2
  if ! prepared "$lock"; then
    if asks_for_help "$@"; then
      sed -n '/^# /s/^# //p' "$command"
      return
    fi
    python=$(fitting_python)
    "$python" deploy/prepare.py "$lock"
  fi
  exec .venv/bin/python -m "$module" "$@"
}
