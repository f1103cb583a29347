"""Google's own SQL analyser, in this process. It is WebAssembly, and slow to compile: what was compiled is kept."""

import importlib.metadata
import os
import sys
import tempfile
import threading
from pathlib import Path

import wasmtime
import zetasql.core.wasm_client
from zetasql import types
from zetasql.core.local_service import ZetaSqlLocalService

# It is not made for several threads at once.
LOCK = threading.RLock()

KINDS = {
    "STRING": types.TypeKind.TYPE_STRING, "BYTES": types.TypeKind.TYPE_BYTES, "INTEGER": types.TypeKind.TYPE_INT64,
    "FLOAT": types.TypeKind.TYPE_DOUBLE, "BOOLEAN": types.TypeKind.TYPE_BOOL,
    "TIMESTAMP": types.TypeKind.TYPE_TIMESTAMP, "DATE": types.TypeKind.TYPE_DATE,
    "DATETIME": types.TypeKind.TYPE_DATETIME, "TIME": types.TypeKind.TYPE_TIME,
    "NUMERIC": types.TypeKind.TYPE_NUMERIC, "JSON": types.TypeKind.TYPE_JSON,
}
NAMES = {kind: name for name, kind in KINDS.items()}


def _version():
    return "-".join(importlib.metadata.version(name) for name in ("zetasql", "wasmtime"))


class _KeptModule:
    """Stands in for wasmtime's Module: compiles once for an environment, which takes a minute, and then reads that."""

    @staticmethod
    def from_file(engine, path):
        kept = Path(sys.prefix) / f"zetasql-{_version()}.compiled"
        if os.access(kept, os.R_OK):
            return wasmtime.Module.deserialize_file(engine, str(kept))
        module = wasmtime.Module.from_file(engine, path)
        if os.access(sys.prefix, os.W_OK):
            with tempfile.NamedTemporaryFile(dir=sys.prefix, delete=False) as file:
                file.write(module.serialize())
            os.replace(file.name, kept)  # at once, so that nobody reads half of it
        return module


zetasql.core.wasm_client.Module = _KeptModule


def service():
    """The analyser. Use it under LOCK."""
    with LOCK:
        return ZetaSqlLocalService.get_instance()


def language():
    """The SQL of the service for outside users, with all that the analyser knows."""
    options = types.LanguageOptions.maximum_features()
    options.product_mode = types.ProductMode.PRODUCT_EXTERNAL
    return options


if __name__ == "__main__":
    service()
