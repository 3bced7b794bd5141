"""Packages that only some functions need. In: a name, what it is needed for. Out: the module, or what to install."""

import importlib
from typing import Any


def need(package: str, purpose: str) -> Any:
    """Imports a package that is not installed with howfar.

    >>> need("json", "an example").loads("1")
    1
    >>> need("no_such_package", "an example")
    Traceback (most recent call last):
    ImportError: an example needs no_such_package: pip install no_such_package (or 'howfar[all]')
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package.partition(".")[0]:
            raise
        name = {"PIL": "pillow"}.get(error.name, error.name)
        raise ImportError(f"{purpose} needs {name}: pip install {name} (or 'howfar[all]')") from None
