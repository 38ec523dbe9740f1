#!/bin/sh
# Run a command with secrets that its program reads from the environment alone: for each PREFECT_NAME_FILE
# that names a file, PREFECT_NAME is the file's content. Packshot's own settings read files by themselves.
set -eu
for name in $(env | sed -n 's/^\(PREFECT_[A-Z0-9_]*\)_FILE=.*/\1/p'); do
    eval "file=\${${name}_FILE}"
    if [ ! -r "$file" ]; then
        echo "with-secrets: ${name}_FILE names $file, which cannot be read; mount the secret there." >&2
        exit 1
    fi
    export "$name=$(cat "$file")"
    unset "${name}_FILE"
done
exec "$@"
