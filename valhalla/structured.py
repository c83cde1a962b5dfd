"""structlog without the traceback printer that it loads for terminals.

That printer (rich with its highlighter) takes four megabytes which a service that writes JSON lines never uses.
"""

from __future__ import annotations

import sys

_hidden = "rich" not in sys.modules
if _hidden:
    sys.modules["rich"] = None  # type: ignore[assignment]  # to an import this says: not there
try:
    import structlog
finally:
    if _hidden:
        del sys.modules["rich"]

__all__ = ["structlog"]
