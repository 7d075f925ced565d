"""Exercise checkers: `checks.<chapter>.<name>(answer)` says what is right, or what is wrong and why."""

import importlib
import pkgutil

# Every module of this folder is a chapter's, but for those that the chapters' are made with.
__all__ = [name for _, name, _ in pkgutil.iter_modules(__path__) if name not in ("exercise", "guard", "verdict")]

for _name in __all__:
    importlib.import_module(f"{__name__}.{_name}")
